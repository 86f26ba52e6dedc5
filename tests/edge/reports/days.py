"""Days of a site written into a real journal: alarms, orders, hazards, duties and hand-overs, each in a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from edge.domain.alarm import Alarm, Verdict
from edge.domain.device import Signal
from edge.domain.fact import Fact, Numbering
from edge.domain.instant import HOUR, MINUTE, SECOND, from_rfc3339
from edge.domain.names import Text
from edge.domain.order import OrderState, WorkOrder
from edge.domain.reading import Purpose
from edge.domain.rule import Priority
from edge.reports.asked import Asked
from edge.store.journal import Entry, Journal
from tests.edge.store.making import alarm

DAY_START = from_rfc3339("2026-06-10T00:00:00+08:00")
DAY_END = from_rfc3339("2026-06-11T00:00:00+08:00")


def at(text: str, day: str = "2026-06-10") -> int:
    """µs UTC of a time on the wall of Shanghai."""
    return from_rfc3339(f"{day}T{text}:00+08:00")


class Days:
    """A journal and what is written into it, one transaction at a time, closed when left."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.journal = Journal(path)
        self.numbering = Numbering(1, 0)

    async def __aenter__(self) -> Self:
        state = self.journal.open()
        assert state.error is None
        self.numbering = Numbering(state.epoch, state.last)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.journal.close(clean=True)

    async def tell(
        self,
        kind: str,
        subject: str,
        body: Mapping[str, Any],
        time: int,
        by: str | None = None,
        note: str | None = None,
    ) -> int:
        seq = self.numbering.next()
        fact = Fact(seq, kind, time, by, subject, body, note)
        alarms = [Alarm.from_dict(dict(body))] if subject == "alarm" else []
        await self.journal.commit(Entry(facts=[fact], alarms=alarms, cases=_cases(subject, body)))
        return seq.number

    async def alarm(
        self,
        raised: int,
        *,
        signal: Signal = Signal.FIRE,
        acked: float | None = None,
        verdict: Any = None,
        closed: float | None = None,
        note: str | None = None,
        id: str | None = None,
        **changes: Any,
    ) -> Alarm:
        """Raised, and after so many seconds acknowledged and closed by li."""
        number = self.numbering.last + 1
        changes = {"purpose": Purpose.LIVE, "latched": False, "priority": Priority.URGENT} | changes
        made = replace(
            alarm(number), id=id or f"al-{number}", signal=signal, raised_at=raised, received_at=raised,
            annunciated_at=raised, last_report_at=raised, **changes,
        )  # fmt: skip
        await self.tell("alarm.raised", "alarm", made.to_dict(), raised)
        if acked is not None:
            time = raised + round(acked * SECOND)
            made = replace(made, acked=True, acked_by="li", acked_at=time)
            await self.tell("alarm.acked", "alarm", made.to_dict(), time, "li")
        if verdict is not None:
            time = raised + 2 * MINUTE
            made = replace(made, verdict=Verdict(verdict, "cooking", "li", time))
            await self.tell("alarm.verdict", "alarm", made.to_dict(), time, "li", note)
        if closed is not None:
            time = raised + round(closed * SECOND)
            made = replace(made, active=False, closed_at=time, closed_by="li")
            await self.tell("alarm.closed", "alarm", made.to_dict(), time, "li")
        return made

    async def order(
        self,
        opened: int,
        number: int,
        *,
        steps: Sequence[float | None] = (60, 600, 3600, 7200),
        **changes: Any,
    ) -> WorkOrder:
        """Opened, and after so many seconds accepted, on site, done and verified (None: not yet)."""
        accepted, on_site, done, verified = (None if s is None else opened + round(s * SECOND) for s in steps)
        last = OrderState.VERIFIED if verified else OrderState.DONE if done else OrderState.NOTIFIED
        seq = self.numbering.last + 1
        made = WorkOrder(
            id=f"wo-{number}", number=number, state=last, opened_at=opened, title=Text("更换电池", "Replace battery"),
            priority=Priority.HIGH, seq=Numbering(1, seq).next(), place=Text("3号楼", "Building 3"),
            assignee="zhang", accepted_at=accepted, on_site_at=on_site, done_at=done, verified_at=verified,
            cause="battery", action="replaced",
        )  # fmt: skip
        made = replace(made, **changes)
        await self.tell("order.opened", "order", made.to_dict(), opened)
        return made

    async def case(self, subject: str, body: Mapping[str, Any], kind: str, note: str | None = None) -> None:
        await self.tell(kind, subject, body, body["opened_at"], "li", note)


def _cases(subject: str, body: Mapping[str, Any]) -> list[Any]:
    from edge.store.case_rows import Case

    return [Case(subject, str(body["id"]), body)] if subject not in {"alarm", ""} else []


def duty(id: str, start: int, state: str, **changes: Any) -> dict[str, Any]:
    """One occurrence of the night patrol, as its row stands."""
    return {
        "id": id, "duty": "night-patrol", "title": ["夜间防火巡查", "Night fire patrol"], "kind": "fire_patrol",
        "opened_at": start, "from_at": start, "until_at": start + HOUR, "state": state, "open": False,
        "evidence": "B", "reached": "B" if state == "done" else None, "round": None, "hazards": {},
        "done_at": start + HOUR // 2 if state == "done" else None, "done_by": "li" if state == "done" else None,
    } | changes  # fmt: skip


def asked(kind: str, path: Path, **changes: Any) -> Asked:
    """A report over 2026-06-10 in Shanghai."""
    made = Asked(
        kind=kind, start=DAY_START, end=DAY_END, journal=path, now=DAY_END + HOUR, trusted=True,
        zone="Asia/Shanghai", version="0.1.0", tests_every=HOUR, figures={"devices": 10, "online": 9},
        targets=[
            {"id": "ack-vital", "measure": "ack", "title": ["接警", "Acknowledged"], "within": 30.0, "share": 0.9,
             "source": "practice", "signals": ["fire", "gas", "sos"], "priorities": []},
            {"id": "finish", "measure": "finish", "title": ["完工", "Done"], "within": 3600.0, "share": 0.9,
             "source": "practice", "signals": [], "priorities": []},
        ],
    )  # fmt: skip
    return replace(made, **changes)
