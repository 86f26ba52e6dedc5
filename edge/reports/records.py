"""The records a site keeps by rule: duty log, alarms and their handling, faults and repairs, patrols.

Fields of 消防控制室值班记录表, 建筑消防设施故障维修记录表 and 防火巡查记录表 (GB 25201-2010, annexes), as far as
the hub knows them; the rest is filled in by hand beside the signatures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from edge.domain.instant import SECOND
from edge.reports.asked import Asked
from edge.reports.sheet import ColumnType, Progress, Row, Section
from edge.reports.source import Body, Source

VITAL: Final = frozenset({"fire", "gas", "sos"})
SELF_TEST: Final = "self-test"
PATROLS: Final = ("fire_patrol", "fire_inspection")

_ALARM: Final[Mapping[str, ColumnType]] = {
    "raised_at": "time", "signal": "word", "place": "text", "title": "text", "acked_at": "time",
    "acked_by": "person", "verdict": "word", "cause": "word", "handling": "words", "closed_at": "time",
    "closed_by": "person",
}  # fmt: skip


def duty_log(source: Source, asked: Asked, progress: Progress) -> list[Section]:
    """值班记录: per shift what came and who was there, then each alarm, fault, disablement, hand-over and test."""
    alarms = source.alarms(asked.start, asked.end)
    progress(0.3)
    tests = [a for a in source.alarms(asked.start, asked.end, ("test", "drill")) if a["rule"] != SELF_TEST]
    own = {"fault", "disablement"}
    groups = {
        "alarms": [a for a in alarms if a["signal"] not in own],
        "faults": [a for a in alarms if a["signal"] == "fault"],
        "disablements": [a for a in alarms if a["signal"] == "disablement"],
    }
    progress(0.5)
    return [
        shifts(asked, alarms),
        *(Section(id, _ALARM, [alarm_row(source, a) for a in found]) for id, found in groups.items()),
        outages(source, asked),
        handovers(source, asked),
        Section("tests", _ALARM, [alarm_row(source, a) for a in tests]),
        duties(source, asked, "test_duties", ("test", "check")),
    ]


def shifts(asked: Asked, alarms: Sequence[Body]) -> Section:
    """Each shift of the control room with what was raised in it; hours that no shift covers are named as such."""
    spans = [
        (s["start"], s["end"], s) for s in asked.stints if s["start"] < asked.end and s["end"] > asked.start
    ]
    rows: list[Row] = []
    for start, end, stint in spans:
        inside = [a for a in alarms if max(start, asked.start) <= a["raised_at"] < min(end, asked.end)]
        rows.append(
            {"shift": stint["shift"], "from": start, "until": end, "people": stint["persons"]} | tally(inside)
        )
    covered = [(max(s, asked.start), min(e, asked.end)) for s, e, _ in spans]
    bare = [a for a in alarms if not any(s <= a["raised_at"] < e for s, e in covered)]
    if bare or not spans:
        rows.append(
            {"shift": ["无班次", "no shift"], "from": asked.start, "until": asked.end, "people": []}
            | tally(bare)
        )
    columns: dict[str, ColumnType] = {"shift": "text", "from": "time", "until": "time", "people": "people"}
    columns |= dict.fromkeys(TALLY, "number")
    return Section("shifts", columns, rows, main=False)


TALLY: Final = ("fire", "false", "gas", "sos", "fault", "supervisory", "disablement", "process", "test")


def tally(alarms: Iterable[Body]) -> dict[str, Any]:
    """How many of each signal; `false`: of fire, gas and SOS, those a person judged to be false; `test`: see there."""
    alarms = list(alarms)
    by_signal = Counter(map(counted_as, alarms))
    false = sum(map(is_false, alarms))
    return {name: false if name == "false" else by_signal[name] for name in TALLY}


def counted_as(alarm: Body) -> str:
    """Its signal; `test` where a person judged that it came of a test, whatever its signal."""
    return "test" if judged(alarm) == "test" else str(alarm["signal"])


def is_false(alarm: Body) -> bool:
    """Whether a person judged an alarm of fire, gas or SOS to be false."""
    return alarm["signal"] in VITAL and judged(alarm) == "false"


def alarm_record(source: Source, asked: Asked, progress: Progress) -> list[Section]:
    """Fire, gas and SOS alarms with their handling, and the incidents they made."""
    alarms = [a for a in source.alarms(asked.start, asked.end) if a["signal"] in VITAL]
    progress(0.5)
    columns: dict[str, ColumnType] = {
        "number": "number", "opened_at": "time", "place": "text", "title": "text", "alarms": "number",
        "confirmed_at": "time", "confirmed_why": "word", "confirmed_by": "person", "all_clear_at": "time",
        "all_clear_by": "person", "closed_at": "time", "handling": "words",
    }  # fmt: skip
    rows = [
        {
            **incident,
            "alarms": incident.get("count", len(incident["alarms"])),
            "handling": source.case_notes("incident", incident["id"]),
            "link": f"/incidents/{incident['id']}",
        }
        for incident in source.cases("incident", asked.start, asked.end)
        if incident.get("purpose", "live") == "live"
    ]
    return [
        Section("alarms", _ALARM, [alarm_row(source, a) for a in alarms]),
        Section("incidents", columns, rows),
    ]


def repairs(source: Source, asked: Asked, progress: Progress) -> list[Section]:
    """故障维修记录: each order with its times, what was found and done, parts, and photos before and after."""
    orders = [o for o in source.cases("order", asked.start, asked.end) if live(source, o)]
    progress(0.6)
    columns: dict[str, ColumnType] = {
        "number": "number", "opened_at": "time", "place": "text", "title": "text", "state": "word",
        "assignee": "person", "accepted_at": "time", "on_site_at": "time", "done_at": "time", "cause": "word",
        "action": "word", "parts": "words", "verified_at": "time", "verified_by": "person", "handling": "words",
        "before": "photos", "after": "photos",
    }  # fmt: skip
    return [Section("repairs", columns, [_order_row(source, order) for order in orders])]


def patrols(source: Source, asked: Asked, progress: Progress) -> list[Section]:
    """Fire patrols, fire inspections and all other duties, each with what proves it; 防火巡查 and 防火检查 apart."""
    progress(0.3)
    return [
        duties(source, asked, "fire_patrols", ("fire_patrol",)),
        duties(source, asked, "fire_inspections", ("fire_inspection",)),
        duties(source, asked, "other_duties", None),
    ]


def duties(source: Source, asked: Asked, id: str, kinds: Sequence[str] | None) -> Section:
    """Occurrences that began in the span; kinds None: all that are no fire patrol and no fire inspection."""
    columns: dict[str, ColumnType] = {
        "from_at": "time", "until_at": "time", "title": "text", "state": "word", "reached": "words",
        "evidence": "words", "done_at": "time", "done_by": "person", "stops": "number", "missing": "number",
        "gaps": "number", "findings": "number", "remarks": "words",
    }  # fmt: skip
    rows = []
    for duty in source.cases("duty", asked.start, asked.end):
        if duty["kind"] in PATROLS if kinds is None else duty["kind"] not in kinds:
            continue
        walked = source.case("round", duty["round"]) if duty.get("round") else None
        rows.append(
            {
                **duty,
                "stops": len(walked["stops"]) if walked else None,
                "missing": len(walked["missing"]) if walked else None,
                "gaps": len(walked["gaps"]) if walked else None,
                "findings": len(duty.get("hazards", ()))
                + sum(bool(s.get("hazard")) for s in (walked or {}).get("stops", ())),
                "remarks": source.case_notes("duty", duty["id"]),
                "link": f"/duties/{duty['id']}",
            }
        )
    return Section(id, columns, rows)


def handovers(source: Source, asked: Asked) -> Section:
    """Hand-overs made and missed."""
    columns: dict[str, ColumnType] = {
        "opened_at": "time", "handover": "word", "giver": "person", "taker": "person", "left_open": "number",
        "remarks": "words",
    }  # fmt: skip
    rows = [
        {
            **row,
            "handover": row["kind"],
            "left_open": sum(map(len, row["left"].values())),
            "remarks": source.case_notes("handover", row["id"]),
            "link": f"/handover/{row['id']}",
        }
        for row in source.cases("handover", asked.start, asked.end)
    ]
    return Section("handovers", columns, rows)


def outages(source: Source, asked: Asked) -> Section:
    """Devices taken out of service (停用·检修) in the span."""
    columns: dict[str, ColumnType] = {
        "opened_at": "time",
        "device": "words",
        "by": "person",
        "reason": "words",
    }
    rows = [
        {"opened_at": row["opened_at"], "device": row.get("device", row["id"]), "by": row.get("by"),
         "reason": row.get("reason"), "link": f"/devices/{row.get('device', row['id'])}"}
        for row in source.cases("outage", asked.start, asked.end)
    ]  # fmt: skip
    return Section("outages", columns, rows)


def alarm_row(source: Source, alarm: Body) -> Row:
    """One alarm as a line of a record."""
    verdict = alarm["verdict"] or {}
    return {
        **alarm,
        "verdict": verdict.get("kind"),
        "cause": verdict.get("cause"),
        "handling": source.notes(alarm["id"]),
        "link": f"/alarms/{alarm['id']}",
    }


def judged(alarm: Body) -> str | None:
    """The kind of a person's verdict, None before one."""
    return alarm["verdict"]["kind"] if alarm["verdict"] else None


def live(source: Source, case: Body) -> bool:
    """Whether a case belongs to the real day, to no drill or test."""
    alarm = source.alarm(case["alarm"]) if case.get("alarm") else None
    return alarm is None or (alarm["purpose"] == "live" and judged(alarm) != "test")


def _order_row(source: Source, order: Body) -> Row:
    photos: Sequence[Mapping[str, Any]] = order.get("photos", ())
    shown = {
        kind: [
            f"/api/v1/work-orders/{order['id']}/photos/{photo['id']}"
            for photo in photos
            if photo["kind"] == kind
        ]
        for kind in ("before", "after")
    }
    return {
        **order,
        **shown,
        "parts": ", ".join(f"{part['name']} x{part['count']}" for part in order.get("parts", ())),
        "handling": source.case_notes("order", order["id"]),
        "link": f"/orders/{order['id']}",
    }


def seconds(start: int | None, end: int | None) -> float | None:
    """From one moment to another, None where one is missing; a clock that was set back gives 0."""
    return None if start is None or end is None else max(0, end - start) / SECOND
