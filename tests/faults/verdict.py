"""What came of a fault: figures for a person, and each promise that was not kept."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from tests.faults.rig import NotSoError

Say = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Verdict(ABC):
    """problems: promises that were not kept, and what was waited for in vain. seconds: that it took in all."""

    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether everything promised was kept."""
        return not self.problems

    @abstractmethod
    def rows(self) -> Iterable[tuple[str, str]]:
        """Name and value of each figure."""

    @contextmanager
    def judging(self) -> Iterator[None]:
        """What does not come about meanwhile is a problem; the seconds are counted."""
        begun = time.monotonic()
        try:
            yield
        except (NotSoError, httpx.HTTPError) as error:
            self.problems.append(str(error) or repr(error))
        finally:
            self.seconds += time.monotonic() - begun

    def lines(self) -> Iterator[str]:
        """All of it, for a person."""
        rows = [*self.rows(), ("seconds", f"{self.seconds:.0f}")]
        name_width, value_width = (max(len(row[n]) for row in rows) for n in (0, 1))
        for name, value in rows:
            yield f"  {name:<{name_width}}  {value:>{value_width}}"
        yield from (f"! {problem}" for problem in self.problems)
