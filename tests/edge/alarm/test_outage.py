"""A device out of service: evaluated and journaled all the while, quiet until its end, heard again after it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from edge.alarm.engine import AlarmEngine
from edge.alarm.outage import OutOfService
from edge.alarm.outages import Outages
from edge.alarm.outcome import Outcome
from edge.domain.conclusion import Conclusion, Happened
from edge.domain.fact import Numbering
from edge.domain.instant import DAY, HOUR, MINUTE, SECOND, Instant
from edge.domain.lifecycle import legal
from edge.domain.outage import Outage, PutBack, TakeOut
from edge.domain.reading import Arrival, Purpose, Quality, Reading
from edge.domain.request import Acknowledge, Refusal, Shelve
from tests.edge.alarm.stage import BOOT, RULES, START, points

POINTS = points("sm-1")


class Bench:
    """An engine and the tenant beside it, as the line calls them."""

    def __init__(self, numbering: Numbering | None = None, now: Instant | None = None) -> None:
        self.numbering = numbering or Numbering(1, 0)
        self.now = now or Instant(START, BOOT)
        outages = Outages()
        places = list({point.id: point for point in POINTS.values()}.values())
        self.engine = AlarmEngine(places, RULES, self.numbering, outages)
        self.tenant = OutOfService(
            lambda id: POINTS["smoke"].device if id == "sm-1" else None, outages, self.numbering
        )

    def step(self, passed: int = 0, **values: object) -> Outcome:
        self.now = Instant(self.now.utc + passed, self.now.mono + passed, self.now.trusted)
        before = dict(self.engine.open())
        readings = [
            Reading(
                POINTS[name],
                value,
                self.now.utc,
                self.now.utc,
                Quality.GOOD,
                None,
                Arrival.LIVE,
                Purpose.LIVE,
            )
            for name, value in values.items()
        ]
        outcome = self.engine.step(readings, self.now)
        for alarm in outcome.alarms:
            if len([a for a in outcome.facts if a.body.get("id") == alarm.id]) == 1:
                kind = next(f.kind for f in outcome.facts if f.body.get("id") == alarm.id)
                assert legal(before.get(alarm.id), kind, alarm) is None
        self.tenant.conclude(Happened(), self.now)
        return outcome

    def take_out(self, span: int = HOUR, reason: str = "换电池", second: str | None = "wang") -> Conclusion:
        request = TakeOut("sm-1", "li", self.now.utc + span, reason, "wo-1-7", second)
        return self.tenant.act(request, self.now)


def kinds(outcome: Outcome) -> list[str]:
    return [fact.kind for fact in outcome.facts]


def test_open_alarms_fall_silent_new_ones_are_raised_silent_and_all_sound_at_the_end() -> None:
    bench = Bench()
    bench.step(smoke=True)
    assert bench.take_out().facts[0].kind == "outage.begun"
    assert bench.engine.next_due() == bench.now.mono
    withheld = bench.step(SECOND)
    assert kinds(withheld) == ["alarm.withheld"]
    assert not withheld.alarms[0].sounds
    raised = bench.step(SECOND, gas=23.0)
    assert kinds(raised) == ["alarm.raised"]
    assert not raised.annunciated
    suppression = raised.alarms[0].suppression
    assert suppression is not None
    assert (suppression.kind, suppression.by, suppression.second) == ("out_of_service", "li", "wang")
    bench.step(HOUR)
    assert bench.tenant.next_due() is None
    released = bench.step(SECOND)
    assert sorted(kinds(released)) == ["alarm.released", "alarm.released"]
    assert released.annunciated
    assert all(alarm.sounds for alarm in bench.engine.open().values())


def test_what_was_acknowledged_meanwhile_stays_so() -> None:
    bench = Bench()
    bench.take_out()
    (alarm,) = bench.step(smoke=True).alarms
    bench.engine.act(Acknowledge(alarm.id, "li"), bench.now)
    bench.tenant.act(PutBack("sm-1", "wang"), bench.now)
    released = bench.step(SECOND)
    assert kinds(released) == ["alarm.released"]
    assert not released.annunciated


def test_a_shelving_ends_with_it_so_that_what_comes_back_is_heard() -> None:
    bench = Bench()
    (alarm,) = bench.step(head=True).alarms
    bench.engine.act(Shelve(alarm.id, "li", bench.now.utc + 8 * HOUR, "known"), bench.now)
    bench.take_out()
    bench.step(SECOND)
    with pytest.raises(Refusal, match="out of service already"):
        bench.engine.act(Shelve(alarm.id, "li", bench.now.utc + HOUR, "known"), bench.now)
    bench.tenant.act(PutBack("sm-1", "li"), bench.now)
    assert bench.step(SECOND).annunciated


def test_a_closed_alarm_keeps_nothing_of_it() -> None:
    bench = Bench()
    bench.take_out()
    bench.step(head=True)
    closed = bench.step(SECOND, head=False)
    assert kinds(closed) == ["alarm.returned", "alarm.closed"]
    assert closed.alarms[-1].suppression is None


def again(bench: Bench, rows: Sequence[Outage], away: int, *, trusted: bool) -> Bench:
    """After a restart."""
    fresh = Bench(bench.numbering, Instant(bench.now.utc + away, BOOT, trusted))
    fresh.engine.restore(list(bench.engine.open().values()), fresh.now)
    fresh.tenant.restore([row.to_dict() for row in rows], fresh.now)
    return fresh


def outage_of(conclusion: Conclusion) -> Outage:
    return Outage.from_dict(conclusion.facts[-1].body)


@pytest.mark.parametrize(("trusted", "left"), [(True, 40 * MINUTE), (False, HOUR)])
def test_it_goes_on_after_a_restart(trusted: bool, left: int) -> None:
    bench = Bench()
    row = outage_of(bench.take_out())
    bench.step(smoke=True)
    fresh = again(bench, [row], 20 * MINUTE, trusted=trusted)
    assert fresh.tenant.next_due() == fresh.now.mono + left
    fresh.step(left - SECOND)
    assert not any(alarm.sounds for alarm in fresh.engine.open().values())
    fresh.step(SECOND)
    assert fresh.step(SECOND).annunciated


def test_one_that_ended_just_before_the_hub_died_keeps_nothing_quiet() -> None:
    bench = Bench()
    bench.take_out()
    bench.step(smoke=True)
    fresh = again(bench, [], 0, trusted=True)  # the end is in the journal, the release of the alarm is not
    assert kinds(fresh.step(SECOND)) == ["alarm.released"]


@pytest.mark.parametrize(
    ("span", "reason", "second", "code"),
    [
        (HOUR, " ", "wang", "reason_required"),
        (0, "why", "wang", "too_long"),
        (7 * DAY + SECOND, "why", "wang", "too_long"),
        (HOUR, "why", None, "second_person"),
        (HOUR, "why", "li", "same_person"),
    ],
)
def test_it_is_refused(span: int, reason: str, second: str | None, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        Bench().take_out(span, reason, second)
    assert refused.value.code == code


def test_there_is_one_at_a_time_and_only_of_devices_that_are_there() -> None:
    bench = Bench()
    bench.take_out()
    with pytest.raises(Refusal) as refused:
        bench.take_out()
    assert refused.value.code == "out_of_service"
    for request in (TakeOut("sm-9", "li", START + HOUR, "why", None, "wang"), PutBack("sm-9", "li")):
        with pytest.raises(Refusal) as refused:
            bench.tenant.act(request, bench.now)
        assert refused.value.code == "not_found"


def test_two_persons_shelve_a_fire() -> None:
    bench = Bench()
    (alarm,) = bench.step(smoke=True).alarms
    until = bench.now.utc + HOUR
    for second, code in ((None, "second_person"), ("li", "same_person")):
        with pytest.raises(Refusal) as refused:
            bench.engine.act(Shelve(alarm.id, "li", until, "welding", second), bench.now)
        assert refused.value.code == code
    (fact,) = bench.engine.act(Shelve(alarm.id, "li", until, "welding", "wang"), bench.now).facts
    row = bench.engine.open()[alarm.id]
    assert fact.body["suppression"]["second"] == "wang"
    assert legal(alarm, "alarm.shelved", row) is None
    assert not row.sounds
    bench.step(HOUR)
    assert bench.engine.open()[alarm.id].sounds
