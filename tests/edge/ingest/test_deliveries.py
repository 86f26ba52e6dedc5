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
    known.stored("zigbee", 7, ALARM)
    assert known.look_up("zigbee", 7, ALARM) is Known.STORED


def test_another_message_under_a_used_packet_id_is_new() -> None:
    known = Deliveries()
    known.taken("zigbee", 7, ALARM)
    known.stored("zigbee", 7, ALARM)
    assert known.look_up("zigbee", 7, NORMAL) is Known.NEW
    assert known.look_up("json", 7, ALARM) is Known.NEW


def test_after_a_crash_an_evaluated_report_is_awaited_until_it_is_repeated() -> None:
    known = Deliveries()
    known.restore(stored=[], evaluated=[("zigbee", 7, ALARM, ["sm-301.smoke"])])
    assert known.waiting
    assert known.look_up("zigbee", 7, ALARM) is Known.NEW  # to be stored
    assert known.awaits("zigbee", "sm-301.smoke")  # but not to be evaluated
    known.taken("zigbee", 7, ALARM)
    assert not known.waiting
    assert known.look_up("zigbee", 7, ALARM) is Known.PENDING


def test_a_stored_report_needs_its_key_in_the_journal_no_more() -> None:
    known = Deliveries()
    known.taken("zigbee", 7, ALARM)
    known.reported("zigbee", 7, ALARM)
    assert known.settled() == []
    known.stored("zigbee", 7, ALARM)
    assert known.settled() == [("zigbee", 7, ALARM)]
    assert known.settled() == []


def test_a_repeated_report_is_settled_when_it_is_stored_at_last() -> None:
    known = Deliveries()
    known.restore(stored=[], evaluated=[("zigbee", 7, ALARM, ["sm-301.smoke"])])
    known.taken("zigbee", 7, ALARM)
    known.stored("zigbee", 7, ALARM)
    assert known.settled() == [("zigbee", 7, ALARM)]


def test_what_is_no_report_is_never_settled() -> None:
    known = Deliveries()
    known.taken("zigbee", 7, NORMAL)
    known.stored("zigbee", 7, NORMAL)
    assert known.settled() == []


def test_a_late_receipt_does_not_speak_for_the_message_that_has_its_packet_id_now() -> None:
    known = Deliveries()
    known.taken("zigbee", 7, NORMAL)
    known.forget("zigbee")
    known.taken("zigbee", 7, ALARM)
    known.stored("zigbee", 7, NORMAL)
    assert known.look_up("zigbee", 7, ALARM) is Known.PENDING


def test_a_flood_on_one_source_forgets_its_own_oldest_keys_and_nobody_elses() -> None:
    known = Deliveries({"flood": 100, "zigbee": 20})
    known.taken("zigbee", 7, ALARM)
    known.stored("zigbee", 7, ALARM)
    for packet in range(1, 1000):
        known.taken("flood", packet, NORMAL)
        known.stored("flood", packet, NORMAL)
    assert known.look_up("zigbee", 7, ALARM) is Known.STORED
    assert known.look_up("flood", 900, NORMAL) is Known.STORED
    assert known.look_up("flood", 899, NORMAL) is Known.NEW


def test_a_key_whose_packet_id_was_given_to_another_message_is_awaited_no_more() -> None:
    known = Deliveries()
    known.restore(stored=[], evaluated=[("zigbee", 7, ALARM, ["sm-301.smoke"])])
    known.taken("zigbee", 7, NORMAL)
    assert not known.waiting
    assert known.settled() == [("zigbee", 7, ALARM)]


def test_a_message_that_is_no_repeat_ends_the_waiting_at_its_point() -> None:
    known = Deliveries()
    known.restore(stored=[], evaluated=[("zigbee", 7, ALARM, ["sm-301.smoke", "sm-301.tamper"])])
    known.passed("json", "sm-301.smoke")
    assert known.awaits("zigbee", "sm-301.smoke")
    known.passed("zigbee", "sm-301.smoke")
    assert not known.awaits("zigbee", "sm-301.smoke")
    assert known.awaits("zigbee", "sm-301.tamper")
    known.passed("zigbee", "sm-301.tamper")
    assert not known.waiting
    assert known.settled() == [("zigbee", 7, ALARM)]


def test_what_both_stores_kept_counts_as_stored() -> None:
    known = Deliveries()
    known.restore(stored=[("zigbee", 7, ALARM)], evaluated=[("zigbee", 7, ALARM, ["sm-301.smoke"])])
    assert known.look_up("zigbee", 7, ALARM) is Known.STORED
    assert not known.waiting
    assert known.settled() == [("zigbee", 7, ALARM)]  # left over by a crash


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
