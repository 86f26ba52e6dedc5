from __future__ import annotations

from pathlib import Path

import pytest

from edge.domain.names import Text
from edge.settings import load_site

from .conftest import SCHEMAS, Broker, Bus, Folder, ZigListen

FILE = "site.toml"
SECOND_LISTENER = """
[[mqtt.listen]]
id = "radio-2"
dialect = "zig"
name = { zh = "网关2", en = "Gateway 2" }
base = "y"
"""


def test_a_listener_carries_its_broker(folder: Folder) -> None:
    radio, bus = load_site(folder.path, SCHEMAS).connections
    secret = folder.path / "secrets/mqtt"
    assert (radio.id, radio.kind, radio.dialect, radio.name) == (
        "radio",
        "mqtt",
        "zig",
        Text("网关", "Gateway"),
    )
    assert radio.settings == (Broker(host="127.0.0.1", password_file=secret), ZigListen(base="z"))
    assert (bus.id, bus.kind, bus.settings) == ("bus-1", "serial", Bus(port="/dev/ttyUSB0"))


PUBLISH = """
[[mqtt.publish]]
id = "out"
name = { zh = "发布", en = "Out" }
"""


@pytest.mark.parametrize(
    ("line", "prefix"), [("", "edge-hub/court"), ('prefix = "district/court"\n', "district/court")]
)
def test_a_broker_can_be_published_to(folder: Folder, line: str, prefix: str) -> None:
    folder.change(FILE, "\n[[serial]]", f"{PUBLISH}{line}\n[[serial]]")
    (outlet,) = load_site(folder.path, SCHEMAS).outlets
    assert (outlet.id, outlet.name, outlet.prefix) == ("out", Text("发布", "Out"), prefix)
    assert outlet.settings == Broker(host="127.0.0.1", password_file=folder.path / "secrets/mqtt")


def test_a_broker_only_published_to_needs_no_listener(folder: Folder) -> None:
    district = f'\n[[mqtt]]\nid = "district"\nhost = "d.example"\n{PUBLISH}\n[[serial]]'
    folder.change(FILE, "\n[[serial]]", district)
    (outlet,) = load_site(folder.path, SCHEMAS).outlets
    assert outlet.settings == Broker(host="d.example")


@pytest.mark.parametrize(
    ("old", "new", "key", "code", "near"),
    [
        ('id = "out"', 'id = "radio"', "id", "duplicate_id", None),
        ('id = "out"', 'id = "hub"', "id", "reserved", None),
        ('id = "out"', 'id = "out"\nprefix = "a/#"', "prefix", "value", None),
        ('id = "out"', 'id = "out"\nprefix = "/a"', "prefix", "value", None),
        ('id = "out"', 'id = "out"\nprefx = "a"', "prefx", "unknown_key", "prefix"),
    ],
)
def test_what_is_wrong_with_publishing_is_named(
    folder: Folder, old: str, new: str, key: str, code: str, near: str | None
) -> None:
    folder.change(FILE, "\n[[serial]]", f"{PUBLISH.replace(old, new)}\n[[serial]]")
    (problem,) = folder.problems()
    assert (problem.key, problem.code) == (f"mqtt[0].publish[0].{key}", code)
    assert problem.suggestion == near


def test_paths_are_relative_to_the_site(folder: Folder) -> None:
    folder.change(
        FILE, 'password_file = "secrets/mqtt"', 'password_file = "/etc/pw"\ntls = { ca = "ca.pem" }'
    )
    broker = load_site(folder.path, SCHEMAS).connections[0].settings[0]
    assert (broker.password_file, broker.tls.ca) == (Path("/etc/pw"), folder.path / "ca.pem")


@pytest.mark.parametrize(
    ("old", "new", "at", "key", "code", "suggestion"),
    [
        ('dialect = "zig"', 'dialect = "zgi"', "zgi", "mqtt[0].listen[0].dialect", "unknown_dialect", "zig"),
        ('dialect = "zig"', 'dialect = "bus"', '"bus"', "mqtt[0].listen[0].dialect", "unknown_dialect", None),
        ('base = "z"', 'bsae = "z"', "bsae", "mqtt[0].listen[0].bsae", "unknown_key", "base"),
        (
            'name = { zh = "网关"',
            'nam = { zh = "网关"',
            "网关",
            "mqtt[0].listen[0].nam",
            "unknown_key",
            "name",
        ),
        ("port = 1883", 'port = "1883"', "1883", "mqtt[0].port", "wrong_type", None),
        ("port = 1883", "prot = 1883", "1883", "mqtt[0].prot", "unknown_key", "port"),
        (
            "port = 1883",
            "tls = { insecur = true }",
            "insecur",
            "mqtt[0].tls.insecur",
            "unknown_key",
            "insecure",
        ),
        ('host = "127.0.0.1"\n', "", "[[mqtt]]", "mqtt[0].host", "missing_key", None),
        ('id = "radio"', 'id = "hub"', 'id = "hub"', "mqtt[0].listen[0].id", "reserved", None),
        ('id = "broker"', 'id = "Broker"', "Broker", "mqtt[0].id", "id", None),
        (
            'port = "/dev/ttyUSB0"',
            'port = "/dev/ttyUSB0"\nparity = "X"',
            "parity",
            "serial[0].parity",
            "unknown_value",
            None,
        ),
        ("[[mqtt.listen]]", "[mqtt.listen]", "[mqtt.listen]", "mqtt[0].listen", "wrong_type", None),
    ],
)
def test_a_faulty_source(
    folder: Folder, old: str, new: str, at: str, key: str, code: str, suggestion: str | None
) -> None:
    folder.change(FILE, old, new)
    found = [(p.file, p.line, p.key, p.code, p.suggestion) for p in folder.problems()]
    assert (FILE, folder.line(FILE, at), key, code, suggestion) in found


def test_a_fault_of_the_broker_is_said_once_however_many_listen(folder: Folder) -> None:
    folder.change(FILE, "port = 1883", "port = 0")
    folder.change(FILE, "[[serial]]", SECOND_LISTENER + "[[serial]]")
    assert folder.only().key == "mqtt[0].port"


def test_a_broker_nobody_listens_to(folder: Folder) -> None:
    text = (folder.path / FILE).read_text(encoding="utf-8")
    head, _, tail = text.partition("[[mqtt.listen]]")
    folder.write(FILE, head + "[[serial]]" + tail.partition("[[serial]]")[2])
    assert ("mqtt[0].listen", "missing_key") in [(p.key, p.code) for p in folder.problems()]


@pytest.mark.parametrize("again", ["radio", "bus-1"])
def test_the_id_of_a_source_twice(folder: Folder, again: str) -> None:
    folder.change(FILE, "[[serial]]", SECOND_LISTENER.replace("radio-2", again) + "[[serial]]")
    problem = folder.only()
    assert problem.code == "duplicate_id"
    assert f"id '{again}' is also at site.toml:" in problem.message


def test_one_port_for_two_buses(folder: Folder) -> None:
    text = (folder.path / FILE).read_text(encoding="utf-8")
    bus = "[[serial]]" + text.partition("[[serial]]")[2]
    folder.write(FILE, text + bus.replace('id = "bus-1"', 'id = "bus-2"'))
    problem = folder.only()
    assert (problem.key, problem.code) == ("serial[1].port", "duplicate_address")
    assert f"site.toml:{folder.line(FILE, 'ttyUSB0')}" in problem.message


def test_a_source_that_adopts_with_a_profile_nobody_has(folder: Folder) -> None:
    folder.change(
        FILE, 'base = "z"', 'base = "z"\ntopics = [\n  { pattern = "a", profile = "maker-gass" },\n]'
    )
    problem = folder.only()
    assert (problem.line, problem.key, problem.code, problem.suggestion) == (
        folder.line(FILE, "maker-gass"), "mqtt[0].listen[0].topics[0].profile", "unknown_profile", "maker-gas",
    )  # fmt: skip


def test_local_values_replace_those_of_the_site(folder: Folder) -> None:
    folder.write(
        "local.toml",
        '[mqtt.broker]\nhost = "10.0.0.2"\nport = 1999\nusername = "me"\npassword_file = "/run/pw"\n'
        '[serial.bus-1]\nport = "/dev/pts/7"\n',
    )
    radio, bus = load_site(folder.path, SCHEMAS).connections
    assert radio.settings[0] == Broker(
        host="10.0.0.2", port=1999, username="me", password_file=Path("/run/pw")
    )
    assert bus.settings.port == "/dev/pts/7"


@pytest.mark.parametrize(
    ("text", "line", "key", "code", "suggestion"),
    [
        ("[mqtt.brokr]\nport = 1\n", 1, "mqtt.brokr", "unknown_bus", "broker"),
        ('[serial.bus-9]\nport = "x"\n', 1, "serial.bus-9", "unknown_bus", "bus-1"),
        ("[mqtt.broker]\nprot = 1\n", 2, "mqtt.broker.prot", "unknown_key", "port"),
        ('[mqtt.broker]\nport = "1"\n', 2, "mqtt.broker.port", "wrong_type", None),
        ("[mqtt.broker]\n\nport = 0\n", 3, "mqtt[0].port", "value", None),
        ("[mqt]\n", 1, "mqt", "unknown_key", "mqtt"),
        ("[mqtt\n", 1, "", "syntax", None),
    ],
)
def test_a_faulty_local_file(
    folder: Folder, text: str, line: int, key: str, code: str, suggestion: str | None
) -> None:
    folder.write("local.toml", text)
    problem = folder.only()
    assert (problem.file, problem.line, problem.key, problem.code, problem.suggestion) == (
        "local.toml", line, key, code, suggestion,
    )  # fmt: skip
