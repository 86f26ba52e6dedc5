"""Step 3 for people: requests, in their turn on the line, each once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, Final

from edge.alarm.engine import AlarmEngine
from edge.alarm.outcome import Outcome
from edge.conclude import Conclude, Drawn
from edge.domain.alarm import Alarm, Desk
from edge.domain.conclusion import Answered, Effect, Receipt, Release
from edge.domain.fact import Fact
from edge.domain.instant import HOUR, Instant
from edge.domain.request import Acknowledge, AlarmRequest, Comment, Judge, Refusal, Request, Silence
from edge.facade import Unavailable
from edge.store.facts import FactLog
from edge.store.journal import Answer, Entry

KEEP_ANSWERS: Final = 24 * HOUR
COMMANDS: Final = "commands"  # the subject of a request that switches several outputs at once
PATIENCE: Final = 0.5  # seconds the line waits for the journal to look up a closed case

Subject = Alarm | Desk | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Done:
    """A request carried out: the whole object it was about, and what step 4 concluded, whose effects are still due."""

    subject: Subject
    drawn: Drawn


class People:
    """Carries out what people ask, and remembers for a day what was asked under which Idempotency-Key."""

    def __init__(
        self, engine: AlarmEngine, conclude: Conclude, log: FactLog, answers: Iterable[Answer]
    ) -> None:
        self._engine = engine
        self._conclude = conclude
        self._log = log
        self._answers = {(answer.account, answer.key): answer for answer in answers}

    async def carry_out(self, request: Request, key: str | None, now: Instant) -> Done:
        """Once its facts are in the journal, or in memory while that is sick; raises Refusal, Unavailable."""
        asked = getattr(request, "asked", "") or repr(request)
        mark = blake2b(f"{type(request).__name__} {asked}".encode(), digest_size=16).digest()
        known = self._answers.get((request.by, key or ""))
        if known is not None and now.utc - known.at < KEEP_ANSWERS:
            if known.digest != mark:
                raise Refusal("key_reused", "this Idempotency-Key was used for another request")
            return Done(await self._known(known.subject), Drawn())
        if not self._log.healthy and not getattr(request, "FAILS_OPEN", False):
            # What fails open stops nothing but noise, or starts a siren; whatever closes a case must be on record.
            raise Refusal(
                "not_saved", "the journal cannot be written: only acknowledging and silencing work now"
            )
        outcome, drawn = await self._decide(request, now)
        answers = []
        try:
            subject = await self._subject(request, outcome, drawn)
            if key is not None:
                answers = [Answer(key, request.by, mark, self._name(request, subject, drawn), now.utc)]
                self._answers = {k: a for k, a in self._answers.items() if now.utc - a.at < KEEP_ANSWERS}
                self._answers[request.by, key] = answers[0]
        finally:  # what was decided is in force: it is recorded, whatever its answer comes to
            facts = [*outcome.facts, *drawn.facts]
            if facts or answers:
                await self._log.record(Entry(facts=facts, alarms=outcome.alarms, answers=answers))
        return Done(subject, drawn)

    async def _subject(self, request: Request, outcome: Outcome, drawn: Drawn) -> Subject:
        subject: Subject | None = outcome.alarms[-1] if outcome.alarms else drawn.subject
        if subject is None and isinstance(request, AlarmRequest):
            subject = await self._known("" if isinstance(request, Silence) else request.alarm)
        if subject is None:
            raise Refusal("not_found", "there is nothing with this id")
        return subject

    def at_once(self, request: Request, now: Instant) -> tuple[Outcome, Drawn] | None:
        """What followed by itself, decided before what led to it is recorded; raises Refusal.

        None where the journal has to be asked first, or cannot be written: then it waits for its turn like any other.
        """
        if not self._log.healthy:
            return None
        if not isinstance(request, AlarmRequest):
            return Outcome([], [], annunciated=False), self._conclude.act(request, now)
        if not isinstance(request, Silence) and request.alarm not in self._engine.open():
            return None
        outcome = self._engine.act(request, now)
        return outcome, self._conclude.draw(outcome.facts, now)

    def heard(self, receipts: Iterable[Receipt], now: Instant) -> tuple[list[Receipt], list[Answer]]:
        """What came back, without the texts that are on record already, and what records those that are new.

        A power cut between a text's record and its deletion from the SIM gives it once more: the second "1" must not
        take another alarm.
        """
        fresh: list[Receipt] = []
        answers: list[Answer] = []
        for receipt in receipts:
            if isinstance(receipt, Answered) and receipt.key:
                answer = Answer(receipt.key, f"channel:{receipt.channel}", b"", "", now.utc)
                known = self._answers.get((answer.account, answer.key))
                if known is not None and now.utc - known.at < KEEP_ANSWERS:
                    continue
                self._answers[answer.account, answer.key] = answer
                answers.append(answer)
            fresh.append(receipt)
        return fresh, answers

    async def write(self, fact: Fact, now: Instant) -> Drawn:
        """Journal something a person did that is no request; it gets its number here, in its turn."""
        fact = replace(fact, seq=self._log.numbering.next())
        drawn = self._conclude.draw([fact], now)
        await self._log.record(Entry(facts=[fact, *drawn.facts]))
        return drawn

    async def _decide(self, request: Request, now: Instant) -> tuple[Outcome, Drawn]:
        if not isinstance(request, AlarmRequest):
            return Outcome([], [], annunciated=False), self._conclude.act(request, now)
        outcome = await self._handle(request, now)
        return outcome, self._conclude.draw(outcome.facts, now)

    async def _handle(self, request: AlarmRequest, now: Instant) -> Outcome:
        if isinstance(request, Silence) or request.alarm in self._engine.open():
            return self._engine.act(request, now)
        closed = await self._looked_up(request.alarm)
        if not isinstance(closed, Alarm):
            raise Refusal("not_found", "no alarm with this id")
        if isinstance(request, Judge | Comment):
            return self._engine.amend(closed, request, now)
        if isinstance(request, Acknowledge) and closed.acked:
            return Outcome([], [], annunciated=False)
        raise Refusal("closed", "this alarm is closed already")

    def _name(self, request: Request, subject: Subject, drawn: Drawn) -> str:
        """What a repeat of the request is answered with: an alarm's id, a case as "kind/id", several commands."""
        if isinstance(subject, Desk):
            return ""
        if isinstance(subject, Alarm):
            return subject.id
        if "id" not in subject:
            return f"{COMMANDS}/{' '.join(command['id'] for command in subject[COMMANDS])}"
        kinds = (fact.subject for fact in drawn.facts if fact.body.get("id") == subject["id"])
        return f"{next(kinds, self._conclude.kind_of(request))}/{subject['id']}"

    async def _known(self, name: str) -> Subject:
        """The object a request was about, as it stands now."""
        if not name:
            return self._engine.desk
        kind, _, ids = name.partition("/")
        if kind == COMMANDS:
            return {COMMANDS: [await self._known(f"command/{id}") for id in ids.split()]}
        found = self._engine.open().get(name) or await self._looked_up(name)
        if found is None:
            raise Refusal("not_found", "no alarm with this id" if "/" not in name else "no case with this id")
        return found

    async def _looked_up(self, name: str) -> Alarm | Mapping[str, Any] | None:
        """Look up what is not open. The line waits for this, so a sick journal is not waited for long."""
        kind, slash, id = name.partition("/")
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._log.case(kind, id) if slash else await self._log.alarm(name)
        except TimeoutError:
            raise Unavailable("the journal does not answer: try again") from None


def on_record(receipts: Iterable[Receipt]) -> list[Effect]:
    """Those who keep answers until they are recorded may let go of these."""
    return [Release(r.channel, r.key) for r in receipts if isinstance(r, Answered) and r.key]
