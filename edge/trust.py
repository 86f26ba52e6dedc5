"""Which civil time the hub works with. Pure.

The machine's clock is followed while it runs on evenly. When it leaps by more than `LEAP`, the hub counts on from where
it was, marked untrusted, until NTP, a battery-backed clock or an administrator says that the leap is right: until then
no record gets a wild stamp, no session ends, nothing is old enough to be deleted and no duty comes due.

Even NTP may be wrong by years, and a hand slips: after a step beyond `FAR` the new time is worked with, but it must be
believed for `SETTLED` on end before age is acted upon. After one beyond `LONG` people are told, and may settle it.
"""

from __future__ import annotations

from typing import Final

from edge.domain.clock import BELIEVED, FAR, FIRST, LEAP, LONG, SETTLED, Mark, Quality, Witness
from edge.domain.instant import DAY, MINUTE, Instant

_AGREES: Final = MINUTE  # between the machine's clock and its battery-backed one


class Trust:
    """The judgement of one run. mark: what the last one left. boot: id of this boot. raw: the machine's clocks now.

    witness None: a clock that says itself, by `Instant.trusted`, whether it was set.
    """

    def __init__(self, raw: Instant, witness: Witness | None, mark: Mark | None, boot: str) -> None:
        self._known = None if mark is None else mark.known
        self._base = raw.utc - raw.mono
        self._held: Quality | None = None  # what it was before it leapt
        self._hand: int | None = None
        self.quality = Quality.ESTIMATED
        self.since = raw.utc
        self.ntp_at: int | None = None
        self._unsettled = 0 if mark is None else mark.unsettled
        self._waits = 0 if mark is None else mark.waits
        self._begun = self._looked = raw.mono
        self._lived = None if mark is None else mark.utc  # what it stored has stamps of then, believed or not
        if mark is not None and mark.boot == boot:
            if mark.hand is not None and self._near(mark.hand):
                self._accept(raw, Quality.HAND)
                self._hand = mark.hand
            elif mark.trusted:
                self._base = mark.utc - mark.mono  # it may have leapt while the hub was off
        self.look(raw, witness)
        if self.believed:
            return
        if self._near(raw.utc - raw.mono) and self._plausible(raw.utc):
            if witness is not None and not witness.service:
                self._accept(raw, Quality.HOST)
        elif self._known is not None:
            if self._near(raw.utc - raw.mono):
                self._base = self._known - raw.mono
            self.quality, self.since = Quality.DOUBTFUL, self._base + raw.mono

    @property
    def believed(self) -> bool:
        """Whether the time that the hub works with is to be acted upon, as of the last look."""
        return self.quality in BELIEVED

    @property
    def known(self) -> int | None:
        """µs UTC that was believed last, None before the first."""
        return self._known

    @property
    def hand(self) -> int | None:
        """`utc - mono` that an administrator confirmed, for the mark."""
        return self._hand

    @property
    def unsettled(self) -> int:
        """µs of belief that are left until age is acted upon, after a step that people are told of."""
        return self._unsettled

    @property
    def waits(self) -> int:
        """µs of belief that are left until age is acted upon, after a smaller one."""
        return self._waits

    def far(self, raw: Instant) -> bool:
        """Whether a person's word for the machine's clock would be for a step that is asked about twice."""
        return bool(self._unsettled) or self._step(raw) > LONG

    def read(self, raw: Instant) -> Instant:
        """The moment that the hub works with."""
        off = raw.utc - raw.mono - self._base
        if -LEAP <= off <= LEAP:
            believed = self.quality in BELIEVED
            return raw if raw.trusted is believed else Instant(raw.utc, raw.mono, believed)
        return Instant(self._base + raw.mono, raw.mono, False)

    def look(self, raw: Instant, witness: Witness | None) -> None:
        """What the machine says of its clock now; to be asked every few seconds."""
        leapt = not self._near(raw.utc - raw.mono)
        if witness is not None and witness.ntp:
            self._accept(raw, Quality.NTP)
            self.ntp_at = raw.utc
        elif self._vouched(raw, witness) and (leapt or not self.believed or self.quality is Quality.HOST):
            self._accept(raw, Quality.RTC)
        elif (
            witness is None and self.quality is Quality.ESTIMATED and raw.trusted and self._plausible(raw.utc)
        ):
            self._accept(raw, Quality.HOST)  # set for the first time since the machine started
        elif leapt:
            self._doubt(raw)
        elif self.quality is Quality.DOUBTFUL and self._held is not None:
            self.quality, self.since, self._held = self._held, raw.utc, None  # the leap was taken back
        elif self.believed:
            self._known = raw.utc
        self._settle(raw)

    def confirm(self, raw: Instant) -> None:
        """An administrator says that the machine's clock is right, or had it set.

        Said once more of a far step that is believed already, it settles that.
        """
        again = self.believed and self._step(raw) <= LONG
        self._accept(raw, Quality.HAND)
        self._hand = self._base
        if again and self._unsettled:
            self._unsettled = self._waits = 0

    def _settle(self, raw: Instant) -> None:
        """Belief counts by the time that it really lasted, whatever the civil clock says."""
        run, self._looked = raw.mono - self._looked, raw.mono
        if self.believed:
            self._unsettled = max(0, self._unsettled - run)
            self._waits = max(0, self._waits - run)
        elif self.quality is Quality.DOUBTFUL:
            self._unsettled = SETTLED if self._unsettled else 0
            self._waits = SETTLED if self._waits else 0

    def _step(self, raw: Instant) -> int:
        """By how much (µs) belief in the machine's clock moves the time, against what was known and lived."""
        if self._lived is None and self._known is None and raw.mono - self._begun < DAY:
            return 0  # a hub at its first start: nothing of another time is there to lose
        step = raw.utc - raw.mono - self._base
        before = self._lived if self._known is None else self._known
        off = 0 if self.believed or before is None else raw.utc - before
        return max(abs(step), abs(off))

    def _doubt(self, raw: Instant) -> None:
        if self.believed:
            self._held = self.quality
            self.quality, self.since = Quality.DOUBTFUL, self._base + raw.mono

    def _accept(self, raw: Instant, quality: Quality) -> None:
        offset = raw.utc - raw.mono
        if quality is not self.quality or abs(offset - self._base) > LEAP:
            self.since = raw.utc
        if (step := self._step(raw)) > FAR:
            self._settle(raw)  # what was waited for until now counts for the former step alone
            self._waits = SETTLED
            self._unsettled = SETTLED if step > LONG else self._unsettled
        self._base, self.quality, self._held = offset, quality, None
        self._known = raw.utc
        if quality is not Quality.HAND:
            self._hand = None

    def _near(self, offset: int) -> bool:
        return abs(offset - self._base) <= LEAP

    def _plausible(self, utc: int) -> bool:
        """Whether a hub that was off may well find this time; what is known must have been before it."""
        return utc >= FIRST if self._known is None else -LEAP <= utc - self._known <= LONG

    def _vouched(self, raw: Instant, witness: Witness | None) -> bool:
        """Whether a battery-backed clock says the same, and says nothing impossible: its battery may be empty."""
        said = None if witness is None else witness.rtc
        return said is not None and abs(said - raw.utc) <= _AGREES and self._plausible(raw.utc)
