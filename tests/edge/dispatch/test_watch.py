from __future__ import annotations

import pytest

from edge.dispatch.watch import DeskWatch, Presence
from edge.domain.conclusion import Alive, Happened
from edge.domain.fact import Numbering
from edge.domain.instant import SECOND, Instant
from edge.domain.request import Refusal
from edge.domain.watch import Away

START = 1_790_000_000 * SECOND


class Desk:
    def __init__(self, numbering: Numbering | None = None) -> None:
        self.presence = Presence()
        self.tenant = DeskWatch(self.presence, numbering or Numbering(1, 0))

    def at(self, second: int, *signs: Alive) -> list[str]:
        now = instant(second)
        return [fact.kind for fact in self.tenant.conclude(Happened(receipts=signs), now).facts]


def instant(second: int) -> Instant:
    return Instant(START + second * SECOND, (1000 + second) * SECOND)


def test_a_phone_that_falls_silent_is_told_once_and_again_when_it_is_back() -> None:
    desk = Desk()
    begun = desk.tenant.act(Away("li", on=True), instant(0))
    assert [fact.kind for fact in begun.facts] == ["watch.begun"]
    assert desk.at(15, Alive("li", True)) == []
    assert desk.tenant.next_due() == instant(105).mono
    assert desk.at(104) == []
    assert desk.at(105) == ["watch.silent"]
    assert desk.at(200) == []
    assert desk.tenant.next_due() is None
    assert desk.at(210, Alive("li", True)) == ["watch.back"]


def test_a_phone_that_never_said_anything_is_silent_too() -> None:
    desk = Desk()
    desk.tenant.act(Away("li", on=True), instant(0))
    assert desk.at(90, Alive("wang", True)) == ["watch.silent"]


def test_a_phone_without_sound_is_no_desk() -> None:
    desk = Desk()
    desk.tenant.act(Away("li", on=True), instant(0))
    for second in range(0, 90, 15):
        assert desk.at(second, Alive("li", False)) == []
    assert desk.at(90, Alive("li", False)) == ["watch.silent"]


def test_who_is_back_at_the_desk_is_not_watched() -> None:
    desk = Desk()
    desk.tenant.act(Away("li", on=True), instant(0))
    (fact,) = desk.tenant.act(Away("li", on=False), instant(20)).facts
    assert (fact.kind, fact.body["open"], fact.body["ended_at"]) == (
        "watch.ended",
        False,
        START + 20 * SECOND,
    )
    assert desk.at(500) == []
    with pytest.raises(Refusal):
        desk.tenant.act(Away("li", on=False), instant(510))


def test_going_twice_changes_nothing() -> None:
    desk = Desk()
    first = desk.tenant.act(Away("li", on=True), instant(0))
    again = desk.tenant.act(Away("li", on=True), instant(50))
    assert not again.facts
    assert again.subject == first.subject


def test_after_a_restart_silence_counts_from_the_start() -> None:
    desk = Desk()
    row = desk.tenant.act(Away("li", on=True), instant(0)).subject
    assert row is not None
    fresh = Desk(Numbering(1, 9))
    fresh.tenant.restore([row], instant(300))
    assert fresh.at(389) == []
    assert fresh.at(390) == ["watch.silent"]


def test_a_wall_that_sounds_is_somebody_who_hears() -> None:
    desk = Desk()
    assert not desk.presence.hears(instant(0).mono)
    desk.at(0, Alive("", False))
    assert not desk.presence.hears(instant(0).mono)
    desk.at(1, Alive("", True))
    desk.at(2, Alive("", False))  # another wall, mute
    assert desk.presence.hears(instant(90).mono)
    assert not desk.presence.hears(instant(91).mono)


def test_who_is_not_away_is_no_desk() -> None:
    desk = Desk()
    desk.at(0, Alive("wang", True))
    assert not desk.presence.hears(instant(0).mono)
    desk.tenant.act(Away("li", on=True), instant(1))
    desk.at(2, Alive("li", True))
    assert desk.presence.hears(instant(2).mono)
