"""The clock set and confirmed through the machine, its changes as facts, the supply as its points say."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.clock import TrustedClock
from edge.domain.clock import Quality, Witness
from edge.domain.instant import HOUR, MINUTE, SECOND, Instant
from edge.domain.power import Supply
from edge.domain.reading import Quality as Trustworthy
from edge.domain.request import Refusal
from edge.facade import PointState
from edge.power.keeper import Power, supply
from edge.power.requests import Requests

START = 1_790_000_000 * SECOND


class Moved:
    def __init__(self) -> None:
        self.at = Instant(START, HOUR)
        self.says = Witness(service=True)

    def now(self) -> Instant:
        return self.at

    def witness(self) -> Witness:
        return self.says


class Desk:
    """A power keeper with its clock; facts it told."""

    def __init__(self, folder: Path, *, installed: bool = True) -> None:
        self.moved, self.facts = Moved(), list[tuple[str, str | None, Mapping[str, Any]]]()
        self.folder = folder
        self.power = Power(TrustedClock(self.moved, folder), Requests(folder if installed else None))
        self.power.chores(self.note, lambda _: None, list, self.moved.at)

    async def note(self, kind: str, by: str | None, body: Mapping[str, Any]) -> None:
        self.facts.append((kind, by, body))

    def machine(self) -> str:
        """As the service: sets the clock, then takes the request away."""
        request, deadline = self.folder / "set-time", time.monotonic() + 30
        while not request.exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        said = request.read_text()
        self.moved.at = replace(self.moved.at, utc=int(said.split()[0]) * SECOND)
        request.unlink()
        return said


async def test_the_clock_is_set_and_on_record_with_both_times(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert desk.power.clock().quality is Quality.ESTIMATED
    wanted = START + 48 * HOUR
    state, _ = await asyncio.gather(desk.power.set_clock(wanted, "wang"), asyncio.to_thread(desk.machine))
    assert (state.quality, state.trusted, state.now) == (Quality.HAND, True, wanted)
    ((kind, by, body),) = desk.facts
    assert (kind, by) == ("clock.set", "wang")
    assert (body["before"], body["after"]) == ("2026-09-21T14:13:20.000Z", "2026-09-23T14:13:20.000Z")


async def test_where_nothing_is_installed_the_way_to_do_it_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path, installed=False)
    assert not desk.power.clock().can_set
    with pytest.raises(Refusal, match="date -u -s '2026-09-21 15:13:20'") as refused:
        await desk.power.set_clock(START + HOUR, "wang")
    assert refused.value.code == "not_installed"
    assert not desk.power.clock().trusted
    assert desk.facts == []


@pytest.mark.parametrize(
    ("utc", "says", "code"),
    [
        (0, Witness(), "bad_time"),
        (5_000_000_000 * SECOND, Witness(), "bad_time"),
        (START, Witness(ntp=True), "ntp"),
    ],
)
async def test_what_cannot_be_set_is_refused(utc: int, says: Witness, code: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.moved.says = says
    await desk.power.look(desk.moved.at)
    with pytest.raises(Refusal) as refused:
        await desk.power.set_clock(utc, "wang")
    assert refused.value.code == code


async def test_a_leap_its_end_and_a_confirmation_are_facts(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.moved.says = Witness(ntp=True)
    await desk.power.look(desk.moved.at)
    desk.moved.says = Witness(service=True)
    desk.moved.at = replace(desk.moved.at, utc=START + HOUR)
    await desk.power.look(desk.moved.at)
    ok, words = desk.power.check(replace(desk.moved.at, trusted=False))
    assert not ok
    assert "leapt" in words.en
    await desk.power.confirm_clock("wang")
    assert [(kind, by) for kind, by, _ in desk.facts] == [
        ("clock.changed", None), ("clock.changed", None), ("clock.confirmed", "wang")
    ]  # fmt: skip
    assert desk.facts[1][2]["quality"] == "doubtful"
    assert desk.power.clock().now == START + HOUR


def test_a_supply_is_believed_while_it_is_heard() -> None:
    now = Instant(START, HOUR)

    def said(age: int, quality: Trustworthy = Trustworthy.GOOD, *, retained: bool = False) -> Supply:
        values: Mapping[str, Any] = {"mains-lost": True, "minutes-left": 2, "battery": 40.0}

        def point(name: str) -> PointState | None:
            if name not in values:
                return None
            at = START - age
            return PointState(None, values[name], at, at, quality, None, retained, 1)  # type: ignore[arg-type]

        return supply(point, now)

    assert said(MINUTE) == Supply(True, None, 2.0, 40.0)
    assert said(6 * MINUTE) == Supply()
    assert said(MINUTE, Trustworthy.BAD) == Supply()
    assert said(MINUTE, retained=True) == Supply(), "known before the start, not heard since"
    assert said(-HOUR) == Supply(), "received by a clock that was ahead"
    assert said(-SECOND) == Supply(True, None, 2.0, 40.0)
