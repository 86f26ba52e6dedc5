"""Clock and power of one run of the hub, beside the line: looks at the clock, sets it, says how it stands."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

from edge.clock import TrustedClock
from edge.domain.absence import Absence
from edge.domain.alarm import Alarm
from edge.domain.clock import FIRST, LONG, ClockState, Quality
from edge.domain.fact import Numbering
from edge.domain.instant import DAY, MINUTE, SECOND, Instant, to_rfc3339
from edge.domain.lifecycle import VITAL
from edge.domain.names import Text
from edge.domain.power import PowerPlan, Supply
from edge.domain.reading import Purpose, Value
from edge.domain.reading import Quality as Trustworthy
from edge.domain.request import Refusal
from edge.facade import PointState, Unavailable
from edge.machine.starts import Started
from edge.power.absence import Absences, gap
from edge.power.requests import REST, SET_TIME, Requests
from edge.power.stopping import Stopping
from edge.store.facts import FactLog
from edge.store.rows import LastValue
from edge.store.writer import StoreError
from edge.upkeep import Chore

log = logging.getLogger(__name__)

Note = Callable[[str, str | None, Mapping[str, Any]], Awaitable[None]]

_LAST: Final = 4_102_444_800 * SECOND  # 2100-01-01
_NEAR: Final = 5 * SECOND
_SET_WITHIN: Final = 5.0
_KEYS: Final = 100
_NOTED_WITHIN: Final = 10.0
_EVERY: Final = 5 * SECOND
_FRESH: Final = 5 * MINUTE  # a supply that is heard over a broker may be silent for so long
_UPTIME: Final = Path("/proc/uptime")

WORDS: Final[Mapping[Quality, Text]] = {
    Quality.NTP: Text("由时间服务器校准(NTP)", "Set by a time server (NTP)"),
    Quality.RTC: Text("由硬件时钟校准(RTC)", "Set by the battery-backed clock (RTC)"),
    Quality.HAND: Text("由管理员校准", "Set or confirmed by an administrator"),
    Quality.HOST: Text("采用主机时间,本机没有校时服务", "Taken from the machine; nothing here sets it"),
    Quality.ESTIMATED: Text(
        "开机后尚未校时,时间为估计值", "Not set since the machine started: the time is an estimate"
    ),
    Quality.DOUBTFUL: Text(
        "主机时间跳变,尚未核实;平台按原时间继续计时",
        "The machine's clock leapt and nobody confirms it; the hub counts on",
    ),
}


class Starting(Protocol):
    """Who knows why the hub was started."""

    @property
    def started(self) -> Started:
        """Why."""


class Power:
    """See `edge.facade.Power`. absences: the tenant of step 4."""

    def __init__(self, clock: TrustedClock, requests: Requests, plan: PowerPlan | None = None) -> None:
        self._clock = clock
        self._plan = plan
        self._stopping = None if plan is None else Stopping(plan)
        self._requests = requests
        self._note: Note
        self._point: Callable[[str], PointState | None]
        self._alarms: Callable[[], Iterable[Alarm]]
        self._quality = clock.state(can_set=False).quality
        self._unsettled = clock.state(can_set=False).unsettled
        self._busy = (
            asyncio.Lock()
        )  # one look, set or confirmation at a time: each judges what the one before left
        self._keys: deque[str] = deque(maxlen=_KEYS)  # of what people had done in this run
        self.absences: Absences

    def begin(self, numbering: Numbering, latest: Iterable[LastValue], machine: Starting) -> Absences:
        """The tenant that tells how long the hub was off. latest: readings the store has of the last run."""
        clock, why = self._clock, machine.started.cause.value
        heard = max((value.received for value in latest), default=0)
        self.absences = Absences(numbering, gap(clock.mark, heard, clock.boot, why, clock.now()))
        return self.absences

    def chores(
        self,
        note: Note,
        point: Callable[[str], PointState | None],
        alarms: Callable[[], Iterable[Alarm]],
        now: Instant,
    ) -> list[Chore]:
        """What is done every few seconds beside the line. note: journals something. alarms: the open ones."""
        self._note, self._point, self._alarms = note, point, alarms
        return [
            Chore("clock", _EVERY, now.mono, self.look),
            Chore("supply", _EVERY, now.mono, self.look_at_supply),
        ]

    async def look(self, _now: Instant) -> None:
        """Ask the machine about its clock; a change of what vouches for it, and a far step, is a fact."""
        async with self._busy:
            before, was, unsettled = self._clock.now(), self._quality, self._unsettled
            await self._clock.look()
            state = self._taken()
        if state.quality is not was or state.unsettled > unsettled:
            body = {
                "quality": state.quality.value,
                "was": was.value,
                "step": (state.now - before.utc) / SECOND,
                "machine": to_rfc3339(state.machine),
            }
            await self._note("clock.changed", None, body)

    async def look_at_supply(self, _now: Instant) -> None:
        """Have the machine rest before its supply is empty; see `edge.power.stopping`."""
        if self._stopping is None or self._plan is None:
            return
        now = self._clock.now()  # a chore before may have taken its time
        ups = self._plan.ups
        said = supply(lambda name: self._point(f"{ups}.{name}"), now)
        vital = any(alarm.signal in VITAL and alarm.purpose is Purpose.LIVE for alarm in self._alarms())
        if not self._stopping.due(said, vital, now):
            return
        body = {"ups": ups, "minutes": said.minutes, "charge": said.charge}
        log.warning("the supply %s is nearly empty: the machine is asked to rest", ups)
        noting = asyncio.create_task(
            self._noted("hub.resting", body)
        )  # a line that hangs must not keep it from resting
        if not await self._requests.ask(REST, ups):
            log.error("nothing here may stop the machine in order: the hub hears on until the power is gone")
            await noting
            await self._noted("hub.rest_missed", body)
        await noting

    async def _noted(self, kind: str, body: Mapping[str, Any]) -> None:
        """On record, unless the line does not take it in time: the next look at the supply does not wait for it."""
        try:
            async with asyncio.timeout(_NOTED_WITHIN):
                await self._note(kind, None, body)
        except (TimeoutError, Unavailable) as error:
            log.warning("%s is not on record: %r", kind, error)

    def check(self, now: Instant) -> tuple[bool, Text]:
        """For the health page."""
        state = self.clock()
        left = -(-state.unsettled // DAY)
        if not left or not now.trusted:
            return now.trusted, WORDS[state.quality]
        return False, Text(
            f"时间变动超过 {LONG // DAY} 天,请核对日期;再过 {left} 天或由管理员再次核实之前,不按时间清理数据",
            f"The time moved by more than {LONG // DAY} days: check the date; nothing is deleted by its age for {left} "
            "days more, or until an administrator confirms once more",
        )

    # ---- for people -------------------------------------------------------------------------------------------------

    def clock(self) -> ClockState:
        return self._clock.state(can_set=self._requests.installed)

    def absent(self) -> Sequence[Absence]:
        return self.absences.standing()

    async def confirm_clock(self, by: str, *, sure: bool = False, key: str | None = None) -> ClockState:
        async with self._busy:
            before = self.clock()
            if key is not None and key in self._keys:
                return before
            if self._clock.far() and not sure:
                raise _far(before.machine, before.now)
            await self._clock.confirm()
            return await self._done("clock.confirmed", by, before, key)

    async def set_clock(self, utc: int, by: str, *, sure: bool = False, key: str | None = None) -> ClockState:
        async with self._busy:
            if key is not None and key in self._keys:
                return self.clock()
            return await self._set(utc, by, sure, key)

    async def _set(self, utc: int, by: str, sure: bool, key: str | None) -> ClockState:
        before = self.clock()
        if before.quality is Quality.NTP:
            raise Refusal("ntp", "a time server sets the clock: there is nothing to set by hand")
        if not FIRST <= utc < _LAST:
            raise Refusal("bad_time", "the clock is set to a time between 2024 and 2099")
        if abs(utc - before.now) > LONG and not sure:
            raise _far(utc, before.now)
        asked = self._clock.now().mono
        taken = await self._requests.ask(SET_TIME, f"{utc // SECOND} {_uptime()}")

        def far() -> bool:
            return abs(self.clock().machine - utc - (self._clock.now().mono - asked)) > _NEAR

        if taken:
            try:
                async with asyncio.timeout(_SET_WITHIN):
                    while far():  # noqa: ASYNC110 - another process sets it
                        await asyncio.sleep(0.05)
            except TimeoutError:
                taken = False
        if not taken:
            when = f"{datetime.fromtimestamp(utc // SECOND, UTC):%Y-%m-%d %H:%M:%S}"
            raise Refusal(
                "not_installed",
                "the machine did not set its clock, nothing is installed here that may; on its console, as root: "
                f"date -u -s '{when}', then say that the time shown is right",
            )
        await self._clock.confirm()
        return await self._done("clock.set", by, before, key)

    async def _done(self, kind: str, by: str, before: ClockState, key: str | None) -> ClockState:
        after = self._taken()
        if key is not None:
            self._keys.append(key)
        body = {
            "was": before.quality.value,
            "before": to_rfc3339(before.now),
            "machine": to_rfc3339(before.machine),
            "after": to_rfc3339(after.now),
        }
        await self._note(kind, by, body)
        return after

    def _taken(self) -> ClockState:
        state = self.clock()
        self._quality, self._unsettled = state.quality, state.unsettled
        return state


async def recall(clock: TrustedClock, facts: FactLog, latest: Iterable[LastValue]) -> None:
    """Tell a clock whose mark is gone until when the hub lived, as far as its stores say; before the line runs."""
    lived = max((value.received for value in latest), default=0)
    with contextlib.suppress(StoreError):  # told by the store's own check
        for fact in await facts.latest(None, 1):
            lived = max(lived, fact.time)
    clock.recall(lived)


def _far(wanted: int, now: int) -> Refusal:
    days = round((wanted - now) / DAY)
    return Refusal(
        "far", f"that is {days:+d} days from the hub's own time, and age is told by it: say that you are sure"
    )


def supply(point: Callable[[str], PointState | None], now: Instant) -> Supply:
    """What a supply says by its points, as far as it was heard live and lately; the future is not lately."""

    def value(name: str) -> Value | None:
        state = point(name)
        if state is None or state.received is None or state.retained or state.quality is Trustworthy.BAD:
            return None  # what was known before the start says nothing of the mains now
        return state.value if -_NEAR <= now.utc - state.received <= _FRESH else None

    def number(name: str) -> float | None:
        found = value(name)
        return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None

    def flag(name: str) -> bool | None:
        found = value(name)
        return found if isinstance(found, bool) else None

    return Supply(flag("mains-lost"), flag("battery-low"), number("minutes-left"), number("battery"))


def _uptime() -> str:
    """Seconds since the machine started, as the service counts them: the time that passes until it acts is added."""
    try:
        return _UPTIME.read_text("ascii").split(".")[0]
    except OSError:
        return "0"
