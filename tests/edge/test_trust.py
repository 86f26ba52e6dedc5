"""Which civil time is believed: over leaps, starts, and what vouches for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.clock import BELIEVED, LEAP, SETTLED, Mark, Quality, Witness
from edge.domain.instant import DAY, HOUR, MINUTE, SECOND, Instant
from edge.trust import Trust

START = 1_790_000_000 * SECOND
YEARS = 3652 * DAY
ALONE = Witness()  # nothing here ever sets the clock
WAITING = Witness(service=True)  # NTP is to set it, and has not
NTP = Witness(ntp=True, service=True)
KNOWN = Mark("before", START - HOUR, 5 * HOUR, True, START - HOUR)


def at(hours: float = 0.0, leap: int = 0) -> Instant:
    run = round(hours * HOUR)
    return Instant(START + run + leap, 5 * SECOND + run)


def begun(
    witness: Witness | None = ALONE, mark: Mark | None = None, leap: int = 0, boot: str = "now"
) -> Trust:
    return Trust(at(leap=leap), witness, mark, boot)


def test_a_clock_that_runs_on_is_followed() -> None:
    trust = begun()
    assert trust.quality is Quality.HOST
    assert trust.read(at(1)) == at(1)
    assert trust.read(at(9000, leap=-4 * MINUTE)) == at(9000, leap=-4 * MINUTE)


@pytest.mark.parametrize("leap", [YEARS, -YEARS, 6 * MINUTE, -6 * MINUTE])
@pytest.mark.parametrize("witness", [ALONE, WAITING])
def test_a_leap_at_noon_is_not_followed_until_it_is_confirmed(leap: int, witness: Witness) -> None:
    trust = begun(NTP)
    assert trust.read(at(1, leap)) == replace(at(1), trusted=False)  # at once, before anybody looks
    trust.look(at(1, leap), witness)
    assert trust.quality is Quality.DOUBTFUL
    assert trust.read(at(2, leap)) == replace(at(2), trusted=False)
    trust.confirm(at(3, leap))
    assert trust.quality is Quality.HAND
    assert trust.read(at(4, leap)) == at(4, leap)
    assert trust.hand == at(leap=leap).utc - at().mono


def test_a_leap_that_is_taken_back_is_forgotten() -> None:
    trust = begun()
    trust.look(at(1, YEARS), ALONE)
    assert not trust.believed
    trust.look(at(2), ALONE)
    assert trust.quality is Quality.HOST
    assert trust.read(at(3)) == at(3)


@pytest.mark.parametrize("leap", [YEARS, -YEARS, 0])
def test_ntp_is_believed_whatever_it_says(leap: int) -> None:
    trust = begun(WAITING, KNOWN)
    assert trust.quality is Quality.ESTIMATED
    trust.look(at(1, leap), NTP)
    assert trust.quality is Quality.NTP
    assert trust.read(at(2, leap)) == at(2, leap)
    assert trust.ntp_at == at(1, leap).utc


def test_a_battery_backed_clock_confirms_what_it_also_says() -> None:
    trust = begun(Witness(service=True, rtc=START + 20 * SECOND), KNOWN)
    assert trust.quality is Quality.RTC
    trust.look(at(1, HOUR), Witness(service=True, rtc=at(1).utc))
    assert trust.quality is Quality.DOUBTFUL
    trust.look(at(2, HOUR), Witness(service=True, rtc=at(2, HOUR).utc))
    assert trust.quality is Quality.RTC
    assert trust.read(at(3, HOUR)) == at(3, HOUR)


@pytest.mark.parametrize("leap", [YEARS, -YEARS])
@pytest.mark.parametrize("rtc", [True, False])
def test_a_start_ten_years_off_goes_on_from_what_was_known(leap: int, rtc: bool) -> None:
    trust = begun(Witness(rtc=at(leap=leap).utc if rtc else None), KNOWN, leap)
    assert trust.quality is Quality.DOUBTFUL
    assert trust.read(at(1, leap)) == Instant(START, at(1).mono, False)  # an hour after the last known
    trust.look(at(2), NTP)
    assert trust.read(at(3)) == at(3)


def test_a_clock_that_leapt_while_the_hub_was_off_is_not_followed() -> None:
    mark = Mark("now", START - HOUR, 5 * SECOND - HOUR, True, START - HOUR)
    trust = begun(ALONE, mark, HOUR)
    assert trust.quality is Quality.DOUBTFUL
    assert trust.read(at(1, HOUR)) == replace(at(1), trusted=False)
    assert begun(ALONE, mark).quality is Quality.HOST


def test_what_an_administrator_confirmed_holds_over_a_restart_but_not_over_a_boot() -> None:
    trust = begun(WAITING)
    trust.confirm(at(0.1))
    mark = Mark("now", START, 5 * SECOND, True, START, trust.hand)
    assert begun(WAITING, mark).quality is Quality.HAND
    assert begun(WAITING, mark, boot="later").quality is Quality.ESTIMATED
    assert begun(WAITING, mark, HOUR).quality is Quality.DOUBTFUL


def test_a_clock_that_says_itself_when_it_is_set_is_believed_then() -> None:
    trust = Trust(replace(at(leap=-YEARS), trusted=False), None, None, "")
    assert not trust.read(replace(at(1, -YEARS), trusted=False)).trusted
    trust.look(at(1), None)
    assert trust.quality is Quality.HOST
    assert trust.read(at(2)) == at(2)


@pytest.mark.parametrize("leap", [YEARS, -YEARS, 93 * DAY])
@pytest.mark.parametrize("by", ["ntp", "hand", "start"])
def test_after_a_far_step_age_waits_whoever_vouches_for_it(leap: int, by: str) -> None:
    trust = begun(NTP, KNOWN) if by != "start" else begun(NTP, KNOWN, leap)
    if by != "start":
        assert not trust.unsettled
        assert trust.far(at(1, leap))
    if by == "hand":
        trust.look(at(1, leap), ALONE)
        trust.confirm(at(1, leap))
    elif by == "ntp":
        trust.look(at(1, leap), NTP)
    assert trust.believed
    assert trust.unsettled == SETTLED
    assert trust.far(at(1, leap)), "it is asked about twice"
    days = SETTLED // DAY
    trust.look(at(1 + 24 * (days - 1), leap), NTP)
    assert trust.unsettled == (DAY if by != "start" else DAY - HOUR)
    trust.look(at(2 + 24 * days, leap), NTP)
    assert not trust.unsettled


@pytest.mark.parametrize("leap", [2 * DAY, -2 * DAY, 60 * DAY, 92 * DAY])
def test_after_a_smaller_step_that_ntp_vouches_for_age_waits_without_a_word(leap: int) -> None:
    trust = begun(NTP, KNOWN)
    assert not trust.waits
    trust.look(at(1, leap), NTP)
    assert (trust.believed, trust.unsettled, trust.waits) == (True, 0, SETTLED)
    assert not trust.far(at(1, leap)), "nobody is asked twice"
    trust.look(at(2), NTP)
    assert trust.waits == SETTLED, "taken back, it moved as far once more"
    trust.look(at(2 + 24 * 6), NTP)
    assert trust.waits == DAY
    assert Trust(at(), NTP, replace(KNOWN, waits=HOUR), "now").waits == HOUR, "over a restart"
    trust.look(at(3 + 24 * 7), NTP)
    assert not trust.waits


def test_a_step_within_a_day_deletes_as_ever() -> None:
    trust = begun(NTP, KNOWN)
    trust.look(at(1, 20 * HOUR), NTP)
    assert not trust.waits


def test_a_second_word_of_a_person_settles_a_far_step() -> None:
    trust = begun(WAITING, KNOWN)
    trust.look(at(1, YEARS), ALONE)
    trust.confirm(at(1, YEARS))
    assert trust.unsettled
    trust.confirm(at(2, YEARS))
    assert not trust.unsettled


def test_civil_steps_and_doubt_do_not_settle_it() -> None:
    trust = begun(NTP, KNOWN)
    trust.look(at(1, YEARS), NTP)
    trust.look(at(2, YEARS + 80 * DAY), NTP)
    assert trust.unsettled == SETTLED - HOUR
    trust.look(at(30, -YEARS), ALONE)
    assert trust.quality is Quality.DOUBTFUL
    assert trust.unsettled == SETTLED
    later = Trust(at(), NTP, replace(KNOWN, unsettled=DAY), "now")
    assert later.unsettled == DAY, "a restart goes on counting"


@pytest.mark.parametrize("lived", [True, False])
def test_what_was_stored_by_a_time_that_nobody_knew_is_not_old_at_once(lived: bool) -> None:
    mark = Mark("before", START - HOUR, HOUR, trusted=False) if lived else None
    trust = begun(WAITING, mark)
    trust.look(at(1 if lived else 25, YEARS), NTP)
    assert trust.quality is Quality.NTP
    assert trust.unsettled == SETTLED


def test_a_first_start_has_nothing_to_wait_for() -> None:
    trust = begun(WAITING)
    trust.look(at(1, YEARS), NTP)
    assert not trust.unsettled


@given(
    st.lists(
        st.tuples(st.integers(1, 3600), st.sampled_from([0, YEARS, -YEARS, LEAP, 9 * MINUTE])), max_size=20
    )
)
def test_the_time_never_leaps_by_itself(steps: list[tuple[int, int]]) -> None:
    trust, run, last = begun(), 0.0, at()
    for seconds, leap in steps:
        run += seconds / 3600
        moment = at(run, leap)
        read = trust.read(moment)
        assert abs((read.utc - last.utc) - (read.mono - last.mono)) <= 2 * LEAP
        trust.look(moment, ALONE)
        assert (trust.quality in BELIEVED) is trust.believed
        last = trust.read(moment)
