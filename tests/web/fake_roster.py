"""The roster that the hub in memory shows: none, until a test gives it one."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from edge.dispatch.duty import OnDuty
from edge.dispatch.outlook import outlook
from edge.domain.obligation import Planned
from edge.domain.on_duty import RosterView
from edge.domain.roster import Roster
from edge.duties.calendar import Calendar
from tests.web.fake_log import FakeLog


class FakeRoster(FakeLog):
    """Part of the hub in memory: set `people_of` to give it a roster."""

    people_of = Roster()
    calendar = Calendar((), ZoneInfo("Asia/Shanghai"), lambda _: None)

    def roster(self) -> RosterView:
        return outlook(self.people_of, self._duty(), self.now())

    def who(self, target: str, zone: str = "") -> tuple[str, ...]:
        return self._duty().who(target, self.now(), zone)

    def planned(self, after: int, until: int) -> Sequence[Planned]:
        return self.calendar.between(after, until)

    def _duty(self) -> OnDuty:
        return OnDuty(self.people_of, ZoneInfo("Asia/Shanghai"), lambda _: None)
