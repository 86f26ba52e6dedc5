"""Commands: at most one open per output, tried again until read back, and loud when their time passes in vain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from edge.domain.conclusion import Conclusion, Write, Written
from edge.domain.device import LINK, Point
from edge.domain.fact import Fact, Numbering, Seq
from edge.domain.instant import MINUTE, SECOND, Instant
from edge.domain.output import ActSpec, Barrier, Command, CommandState, Output, OutputKind, Tone
from edge.domain.reading import Arrival, Purpose, Quality, Reading, Value
from edge.domain.timers import resumed

FRESH: Final = 10 * MINUTE
"""How old a command may be and still be carried out: no siren starts for what happened hours ago.

A valve is closed however late, and the desk's beacon always shows what is so now. Practice.
"""
AGAIN: Final = 30 * SECOND
"""Between the attempts at what its device has not proved in time, as long as it is wanted; practice."""
SLOW: Final = 60 * SECOND
"""The same once the command is older than `FRESH`."""
_ALWAYS: Final = frozenset({OutputKind.VALVE, OutputKind.DESK})
_NEVER_LAST: Final = frozenset({CommandState.REFUSED, CommandState.SUPERSEDED})


@dataclass(slots=True)
class Order:
    """Why a command is given: a person, a linkage with its alarm or incident, or the desk that follows the alarms."""

    by: str | None = None
    cause: str | None = None
    alarm: str | None = None
    incident: str | None = None
    note: str | None = None


@dataclass(slots=True)
class _Run:
    """An open command. again: mono µs of the next attempt; deadline: of its feedback. None: waits for neither.

    fresh: mono µs until which it is young: a civil clock that is set meanwhile, as after a power cut, ages no siren.
    """

    command: Command
    output: Output
    act: ActSpec
    fresh: int
    again: int | None = None
    deadline: int | None = None

    @property
    def due(self) -> int | None:
        """Mono µs of what comes next."""
        return min((at for at in (self.again, self.deadline) if at is not None), default=None)

    @property
    def spacing(self) -> int:
        """µs between attempts."""
        return round(self.output.spec.within * SECOND) // (self.output.spec.retries + 1)


class Commands:
    """All open commands. Facts, writes and readings go into the conclusion that each call is given.

    concerns: whether what a command was started for is still open, so that it is worth trying again.
    """

    def __init__(
        self,
        outputs: Mapping[str, Output],
        points: Mapping[str, Point],
        numbering: Numbering,
        concerns: Callable[[Command], bool],
    ) -> None:
        self._outputs = outputs
        self._numbering = numbering
        self._concerns = concerns
        self._runs: dict[str, _Run] = {}  # by output
        self._faults = {
            output.id: points[f"{output.device.id}.{output.spec.feedback_fault.id}"]
            for output in outputs.values()
        }
        self._read_by: dict[str, list[Output]] = {}  # by id of the feedback point
        self._linked: dict[str, list[Output]] = {}  # by id of the link point
        for output in outputs.values():
            self._linked.setdefault(f"{output.device.id}.{LINK.id}", []).append(output)
            if output.feedback is not None:
                self._read_by.setdefault(output.feedback.id, []).append(output)
        self.seen: dict[str, Value] = {}  # by output: what its feedback showed last
        self.last: dict[str, Command] = {}  # by output: the latest command

    def open(self, output: str) -> Command | None:
        """The open command of an output."""
        run = self._runs.get(output)
        return None if run is None else run.command

    # ---- ordering -------------------------------------------------------------------------------------------------

    def order(self, output: Output, act: ActSpec, why: Order, now: Instant, out: Conclusion) -> Command:
        """Queue a command and send its first attempt. The same order under way already is not given twice."""
        run = self._runs.get(output.id)
        faulted = False
        if run is not None:
            under_way = run.command.state is not CommandState.UNCONFIRMED
            if run.command.act == act.id and under_way:
                return run.command
            faulted = run.command.faulted
            self._end(run, "command.superseded", CommandState.SUPERSEDED, now, out)
        seq = self._numbering.next()
        within = round(output.spec.within * SECOND)
        command = replace(
            self._made(seq, output, act, why, now),
            faulted=faulted,
            seen=self.seen.get(output.id),
            due_at=now.utc + within,
            remaining=within,
        )
        out.facts.append(_fact(seq, "command.queued", command, now, why.note))
        run = self._runs[output.id] = _Run(command, output, act, now.mono + FRESH, deadline=now.mono + within)
        self._attempt(run, now, out)
        return run.command

    def refuse(
        self, output: Output, act: ActSpec, why: Order, barrier: Barrier, now: Instant, out: Conclusion
    ) -> None:
        """Say that something was ordered that must never be done there."""
        seq = self._numbering.next()
        command = replace(
            self._made(seq, output, act, why, now),
            state=CommandState.REFUSED,
            open=False,
            closed_at=now.utc,
            error=barrier,
        )
        out.facts.append(_fact(seq, "command.refused", command, now))

    def _made(self, seq: Seq, output: Output, act: ActSpec, why: Order, now: Instant) -> Command:
        device = output.device
        return Command(
            id=f"cmd-{seq.epoch}-{seq.number}",
            output=output.id,
            device=device.id,
            kind=output.kind,
            act=act.id,
            name=act.name,
            place=device.place,
            zone=device.zone,
            state=CommandState.QUEUED,
            opened_at=now.utc,
            by=why.by,
            cause=why.cause,
            alarm=why.alarm,
            incident=why.incident,
        )

    # ---- what comes back ------------------------------------------------------------------------------------------

    def written(self, receipt: Written, now: Instant, out: Conclusion) -> None:
        """The driver's word. Where the device cannot prove more, its yes ends the command."""
        run = next((r for r in self._runs.values() if r.command.id == receipt.command), None)
        if run is None:
            return  # confirmed or superseded meanwhile
        command = run.command
        if receipt.error is not None:
            run.command = replace(command, error=receipt.error)
            self._tell("command.failed", run, now, out)
            return
        run.command = command = replace(command, error=None)
        if run.act.confirm is None:
            run.command = replace(command, written_at=now.utc, late=command.faulted)
            self._end(run, "command.written", CommandState.WRITTEN, now, out)
        elif command.state is CommandState.SENT:
            run.command = replace(command, state=CommandState.WRITTEN, written_at=now.utc)
            self._tell("command.written", run, now, out)

    def heeds(self, reading: Reading) -> bool:
        """Whether the reading is an output's feedback or its device's link."""
        return reading.point.id in self._read_by or reading.point.id in self._linked

    def read(self, reading: Reading, now: Instant, out: Conclusion) -> list[Output]:
        """Take a reading; the outputs whose feedback it is. Only a live, good one proves anything."""
        for output in self._linked.get(reading.point.id, ()):
            if reading.value is False:
                self._reachable(output, now, out)
        read = self._read_by.get(reading.point.id)
        if read is None or not _proves(reading):
            return []
        for output in read:
            value, before = reading.value, self.seen.get(output.id)
            if value is None:
                continue
            self.seen[output.id] = value
            run = self._runs.get(output.id)
            if run is None:
                if before is not None and before != value:
                    self._moved(output, value, now, out)
            elif run.act.confirm is not None and run.act.confirm == value and _after(reading, run, now):
                late = run.command.state is CommandState.UNCONFIRMED
                run.command = replace(run.command, confirmed_at=now.utc, seen=value, late=late)
                self._end(run, "command.confirmed", CommandState.CONFIRMED, now, out)
            else:
                run.command = replace(run.command, seen=value)
        return read

    def _moved(self, output: Output, value: Value, now: Instant, out: Conclusion) -> None:
        """It changed though nobody asked it to: somebody's hand, or its own timer."""
        body = {"id": output.id, "device": output.device.id, "value": value}
        seq = self._numbering.next()
        out.facts.append(Fact(seq, "output.changed", now.utc, None, "output", body))

    def _reachable(self, output: Output, now: Instant, out: Conclusion) -> None:
        """The device is back: what it never proved is tried once more, while it is still of use."""
        run = self._runs.get(output.id)
        if run is not None and run.command.state is CommandState.UNCONFIRMED and not _stale(run, now):
            self._attempt(run, now, out)

    # ---- time -----------------------------------------------------------------------------------------------------

    def due(self, now: Instant, out: Conclusion) -> None:
        """Attempts to repeat, and commands whose time has passed."""
        for run in tuple(self._runs.values()):
            if run.deadline is not None and run.deadline <= now.mono:
                self._unconfirmed(run, now, out)
            elif run.again is not None and run.again <= now.mono:
                self._attempt(run, now, out)

    def next_due(self) -> int | None:
        """Mono µs of the next attempt or deadline."""
        return min((due for run in self._runs.values() if (due := run.due) is not None), default=None)

    def _attempt(self, run: _Run, now: Instant, out: Conclusion) -> None:
        command = run.command
        attempt = command.attempts + 1
        state = command.state if command.state is CommandState.UNCONFIRMED else CommandState.SENT
        run.command = replace(command, state=state, attempts=attempt, sent_at=now.utc)
        if run.deadline is None:
            run.again = self._later(run, now)
        else:
            run.again = now.mono + run.spacing if now.mono + run.spacing < run.deadline else None
        self._tell("command.sent", run, now, out)
        out.effects.append(Write(command.id, attempt, command.device, run.act.write))

    def _unconfirmed(self, run: _Run, now: Instant, out: Conclusion) -> None:
        run.deadline = None
        run.again = self._later(run, now)
        run.command = replace(run.command, state=CommandState.UNCONFIRMED, faulted=True)
        self._tell("command.unconfirmed", run, now, out)
        out.readings.append(self._fault(run.output, now, True))

    def _later(self, run: _Run, now: Instant) -> int | None:
        """When to try again what is not proved: a hiccup of the bus must not leave a valve open in an emergency.

        A person sees that their own command failed and decides anew, so only a valve goes on there.
        """
        command = run.command
        old = now.mono > run.fresh
        wanted = run.output.kind in _ALWAYS or self._concerns(command)
        dark = run.output.kind is OutputKind.DESK and command.act == Tone.OFF  # nothing is wrong any more
        if not wanted or _stale(run, now) or (dark and old):
            return None
        return now.mono + (SLOW if old else AGAIN)

    # ---- restart --------------------------------------------------------------------------------------------------

    def restore(self, commands: list[Command], now: Instant, out: Conclusion) -> None:
        """Go on with what was under way: the attempt is repeated, its word may have been lost with the hub.

        commands: oldest first, closed ones among them, which tell how their outputs were left.
        """
        for command in commands:
            if not command.open:
                if command.output in self._outputs and command.state not in _NEVER_LAST:
                    self.last[command.output] = command
                continue
            output = self._outputs.get(command.output)
            act = None if output is None else output.spec.act(command.act)
            if output is None or act is None:
                self._gone(command, now, out)
                continue
            age = max(0, now.utc - command.opened_at) if now.trusted else 0
            run = self._runs[output.id] = _Run(command, output, act, now.mono + FRESH - age)
            self.last[output.id] = command
            if command.state is CommandState.UNCONFIRMED:
                if self._later(run, now) is not None:
                    self._attempt(run, now, out)
                continue
            if _stale(run, now):
                self._unconfirmed(run, now, out)
                continue
            end = resumed(command.due_at or now.utc, command.remaining or 0, now)
            run.deadline = max(end, now.mono + run.spacing)
            self._attempt(run, now, out)
        for output in self._outputs.values():
            known = self._runs.get(output.id)
            out.readings.append(self._fault(output, now, known is not None and known.command.faulted))

    def _gone(self, command: Command, now: Instant, out: Conclusion) -> None:
        """Its output is no longer part of the site."""
        command = replace(command, state=CommandState.EXPIRED, open=False, closed_at=now.utc)
        out.facts.append(_fact(self._numbering.next(), "command.expired", command, now))

    # ---- one way for every fact -----------------------------------------------------------------------------------

    def _end(self, run: _Run, kind: str, state: CommandState, now: Instant, out: Conclusion) -> None:
        done, faulted = state is not CommandState.SUPERSEDED, run.command.faulted
        run.again = run.deadline = None
        run.command = replace(
            run.command, state=state, open=False, closed_at=now.utc, faulted=faulted and not done
        )
        self._tell(kind, run, now, out)
        del self._runs[run.output.id]
        if done and faulted:
            out.readings.append(self._fault(run.output, now, False))

    def _tell(self, kind: str, run: _Run, now: Instant, out: Conclusion) -> None:
        left = None if run.deadline is None else max(0, run.deadline - now.mono)
        run.command = replace(run.command, remaining=left, due_at=None if left is None else now.utc + left)
        self.last[run.output.id] = run.command
        out.facts.append(_fact(self._numbering.next(), kind, run.command, now))

    def _fault(self, output: Output, now: Instant, value: bool) -> Reading:
        return Reading(self._faults[output.id], value, now.utc, now.utc)


def _fact(seq: Seq, kind: str, command: Command, now: Instant, note: str | None = None) -> Fact:
    by = command.by if kind == "command.queued" else None
    return Fact(seq, kind, now.utc, by, "command", command.to_dict(), note)


def _proves(reading: Reading) -> bool:
    return (
        reading.arrival is Arrival.LIVE
        and reading.purpose is Purpose.LIVE
        and reading.quality is Quality.GOOD
    )


def _after(reading: Reading, run: _Run, now: Instant) -> bool:
    """Whether it was read after the command was sent; a civil clock that was set back must not hide that."""
    sent = run.command.sent_at
    return sent is not None and (reading.received >= sent or now.utc < sent)


def _stale(run: _Run, now: Instant) -> bool:
    return now.mono > run.fresh and run.output.kind not in _ALWAYS
