"""`proof` of a duty: what shows by itself that it was done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from edge.domain.drill import DrillKind
from edge.domain.obligation import SensorProof
from edge.settings.models import Table


class ProofTable(Table):
    """`proof = { point, op, value }` or `proof = { fact, plans, ways, mustered, whole }`."""

    point: str | None = None
    op: Literal["below", "above", "equal"] = "equal"
    value: bool | int | float = True
    fact: str | None = Field(None, pattern=r"^[a-z]+\.[a-z_]+$")
    plans: list[str] = Field(default_factory=list)
    ways: list[DrillKind] = Field(default_factory=list)
    mustered: int = Field(0, ge=0, le=999)
    whole: bool = False

    def contradictions(self) -> Iterator[str]:
        """What cannot be meant, one sentence each."""
        if (self.point is None) is (self.fact is None):
            yield "give a `point` or a `fact`"
        if self.fact != "drill.finished" and (self.plans or self.ways or self.mustered):
            yield "`plans`, `ways` and `mustered` are of `drill.finished`"
        if self.fact != "stock.counted" and self.whole:
            yield "`whole` is of `stock.counted`"

    def proof(self) -> SensorProof:
        """What it says."""
        of_drill = tuple(self.plans), tuple(self.ways), self.mustered
        return SensorProof(self.point, self.op, self.value, self.fact, *of_drill, self.whole)
