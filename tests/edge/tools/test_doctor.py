"""`edge-hub doctor`: a report in every state of a hub, and never a secret in it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from edge import cli
from edge.domain.health import Start
from edge.settings import install_template
from edge.tools.checkup import hub
from edge.tools.checkup.data import stores
from edge.tools.checkup.report import Level, Line

SECRETS = (
    "hunter2-broker",
    "693a-hook-key",
    "s3cret-camera",
    "13912345678",
    "ehub_abcdefgh",
    "token-of-influx",
)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    install_template(folder)
    (folder / "secrets").mkdir(exist_ok=True)
    (folder / "secrets/mqtt").write_text("hunter2-broker\n")
    (folder / "secrets/wecom").write_text("wecombot://693a-hook-key/\n")
    (folder / "secrets/camera").write_text("s3cret-camera\n")
    (folder / "secrets/influx").write_text("token-of-influx\n")
    people = folder / "people.toml"
    people.write_text(people.read_text("utf-8").replace("19900000011", "13912345678"), "utf-8")
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """As a hub leaves it, with secrets in its log."""
    folder = tmp_path / "data"
    (folder / "log").mkdir(parents=True)
    for name in ("journal", "telemetry", "accounts"):
        with closing(sqlite3.connect(folder / f"{name}.db")) as conn:
            conn.execute("PRAGMA journal_mode=WAL")
            conn.execute("CREATE TABLE t (x)")
            conn.executemany("INSERT INTO t VALUES (?)", [("x" * 500,)] * 200)
            conn.commit()
    start = Start(1_790_000_000_000_000, "power", "0.1.0", None, undervolted=True)
    run = {"boot": "a", "started": start.at, "clean": True, "stopped": start.at, "starts": [asdict(start)]}
    (folder / "run.json").write_text(json.dumps(run))
    said = " ".join(SECRETS)
    (folder / "log/hub.log").write_text(
        f"2026-09-21 14:00:00,000 ERROR edge.x rtsp://a:s3cret-camera@cam/1 and {said}\n"
        "2026-09-21 14:00:01,000 INFO edge.x all is well\n"
    )
    return folder


def report(capsys: pytest.CaptureFixture[str], *options: object) -> tuple[int, dict[str, Any], str]:
    code = cli.main(["doctor", *map(str, options), "--json"])
    out = capsys.readouterr().out
    return code, json.loads(out), out


def files(*folders: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}


def levels(body: dict[str, Any], part: str) -> dict[str, str]:
    return {line["name"]: line["level"] for line in body["lines"] if line["part"] == part}


def test_a_hub_that_is_stopped(site: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = files(site, data)
    code, body, out = report(capsys, "--site", site, "--data", data)
    assert files(site, data) == before  # it looks and touches nothing
    assert code == 1  # it does not run, and its broker is not there
    assert body["failed"] == sum(line["level"] == "failed" for line in body["lines"])
    assert levels(body, "stores") == {"journal": "ok", "telemetry": "ok", "accounts": "ok"}
    assert levels(body, "hub") == {"hub": "failed"}
    assert levels(body, "site")["configuration"] in {"ok", "warn"}
    assert "power" in out
    assert not [line for line in body["lines"] if line["level"] == "unknown"]
    assert "rtsp://***@cam/1" in out
    assert "all is well" not in out
    assert not [secret for secret in SECRETS if secret in out]


def test_no_planted_secret_appears_where_the_site_is_broken(site: Path, data: Path, capsys) -> None:
    with (site / "site.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[mqtt]]\nid = "x"\npassword = "hunter2-broker"\nhost = "ehub_abcdefgh"\n')
    (site / "people.toml").write_text('[[person]]\nid = "a"\nphone = "13912345678 hunter2-broker"\n')
    assert cli.main(["doctor", "--site", str(site), "--data", str(data)]) == 1
    said = capsys.readouterr()
    assert not [secret for secret in SECRETS if secret in said.out + said.err]
    assert "site.toml" in said.out


def test_damage_of_every_kind_is_a_line(site: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = bytearray((data / "journal.db").read_bytes())
    journal[4096:] = b"\xff" * (len(journal) - 4096)
    (data / "journal.db").write_bytes(journal)
    (data / "telemetry.db").write_bytes(b"no database at all" * 300)
    (data / "accounts.db").unlink()
    (data / "journal.db.20260601T000000Z.corrupt").write_bytes(b"x" * 5000)
    (data / "run.json").write_text("{")
    (data / "hub.pid").write_text("not a number")
    code, body, _ = report(capsys, "--site", site, "--data", data)
    found = levels(body, "stores")
    assert code == 1
    assert (found["journal"], found["telemetry"], found["accounts"]) == ("failed", "failed", "warn")
    assert found["journal.db.20260601T000000Z.corrupt"] == "warn"


def test_folders_that_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    code, body, _ = report(capsys, "--site", tmp_path / "file/site", "--data", tmp_path / "file/data")
    assert code == 1
    assert levels(body, "site") == {"site": "failed"}
    assert levels(body, "stores") == {"data": "failed"}
    code, body, _ = report(capsys, "--site", tmp_path / "none", "--data", tmp_path / "none")
    assert code == 1
    (line,) = [line for line in body["lines"] if line["part"] == "site"]
    assert (line["level"], line["text"]) == (
        "failed",
        f"there is no site folder {tmp_path / 'none'}: give it with --site",
    )


@pytest.mark.parametrize(("systemd", "words"), [(True, "systemctl start"), (False, "edge-hub run --site")])
def test_a_hub_is_started_the_way_this_machine_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, systemd: bool, words: str
) -> None:
    monkeypatch.setattr(f"{hub.__name__}.has_systemd", lambda: systemd, raising=False)
    ((level, _, text),) = hub.hub(tmp_path)
    assert level is Level.FAILED
    assert words in text
    assert ("systemctl" in text) == systemd


def test_a_store_that_was_emptied_or_removed_is_not_in_order(tmp_path: Path) -> None:
    (tmp_path / "journal.db").touch()
    for name in ("journal", "telemetry"):
        (tmp_path / f"{name}.db.begun").touch()
    found = {name: (level, text) for level, name, text in stores(tmp_path)}
    assert found["journal"][0] is Level.FAILED
    assert "is empty" in found["journal"][1]
    assert found["telemetry"][0] is Level.FAILED
    assert "is gone" in found["telemetry"][1]
    assert found["accounts"][0] is Level.WARN


RUNNING = dedent("""
    import fcntl, http.server, json, os, sys
    folder, answer = sys.argv[1], sys.argv[2].encode()
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200); self.end_headers(); self.wfile.write(answer)
        def log_message(self, *_): pass
    held = open(folder + "/hub.pid", "w"); held.write(str(os.getpid())); held.flush()
    fcntl.flock(held, fcntl.LOCK_EX)
    server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[4].rpartition(":")[2])), Handler)
    print("ready", flush=True)
    server.serve_forever()
""")


def test_a_hub_that_runs_is_asked(site: Path, data: Path, unused_tcp_port: int, capsys) -> None:
    failing = {"ok": False, "since": "2026-09-21T14:00:00Z", "detail": {"zh": "", "en": "12 MiB free"}}
    answer = json.dumps(
        {"status": "degraded", "version": "9", "checks": {"disk": failing, "journal": failing}}
    )
    words = [sys.executable, "-c", RUNNING, str(data), answer, "--listen", f"127.0.0.1:{unused_tcp_port}"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            _, body, _ = report(capsys, "--site", site, "--data", data)
        finally:
            child.kill()
    assert levels(body, "hub") == {"hub": "ok", "healthz": "warn", "disk": "warn", "journal": "failed"}


def test_a_store_that_hangs_is_a_line_and_the_others_follow(
    site: Path, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.tools.checkup.data.PATIENCE", 0.3)
    monkeypatch.setattr("edge.tools.checkup.data._OPENING", 0.2)
    path = data / "journal.db"
    path.unlink()
    os.mkfifo(path)
    try:
        _, body, _ = report(capsys, "--site", site, "--data", data)
    finally:
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))  # lets the look go that was left behind
        for thread in threading.enumerate():
            if thread.name == "doctor-journal":
                thread.join(30)
    assert levels(body, "stores") == {"journal": "unknown", "telemetry": "ok", "accounts": "ok"}
    assert "hangs" in next(line["text"] for line in body["lines"] if line["name"] == "journal")


def test_a_line_is_printed_as_soon_as_it_is_known(
    site: Path, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    early: list[str] = []

    def lines(_site: Path, _data: Path) -> Iterator[Line]:
        yield Line(Level.OK, "disk", "space", "enough")
        early.append(capsys.readouterr().out)
        yield Line(Level.FAILED, "stores", "journal", "gone")

    monkeypatch.setattr("edge.tools.doctor.lines", lines)
    assert cli.main(["doctor", "--site", str(site), "--data", str(data)]) == 1
    assert "space: enough" in early[0]
    assert "journal: gone" in capsys.readouterr().out
