"""The daily duty report and the monthly service report: what it all adds up to, each figure with what it counts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

from edge.domain.instant import DAY
from edge.reports.asked import Asked
from edge.reports.figures import kept
from edge.reports.records import (
    SELF_TEST,
    TALLY,
    VITAL,
    alarm_row,
    counted_as,
    duties,
    handovers,
    is_false,
    judged,
    live,
    seconds,
    shifts,
    tally,
)
from edge.reports.sheet import ColumnType, Progress, Row, Section
from edge.reports.source import Body, Source

_FIGURE: Final[Mapping[str, ColumnType]] = {"figure": "word", "count": "number"}
REPEAT: Final = 7 * DAY


class _Case(NamedTuple):
    """One case of a measure. span: seconds until it was through, until it ended without, or so far.

    over: whether it is through. ended: it is not and never will be; like one that waits it counts once it is late.
    """

    subject: str
    body: Body
    span: float
    over: bool
    ended: bool


def daily(source: Source, asked: Asked, progress: Progress) -> list[Section]:
    """The day in figures, its alarms, orders, duties and hazards, and what proves that the hub was awake (今日自证)."""
    alarms, orders, hazards = _opened(source, asked)
    progress(0.4)
    due = duties(source, asked, "duties", ("fire_patrol", "fire_inspection", *_OTHER))
    counts = [(name, count, f"#alarms-{name}") for name, count in tally(alarms).items()]
    counts += [
        ("orders", len(orders), "#orders"),
        ("orders_open", sum(o["open"] for o in orders), "#orders"),
        ("hazards", len(hazards), "#hazards"),
        ("duties_due", len(due.rows), "#duties"),
        ("duties_missed", sum(row["state"] == "missed" for row in due.rows), "#duties"),
    ]
    progress(0.7)
    return [
        Section("figures", _FIGURE, [figure(*each) for each in counts], main=False),
        self_proof(source, asked),
        shifts(asked, alarms),
        *_by_signal(source, alarms),
        Section("orders", _ORDERS, [{**o, "link": f"/orders/{o['id']}"} for o in orders]),
        due,
        Section("hazards", _HAZARDS, [{**h, "link": f"/hazards/{h['id']}"} for h in hazards]),
        handovers(source, asked),
        *tested(source, asked),
    ]


def monthly(source: Source, asked: Asked, progress: Progress) -> list[Section]:
    """月度服务报告: times against targets, repeats, false alarms by detector, duties by grade, hazards in time."""
    everything, orders, hazards = _opened(source, asked)
    alarms = [a for a in everything if judged(a) != "test"]
    progress(0.3)
    measured = _measured(source, asked, alarms, orders, hazards)
    progress(0.6)
    rows: list[Row] = []
    details: list[Section] = []
    for target in asked.targets:
        cases = [case for case in measured[target["measure"]] if _meant(target, case)]
        got = kept([c.span for c in cases if c.over], target["within"], [c.span for c in cases if not c.over])
        id = f"target-{target['id']}"
        counted = [c for c in cases if c.over or c.span > target["within"]]
        details.append(_detail(id, counted, target["within"]))
        rows.append(
            {
                "target": target["title"], "within": target["within"], "asked": target["share"],
                "count": got.count, "met": got.met, "late": got.missed, "share": got.share,
                "kept": None if got.share is None else ("kept" if got.share >= target["share"] else "not_kept"),
                "median": got.median, "p90": got.p90, "source": target["source"], "link": f"#{id}",
            }
        )  # fmt: skip
    progress(0.8)
    columns: dict[str, ColumnType] = {
        "target": "text", "within": "span", "asked": "share", "count": "number", "met": "number",
        "late": "number", "share": "share", "kept": "word", "median": "span", "p90": "span", "source": "word",
    }  # fmt: skip
    totals = [(name, count, f"#alarms-{name}") for name, count in tally(everything).items()]
    totals += [("orders", len(orders), "#orders"), ("hazards", len(hazards), "#hazards")]
    return [
        Section("figures", _FIGURE, [figure(*each) for each in totals], main=False),
        Section("response", columns, rows, main=False),
        _repeats(alarms),
        _false_alarms(alarms),
        *_coverage(source, asked),
        _in_time(hazards, asked.now),
        *details,
        *_by_signal(source, everything),
        Section("orders", _ORDERS, [{**o, "link": f"/orders/{o['id']}"} for o in orders]),
        Section("hazards", _HAZARDS, [{**h, "link": f"/hazards/{h['id']}"} for h in hazards]),
    ]


def _opened(source: Source, asked: Asked) -> tuple[list[Body], list[Body], list[Body]]:
    """Alarms, orders and hazards that reports count: of no drill; no order of a test, no hazard that was none."""
    return (
        source.alarms(asked.start, asked.end),
        [o for o in source.cases("order", asked.start, asked.end) if live(source, o)],
        [h for h in source.cases("hazard", asked.start, asked.end) if h["state"] != "cancelled"],
    )


_OTHER: Final = ("patrol", "test", "check", "cleaning", "waste", "greening", "drill", "office")
_ALARMS: Final[Mapping[str, ColumnType]] = {
    "raised_at": "time", "signal": "word", "place": "text", "title": "text", "acked_at": "time",
    "acked_by": "person", "verdict": "word", "closed_at": "time",
}  # fmt: skip
_OCCURRENCE: Final[Mapping[str, ColumnType]] = {
    "from_at": "time", "until_at": "time", "state": "word", "evidence": "words", "reached": "words",
    "done_at": "time", "done_by": "person",
}  # fmt: skip
_ORDERS: Final[Mapping[str, ColumnType]] = {
    "number": "number", "opened_at": "time", "place": "text", "title": "text", "state": "word",
    "assignee": "person", "done_at": "time", "verified_at": "time",
}  # fmt: skip
_HAZARDS: Final[Mapping[str, ColumnType]] = {
    "number": "number", "opened_at": "time", "place": "text", "title": "text", "grade": "word", "state": "word",
    "due_at": "time", "closed_at": "time",
}  # fmt: skip


def _by_signal(source: Source, alarms: Sequence[Body]) -> list[Section]:
    """What each figure of alarms counts, where it counts any."""
    found: dict[str, list[Row]] = {name: [] for name in TALLY}
    for alarm in alarms:
        row = alarm_row(source, alarm)
        found[counted_as(alarm)].append(row)
        if is_false(alarm):
            found["false"].append(row)
    return [
        Section(f"alarms-{name}", _ALARMS, rows, main=name != "false") for name, rows in found.items() if rows
    ]


def figure(name: str, count: float | None, link: str | None = None) -> Row:
    """One number; nothing is linked to where there is nothing."""
    return {"figure": name, "count": count, "link": link if count else None}


def self_proof(source: Source, asked: Asked) -> Section:
    """今日自证: self-tests run and missed, devices, no contact, and what was lost."""
    passed = [a for a in source.alarms(asked.start, asked.end, ("test",)) if a["rule"] == SELF_TEST]
    since, until = max(asked.start, source.begun() or 0), min(asked.end, asked.now)
    # How things stand at the moment says nothing of a day that is past.
    stands = asked.figures if asked.start <= asked.now < asked.end else {}
    silent = [a for a in source.alarms(asked.start, asked.end) if a["point"].endswith(".link")]
    rows = [
        figure("self_tests", sum(a["closed_at"] is not None for a in passed), "#self_tests"),
        figure("self_tests_missed", missed(passed, since, until, asked.tests_every), "#self_tests"),
        figure("devices", stands.get("devices"), "/devices"),
        figure("online", stands.get("online"), "/devices"),
        figure("no_contact", len(silent), "#no_contact"),
        figure("readings_lost", stands.get("readings_lost"), "/health"),
        figure("facts_lost", source.lost() if stands else None, "/health"),
        figure("unclean_starts", source.starts(asked.start, asked.end), "/journal"),
    ]
    return Section("self_proof", _FIGURE, rows, main=False)


def missed(passed: Sequence[Body], start: int, end: int, every: int) -> int:
    """Self-tests that should have been between two that passed, or an edge of the span and the next, and were not.

    A start of the hub tests at once, so one that comes early is no error. Half an interval is allowed for.
    """
    if every <= 0 or end <= start:
        return 0
    times = sorted(a["raised_at"] for a in passed if a["closed_at"] is not None)
    edges = [start, *times, end]
    gaps = [after - before for before, after in pairwise(edges)]
    return sum(max(0, round(gap / every) - 1) for gap in gaps)


def tested(source: Source, asked: Asked) -> list[Section]:
    """What the figures of the self-proof count."""
    passed = [a for a in source.alarms(asked.start, asked.end, ("test",)) if a["rule"] == SELF_TEST]
    silent = [a for a in source.alarms(asked.start, asked.end) if a["point"].endswith(".link")]
    tests: dict[str, ColumnType] = {"raised_at": "time", "closed_at": "time", "took": "span"}
    gone: dict[str, ColumnType] = {"raised_at": "time", "place": "text", "title": "text", "closed_at": "time"}
    return [
        Section(
            "self_tests", tests,
            [{**a, "took": seconds(a["raised_at"], a["closed_at"]), "link": f"/alarms/{a['id']}"} for a in passed],
            main=False,
        ),
        Section("no_contact", gone, [{**a, "link": f"/alarms/{a['id']}"} for a in silent], main=False),
    ]  # fmt: skip


def _measured(
    source: Source, asked: Asked, alarms: Sequence[Body], orders: Sequence[Body], hazards: Sequence[Body]
) -> Mapping[str, Sequence[_Case]]:
    # One that was silent from the first was never to be answered; one that was shelved or withheld later was.
    quiet = [a["id"] for a in alarms if a["suppression"] is not None]
    shelved = {**source.first_told("alarm.withheld", quiet), **source.first_told("alarm.shelved", quiet)}
    heard = [a for a in alarms if a["suppression"] is None or a["id"] in shelved]
    acked = source.first_told("alarm.acked", (a["id"] for a in heard))
    found: dict[str, list[_Case]] = defaultdict(list)

    def put(
        measure: str, subject: str, body: Body, start: int | None, end: int | None, gone: int | None
    ) -> None:
        """end: when it got there; gone: when the case ended."""
        if start is None:
            return
        until = end if end is not None else gone if gone is not None else asked.now
        ended = end is None and gone is not None
        found[measure].append(_Case(subject, body, seconds(start, until) or 0.0, end is not None, ended))

    for alarm in heard:
        at = acked.get(alarm["id"], (None, None))[0]
        silenced = shelved.get(alarm["id"], (None, None))[0] if alarm["suppression"] else None
        put("ack", "alarm", alarm, alarm["raised_at"], at, silenced or alarm["closed_at"])
    for order in orders:
        gone = None if order["open"] else order["closed_at"]
        put("accept", "order", order, order["opened_at"], order["accepted_at"], gone)
        put("arrive", "order", order, order["opened_at"], order["on_site_at"], gone)
        put("finish", "order", order, order["opened_at"], order["done_at"], gone)
        put("verify", "order", order, order["done_at"], order["verified_at"], gone)
    for hazard in hazards:
        put("rectify", "hazard", hazard, hazard["opened_at"], hazard["closed_at"], None)
    return found


def _meant(target: Mapping[str, Any], case: _Case) -> bool:
    signals, priorities = target["signals"], target["priorities"]
    return (not signals or case.body.get("signal") in signals) and (
        not priorities or case.body.get("priority") in priorities
    )


def _detail(id: str, cases: Iterable[_Case], within: float) -> Section:
    """What a target's figure counts, the slowest first."""
    columns: dict[str, ColumnType] = {
        "opened_at": "time", "place": "text", "title": "text", "took": "span", "result": "word",
    }  # fmt: skip
    pages = {"alarm": "alarms", "order": "orders", "hazard": "hazards"}
    rows = [
        {
            "opened_at": case.body.get("raised_at", case.body.get("opened_at")), "place": case.body["place"],
            "title": case.body["title"], "took": case.span,
            "result": "met" if case.span <= within else "missed" if case.over or case.ended else "waiting",
            "link": f"/{pages[case.subject]}/{case.body['id']}",
        }
        for case in sorted(cases, key=lambda c: -c.span)
    ]  # fmt: skip
    return Section(id, columns, rows, main=False)


def _repeats(alarms: Sequence[Body]) -> Section:
    """Keys (rule at point) that came again within seven days of their last end."""
    columns: dict[str, ColumnType] = {
        "place": "text", "title": "text", "count": "number", "again": "number", "last_at": "time",
    }  # fmt: skip
    by_key: dict[str, list[Body]] = defaultdict(list)
    for alarm in alarms:
        by_key[alarm["key"]].append(alarm)
    rows = []
    for found in by_key.values():
        pairs = pairwise(found)
        again = sum(b["raised_at"] - (a["closed_at"] or b["raised_at"]) <= REPEAT for a, b in pairs)
        if again:
            last = found[-1]
            rows.append(
                {**last, "count": len(found), "again": again, "last_at": last["raised_at"],
                 "link": f"/devices/{last['device']}"}
            )  # fmt: skip
    rows.sort(key=lambda row: -row["again"])
    return Section("repeats", columns, rows, main=False)


def _false_alarms(alarms: Sequence[Body]) -> Section:
    """By detector of fire, gas and SOS: alarms, those judged false, and the share; drills and tests are not counted."""
    columns: dict[str, ColumnType] = {
        "place": "text", "device": "words", "alarms": "number", "judged": "number", "false": "number", "rate": "share",
    }  # fmt: skip
    by_device: dict[str, list[Body]] = defaultdict(list)
    for alarm in alarms:
        if alarm["signal"] in VITAL:
            by_device[alarm["device"]].append(alarm)
    rows = []
    for device, found in by_device.items():
        false = sum(judged(a) == "false" for a in found)
        rows.append(
            {"place": found[-1]["place"], "device": device, "alarms": len(found),
             "judged": sum(judged(a) is not None for a in found), "false": false, "rate": false / len(found),
             "link": f"/devices/{device}"}
        )  # fmt: skip
    rows.sort(key=lambda row: (-row["rate"], -row["alarms"]))
    return Section("false_alarms", columns, rows, main=False)


def _coverage(source: Source, asked: Asked) -> list[Section]:
    """By duty: how many were due, done, made up, missed and waived, and with which grade of proof."""
    columns: dict[str, ColumnType] = {
        "title": "text", "duties_due": "number", "duties_done": "number", "made_up": "number", "missed": "number",
        "waived": "number", "grade_a": "number", "grade_b": "number", "grade_c": "number", "share": "share",
    }  # fmt: skip
    by_duty: dict[str, list[Body]] = defaultdict(list)
    for duty in source.cases("duty", asked.start, asked.end):
        by_duty[duty["duty"]].append(duty)
    rows, details = [], []
    for id, found in by_duty.items():
        states = Counter(duty["state"] for duty in found)
        grades = Counter(duty["reached"] for duty in found)
        # What is not over yet is neither done nor missed.
        ended = states["done"] + states["made_up"] + states["missed"]
        share = (states["done"] + states["made_up"]) / ended if ended else None
        rows.append(
            {"title": found[-1]["title"], "duties_due": len(found), "duties_done": states["done"],
             "made_up": states["made_up"], "missed": states["missed"], "waived": states["waived"],
             "grade_a": grades["A"],
             "grade_b": grades["B"], "grade_c": grades["C"], "share": share, "link": f"#duty-{id}"}
        )  # fmt: skip
        links = [{**duty, "link": f"/duties/{duty['id']}"} for duty in found]
        details.append(Section(f"duty-{id}", _OCCURRENCE, links, main=False))
    return [Section("coverage", columns, rows, main=False), *details]


def _in_time(hazards: Sequence[Body], now: int) -> Section:
    """Hazards struck off in time and late, open in time and overdue."""
    struck = [h for h in hazards if h["state"] == "closed"]
    late = [h for h in struck if _late(h)]
    still = [h for h in hazards if h["open"]]
    overdue = [h for h in still if h["overdue"] or (h["due_at"] or now) < now]
    rows = [
        figure("hazards_in_time", len(struck) - len(late), "#hazards"),
        figure("hazards_late", len(late), "#hazards"),
        figure("hazards_open", len(still) - len(overdue), "#hazards"),
        figure("hazards_overdue", len(overdue), "#hazards"),
        figure("hazards_repeated", sum(h.get("repeat_of") is not None for h in hazards), "#hazards"),
    ]
    return Section("hazards_closed", _FIGURE, rows, main=False)


def _late(hazard: Body) -> bool:
    """Whether it was rectified after its time."""
    by, done = hazard.get("rectify_by"), hazard.get("rectified_at")
    return done > by if by is not None and done is not None else bool(hazard["overdue"])
