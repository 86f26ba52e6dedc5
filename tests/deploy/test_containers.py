"""The containers' files, without an engine: what compose.yaml names is there, has no password, gives no right away."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # its stubs are not worth a dependency

import edge

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/containers"
HOME = "${EDGE_HUB_HOME:-/srv/edge-hub}"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PREPARE = (FOLDER / "prepare.sh").read_text("utf-8")
USERS = {"hub": "HUB", "broker": "BROKER", "influxdb": "INFLUXDB", "grafana": "GRAFANA"}
PROGRAM = """
import os, socket, sys, time
ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ear.connect("\\0" + os.environ["NOTIFY_SOCKET"][1:])
for word in sys.argv[1:]:
    if word.startswith("wait"):
        time.sleep(float(word[4:]))
    elif word.startswith("end"):
        sys.exit(int(word[3:]))
    else:
        ear.send(word.encode())
"""


@pytest.mark.parametrize("name", SERVICES)
def test_each_container_has_as_few_rights_as_can_be(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    user, group = service["user"].split(":")
    assert user == group != "0"
    assert f"{USERS[name]}={user}" in PREPARE
    assert not {"privileged", "cap_add", "network_mode", "pid", "ipc"} & set(service)
    assert not [mount for mount in service["volumes"] if "docker.sock" in mount]


@pytest.mark.parametrize("name", SERVICES)
def test_each_container_is_started_again_watched_and_bounded(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert {"test", "interval", "timeout", "retries", "start_period"} <= set(service["healthcheck"])
    assert service["logging"]["options"]["max-size"]
    assert service["stop_grace_period"]
    assert service["mem_limit"]
    assert service["pids_limit"]


@pytest.mark.parametrize("name", SERVICES)
def test_each_image_is_pinned(name: str) -> None:
    tag = re.search(r":-[\w./-]+:([\w.-]+)\}$", SERVICES[name]["image"])
    assert tag, SERVICES[name]["image"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", tag.group(1))


def test_our_own_images_are_of_this_version() -> None:
    for text in (SERVICES["hub"]["image"], PREPARE, (FOLDER / "README.md").read_text("utf-8")):
        assert f"edge-hub:{edge.__version__}" in text
    assert f"edge-hub-broker:{edge.__version__}" in SERVICES["broker"]["image"]


def test_everything_that_is_mounted_is_made_by_prepare_or_lies_here() -> None:
    mounts = [mount.removeprefix(HOME) for service in SERVICES.values() for mount in service["volumes"]]
    for place in {mount.split(":")[0] for mount in mounts}:
        if place.startswith("/"):
            made = place.strip("/").split("/")
            assert re.search(rf"^folder {re.escape(made[0])} ", PREPARE, re.MULTILINE), place
        else:
            assert (FOLDER / place).exists(), place
    for name, secret in COMPOSE["secrets"].items():
        file = secret["file"].removeprefix(f"{HOME}/secrets/")
        assert re.search(rf"\b{file}\b", PREPARE), name
    asked = {name for service in SERVICES.values() for name in service.get("secrets", [])}
    assert asked == set(COMPOSE["secrets"])


def test_no_password_stands_in_any_file() -> None:
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            if re.search("PASSWORD|TOKEN|SECRET", key):
                assert key.endswith("_FILE")
                assert value.removeprefix("/run/secrets/") in service["secrets"]
    for file in FOLDER.rglob("*.yaml"):
        for value in re.findall(r"(?:password|token)\w*:\s*(\S+)", file.read_text("utf-8"), re.IGNORECASE):
            assert value.startswith(("$__file{/run/secrets/", "/run/secrets/", "{file:")), file


def test_only_the_panel_the_broker_with_tls_and_the_dashboard_are_reached_from_outside() -> None:
    ports = {port for service in SERVICES.values() for port in service.get("ports", [])}
    assert ports == {"8443:8443", "8883:8883", "3000:3000"}
    assert COMPOSE["networks"]["data"] == {"internal": True}
    assert SERVICES["influxdb"]["networks"] == ["data"]


def test_the_image_takes_packages_by_their_hash_and_runs_as_nobody_in_particular() -> None:
    recipe = (FOLDER / "Containerfile").read_text("utf-8")
    assert recipe.count("--require-hashes") == 1
    assert "bundle.sh --wheels-only" in recipe
    assert "--no-index" in recipe
    assert re.search(r"^ARG BASE=\S+:bookworm-\d{8}-slim$", recipe, re.MULTILINE)
    users = {
        stage: re.findall(r"^USER (\S+)", rest, re.MULTILINE)[-1]
        for stage, rest in re.findall(
            r"^FROM \S+ AS (hub|broker)\n(.*?)(?=^FROM|\Z)", recipe, re.MULTILINE | re.DOTALL
        )
    }
    assert users == {name: SERVICES[name]["user"] for name in ("hub", "broker")}
    for source in re.findall(r"^COPY (deploy\S+(?: deploy\S+)*) ", recipe, re.MULTILINE):
        assert all((ROOT / name).is_file() for name in source.split())
    assert os.access(FOLDER / "initdb/readings.sh", os.X_OK)  # run-parts leaves out what is not
    assert ".venv" in (ROOT / ".dockerignore").read_text("utf-8").split()


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="no docker-compose here")
@pytest.mark.parametrize("more", [[], ["-f", str(FOLDER / "compose.devices.yaml")]])
def test_compose_itself_takes_the_file(more: list[str]) -> None:
    command = ["docker-compose", "-f", str(FOLDER / "compose.yaml"), *more, "config", "-q"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def watching(*words: str, within: str = "30") -> list[str]:
    """The supervisor over a program that says these words and waits in between."""
    program = [sys.executable, "-c", PROGRAM, *words]
    return [sys.executable, "-I", str(FOLDER / "watched.py"), "--within", within, *program]


@pytest.mark.parametrize(("word", "code"), [("end0", 0), ("end3", 3)])
def test_a_program_that_ends_says_with_what(word: str, code: int) -> None:
    assert subprocess.run(watching("READY=1", word), check=False).returncode == code


def test_a_program_that_falls_silent_is_ended_to_be_started_again() -> None:
    began = time.monotonic()
    done = subprocess.run(
        watching("READY=1", "WATCHDOG=1", "wait600", within="0.2"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "no sign of life" in done.stderr
    assert time.monotonic() - began < 300


def test_a_program_that_is_stopping_is_left_to_the_engines_patience() -> None:
    done = subprocess.run(watching("READY=1\nSTOPPING=1", "wait1", "end0", within="0.2"), check=False)
    assert done.returncode == 0


def test_the_signal_to_end_is_passed_on() -> None:
    program = "import os, signal; os.kill(os.getppid(), signal.SIGTERM); signal.pause()"
    command = [sys.executable, "-I", str(FOLDER / "watched.py"), sys.executable, "-c", program]
    assert subprocess.run(command, check=False, timeout=120).returncode == 128 + signal.SIGTERM
