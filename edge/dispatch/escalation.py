"""Escalation: who is called about an alarm or order until somebody answers, and messages of their own. Pure.

A tenant of step 4. It resolves people at the moment of a step and records whom to call; carrying a call out is the
business of notifications. Steps run on the monotonic clock; only shifts and quiet hours ask the civil one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from edge.dispatch.duty import OnDuty
from edge.dispatch.run import Run, ended
from edge.domain.conclusion import Conclusion, Happened
from edge.domain.device import Signal
from edge.domain.fact import Fact, Numbering
from edge.domain.instant import DAY, MINUTE, SECOND, Instant
from edge.domain.lifecycle import CALLING, VITAL
from edge.domain.order import OrderState
from edge.domain.reading import Purpose
from edge.domain.roster import Call, Policy, Step
from edge.domain.timers import NEVER, Timer, Timers, resumed

_STEPPED: Final = SECOND  # the civil clock was set: it moved this far against the monotonic one


class _Waiting(Timer):
    """A case that waits for its next step."""

    __slots__ = ("run",)

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run


class Escalation:
    """All ladders of calls under way. One instance, called from one thread.

    policies: in their order, the first that fits counts. duty: who is meant by a target. rehearsing: whether a drill is
    under way; nobody hears of a drill that is not. Nobody asks anything of it: acknowledging and judging are requests
    to the alarm.
    """

    kinds: tuple[str, ...] = ("escalation",)
    remembers: Mapping[str, int] = {
        "escalation": 30 * DAY
    }  # that an alarm which is open for weeks was told of

    def __init__(
        self,
        policies: Sequence[Policy],
        duty: OnDuty,
        numbering: Numbering,
        rehearsing: Callable[[], bool] = lambda: True,
    ) -> None:
        self._rehearsing = rehearsing
        self._policies = tuple(policies)
        self._by_id = {policy.id: policy for policy in policies}
        self._duty = duty
        self._numbering = numbering
        self._timers = Timers()
        self._about: dict[str, _Waiting] = {}  # by id of the alarm or order: its ladder
        self._deferred: dict[str, _Waiting] = {}  # by id of the case
        self._tells: dict[str, list[tuple[Policy, int]]] = defaultdict(list)
        for policy in policies:
            for number, tell in enumerate(policy.tells):
                self._tells[tell.on].append((policy, number))
        self._known: set[str] = set()  # alarms that somebody was told of
        self._found: dict[tuple[str, str], tuple[str, ...]] = {}  # target, place -> people of this minute
        self._minute: tuple[int, bool] = (-1, False)
        self._offset = 0  # civil clock against the monotonic one
        self._told = Conclusion()

    # ---- the tenant -----------------------------------------------------------------------------------------------

    def restore(self, rows: Sequence[Mapping[str, Any]], now: Instant) -> Conclusion:
        """Go on with open cases: what remained of each delay remains, less the time away on a clock to be believed."""
        self._begin(now)
        for row in rows:
            waiting = _Waiting(run := Run.from_dict(row))
            if run.alarm is not None and (run.done or run.reason == "told"):
                self._known.add(run.alarm)
            if not run.open:
                continue
            about = run.alarm or run.order
            if run.event is None and about is not None:
                self._about[about] = waiting
            if run.deferred:
                self._deferred[run.id] = waiting
            if run.due_at is not None and run.remaining is not None:
                waiting.due = resumed(run.due_at, run.remaining, now)
                self._timers.watch(waiting)
        return self._end(now)

    def conclude(self, happened: Happened, now: Instant) -> Conclusion:
        """Start, stop and tell by the facts of this step, then carry out the steps that have fallen due."""
        self._begin(now)
        for fact in happened.facts:
            if fact.subject == "alarm":
                self._alarm(fact, now)
            elif fact.subject == "order":
                self._order(fact, now)
            elif fact.subject == "hazard":
                self._hazard(fact, now)
            elif fact.subject == "incident":
                self._incident(fact, now)
            else:
                self._tell(_dashed(fact.kind), Run("", True, now.utc, "", str(fact.seq)), now)
        return self._end(now)

    def next_due(self) -> int | None:
        """When the next step comes."""
        return self._timers.next_due()

    def _begin(self, now: Instant) -> None:
        self._told = Conclusion()
        if self._minute != (minute := (now.utc // MINUTE, now.trusted)):
            self._minute = minute
            self._found.clear()
        offset = now.utc - now.mono
        if abs(offset - self._offset) >= _STEPPED and self._deferred:
            for waiting in self._deferred.values():  # quiet hours end by the clock on the wall
                waiting.due = now.mono + self._quiet_left(waiting.run, now)
                self._timers.watch(waiting)
        self._offset = offset

    def _end(self, now: Instant) -> Conclusion:
        for timer in self._timers.fallen_due(now.mono):
            if isinstance(timer, _Waiting):
                self._due(timer, now)
        return self._told

    # ---- facts of others ------------------------------------------------------------------------------------------

    def _alarm(self, fact: Fact, now: Instant) -> None:
        body, kind = fact.body, fact.kind
        id: str = body["id"]
        running = self._about.get(id)
        if running is not None and (reason := ended(kind, body)) is not None:
            self._stop(running, reason, now)
            running = None
        asks = body["suppression"] is None and not body["acked"] and (body["active"] or body["latched"])
        if kind in CALLING and asks:
            if running is not None and kind == "alarm.risen":
                self._stop(running, "risen", now)
                running = None
            if running is None and body["closed_at"] is None and body["purpose"] != Purpose.TEST.value:
                self._start(_case(fact, now), now)
        event = _event(kind, body)
        if event != "cleared" or id in self._known:
            self._tell(event, _case(fact, now), now)
        if body["closed_at"] is not None:
            self._known.discard(id)

    def _order(self, fact: Fact, now: Instant) -> None:
        body, id = fact.body, fact.body["id"]
        running = self._about.get(id)
        waits = body["open"] and body["state"] == OrderState.NOTIFIED.value
        case = Run(
            "", True, now.utc, "", str(fact.seq), subject="order", alarm=body["alarm"], order=id,
            zone=body["zone"], priority=body["priority"], assigned=tuple(body["offered"]),
        )  # fmt: skip
        if running is not None and not waits:
            self._stop(running, "acknowledged" if body["open"] else "closed", now)
        elif fact.kind == "order.notified" and waits:
            if running is not None:
                self._stop(running, "reassigned", now)
            self._start(case, now)
        self._tell(_dashed(fact.kind), case, now)

    def _hazard(self, fact: Fact, now: Instant) -> None:
        """No ladder: the register itself tells of one that is overdue again and again."""
        body = fact.body
        case = Run(
            "", True, now.utc, "", str(fact.seq), subject="hazard", hazard=body["id"], zone=body["zone"],
            assigned=(body["person"],) if body["person"] else (),
        )  # fmt: skip
        self._tell(_hazard_event(fact.kind, body), case, now)

    def _incident(self, fact: Fact, now: Instant) -> None:
        """Its alarms have their ladders; what it tells is told once, acknowledged or not (GB/T 45839-2025 5.9.4)."""
        body = fact.body
        if body["drill"] is not None and body["alarm"] is None:
            return  # a drill without a sensor calls its people itself, one on the table nobody
        case = Run(
            "", True, now.utc, "", str(fact.seq), alarm=next(iter(body["triggers"]), body["alarm"]),
            incident=body["id"], zone=body["zone"], signal=body["signal"], priority=body["priority"],
            purpose=body["purpose"],
        )  # fmt: skip
        event = "confirmed" if fact.kind == "incident.confirmed" else _dashed(fact.kind)
        self._tell(event, case, now)

    # ---- ladders --------------------------------------------------------------------------------------------------

    def _over(self, case: Run) -> bool:
        """Whether it is of a drill, and that is over."""
        return case.purpose == Purpose.DRILL and not self._rehearsing()

    def _start(self, case: Run, now: Instant) -> None:
        if self._over(case):
            return
        policy = next((p for p in self._policies if p.steps and case.covered_by(p)), None)
        if policy is None:
            return
        waiting = _Waiting(replace(case, policy=policy.id))
        waiting.due = now.mono + _micros(policy.steps[0].after)
        self._about[case.order or case.alarm or ""] = waiting
        self._record("escalation.started", waiting, now)
        self._timers.watch(waiting)

    def _stop(self, waiting: _Waiting, reason: str, now: Instant) -> None:
        self._close(waiting, "escalation.stopped", reason, now)

    def _close(self, waiting: _Waiting, kind: str, reason: str, now: Instant) -> None:
        run = waiting.run
        self._timers.forget(waiting)
        waiting.run = replace(run, open=False, closed_at=now.utc, reason=reason, deferred=False)
        self._deferred.pop(run.id, None)
        about = run.order or run.alarm or ""
        if self._about.get(about) is waiting:
            del self._about[about]
        self._record(kind, waiting, now)

    def _due(self, waiting: _Waiting, now: Instant) -> None:
        """The time of a case has come: a step of its ladder, or its message."""
        policy = self._policy(waiting.run)
        if policy is None:
            self._close(waiting, "escalation.stopped", "no-policy", now)
            return
        if self._over(waiting.run):  # what was left of it, as while the journal is sick
            self._close(waiting, "escalation.stopped", "closed", now)
            return
        if (left := self._quiet_left(waiting.run, now)) > 0:
            waiting.due = now.mono + left
            waiting.run = replace(waiting.run, deferred=True)
            self._record("escalation.deferred", waiting, now)  # which gives a message its id
            self._deferred[waiting.run.id] = waiting
            return
        self._deferred.pop(waiting.run.id, None)
        if waiting.run.event is not None:
            calls = self._resolved(policy.tells[waiting.run.tell].calls, waiting.run, now)
            waiting.run = replace(waiting.run, calls=calls)
            self._close(waiting, "escalation.tell", "told", now)
            return
        self._step(waiting, policy, now)

    def _step(self, waiting: _Waiting, policy: Policy, now: Instant) -> None:
        run = waiting.run
        number = run.done % len(policy.steps)
        calls = self._resolved(policy.steps[number].calls, run, now)
        late = waiting.due
        waiting.run = replace(run, done=run.done + 1, calls=calls, deferred=False)
        gap = _gap(policy.steps, number, policy.pause)
        if waiting.run.done < policy.rounds * len(policy.steps):
            # A late tick does not push the later steps back; after a stop they keep their distance.
            waiting.due = late + gap if late + gap > now.mono or gap == 0 else now.mono + gap
            self._record("escalation.step", waiting, now)
        else:
            waiting.due = NEVER
            self._record("escalation.step", waiting, now)
            self._close(waiting, "escalation.exhausted", "exhausted", now)

    def _policy(self, run: Run) -> Policy | None:
        """The policy a case began with; the first that fits where the site's folder no longer has it so."""
        policy = self._by_id.get(run.policy)
        if run.event is not None:
            return policy if policy is not None and len(policy.tells) > run.tell else None
        if policy is not None and policy.steps:
            return policy
        return next((p for p in self._policies if p.steps and run.covered_by(p)), None)

    # ---- messages of their own ------------------------------------------------------------------------------------

    def _tell(self, event: str, case: Run, now: Instant) -> None:
        """One message, by the first policy that fits and has one on `event`."""
        if self._over(case):
            return
        for policy, number in self._tells.get(event, ()):
            about_one = any((case.alarm, case.order, case.hazard, case.incident))
            if not about_one or case.covered_by(policy):
                waiting = _Waiting(replace(case, policy=policy.id, event=event, tell=number))
                waiting.due = now.mono
                self._due(waiting, now)
                if waiting.due != NEVER:
                    self._timers.watch(waiting)
                return

    # ---- details --------------------------------------------------------------------------------------------------

    def _quiet_left(self, run: Run, now: Instant) -> int:
        policy = self._policy(run)
        if policy is None or policy.quiet is None:
            return 0
        return self._duty.quiet_left(policy.quiet, now)

    def _resolved(self, calls: Sequence[Call], run: Run, now: Instant) -> tuple[Mapping[str, Any], ...]:
        """Who is called, each person once for the same channels and message."""
        found: dict[tuple[str, tuple[str, ...], str], None] = {}
        for call in calls:
            for person in run.assigned if call.to == "assigned" else self._who(call.to, run.zone, now):
                found[person, call.by, call.message] = None
        return tuple({"person": p, "channels": list(by), "message": m} for p, by, m in found)

    def _who(self, target: str, place: str, now: Instant) -> tuple[str, ...]:
        key = (target, place)
        if key not in self._found:
            self._found[key] = self._duty.who(target, now, place)
        return self._found[key]

    def _record(self, kind: str, waiting: _Waiting, now: Instant) -> None:
        seq = self._numbering.next()
        if (
            kind in {"escalation.step", "escalation.tell"}
            and waiting.run.alarm is not None
            and waiting.run.calls
        ):
            self._known.add(waiting.run.alarm)
        waits = waiting.due != NEVER
        left = max(0, waiting.due - now.mono)
        prefix = "es" if waiting.run.event is None else "et"
        run = replace(
            waiting.run,
            id=waiting.run.id or f"{prefix}-{seq.epoch}-{seq.number}",
            due_at=now.utc + left if waits else None,
            remaining=left if waits else None,
        )
        waiting.run = run
        self._told.facts.append(Fact(seq, kind, now.utc, None, "escalation", run.to_dict()))


def _case(fact: Fact, now: Instant) -> Run:
    body = fact.body
    return Run(
        "", True, now.utc, "", str(fact.seq), alarm=body["id"], zone=body["zone"], signal=body["signal"],
        priority=body["priority"], purpose=body["purpose"],
    )  # fmt: skip


def _event(kind: str, body: Mapping[str, Any]) -> str:
    """The message that a fact about an alarm asks for (GB/T 45839-2025 5.9.4, 5.10.4)."""
    signal = Signal(body["signal"])
    if kind == "alarm.verdict":
        confirms = body["verdict"]["kind"] == "real" and signal in VITAL
        late = body["closed_at"] is not None  # corrects the record and no more
        return "" if confirms or late else "verdict"  # the incident tells that it is certain
    if kind in {"alarm.closed", "alarm.reset"} and signal in VITAL:
        return "cleared"
    if kind == "alarm.returned" and signal is Signal.FAULT and body["suppression"] is None:
        return "recovered"
    return _dashed(kind)


def _hazard_event(kind: str, body: Mapping[str, Any]) -> str:
    """The message that a fact about a hazard asks for: by its grade, and by how long it has been overdue."""
    if kind == "hazard.graded":
        return f"hazard-{body['grade'].replace('_', '-')}"
    if kind == "hazard.overdue" and body["climbed"] > 1:
        return f"hazard-overdue-{body['climbed']}"
    return _dashed(kind)


def _dashed(kind: str) -> str:
    return kind.replace(".", "-").replace("_", "-")


def _micros(seconds: float) -> int:
    return round(seconds * SECOND)


def _gap(steps: Sequence[Step], number: int, pause: float) -> int:
    """µs from one step to the next; after the last one to the first of the next round."""
    if number + 1 < len(steps):
        return _micros(steps[number + 1].after) - _micros(steps[number].after)
    return _micros(pause) + _micros(steps[0].after)
