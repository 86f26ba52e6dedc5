"""How long the hub was off: over a restart, a boot, with clocks that can be believed and such that cannot."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.domain.absence import Absence, Gap, SeenAbsence
from edge.domain.clock import Mark
from edge.domain.conclusion import Happened
from edge.domain.fact import Numbering
from edge.domain.instant import HOUR, MINUTE, SECOND, Instant
from edge.domain.request import Refusal
from edge.power.absence import Absences, gap

NOW = Instant(1_790_000_000 * SECOND, 40 * SECOND)
MARK = Mark("then", NOW.utc - HOUR, 9 * HOUR, True, NOW.utc - HOUR)
DARK = replace(NOW, trusted=False)


def tenant(found: Gap | None, epoch: int = 1) -> Absences:
    return Absences(Numbering(epoch, 0), found)


def test_a_first_start_was_never_off() -> None:
    assert gap(None, 0, "now", "first", NOW) is None


def test_over_a_boot_both_clocks_are_needed() -> None:
    found = gap(MARK, 0, "now", "power", NOW)
    assert found == Gap(MARK.utc, NOW.utc, HOUR, HOUR, "power", NOW.mono, False)
    unsure = gap(MARK, 0, "now", "power", DARK)
    assert unsure == Gap(MARK.utc, NOW.utc, None, 40 * SECOND, "power", NOW.mono, True)
    never = gap(replace(MARK, trusted=False), 0, "now", "power", NOW)
    assert never is not None
    assert (never.length, never.datable) == (None, False)


@pytest.mark.parametrize("leap", [0, 87_600 * HOUR, -87_600 * HOUR])
def test_within_a_boot_the_civil_clock_does_not_matter(leap: int) -> None:
    mark = Mark("now", NOW.utc + leap, NOW.mono - 10 * MINUTE, False, None)
    found = gap(mark, 0, "now", "killed", DARK)
    assert found is not None
    assert found.length == 10 * MINUTE


def test_readings_younger_than_the_mark_count_but_none_of_another_time() -> None:
    assert gap(MARK, MARK.utc + 30 * SECOND, "now", "power", NOW).length == HOUR - 30 * SECOND  # type: ignore[union-attr]
    assert gap(MARK, MARK.utc + 90 * HOUR, "now", "power", NOW).length == HOUR - 2 * MINUTE  # type: ignore[union-attr]


def test_a_short_restart_is_not_told() -> None:
    mark = Mark("now", NOW.utc - 20 * SECOND, NOW.mono - 20 * SECOND, True, None)
    assert gap(mark, 0, "now", "stopped", NOW) is None


def test_it_stands_until_a_person_has_read_it() -> None:
    one = tenant(gap(MARK, 0, "now", "power", NOW))
    made = one.restore([], NOW)
    (fact,) = made.facts
    assert (fact.kind, fact.subject) == ("absence.found", "absence")
    again = tenant(None, 2)
    again.restore([fact.body], NOW)
    (standing,) = again.standing()
    assert Absence.from_dict(fact.body) == standing
    done = again.act(SeenAbsence(standing.id, "li"), NOW)
    assert again.standing() == []
    assert done.subject is not None
    assert (done.subject["seen_by"], done.subject["open"]) == ("li", False)
    with pytest.raises(Refusal):
        again.act(SeenAbsence(standing.id, "li"), NOW)


@pytest.mark.parametrize(("off", "open_"), [(3 * HOUR, True), (30 * SECOND, False)])
def test_the_time_is_known_as_soon_as_the_clock_is(off: int, open_: bool) -> None:
    one = tenant(gap(MARK, 0, "now", "power", DARK))
    assert one.restore([], DARK).facts[0].body["length"] is None
    later = Instant(MARK.utc + off + 20 * SECOND, NOW.mono + 20 * SECOND)
    assert not one.conclude(Happened(), replace(later, trusted=False)).facts
    (fact,) = one.conclude(Happened(), later).facts
    assert (fact.kind, fact.body["length"], fact.body["open"]) == ("absence.dated", off, open_)
    assert len(one.standing()) == open_
    assert not one.conclude(Happened(), later).facts
