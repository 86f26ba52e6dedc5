"""Sets of pictures: asked for, kept, and erased when their time is over and nothing open needs them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Final

from edge.cameras.holding import Needed
from edge.domain.conclusion import Capture, Captured, Conclusion, Erase, Erased
from edge.domain.fact import Fact, Numbering
from edge.domain.footage import AFTER, BEFORE, RING, Finding, Moment, Shot, StillSet
from edge.domain.instant import DAY, HOUR, MINUTE, SECOND, Instant, to_rfc3339
from edge.domain.request import Refusal

AT_ONCE: Final = 50  # sets erased in one look
PRESSED: Final = 10  # free ones given up in one look while the disk is full
FILMS: Final = 12
"""That people may have made of one camera in an hour, and as many again of its alarms and findings (practice)."""
SETS: Final = 12
"""That the findings of one alarm ask of one camera in an hour: a check that comes and goes fills no disk (practice)."""
_OLDEST: Final = RING - 10 * SECOND  # that the ring still has when it is asked


class Stills:
    """All sets that may have files, oldest first.

    certain: whether the civil clock may decide that something is old. short: whether the disk is full.
    """

    def __init__(
        self,
        numbering: Numbering,
        days: int,
        certain: Callable[[Instant], bool],
        short: Callable[[], bool],
    ) -> None:
        self._numbering = numbering
        self._days = days * DAY
        self._certain = certain
        self._short = short
        self._sets: dict[str, StillSet] = {}
        self._asked: set[tuple[str, str, str]] = set()  # (alarm, finding, device)
        self._of_alarm: dict[str, list[str]] = {}
        self._erasing: set[str] = set()
        self.given_up = 0  # sets, because the disk was full
        self._filmed: dict[
            tuple[str, bool], list[int]
        ] = {}  # (device, of something) -> mono µs; anew with the hub

    def restore(self, one: StillSet, told: Conclusion) -> None:
        """Take one up, and ask again for what had not come back."""
        self._put(one)
        told.effects += [_capture(one, shot) for shot in one.missing]

    # ---- what is known --------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._sets)

    def of_alarm(self, alarm: str) -> list[StillSet]:
        """Those of an alarm that may have files, oldest first."""
        return [self._sets[id] for id in self._of_alarm.get(alarm, ())]

    def shots(self) -> set[str]:
        """Ids of all their pictures."""
        return {shot.id for one in self._sets.values() for shot in one.pictures}

    # ---- asking ---------------------------------------------------------------------------------------------------

    def ask(
        self, device: str, moment: int, now: Instant, told: Conclusion, *, alarms: Sequence[str] = (),
        finding: Finding | None = None, purpose: str = "live", blind: bool = False,
    ) -> None:  # fmt: skip
        """Ask a camera for its pictures around `moment` (µs UTC), once. blind: it shows nothing from then on.

        alarms: those of that moment; one set serves for all of them. What had been there for a while when it was found
        has its "before" from before that, where the ring has it.
        """
        id = None if finding is None else finding.id
        alarms = [
            one
            for one in alarms
            if (one, id or "", device) not in self._asked and not self._often(device, one, now)
        ]
        if not alarms:
            return
        earlier = min(BEFORE + (0 if finding is None else finding.lasted), _OLDEST)
        shots: list[tuple[Moment, int, int | None]] = [("before", moment - earlier, None)]
        if not blind:
            shots += [("at", moment, None), ("after", moment + AFTER, None)]
        self._make(device, shots, now, told, alarms=alarms, finding=id, purpose=purpose)

    def _often(self, device: str, alarm: str, now: Instant) -> bool:
        """Whether the alarm has had enough of this camera's pictures lately."""
        own = [one for one in self.of_alarm(alarm) if one.device == device and one.by is None]
        return len(own) >= SETS and abs(now.utc - own[-SETS].opened_at) < HOUR

    def clip(
        self, device: str, start: int, end: int, by: str, now: Instant, told: Conclusion, *,
        alarms: Sequence[str] = (), finding: str | None = None,
    ) -> StillSet:  # fmt: skip
        """Have a film made of the ring's pictures of [start, end] (µs UTC)."""
        self._filmed.setdefault((device, bool(alarms or finding)), []).append(now.mono)
        return self._make(device, [("clip", end, start)], now, told, alarms=alarms, finding=finding, by=by)

    def allow(self, device: str, of_something: bool, now: Instant) -> None:
        """Refusal too_many where people had `FILMS` made of this camera in the last hour: each takes room on the disk.

        of_something: an alarm, a finding. Those of nothing do not use up those of its alarms.
        """
        key = device, of_something
        lately = [at for at in self._filmed.get(key, ()) if at > now.mono - HOUR]
        self._filmed[key] = lately
        if len(lately) >= FILMS:
            minutes = -(-(lately[0] + HOUR - now.mono) // MINUTE)
            msg = f"{FILMS} films of this camera were made in the last hour: try again in {minutes} min"
            raise Refusal("too_many", msg)

    def _make(
        self, device: str, shots: Iterable[tuple[Moment, int, int | None]], now: Instant, told: Conclusion, *,
        alarms: Sequence[str], finding: str | None, purpose: str = "live", by: str | None = None,
    ) -> StillSet:  # fmt: skip
        seq = self._numbering.next()
        id = f"st-{seq.epoch}-{seq.number}"
        made = StillSet(
            id, now.utc, device,
            tuple(Shot(_name(id, kind, now), kind, wanted, start) for kind, wanted, start in shots),
            now.utc + self._days if self._certain(now) else None, next(iter(alarms), None), finding, by, purpose,
            others=tuple(alarms[1:]),
        )  # fmt: skip
        told.facts.append(Fact(seq, "stills.asked", now.utc, by, "stills", made.to_dict()))
        told.effects += [_capture(made, shot) for shot in made.pictures]
        self._put(made)
        return made

    # ---- what came of it ------------------------------------------------------------------------------------------

    def captured(self, receipts: Iterable[Captured], now: Instant, told: Conclusion) -> None:
        """Pictures came, or there are none. What is told of one set at once is one fact of each kind."""
        news: dict[tuple[str, str], None] = {}
        for receipt in receipts:
            one = self._sets.get(receipt.stills)
            shot = None if one is None else next((s for s in one.missing if s.id == receipt.shot), None)
            if one is None or shot is None:
                continue
            shot = replace(
                shot, taken=receipt.taken, sha256=receipt.sha256, width=receipt.width, height=receipt.height,
                size=receipt.size, missing=receipt.error,
            )  # fmt: skip
            self._sets[one.id] = one.with_shot(shot)
            news[one.id, "stills.kept" if shot.kept else "stills.missing"] = None
        for id, kind in news:
            self._record(self._sets[id], kind, now, told)

    def erased(self, receipt: Erased, now: Instant, told: Conclusion) -> None:
        """The files are gone, or could not be deleted: then they are tried again."""
        self._erasing.discard(receipt.stills)
        one = self._sets.get(receipt.stills)
        if one is not None and receipt.error is None:
            self._record(replace(one, erased_at=now.utc), "stills.erased", now, told)

    # ---- retention ------------------------------------------------------------------------------------------------

    def look(
        self, needed: Callable[[], Needed], findings: Callable[[str | None], Finding | None], now: Instant,
        told: Conclusion,
    ) -> None:  # fmt: skip
        """Erase what is old, and, while the disk is full, of what nothing open needs films that people had made, then
        the oldest.
        """
        certain, spare = self._certain(now), PRESSED if self._short() else 0
        holds: Needed | None = None
        taken = 0
        if certain:
            self._date(now, told)
        sets = list(self._sets.values()) if certain or spare else []
        if spare:  # nobody's wish pushes out what an alarm left
            sets.sort(key=lambda one: one.by is None)
        for one in sets:
            if one.id in self._erasing:
                spare, taken = spare - 1, taken + 1
                continue
            old = certain and one.kept_until is not None and one.kept_until <= now.utc
            if taken >= AT_ONCE or not (old or (spare > 0 and not one.missing)):
                continue
            holds = holds or needed()
            if holds.holds(one, findings(one.finding)):
                continue
            spare, taken = spare - 1, taken + 1
            self.given_up += not old
            self._erasing.add(one.id)
            told.effects.append(Erase(one.id, tuple(shot.id for shot in one.pictures)))

    def spare(self, needed: Needed, findings: Callable[[str | None], Finding | None]) -> int:
        """Sets that are still there and that nothing open needs."""
        sets = (one for one in self._sets.values() if one.id not in self._erasing and not one.missing)
        return sum(not needed.holds(one, findings(one.finding)) for one in sets)

    def _date(self, now: Instant, told: Conclusion) -> None:
        """Sets of a time when the clock could not be believed begin to count now."""
        for one in list(self._sets.values()):
            if one.kept_until is None:
                self._record(replace(one, kept_until=now.utc + self._days), "stills.dated", now, told)

    # ---- details --------------------------------------------------------------------------------------------------

    def _put(self, one: StillSet) -> None:
        known = one.id in self._sets
        self._sets[one.id] = one
        for alarm in one.alarms:
            if one.by is None:
                self._asked.add((alarm, one.finding or "", one.device))
            if not known:
                self._of_alarm.setdefault(alarm, []).append(one.id)

    def _record(self, one: StillSet, kind: str, now: Instant, told: Conclusion) -> StillSet:
        self._sets[one.id] = one
        if not one.open:
            del self._sets[one.id]
            for alarm in one.alarms:
                self._asked.discard((alarm, one.finding or "", one.device))
                rest = [id for id in self._of_alarm.pop(alarm) if id != one.id]
                self._of_alarm |= {alarm: rest} if rest else {}
        told.facts.append(Fact(self._numbering.next(), kind, now.utc, None, "stills", one.to_dict()))
        return one


def _capture(one: StillSet, shot: Shot) -> Capture:
    return Capture(one.id, shot.id, one.device, shot.wanted, shot.moment, shot.start)


def _name(stills: str, moment: str, now: Instant) -> str:
    """Of its file: the same for the same shot, so that what is asked for again is no second file."""
    day = to_rfc3339(now.utc)
    return f"{day[:4]}{day[5:7]}-{blake2b(f'{stills} {moment}'.encode(), digest_size=16).hexdigest()}"
