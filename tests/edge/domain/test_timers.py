"""The heap of timers: order, postponing, bringing forward, cancelling."""

from __future__ import annotations

import weakref

from hypothesis import example, given
from hypothesis import strategies as st

from edge.domain.timers import NEVER, Timer, Timers


class Held(Timer):
    """One whose end can be seen."""


def timer(timers: Timers, due: int) -> Timer:
    made = Timer()
    made.due = due
    timers.watch(made)
    return made


def fallen(timers: Timers, mono: int) -> list[Timer]:
    found = []
    for one in timers.fallen_due(mono):
        one.due = NEVER
        found.append(one)
    return found


def test_earliest_first_and_at_its_time() -> None:
    timers = Timers()
    late, early = timer(timers, 20), timer(timers, 10)
    assert timers.next_due() == 10
    assert fallen(timers, 9) == []
    assert fallen(timers, 10) == [early]
    assert fallen(timers, 30) == [late]
    assert timers.next_due() is None


def test_postponed_cancelled_and_brought_forward() -> None:
    timers = Timers()
    one, other, third = timer(timers, 10), timer(timers, 11), timer(timers, 40)
    one.due = 30
    other.due = NEVER
    third.due = 20
    timers.watch(third)
    assert timers.next_due() == 20
    assert fallen(timers, 25) == [third]
    assert timers.next_due() == 30
    assert fallen(timers, 100) == [one]


def test_one_that_sets_itself_again_within_the_time_comes_again() -> None:
    timers = Timers()
    one = timer(timers, 10)
    seen = []
    for again in timers.fallen_due(35):
        seen.append(again.due)
        again.due += 10
    assert seen == [10, 20, 30]
    assert one.due == timers.next_due() == 40


def test_what_is_forgotten_is_let_go() -> None:
    timers = Timers()
    kept = [timer(timers, 1000 + n) for n in range(3)]
    gone = []
    for n in range(1000):
        one = Held()
        one.due = 10_000 + n
        timers.watch(one)
        gone.append(weakref.ref(one))
        timers.forget(one)
        del one
    assert sum(ref() is not None for ref in gone) <= 70
    assert fallen(timers, 20_000) == kept
    assert timers.next_due() is None


def test_one_that_was_forgotten_may_be_watched_again() -> None:
    timers = Timers()
    one, other = timer(timers, 10), timer(timers, 20)
    timers.forget(one)
    timers.forget(one)
    assert timers.next_due() == 20
    one.due = 15
    timers.watch(one)
    assert fallen(timers, 30) == [one, other]


@example([(0, 0), (1, 0), (1, 1), (2, 0)])  # postponed within the time that falls due
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 50) | st.just(NEVER)), max_size=40))
def test_it_says_what_a_plain_list_would(moves: list[tuple[int, int]]) -> None:
    timers = Timers()
    all_timers = [Timer() for _ in range(5)]
    for which, due in moves:
        if due == NEVER and which % 2:
            timers.forget(all_timers[which])
        else:
            all_timers[which].due = due
            timers.watch(all_timers[which])
        waiting = min(t.due for t in all_timers)
        assert timers.next_due() == (None if waiting == NEVER else waiting)
    expected = sorted(t.due for t in all_timers if t.due <= 25)
    seen = []
    for one in timers.fallen_due(25):
        seen.append(one.due)
        one.due = NEVER
    assert seen == expected
