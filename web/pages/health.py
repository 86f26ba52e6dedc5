"""Health 运行状态: the beat, links, buses, queues, stores, and what was refused or not known."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from edge.facade import Metric
from web.auth import Perm, Visitor, hub_of, require
from web.i18n import mark as _
from web.pages import health_words, render

router = APIRouter(include_in_schema=False)

# Metrics a person asks for, in this order; the rest is for /metrics.
QUEUES: Final = {
    "messages_received_total": _("messages received"),
    "readings_stored_total": _("readings stored"),
    "duplicates_total": _("duplicates"),
    "rejected_total": _("messages rejected"),
    "quarantined_total": _("messages of unknown senders"),
    "inbox_depth": _("waiting in the inbox"),
    "readings_rate_limited_total": _("not evaluated, sent too often"),
}
STORES: Final = {
    "journal_seq": _("facts in the journal"),
    "journal_pending": _("facts not saved yet"),
    "store_bytes": _("size of the stores"),
    "telemetry_pending": _("readings not saved yet"),
    "telemetry_commit_seconds": _("telemetry commit"),
    "readings_lost_total": _("readings lost"),
    "disk_free_bytes": _("free on disk"),
}


@router.get("/health")
async def health(request: Request, visitor: Annotated[Visitor, Depends(require(Perm.SEE))]) -> HTMLResponse:
    """How well the hub is."""
    hub = hub_of(request)
    metrics = {metric.name: metric for metric in hub.metrics()}
    health, links = hub.health(), hub.links()
    sources = {link.source for link in links}
    return await render.page(
        request,
        visitor,
        "health.html",
        health=health,
        checks=health_words.grouped(check for check in health.checks.values() if check.name not in sources),
        means=health_words.MEANS,
        amber={"outside"} if health_words.cut_off(hub.channels()) else (),
        alarms={alarm.point: alarm for alarm in hub.open_alarms() if alarm.device == health_words.HUB},
        machine=health_words.measured(hub.points()),
        links=links,
        rejected=sorted(hub.rejected(), key=lambda r: -r.last_at),
        quarantined=sorted(hub.quarantined(), key=lambda q: -q.last_at),
        queues=_figures(metrics, QUEUES),
        stores=_figures(metrics, STORES),
        size=lambda count: _number("_bytes", count),
    )


def _figures(metrics: dict[str, Metric], wanted: dict[str, str]) -> list[tuple[str, str]]:
    """(what, total over all labels) of those metrics that exist."""
    return [
        (words, _number(name, sum(value for _labels, value in metrics[name].values)))
        for name, words in wanted.items()
        if name in metrics
    ]


def _number(name: str, value: float) -> str:
    if name.endswith("_bytes"):
        return f"{value / 1_000_000:,.1f} MB"
    if name.endswith("_seconds"):
        return f"{value * 1000:,.1f} ms"
    return f"{value:,.0f}"
