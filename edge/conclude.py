"""Step 4: the tenants draw their conclusions, one after another, from what a step, a tick or a person made happen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edge.alarm.outcome import Defect
from edge.domain.conclusion import Acting, Conclusion, Effect, Happened, Heeding, Receipt, Tenant
from edge.domain.fact import Fact
from edge.domain.instant import Instant
from edge.domain.reading import Reading
from edge.domain.request import Refusal, Request
from edge.store.case_rows import Case


@dataclass(slots=True)
class Drawn:
    """What all tenants made of one moment, in order; see `Conclusion`. defects: where a tenant itself failed."""

    facts: list[Fact] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    defects: list[Defect] = field(default_factory=list)
    subject: Mapping[str, Any] | None = None

    def add(self, part: Conclusion | Drawn) -> None:
        """Take in one tenant's part, or what all of them made of something that followed."""
        self.facts += part.facts
        self.effects += part.effects
        self.requests += part.requests
        self.readings += part.readings
        if isinstance(part, Drawn):
            self.defects += part.defects


class Conclude:
    """The tenants of step 4, in their order: each sees the facts of those before it."""

    def __init__(self, tenants: Sequence[Tenant] = ()) -> None:
        self.tenants = tuple(tenants)
        self._heeds = [tenant.heeds for tenant in self.tenants if isinstance(tenant, Heeding)]
        self._due: int | None = None  # as the tenants last said

    def remembered(self) -> Mapping[str, int]:
        """Kinds of which closed cases are taken up as well -> for how many µs after they were closed."""
        return {kind: span for t in self.tenants for kind, span in getattr(t, "remembers", {}).items()}

    def restore(self, cases: Iterable[Case], now: Instant) -> Drawn:
        """Give every tenant its cases, oldest first: the open ones, and closed ones of the kinds it remembers."""
        drawn = Drawn()
        rows = list(cases)
        for tenant in self.tenants:
            own = [case.body for case in rows if case.kind in tenant.kinds]
            try:
                drawn.add(tenant.restore(own, now))
            except Exception as error:  # noqa: BLE001 - one tenant's rows must not keep the hub from starting
                drawn.defects.append(Defect(type(tenant).__name__, None, error))
        self._look_ahead()
        return drawn

    def draw(
        self,
        facts: Sequence[Fact],
        now: Instant,
        readings: Sequence[Reading] = (),
        receipts: Sequence[Receipt] = (),
    ) -> Drawn:
        """What follows from these facts, readings and receipts, and from the time it is."""
        drawn = Drawn()
        if readings and not facts and not receipts and not self._concerned(readings, now):
            return drawn  # as most steps of a day: a fifth of the hub's time at 1,000 readings a second
        for tenant in self.tenants:
            happened = Happened([*facts, *drawn.facts], readings, receipts)
            try:
                drawn.add(tenant.conclude(happened, now))
            except Exception as error:  # noqa: BLE001 - a tenant's defect costs its own conclusion, never the line
                drawn.defects.append(Defect(type(tenant).__name__, None, error))
        self._look_ahead()
        return drawn

    def _concerned(self, readings: Sequence[Reading], now: Instant) -> bool:
        if self._due is not None and self._due <= now.mono:
            return True
        return any(heeds(reading) for reading in readings for heeds in self._heeds)

    def act(self, request: Request, now: Instant) -> Drawn:
        """Have the tenant whose request it is carry it out, and all of them conclude from that; raises Refusal."""
        for tenant in self.tenants:
            if isinstance(tenant, Acting) and isinstance(request, tenant.requests):
                conclusion = tenant.act(request, now)
                drawn = Drawn(subject=conclusion.subject)
                drawn.add(conclusion)
                drawn.add(self.draw(conclusion.facts, now))
                return drawn
        raise Refusal("not_found", f"this hub has nothing that could carry out {type(request).__name__}")

    def kind_of(self, request: Request) -> str:
        """The first kind of case of the tenant that carries out such requests, "" where it is none of step 4."""
        asked = (t for t in self.tenants if isinstance(t, Acting) and isinstance(request, t.requests))
        return next((tenant.kinds[0] for tenant in asked), "")

    def next_due(self) -> int | None:
        """Mono µs at which time alone makes something follow."""
        return self._due

    def _look_ahead(self) -> None:
        self._due = min((due for t in self.tenants if (due := t.next_due()) is not None), default=None)
