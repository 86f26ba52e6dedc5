"""`bench alarm-latency`: from a detector's message to the stream, and on to what a guard sees."""

from __future__ import annotations

import threading
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from edge.tools.benches import browser
from edge.tools.benches.centre import DataCentre
from edge.tools.benches.processes import until
from edge.tools.benches.report import BenchError, Report, spread
from edge.tools.benches.site import DETECTOR, DETECTOR_TOPIC
from edge.tools.benches.stand import Stand

YARDSTICK: Final = (
    "a paho subscriber (loop_start, MQTT 5, QoS 1) that hears the same messages from the same broker"
)
BACKGROUND: Final = 1000  # readings a second meanwhile
ALARM_RATE: Final = 20.0
PAINT_RATE: Final = 10.0
WITHIN: Final = 30.0
STORED_WITHIN: Final = 120.0
BACKLOG: Final = (
    4000  # readings an uplink has to send for each second of the measuring: it is never done before
)
TARGETS: Final = {"p50": "≤ 3 ms (goal ≤ 1)", "p99": "≤ 25 ms (goal ≤ 10)"}


def measure(arguments: Namespace) -> Report:
    """Browser, then stream, then stream beside an uplink; BenchError when an alarm did not arrive."""
    report = Report("alarm-latency", YARDSTICK)
    if arguments.uplink:
        with (
            TemporaryDirectory(prefix="edge-hub-bench-centre-") as folder,
            DataCentre(Path(folder)) as centre,
        ):
            _measure(arguments, report)
            _beside_uplink(arguments, report, centre)
    else:
        _measure(arguments, report)
    if arguments.cameras:
        _beside_cameras(arguments, report)
    return report


def _measure(arguments: Namespace, report: Report) -> None:
    with Stand(arguments.data, detectors=arguments.alarms + arguments.painted) as stand:
        if arguments.painted:
            _to_browser(stand, arguments.alarms + 1, arguments.painted, report)
        stand.quiet()
        _to_stream(stand, arguments.alarms, report, "stream", "publish › stream")
    report.notes.append(
        f"{arguments.alarms:,} fire alarms of as many detectors at {ALARM_RATE:g}/s, each in the journal before it is "
        f"streamed, none closed; {BACKGROUND:,} readings/s meanwhile; shipped broker configuration"
    )


def _beside_uplink(arguments: Namespace, report: Report, centre: DataCentre) -> None:
    """The same with another hub, whose uplink has a backlog to send to a data centre that goes away three times."""
    seconds = arguments.alarms / ALARM_RATE
    folder = None if arguments.data is None else arguments.data / "uplink"
    with Stand(folder, detectors=arguments.alarms, uplink=centre.url) as stand, ThreadPoolExecutor(1) as pool:
        backlog = round(BACKLOG * (seconds + 5))
        with centre.paused():
            publisher, _ = stand.meters(backlog)
            with publisher:
                publisher.go()
                publisher.answer()
            until(lambda: stand.stored() >= backlog, "storing the backlog", within=STORED_WITHIN)
            stand.quiet()  # its compaction is no part of what is measured
            before, ended = stand.metrics(), threading.Event()
        until(
            lambda: stand.metrics()["uplink_sent_total"] > before["uplink_sent_total"],
            "the uplink's next attempt",
            within=STORED_WITHIN,
        )
        disturbed = pool.submit(centre.disturb, seconds, ended)
        try:
            _to_stream(stand, arguments.alarms, report, "uplink", "the same, an uplink draining")
            after = stand.metrics()
        finally:
            ended.set()
        faults = disturbed.result()
    sent = after["uplink_sent_total"] - before["uplink_sent_total"]
    report.add("uplink_sent", "readings the data centre took meanwhile", sent, "")
    report.notes.append(
        f"uplink: {before['uplink_behind']:,.0f} readings behind at the first alarm, {after['uplink_behind']:,.0f} "
        f"after the last; victoria-metrics on the same machine, {', '.join(faults) or 'undisturbed'} meanwhile"
    )
    if after["uplink_lost_total"]:
        raise BenchError(f"the uplink lost {after['uplink_lost_total']:,.0f} readings")


def _beside_cameras(arguments: Namespace, report: Report) -> None:
    """The same with another hub that looks through drawn cameras; the pictures are drawn on this machine too."""
    from edge.tools.benches.camera_live import stand_with  # OpenCV, for this alone

    folder = None if arguments.data is None else arguments.data / "cameras"
    with stand_with(arguments.cameras, folder, arguments.alarms) as (stand, _):
        _to_stream(
            stand, arguments.alarms, report, "cameras", f"the same, {arguments.cameras} cameras beside"
        )
    report.notes.append(
        f"cameras: {arguments.cameras} drawn MJPEG streams of 640 × 360 at 5 fps, a child each, all checks on; "
        "they are drawn on this machine too, at a low priority"
    )
    figures = {figure.name: figure.value for figure in report.figures}
    for name in ("p50", "p99"):
        share = 100 * (figures[f"cameras_{name}"] / figures[f"stream_{name}"] - 1)
        report.add(
            f"cameras_more_{name}", f"cameras beside: {name} more than without", share, "%", target="≤ 20 %"
        )


def _to_stream(stand: Stand, count: int, report: Report, key: str, what: str) -> None:
    """Publish › server-sent event."""
    seconds = count / ALARM_RATE
    background, _ = stand.meters(round(BACKGROUND * (seconds + 2)), rate=BACKGROUND)
    with (
        background,
        stand.follower("/api/v1/stream") as follower,
        stand.yardstick(DETECTOR_TOPIC.format(0).replace("smoke-0000", "+")) as bare,
        stand.alarms(1, count, ALARM_RATE) as alarms,
    ):
        background.go()
        time.sleep(1)
        alarms.go()
        sent = alarms.answer()["sent"]
        background.answer()
        raised = _gathered(stand, follower)
        bare.go()
        heard = bare.answer()["heard"]
    names = range(1, count + 1)
    _all_there(count, sum(DETECTOR.format(n) in raised for n in names), "stream")
    ours = spread([(raised[DETECTOR.format(n)][0] - at) / 1e6 for n, at in zip(names, sent, strict=True)])
    theirs = spread([(heard[DETECTOR_TOPIC.format(n)] - at) / 1e6 for n, at in zip(names, sent, strict=True)])
    for name, value in ours.items():
        report.add(
            f"{key}_{name}",
            f"{what}, {name}",
            value,
            "ms",
            yardstick=theirs[name],
            target=TARGETS.get(name, ""),
        )


def _to_browser(stand: Stand, first: int, count: int, report: Report) -> None:
    """Fact › painted on the wall of a headless browser."""
    missing = browser.missing()
    if missing:
        report.notes.append(f"not measured on to the browser: {missing}")
        return
    stand.quiet()
    names = [DETECTOR.format(n) for n in range(first, first + count)]
    with (
        browser.Wall(f"http://{stand.host}:{stand.port}") as wall,
        stand.follower("/api/v1/stream") as follower,
        stand.alarms(first, count, PAINT_RATE) as alarms,
    ):
        epoch = time.time_ns() - time.monotonic_ns()
        alarms.go()
        wall.watch(count / PAINT_RATE + 1.0)
        sent = alarms.answer()["sent"]
        raised = _gathered(stand, follower)
        painted = wall.painted()
    _all_there(count, sum(name in raised for name in names), "stream")
    _all_there(count, sum(raised[name][2] in painted for name in names), "wall")
    facts = spread([painted[raised[name][2]] - raised[name][1] / 1e6 for name in names])
    whole = spread(
        [painted[raised[name][2]] - (at + epoch) / 1e6 for name, at in zip(names, sent, strict=True)]
    )
    for name in ("p50", "p95", "max"):
        target = "≤ 100 ms" if name == "p95" else ""
        report.add(f"painted_{name}", f"fact › painted on the wall, {name}", facts[name], "ms", target=target)
    report.add("publish_painted_p50", "publish › painted, p50", whole["p50"], "ms")
    report.add("publish_painted_p95", "publish › painted, p95", whole["p95"], "ms")
    report.notes.append(
        f"wall: {count} alarms at {PAINT_RATE:g}/s in headless Chromium on the same machine, until the frame after the "
        "change was drawn; a screen adds its own refresh"
    )


def _gathered(stand: Stand, follower: Any) -> Mapping[str, Sequence[Any]]:
    """What the follower saw, once the hub has nothing left to say."""
    until(lambda: stand.metrics()["inbox_depth"] == 0, "the hub's inbox", within=WITHIN)
    time.sleep(1)
    follower.go()
    found: Mapping[str, Sequence[Any]] = follower.answer()["raised"]
    return found


def _all_there(wanted: int, found: int, where: str) -> None:
    if found < wanted:
        raise BenchError(
            f"{wanted - found} of {wanted} alarms never reached the {where}: see hub.log with --data"
        )
