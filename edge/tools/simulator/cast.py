"""Who plays: for each device of the site its state, its voice, and the gateway or bus it is heard over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from drivers.mqtt_json.config import JsonListen
from edge.domain.device import Device
from edge.domain.site import Connection, Site
from edge.tools.modbus_slave import SlaveBus
from edge.tools.modem import SimulatedModem
from edge.tools.simulator.actor import Actor
from edge.tools.simulator.gateway import BrokerAddress, Gateway
from edge.tools.simulator.internet import Internet
from edge.tools.simulator.messages import JsonMessage, ZigbeeState, json_topic
from edge.tools.simulator.obeying import Told, over_bus, over_mqtt
from edge.tools.simulator.pictures.events import scene_of
from edge.tools.simulator.scenario import HUB, INTERNET
from edge.tools.simulator.tellers import MqttTeller, RegisterTeller, Teller

if TYPE_CHECKING:
    from edge.tools.simulator.pictures.screen import Screen

NOON: Final = 12.0
FIRST_PAUSE: Final = (
    3.0  # seconds between the first two reports; then each pause is twice as long, up to the habit
)


@dataclass(slots=True, eq=False)
class Part:
    """One device on the stage. pause: seconds until its next report."""

    actor: Actor
    teller: Teller
    source: str
    pause: float = FIRST_PAUSE


@dataclass(frozen=True, slots=True)
class Means:
    """What there is to play with. broker, serial_dir: None for none. left: devices that are not played.

    pictures: port for what cameras see, 0 for a free one, None for no pictures. hour: civil time now, 0 to 24.
    internet: port of the chat group, as `pictures`. hub: the file with the process id of the hub.
    gone: device of a Zigbee bridge -> µs UTC when it was last heard; until a scenario brings it back it says nothing.
    """

    broker: BrokerAddress | None = None
    serial_dir: Path | None = None
    left: frozenset[str] = frozenset()
    seed: int = 0
    gone: Mapping[str, int] = field(default_factory=dict)
    pictures: int | None = None
    hour: float = NOON
    internet: int | None = None
    hub: Path | None = None


@dataclass(slots=True)
class Cast:
    """parts and screens by device id; gateways, buses and modems by the id of the source they are."""

    parts: dict[str, Part] = field(default_factory=dict)
    gateways: dict[str, Gateway] = field(default_factory=dict)
    buses: dict[str, SlaveBus] = field(default_factory=dict)
    modems: dict[str, SimulatedModem] = field(default_factory=dict)
    screens: dict[str, Screen] = field(default_factory=dict)
    internet: Internet | None = None
    hub: Path | None = None

    @property
    def played(self) -> frozenset[str]:
        """Ids of all devices and sources a scenario can touch, and what else it can."""
        outside = {INTERNET: self.internet, HUB: self.hub}
        there = (target for target, found in outside.items() if found is not None)
        return frozenset({*self.parts, *self.gateways, *self.buses, *self.modems, *self.screens, *there})


def make_cast(
    site: Site,
    means: Means,
    appeared: Callable[[str], None],
    say: Callable[[str], None],
    told: Told = lambda _device, _output, _act: None,
) -> Cast:
    """All that `means` allow to play; nothing is opened yet.

    appeared: called with a gateway's id once it is up. told: called with what a device was told to do.
    """
    cast = Cast(hub=means.hub)
    if means.internet is not None:
        cast.internet = Internet(means.internet, say)
    sources: dict[str, Connection] = {}
    for connection in site.connections:
        if connection.dialect == "modbus-rtu" and means.serial_dir is not None:
            cast.buses[connection.id] = SlaveBus(means.serial_dir / connection.id, seed=means.seed)
        elif connection.dialect == "at-modem" and means.serial_dir is not None:
            cast.modems[connection.id] = SimulatedModem(means.serial_dir / connection.id, say)
        elif means.broker is not None and _of_the_site(connection) and connection.dialect not in sources:
            # A device's address does not name its MQTT source: the first of the dialect plays them all.
            sources[connection.dialect] = connection
            shown = partial(appeared, connection.id)
            cast.gateways[connection.id] = Gateway(
                connection.id, means.broker, _state_topic(connection), shown, say
            )
    for device in site.devices.values():
        if device.id not in means.left:
            part = _part(device, means.seed, cast, sources)
            if part is not None:
                cast.parts[device.id] = part
                if device.id in means.gone:
                    _lose(part, means.gone[device.id])
    if means.pictures is not None:
        _draw(cast, site, means)
    _let_hear(cast, sources, told)
    return cast


def _draw(cast: Cast, site: Site, means: Means) -> None:
    """A drawn scene for each camera of the site."""
    from edge.tools.simulator.pictures.screen import Screen

    for camera in site.cameras:
        if camera.device not in means.left:
            cast.screens[camera.device] = Screen(scene_of(camera.checks), seed=means.seed, hour=means.hour)


def _lose(part: Part, heard: int) -> None:
    """Silent since `heard`, µs UTC. Its bridge keeps the last state, with the time it heard it."""
    device, teller = part.actor.device, part.teller
    if not isinstance(teller, MqttTeller) or device.profile.dialect != "zigbee2mqtt":
        msg = f"{device.id} is behind no Zigbee bridge, which would know when it was last heard"
        raise ValueError(msg)
    teller.lost_before(ZigbeeState(device)(part.actor.values(NOON, 0), heard, (), last_seen=True))


def _let_hear(cast: Cast, sources: Mapping[str, Connection], told: Told) -> None:
    """Devices with outputs hear what they are told."""
    units: dict[str, dict[int, tuple[Device, RegisterTeller]]] = {}
    for part in cast.parts.values():
        device = part.actor.device
        if isinstance(part.teller, RegisterTeller):
            unit = int(device.address.rpartition("/")[2])
            units.setdefault(part.source, {})[unit] = (device, part.teller)
        elif device.profile.outputs:
            listen = sources[device.profile.dialect].settings.listen
            over_mqtt(cast.gateways[part.source], device, getattr(listen, "base", None), told)
    for bus, slaves in units.items():
        over_bus(cast.buses[bus], slaves, told)


def _part(device: Device, seed: int, cast: Cast, sources: Mapping[str, Connection]) -> Part | None:
    """None for a device whose source is not played."""
    if device.profile.dialect == "modbus-rtu":
        source, _, unit = device.address.rpartition("/")
        bus = cast.buses.get(source)
        return (
            None if bus is None else Part(Actor(device, seed), RegisterTeller(bus, device, int(unit)), source)
        )
    connection = sources.get(device.profile.dialect)
    if connection is None:
        return None
    gateway, listen = cast.gateways[connection.id], connection.settings.listen
    if isinstance(listen, JsonListen):
        teller = MqttTeller(gateway, device, json_topic(listen, device.address), JsonMessage(device))
    else:
        topic = f"{listen.base}/{device.address}"
        teller = MqttTeller(gateway, device, topic, ZigbeeState(device), f"{topic}/availability")
    return Part(Actor(device, seed), teller, connection.id)


def _of_the_site(connection: Connection) -> bool:
    """Whether devices of the site's files speak there: not on topics whose senders are adopted."""
    if connection.dialect == "json":
        return not all(topic.trusted for topic in connection.settings.listen.topics)
    return connection.dialect == "zigbee2mqtt"


def _state_topic(connection: Connection) -> str | None:
    """Where a bridge says whether it is online."""
    if connection.dialect == "zigbee2mqtt":
        return f"{connection.settings.listen.base}/bridge/state"
    return None
