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
from edge.domain.instant import DAY, HOUR, MINUTE, SECOND, Instant
from edge.domain.power import PowerPlan, Supply
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


async def test_a_far_step_is_asked_about_twice_and_age_waits(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.moved.says = Witness(ntp=True)
    await desk.power.look(desk.moved.at)
    for utc in (START + 93 * DAY, START - 93 * DAY):
        desk.moved.says = Witness(service=True)
        desk.moved.at = replace(desk.moved.at, utc=utc)
        await desk.power.look(desk.moved.at)
        with pytest.raises(Refusal) as refused:
            await desk.power.confirm_clock("wang")
        assert refused.value.code == "far"
        with pytest.raises(Refusal, match=r"\+3652 days") as refused:
            await desk.power.set_clock(desk.power.clock().now + 3652 * DAY, "wang")
        assert refused.value.code == "far"
    await desk.power.confirm_clock("wang", sure=True)
    ok, words = desk.power.check(desk.moved.at)
    assert not ok
    assert "nothing is deleted" in words.en
    with pytest.raises(Refusal):
        await desk.power.confirm_clock("wang")
    await desk.power.confirm_clock("wang", sure=True)
    assert desk.power.check(desk.moved.at)[0]


async def test_a_repeat_of_a_key_changes_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    first, again = await asyncio.gather(
        desk.power.confirm_clock("wang", key="wang/1"), desk.power.confirm_clock("wang", key="wang/1")
    )
    assert first == again
    assert len(desk.facts) == 1
    assert await desk.power.set_clock(START + HOUR, "wang", key="wang/1") == again


async def test_a_far_step_that_a_time_server_vouches_for_is_a_fact(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.moved.says = Witness(ntp=True)
    await desk.power.look(desk.moved.at)
    desk.facts.clear()
    desk.moved.at = replace(desk.moved.at, utc=START + 3652 * DAY)
    await desk.power.look(desk.moved.at)
    await desk.power.look(desk.moved.at)
    ((kind, _, body),) = desk.facts
    assert (kind, body["was"], body["quality"]) == ("clock.changed", "ntp", "ntp")
    assert body["step"] == 3652 * DAY / SECOND
    assert not desk.power.check(desk.moved.at)[0]


async def test_the_machine_is_asked_to_rest_although_the_line_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.power.keeper._NOTED_WITHIN", 0.05)
    monkeypatch.setattr("edge.power.stopping.HELD", 0)
    desk = Desk(tmp_path)
    asked: list[str] = []

    async def hangs(_kind: str, _by: str | None, _body: Mapping[str, Any]) -> None:
        await asyncio.Event().wait()

    class Asked(Requests):
        async def ask(self, name: str, content: str, within: float = 10.0) -> bool:
            asked.append(f"{name} {content} {within}")
            return True

    values: Mapping[str, Any] = {"mains-lost": True, "battery-low": True}

    def point(name: str) -> PointState | None:
        value = values.get(name.removeprefix("up-01."))
        return PointState(None, value, START, START, Trustworthy.GOOD, None, False, 1)  # type: ignore[arg-type]

    power = Power(TrustedClock(desk.moved, tmp_path), Asked(tmp_path), PowerPlan("up-01"))
    power.chores(hangs, point, list, desk.moved.at)
    async with asyncio.timeout(30):
        await power.look_at_supply(desk.moved.at)
    assert asked == ["rest up-01 10.0"]


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
