"""Delivery keys: effects once, over reconnects and crashes."""

from __future__ import annotations

from edge.ingest.deliveries import Deliveries, Known, digest

ALARM = digest("zigbee2mqtt/sm-301", b'{"smoke":true}')
NORMAL = digest("zigbee2mqtt/sm-301", b'{"smoke":false}')


def test_the_same_payload_on_another_topic_is_another_message() -> None:
    assert digest("a", b"x") != digest("b", b"x")
    assert digest("a", b"x") == digest("a", b"x")


def test_a_repeat_is_known_from_the_line_to_the_store() -> None:
    known = Deliveries()
    assert known.look_up("zigbee", 7, ALARM) is Known.NEW
    known.taken("zigbee", 7, ALARM)
    assert known.look_up("zigbee", 7, ALARM) is Known.PENDING
    known.stored("zigbee", 7)
    assert known.look_up("zigbee", 7, ALARM) is Known.STORED


def test_another_message_under_a_used_packet_id_is_new() -> None:
    known = Deliveries()
    known.taken("zigbee", 7, ALARM)
    known.stored("zigbee", 7)
    assert known.look_up("zigbee", 7, NORMAL) is Known.NEW
    assert known.look_up("json", 7, ALARM) is Known.NEW


def test_after_a_crash_an_evaluated_report_is_stored_and_not_evaluated_again() -> None:
    known = Deliveries()
    known.restore(stored=[], evaluated=[("zigbee", 7, ALARM, ["sm-301.smoke"])])
    assert known.look_up("zigbee", 7, ALARM) is Known.EVALUATED
    known.taken("zigbee", 7, ALARM)
    assert known.look_up("zigbee", 7, ALARM) is Known.PENDING


def test_what_both_stores_kept_counts_as_stored() -> None:
    known = Deliveries()
    known.restore(stored=[("zigbee", 7, ALARM)], evaluated=[("zigbee", 7, ALARM, ["sm-301.smoke"])])
    assert known.look_up("zigbee", 7, ALARM) is Known.STORED
    assert not known.awaits("zigbee", "sm-301.smoke")


def test_a_normal_report_before_the_awaited_alarm_is_told_from_one_after_it() -> None:
    known = Deliveries()
    known.restore(stored=[], evaluated=[("zigbee", 8, ALARM, ["sm-301.smoke"])])
    # The broker repeats in its first order: 7 normal, 8 alarm, 9 normal. 7 precedes what was evaluated.
    assert known.awaits("zigbee", "sm-301.smoke")
    assert not known.awaits("zigbee", "sm-302.smoke")
    assert not known.awaits("json", "sm-301.smoke")
    known.taken("zigbee", 8, ALARM)
    assert not known.awaits("zigbee", "sm-301.smoke")  # 9 is evaluated


def test_a_new_session_means_other_messages_under_the_same_ids() -> None:
    known = Deliveries()
    known.restore(
        stored=[("zigbee", 7, ALARM), ("json", 7, ALARM)], evaluated=[("zigbee", 8, ALARM, ["p.x"])]
    )
    known.forget("zigbee")
    assert known.look_up("zigbee", 7, ALARM) is Known.NEW
    assert not known.awaits("zigbee", "p.x")
    assert known.look_up("json", 7, ALARM) is Known.STORED
