"""What Hypothesis tries: in each run the same examples, or with `--long` many that are new.

A run that is to say whether a change is sound must not fail by an example that nobody has met before; those are looked
for on purpose. Neither run has time limits: how long an example takes is the machine's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

EXAMPLES: Final = 50
LONG_TIMES: Final = 10

settings.register_profile(
    "same",
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "new",
    max_examples=EXAMPLES * LONG_TIMES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def choose(*, new: bool) -> None:
    """Before any test module is imported."""
    settings.load_profile("new" if new else "same")
    if not new:
        # Hypothesis also draws constants that it finds in whatever modules are loaded: with them what a test tries
        # would depend on the tests before it.
        nothing = providers.Constants()
        providers._get_local_constants = lambda: nothing


def examples(count: int, *, bears: Sequence[HealthCheck] = (), **more: Any) -> settings:
    """Settings of a test for which the profile's number is not right: `count` examples, with --long as many times more
    as for the others. bears: what Hypothesis need not warn of; more: as for `hypothesis.settings`.
    """
    return settings(
        max_examples=count * settings.default.max_examples // EXAMPLES,
        suppress_health_check=[HealthCheck.too_slow, *bears],
        **more,
    )
