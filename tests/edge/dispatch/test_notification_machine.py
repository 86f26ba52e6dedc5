"""Whatever channels, people, time and power cuts do: no alarm is lost on its way, nothing comes twice unsaid."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge.domain.conclusion import Answered, Delivered, Receipt, Send, Sent
from edge.domain.instant import HOUR, SECOND
from edge.domain.notification import Notification
from edge.domain.request import Acknowledge
from tests.chance import examples
from tests.edge.dispatch.post_office import ROUTES, PostOffice

SIGNALS = st.sampled_from(["fire", "gas", "sos", "fault", "supervisory", "disablement", "process"])
CHANNELS = st.lists(st.sampled_from(sorted(ROUTES)), min_size=1, max_size=3, unique=True)
PERSONS = st.sampled_from(["he-jun", "he-jun", "liu-yang"])
OUTCOMES = st.sampled_from(["ok", "ok", "failed", "refused for good", "wait", "picked up"])


class Messages(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.office = PostOffice()
        self.done: list[Receipt] = []  # for duplicates

    @rule(
        signal=SIGNALS,
        channels=CHANNELS,
        person=PERSONS,
        tell=st.booleans(),
        many=st.sampled_from([1, 1, 1, 6]),
    )
    @precondition(lambda self: len(self.office.called) < 60)
    def alarms(self, signal: str, channels: list[str], person: str, tell: bool, many: int) -> None:
        for _ in range(many):
            self.office.call(signal, *channels, person=person, tell=tell)

    @rule(data=st.data())
    @precondition(lambda self: self.office.called)
    def somebody_acknowledges(self, data: st.DataObject) -> None:
        alarm = data.draw(st.sampled_from(sorted(self.office.called)))
        self.office.acknowledge(alarm)
        for row in self.office.rows.values():
            if row["alarm"] == alarm and row["state"] == "queued":
                assert not row["help"] or row["counts"]  # tells stay, calls for help are not made any more

    @rule(data=st.data(), outcome=OUTCOMES)
    @precondition(lambda self: self.office.under_way)
    def channel_tells(self, data: st.DataObject, outcome: str) -> None:
        way = self.office.under_way
        send = way.pop(data.draw(st.integers(0, len(way) - 1)))
        self._receive(self._result(send, outcome))

    def _result(self, send: Send, outcome: str) -> Sent:
        id, attempt = send.notification, send.attempt
        if outcome == "failed":
            return Sent(id, attempt, "no network")
        if outcome == "refused for good":
            return Sent(id, attempt, "no such number", again=False)
        if outcome == "wait":
            return Sent(id, attempt, "too many", wait=20.0)
        return Sent(id, attempt, reference=f"{id}/{attempt}", answered=outcome == "picked up")

    def _receive(self, receipt: Receipt) -> None:
        self.done.append(receipt)
        self.office.happen(receipts=(receipt,))
        self._acts()

    def _acts(self) -> None:
        for request in self.office.requests:
            if isinstance(request, Acknowledge):
                assert ("sms", request.by, request.alarm) in self.office.headlines
        self.office.acts_follow()

    @rule(data=st.data(), error=st.sampled_from([None, None, "expired"]))
    @precondition(lambda self: self.office.sends)
    def report_comes(self, data: st.DataObject, error: str | None) -> None:
        """Early, in time, late or of an attempt nobody knows any more."""
        send = data.draw(st.sampled_from(self.office.sends[-8:]))
        self._receive(Delivered(send.channel, f"{send.notification}/{send.attempt}", error))

    @rule(person=PERSONS, text=st.sampled_from(["1", "1。", "在路上"]))
    def person_answers(self, person: str, text: str) -> None:
        self._receive(Answered("sms", "+86199", text, person))

    @rule(data=st.data())
    @precondition(lambda self: self.done)
    def comes_twice(self, data: st.DataObject) -> None:
        self.office.happen(receipts=(data.draw(st.sampled_from(self.done[-6:])),))
        self._acts()

    @rule(micros=st.sampled_from([SECOND // 2, 6 * SECOND, 31 * SECOND, 91 * SECOND, 2 * HOUR]),
          step=st.sampled_from([0, 0, 0, 24 * HOUR, -24 * HOUR]))  # fmt: skip
    def waits(self, micros: int, step: int) -> None:
        self.office.happen(micros=micros, step=step)
        due = self.office.tenant.next_due()
        assert due is None or due > self.office.now.mono

    @rule(away=st.sampled_from([SECOND, 40 * SECOND, 13 * HOUR]), trusted=st.booleans(), late=st.booleans())
    def power_fails(self, away: int, trusted: bool, late: bool) -> None:
        before = {s.notification for s in self.office.under_way}
        sending = {id for id in before if self.office.rows[id]["state"] == "sending"}
        self.office.restart(away, trusted=trusted, late=late)
        for id in sending:
            row = self.office.rows[id]
            assert row["uncertain"] or row["state"] in {"folded", "dropped"}

    @invariant()
    def no_channel_waits_for_another(self) -> None:
        office = self.office
        for channel, route in ROUTES.items():
            busy = sum(r["channel"] == channel and r["state"] == "sending" for r in office.rows.values())
            assert busy <= route.capacity
            if office.fresh(channel) and office.paused.get(channel, 0) <= office.now.mono:
                assert busy == route.capacity

    @invariant()
    def rows_read_back(self) -> None:
        for row in self.office.rows.values():
            assert Notification.from_dict(row).to_dict() == row

    def teardown(self) -> None:
        self.office.settle()
        lost = [alarm for alarm in self.office.called if not self.office.accounted(alarm)]
        assert not lost


TestMessages: Any = Messages.TestCase
TestMessages.settings = examples(60, stateful_step_count=40)
