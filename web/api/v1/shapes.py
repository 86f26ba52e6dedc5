"""The JSON shapes of the API, in one place: every key always there, unknown values null, times RFC 3339 in UTC."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from edge.domain.alarm import Alarm, Suppression, Verdict
from edge.domain.conclusion import CASES
from edge.domain.device import LINK
from edge.domain.fact import Fact
from edge.domain.health import Check, Health, LinkReport, Rejected, Start
from edge.domain.instant import SECOND, to_rfc3339
from edge.domain.names import Text
from edge.domain.reading import Value
from edge.domain.storage import StorageState, Wear
from edge.facade import Bucket, Desk, DeviceState, Hub, PointState, Quarantined, Series, Totals
from web.api.v1.schema import (
    AlarmShape,
    CheckShape,
    DeskShape,
    DeviceShape,
    HealthShape,
    HealthzShape,
    LinkShape,
    Listing,
    PointShape,
    QuarantinedShape,
    RejectedShape,
    RowShape,
    SeriesShape,
    StartShape,
    StorageShape,
    SuppressionShape,
    TotalsShape,
    VerdictShape,
    WearShape,
    Words,
)

T = TypeVar("T")


def time_of(utc: int | None) -> str | None:
    """`utc` (µs) as the API writes it."""
    return None if utc is None else to_rfc3339(utc)


def plain(value: Value | None) -> Value | None:
    """`value` as JSON can say it: what is not finite is unknown."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def words(text: Text) -> Words:
    """Both languages."""
    return {"zh": text.zh, "en": text.en}


def listing(items: Iterable[T], next_: str | None = None) -> Listing[T]:
    """A page of a list."""
    return {"items": list(items), "next": next_}


def _suppression(s: Suppression | None) -> SuppressionShape | None:
    if s is None:
        return None
    return {
        "kind": s.kind,
        "until": time_of(s.until),
        "by": s.by,
        "reason": s.reason,
        "second": s.second,
    }


def _verdict(v: Verdict | None) -> VerdictShape | None:
    return None if v is None else {"kind": v.kind, "cause": v.cause, "by": v.by, "at": to_rfc3339(v.at)}


def alarm(a: Alarm, *, persisted: bool) -> AlarmShape:
    """persisted: whether the journal holds the last fact about it."""
    return {
        "id": a.id,
        "key": a.key,
        "rule": a.rule,
        "device": a.device,
        "point": a.point,
        "zone": a.zone,
        "place": words(a.place),
        "signal": a.signal.value,
        "priority": a.priority.value,
        "state": a.state.value,
        "active": a.active,
        "acked": a.acked,
        "latched": a.latched,
        "suppression": _suppression(a.suppression),
        "value": plain(a.value),
        "limit": _finite(a.limit),
        "unit": a.unit or None,
        "received_at": to_rfc3339(a.received_at),
        "raised_at": to_rfc3339(a.raised_at),
        "last_report_at": to_rfc3339(a.last_report_at),
        "returned_at": time_of(a.returned_at),
        "acked_at": time_of(a.acked_at),
        "acked_by": a.acked_by,
        "closed_at": time_of(a.closed_at),
        "closed_by": a.closed_by,
        "forced": a.forced,
        "closed_second": a.closed_second,
        "verdict": _verdict(a.verdict),
        "reports": a.reports,
        "purpose": a.purpose.value,
        "persisted": persisted,
        "title": words(a.title),
        "response": words(a.response),
        "level": a.level,
        "source_time": time_of(a.source_time),
        "photos": [{"id": p.id, "by": p.by, "at": to_rfc3339(p.at)} for p in a.photos],
        "seq": str(a.seq),
    }


def alarm_of(hub: Hub, a: Alarm) -> AlarmShape:
    """`a` as it stands, with the journal asked."""
    return alarm(a, persisted=hub.persisted(a.seq))


def fact(hub: Hub, f: Fact) -> dict[str, Any]:
    """`{"seq","kind","time","by","note", <subject>: {…}}`; a fact without a subject has its body as `detail`."""
    shape: dict[str, Any] = {
        "seq": str(f.seq),
        "kind": f.kind,
        "time": to_rfc3339(f.time),
        "by": f.by or None,
        "note": f.note,
    }
    if f.subject == "alarm":
        shape["alarm"] = alarm(Alarm.from_dict(dict(f.body)), persisted=hub.persisted(f.seq))
    elif f.subject in CASES:
        shape[f.subject] = case(f.body)
    elif f.body:
        shape[f.subject or "detail"] = tamed(f.body)
    return shape


_INTERNAL = frozenset({"remaining", "max_age"})  # what is left of a delay, for a restart
_MOMENTS = frozenset({"at", "since", "until", "taken", "wanted", "start", "end", "ended", "kept_until"})


def case(body: Mapping[str, Any]) -> dict[str, Any]:
    """A case of step 4 as the API shows it: its times in RFC 3339, its two-language texts as words."""
    return {key: _part(key, value) for key, value in body.items() if key not in _INTERNAL}


def _part(key: str, value: Any) -> Any:
    if value is None or isinstance(value, str | bool):  # most of them, for each fact that is streamed
        return value
    if isinstance(value, int):
        return to_rfc3339(value) if key in _MOMENTS or key.endswith("_at") else value
    if key == "times" and isinstance(value, Mapping):
        return {name: time_of(at) for name, at in value.items()}
    if key == "extensions":
        return [case({**each, "span": each["span"] // SECOND}) for each in value]
    if key == "mustered":
        return [time_of(at) for at in value]
    if isinstance(value, Mapping):
        return case(value)
    if isinstance(value, list | tuple):
        if key in {"measures", "name", "place", "task", "title", "todo", "unit"} and len(value) == 2:
            return {"zh": value[0], "en": value[1]}
        return [case(part) if isinstance(part, Mapping) else tamed(part) for part in value]
    return tamed(value)


def tamed(value: Any) -> Any:
    """`value` with every number that JSON cannot say made null."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): tamed(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [tamed(part) for part in value]
    return plain(value) if isinstance(value, float) else value


def device(state: DeviceState) -> DeviceShape:
    """A device with the ids of its points and open alarms."""
    d = state.device
    return {
        "id": d.id,
        "name": words(d.name),
        "profile": d.profile.id,
        "maker": d.profile.maker,
        "model": d.profile.model,
        "category": d.profile.category,
        "confirmed": d.profile.confirmed,
        "zone": d.zone,
        "place": words(d.place),
        "spot": words(d.spot),
        "dialect": d.profile.dialect,
        "address": d.address,
        "adopted": d.adopted,
        "online": state.online,
        "heard_at": time_of(state.heard_at),
        "points": [f"{d.id}.{spec.id}" for spec in (*d.profile.points, LINK)],
        "alarms": [a.id for a in state.alarms],
    }


def point(state: PointState) -> PointShape:
    """A point with its latest value."""
    spec = state.point.spec
    return {
        "id": state.point.id,
        "device": state.point.device.id,
        "name": words(spec.name),
        "quantity": spec.quantity.id if spec.quantity else None,
        "signal": spec.signal.value if spec.signal else None,
        "unit": state.point.unit or None,
        "value": plain(state.value),
        "time": time_of(state.time),
        "received_at": time_of(state.received),
        "quality": state.quality.value,
        "reason": state.reason.value if state.reason else None,
        "retained": state.retained,
    }


def live_value(state: PointState) -> dict[str, Any]:
    """One item of the stream's `values`."""
    return {
        "point": state.point.id,
        "v": plain(state.value),
        "t": time_of(state.time),
        "q": state.quality.value,
    }


def row(b: Bucket) -> RowShape:
    """One row of a trend."""
    return {
        "t": to_rfc3339(b.t),
        "v": plain(b.v),
        "q": b.q.value,
        "min": _finite(b.low),
        "max": _finite(b.high),
    }


def series(state: PointState, s: Series) -> SeriesShape:
    """The readings of one point."""
    return {
        "point": state.point.id,
        "unit": state.point.unit or None,
        "resolution": s.resolution,
        "count": s.count,
        "items": [row(b) for b in s.items],
        "next": s.next,
    }


def check(c: Check) -> CheckShape:
    """One check of the hub's health."""
    return {"ok": c.ok, "since": to_rfc3339(c.since), "detail": words(c.detail)}


def healthz(h: Health, version: str) -> HealthzShape:
    """What `/healthz` says."""
    return {
        "status": h.status,
        "version": version,
        "checks": {name: check(c) for name, c in h.checks.items()},
    }


def desk(d: Desk) -> DeskShape:
    """The desk's sound."""
    return {"silenced_until": time_of(d.silenced_until), "silenced_by": d.silenced_by}


def totals(t: Totals) -> TotalsShape:
    """The wall's strip."""
    return {
        "devices": t.devices,
        "online": t.online,
        "fire": t.fire,
        "gas": t.gas,
        "sos": t.sos,
        "fault": t.fault,
        "supervisory": t.supervisory,
        "disablement": t.disablement,
        "process": t.process,
        "unacknowledged": t.unacknowledged,
    }


def health(hub: Hub) -> HealthShape:
    """The hub's health with beat, totals and desk."""
    h = hub.health()
    return {
        **healthz(h, hub.version),
        "last_beat": time_of(h.last_beat),
        "last_self_test": time_of(h.last_self_test),
        "totals": totals(hub.totals()),
        "desk": desk(hub.desk()),
        "storage": storage(hub.storage()),
    }


def storage(state: StorageState | None) -> StorageShape | None:
    """Room, wear and losses; None before the first look."""
    if state is None:
        return None
    return {
        "total": state.total,
        "free": state.free,
        "reserve": state.reserve,
        "given_up": {str(what): count for what, count in state.given_up.items()},
        "wear": None if state.wear is None else wear(state.wear),
        "losses": [
            {"store": one.store, "file": one.file, "at": to_rfc3339(one.at), "saved": dict(one.saved)}
            for one in state.losses
        ],
    }


def wear(w: Wear) -> WearShape:
    """Bytes written a day, and what the card bears."""
    return {
        "hub_per_day": w.hub,
        "broker_per_day": w.broker,
        "disk_per_day": w.disk,
        "measured_s": w.span // SECOND,
        "card_bytes": w.size,
        "assumed_cycles": w.assumed.cycles,
        "assumed_write_amplification": w.assumed.amplification,
        "life_days": w.life_days,
        "used_percent": None if w.used is None else list(w.used),
        "spent": w.spent,
    }


def link(report: LinkReport) -> LinkShape:
    """One broker listener or bus."""
    return {
        "source": report.source,
        "kind": report.kind,
        "up": report.up,
        "since": to_rfc3339(report.since),
        "detail": words(report.detail),
        "received": report.received,
        "errors": report.errors,
        "last_message": time_of(report.last_message),
        "counters": dict(report.counters or {}),
        "slaves": {unit: dict(counts) for unit, counts in (report.slaves or {}).items()},
    }


def rejected(r: Rejected) -> RejectedShape:
    """What was refused."""
    return {
        "source": r.source,
        "reason": r.reason,
        "count": r.count,
        "last_at": to_rfc3339(r.last_at),
        "channel": r.last_channel,
        "sample": r.last_sample,
        "error": r.last_error,
    }


def start(s: Start) -> StartShape:
    """A start of the hub."""
    return {
        "at": to_rfc3339(s.at),
        "cause": s.cause,
        "version": s.version,
        "last_stopped": None if s.stopped is None else to_rfc3339(s.stopped),
        "undervolted": s.undervolted,
    }


def quarantined(q: Quarantined) -> QuarantinedShape:
    """A sender nobody knows."""
    return {
        "source": q.source,
        "dialect": q.dialect,
        "address": q.address,
        "count": q.count,
        "first_at": to_rfc3339(q.first_at),
        "last_at": to_rfc3339(q.last_at),
        "sample": q.sample,
        "values": {name: plain(value) for name, value in q.values.items()},
    }
