"""`bench soak`: an hour of a site's life, and whether anything grows.

The demo community with its people, ladders and plans, so many devices more that report and alarm, panels that look on,
and a crew that brings each alarm, incident and order to its end through the API.
"""

from __future__ import annotations

import csv
import math
import time
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from edge.tools.benches import browser
from edge.tools.benches.processes import Worker, cpu_seconds, usage
from edge.tools.benches.report import Report, command_line, machine, middle, spread
from edge.tools.benches.soak_site import Community
from edge.tools.benches.soak_story import QUANTITIES, Course, Points, course, plot

YARDSTICK: Final = "the same hub in the first quarter of the run, once it has warmed up"
EVERY: Final = 10.0  # seconds between two samples
ALARMS: Final = 6.0  # in a minute: a site has one in a day or so, which makes an hour a year of alarms
PLOTS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "memory": ("Memory of the hub, MB", {"rss": "RSS", "pss": "PSS"}),
    "handles": (
        "Open files, threads, tasks",
        {"files": "open files", "threads": "threads", "tasks": "tasks", "open": "open alarms"},
    ),
    "work": ("CPU, % of one core; main loop late, ms", {"cpu": "CPU", "lag": "loop late, worst of a minute"}),
    "disk": (
        "Disk, MB",
        {"written": "written by the hub", "journal": "journal", "telemetry": "telemetry"},
    ),
}


@dataclass(slots=True)
class Soaked:
    """What a run gave. samples: by the names of QUANTITIES. alarms: (second of its report, ms to the panel)."""

    samples: list[dict[str, float]] = field(default_factory=list)
    alarms: list[tuple[float, float]] = field(default_factory=list)
    unheard: int = 0
    messages: int = 0
    panels: Mapping[str, Any] = field(default_factory=dict)
    crew: Mapping[str, Any] = field(default_factory=dict)
    page: list[tuple[float, float, float]] = field(default_factory=list)
    """(second, MB of JavaScript, elements) of the page in the browser."""

    def points(self, name: str) -> Points:
        return [(sample["at"], sample[name]) for sample in self.samples]


def measure(arguments: Namespace) -> Report:
    """Samples every ten seconds; the table, and with --out a page with its plots."""
    report = Report("soak", YARDSTICK)
    soaked = _soak(arguments)
    courses = [course(quantity, soaked.points(quantity.name)) for quantity in QUANTITIES]
    for found in courses:
        _add(report, found)
    if soaked.alarms:
        for name, value in spread([late for _, late in soaked.alarms]).items():
            report.add(f"alarm_{name}", f"alarm: publish › panel's stream, {name}", value, "ms")
    report.notes += _notes(arguments, soaked)
    if arguments.out is not None:
        _write(arguments.out, report, soaked, courses)
    return report


def _soak(arguments: Namespace) -> Soaked:
    soaked, seconds = Soaked(), arguments.minutes * 60.0
    with ExitStack() as stack:
        stand = stack.enter_context(Community(arguments.data, arguments.devices))
        where = {"host": stand.host, "port": stand.port}
        panels = Worker("soak_panels", {**where, "token": stand.token, "panels": arguments.panels})
        stack.enter_context(panels)
        crew = stack.enter_context(Worker("soak_crew", {**where, "token": stand.crew_token}))
        page = stack.enter_context(_page(stand)) if not arguments.no_browser else None
        spec = {
            "devices": stand.devices,
            "alarms": arguments.alarms,
            "seconds": seconds,
            "seed": arguments.seed,
        }
        playing = stack.enter_context(Worker("soak_field", {**stand.login("field"), **spec, "load": "soak"}))
        begun = time.monotonic_ns()
        playing.go()
        _sample(stand, seconds, soaked.samples, lambda at: _look(page, at, soaked.page))
        played = playing.answer()
        time.sleep(EVERY)  # the last alarms arrive
        for worker in (crew, panels):
            worker.go()
        soaked.crew, soaked.panels = crew.answer(), panels.answer()
    soaked.messages = played["messages"]
    soaked.alarms, soaked.unheard = delays(played["alarms"], soaked.panels["raised"], begun)
    return soaked


def delays(
    sent: Sequence[tuple[str, int]], raised: Sequence[tuple[str, int]], begun: int
) -> tuple[list[tuple[float, float]], int]:
    """(second, ms) from each report to its alarm on the panel, and how many were never there; times in ns."""
    heard: dict[str, list[int]] = {}
    for device, at in raised:
        heard.setdefault(device, []).append(at)
    found, missing = [], 0
    for device, at in sent:
        late = next((when for when in heard.get(device, []) if when >= at), None)
        if late is None:
            missing += 1
        else:
            heard[device].remove(late)
            found.append(((at - begun) / 1e9, (late - at) / 1e6))
    return found, missing


def _sample(
    stand: Community, seconds: float, samples: list[dict[str, float]], beside: Callable[[float], None]
) -> None:
    begun, worked = time.monotonic(), cpu_seconds(stand.pid)
    before = begun
    for n in range(1, math.ceil(seconds / EVERY) + 1):
        time.sleep(max(0.0, begun + min(n * EVERY, seconds) - time.monotonic()))
        now, cpu, held, told = time.monotonic(), cpu_seconds(stand.pid), usage(stand.pid), stand.metrics()
        data = stand.folder / "data"
        samples.append(
            {
                "at": now - begun,
                "rss": held.rss,
                "pss": held.pss,
                "files": held.files,
                "threads": held.threads,
                "tasks": told["tasks"],
                "cpu": 100 * (cpu - worked) / max(now - before, 0.01),
                "lag": 1000 * told["loop_lag_seconds"],
                "inbox": told["inbox_depth"],
                "open": told["alarms_open"],
                "facts": told["journal_seq"],
                "written": _written(stand.pid),
                "journal": _size(data, "journal.db"),
                "telemetry": _size(data, "telemetry.db"),
            }
        )
        before, worked = now, cpu
        beside(now - begun)


def _written(pid: int) -> float:
    """MB the process had the system write to disks since its start."""
    fields = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text("ascii").splitlines())
    return int(fields["write_bytes"]) / 1e6


def _size(data: Path, store: str) -> float:
    """MB of a store with its log."""
    return sum(path.stat().st_size for path in data.glob(f"{store}*")) / 1e6


def _page(stand: Community) -> Any:
    """A guard's wall in a browser; one that shows nothing where there is no browser."""
    return browser.Wall(f"http://{stand.host}:{stand.port}") if not browser.missing() else ExitStack()


def _look(page: Any, at: float, seen: list[tuple[float, float, float]]) -> None:
    if isinstance(page, browser.Wall):
        heap, elements = page.size()
        seen.append((at, heap, elements))


# ---- the report ----------------------------------------------------------------------------------------------------


def _add(report: Report, found: Course) -> None:
    quantity, rate = found.quantity, f"{found.quantity.unit}/h".lstrip()
    report.add(
        quantity.name, f"{quantity.what}, last quarter", found.end, quantity.unit, yardstick=found.begin
    )
    judged = {None: "", True: f"≤ {quantity.limit} {rate}: flat", False: f"≤ {quantity.limit} {rate}: GROWS"}
    report.add(
        f"{quantity.name}_slope",
        f"{quantity.what}, slope",
        found.last,
        rate,
        yardstick=found.first,
        target=judged[found.flat],
    )


def _notes(arguments: Namespace, soaked: Soaked) -> list[str]:
    said = [
        (
            f"{arguments.minutes:g} minutes, {arguments.devices} devices each 30–60 s and all meters at once every 5 "
            f"minutes: {soaked.messages:,} messages besides the simulator's; {arguments.alarms:g} alarms a minute "
            f"({len(soaked.alarms)} in all, {soaked.unheard} never on the panels)"
        ),
        f"{arguments.panels} panels ({2 * arguments.panels} streams, {soaked.panels['bytes'] / 1e6:.1f} MB, "
        f"{soaked.panels['resyncs']} resyncs, {len(soaked.panels['ended'])} ended early)"
        + (", one of them besides in Chromium" if soaked.page else ""),
        "the crew did: " + ", ".join(f"{n} {what}" for what, n in sorted(soaked.crew["done"].items())),
        "flat: in the last quarter it grows by no more an hour than is said; the disk fills with what happens",
    ]
    if refused := soaked.crew["refused"]:
        said.append("refused: " + ", ".join(f"{n} {what}" for what, n in sorted(refused.items())))
    if soaked.page:
        tenth = max(1, len(soaked.page) // 10)
        heaps = [heap for _, heap, _ in soaked.page]
        elements = [count for *_, count in soaked.page]
        said.append(
            f"the page in Chromium: {middle(heaps[:tenth]):.1f} MB of JavaScript in the first tenth, "
            f"{middle(heaps[-tenth:]):.1f} in the last, {elements[0]:.0f} elements at first, {elements[-1]:.0f} at last"
        )
    return said


def _write(folder: Path, report: Report, soaked: Soaked, courses: Sequence[Course]) -> None:
    """soak.md with its plots, and the samples as CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    plots = {
        name: plot(title, {word: soaked.points(key) for key, word in lines.items()})
        for name, (title, lines) in PLOTS.items()
    }
    plots["latency"] = plot("Alarm: publish › panel's stream, ms", {"each alarm": soaked.alarms}, dots=True)
    for name, picture in plots.items():
        (folder / f"soak-{name}.svg").write_text(picture, encoding="utf-8")
    with (folder / "soak.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        names = list(soaked.samples[0])
        rows.writerow(names)
        rows.writerows([round(sample[name], 2) for name in names] for sample in soaked.samples)
    about = machine()
    lines = [
        "# `edge-hub bench soak`: does anything grow?",
        "",
        _where(about, report.others()),
        "",
        *(f"- {note}" for note in report.notes),
        "",
        "| | first quarter | last quarter | most | slope at first | slope at last | |",
        "|---|---|---|---|---|---|---|",
        *(_row(found) for found in courses),
        "",
        *(_latencies(soaked)),
        *(f"![{name}](soak-{name}.svg)" for name in plots),
        "",
        "[All samples](soak.csv)",
        "",
    ]
    (folder / "soak.md").write_text("\n".join(lines), encoding="utf-8")


def _where(about: Mapping[str, Any], others: float) -> str:
    return (
        f"`{command_line()}` on {about['cpu']}, {about['cores']} cores, Python {about['python']}, {about['broker']}; "
        f"other programs took {others:.0f} % of the machine meanwhile."
    )


def _row(found: Course) -> str:
    quantity, flat = found.quantity, found.flat
    unit = f" {quantity.unit}".rstrip()
    verdict = "" if flat is None else f"flat (≤ {quantity.limit:g}{unit}/h)" if flat else "**grows**"
    cells = (found.begin, found.end, found.most)
    shown = [f"{value:,.1f}{unit}" for value in cells]
    return f"| {quantity.what} | {' | '.join(shown)} | {found.first:+,.1f}/h | {found.last:+,.1f}/h | {verdict} |"


def _latencies(soaked: Soaked) -> list[str]:
    """The first and the second half beside each other."""
    if len(soaked.alarms) < 4:
        return []
    half = len(soaked.alarms) // 2
    parts = {"first half": soaked.alarms[:half], "second half": soaked.alarms[half:]}
    rows = [
        f"| {name} | {found['p50']:.1f} | {found['p99']:.1f} | {found['max']:.1f} |"
        for name, part in parts.items()
        for found in [spread([late for _, late in part])]
    ]
    return ["| alarm: publish › panel's stream, ms | p50 | p99 | max |", "|---|---|---|---|", *rows, ""]
