"""Channels on moved time around the machine of notifications, with rows as the journal keeps them."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

from edge.dispatch.channel import Proof
from edge.dispatch.messages import Words
from edge.dispatch.notifications import Notifications
from edge.dispatch.pending import Route
from edge.domain.conclusion import Conclusion, Happened, Receipt, Send, Sent
from edge.domain.fact import Fact, Numbering
from edge.domain.instant import SECOND, Instant
from edge.domain.request import Acknowledge

PEOPLE = frozenset({"he-jun", "liu-yang"})
ROUTES = {
    "sms": Route("sms", Proof(delivered=True, answered=True), 1, PEOPLE.__contains__),
    "ring": Route("ring", Proof(delivered=True, seen=True), 1, PEOPLE.__contains__),
    "wecom": Route("wecom", Proof(), 2, lambda person: person == ""),
    "mail": Route("email", Proof(), 2, PEOPLE.__contains__),
}
ARRIVED = {"sent", "delivered", "seen", "answered"}


class PostOffice:
    """Checks each send as it starts; the channels answer only when told to."""

    def __init__(self) -> None:
        self.numbering = Numbering(1, 0)
        self.now = Instant(1_800_000_000 * SECOND, 0)
        self.rows: dict[str, dict[str, Any]] = {}
        self.sends: list[Send] = []
        self.sent_at: dict[tuple[str, int], int] = {}  # mono µs
        self.under_way: list[Send] = []
        self.told: set[tuple[str, str, str]] = set()  # channel, person, alarm: may have arrived
        self.headlines: set[tuple[str, str, str]] = set()
        self.paused: dict[str, int] = {}
        self.called: dict[str, int] = {}  # alarm: mono µs of its call
        self.requests: list[Any] = []
        self.tenant = self._tenant()

    def _tenant(self) -> Notifications:
        words = Words(ZoneInfo("Asia/Shanghai"))
        return Notifications(ROUTES, words, self.numbering, lambda _: "zh")

    def take(self, conclusion: Conclusion) -> None:
        for fact in conclusion.facts:
            if fact.subject == "notification":
                row = json.loads(json.dumps(dict(fact.body)))
                former = self.rows.get(row["id"])
                assert former is None or former["open"] or former == row, "a closed message moved again"
                self.rows[row["id"]] = row
        for send in conclusion.effects:
            assert isinstance(send, Send)
            self._starts(send)
        self.requests += conclusion.requests

    def _starts(self, send: Send) -> None:
        row = self.rows[send.notification]
        assert (row["state"], row["attempt"]) == ("sending", send.attempt)  # told before it is done
        again = {(send.channel, send.person, alarm) for alarm in row["alarms"]} & self.told
        assert send.repeat or not again, "sent twice without saying so"
        if row["about"]["signal"] != "fire":
            assert not any(r["about"]["signal"] == "fire" for r in self.fresh(send.channel)), "a fire waits"
        self.told |= {(send.channel, send.person, alarm) for alarm in row["alarms"]}
        self.headlines.add((send.channel, send.person, row["alarm"]))
        self.sends.append(send)
        self.sent_at[send.notification, send.attempt] = self.now.mono
        self.under_way.append(send)

    def fresh(self, channel: str) -> list[dict[str, Any]]:
        """What waits for its first attempt."""
        rows = self.rows.values()
        return [r for r in rows if r["channel"] == channel and r["state"] == "queued" and not r["attempt"]]

    def happen(
        self, *facts: Fact, receipts: tuple[Receipt, ...] = (), micros: int = 0, step: int = 0
    ) -> None:
        self.now = Instant(self.now.utc + micros + step, self.now.mono + micros)
        for receipt in receipts:
            if isinstance(receipt, Sent) and receipt.error and receipt.wait is not None:
                self._refused(receipt)
        self.take(self.tenant.conclude(Happened(facts=facts, receipts=receipts), self.now))

    def _refused(self, receipt: Sent) -> None:
        """The channel did not even try: nothing of this attempt arrived."""
        row = self.rows[receipt.notification]
        if row["state"] == "sending" and row["attempt"] == receipt.attempt:
            if not row["uncertain"]:
                self.told -= {(row["channel"], row["person"], alarm) for alarm in row["alarms"]}
            if receipt.again:
                self.paused[row["channel"]] = self.now.mono + round((receipt.wait or 0) * SECOND)

    def call(self, signal: str, *channels: str, person: str = "he-jun", tell: bool = False) -> str:
        alarm = f"a-{len(self.called)}"
        self.called[alarm] = self.now.mono
        message = "recovered" if tell else "alarm"
        calls = [{"person": person, "channels": list(channels), "message": message}]
        body = {"id": f"es-{alarm}", "alarm": alarm, "signal": signal, "calls": calls}
        kind = "escalation.tell" if tell else "escalation.step"
        self.happen(Fact(self.numbering.next(), kind, self.now.utc, subject="escalation", body=body))
        return alarm

    def acknowledge(self, alarm: str, by: str = "li-qiang") -> None:
        body = {"id": alarm, "closed_at": None, "acked": True, "suppression": None}
        self.happen(Fact(self.numbering.next(), "alarm.acked", self.now.utc, by, "alarm", body))

    def acts_follow(self) -> None:
        """Acts that answers asked for come back as facts."""
        while self.requests:
            request = self.requests.pop(0)
            if isinstance(request, Acknowledge):
                self.acknowledge(request.alarm, request.by or "")

    def restart(self, away: int, *, trusted: bool = True, late: bool = False) -> None:
        """Power fails; rows are what is left. late: the carriers' words still come, to the next process."""
        self.numbering = Numbering(self.numbering.epoch + 1, self.numbering.last)
        self.tenant = self._tenant()
        self.paused.clear()
        self.now = Instant(self.now.utc + away, away, trusted)
        before = self.under_way
        self.under_way = []
        rows = [r for r in self.rows.values() if r["open"]]
        self.take(self.tenant.restore(sorted(rows, key=lambda r: r["opened_at"]), self.now))
        if late:
            self.under_way = before + self.under_way

    def settle(self) -> None:
        """Everything works again, for as long as anything is to do."""
        for _ in range(2000):
            receipts = tuple(Sent(s.notification, s.attempt) for s in self.under_way)
            self.under_way = []
            self.happen(receipts=receipts, micros=SECOND)
            if not self.under_way and not any(
                r["state"] in {"queued", "sending"} for r in self.rows.values()
            ):
                return
        raise AssertionError("it never comes to rest")

    def accounted(self, alarm: str) -> bool:
        """Each message about the alarm ended in a way that says what came of it, its folding followed."""
        ends = [self._end(row) for row in self.rows.values() if alarm in row["alarms"]]
        return bool(ends) and all(
            alarm in end["alarms"]
            and (end["state"] in ARRIVED or (end["state"] in {"failed", "dropped"} and end["reason"]))
            for end in ends
        )

    def _end(self, row: dict[str, Any]) -> dict[str, Any]:
        while row["state"] == "folded":
            row = self.rows[row["into"]]
        return row
