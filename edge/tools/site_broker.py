"""The broker of a site: accounts, rights and Mosquitto's files, made from the site's folder. `install.sh` runs it.

One account for the hub and one for each `[[mqtt.listen]]`, which is a gateway or a class of devices; its name is the
login. A gateway hears and says what belongs to it; the hub hears everything and writes below its own prefix and to
exactly those devices of the list that can be told something. Passwords are made once and stay.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import secrets
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from drivers._mqtt.config import BrokerSettings, ListenerSettings
from drivers.frigate.config import FrigateListen
from drivers.mqtt_json.config import JsonListen, down
from drivers.mqtt_json.topics import TopicPattern
from drivers.zigbee2mqtt.config import Zigbee2MqttListen
from edge.dialects import schemas
from edge.domain.site import Connection, Site
from edge.resources import broker_templates
from edge.settings import SettingsError, load_site
from edge.tools.broker import BrokerAccount, render_acl

HUB: Final = "hub"
PASSWORDS: Final = (
    "secrets"  # folder of the site: a backup of it holds what is written into the gateways, too
)
_ROUNDS: Final = 1000  # passwords are 120 random bits: rounds only cost a Pi time at each connection
_HERE: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class SiteBrokerError(ValueError):
    """The site has no broker that could be made here; one sentence with the mend."""


def site_accounts(
    site: Site, passwords: Mapping[str, str], *, reached_as: str | None = None
) -> list[BrokerAccount]:
    """The hub's account, then one per listener in the order of site.toml.

    passwords: by account name; KeyError when one is missing. reached_as: as in `site_configuration`.
    """
    broker, name = _broker(site, reached_as), account_names(site, reached_as=reached_as)[0]
    listeners = [connection for connection in site.connections if connection.kind == "mqtt"]
    told = {connection.id: _told(site, connection) for connection in listeners}
    own = [f"{broker.hub}/#", *(f"{outlet.prefix}/#" for outlet in site.outlets)]
    hub = [*dict.fromkeys(own), *_distinct(topic for topics in told.values() for topic in topics)]
    accounts = [BrokerAccount(name, passwords[name], ["#"], hub)]
    for connection in listeners:
        heard, said = _rights(connection, told[connection.id])
        accounts.append(BrokerAccount(connection.id, passwords[connection.id], heard, said))
    return accounts


def account_names(site: Site, *, reached_as: str | None = None) -> list[str]:
    """The hub's first. SiteBrokerError when a listener has the hub's name, or the broker is elsewhere."""
    hub = _broker(site, reached_as).username or HUB
    names = [hub, *(connection.id for connection in site.connections if connection.kind == "mqtt")]
    if hub in names[1:]:
        raise SiteBrokerError(
            f"site.toml: the listener {hub!r} has the name of the hub's own account; rename one"
        )
    return names


def hashed(name: str, password: str, former: Mapping[str, str]) -> str:
    """A line of Mosquitto's password file (PBKDF2, SHA-512): the former one while it fits, so nothing changes."""
    line = former.get(name, "")
    parts = line.split("$")
    if len(parts) == 5 and parts[1] == "7":
        salt = base64.b64decode(parts[3])
        if line == _line(name, password, salt, int(parts[2])):
            return line
    return _line(name, password, os.urandom(12), _ROUNDS)


def _line(name: str, password: str, salt: bytes, rounds: int) -> str:
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds)
    return f"{name}:$7${rounds}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"


def site_configuration(
    site: Site, *, folder: Path, state: Path, tls_port: int, reached_as: str | None = None
) -> str:
    """Mosquitto's configuration: the hub's port on loopback, everybody else's with TLS; pure.

    folder: of certificates, passwords and rights. state: where the broker keeps its queues. reached_as: the name by
    which a hub in a container beside it reaches it; the hub's port is then open to their common network only.
    """
    broker = _broker(site, reached_as)
    host, port = broker.address
    if host == reached_as:
        host = "0.0.0.0"  # noqa: S104 - of a container, whose port nobody publishes
    values = {
        "user": "mosquitto",
        "host": "127.0.0.1" if host == "localhost" else host,
        "port": str(port),
        "directory": str(folder),
        "state": str(state),
        "tls_port": str(tls_port),
    }
    text = "\n".join(
        (broker_templates() / name).read_text("utf-8").rstrip() for name in ("hub.conf", "tls.conf")
    )
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text + "\n"


def _broker(site: Site, reached_as: str | None = None) -> BrokerSettings:
    """The one broker of the site that this machine is to run."""
    brokers = {
        settings.broker.address: settings.broker
        for settings in (
            *(connection.settings for connection in site.connections if connection.kind == "mqtt"),
        )
        if isinstance(settings, ListenerSettings)
    }
    here = [
        broker for (host, _), broker in brokers.items() if host in {*_HERE, reached_as} and broker.tls is None
    ]
    if len(here) != 1 or len(brokers) != 1:
        raise SiteBrokerError(
            "a broker is made here for a site with one [[mqtt]] whose host is 127.0.0.1, without tls; "
            f"site.toml has {', '.join(f'{host}:{port}' for host, port in brokers) or 'none'}"
        )
    if here[0].username is None or here[0].password_file is None:
        raise SiteBrokerError(
            'site.toml: [[mqtt]] needs `username = "hub"` and `password_file = "secrets/mqtt"`: nobody comes in without'
        )
    return here[0]


def _rights(connection: Connection, told: Sequence[str]) -> tuple[list[str], list[str]]:
    """(read, write) of a gateway or class of devices."""
    listen = connection.settings.listen
    if isinstance(listen, Zigbee2MqttListen | FrigateListen):
        # The bridge, or NVR, names what it finds: a device nobody listed yet must come through, to be adopted.
        return [f"{listen.base}/#"], [f"{listen.base}/#"]
    if isinstance(listen, JsonListen):
        return list(told), [TopicPattern.parse(topic.pattern).filter for topic in listen.topics]
    raise SiteBrokerError(f"site.toml: nobody knows which topics a {connection.dialect} gateway needs")


def _told(site: Site, connection: Connection) -> list[str]:
    """Topics on which listed devices of this listener are told to do something."""
    listen = connection.settings.listen
    devices = [device for device in site.devices.values() if device.profile.dialect == connection.dialect]
    if isinstance(listen, JsonListen) and all(topic.trusted for topic in listen.topics):
        return []  # who comes in here is on no list
    if isinstance(listen, Zigbee2MqttListen):
        return _distinct(
            f"{listen.base}/{device.address}/set" for device in devices if device.profile.outputs
        )
    return _distinct(
        down(device.address, act.write)[0]
        for device in devices
        for output in device.profile.outputs
        for act in output.acts
    )


def _distinct(topics: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(topics))


def write_files(
    site_dir: Path, folder: Path, state: Path, *, tls_port: int, reached_as: str | None = None
) -> list[str]:
    """Write `mosquitto.conf`, `passwords` and `acl` into `folder`, and a password per account into the site's secrets.

    Returns the names of the accounts. What is right already is left as it is. SettingsError, SiteBrokerError, OSError.
    """
    site = load_site(site_dir, schemas())
    names = account_names(site, reached_as=reached_as)
    broker = _broker(site, reached_as)
    places = {name: site_dir / PASSWORDS / f"mqtt-{name}" for name in names}
    if broker.password_file is not None:
        places[names[0]] = broker.password_file
    passwords = {name: _password(place) for name, place in places.items()}
    accounts = site_accounts(site, passwords, reached_as=reached_as)
    former = _lines(folder / "passwords")
    lines = [hashed(account.name, account.password, former) for account in accounts]
    _put(folder / "passwords", "\n".join(lines) + "\n")
    _put(folder / "acl", render_acl(accounts))
    text = site_configuration(site, folder=folder, state=state, tls_port=tls_port, reached_as=reached_as)
    _put(folder / "mosquitto.conf", text)
    return names


def _password(place: Path) -> str:
    if place.exists() and (kept := place.read_text("utf-8").strip()):
        return kept
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = secrets.token_urlsafe(15)
    _put(place, fresh + "\n")
    return fresh


def _lines(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    return {line.partition(":")[0]: line for line in file.read_text("utf-8").splitlines()}


def _put(file: Path, content: str) -> None:
    """Written beside and renamed: a power cut leaves the former file. Its group, which reads it, stays."""
    if file.exists() and file.read_text("utf-8") == content:
        return
    fresh = file.with_name(f".{file.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o640)
    with fresh.open("w", encoding="utf-8") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)


def main() -> int:
    """0 done, 1 with one sentence when the site's folder does not allow it."""
    parser = argparse.ArgumentParser(prog="python -m edge.tools.site_broker", description=__doc__)
    parser.add_argument("--site", type=Path, required=True, metavar="DIR")
    parser.add_argument("--folder", type=Path, required=True, metavar="DIR", help="of the broker's files")
    parser.add_argument("--state", type=Path, required=True, metavar="DIR", help="where its queues lie")
    parser.add_argument("--tls-port", type=int, default=8883, metavar="N")
    parser.add_argument("--reached-as", metavar="NAME", help="in containers: what the hub calls the broker's")
    arguments = parser.parse_args()
    try:
        names = write_files(
            arguments.site,
            arguments.folder,
            arguments.state,
            tls_port=arguments.tls_port,
            reached_as=arguments.reached_as,
        )
    except (SettingsError, SiteBrokerError, OSError) as error:
        print(f"edge-hub: {error}", file=sys.stderr)
        return 1
    print(*names, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
