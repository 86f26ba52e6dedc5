"""What could not be used is counted, kept as a sample, and bounded."""

from __future__ import annotations

import pytest

from edge.ingest.quarantine import CODEC_DEFECT, SENDERS, Quarantine, Rejects, printable


def test_samples_are_readable_whatever_the_bytes() -> None:
    assert printable('{"名":1}'.encode()) == '{"名":1}'
    assert printable(b"\xff\x00\n<script>") == "\\xff\\x00\\n<script>"
    assert len(printable(b"\x00" * 5000)) == 200


def test_a_flood_of_invented_senders_keeps_the_newest() -> None:
    quarantine = Quarantine()
    for n in range(SENDERS + 10):
        quarantine.hold("json", "json", f"x-{n}", b"{}", {}, n)
    senders = quarantine.senders()
    assert len(senders) == SENDERS
    assert senders[0].address == f"x-{SENDERS + 9}"
    assert quarantine.total == SENDERS + 10


def test_one_sender_is_one_row_with_its_last_words() -> None:
    quarantine = Quarantine()
    quarantine.hold("zigbee", "zigbee2mqtt", "new", b'{"smoke":false}', {"smoke": False}, 1)
    quarantine.hold("zigbee", "zigbee2mqtt", "new", b'{"smoke":true}', {"smoke": True}, 2)
    (sender,) = quarantine.senders()
    assert (sender.count, sender.first_at, sender.last_at, dict(sender.values)) == (2, 1, 2, {"smoke": True})


def test_refusals_are_counted_by_source_and_reason() -> None:
    rejects = Rejects()
    rejects.count("json", "malformed", "a", b"{", "truncated", 1)
    rejects.count("json", "malformed", "b", b"[", "truncated too", 2)
    rejects.count("bus-1", "crc", "bus-1/1", b"\x01", "CRC", 3)
    crc, malformed = rejects.rows()
    assert (crc.source, crc.count) == ("bus-1", 1)
    assert (malformed.count, malformed.last_channel, malformed.last_sample) == (2, "b", "[")


def test_an_error_of_the_program_is_logged_once_with_its_trace(caplog: pytest.LogCaptureFixture) -> None:
    rejects = Rejects()
    for n in range(3):
        rejects.defect("zigbee", CODEC_DEFECT, "zigbee2mqtt/sm-301", b"{}", KeyError("smoke"), n)
    rejects.count("zigbee", "malformed", "zigbee2mqtt/sm-301", b"{", "no JSON", 4)
    (row,) = rejects.defects()
    assert (row.count, row.last_error) == (3, "KeyError: 'smoke'")
    (logged,) = caplog.records
    assert logged.exc_info
