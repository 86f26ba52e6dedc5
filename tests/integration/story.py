"""A story as the hub's journal tells it, from the moment that a scene begins."""

from __future__ import annotations

import asyncio
import io
import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from PIL import Image

from edge.domain.fact import Fact, Seq
from edge.domain.instant import SECOND
from edge.facade import Account, Role
from edge.hub import RunningHub
from web.auth.secrets import digest, new_token

PATIENCE = 120.0  # seconds after which it will not come, however busy the machine is
BUSY = 5.0
"""Seconds that a busy machine may add to what a story promises. How fast a hub is on a quiet one, the benches say."""
_FIRST_DAY = date(2026, 1, 1)
"""Of the patrol's four days, on which 何军 has the day."""
TOLD = frozenset({"alarm", "command", "notification", "escalation", "order", "incident", "hazard", "drill"})
"""Subjects whose steps are printed."""


def clock_at(hour: int, minute: int, days: int = 0) -> int:
    """µs from the machine's clock to this time of day at the site, so many days from now."""
    now = datetime.now(ZoneInfo("Asia/Shanghai"))
    there = now.replace(hour=hour, minute=minute, second=0)
    return round((there - now).total_seconds() * SECOND) + days * 86400 * SECOND


def in_the_morning() -> int:
    """10:00 of the next working day on which 何军 patrols."""
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    days = (n for n in range(40) if (today + timedelta(n) - _FIRST_DAY).days % 4 == 0)
    return clock_at(10, 0, next(n for n in days if (today + timedelta(n)).weekday() < 5))


async def panel(hub: RunningHub, address: str, person: str) -> httpx.AsyncClient:
    """A client of pages and API for this person."""
    token = new_token()
    await hub.accounts.put_token(digest(token), Account(person, person, Role.ADMIN), "test")
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=f"http://{address}", headers=headers, trust_env=False, timeout=30)


def photo() -> bytes:
    """A picture that no other is like."""
    picture = io.BytesIO()
    Image.frombytes("RGB", (320, 240), secrets.token_bytes(3 * 320 * 240)).save(picture, "JPEG")
    return picture.getvalue()


class Story:
    """The hub's facts since the scene began, as the journal has them."""

    def __init__(self, hub: RunningHub) -> None:
        self._hub = hub
        self._at: Seq = hub.position()
        self.facts: list[Fact] = []

    async def until(self, kind: str, wanted: Callable[[dict[str, Any]], bool]) -> Fact:
        """The first fact of the kind whose body is wanted; it may have come before."""
        seen = 0
        async with asyncio.timeout(PATIENCE):
            while True:
                for fact in self.facts[seen:]:
                    if fact.kind == kind and wanted(dict(fact.body)):
                        return fact
                seen = len(self.facts)
                await self._hub.wait_facts(self._at)
                self._take(await self._hub.facts(self._at))

    def _take(self, facts: Any) -> None:
        assert facts is not None
        self.facts += facts
        self._at = self.facts[-1].seq if facts else self._at

    def all(self, kind: str, /, **body: Any) -> list[Fact]:
        """Facts of a kind whose body has these values."""
        return [f for f in self.facts if f.kind == kind and all(f.body[k] == v for k, v in body.items())]

    def told(self, since: int) -> str:
        """Step times, one line each."""
        return "\n".join(
            f"{(fact.time - since) / SECOND:8.2f} s  {fact.kind:24} {_what(fact)}"
            for fact in self.facts
            if fact.subject in TOLD
        )


def _what(fact: Fact) -> str:
    body = fact.body
    if fact.subject == "drill":
        return f"{body['last'] or '':18} {fact.by or ''}"
    if fact.subject in {"incident", "hazard"}:
        what = body.get("step") if fact.kind.startswith("incident.step") else ""
        return f"{what or '':18} {fact.by or ''}"
    what = body.get("point") or body.get("output") or body.get("channel") or ""
    return f"{what:18} {body.get('person') or ''} {body.get('act') or body.get('message') or fact.by or ''}"


def at(point: str) -> Callable[[dict[str, Any]], bool]:
    return lambda body: body["point"] == point


def output(id: str, act: str) -> Callable[[dict[str, Any]], bool]:
    return lambda body: (body["output"], body["act"]) == (id, act)


def after(fact: Fact, since: int) -> float:
    return (fact.time - since) / SECOND
