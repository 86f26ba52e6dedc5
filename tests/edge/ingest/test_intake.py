"""Steps 1 and 2 of the line: what a batch of messages comes to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from edge.domain.device import Device, DeviceProfile, PointSpec, Signal
from edge.domain.instant import Instant
from edge.domain.names import Text
from edge.domain.quantity import QUANTITIES
from edge.domain.reading import Delivery, Message, NewSession, ProtocolError, RawReading, Sample
from edge.ingest.binding import Directory
from edge.ingest.deliveries import Deliveries
from edge.ingest.intake import Intake, Taken
from edge.ingest.normalising import Normaliser
from edge.ingest.quarantine import Quarantine, Rejects

WORD = Text("字", "word")
START = 1_780_000_000_000_000
PROFILE = DeviceProfile(
    id="maker-model",
    maker="maker",
    model="model",
    category="smoke-detector",
    dialect="lines",
    points=(
        PointSpec("smoke", WORD, signal=Signal.FIRE),
        PointSpec("warmth", WORD, quantity=QUANTITIES["temperature"]),
    ),
    source="practice",
    expect=0,
    name=WORD,
    rate=2.0,
)


class Lines:
    """A dialect for tests: {"device": {"field": value, …}, …}; a body that is no object is malformed.

    The fields time, sequence and history are about the samples.
    """

    def parse(self, channel: str, payload: bytes) -> Sequence[Message]:
        if payload == b"defect":
            raise ZeroDivisionError
        return [Message(address, body) for address, body in json.loads(payload).items()]

    def samples(self, message: Message, profile: DeviceProfile | None) -> Sequence[Sample]:
        if not isinstance(message.body, dict):
            raise ProtocolError("no object")
        fields = dict(message.body)
        told = {name: fields.pop(name) for name in ("time", "sequence", "history") if name in fields}
        return [Sample(field, value, **told) for field, value in fields.items()]


class Door:
    """An intake with one source, "field", and two smoke detectors."""

    def __init__(self) -> None:
        devices = [Device(id, PROFILE, WORD, "b1", WORD, WORD, id) for id in ("sm-1", "sm-2")]
        self.rejects = Rejects()
        self.quarantine = Quarantine()
        self.deliveries = Deliveries()
        self.intake = Intake(
            {"field": Lines()},
            Directory(devices, {PROFILE.id: PROFILE}),
            Normaliser(),
            self.deliveries,
            self.quarantine,
            self.rejects,
        )

    def take(self, *batch: RawReading | NewSession, second: int = 0) -> Taken:
        return self.intake.take(batch, now(second))

    def refused(self) -> dict[str, int]:
        return {row.reason: row.count for row in self.rejects.rows()}


def now(second: int = 0) -> Instant:
    return Instant(START + second * 1_000_000, second * 1_000_000)


def raw(
    body: Any, packet: int | None = None, *, redelivered: bool = False, generation: int = 1
) -> RawReading:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    delivery = None if packet is None else Delivery(generation, packet, redelivered)
    return RawReading("field", "lines", "up", payload, now(), delivery=delivery)


def values(taken: Taken) -> list[tuple[str, object]]:
    return [(reading.point.id, reading.value) for reading in taken.readings]


@pytest.fixture
def door() -> Door:
    return Door()


FIRE = {"sm-1": {"smoke": True}}


@pytest.mark.parametrize("bad", [{"sm-2": "rubbish"}, {"sm-2": {"smoke": "perhaps"}}, {"nobody": "rubbish"}])
@pytest.mark.parametrize("first", [True, False], ids=["fire-first", "fire-last"])
def test_a_bad_share_of_a_payload_does_not_cost_the_good_ones(
    door: Door, bad: dict[str, Any], first: bool
) -> None:
    taken = door.take(raw(FIRE | bad if first else bad | FIRE, 1))
    assert values(taken) == [("sm-1.smoke", True)]
    assert sum(door.refused().values()) == 1
    assert len(taken.receipts) == 1


def test_a_defect_of_a_codec_is_counted_and_the_message_answered(door: Door) -> None:
    taken = door.take(raw(b"defect", 1), raw(FIRE, 2))
    assert door.refused() == {"codec_defect": 1}
    assert values(taken) == [("sm-1.smoke", True)]
    assert [receipt.key.delivery.packet for receipt in taken.receipts] == [1, 2]


def test_a_repeat_is_answered_and_not_read_again(door: Door) -> None:
    door.take(raw(FIRE, 1))
    pending = door.take(raw(FIRE, 1, redelivered=True, generation=2))
    assert (values(pending), len(pending.receipts)) == ([], 1)
    key = pending.receipts[0].key
    door.deliveries.stored(key.source, key.delivery.packet, key.digest)
    stored = door.take(raw(FIRE, 1, redelivered=True, generation=3))
    assert (values(stored), len(stored.receipts)) == ([], 0)
    assert [delivery.generation for _, delivery in stored.stored] == [3]
    assert door.intake.duplicates == 2


def test_behind_a_new_session_packet_ids_mean_other_messages(door: Door) -> None:
    """The queue keeps the order: what was heard before is of the old session, what comes behind is of the new one."""
    taken = door.take(raw(FIRE, 1), NewSession("field"), raw(FIRE, 1, redelivered=True, generation=2))
    assert values(taken) == [("sm-1.smoke", True)] * 2
    assert [receipt.key.delivery.generation for receipt in taken.receipts] == [2]
    assert taken.renewed == ["field"]
    assert door.intake.duplicates == 0


def test_the_receipts_of_a_batch_name_their_own_readings(door: Door) -> None:
    normal = {"sm-2": {"smoke": False, "warmth": 20.0}}
    taken = door.take(raw(FIRE, 1), raw(normal, 2), raw({"sm-2": {"smoke": True}}, 3))
    spans = [(receipt.first, receipt.last, receipt.alarming) for receipt in taken.receipts]
    assert spans == [(0, 1, ("sm-1.smoke",)), (1, 3, ()), (3, 4, ("sm-2.smoke",))]


def test_a_flooding_device_is_stored_and_not_evaluated_but_its_alarms_are(door: Door) -> None:
    taken = door.take(*(raw({"sm-1": {"warmth": float(n)}}) for n in range(5)), raw(FIRE))
    assert [reading.evaluate for reading in taken.readings] == [True, True, False, False, False, True]
    assert door.intake.rate_limited == 3
    later = door.take(raw({"sm-1": {"warmth": 1.0}}), second=1)
    assert [reading.evaluate for reading in later.readings] == [True]


def told(sequence: int, second: float | None, **fields: Any) -> RawReading:
    time = {} if second is None else {"time": START + round(second * 1_000_000)}
    return raw({"sm-1": {"sequence": sequence, **time, **fields}})


def evaluated(taken: Taken) -> list[tuple[str, object]]:
    return [(reading.point.spec.id, reading.value) for reading in taken.readings if reading.evaluate]


def test_a_resend_and_a_straggler_are_stored_and_counted_but_end_no_alarm(door: Door) -> None:
    taken = door.take(
        told(4, 4.0, smoke=False),
        told(5, 5.0, smoke=True),
        told(4, 4.0, smoke=False),  # overtaken
        told(5, 5.0, smoke=True),  # said once more
        told(6, 6.0, smoke=False),
    )
    assert len(taken.readings) == 5
    assert evaluated(taken) == [("smoke", False), ("smoke", True), ("smoke", True), ("smoke", False)]
    assert door.refused() == {"out_of_order": 1, "repeated": 1}


@pytest.mark.parametrize("second", [None, 9.0], ids=["without-a-clock", "later"])
def test_a_device_that_counts_anew_is_heard(door: Door, second: float | None) -> None:
    first = None if second is None else 5.0
    taken = door.take(told(5, first, smoke=True), told(1, second, smoke=False), told(2, second, smoke=True))
    assert evaluated(taken) == [("smoke", True), ("smoke", False), ("smoke", True)]
    assert door.refused() == {"out_of_order": 1}


def test_an_overtaken_value_may_still_raise_an_alarm(door: Door) -> None:
    taken = door.take(told(5, 5.0, warmth=20.0), told(4, 4.0, warmth=90.0))
    assert evaluated(taken) == [("warmth", 20.0), ("warmth", 90.0)]


def test_a_device_whose_clock_and_counter_began_anew_is_heard(door: Door) -> None:
    taken = door.take(told(5, 86400.0, smoke=True), told(1, 5.0, smoke=False), told(2, 6.0, smoke=False))
    assert evaluated(taken) == [("smoke", True), ("smoke", False), ("smoke", False)]


def test_a_clock_set_back_silences_nobody(door: Door) -> None:
    taken = door.take(told(5, 500.0, warmth=20.0), told(6, 5.0, warmth=21.0), told(7, 6.0, smoke=False))
    assert evaluated(taken) == [("warmth", 20.0), ("warmth", 21.0), ("smoke", False)]
    assert door.refused() == {}


def test_records_of_the_past_have_their_old_numbers_by_right(door: Door) -> None:
    door.take(told(5, 5.0, smoke=False))
    door.take(told(2, 2.0, smoke=False, history=True))
    assert door.refused() == {}


def test_a_stranger_is_kept_for_adoption(door: Door) -> None:
    taken = door.take(raw({"nobody": {"smoke": True}}))
    assert values(taken) == []
    assert [sender.address for sender in door.quarantine.senders()] == ["nobody"]
    assert door.refused() == {"unknown_device": 1}
