"""Step 3 for people: commands, in their turn on the line, each once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from hashlib import blake2b
from typing import Final

from edge.alarm.engine import AlarmEngine
from edge.alarm.outcome import Outcome
from edge.domain.alarm import Alarm, Desk
from edge.domain.fact import Fact
from edge.domain.instant import HOUR, Instant
from edge.domain.request import Acknowledge, AlarmRequest, Comment, Judge, Refusal, Silence
from edge.facade import Unavailable
from edge.store.facts import FactLog
from edge.store.journal import Answer, Entry

KEEP_ANSWERS: Final = 24 * HOUR
PATIENCE: Final = 0.5  # seconds the line waits for the journal to look up a closed alarm


class People:
    """Carries out what people ask, and remembers for a day what was asked under which Idempotency-Key."""

    def __init__(self, engine: AlarmEngine, log: FactLog, answers: Iterable[Answer]) -> None:
        self._engine = engine
        self._log = log
        self._answers = {(answer.account, answer.key): answer for answer in answers}

    async def carry_out(self, request: AlarmRequest, key: str | None, now: Instant) -> Alarm | Desk:
        """The whole object after the journal's commit; raises Refusal, Unavailable."""
        mark = blake2b(repr(request).encode(), digest_size=16).digest()
        known = self._answers.get((request.by, key or ""))
        if known is not None and now.utc - known.at < KEEP_ANSWERS:
            if known.digest != mark:
                raise Refusal("key_reused", "this Idempotency-Key was used for another request")
            return await self._subject(request)
        if not self._log.healthy and not isinstance(request, Acknowledge | Silence):
            # Both of these stop nothing but noise; whatever closes a case must be on record.
            raise Refusal(
                "not_saved", "the journal cannot be written: only acknowledging and silencing work now"
            )
        outcome = await self._decide(request, now)
        answers = []
        if key is not None:
            answers = [Answer(key, request.by, mark, getattr(request, "alarm", ""), now.utc)]
            self._answers = {k: a for k, a in self._answers.items() if now.utc - a.at < KEEP_ANSWERS}
            self._answers[request.by, key] = answers[0]
        if outcome.facts or answers:
            await self._log.record(Entry(facts=outcome.facts, alarms=outcome.alarms, answers=answers))
        return outcome.alarms[-1] if outcome.alarms else await self._subject(request)

    async def write(self, fact: Fact) -> None:
        """Journal something a person did that is no request; it gets its number here, in its turn."""
        await self._log.record(Entry(facts=[replace(fact, seq=self._log.numbering.next())]))

    async def _decide(self, request: AlarmRequest, now: Instant) -> Outcome:
        if isinstance(request, Silence) or request.alarm in self._engine.open():
            return self._engine.act(request, now)
        closed = await self._closed(request.alarm)
        if closed is None:
            raise Refusal("not_found", "no alarm with this id")
        if isinstance(request, Judge | Comment):
            return self._engine.amend(closed, request, now)
        if isinstance(request, Acknowledge) and closed.acked:
            return Outcome([], [], annunciated=False)
        raise Refusal("closed", "this alarm is closed already")

    async def _subject(self, request: AlarmRequest) -> Alarm | Desk:
        if isinstance(request, Silence):
            return self._engine.desk
        alarm = self._engine.open().get(request.alarm) or await self._closed(request.alarm)
        if alarm is None:
            raise Refusal("not_found", "no alarm with this id")
        return alarm

    async def _closed(self, id: str) -> Alarm | None:
        """Look up an alarm that is not open. The line waits for this, so a sick journal is not waited for long."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._log.alarm(id)
        except TimeoutError:
            raise Unavailable("the journal does not answer: try again") from None
