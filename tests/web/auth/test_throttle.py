from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.domain.instant import MINUTE, SECOND
from web.auth.throttle import BY_ADDRESS, BY_NAME


def test_the_first_tries_are_free_then_each_waits_twice_as_long():
    assert [BY_NAME.wait(n) // SECOND for n in range(8)] == [0, 0, 0, 0, 1, 2, 4, 8]
    assert BY_NAME.wait(4) == SECOND


@given(st.integers(0, 10**9))
def test_the_wait_never_shrinks_and_never_exceeds_its_longest(failures):
    for limit, longest in ((BY_NAME, 5 * MINUTE), (BY_ADDRESS, MINUTE)):
        assert limit.wait(failures) <= limit.wait(failures + 1) <= longest
