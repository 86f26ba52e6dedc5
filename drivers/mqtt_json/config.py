"""Tables of the `json` dialect in site.toml, devices and profiles."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from drivers._mqtt.config import BrokerSettings, StateTable, Table, combine
from drivers._mqtt.payload import TimeUnit
from drivers.mqtt_json.pointer import split_pointer
from drivers.mqtt_json.topics import DEVICE, TopicPattern
from edge.driver import DriverSchema


def _pointer(text: str) -> str:
    split_pointer(text)
    return text


def _pattern(text: str) -> str:
    TopicPattern.parse(text)
    return text


Pointer = Annotated[str, AfterValidator(_pointer)]
Pattern = Annotated[str, AfterValidator(_pattern)]


class JsonTopic(Table):
    """One entry of `topics`.

    pattern: `site/{device}/up`; other placeholders and `+` match any one level, a last `#` any rest.
    trusted: unknown senders are adopted with `profile`; their {device} becomes the device's id.
    """

    pattern: Pattern
    trusted: bool = False
    profile: str | None = None

    @model_validator(mode="after")
    def _profile_of_the_trusted(self) -> Self:
        if self.trusted and self.profile is None:
            raise ValueError("a trusted topic needs the `profile` its devices are adopted with")
        if self.profile is not None and not self.trusted:
            raise ValueError(
                "`profile` is for trusted topics: other devices have theirs in the device's own table"
            )
        return self


class JsonListen(Table):
    """`[[mqtt.listen]]` with `dialect = "json"`."""

    topics: Annotated[list[JsonTopic], Field(min_length=1)]

    @field_validator("topics")
    @classmethod
    def _distinct(cls, topics: list[JsonTopic]) -> list[JsonTopic]:
        filters: dict[str, str] = {}
        for topic in topics:
            name = TopicPattern.parse(topic.pattern).filter
            if name in filters:
                raise ValueError(f"{topic.pattern!r} and {filters[name]!r} stand for the same topics")
            filters[name] = topic.pattern
        return topics


class JsonAddress(Table):
    """`address = { dialect = "json", device = "gs-1203" }`: what stands for {device} in its topic."""

    device: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^/+#\x00]+$")]


class JsonProfileRead(Table):
    """`read = {…}` of a profile. Pointers are RFC 6901.

    time, sequence: the device's own clock and counter. history: where the device says that this is an old record.
    records: an array of records, each read by itself; what a record lacks of time, sequence and history is then
    looked for in the whole message.
    """

    time: Pointer | None = None
    time_unit: TimeUnit = "auto"
    sequence: Pointer | None = None
    history: Pointer | None = None
    records: Pointer | None = None


class JsonPointRead(StateTable):
    """`read = {…}` of a point. pointer: its value. unit_pointer: the unit, where the message itself says it.

    abnormal, normal: codes or words of a state, as in `abnormal = ["alarm"]` or `abnormal = [2, 3]`.
    number: nothing but a number will do, at a point that is neither measured nor a state (a counter).
    """

    pointer: Pointer
    unit_pointer: Pointer | None = None
    number: bool = False


def _down(text: str) -> str:
    if text.split("/").count(DEVICE) != 1:
        raise ValueError(f"{text!r}: {DEVICE} must stand for exactly one level, as in site/{DEVICE}/down")
    if any(mark in text.replace(DEVICE, "") for mark in "+#{}\0") or not text.isprintable():
        raise ValueError(
            f"{text!r}: a message goes to one topic: no `+`, no `#`, no placeholder but {DEVICE}"
        )
    return text


class JsonActWrite(Table):
    """`write = { topic = "site/{device}/down", payload = { cmd = "close" } }` of an output's act.

    topic: where the device listens. payload: sent as it stands here, as JSON, at QoS 1 and not retained.
    """

    topic: Annotated[str, Field(max_length=1000), AfterValidator(_down)]
    payload: Annotated[dict[str, Any], Field(min_length=1)]


def down(address: str, body: Any) -> tuple[str, dict[str, Any]]:
    """Topic and payload of an act for a device; ValueError when `body` is no act of this dialect."""
    if not isinstance(body, JsonActWrite):
        raise ValueError("this act has no topic and payload")  # noqa: TRY004 - what `message` promises
    return body.topic.replace(DEVICE, address), body.payload


def address_key(address: JsonAddress) -> str:
    """The device's address as the codec yields it."""
    return address.device


SCHEMA: Final = DriverSchema(
    dialect="json",
    kind="mqtt",
    connection=JsonListen,
    address=JsonAddress,
    profile=JsonProfileRead,
    point=JsonPointRead,
    key=address_key,
    parent=BrokerSettings,
    combine=combine,
    write=JsonActWrite,
)
