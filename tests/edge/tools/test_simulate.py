"""`edge-hub simulate` as a process: started, told stories by its socket, and ended."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.cli import main
from edge.settings import install_template
from edge.tools.broker import free_port
from edge.tools.simulator.control import ControlError, ControlSocket, ask
from tests.edge.tools.simulated import within

END_WITHIN = 10.0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    install_template(folder)
    return folder


@contextmanager
def simulator(site: Path, data: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "edge.cli", "simulate", "--site", str(site)]
    process = subprocess.Popen(
        [*command, "--serial-dir", str(data / "serial"), *options], stderr=subprocess.PIPE, text=True
    )
    try:
        within(lambda: (data / "simulator.sock").exists() or process.poll() is not None)
        yield process
    finally:
        process.kill()
        process.communicate()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_running_simulator_is_told_a_story_and_ends_cleanly(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / ("a-long-name-of-a-folder-" * 4) / ("and-one-more-below-it-" * 4)  # no AF_UNIX address
    data.mkdir(parents=True)
    with simulator(site, data, "--mqtt", "127.0.0.1:9", "--leave", "sm-303") as process:
        within((data / "serial" / "modem-1").exists)
        assert {path.name for path in (data / "serial").iterdir()} == {"bus-1", "bus-2", "modem-1"}
        assert main(["simulate", "--data", str(data), "--scenario", "s2"]) == 0
        assert "playing: s2" in capsys.readouterr().err
        assert main(["simulate", "--control", str(data / "simulator.sock"), "--scenario", "s2"]) == 1
        assert "s2 is playing with sm-302k" in capsys.readouterr().err
        assert main(["simulate", "--data", str(data), "--scenario", "s22"]) == 1
        assert "did you mean 's2'?" in capsys.readouterr().err
        assert main(["simulate", "--data", str(data), "--reset"]) == 0
        assert "all devices are back to normal" in capsys.readouterr().err
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0
        assert time.monotonic() - begin < END_WITHIN
    assert "s2 begins: Cooking smoke at night" in said
    assert "no broker at 127.0.0.1:9" in said
    assert list(data.iterdir()) == [data / "serial"]
    assert not list((data / "serial").iterdir())
    assert main(["simulate", "--data", str(data), "--reset"]) == 1
    assert "no simulator answers at" in capsys.readouterr().err


def test_what_the_cameras_see_is_shown_beside_and_a_viewer_holds_no_end_up(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    with simulator(site, tmp_path, "--pictures", str(port)) as process:
        within(lambda: listens(port))
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/cm-02", timeout=10) as pictures:
            assert b"image/jpeg" in pictures.read(200)
            assert main(["simulate", "--data", str(tmp_path), "--scenario", "s7"]) == 0
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=60)
        assert process.returncode == 0
    assert f"http://127.0.0.1:{port}/cm-01 is what cm-01 sees" in said
    assert "cm-01 sees: van" in said
    assert "playing: s7" in capsys.readouterr().err


def test_ports_and_socket_left_by_a_killed_one_are_taken_over(site: Path, tmp_path: Path) -> None:
    with simulator(site, tmp_path) as first:
        within((tmp_path / "serial" / "bus-2").exists)
        first.kill()
        first.wait()
    left = (tmp_path / "serial" / "bus-1").readlink()
    with simulator(site, tmp_path, "--scenario", "noisy-line") as second:
        within((tmp_path / "serial" / "bus-1").exists)
        within(lambda: ask_playing(tmp_path) == ["noisy-line"])
        second.send_signal(signal.SIGINT)
        assert second.wait(10) == 0
    assert left.parent == Path("/dev/pts")


def ask_playing(data: Path) -> object:
    try:
        return ask(data / "simulator.sock", {})["playing"]
    except ControlError:
        return None


def test_a_second_one_does_not_take_the_place_of_a_running_one(site: Path, tmp_path: Path) -> None:
    with simulator(site, tmp_path):
        within(lambda: ask_playing(tmp_path) == [])
        command = [sys.executable, "-m", "edge.cli", "simulate", "--site", str(site)]
        second = subprocess.run(
            [*command, "--serial-dir", str(tmp_path / "serial")],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert second.returncode == 1
        assert "another simulator runs at" in second.stderr
        assert ask_playing(tmp_path) == []
        assert (tmp_path / "serial" / "bus-1").exists()


def test_the_list_names_every_scenario_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--list"]) == 0
    listed = capsys.readouterr().out
    for id in ("s1", "s2", "bin-filling", "dead-device", "noisy-line"):
        assert f"{id}: " in listed
    assert "夜间烹饪油烟 / Cooking smoke at night" in listed


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ([], 2, "nothing to play"),
        (["--data", "x"], 2, "nothing to play"),
        (["--serial-dir", "x", "--leave", "sm-999"], 2, "the site has no device sm-999"),
        (["--mqtt", "localhost:1", "--password-file", "gone"], 1, "gone: No such file or directory"),
        (["--mqtt", "localhost:1", "--scenario", "s9"], 1, "there is no scenario 's9'"),
        (["--mqtt", "localhost:1", "--scenario", "noisy-line"], 1, "bus-1 is not played"),
    ],
)
def test_misuse_and_what_is_missing_is_said(
    site: Path, capsys: pytest.CaptureFixture[str], options: list[str], code: int, said: str
) -> None:
    previous = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    assert main(["simulate", "--site", str(site), *options]) == code
    for number, handler in previous.items():
        signal.signal(number, handler)
    assert said in capsys.readouterr().err


def test_a_faulty_site_is_told_like_check_tells_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", "--site", str(tmp_path), "--mqtt", "localhost:1"]) == 1
    assert "site.toml:1: there is no such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "option", [["--mqtt", "localhost"], ["--mqtt", "h:99999"], ["--compress", "0"], ["--pictures", "65536"]]
)
def test_options_are_checked(option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["simulate", *option])
    assert left.value.code == 2
    assert option[1] in capsys.readouterr().err


@pytest.mark.parametrize("line", [b"", b"\n", b"play s2\n", b"[]\n", b"\xff\xfe\n", b'{"play"' * 9000])
def test_the_socket_answers_nonsense_and_survives_it(tmp_path: Path, line: bytes) -> None:
    control = ControlSocket(tmp_path / "s", lambda wanted: {"playing": [], **wanted})
    try:
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(str(control.path))
            caller.sendall(line)
            caller.shutdown(socket.SHUT_WR)
            control.serve()
            with caller.makefile() as answers:
                assert "one JSON object on a line" in json.loads(answers.readline())["error"]
        control.serve()  # nobody has called
        assert control.path.stat().st_mode & 0o777 == 0o600
    finally:
        control.close()
    assert not control.path.exists()
