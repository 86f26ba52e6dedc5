from __future__ import annotations

import threading
import time
import tomllib
from dataclasses import dataclass

import numpy as np
import pytest

from drivers.camera import troubles, words
from drivers.camera.heart import _SEEN, KEPT, Asker, Heart
from drivers.camera.picture import Pictures
from drivers.camera.troubles import Trouble
from edge.domain.camera import FAULTS
from edge.resources import config_root


@dataclass
class StillReader:
    """A reader whose state is set by hand."""

    broken: float | None = 0.0
    calling: float | None = None
    patience: float = 10.0


class StillAsker:
    """An address that answers what it is told to."""

    def __init__(self) -> None:
        self.answer: tuple[float, Trouble | None] | None = None
        self.wanted = 0

    def want(self) -> None:
        self.wanted += 1


class Stage:
    """A heart in front of a camera that is played by hand; `t` is its clock."""

    def __init__(self) -> None:
        self.pictures = Pictures(5.0)
        self.reader = StillReader()
        self.asker = StillAsker()
        self.heart = Heart(self.pictures, self.reader, self.asker, 0.0)  # type: ignore[arg-type]
        self.t = 0.0
        self._number = 0
        self.states: list[str] = []

    def play(self, seconds: float, *, pictures: bool) -> None:
        until = self.t + seconds
        while self.t < until:
            if pictures:
                self._number += 1
                noise = np.random.default_rng(self._number).integers(40, 200, (36, 64, 3), np.uint8)
                self.pictures.came(self.t)
                self.pictures.looked(self.t, noise)
                self.reader.broken = None
            self.states.append(self.word)
            self.t += 0.2

    def connect(self) -> None:
        self.pictures.opened(self.t)

    @property
    def word(self) -> str:
        return self.heart.state(self.t).word

    @property
    def said(self) -> object:
        return self.heart.state(self.t).detail


def running() -> Stage:
    stage = Stage()
    stage.connect()
    stage.play(6.0, pictures=True)
    assert stage.word == "ok"
    stage.states.clear()
    return stage


def test_a_start_is_a_start_until_pictures_settle() -> None:
    stage = Stage()
    stage.play(1.0, pictures=False)
    stage.connect()
    stage.play(3.0, pictures=True)
    assert list(dict.fromkeys(stage.states)) == ["starting", "ok"]
    assert stage.said == words.STATES["ok"]


def test_a_start_without_pictures_is_lost_in_time_and_named_when_the_address_says_why() -> None:
    stage = Stage()
    stage.play(4.8, pictures=False)
    assert (stage.word, stage.said) == ("lost", troubles.NO_PICTURES.detail)
    stage.asker.answer = (stage.t - 1.0, troubles.PASSWORD)
    assert (stage.word, stage.said) == ("wrong-password", troubles.PASSWORD.detail)


def test_a_stall_asks_the_address_before_it_is_named() -> None:
    stage = running()
    stage.play(2.0, pictures=False)
    assert not stage.asker.wanted
    stage.play(0.6, pictures=False)
    assert stage.asker.wanted
    stage.play(2.0, pictures=False)
    assert stage.word == "lost"
    assert list(dict.fromkeys(stage.states)) == ["ok", "lost"]


def test_an_answer_from_before_the_trouble_is_not_believed() -> None:
    stage = running()
    stage.asker.answer = (stage.t - 3.0, troubles.REFUSED)
    stage.play(4.0, pictures=False)
    assert stage.word == "lost"
    stage.asker.answer = (stage.t, troubles.REFUSED)
    assert stage.word == "refused"


def test_a_break_that_heals_at_once_is_none() -> None:
    stage = running()
    stage.reader.broken = stage.t
    stage.asker.answer = (stage.t, troubles.REFUSED)
    stage.play(0.6, pictures=False)
    stage.connect()
    stage.play(3.0, pictures=True)
    assert set(stage.states) == {"ok"}


def test_a_fault_stays_until_pictures_have_settled() -> None:
    stage = running()
    stage.reader.broken = stage.t
    stage.play(4.0, pictures=False)
    assert stage.word == "lost"
    stage.states.clear()
    stage.connect()
    stage.play(1.0, pictures=True)
    assert stage.word == "lost"
    stage.play(1.0, pictures=True)
    assert stage.word == "ok"


def test_a_connection_that_breaks_off_again_and_again_is_lost() -> None:
    stage = running()
    for _ in range(5):
        stage.connect()
        stage.play(0.4, pictures=True)
        stage.reader.broken = stage.t
        stage.play(0.6, pictures=False)
    assert (stage.word, stage.said) == ("lost", troubles.BREAKS.detail)


def stall(stage: Stage) -> None:
    """Pictures for six seconds, then none on an open connection, until a new one brings some."""
    stage.connect()
    stage.play(6.0, pictures=True)
    stage.play(4.0, pictures=False)


def test_a_camera_that_stalls_again_and_again_is_lost_until_it_was_well_for_a_minute() -> None:
    stage = running()
    for _ in range(3):
        stall(stage)
    assert list(dict.fromkeys(stage.states)) == ["ok", "lost"]
    stage.states.clear()
    for _ in range(4):
        stall(stage)
    assert set(stage.states) == {"lost"}  # in between too, or no alarm would stand long enough
    stage.connect()
    stage.play(6.0, pictures=True)
    assert stage.said == troubles.BREAKS.detail
    stage.play(50.0, pictures=True)
    assert stage.word == "lost"
    stage.play(6.0, pictures=True)
    assert (stage.word, stage.said) == ("ok", words.STATES["ok"])
    stage.states.clear()
    stall(stage)
    stage.connect()
    stage.play(6.0, pictures=True)
    assert stage.word == "ok"  # it is counted anew


def test_losses_that_are_far_apart_are_none_too_many() -> None:
    stage = running()
    for _ in range(5):
        stall(stage)
        stage.connect()
        stage.play(60.0, pictures=True)
        assert stage.word == "ok"


def test_a_camera_that_breaks_off_is_said_to_until_what_keeps_it_away_has_lasted() -> None:
    stage = running()
    for _ in range(4):
        stall(stage)
    stage.connect()
    stage.play(6.0, pictures=True)
    stage.states.clear()
    stage.reader.broken = stage.t
    for _ in range(35):
        stage.asker.answer = (stage.t, troubles.REFUSED)
        stage.play(1.0, pictures=False)
        if stage.t - stage.reader.broken < KEPT:
            assert stage.said == troubles.BREAKS.detail
    assert (stage.word, stage.said) == ("refused", troubles.REFUSED.detail)
    assert list(dict.fromkeys(stage.states)) == ["lost", "refused"]


def test_that_a_picture_repeats_itself_is_known_whatever_is_said() -> None:
    stage = running()
    for _ in range(4):
        stall(stage)
    stage.connect()
    assert not stage.heart.frozen
    still = np.random.default_rng(1).integers(40, 200, (36, 64, 3), np.uint8)
    for _ in range(60):
        stage.pictures.came(stage.t)
        stage.pictures.looked(stage.t, still)
        stage.play(0.2, pictures=False)
    assert (stage.word, stage.heart.frozen) == ("lost", True)


def test_of_two_sentences_for_one_fault_the_first_stays() -> None:
    stage = running()
    stage.reader.broken = stage.t
    said = []
    for turn in range(20):
        stage.asker.answer = (stage.t, (troubles.NO_ANSWER, troubles.NO_ROUTE)[turn % 2])
        stage.play(1.6, pictures=False)
        said.append(stage.said)
    assert set(said[2:]) == {said[2]}
    for _ in range(17):
        stage.asker.answer = (stage.t, troubles.NO_ROUTE)
        stage.play(1.6, pictures=False)
    assert (stage.word, stage.said) == ("lost", troubles.NO_ROUTE.detail)


def test_a_camera_that_is_away_keeps_the_name_that_it_was_first_called_by() -> None:
    """Else one that restarts for ever would change it before any alarm has stood long enough."""
    stage = running()
    stage.reader.broken = stage.t
    for _ in range(20):
        for seconds, trouble in ((17.0, troubles.NO_ANSWER), (13.0, troubles.REFUSED)):
            until = stage.t + seconds
            while stage.t < until:
                stage.asker.answer = (stage.t, trouble)
                stage.play(1.0, pictures=False)
    assert list(dict.fromkeys(stage.states)) == ["ok", "lost"]
    stage.asker.answer = (stage.t + KEPT, troubles.REFUSED)  # and now it stays so
    stage.play(KEPT + 1.0, pictures=False)
    assert stage.word == "refused"


def test_the_name_of_a_fault_may_still_be_found_out_in_the_first_seconds() -> None:
    """A camera that is set to another stream breaks off its connections first."""
    stage = running()
    stage.reader.broken = stage.t
    for trouble, seconds in ((troubles.BROKEN_OFF, 3.0), (troubles.NOT_FOUND, 3.0)):
        stage.asker.answer = (stage.t, trouble)
        stage.play(seconds, pictures=False)
    assert stage.word == "no-stream"


def test_that_name_outlasts_the_delay_of_its_alarm() -> None:
    rules = tomllib.loads((config_root() / "rules/camera.toml").read_text("utf-8"))["rule"]
    away = [rule for rule in rules if rule["applies"]["point"] in set(FAULTS) - _SEEN]
    assert {rule["applies"]["point"] for rule in away} == set(FAULTS) - _SEEN
    assert max(rule["on_delay"] for rule in away) < KEPT


def test_a_source_without_pictures_is_named_as_what_it_is() -> None:
    stage = Stage()
    stage.heart = Heart(stage.pictures, stage.reader, stage.asker, 0.0, troubles.UNREADABLE)  # type: ignore[arg-type]
    stage.play(4.8, pictures=False)
    assert (stage.word, stage.said) == ("lost", troubles.UNREADABLE.detail)


def test_a_call_that_does_not_return_is_stuck() -> None:
    stage = Stage()
    stage.reader.calling = 1.0
    assert not stage.heart.stuck(4.0)
    assert stage.heart.stuck(11.1)


def test_an_asker_asks_when_told_and_not_all_the_time() -> None:
    asked = threading.Semaphore(0)
    go = threading.Semaphore(0)

    def ask() -> Trouble | None:
        asked.release()
        go.acquire()
        return troubles.REFUSED

    asker = Asker(ask)
    asker.start()
    assert asker.answer is None
    asker.want()
    assert asked.acquire(timeout=5)
    asker.want()  # while it is being asked
    asker.end()
    go.release()
    asker.join()
    assert not asked.acquire(blocking=False)
    assert asker.answer is not None
    assert asker.answer[1] == troubles.REFUSED
    later = Asker(ask)
    later.answer = (time.monotonic(), None)  # it was asked a moment ago
    later.want()
    assert not later._wanted.is_set()


def test_an_answer_that_nobody_foresaw_ends_no_asking(capsys: pytest.CaptureFixture[str]) -> None:
    asked = threading.Semaphore(0)

    def ask() -> Trouble | None:
        asked.release()
        raise ZeroDivisionError

    asker = Asker(ask)
    asker.start()
    asker.want()
    assert asked.acquire(timeout=5)
    asker.end()
    asker.join()
    assert asker.answer is not None
    assert asker.answer[1] is None
    assert "ZeroDivisionError" in capsys.readouterr().err
