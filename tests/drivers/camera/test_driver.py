from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

import pytest

from drivers.camera import driver as driver_module
from drivers.camera import ring as ring_module
from drivers.camera import words
from drivers.camera.driver import CameraDriver
from drivers.camera.lines import read_report
from edge.domain.camera import CameraZone
from edge.domain.conclusion import Write
from edge.domain.footage import MOST_CORNERS, MOST_ZONES, Finding
from edge.domain.instant import HOUR, SECOND
from edge.domain.names import Text
from edge.driver import Driver, Looking
from tests.drivers.camera.acting import SOURCE, Host, acting, alive, connection, serving, within

LIVE = "beat()\nfor line in sys.stdin: say({'order': line})\n"
HEARD = """
for line in sys.stdin:
    order = json.loads(line)
    beat(width=len(order["zones"]), height=len(order["masks"]))
"""
KEEP = "\nwhile True:\n    beat()\n    time.sleep(0.05)\n"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(driver_module, "FIRST_RETRY", 0.05)
    monkeypatch.setattr(driver_module, "LAST_RETRY", 0.1)
    monkeypatch.setattr(ring_module, "SHARED_MEMORY", tmp_path)


def test_it_is_a_driver_that_sees() -> None:
    made: Driver = CameraDriver(connection(), ())
    assert isinstance(made, Looking)


def test_what_the_child_says_reaches_the_hub_as_it_stands() -> None:
    host = Host()
    with acting("beat(fps=4.5, width=640, height=360, learning=['tamper'])" + KEEP, host) as driver:
        within(lambda: len(host.raws) > 1)
        before = len(host.raws)
        view, report = driver.view(), driver.report()
    raw = host.raws[0]
    assert (raw.source, raw.dialect, raw.channel) == (SOURCE, "camera", SOURCE)
    assert host.samples()[0].field == "fps"
    assert (view.state, view.detail) == ("ok", Text("ok", "ok"))
    assert view.frame_at is not None
    assert (report.up, report.kind, report.detail) == (True, "camera", Text("ok", "ok"))
    assert set(host.heards) == {True}
    assert before <= report.received <= len(host.raws)  # the child goes on talking


def test_what_the_child_says_of_its_models_is_in_the_view() -> None:
    said = "why = {'zh': '模型坏了', 'en': 'the model is broken'}\nbeat(unverified=why, undetected=why)\n"
    keep = "while True:\n    beat(unverified=why, undetected=why)\n    time.sleep(0.05)\n"
    with acting(said + keep, host := Host()) as driver:
        within(lambda: host.raws)
        view = driver.view()
    assert view.unverified == view.undetected == Text("模型坏了", "the model is broken")


def test_secrets_and_settings_go_over_stdin_alone(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("tiger-lily\nsecond line\n")
    told = tmp_path / "told.json"
    code = f"""
told = {{"start": start, "argv": sys.argv, "env": dict(os.environ), "line": open("/proc/self/cmdline").read(),
         "session": os.getsid(0) == os.getpid()}}
open({str(told)!r}, "w").write(json.dumps(told))
"""
    host = Host()
    with acting(code + LIVE, host, username="hub", password_file=str(secret), checks=["flame"], fps=2.5):
        within(lambda: host.raws)
    said = json.loads(told.read_text())
    start = said.pop("start")
    assert (start["username"], start["password"]) == ("hub", "tiger-lily")
    assert (start["source"], start["checks"], start["fps"]) == (SOURCE, ["flame"], 2.5)
    assert said.pop("session")
    assert "tiger" not in json.dumps(said)


def test_a_password_that_cannot_be_read_is_said_and_read_again(tmp_path: Path) -> None:
    secret, host = tmp_path / "password", Host()
    with acting(LIVE, host, username="hub", password_file=str(secret)) as driver:
        within(lambda: "password_file" in driver.report().detail.en)
        secret.write_text("later")
        within(lambda: driver.report().up)


def test_a_child_that_ends_is_started_again_and_leaves_no_zombie() -> None:
    host = Host()
    code = "beat(codec=str(os.getpid()))\nif len(os.listdir(start['ring'])) < 4:\n"
    code += "    open(start['ring'] + f'/{os.getpid()}', 'w')\n    sys.exit('a lens fell out')\n"
    with acting(code + KEEP, host) as driver:
        within(lambda: driver.report().counters["beats"] > 5)
        pids = [int(path.name) for path in driver._ring.folder.iterdir() if path.name.isdigit()]
        assert len(pids) == 3
        assert not any(map(alive, pids))
        assert driver.report().counters["restarts"] == 3
        assert driver.report().up
    assert "lens" not in driver.view().detail.en


def test_one_that_never_speaks_is_down_and_says_its_last_words() -> None:
    host = Host()
    with acting("raise ImportError('libGL.so.1: cannot open shared object file')", host) as driver:
        within(lambda: driver.report().counters["restarts"] > 2)
        report = driver.report()
        assert not report.up
        assert "libGL.so.1" in report.detail.en
        assert "图像进程" in report.detail.zh
        assert driver.view().state == "starting"
    assert set(host.heards) == {False}


def test_one_that_never_sees_again_is_replaced_whatever_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_module, "HOPELESS", 0.5)
    host = Host()
    code = "first = not os.path.exists(start['ring'] + '/mark')\nopen(start['ring'] + '/mark', 'w')\n"
    code += "if first: beat()\n"
    code += "while True:\n    beat('lost') if first else say({'line': 'beat', 't': 1, 'state': 'lost',\n"
    code += "        'detail': {'zh': 'x', 'en': 'x'}, 'frame_at': None})\n    time.sleep(0.05)\n"
    with acting(code.replace("beat('lost') if", "beat('lost', frame_at=1) if"), host) as driver:
        within(lambda: driver.report().counters["stuck"] > 1)
        assert driver.view().frame_at is not None
        assert driver.report().up  # it is the camera that fails
    assert False not in host.heards


@pytest.mark.parametrize(
    "silent",
    [
        "beat()\ntime.sleep(600)",  # says nothing any more
        "beat(frame_at=1)\nwhile True:\n    time.sleep(0.05)\n    beat(frame_at=1)",  # lives, and sees nothing
        "beat()\nwhile True: os.write(1, b'x' * 65536)",  # a line without an end
    ],
)
def test_a_stuck_child_is_killed_with_all_it_started(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_module, "SILENCE", 0.4)
    monkeypatch.setattr(driver_module, "BLIND", 0.6)
    code = """
import signal, subprocess
signal.signal(signal.SIGTERM, signal.SIG_IGN)
helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open(start["ring"] + "/pids", "a").write(f"{os.getpid()} {helper.pid}\\n")
"""
    host = Host()
    with acting(code + silent, host) as driver:
        within(lambda: driver.report().counters["stuck"] > 1)
        first = (driver._ring.folder / "pids").read_text().splitlines()[0].split()
        assert driver.report().detail in (words.SILENT, Text("ok", "ok"))
        within(lambda: not any(alive(int(pid)) for pid in first))


def test_it_stops_soon_whatever_the_child_does() -> None:
    host = Host()
    code = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nbeat()\ntime.sleep(600)"
    with acting(code, host) as driver:
        within(lambda: driver.report().up)
        folder, begun = driver._ring.folder, time.monotonic()
        driver.stop()
    assert time.monotonic() - begun < 30
    assert not folder.exists()
    assert not [t for t in threading.enumerate() if t.name.startswith("camera-")]


def test_a_line_that_is_none_costs_itself_alone() -> None:
    host = Host()
    with acting("print('cv2 says hello')\nsys.stdout.buffer.write(b'\\xff\\n')" + KEEP, host) as driver:
        within(lambda: driver.report().up)
        assert driver.report().counters["refused"] == 2
    assert [reason for reason, _ in host.rejected] == ["malformed", "malformed"]


def test_what_the_hub_has_no_room_for_waits_in_order() -> None:
    host = Host()
    host.full = True
    with acting("for n in range(5): beat(width=n)\n" + LIVE, host) as driver:
        within(lambda: driver.report().counters["beats"] == 6)
        assert not host.raws
        host.full = False
        within(lambda: len(host.raws) == 6)
    assert [json.loads(raw.payload).get("width") for raw in host.raws[:5]] == [0, 1, 2, 3, 4]


def test_new_zones_and_masks_are_told_to_the_child_and_to_the_next() -> None:
    host = Host()
    lane = CameraZone(
        "lane", Text("车道", "Lane"), ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)), ("left-object",), 10.0
    )
    mask = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5))
    code = """
def told(order): beat(codec=order["line"] + ":" + ",".join(z["id"] for z in order["zones"]) + f":{len(order['masks'])}")
told(start)
for line in sys.stdin:
    told(json.loads(line))
    if start["zones"] == []: sys.exit()
"""
    with acting(code, host) as driver:
        within(lambda: host.raws)
        driver.watch([lane], [mask])
        within(lambda: len(host.raws) >= 3)
        assert driver.codec.looking == {"left-object"}
    said = [read_report(raw.payload).codec for raw in host.raws]
    assert said[:3] == ["start::0", "aim:lane:1", "start:lane:1"]


def test_stills_are_found_by_their_time_and_taken_away_at_the_end() -> None:
    host = Host()
    code = "folder = f\"{start['ring']}/{start['source']}\"\nos.mkdir(folder)\n"
    code += "for n in (10, 20, 30): open(f'{folder}/{n}.jpg', 'w')\nopen(f'{folder}/40.part', 'w')\n"
    with acting(code + LIVE, host) as driver:
        within(lambda: host.raws)
        assert [still.taken for still in driver.stills(10, 25)] == [10, 20]
        newest = driver.latest()
        assert newest is not None
        assert newest.taken == 30
        assert (
            newest.path.stat().st_mode & 0o077 == 0 or newest.path.parent.parent.stat().st_mode & 0o077 == 0
        )
        folder = newest.path.parent
    assert not folder.exists()
    assert driver.latest() is None


LEAVES = """
folder = f"{start['ring']}/{start['source']}"
os.makedirs(folder, exist_ok=True)
def leave(n): open(f'{folder}/{n}.jpg', 'w')
"""
SHADE = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5))


def test_a_mask_hides_what_was_kept_before_it_though_no_child_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_module, "FIRST_RETRY", 600.0)
    with acting(LEAVES + "leave(10)\nbeat()\n", Host()) as driver:
        within(lambda: driver.report().counters["restarts"] == 1)
        driver.watch([], [])
        assert driver.latest() is not None
        driver.watch([], [SHADE])
        assert driver.latest() is None


def test_a_mask_hides_what_its_child_kept_and_did_not_come_to_hide() -> None:
    code = LEAVES + "if not start['masks']: leave(10)\n"
    code += "beat(height=len(start['masks']))\nfor line in sys.stdin:\n    leave(20)\n    sys.exit()\n"
    with acting(code, host := Host()) as driver:
        within(driver.latest)
        driver.watch([], [SHADE])
        within(lambda: any(read_report(raw.payload).height for raw in host.raws))  # of the next child
        assert driver.latest() is None


def test_what_a_killed_hub_left_in_memory_is_taken_away(tmp_path: Path) -> None:
    left = tmp_path / f"edge-hub-{os.getuid()}-left"
    left.mkdir()
    (left / "lock").touch()
    with acting(LIVE, host := Host()) as driver:
        within(lambda: host.raws)
        assert not left.exists()
        with acting(LIVE, other := Host()):
            within(lambda: other.raws)
            assert driver._ring.folder.exists()


def test_on_a_staged_clock_everything_is_of_that_time() -> None:
    host = Host(ahead=5 * HOUR)
    code = "folder = f\"{start['ring']}/{start['source']}\"\nos.mkdir(folder)\n"
    code += "open(f'{folder}/{time.time_ns() // 1000}.jpg', 'w')\n"
    with acting(code + LIVE, host) as driver:
        within(lambda: host.raws)
        now = host.now().utc
        view, newest = driver.view(), driver.latest()
        assert view.frame_at is not None
        assert abs(view.frame_at - now) < 10_000_000
        assert newest is not None
        assert abs(newest.taken - now) < 10_000_000
        assert driver.stills(now - 10_000_000, now) == [newest]
    assert all(abs((s.time or 0) - now) < 10_000_000 for s in host.samples())


def test_without_opencv_it_says_that_cameras_are_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_module, "find_spec", lambda _name: None)
    host = Host()
    with acting(LIVE, host) as driver:
        report, view = driver.report(), driver.view()
    assert not report.up
    assert report.detail.en.startswith("Cameras are off: OpenCV is not installed")
    assert report.detail.zh.startswith("摄像机功能未启用")
    assert (view.state, view.detail) == ("off", report.detail)
    assert driver.latest() is None


def test_a_camera_has_nothing_to_switch() -> None:
    host = Host()
    with acting(LIVE, host) as driver:
        driver.write(Write("c1", 1, "cm-01", None))
    assert [receipt.error for receipt in host.receipts] == ["a camera has nothing to switch"]


def test_as_many_zones_and_masks_as_can_be_drawn_reach_the_child() -> None:
    shape = [(index / 97, 1 / (3 + index)) for index in range(MOST_CORNERS)]
    zones = [
        CameraZone(f"zone-{n}", Text("车道", "Lane"), tuple(shape), ("motion",)) for n in range(MOST_ZONES)
    ]
    host = Host()
    with acting("beat()" + HEARD, host) as driver:
        within(lambda: driver.report().up)
        driver.watch(zones, [tuple(shape)] * MOST_ZONES)
        within(lambda: driver.view().width == MOST_ZONES)
        assert driver.report().counters["restarts"] == 0


FINDS = """
def finding(id, state, t):
    say({"line": "finding", "t": t, "id": id * 26, "check": "left-object", "kind": "left-object", "zone": "lane",
         "state": state, "score": 0.8, "box": [0.4, 0.5, 0.25, 0.25], "since": t, "max_age": 86400.0, "why": {}})
"""


def test_what_was_open_goes_to_the_child_that_takes_its_place(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    code = f"""{FINDS}
beat()
open({str(runs)!r}, "a").write(json.dumps(start["open"]) + "\\n")
if not start["open"]:
    finding("a", "start", 5000000)
    finding("b", "start", 6000000)
    finding("b", "end", 7000000)
    sys.exit()
if start["open"][0]["id"][0] == "a":
    finding("a", "aged", 8000000)
    finding("c", "start", 9000000)
    sys.exit()
"""
    ahead = HOUR
    with acting(code + KEEP, Host(ahead)):
        within(lambda: runs.exists() and runs.read_text().count("\n") == 3)
    first, second, third = map(json.loads, runs.read_text().splitlines())
    assert first == []
    assert second == [
        {
            "id": "a" * 26, "check": "left-object", "kind": "left-object", "zone": "lane", "score": 0.8,
            "box": [0.4, 0.5, 0.25, 0.25], "since": 5000000, "max_age": 86400.0,
        }
    ]  # fmt: skip
    assert [one["id"][0] for one in third] == ["c"]


def test_what_was_open_when_the_hub_ended_goes_on(tmp_path: Path) -> None:
    def kept(id: str, check: str, kind: str, zone: str) -> Finding:
        return Finding(id, 0, "cm-01", SOURCE, check, kind, zone, 0.8, 5 * SECOND, 600 * SECOND)

    told = tmp_path / "told"
    code = f"{FINDS}open({str(told)!r}, 'w').write(json.dumps(start['open']))\nbeat(active=['left-object'])\n"
    code += "finding('b', 'end', time.time_ns() // 1000)\nfor line in sys.stdin: pass\n"
    driver = CameraDriver(connection(), (), serving(code))
    driver.resume(
        [
            kept("a" * 26, "left-object", "left-object", "lane"),
            kept("b" * 26, "left-object", "left-object", "gate"),
            kept("c" * 26, "dogs", "dog", "lane"),  # of a version that could more
        ]
    )
    host = Host()
    driver.start(host)
    try:
        within(lambda: len(host.raws) > 1)
    finally:
        driver.stop()
    assert [(one["zone"], one["since"], one["max_age"]) for one in json.loads(told.read_text())] == [
        ("lane", 5 * SECOND, 600),
        ("gate", 5 * SECOND, 600),
    ]
    samples = [s for raw in host.raws for m in driver.codec.parse(raw.channel, raw.payload) for s in m.body]
    states = [sample.value for sample in samples if sample.field == "left-object"]
    assert states == [True, True]  # one of the two has ended, and the other is there
