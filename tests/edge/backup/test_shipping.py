"""Copies at a real SFTP server: whole under their name or not there, the oldest go, and each trouble has its words."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from edge.backup import shipping
from edge.backup.shipping import Shipment, environment, meaning, ship, target_of
from edge.backup.trouble import BackupError
from edge.domain.backup import S3Target, SftpTarget, name_of
from edge.domain.instant import DAY
from tests.edge.backup.s3 import store
from tests.faults.tmpfs import SmallDisk

NOW = 20_000 * DAY
PASSWORD = "和安 pass%word"

real = pytest.mark.skipif(
    shutil.which("rclone") is None, reason="no rclone here (apt install rclone): no copies are tried"
)


@dataclass
class Server:
    """rclone's own SFTP server on a folder."""

    root: Path
    target: SftpTarget
    process: subprocess.Popen[bytes]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    top = tmp_path_factory.mktemp("sftp")
    root = top / "root"
    root.mkdir()
    (top / "password").write_text(f"{PASSWORD}\n", "utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["rclone", "serve", "sftp", str(root), f"--addr=127.0.0.1:{port}", "--user=hub"]
    env = {"PATH": os.environ["PATH"], "HOME": str(top), "XDG_CACHE_HOME": str(top), "RCLONE_PASS": PASSWORD}
    with subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            keys = _keys(top, port)
            target = SftpTarget("nas", "127.0.0.1", port, "hub", "court/hub", keys, None, top / "password")
            yield Server(root, target, process)
        finally:
            process.terminate()


def _keys(top: Path, port: int) -> tuple[str, ...]:
    """The host keys it made itself, once it takes connections."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    found = [" ".join(path.read_text().split()[:2]) for path in sorted(top.rglob("id_*.pub"))]
    assert found
    return tuple(found)


@pytest.fixture
def shipment(tmp_path: Path) -> Shipment:
    file = tmp_path / name_of("court", NOW)
    file.write_bytes(os.urandom(300_000))
    return Shipment(file, "court", 2, NOW)


def refused(shipment: Shipment, target: SftpTarget | S3Target) -> BackupError:
    with pytest.raises(BackupError) as error:
        ship(shipment, target)
    return error.value


@real
def test_it_arrives_whole_once_and_the_oldest_go(server: Server, shipment: Shipment) -> None:
    folder = server.root / "court/hub"
    folder.mkdir(parents=True)
    old = [name_of("court", NOW - day * DAY) for day in (3, 2, 1)]
    other = ["court-notes.txt", name_of("other", NOW - 9 * DAY)]
    for name in (*old, *other, f"{old[0]}.part"):
        (folder / name).write_bytes(b"x")
    assert ship(shipment, server.target) == [old[2], shipment.file.name]
    there = {path.name for path in folder.iterdir()}
    assert there == {old[2], shipment.file.name, *other}
    arrived = folder / shipment.file.name
    assert (
        hashlib.sha256(arrived.read_bytes()).digest() == hashlib.sha256(shipment.file.read_bytes()).digest()
    )
    before = arrived.stat().st_mtime_ns
    assert ship(shipment, server.target) == [old[2], shipment.file.name]
    assert arrived.stat().st_mtime_ns == before, "it is not sent twice"
    arrived.write_bytes(bytes(300_000))
    error = refused(shipment, server.target)
    assert "differs" in str(error)
    assert not arrived.exists()


@real
def test_a_wrong_password_and_a_wrong_host_key(server: Server, shipment: Shipment, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("wrong\n")
    assert refused(shipment, replace(server.target, password_file=tmp_path / "wrong")).trouble == "refused"
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMNDiQXD47qYb5vMImnhEy6JmHLxWx3yu0Kp7uE765/M"
    assert refused(shipment, replace(server.target, host_keys=(other,))).trouble == "host_key"


@real
def test_nobody_answers(server: Server, shipment: Shipment) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        error = refused(shipment, replace(server.target, port=closed.getsockname()[1]))
    assert (error.trouble, str(error)) == ("unreachable", "nothing answers at that address and port")


@real
def test_a_target_that_is_full_keeps_no_half(server: Server, shipment: Shipment) -> None:
    try:
        disk = SmallDisk(server.root / "small", 0.1)
        disk.__enter__()
    except OSError as error:
        pytest.skip(f"no small disk can be mounted here: {error}")
    try:
        error = refused(shipment, replace(server.target, folder="small"))
        assert error.trouble in {"full", "target"}
        assert "full" in str(error)
        assert list((server.root / "small").iterdir()) == []
    finally:
        disk.__exit__()


@real
def test_a_server_that_hangs_is_given_up(
    shipment: Shipment, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        shipping, "_FLAGS", ("-q", "--contimeout=1s", "--timeout=1s", "--retries=1", "--low-level-retries=1")
    )
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = refused(shipment, replace(server.target, port=silent.getsockname()[1]))
    assert error.trouble == "unreachable"


def test_no_program(shipment: Shipment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    target = SftpTarget("nas", "127.0.0.1", 22, "hub", "court", (), None, None)
    assert refused(shipment, target).trouble == "no_program"


def test_a_secret_that_cannot_be_read(
    shipment: Shipment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping.shutil, "which", lambda _: "rclone")
    target = S3Target("s", "https://s3.example", "us-east-1", "b", "", "key", tmp_path / "none")
    assert refused(shipment, target).trouble == "secret"
    (tmp_path / "none").write_text("\n")
    assert refused(shipment, target).trouble == "secret"
    shipment.file.unlink()
    assert refused(shipment, target).trouble == "missing"


def test_secrets_are_in_the_environment_alone(tmp_path: Path) -> None:
    store = S3Target("s", "https://s3.example", "us-east-1", "b", "p", "key", tmp_path / "x")
    told = environment(store, "the secret", tmp_path)
    assert told["RCLONE_CONFIG_T_SECRET_ACCESS_KEY"] == "the secret"
    nas = SftpTarget("n", "nas.example", 2222, "hub", "f", ("ssh-rsa AAAA",), None, tmp_path / "x")
    assert environment(nas, "obscured", tmp_path)["RCLONE_CONFIG_T_PASS"] == "obscured"
    assert (tmp_path / "known_hosts").read_text() == "[nas.example]:2222 ssh-rsa AAAA\n"
    assert "obscured" not in (tmp_path / "known_hosts").read_text()


@pytest.mark.parametrize(
    ("said", "trouble"),
    [
        ("2026/06/01 ERROR : x: Failed to copy: AccessDenied: Access Denied status code: 403", "refused"),
        ("NoSuchBucket: The specified bucket does not exist", "refused"),
        ("dial tcp: lookup nas.example: no such host", "unreachable"),
        ("x509: certificate signed by unknown authority", "host_key"),
        ("write: no space left on device", "full"),
        ("", "target"),
    ],
)  # fmt: skip
def test_words_of_the_program(said: str, trouble: str) -> None:
    error = meaning(said)
    assert error.trouble == trouble
    assert error.text.zh


def test_a_target_goes_to_the_child_and_back() -> None:
    nas = {"id": "n", "host": "h", "port": 22, "user": "u", "folder": "f", "host_keys": ["a"], "key_file": "k",
           "password_file": None}  # fmt: skip
    assert target_of(nas) == SftpTarget("n", "h", 22, "u", "f", ("a",), Path("k"), None)


@real
def test_a_store_of_objects(shipment: Shipment, tmp_path: Path) -> None:
    """Against a stand-in of our own; `moto` was tried by hand."""
    (tmp_path / "secret").write_text("s3cr%et;#`\"'\n")
    old = [name_of("court", NOW - day * DAY) for day in (2, 1)]
    with store() as objects:
        objects.objects["court"] = {f"hub/{name}": b"old" for name in (*old, f"{old[0]}.part", "notes.txt")}
        target = S3Target("s", objects.url, "us-east-1", "court", "hub", "our-key", tmp_path / "secret")
        assert ship(shipment, target) == [old[1], shipment.file.name]
        assert set(objects.objects["court"]) == {
            f"hub/{n}" for n in (old[1], shipment.file.name, "notes.txt")
        }
        assert objects.objects["court"][f"hub/{shipment.file.name}"] == shipment.file.read_bytes()
        assert objects.signed_by == {"our-key"}
        assert "no such bucket" in str(refused(shipment, replace(target, bucket="none")))
        del objects.objects["court"][f"hub/{shipment.file.name}"]
        objects.refuses = "AccessDenied"
        assert refused(shipment, target).trouble == "refused"
        assert f"hub/{old[1]}" in objects.objects["court"], "nothing goes before the new one is there"
