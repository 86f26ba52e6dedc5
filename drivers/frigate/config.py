"""Tables of the `frigate` dialect in site.toml, devices and profiles."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from drivers._mqtt.config import BrokerSettings, Table, combine
from edge.driver import DriverSchema

_WORD: Final = "[A-Za-z0-9_-]{1,64}"  # Frigate's own pattern for names of cameras and zones
_KEY: Final = re.compile(
    rf"(?P<camera>{_WORD})(?::zones=(?P<zones>{_WORD}(?:,{_WORD})*))?(?::score=(?P<score>[01](?:\.[0-9]+)?))?"
    r"(?::size=(?P<width>[0-9]{1,5})x(?P<height>[0-9]{1,5}))?"
)


def _topic(text: str) -> str:
    if any(mark in text for mark in "+#\0") or not all(text.split("/")):
        raise ValueError(f"{text!r} must be plain topic levels, as in frigate or house-3/frigate")
    return text


Topic = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_topic)]
Name = Annotated[str, Field(pattern=rf"^{_WORD}$")]
Pixels = Annotated[int, Field(ge=16, le=99_999)]


class FrigateListen(Table):
    """`[[mqtt.listen]]` with `dialect = "frigate"`.

    base: its `topic_prefix`. max_age: seconds without a word about an object in progress, after which it is over.
    """

    base: Topic = "frigate"
    max_age: Annotated[int, Field(ge=120, le=86_400)] = 300


class FrigateAddress(Table):
    """`address = { dialect = "frigate", camera = "lane", zones = ["lane"], score = 0.7, size = [1280, 720] }`.

    zones: of Frigate; only what stands in one of them counts; all of the picture when left out. score: least
    `top_score`. size: pixels of Frigate's `detect` picture, without which a box has no place in the picture.
    """

    camera: Name
    zones: Annotated[Sequence[Name], Field(max_length=16)] = ()
    score: Annotated[float, Field(ge=0, le=1)] = 0.0
    size: tuple[Pixels, Pixels] | None = Field(default=None, strict=False)

    @model_validator(mode="after")
    def _zones_once(self) -> Self:
        if len(set(self.zones)) != len(self.zones):
            raise ValueError("`zones` names one twice")
        return self


class FrigateProfileRead(Table):
    """Nothing to say for a whole device."""


class FrigatePointRead(Table):
    """`read = {…}` of a point. labels: of the objects that it stands for; its own `field` or id when left out."""

    labels: (
        Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(min_length=1)] | None
    ) = None


@dataclass(frozen=True, slots=True)
class Selection:
    """What of a camera is one device. address: the device's, as it stands in the hub."""

    address: str
    camera: str
    zones: tuple[str, ...] = ()
    score: float = 0.0
    size: tuple[int, int] | None = None


def address_key(address: FrigateAddress) -> str:
    """The device's address: the camera's name, and behind it what is set for it. See `selection_of`."""
    key = address.camera
    if address.zones:
        key += f":zones={','.join(address.zones)}"
    if address.score:
        key += f":score={round(address.score, 4):.4f}".rstrip("0").rstrip(".")
    if address.size is not None:
        key += ":size={}x{}".format(*address.size)
    return key


def selection_of(key: str) -> Selection:
    """What an address of `address_key` says; a text that is none is a camera's name."""
    found = _KEY.fullmatch(key)
    if found is None:
        return Selection(key, key)
    return Selection(
        key,
        found["camera"],
        tuple(found["zones"].split(",")) if found["zones"] else (),
        float(found["score"] or 0),
        (int(found["width"]), int(found["height"])) if found["width"] else None,
    )


SCHEMA: Final = DriverSchema(
    dialect="frigate",
    kind="mqtt",
    connection=FrigateListen,
    address=FrigateAddress,
    profile=FrigateProfileRead,
    point=FrigatePointRead,
    key=address_key,
    parent=BrokerSettings,
    combine=combine,
    sees=True,
)
