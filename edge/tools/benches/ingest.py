"""`bench ingest`: how fast readings become history, what that costs, and whether an alarm gets past them."""

from __future__ import annotations

import time
from argparse import Namespace
from dataclasses import dataclass
from typing import Final

from edge.domain.instant import to_rfc3339
from edge.tools.benches.processes import cpu_seconds, until
from edge.tools.benches.report import BenchError, Report, middle
from edge.tools.benches.site import DETECTOR, METERS, POINT
from edge.tools.benches.stand import WINDOW, YARDSTICK_TOPIC, Stand

YARDSTICK: Final = (
    "a paho subscriber (loop_start, MQTT 5, QoS 1, the same window) that only counts the same payloads, in alternating "
    "rounds on the same broker"
)
STEADY: Final = 1000  # readings a second
FILL: Final = (
    WINDOW  # readings sent behind those that are timed, so that no timed one waits for the commit's timer
)
ALARMS: Final = 12  # while a backlog drains
ALARM_RATE: Final = 3.0
WITHIN: Final = 240.0
COMMIT_WITHIN: Final = 15.0  # seconds; the last readings of a load wait for the commit's timer


@dataclass(frozen=True, slots=True)
class Round:
    """Readings per second, and CPU seconds per 100,000 readings; settled: with what was left to do afterwards."""

    rate: float
    cpu: float
    settled: float


def measure(arguments: Namespace) -> Report:
    """All three parts; BenchError when a reading is missing or twice."""
    report = Report("ingest", YARDSTICK)
    with Stand(arguments.data, detectors=ALARMS) as stand:
        _flat_out(stand, arguments.messages, arguments.rounds, report)
        if arguments.steady:
            _steady(stand, arguments.steady, report)
        _backlog(stand, arguments.messages, report)
    return report


def _flat_out(stand: Stand, count: int, rounds: int, report: Report) -> None:
    """Publisher flat out, through the broker's queue, into the store: in pairs, the order changing each time."""
    hub: list[Round] = []
    bare: list[Round] = []
    for number in range(rounds):
        for turn in ("bare", "hub") if number % 2 else ("hub", "bare"):
            stand.quiet()
            if turn == "bare":
                bare.append(_bare_round(stand, count))
            else:
                hub.append(_hub_round(stand, count))
    ratios = [ours.rate / theirs.rate for ours, theirs in zip(hub, bare, strict=True)]
    rate, bare_rate = middle([r.rate for r in hub]), middle([r.rate for r in bare])
    cpu, bare_cpu = middle([r.cpu for r in hub]), middle([r.cpu for r in bare])
    report.add(
        "ingest_ratio",
        "durable ingest flat out, × bare paho",
        middle(ratios),
        "×",
        target="≥ 1.0 (goal ≥ 1.5)",
    )
    report.add("ingest_rate", "readings stored", rate, "1/s", yardstick=bare_rate)
    report.add("ingest_cpu", "CPU of the hub per 100k", cpu, "s", yardstick=bare_cpu, target="(goal ≤ 1.6)")
    report.add(
        "ingest_cpu_settled",
        "the same with commit and compaction afterwards",
        middle([r.settled for r in hub]),
        "s",
    )
    report.notes.append(
        f"{rounds} pairs of rounds of {count:,} readings of 200 bytes, medians; ratios: {_list(ratios)}"
    )


def _hub_round(stand: Stand, count: int) -> Round:
    """One round through the hub; afterwards all readings are in the store, once."""
    publisher, start_ms = stand.meters(count + FILL)
    with publisher:
        before, received = stand.metrics(), 0.0
        begun_cpu = cpu_seconds(stand.pid)
        publisher.go()
        stored, now = 0.0, before
        deadline = time.monotonic() + WITHIN
        while stored < count:
            if time.monotonic() > deadline:
                raise BenchError(f"only {stored:.0f} of {count} readings were stored within {WITHIN:.0f} s")
            time.sleep(0.05)
            now = stand.metrics()
            stored = now["readings_stored_total"] - before["readings_stored_total"]
        done = time.monotonic_ns()
        cpu = cpu_seconds(stand.pid) - begun_cpu
        received = now["messages_received_total"] - before["messages_received_total"]
        begun = publisher.answer()["sent"][0]
    stand.quiet()
    settled = cpu_seconds(stand.pid) - begun_cpu
    check_stored_once(stand, start_ms, count + FILL)
    return Round(
        rate=stored / (done - begun) * 1e9,
        cpu=cpu / received * 100_000,
        settled=settled / (count + FILL) * 100_000,
    )


def _bare_round(stand: Stand, count: int) -> Round:
    """One round through paho."""
    publisher, _ = stand.meters(count, topic=YARDSTICK_TOPIC)
    with publisher, stand.yardstick(YARDSTICK_TOPIC.format(0).replace("meter-00", "+"), count) as bare:
        bare.go()
        publisher.go()
        begun = publisher.answer()["sent"][0]
        found = bare.answer()
    cpu = found["cpu"] / count * 100_000
    return Round(rate=count / (found["done"] - begun) * 1e9, cpu=cpu, settled=cpu)


def check_stored_once(stand: Stand, start_ms: int, count: int, patience: float = COMMIT_WITHIN) -> None:
    """Each reading of a load is in the store, once, by its time; BenchError otherwise, after `patience` seconds."""

    def times() -> list[str]:
        found: list[str] = []
        span = f"from={to_rfc3339(start_ms * 1000)}&to={to_rfc3339((start_ms + count) * 1000)}"
        for meter in range(1, METERS + 1):
            cursor = ""
            while True:
                page = stand.get(f"/points/{POINT.format(meter)}/readings?raw=true&limit=1000&{span}{cursor}")
                found += [row["t"] for row in page["items"]]
                if page["next"] is None:
                    break
                cursor = f"&cursor={page['next']}"
        return found

    point = stand.get(f"/points/{POINT.format(1)}/readings?max_points=1")["point"]
    until(
        lambda: stand.metrics()["inbox_depth"] == 0, f"taking in {count} readings for {point}", within=WITHIN
    )
    found = times()
    deadline = time.monotonic() + patience
    while len(set(found)) < count and time.monotonic() < deadline:
        time.sleep(0.5)
        found = times()
    if len(found) != count or len(set(found)) != count:
        twice = len(found) - len(set(found))
        raise BenchError(
            f"{count - len(set(found))} of {count} readings are missing in the store, {twice} are twice"
        )


def _steady(stand: Stand, seconds: float, report: Report) -> None:
    """1,000 readings a second: how much of a core the hub takes, beside paho that counts them."""
    count = round(STEADY * seconds)
    stand.quiet()
    publisher, start_ms = stand.meters(count, rate=STEADY)
    with publisher:
        cpu, begun = cpu_seconds(stand.pid), time.monotonic()
        publisher.go()
        publisher.answer()
        share = (cpu_seconds(stand.pid) - cpu) / (time.monotonic() - begun)
    check_stored_once(stand, start_ms, count)
    publisher, _ = stand.meters(count, rate=STEADY, topic=YARDSTICK_TOPIC)
    with publisher, stand.yardstick(YARDSTICK_TOPIC.format(0).replace("meter-00", "+"), count) as bare:
        bare.go()
        begun = time.monotonic()
        publisher.go()
        publisher.answer()
        bare_share = bare.answer()["cpu"] / (time.monotonic() - begun)
    report.add(
        "steady_core",
        f"steady {STEADY:,} readings/s for {seconds:g} s, of one core",
        share * 100,
        "%",
        yardstick=bare_share * 100,
        target="≤ 15 % (goal ≤ 10 %)",
    )


def _backlog(stand: Stand, count: int, report: Report) -> None:
    """The hub was away while readings queued up; alarms come while it catches up."""
    stand.stop_hub()
    publisher, start_ms = stand.meters(count)
    with publisher:
        publisher.go()
        publisher.answer()
    stand.start_hub(connected=False)
    until(lambda: _answers(stand), "the start of the hub", within=WITHIN, every=0.02)
    with stand.follower("/api/v1/stream") as follower, stand.alarms(1, ALARMS, ALARM_RATE) as alarms:
        until(lambda: _draining(stand), "the first readings of the backlog", within=WITHIN, every=0.02)
        begun = time.monotonic()
        alarms.go()
        until(
            lambda: stand.metrics()["messages_received_total"] >= count,
            "the backlog",
            within=WITHIN,
            every=0.1,
        )
        drained = time.monotonic_ns()
        seconds = time.monotonic() - begun
        sent = alarms.answer()["sent"]
        until(lambda: stand.metrics()["alarms_open"] >= ALARMS, "the alarms", within=WITHIN)
        time.sleep(0.5)
        follower.go()
        raised = follower.answer()["raised"]
    check_stored_once(stand, start_ms, count)
    during = [
        (raised[DETECTOR.format(n)][0] - at) / 1e9 for n, at in enumerate(sent, start=1) if at < drained
    ]
    if not during:
        report.notes.append(f"the backlog of {count:,} had drained before the first alarm came")
        return
    report.add(
        "backlog_alarm",
        f"a live alarm while {count:,} queued readings drain, slowest of {len(during)}",
        max(during),
        "s",
        target="≤ 2 (goal ≤ 0.5)",
    )
    report.add("backlog_drained", "the backlog itself, from its first reading", seconds, "s")


def _answers(stand: Stand) -> bool:
    try:
        stand.metrics()
    except OSError:
        return False
    return True


def _draining(stand: Stand) -> bool:
    return stand.metrics()["messages_received_total"] > METERS


def _list(values: list[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values)
