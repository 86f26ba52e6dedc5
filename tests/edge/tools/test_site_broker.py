from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.dialects import schemas
from edge.settings import install_template, load_site
from edge.tools.broker import find_program, free_port
from edge.tools.site_broker import SiteBrokerError, hashed, site_accounts, write_files


@pytest.fixture
def site_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    install_template(folder)
    return folder


def change(site_dir: Path, old: str, new: str) -> None:
    file = site_dir / "site.toml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def test_each_listener_has_an_account_with_its_own_topics(site_dir: Path) -> None:
    site = load_site(site_dir, schemas())
    names = ("hub", "zigbee", "json", "load")
    accounts = {a.name: a for a in site_accounts(site, dict.fromkeys(names, "x"))}
    assert tuple(accounts) == names
    assert accounts["zigbee"].write == ["zigbee2mqtt/#"]
    assert accounts["json"].write == ["site/+/up"]
    assert accounts["json"].read == ["site/gv-1203/down"]
    assert (accounts["load"].read, accounts["load"].write) == ([], ["bench/+"])
    assert accounts["hub"].read == ["#"]


def test_a_frigate_has_its_own_topics_and_is_told_nothing(site_dir: Path) -> None:
    listen = '[[mqtt.listen]]\nid = "nvr"\ndialect = "frigate"\nname = { zh = "录像机", en = "NVR" }\n\n'
    first = '[[mqtt.listen]]\nid = "zigbee"'
    change(site_dir, first, listen + first)
    names = ("hub", "nvr", "zigbee", "json", "load")
    accounts = {a.name: a for a in site_accounts(load_site(site_dir, schemas()), dict.fromkeys(names, "x"))}
    assert (accounts["nvr"].read, accounts["nvr"].write) == (["frigate/#"], ["frigate/#"])
    assert not [topic for topic in accounts["hub"].write if "frigate" in topic]


def test_the_hub_writes_to_listed_outputs_and_no_other_device(site_dir: Path) -> None:
    site = load_site(site_dir, schemas())
    hub = site_accounts(site, dict.fromkeys(("hub", "zigbee", "json", "load"), "x"))[0]
    told = [topic for topic in hub.write if not topic.startswith("edge-hub/")]
    assert told == ["zigbee2mqtt/sr-b3a/set", "zigbee2mqtt/sr-b3b/set", "site/gv-1203/down"]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('host = "127.0.0.1"', 'host = "broker.example"', "127.0.0.1"),
        ('username = "hub"\npassword_file = "secrets/mqtt"\n', "", "password_file"),
        ('username = "hub"', 'username = "json"', "rename one"),
    ],
)
def test_a_site_whose_broker_cannot_be_made_here_says_why(
    site_dir: Path, tmp_path: Path, old: str, new: str, why: str
) -> None:
    change(site_dir, old, new)
    with pytest.raises((SiteBrokerError, ValueError), match=re.escape(why)):
        write_files(site_dir, tmp_path, tmp_path, tls_port=8883)


def test_in_containers_the_hub_reaches_the_broker_by_its_name(site_dir: Path, tmp_path: Path) -> None:
    (site_dir / "local.toml").write_text('[mqtt.broker]\nhost = "broker"\n')
    with pytest.raises(SiteBrokerError, match="broker:1883"):
        write_files(site_dir, tmp_path, tmp_path, tls_port=8883)
    write_files(site_dir, tmp_path, tmp_path, tls_port=8883, reached_as="broker")
    assert "listener 1883 0.0.0.0" in (tmp_path / "mosquitto.conf").read_text("utf-8")


def test_written_again_nothing_changes(site_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    write_files(site_dir, folder, tmp_path, tls_port=8883)
    places = [*folder.iterdir(), *(site_dir / "secrets").iterdir()]
    before = {place: (place.read_bytes(), place.stat().st_ino) for place in places}
    write_files(site_dir, folder, tmp_path, tls_port=8883)
    assert before == {place: (place.read_bytes(), place.stat().st_ino) for place in places}
    assert all(place.stat().st_mode & 0o007 == 0 for place in places)


def test_a_new_password_gives_a_new_line_and_the_old_one_is_kept_else() -> None:
    line = hashed("zigbee", "one", {})
    assert hashed("zigbee", "one", {"zigbee": line}) == line
    assert hashed("zigbee", "two", {"zigbee": line}) != line
    assert hashed("zigbee", "one", {"zigbee": "zigbee:rubbish"}).startswith("zigbee:$7$")


@dataclass(frozen=True)
class Running:
    plain: int
    tls: int
    authority: Path
    secrets: Path

    def publish(
        self, account: str, topic: str, *more: str, password: str = "", encrypted: bool = True
    ) -> str:
        """What mosquitto_pub said against it; "" when the broker took the message."""
        port = self.tls if encrypted else self.plain
        name = "mqtt" if account == "hub" else f"mqtt-{account}"
        secret = password or (self.secrets / name).read_text().strip()
        command = ["mosquitto_pub", "-h", "localhost", "-p", str(port), "-V", "mqttv5", "-q", "1", "-m", "{}"]
        login = ["-u", account, "-P", secret] if account != "nobody" else []
        trust = ["--cafile", str(self.authority)] if encrypted else []
        done = subprocess.run(
            [*command, *login, *trust, "-t", topic, *more],
            check=False,
            capture_output=True,
            text=True,
            timeout=20,
        )
        said = done.stderr.replace("No matching subscribers", "")
        return said if done.returncode or "Not authori" in said else ""


@pytest.fixture
def running(site_dir: Path, tmp_path: Path) -> Iterator[Running]:
    """Mosquitto with exactly the files a site gets, on free ports."""
    program = find_program("mosquitto")
    if program is None:
        pytest.skip("mosquitto is not installed")
    folder, state = tmp_path / "broker", tmp_path / "state"
    folder.mkdir()
    state.mkdir()
    plain, tls = free_port(), free_port()
    change(site_dir, "port = 1883", f"port = {plain}")
    write_files(site_dir, folder, state, tls_port=tls)
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            "-keyout", folder / "server.key", "-out", folder / "server.crt",
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    conf = folder / "mosquitto.conf"
    own = tmp_path / "test.conf"  # as root it would change to an account that may not read this folder
    own.write_text(conf.read_text().replace("user mosquitto", "user root"))
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen([program, "-c", own], stdout=log, stderr=log) as process,
    ):
        try:
            assert listens(plain), (tmp_path / "log").read_text()
            assert listens(tls), (tmp_path / "log").read_text()
            yield Running(plain, tls, folder / "server.crt", site_dir / "secrets")
        finally:
            process.terminate()


def listens(port: int) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False


def test_the_broker_of_a_site_lets_in_who_belongs_there_and_nobody_else(running: Running) -> None:
    assert running.publish("zigbee", "zigbee2mqtt/sm-301") == ""
    assert running.publish("json", "site/gs-1203/up") == ""
    assert running.publish("hub", "site/gv-1203/down", encrypted=False) == ""
    # a wrong account
    assert running.publish("zigbee", "zigbee2mqtt/sm-301", password="wrong")
    assert running.publish("stranger", "zigbee2mqtt/sm-301", password="wrong")
    assert running.publish("nobody", "zigbee2mqtt/sm-301", password="-")
    # a foreign topic
    assert running.publish("zigbee", "site/gs-1203/up")
    assert running.publish("json", "site/gv-1203/down")
    assert running.publish("json", "edge-hub/heanyuan/alarms/x")
    assert running.publish("hub", "zigbee2mqtt/sm-301/set", encrypted=False)


def test_the_broker_of_a_site_speaks_no_plain_text_to_the_network(running: Running) -> None:
    secret = (running.secrets / "mqtt-zigbee").read_text().strip()
    command = [
        "mosquitto_pub",
        "-p",
        str(running.tls),
        "-u",
        "zigbee",
        "-P",
        secret,
        "-t",
        "zigbee2mqtt/x",
        "-n",
    ]
    assert subprocess.run(command, check=False, capture_output=True, timeout=20).returncode != 0
    elsewhere = subprocess.run(
        ["ss", "-Hltn", f"sport = :{running.plain}"], check=False, capture_output=True, text=True
    ).stdout
    assert not elsewhere or "127.0.0.1" in elsewhere
