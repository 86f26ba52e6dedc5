"""The channels of a site, made of what its folder says, and what the machine of notifications has to know of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from edge.dispatch.channel import Channel
from edge.dispatch.channels.desk import DeskChannel
from edge.dispatch.channels.push import PushChannel
from edge.dispatch.channels.sms.channel import RingChannel, SmsChannel
from edge.dispatch.pending import Route
from edge.domain.instant import Instant
from edge.domain.notification import ChannelSpec
from edge.domain.roster import Roster
from edge.driver import Messenger


def make_channels(
    specs: Iterable[ChannelSpec],
    roster: Roster,
    messengers: Mapping[str, Messenger],
    now: Callable[[], Instant],
) -> dict[str, Channel]:
    """By id. messengers: the modems, by id of their source; KeyError for a channel whose modem is none of them."""
    made: dict[str, Channel] = {}
    for spec in specs:
        made[spec.id] = _channel(spec, roster, messengers, now)
    return made


def _channel(
    spec: ChannelSpec, roster: Roster, messengers: Mapping[str, Messenger], now: Callable[[], Instant]
) -> Channel:
    def utc() -> int:
        return now().utc

    if spec.kind == "desk":
        return DeskChannel(spec.id, spec.name, utc)
    if spec.kind == "sms":
        return SmsChannel(spec.id, spec.name, messengers[spec.modem], roster.persons, utc)
    if spec.kind == "ring":
        return RingChannel(spec.id, spec.name, messengers[spec.modem], roster.persons, utc)
    addresses = {p.id: p.addresses[spec.id] for p in roster.persons.values() if spec.id in p.addresses}
    return PushChannel(spec.id, spec.name, Path(spec.url_file), now, addresses, spec.rate)


def routes(specs: Iterable[ChannelSpec], channels: Mapping[str, Channel]) -> dict[str, Route]:
    """What the decisions know of each channel."""
    return {
        spec.id: Route(way.kind, way.proves, way.capacity, way.reaches, spec.silence, partial(_ready, way))
        for spec in specs
        if (way := channels.get(spec.id)) is not None
    }


def _ready(way: Channel) -> bool:
    return way.report().state != "not_set_up"
