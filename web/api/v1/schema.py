"""The API's words as types: what OpenAPI shows, and what mypy holds `shapes` to."""

from __future__ import annotations

from typing import Any, Generic, NotRequired, TypeVar

from typing_extensions import TypedDict  # pydantic wants this one for OpenAPI before Python 3.12

from edge.domain.reading import Value

T = TypeVar("T")


class Words(TypedDict):
    """The same words in Chinese and English."""

    zh: str
    en: str


class Listing(TypedDict, Generic[T]):
    """A page of a list; `next` is the `cursor` of the following one."""

    items: list[T]
    next: str | None


class SuppressionShape(TypedDict):
    """Why an alarm makes no sound. second: the other person, where one alone may not."""

    kind: str
    until: str | None
    by: str
    reason: str
    second: str | None


class VerdictShape(TypedDict):
    """A person's judgement."""

    kind: str
    cause: str
    by: str
    at: str


class PhotoShape(TypedDict):
    """A picture of the evidence."""

    id: str
    by: str
    at: str


class AlarmShape(TypedDict):
    """One episode of one rule at one point."""

    id: str
    key: str
    rule: str
    device: str
    point: str
    zone: str
    place: Words
    signal: str
    priority: str
    state: str
    active: bool
    acked: bool
    latched: bool
    suppression: SuppressionShape | None
    value: Value | None
    limit: float | None
    unit: str | None
    received_at: str
    raised_at: str
    last_report_at: str
    returned_at: str | None
    acked_at: str | None
    acked_by: str | None
    closed_at: str | None
    closed_by: str | None
    forced: bool
    closed_second: str | None
    verdict: VerdictShape | None
    reports: int
    purpose: str
    persisted: bool
    title: Words
    response: Words
    level: int
    source_time: str | None
    photos: list[PhotoShape]
    seq: str


class FactShape(TypedDict):
    """One entry of the journal, with what it is about under the API's word for it. note: a person's own words."""

    seq: str
    kind: str
    time: str
    by: str | None
    note: str | None
    alarm: NotRequired[AlarmShape]
    detail: NotRequired[dict[str, Any]]


class DeviceShape(TypedDict):
    """One physical thing. online: null when it was never heard. alarms: ids of its open alarms."""

    id: str
    name: Words
    profile: str
    maker: str
    model: str
    category: str
    confirmed: bool
    zone: str
    place: Words
    spot: Words
    dialect: str
    address: str
    adopted: bool
    online: bool | None
    heard_at: str | None
    points: list[str]
    alarms: list[str]


class PointShape(TypedDict):
    """One measurable of a device, with its latest value."""

    id: str
    device: str
    name: Words
    quantity: str | None
    signal: str | None
    unit: str | None
    value: Value | None
    time: str | None
    received_at: str | None
    quality: str
    reason: str | None
    retained: bool


class RowShape(TypedDict):
    """One row of a trend: v the mean or the value, min and max within the bucket."""

    t: str
    v: Value | None
    q: str
    min: float | None
    max: float | None


class SeriesShape(TypedDict):
    """Readings of a point; count: exact number of raw rows in the span."""

    point: str
    unit: str | None
    resolution: str
    count: int
    items: list[RowShape]
    next: str | None


class CheckShape(TypedDict):
    """One thing the hub watches of itself."""

    ok: bool
    since: str
    detail: Words


class HealthzShape(TypedDict):
    """What anybody may know about the hub."""

    status: str
    version: str
    checks: dict[str, CheckShape]


class DeskShape(TypedDict):
    """The desk's sound; silenced_until null: it sounds."""

    silenced_until: str | None
    silenced_by: str | None


class TotalsShape(TypedDict):
    """Counts of the wall's strip: open alarms of purpose live, by signal."""

    devices: int
    online: int
    fire: int
    gas: int
    sos: int
    fault: int
    supervisory: int
    disablement: int
    process: int
    unacknowledged: int


class WearShape(TypedDict):
    """Bytes written a day, and what a card bears. null: it cannot be seen here, or not yet.

    hub: with its children; disk: by everybody on that disk. measured_s: over how long. life_days: an estimate on the
    two assumptions. used_percent: what an eMMC says of itself.
    """

    hub_per_day: int | None
    broker_per_day: int | None
    disk_per_day: int | None
    measured_s: int
    card_bytes: int
    assumed_cycles: int
    assumed_write_amplification: float
    life_days: int | None
    used_percent: list[int] | None
    spent: bool


class StoreLossShape(TypedDict):
    """A store that was begun anew within the last day. file: the damaged one that is kept."""

    store: str
    file: str | None
    at: str
    saved: dict[str, int]


class StorageShape(TypedDict):
    """The disk of the data folder, in bytes. given_up: for room, since the start."""

    total: int
    free: int
    reserve: int
    given_up: dict[str, int]
    wear: WearShape | None
    losses: list[StoreLossShape]


class HealthShape(HealthzShape):
    """`/healthz` and what a person in the house may know besides."""

    last_beat: str | None
    last_self_test: str | None
    totals: TotalsShape
    desk: DeskShape
    storage: StorageShape | None


class LinkShape(TypedDict):
    """One broker listener or bus, counted since start."""

    source: str
    kind: str
    up: bool
    since: str
    detail: Words
    received: int
    errors: int
    last_message: str | None
    counters: dict[str, int]
    slaves: dict[str, dict[str, int]]


class RejectedShape(TypedDict):
    """Messages of one source refused for one reason, with the last of them."""

    source: str
    reason: str
    count: int
    last_at: str
    channel: str
    sample: str
    error: str


class StartShape(TypedDict):
    """A start of the hub: first, stopped, killed, rebooted, power, panic or watchdog."""

    at: str
    cause: str
    version: str
    last_stopped: str | None
    undervolted: bool


class QuarantinedShape(TypedDict):
    """A sender nobody knows, and what its dialect makes of it."""

    source: str
    dialect: str
    address: str
    count: int
    first_at: str
    last_at: str
    sample: str
    values: dict[str, Value | None]


class SessionShape(TypedDict):
    """Who is signed in. csrf: goes into X-CSRF-Token of every writing request; null for a token."""

    name: str
    role: str
    display: str
    csrf: str | None


class PersonShape(TypedDict):
    """Somebody with an account."""

    name: str
    display: str
    role: str


class AtWallShape(TypedDict):
    """Who is known at a wall, for how much longer, and who could be: people with a PIN."""

    person: PersonShape | None
    seconds: int
    until: str | None
    people: list[PersonShape]


class OthersShape(TypedDict):
    """People with a PIN."""

    people: list[PersonShape]


class HandoverShape(TypedDict):
    """A hand-over (kind made; open while its watch lasts), or a change of shift without one (missed)."""

    id: str
    kind: str
    post: str
    at: str
    open: bool
    giver: str | None
    taker: str | None
    due_at: str | None
    left: dict[str, list[str]]
    items: dict[str, bool]


class OutageShape(TypedDict):
    """A device out of service: ended_by null when its time was over."""

    id: str
    device: str
    by: str
    second: str | None
    reason: str
    order: str | None
    since: str
    until: str
    open: bool
    ended_at: str | None
    ended_by: str | None


class AwayShape(TypedDict):
    """One stretch in which a person's phone was the desk. silent: no sign of life that hears for 90 s."""

    id: str
    person: str
    since: str
    open: bool
    silent: bool
    ended_at: str | None
