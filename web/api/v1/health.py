"""How well the hub is: for anybody, for Prometheus, and for the persons of the house."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from edge.domain.instant import SECOND
from edge.facade import Metric
from web.api.routers import api_router
from web.api.v1 import shapes
from web.api.v1.described import content, describe
from web.api.v1.params import PROBLEM, TheHub, answer, shown
from web.api.v1.report_ledger import attachment
from web.api.v1.schema import (
    HealthShape,
    HealthzShape,
    LinkShape,
    Listing,
    QuarantinedShape,
    RejectedShape,
    StartShape,
    Words,
)
from web.auth import Perm, Visitor, require
from web.metrics import MEDIA_TYPE, exposition
from web.streams import Streams

_FOLDER: Final = re.compile(r"(?<![A-Za-z0-9_.])/[\w./@+~-]+")
_BACKED_UP: Final[Words] = {"zh": "正常", "en": "In order"}
_NOT_BACKED_UP: Final[Words] = {
    "zh": "备份未完成,原因见运行状态页",
    "en": "Missing, the reason is on the health page",
}

root = APIRouter(tags=["health"])
router = api_router(tags=["health"], dependencies=[Depends(require(Perm.SEE))])


@root.get("/healthz", responses={200: content(HealthzShape), 503: content(HealthzShape)})
async def healthz(hub: TheHub) -> JSONResponse:
    """Open to anybody; 503 while starting. armed: the self-test has passed; degraded: armed with a failing check."""
    health = hub.health()
    shape = shapes.healthz(health, hub.version)
    for name, check in shape["checks"].items():
        check["detail"] = _for_anybody(name, check["detail"], ok=check["ok"])
    return JSONResponse(shape, 503 if health.status == "starting" else 200)


def _for_anybody(name: str, detail: Words, *, ok: bool) -> Words:
    """Without folders, and without where backups lie and go: who has signed in is told these."""
    if name == "backup":
        return _BACKED_UP if ok else _NOT_BACKED_UP
    return {"zh": _FOLDER.sub("…", detail["zh"]), "en": _FOLDER.sub("…", detail["en"])}


@root.get(
    "/metrics",
    dependencies=[Depends(require(Perm.METRICS))],
    response_class=PlainTextResponse,
    responses={"4XX": PROBLEM},
)
async def metrics(request: Request, hub: TheHub) -> Response:
    """The hub's counters and gauges in Prometheus' text format."""
    streams: Streams = request.app.state.streams
    readers = Metric("stream_readers", "gauge", "Open live streams.", [({}, streams.readers)])
    return Response(exposition([*hub.metrics(), readers]), media_type=MEDIA_TYPE)


@router.get("/health", responses=shown(HealthShape))
async def health(hub: TheHub) -> JSONResponse:
    """As `/healthz`, with beat, totals and desk."""
    return answer(shapes.health(hub))


@router.get("/links", responses=shown(Listing[LinkShape]))
async def links(hub: TheHub) -> JSONResponse:
    """Broker listeners and buses, with their counters since start."""
    return answer(shapes.listing(shapes.link(report) for report in hub.links()))


@router.get("/rejected", responses=shown(Listing[RejectedShape]))
async def rejected(hub: TheHub) -> JSONResponse:
    """Messages refused, by source and reason, each with its last sample."""
    return answer(shapes.listing(shapes.rejected(r) for r in hub.rejected()))


@router.get("/quarantine", responses=shown(Listing[QuarantinedShape]))
async def quarantine(hub: TheHub) -> JSONResponse:
    """Senders nobody knows, waiting for adoption."""
    return answer(shapes.listing(shapes.quarantined(q) for q in hub.quarantined()))


@router.get("/logs", response_class=PlainTextResponse, responses={"4XX": PROBLEM})
async def logs(
    hub: TheHub,
    visitor: Annotated[Visitor, Depends(require(Perm.LOG))],
    mb: Annotated[int, Query(ge=1, le=8, description="how much of its end, MiB")] = 8,
) -> StreamingResponse:
    """The end of the hub's own log as a file, secrets hidden; who took it is noted in the journal."""
    await hub.note("log.downloaded", visitor.name, {"id": f"{mb} MiB"})
    moment = datetime.fromtimestamp(hub.civil(hub.now().utc) / SECOND, ZoneInfo(hub.site.timezone))
    name = f"edge-hub-{hub.site.id}-{moment:%Y%m%d-%H%M}.log"
    return StreamingResponse(
        hub.log_tail(mb << 20), media_type="text/plain; charset=utf-8", headers=attachment(name)
    )


@router.get("/starts", responses=shown(Listing[StartShape]))
async def starts(hub: TheHub) -> JSONResponse:
    """The last ten starts of the hub and why, newest first."""
    return answer(shapes.listing(shapes.start(start) for start in hub.starts()))


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> JSONResponse:
    """The description of this API."""
    return JSONResponse(describe(request.app))
