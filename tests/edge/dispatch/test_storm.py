"""1,000 alarms in a minute over a modem that takes 5 s a text: the fire does not wait, and no alarm is forgotten."""

from __future__ import annotations

from edge.domain.conclusion import Send, Sent
from edge.domain.instant import SECOND
from tests.edge.dispatch.post_office import PostOffice

TAKES = {"sms": 5 * SECOND, "wecom": SECOND // 5}


def test_the_fire_starts_within_two_seconds_and_each_alarm_is_accounted_for() -> None:
    office = PostOffice()
    signals = (["fault", "process", "supervisory", "gas"] * 250)[:1000]
    signals[500] = "fire"
    called = 0
    for signal in signals:
        alarm = office.call(signal, "sms", "wecom")
        if signal == "fire":
            fire, called = alarm, office.now.mono
        _carry(office, 60 * SECOND // 1000)
    starts = {
        s.channel: office.sent_at[s.notification, 1] for s in reversed(office.sends) if _is(office, s, fire)
    }
    assert starts["wecom"] - called <= 2 * SECOND
    assert starts["sms"] - called <= TAKES["sms"]  # next on the busy one
    office.settle()
    assert all(office.accounted(alarm) for alarm in office.called)
    assert len(office.called) == 1000


def _is(office: PostOffice, send: Send, alarm: str) -> bool:
    return office.rows[send.notification]["alarm"] == alarm and send.attempt == 1


def _carry(office: PostOffice, micros: int) -> None:
    """Time goes on; each channel takes its time over a message."""
    now = office.now.mono + micros
    done = [
        s for s in office.under_way if now - office.sent_at[s.notification, s.attempt] >= TAKES[s.channel]
    ]
    office.under_way = [s for s in office.under_way if s not in done]
    office.happen(receipts=tuple(Sent(s.notification, s.attempt) for s in done), micros=micros)
