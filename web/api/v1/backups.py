"""Backups: how they stand, one by hand, and letting go what is held."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.responses import JSONResponse
from typing_extensions import TypedDict

from edge.domain.backup import BackupJob, BackupState, KeptBackup, Rehearsal
from web.api.routers import api_router
from web.api.v1 import shapes
from web.api.v1.params import IdempotencyKey, TheHub, answer, scoped, shown
from web.api.v1.schema import Words
from web.auth import Perm, Visitor, require

router = api_router(tags=["health"])


class RehearsalShape(TypedDict):
    """A try to bring one back into a scratch folder."""

    at: str
    ok: bool
    detail: Words


class BackupShape(TypedDict):
    """One backup. size: bytes; where: "folder" (the second medium) and ids of targets; by: null by plan."""

    name: str
    made_at: str
    size: int
    where: list[str]
    by: str | None
    rehearsed: RehearsalShape | None
    problem: Words | None


class JobShape(TypedDict):
    """What is being done: step "making", "copying" (to `target`) or "rehearsing". done: bytes of about `all`."""

    step: str
    name: str
    by: str | None
    since: str
    target: str | None
    done: int
    all: int | None


class BackupsShape(TypedDict):
    """items: newest first. next is null: there are never more. folder "": none are planned.

    trouble: why the last try failed; waits: why none is begun; own_disk: the folder is on the hub's own disk.
    held: names from before the journal was lost at `held_since`, which stay until somebody lets them go.
    """

    items: list[BackupShape]
    next: None
    folder: str
    own_disk: bool
    sealed: bool
    targets: list[str]
    last_rehearsal: RehearsalShape | None
    next_due: str | None
    job: JobShape | None
    trouble: Words | None
    waits: Words | None
    held: list[str]
    held_since: str | None


class AskedShape(TypedDict):
    """name: of the backup that is made; it stands in the list once it is whole."""

    name: str
    job: JobShape | None


def shape(state: BackupState) -> BackupsShape:
    """How backups stand, as the API says it."""
    return {
        "items": [_backup(one) for one in state.kept],
        "next": None,
        "folder": state.folder,
        "own_disk": state.own_disk,
        "sealed": state.sealed,
        "targets": list(state.targets),
        "last_rehearsal": _rehearsal(state.last_rehearsal),
        "next_due": shapes.time_of(state.next_due),
        "job": _job(state.job),
        "trouble": None if state.trouble is None else shapes.words(state.trouble),
        "waits": None if state.waits is None else shapes.words(state.waits),
        "held": list(state.held),
        "held_since": shapes.time_of(state.held_since),
    }


def _backup(one: KeptBackup) -> BackupShape:
    return {
        "name": one.name,
        "made_at": shapes.time_of(one.made_at) or "",
        "size": one.size,
        "where": list(one.where),
        "by": one.by,
        "rehearsed": _rehearsal(one.rehearsal),
        "problem": None if one.problem is None else shapes.words(one.problem),
    }


def _rehearsal(one: Rehearsal | None) -> RehearsalShape | None:
    if one is None:
        return None
    return {"at": shapes.time_of(one.at) or "", "ok": one.ok, "detail": shapes.words(one.detail)}


def _job(job: BackupJob | None) -> JobShape | None:
    if job is None:
        return None
    return {
        "step": job.step,
        "name": job.name,
        "by": job.by,
        "since": shapes.time_of(job.since) or "",
        "target": job.target,
        "done": job.done,
        "all": job.all,
    }


@router.get("/backups", dependencies=[Depends(require(Perm.SEE))], responses=shown(BackupsShape))
async def backups(hub: TheHub) -> JSONResponse:
    """All that lie in the folder or at a target, and what is being done just now."""
    return answer(shape(hub.backups.state()))


@router.post("/backups", responses=shown(AskedShape))
async def make(
    hub: TheHub, visitor: Annotated[Visitor, Depends(require(Perm.BACKUP))], key: IdempotencyKey = None
) -> JSONResponse:
    """Make one now; the answer does not wait for it. While one is waited for, that one. 409 `no_backup`, `clock`."""
    name = await hub.backups.ask(visitor.name, scoped(visitor, key))
    return answer({"name": name, "job": _job(hub.backups.state().job)})


@router.post("/backups/release", responses=shown(BackupsShape))
async def release(hub: TheHub, visitor: Annotated[Visitor, Depends(require(Perm.BACKUP))]) -> JSONResponse:
    """Let go those from before the journal was lost: they go as their time is over. Once more changes nothing."""
    await hub.backups.release(visitor.name)
    return answer(shape(hub.backups.state()))
