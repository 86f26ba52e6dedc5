"""The list of messages as the API gives it."""

from __future__ import annotations

from edge.domain.notification import About, Notification, NotificationState
from web.api.v1.notifications import shape


def test_a_message_names_every_alarm_it_accounts_for_and_keeps_unknowns_null() -> None:
    case = Notification(
        "nt-1-1", "wecom", "", "", "alarm", NotificationState.SENT, open=False, opened_at=0,
        about=About("fire"), alarm="a", alarms=("a", "b"), sent_at=1_000_000,
    )  # fmt: skip
    said = shape(case.to_dict())
    assert said["alarms"] == ["a", "b"]
    assert (said["person"], said["state"]) == (None, "sent")
    assert said["sent_at"] == "1970-01-01T00:00:01.000Z"
    assert said["delivered_at"] is None
