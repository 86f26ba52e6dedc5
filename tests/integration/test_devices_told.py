"""Commands all the way: hub, drivers, broker and serial lines for real, to simulated devices that do as told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.dialects import schemas
from edge.domain.output import CommandState, Operate
from edge.hub import RunningHub
from edge.settings import load_site, write_overrides
from edge.tools.broker import Broker
from edge.tools.simulator.cast import Means
from edge.tools.simulator.gateway import BrokerAddress
from edge.tools.simulator.simulator import Options, Simulator
from tests.integration.conftest import Start, until

HEAD = 'name = { zh = "名", en = "Name" }\ntext = { zh = "看", en = "See" }\n'
LAST = '[[step]]\nat = 120\ndevice = "bn-r1"\nset = { level = 1 }\n'


@pytest.fixture
def simulator(tmp_path: Path, site: Path, own_broker: Broker) -> Iterator[Simulator]:
    """All devices of the site, on the test's broker and serial lines of its own."""
    password = tmp_path / "mqtt-password"
    serial = {bus: str(tmp_path / "serial" / bus) for bus in ("bus-1", "bus-2")}
    write_overrides(site, mqtt=(own_broker.host, own_broker.port, "hub", password), serial=serial)
    account = own_broker.account("field")
    address = BrokerAddress(own_broker.host, own_broker.port, account.name, account.password)
    means = Means(address, tmp_path / "serial")
    running = Simulator(load_site(site, schemas()), Options(site, means), lambda _line: None)
    running.start()
    thread = threading.Thread(target=running.run)
    thread.start()
    yield running
    running.stop()
    thread.join()
    running.close()


@pytest.fixture
def play(tmp_path: Path, simulator: Simulator) -> Callable[[str], None]:
    """`play(steps)`: a story of these steps, at once."""

    def start(steps: str) -> None:
        path = tmp_path / "story.toml"
        path.write_text(HEAD + steps + LAST, encoding="utf-8")
        simulator.play([str(path)])
        simulator._wake()

    return start


def value(hub: RunningHub, point: str) -> object:
    state = hub.point(point)
    return None if state is None else state.value


def last(hub: RunningHub, output: str) -> CommandState | None:
    command = next(state for state in hub.outputs() if state.output.id == output).command
    return None if command is None else command.state


async def test_gas_closes_the_valve_and_the_valve_says_so(
    start_hub: Start, play: Callable[[str], None]
) -> None:
    async with start_hub() as started:
        hub = started.hub
        await until(lambda: value(hub, "gv-1203.state") == "open")
        play('[[step]]\nat = 0\ndevice = "gs-1203"\nset = { gas = 9 }\n')
        await until(lambda: last(hub, "gv-1203.valve") is CommandState.CONFIRMED)
        assert value(hub, "gv-1203.state") == "closed"


async def test_sirens_on_two_buses_and_over_zigbee_start_by_hand(
    start_hub: Start, simulator: Simulator
) -> None:
    async with start_hub() as started:
        hub = started.hub
        sirens = ("sr-eb.siren", "sr-b1.siren", "bc-out.broadcast")
        await until(lambda: all(link.up for link in hub.links() if link.source.startswith("bus-")))
        await hub.act(Operate("start", "li", outputs=(*sirens, "sr-b3a.siren")))
        await until(lambda: all(last(hub, id) is CommandState.CONFIRMED for id in sirens))
        await until(lambda: last(hub, "sr-b3a.siren") is CommandState.WRITTEN)  # it cannot prove more


@pytest.mark.slow
async def test_an_output_that_does_not_confirm_in_time_is_an_alarm(
    start_hub: Start, play: Callable[[str], None]
) -> None:
    flaws = {
        "sr-eb.siren": "withhold = true",
        "sr-b1.siren": "wrong = true",
        "bc-out.broadcast": "late = 9",
        "rl-eb.relay": 'action = "dead"',
    }
    steps = (f'[[step]]\nat = 0\ndevice = "{id.partition(".")[0]}"\n{flaw}\n' for id, flaw in flaws.items())
    play("".join(steps))
    async with start_hub() as started:
        hub = started.hub
        await until(lambda: all(link.up for link in hub.links() if link.source.startswith("bus-")))
        await hub.act(Operate("trip", "li", outputs=("rl-eb.relay",)))
        await hub.act(Operate("start", "li", outputs=tuple(id for id in flaws if id != "rl-eb.relay")))
        await until(lambda: all(last(hub, id) is CommandState.UNCONFIRMED for id in flaws))
        points = {f"{id}-feedback" for id in flaws}
        await until(lambda: points <= {alarm.point for alarm in hub.open_alarms()})
        # The late one ends its alarm by itself, the others stay.
        await until(lambda: last(hub, "bc-out.broadcast") is CommandState.CONFIRMED)
        await until(
            lambda: points - {alarm.point for alarm in hub.open_alarms()} == {"bc-out.broadcast-feedback"}
        )
