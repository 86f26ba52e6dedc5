"""The tenant of step 4 that switches outputs: for linkages, for people, and for the desk's beacon."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from edge.domain.alarm import Alarm, Desk
from edge.domain.conclusion import Conclusion, Happened, Written
from edge.domain.device import Device, Point
from edge.domain.fact import Fact, Numbering
from edge.domain.instant import DAY, Instant
from edge.domain.names import Text
from edge.domain.output import (
    MODE_ID,
    START,
    STOP,
    Barrier,
    Command,
    Linkage,
    LinkageMode,
    LinkageStart,
    Operate,
    Output,
    OutputKind,
    OutputState,
    SetLinkage,
    Stage,
    StartHeld,
    Tone,
    barred,
    gas_zones,
    outputs_of,
)
from edge.domain.reading import Purpose, Reading
from edge.domain.request import Refusal, Request
from edge.domain.zones import within
from edge.outputs.commands import Commands, Order
from edge.outputs.desk import tone
from edge.outputs.linkages import (
    CONFIRMED,
    OVER,
    alarm_of,
    calls,
    certain,
    fits,
    meant_by_hand,
    stands,
    targets,
)

_WORDS: Final = {
    "gas_zone": "gas may be there: only a gas valve and explosion-proof outputs may be switched",
    "close_only": "a gas valve can only be closed from here: it is reopened by hand on site",
}


@dataclass(frozen=True, slots=True)
class _Met:
    """Where and for what a linkage's condition came true."""

    stage: Stage
    zone: str
    place: Text
    alarm: str | None = None
    incident: str | None = None


class Outputs:
    """See `edge.domain.conclusion.Tenant`. alarms, desk: as the engine knows them after the step's readings.

    devices and points may grow; the outputs are those there at the start.
    """

    kinds: tuple[str, ...] = ("command", "linkage")
    requests: tuple[type[Any], ...] = (Operate, SetLinkage, StartHeld)
    remembers: Mapping[str, int] = {"command": 30 * DAY}  # a siren may sound, or a valve be shut, that long

    def __init__(
        self,
        devices: Mapping[str, Device],
        points: Mapping[str, Point],
        linkages: Sequence[Linkage],
        numbering: Numbering,
        alarms: Callable[[], Iterable[Alarm]],
        desk: Callable[[], Desk],
    ) -> None:
        self._devices = devices
        self._linkages = tuple(linkages)
        self._numbering = numbering
        self._alarms = alarms
        self._desk = desk
        self._outputs = outputs_of(devices.values(), points)
        self._beacons = [output for output in self._outputs.values() if output.kind is OutputKind.DESK]
        self._zones: tuple[int, frozenset[str]] = (-1, frozenset())  # how many devices it was made of
        self._commands = Commands(self._outputs, points, numbering, self._concerns)
        self._starts: dict[tuple[str, str], LinkageStart] = {}  # by linkage and its cause
        self._tones: dict[str, Tone] = {}  # by beacon: what it was told
        self.mode = LinkageMode()

    # ---- what it knows --------------------------------------------------------------------------------------------

    def standing(self) -> list[OutputState]:
        """All outputs as they stand."""
        return [
            OutputState(
                output,
                self._commands.last.get(output.id),
                self._commands.seen.get(output.id),
                self._barrier(output),
            )
            for output in self._outputs.values()
        ]

    @property
    def _gas(self) -> frozenset[str]:
        """The gas zones of all devices there are by now."""
        if self._zones[0] != len(self._devices):
            self._zones = len(self._devices), gas_zones(self._devices.values())
        return self._zones[1]

    def _concerns(self, command: Command) -> bool:
        if command.alarm is not None:
            return any(known.id == command.alarm and known.open for known in self._alarms())
        return command.incident is not None and (command.cause, command.incident) in self._starts

    def _barrier(self, output: Output) -> Barrier | None:
        barriers = [barred(output, act.id, self._gas) for act in output.spec.acts]
        return None if None in barriers else barriers[0]

    def starts(self) -> list[LinkageStart]:
        """Linkages whose alarm is still open, started or held."""
        return list(self._starts.values())

    def next_due(self) -> int | None:
        """Mono µs of the next attempt or deadline."""
        return self._commands.next_due()

    # ---- the line -------------------------------------------------------------------------------------------------

    def restore(self, rows: Sequence[Mapping[str, Any]], now: Instant) -> Conclusion:
        """Open commands go on, the beacon is told anew what to show."""
        out = Conclusion()
        commands: list[Command] = []
        for row in rows:
            if row["id"] == MODE_ID:
                self.mode = LinkageMode.from_dict(row)
            elif "linkage" in row:
                start = LinkageStart.from_dict(row)
                self._starts[start.linkage, start.cause] = start
            else:
                commands.append(Command.from_dict(row))
        self._commands.restore(commands, now, out)
        self._show(now, out)
        return out

    def heeds(self, reading: Reading) -> bool:
        """See `Heeding`."""
        return self._commands.heeds(reading)

    def conclude(self, happened: Happened, now: Instant) -> Conclusion:
        """Receipts and feedback first, then what alarms ask for, then time."""
        out = Conclusion()
        for receipt in happened.receipts:
            if isinstance(receipt, Written):
                self._commands.written(receipt, now, out)
        doubtful: list[Output] = []
        for reading in happened.readings:
            doubtful += self._commands.read(reading, now, out)
        shown = False
        for fact in happened.facts:
            if (alarm := alarm_of(fact)) is not None:
                self._link(fact.kind, alarm, now, out)
                shown = True
            elif fact.kind == CONFIRMED:
                self._confirm(fact.body, now, out)
            elif fact.kind in OVER:
                self._over(fact.body["id"], now, out)
            shown = shown or fact.subject == "desk"
        self._commands.due(now, out)
        if shown:
            self._show(now, out)
        self._insist([output for output in doubtful if output.kind is OutputKind.DESK], now, out)
        return out

    # ---- the desk's beacon ----------------------------------------------------------------------------------------

    def _show(self, now: Instant, out: Conclusion) -> None:
        """Tell each beacon what it does not show yet."""
        wanted = tone(self._alarms(), self._desk())
        for beacon in self._beacons:
            if self._tones.get(beacon.id) is not wanted:
                self._tones[beacon.id] = wanted
                self._tell(beacon, wanted, now, out)

    def _insist(self, beacons: Iterable[Output], now: Instant, out: Conclusion) -> None:
        """A beacon that shows something else, with no command under way, is told again."""
        for beacon in beacons:
            wanted = self._tones.get(beacon.id)
            act = None if wanted is None else beacon.spec.act(wanted.value)
            if act is None or wanted is None or self._commands.open(beacon.id) is not None:
                continue
            if act.confirm is not None and self._commands.seen.get(beacon.id) != act.confirm:
                self._tell(beacon, wanted, now, out)

    def _tell(self, beacon: Output, wanted: Tone, now: Instant, out: Conclusion) -> None:
        act = beacon.spec.act(wanted.value)
        if act is not None:
            self._order(beacon, act.id, Order(), now, out)

    # ---- linkage --------------------------------------------------------------------------------------------------

    def _link(self, kind: str, alarm: Alarm, now: Instant, out: Conclusion) -> None:
        if not alarm.open:
            self._over(alarm.id, now, out)
            return
        if not calls(kind, alarm):
            return
        for linkage in self._linkages:
            if fits(linkage.when, alarm, 1, self._devices):
                self._meet(linkage, _Met(1, alarm.zone, alarm.place, alarm.id), now, out)

    def _meet(self, linkage: Linkage, met: _Met, now: Instant, out: Conclusion) -> None:
        """A linkage's condition came true."""
        known = self._starts.get((linkage.id, met.alarm or met.incident or ""))
        held = self.mode.mode == "manual"
        if known is not None and known.state == "held" and held:
            return
        acts = tuple((output.id, act) for output, act in targets(linkage, met.zone, self._outputs.values()))
        seq = self._numbering.next()
        start = LinkageStart(
            id=f"lk-{seq.epoch}-{seq.number}" if known is None else known.id,
            linkage=linkage.id,
            name=linkage.name,
            alarm=met.alarm,
            stage=met.stage,
            place=met.place,
            acts=acts,
            state="held" if held else "started",
            opened_at=now.utc if known is None else known.opened_at,
            incident=met.incident,
        )
        self._starts[linkage.id, start.cause] = start
        kind = "linkage.held" if held else "linkage.started"
        out.facts.append(Fact(seq, kind, now.utc, None, "linkage", start.to_dict()))
        if not held:
            self._start(start, None, now, out)

    def _confirm(self, incident: Mapping[str, Any], now: Instant, out: Conclusion) -> None:
        """Two independent triggers, or a person, made an incident certain: each linkage starts once for it.

        Where a person opened it and no alarm of it starts a linkage, the person's word and place do.
        """
        if incident["purpose"] != Purpose.LIVE:
            return
        id, zone, signal = incident["id"], incident["zone"], incident["signal"] or ""
        members = [alarm for alarm in self._alarms() if alarm.id in incident["alarms"]]
        begun = {start.linkage for start in self._starts.values() if start.incident == id}
        for linkage in self._linkages:
            if linkage.id in begun:
                continue
            meant = next((a for a in members if certain(a) and fits(linkage.when, a, 2, self._devices)), None)
            if meant is not None:
                self._meet(linkage, _Met(2, meant.zone, meant.place, meant.id, id), now, out)
            elif incident["opened_by"] is not None and meant_by_hand(linkage.when, signal, zone):
                self._meet(linkage, _Met(2, zone, Text(*incident["place"]), None, id), now, out)

    def _start(self, start: LinkageStart, by: str | None, now: Instant, out: Conclusion) -> None:
        """Everything at once: no output waits for another."""
        why = Order(by, start.linkage, start.alarm, start.incident if start.alarm is None else None)
        for id, act in start.acts:
            if (output := self._outputs.get(id)) is not None:
                self._order(output, act, why, now, out)

    def _over(self, cause: str, now: Instant, out: Conclusion) -> None:
        """Its alarm is closed: nothing is stopped by that, and what was held is offered no longer."""
        for key, start in tuple(self._starts.items()):
            if start.cause == cause:
                del self._starts[key]
                ended = replace(start, open=False, closed_at=now.utc)
                self._record("linkage.ended", ended.to_dict(), None, now, out)

    # ---- people ---------------------------------------------------------------------------------------------------

    def act(self, request: Request, now: Instant) -> Conclusion:
        """Operate, switch linkage over, start what was held; raises Refusal."""
        out = Conclusion()
        match request:
            case Operate():
                ordered = self._operate(request, now, out)
                out.subject = {"commands": [command.to_dict() for command in ordered]}
            case SetLinkage():
                self._switch(request, now, out)
                out.subject = self.mode.to_dict()
            case StartHeld():
                out.subject = self._release(request, now, out).to_dict()
        return out

    def _operate(self, request: Operate, now: Instant, out: Conclusion) -> list[Command]:
        chosen = self._named(request) if request.outputs else self._of_kind(request)
        if request.drill is not None and request.act == STOP:
            chosen = [output for output in chosen if self._started_by(request.drill, output)]
            if not chosen:
                raise Refusal("superseded", "something else has switched it since: the drill leaves it so")
        why = Order(by=request.by, cause=request.drill, note=request.reason.strip() or None)
        orders = (self._order(output, request.act, why, now, out) for output in chosen)
        return [command for command in orders if command is not None]

    def started_by(self, drill: str) -> list[str]:
        """Outputs that the drill's own command has switched last, and on."""
        return [output.id for output in self._outputs.values() if self._started_by(drill, output)]

    def _started_by(self, drill: str, output: Output) -> bool:
        last = self._commands.open(output.id) or self._commands.last.get(output.id)
        return last is not None and last.cause == drill and last.act == START

    def _named(self, request: Operate) -> list[Output]:
        chosen = [self._outputs.get(id) for id in request.outputs]
        for output in chosen:
            if output is None:
                raise Refusal("not_found", "no output with this id")
            if output.kind is OutputKind.DESK:
                raise Refusal("automatic", "the desk beacon follows the alarms: silence the desk instead")
            if (barrier := barred(output, request.act, self._gas)) is not None:
                raise Refusal(barrier, _WORDS[barrier])
            if output.spec.act(request.act) is None:
                raise Refusal("not_found", f"{output.id} knows no act {request.act[:40]!r}")
        return [output for output in chosen if output is not None]

    def _of_kind(self, request: Operate) -> list[Output]:
        """Those of a kind in a zone that may be switched; the others stay as they are."""
        if request.kind is OutputKind.DESK:
            raise Refusal("automatic", "the desk beacon follows the alarms: silence the desk instead")
        meant = [
            output
            for output in self._outputs.values()
            if output.kind is request.kind and within(output.device.zone, request.zone)
        ]
        barriers = [barred(output, request.act, self._gas) for output in meant]
        barrier = next((b for b in barriers if b is not None), None)
        free = [output for output, b in zip(meant, barriers, strict=True) if b is None]
        chosen = [output for output in free if output.spec.act(request.act) is not None]
        if not chosen and barrier is not None:
            raise Refusal(barrier, _WORDS[barrier])
        if not chosen:
            raise Refusal("not_found", "no such output in this zone knows this act")
        return chosen

    def _switch(self, request: SetLinkage, now: Instant, out: Conclusion) -> None:
        if not request.reason.strip():
            raise Refusal("reason_required", "switching linkage over needs a reason")
        self.mode = LinkageMode(request.mode, request.by, now.utc)
        self._record("linkage.mode", self.mode.to_dict(), request.by, now, out, request.reason.strip())
        if request.mode == "auto":
            self._catch_up(request.by, now, out)

    def _catch_up(self, by: str, now: Instant, out: Conclusion) -> None:
        """Automatic means that what is due starts: also what was held, where its alarm still stands as it did."""
        alarms = {alarm.id: alarm for alarm in self._alarms()}
        for start in tuple(self._starts.values()):
            alarm = alarms.get(start.cause)
            wanted = start.alarm is None or (alarm is not None and stands(alarm, start.stage))
            if start.state == "held" and wanted:
                self._let_go(start, by, now, out)

    def _release(self, request: StartHeld, now: Instant, out: Conclusion) -> LinkageStart:
        start = next((s for s in self._starts.values() if s.id == request.id), None)
        if start is None:
            raise Refusal("not_found", "no held linkage with this id")
        if start.state != "held":
            raise Refusal("closed", "this linkage was started already")
        return self._let_go(start, request.by, now, out)

    def _let_go(self, start: LinkageStart, by: str, now: Instant, out: Conclusion) -> LinkageStart:
        start = replace(start, state="started", by=by)
        self._starts[start.linkage, start.cause] = start
        self._record("linkage.started", start.to_dict(), by, now, out)
        self._start(start, by, now, out)
        return start

    # ---- one way for every command and fact -----------------------------------------------------------------------

    def _order(self, output: Output, act: str, why: Order, now: Instant, out: Conclusion) -> Command | None:
        """The one door to a driver: what must never be switched does not pass, whoever asks."""
        spec = output.spec.act(act)
        if spec is None:
            return None
        barrier = barred(output, act, self._gas)
        if barrier is not None:
            self._commands.refuse(output, spec, why, barrier, now, out)
            return None
        return self._commands.order(output, spec, why, now, out)

    def _record(
        self, kind: str, body: Mapping[str, Any], by: str | None, now: Instant, out: Conclusion,
        note: str | None = None,
    ) -> None:  # fmt: skip
        out.facts.append(Fact(self._numbering.next(), kind, now.utc, by, "linkage", body, note))
