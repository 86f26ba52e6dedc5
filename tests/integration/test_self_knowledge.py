"""A real hub: its machine's points are stored and shown, why it was started is on record, its log has no secrets."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from edge.machine.starts import FILE
from edge.tools.broker import Broker
from tests.integration.conftest import Start, until


async def test_the_hub_tells_of_its_machine_and_its_starts(
    start_hub: Start, own_broker: Broker, tmp_path: Path
) -> None:
    async with start_hub() as started:
        hub = started.hub

        def known(point: str) -> object:
            state = hub.point(f"hub.{point}")
            return None if state is None else state.value

        await until(lambda: known("memory") is not None and known("loop-lag") is not None, 30)
        assert 10 < float(str(known("memory"))) < 2000
        shown = {state.point.id for state in hub.points()}
        assert {"hub.memory", "hub.disk", "hub.threads"} <= shown
        assert not {"hub.pulse", "hub.self-test", "hub.link"} & shown
        assert hub.totals().devices == len(hub.site.devices)  # the hub itself is none of them
        await hub.settled()
        assert (await hub.series("hub.memory", 0, hub.now().utc + 1, 10)).count >= 1
        facts = await hub.latest_facts(None, 5, "hub.started")
        assert [fact.body["cause"] for fact in facts] == ["first"]

        secret = own_broker.account("hub").password
        logging.getLogger("edge.test").warning("the password is %s", secret)
        said = b"".join([chunk async for chunk in hub.log_tail(1 << 20)]).decode()
        assert "the password is ***" in said
        assert secret not in said

    # Killed: the mark of a stop in order is not there.
    path = tmp_path / "data" / FILE
    left = json.loads(path.read_text())
    assert left["clean"]
    path.write_text(json.dumps({**left, "clean": False, "stopped": None}))
    async with start_hub() as started:
        assert [start.cause for start in started.hub.starts()] == ["killed", "first"]
