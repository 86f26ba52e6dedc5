"""Texts are told once, kept until they are on record, and never mixed."""

from __future__ import annotations

import random

import pytest

from drivers.at_modem.inbox import AGAIN, PARTS_KEPT, Inbox
from drivers.at_modem.pdu import encode_deliver, encode_report
from edge.driver import Arrived, Incoming

SENDER = "+8619900000003"
NOW = 1_800_000_000_000_000
HOUR = 3_600_000_000
LONG = "三号楼一单元已查看,误报。" * 12


class Desk:
    def __init__(self) -> None:
        self.told: list[Arrived | Incoming] = []
        self.rejected: list[tuple[str, str]] = []
        self.inbox = Inbox(lambda pdu, why: self.rejected.append((pdu, why)))

    def list(self, *pdus: str, at: float = 0.0) -> list[bool]:
        return [self.inbox.take(pdu, self.told.append, at) for pdu in pdus]

    @property
    def texts(self) -> list[str]:
        return [one.text for one in self.told if isinstance(one, Incoming)]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def pdus(text: str, utc: int = NOW, reference: int = 7) -> list[str]:
    return [pdu.hex().upper() for pdu in encode_deliver(SENDER, text, utc, reference=reference)]


def test_a_text_is_told_once_and_kept_until_it_is_released(desk: Desk) -> None:
    (one,) = pdus("1")
    assert [desk.list(one), desk.list(one, at=15.0)] == [[False], [False]]
    assert desk.texts == ["1"]
    desk.inbox.release(desk.told[0].id)  # type: ignore[union-attr]
    assert [desk.inbox.released(), desk.inbox.released()] == [True, False]
    assert desk.list(one, at=AGAIN + 1) == [True]
    assert desk.list(one, at=2 * AGAIN) == [True]
    assert desk.texts == ["1"]


def test_what_nobody_took_is_told_again_under_its_old_name(desk: Desk) -> None:
    desk.list(*pdus("1"))
    desk.list(*pdus("1"), at=AGAIN)
    assert desk.told == [desk.told[0]] * 2
    again = Desk()  # after a restart
    again.list(*pdus("1"))
    assert again.told == desk.told[:1]


def test_the_same_words_of_another_second_are_another_text(desk: Desk) -> None:
    desk.list(*pdus("1"), *pdus("1", NOW + 1_000_000))
    assert desk.texts == ["1", "1"]
    assert desk.told[0] != desk.told[1]


def test_the_parts_of_a_long_text_go_together(desk: Desk) -> None:
    parts = pdus(LONG)
    assert len(parts) == 3
    assert desk.list(*parts[:2]) == [False, False]
    assert desk.list(*parts, at=15.0) == [False, False, False]
    assert desk.texts == [LONG]
    desk.inbox.release(desk.told[0].id)  # type: ignore[union-attr]
    assert desk.list(*parts, at=30.0) == [True, True, True]
    assert desk.texts == [LONG]


@pytest.mark.parametrize("seed", range(6))
def test_the_part_of_an_old_text_joins_no_new_one(desk: Desk, seed: int) -> None:
    old, new = pdus("OLD" + LONG, NOW - 5 * HOUR), pdus(LONG + "new")
    assert len(old) == len(new)
    listed = [old[0], *new]
    random.Random(seed).shuffle(listed)
    for at in range(3):
        desk.list(*listed, at=float(at))
    assert desk.texts == [LONG + "new"]


def test_a_part_whose_rest_never_comes_is_put_aside_after_a_day(desk: Desk) -> None:
    part = pdus(LONG)[0]
    assert [desk.list(part, at=at) for at in (0.0, PARTS_KEPT - 1, PARTS_KEPT)] == [[False], [False], [True]]
    assert [(pdu, "never came" in why) for pdu, why in desk.rejected] == [(part, True)]


def test_reports_and_what_is_no_message_need_not_be_kept(desk: Desk) -> None:
    report = encode_report(3, SENDER, 0, NOW).hex().upper()
    assert desk.list(report, report, "00FF", "no hex") == [True] * 4
    assert desk.told == [Arrived("3", True, SENDER)]
    assert [pdu for pdu, _ in desk.rejected] == ["00FF", "no hex"]
