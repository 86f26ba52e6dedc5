"""Steps of a journal that no honest engine writes are named as what they are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.domain.alarm import Alarm, Suppression, Verdict
from edge.domain.device import Signal
from edge.domain.fact import Seq
from edge.domain.lifecycle import STUCK, UNCONFIRMED, legal
from edge.domain.names import Text
from edge.domain.reading import Purpose
from edge.domain.rule import Priority

WORDS = Text("火警", "Fire alarm")
RAISED = Alarm(
    id="al-1-1",
    key="smoke@sm-1.smoke",
    rule="smoke",
    device="sm-1",
    point="sm-1.smoke",
    zone="b3",
    place=WORDS,
    signal=Signal.FIRE,
    level=0,
    priority=Priority.URGENT,
    active=True,
    acked=False,
    latched=True,
    value=True,
    limit=None,
    unit="",
    received_at=1,
    raised_at=1,
    annunciated_at=1,
    last_report_at=1,
    title=WORDS,
    response=WORDS,
    purpose=Purpose.LIVE,
    seq=Seq(1, 1),
)
ACKED = {"acked": True, "acked_at": 2, "acked_by": "li"}
ENDED = {"latched": False, "closed_at": 3, "closed_by": "li"}
SHELVED = Suppression("shelved", "li", "known", 9, 9)
FAULT = replace(RAISED, signal=Signal.FAULT, latched=False)
LIMIT = replace(RAISED, signal=Signal.PROCESS, latched=False)


def after(before: Alarm, **changes: object) -> Alarm:
    return replace(before, seq=Seq(1, before.seq.number + 1), **changes)  # type: ignore[arg-type]


INACTIVE = after(RAISED, active=False, returned_at=2)
HELD = after(INACTIVE, **ACKED)
CLOSED = after(HELD, **ENDED)


@pytest.mark.parametrize(
    ("before", "kind", "changes"),
    [
        (RAISED, "reported", {"reports": 2}),
        (LIMIT, "risen", {"reports": 2, "level": 1}),
        (INACTIVE, "reannunciated", {"reports": 2, "active": True, "returned_at": None}),
        (RAISED, "returned", {"active": False}),
        (RAISED, "acked", ACKED),
        (HELD, "reset", ENDED),
        (RAISED, "reset", {**ENDED, "forced": True}),
        (replace(FAULT, active=False), "closed", {"closed_at": 3}),
        (replace(LIMIT, active=False, **ACKED), "closed", {"closed_at": 3}),
        (replace(INACTIVE, latched=False, purpose=Purpose.TEST), "closed", {"closed_at": 3}),
        (replace(INACTIVE, rule=UNCONFIRMED), "closed", {"closed_at": 3, "latched": False}),
        (replace(INACTIVE, rule=STUCK, latched=False), "closed", {"closed_at": 3}),
        (LIMIT, "shelved", {"suppression": SHELVED}),
        (replace(LIMIT, suppression=SHELVED), "unshelved", {"suppression": None}),
        (CLOSED, "verdict", {"verdict": Verdict("false", "steam", "li", 4)}),
        (CLOSED, "commented", {}),
        (RAISED, "stuck", {"stuck_at": 5}),
    ],
)
def test_steps_of_the_machine(before: Alarm, kind: str, changes: dict[str, object]) -> None:
    assert legal(before, f"alarm.{kind}", after(before, **changes)) is None


def test_first_facts() -> None:
    assert legal(None, "alarm.raised", RAISED) is None
    assert legal(None, "alarm.raised", replace(RAISED, rule=UNCONFIRMED, active=False)) is None


@pytest.mark.parametrize(
    ("before", "kind", "changes", "why"),
    [
        (None, "acked", ACKED, "its first fact is not alarm.raised"),
        (None, "raised", ACKED, "raised as acknowledged or judged"),
        (None, "raised", {"active": False}, "raised as inactive"),
        (None, "raised", {"closed_at": 2}, "it is closed by a step that closes nothing"),
        (None, "raised", {"reports": 2}, "raised with more than one report"),
        (RAISED, "raised", {}, "raised a second time"),
        (RAISED, "forgotten", {}, "no such step as alarm.forgotten"),
        (RAISED, "reported", {"reports": 2, "raised_at": 5}, "raised_at changed"),
        (RAISED, "reported", {"reports": 2, "seq": Seq(1, 1)}, "not newer than the fact before it"),
        (RAISED, "reported", {}, "no report more"),
        (INACTIVE, "reported", {"reports": 2}, "a report of what is inactive"),
        (RAISED, "reported", {"reports": 2, **ACKED}, "the acknowledgement changed"),
        (replace(LIMIT, level=1), "risen", {"level": 0, "reports": 2}, "reports or level became less"),
        (LIMIT, "risen", {"reports": 2}, "no higher level"),
        (INACTIVE, "reannunciated", {"reports": 2}, "not active and unacknowledged"),
        (INACTIVE, "returned", {}, "it was not active, or still is"),
        (HELD, "acked", {"acked_by": "wang"}, "acknowledged twice, or by nobody"),
        (RAISED, "acked", {**ACKED, "active": False}, "acknowledging ends nothing"),
        (RAISED, "reset", ENDED, "reset while active or unacknowledged, and not forced"),
        (INACTIVE, "reset", ENDED, "reset while active or unacknowledged, and not forced"),
        (HELD, "reset", {**ENDED, "closed_by": None}, "reset by nobody"),
        (HELD, "reset", {**ENDED, "latched": True}, "it is not closed"),
        (HELD, "closed", ENDED, "closed while latched or unacknowledged"),
        (replace(LIMIT, active=False), "closed", ENDED, "closed while latched or unacknowledged"),
        (FAULT, "closed", ENDED, "closed while active"),
        (CLOSED, "acked", {}, "the alarm was closed"),
        (CLOSED, "reannunciated", {"active": True, "reports": 2}, "the alarm was closed"),
        (
            CLOSED,
            "verdict",
            {"closed_at": None, "verdict": Verdict("real", "", "li", 4)},
            "closed_at changed",
        ),
        (RAISED, "verdict", {}, "no verdict"),
        (RAISED, "commented", {"active": False}, "active changed"),
        (RAISED, "shelved", {"suppression": SHELVED}, "fire, gas and SOS are not shelved by one person"),
        (LIMIT, "shelved", {}, "not shelved"),
        (LIMIT, "unshelved", {}, "nothing was unshelved"),
        (LIMIT, "stuck", {}, "not latched"),
    ],
)
def test_steps_that_cannot_be(before: Alarm | None, kind: str, changes: dict[str, object], why: str) -> None:
    row = after(before or RAISED, **changes) if "seq" not in changes else replace(before or RAISED, **changes)
    assert legal(before, f"alarm.{kind}", row) == why
