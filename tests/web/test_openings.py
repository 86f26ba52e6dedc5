"""Who looks at pictures, why, and how often that is put on record."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edge.domain.footage import OpenFootage
from edge.domain.instant import Instant
from edge.domain.request import Refusal
from web.openings import QUARTER, Openings

LOOK = OpenFootage("guard", "duty", camera="cm-01")


class Record:
    """A hub that takes its time over what it puts on record. refuses: it cannot."""

    def __init__(self) -> None:
        self.mono = 1
        self.acts: list[OpenFootage] = []
        self.refuses = False

    def now(self) -> Instant:
        return Instant(self.mono, self.mono)

    async def act(self, act: OpenFootage) -> None:
        await asyncio.sleep(0)
        if self.refuses:
            raise Refusal("not_saved", "the journal cannot be written")
        self.acts.append(act)


@pytest.fixture
def hub() -> Any:
    return Record()


async def test_three_pictures_at_once_are_one_look(hub: Any) -> None:
    openings = Openings()
    await asyncio.gather(*(openings.record(hub, "live cm-01", LOOK) for _ in range(3)))
    assert hub.acts == [LOOK]
    hub.mono += QUARTER
    await openings.record(hub, "live cm-01", LOOK)
    assert len(hub.acts) == 2


async def test_what_was_refused_is_tried_again(hub: Any) -> None:
    openings = Openings()
    hub.refuses = True
    with pytest.raises(Refusal):
        await openings.record(hub, "live cm-01", LOOK)
    hub.refuses = False
    await openings.record(hub, "live cm-01", LOOK)
    assert hub.acts == [LOOK]


async def test_another_reason_is_another_look(hub: Any) -> None:
    openings = Openings()
    openings.open("s1", "guard", "duty", hub.mono)
    await openings.record(hub, "live cm-01", LOOK)
    openings.open("s1", "guard", "verify", hub.mono)
    await openings.record(hub, "live cm-01", LOOK)
    assert len(hub.acts) == 2


def test_a_reason_ends_a_quarter_of_an_hour_after_the_last_picture() -> None:
    openings = Openings()
    openings.open("s1", "guard", "duty", 0)
    openings.goes_on("s1", QUARTER - 1)
    assert openings.reason("s1", 2 * QUARTER - 2) == "duty"
    assert openings.reason("s1", 2 * QUARTER - 1) is None
    openings.goes_on("s1", 2 * QUARTER)
    assert openings.reason("s1", 2 * QUARTER) is None
    assert openings.reason("s2", 0) is None


def test_a_granted_request_is_for_its_person_and_its_pictures() -> None:
    openings = Openings()
    openings.grant("guard", ["st-1", "st-2"], 0)
    assert openings.granted("guard", 1) == ["st-1", "st-2"]
    assert openings.granted("admin", 1) == []
    assert openings.granted("guard", QUARTER) == []


async def test_what_is_over_is_forgotten(hub: Any) -> None:
    openings = Openings()
    for number in range(1000):
        await openings.record(hub, f"stills {number}", LOOK)
    hub.mono += QUARTER
    await openings.record(hub, "stills x", LOOK)
    assert len(openings._noted) == 1
