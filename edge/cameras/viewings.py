"""Who looked at footage and why; who wants to, and who said yes. Pure.

PIPL 26 and practice: pictures of public places are for safety alone, so each look at them has a person and a reason.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from typing import Final

from edge.domain.conclusion import Conclusion
from edge.domain.fact import Fact, Numbering
from edge.domain.footage import AskViewing, DecideViewing, OpenFootage, Viewing
from edge.domain.instant import DAY, MINUTE, Instant
from edge.domain.request import Refusal

LAPSE: Final = 30 * DAY  # a request nobody decides, or uses, ends: it keeps pictures from being erased
SPAN: Final = 31 * DAY
MOST_OPEN: Final = 200
_AHEAD: Final = MINUTE  # whoever types "until now" rounds up
_LONGEST: Final = 500


class Viewings:
    """Open requests. cameras: ids of devices."""

    def __init__(self, cameras: Container[str], numbering: Numbering) -> None:
        self._cameras = cameras
        self._numbering = numbering
        self._open: dict[str, Viewing] = {}

    def restore(self, viewing: Viewing) -> None:
        """Take an open one up."""
        self._open[viewing.id] = viewing

    def open(self) -> list[Viewing]:
        """Those that wait for a decision, or to be used."""
        return list(self._open.values())

    def look(self, request: OpenFootage, now: Instant, told: Conclusion) -> Viewing:
        """A person looks now. Refusal not_found, reason_required, closed (no request that was granted)."""
        if request.viewing is not None:
            granted = self._waiting(request.viewing)
            if granted.state != "granted":
                raise Refusal("closed", "the request has not been granted")
            seen = replace(
                granted, state="viewed", viewed_at=now.utc, closed_at=now.utc,
                stills=tuple(dict.fromkeys((*granted.stills, *request.stills))),
            )  # fmt: skip
            return self._record(seen, "footage.viewed", now, told, request.by)
        self._camera(request.camera)
        _words("why it is looked at", request.reason)
        seq = self._numbering.next()
        seen = Viewing(
            f"vw-{seq.epoch}-{seq.number}", now.utc, request.by, "viewed", request.camera, request.alarm,
            request.stills, reason=request.reason.strip(), viewed_at=now.utc, closed_at=now.utc,
        )  # fmt: skip
        told.facts.append(Fact(seq, "footage.viewed", now.utc, request.by, "viewing", seen.to_dict()))
        return seen

    def ask(self, request: AskViewing, now: Instant, told: Conclusion) -> Viewing:
        """Somebody wants to look. Refusal not_found, reason_required, bad_parameter, too_many, bad_time."""
        self._camera(request.camera)
        _words("who asks", request.asker)
        _words("why it is looked at", request.reason)
        if not 0 < request.end - request.start <= SPAN:
            raise Refusal("bad_parameter", "the span begins before it ends, and is a month at most")
        if request.end > now.utc + _AHEAD:
            raise Refusal("bad_time", "the span is over by now: what is still to come cannot be asked for")
        if len(self._open) >= MOST_OPEN:
            raise Refusal("too_many", f"{MOST_OPEN} requests wait already: decide them first")
        seq = self._numbering.next()
        asked = Viewing(
            f"vw-{seq.epoch}-{seq.number}", now.utc, request.by, "asked", request.camera,
            asker=request.asker.strip(), reason=request.reason.strip(), start=request.start, end=request.end,
            lapses_at=now.utc + LAPSE,
        )  # fmt: skip
        self._open[asked.id] = asked
        told.facts.append(Fact(seq, "viewing.asked", now.utc, request.by, "viewing", asked.to_dict()))
        return asked

    def decide(self, request: DecideViewing, now: Instant, told: Conclusion) -> Viewing:
        """Yes or no. Refusal closed, same_person, bad_parameter."""
        asked = self._waiting(request.viewing)
        if asked.state != "asked":
            raise Refusal("closed", "the request has been decided already")
        if asked.by == request.by:
            raise Refusal("same_person", "another person decides than who wrote the request down")
        if len(request.answer) > _LONGEST:
            raise Refusal("bad_parameter", f"the answer has more than {_LONGEST} characters")
        decided = replace(
            asked,
            state="granted" if request.granted else "refused",
            answer=request.answer.strip(),
            decided_by=request.by,
            decided_at=now.utc,
            closed_at=None if request.granted else now.utc,
            lapses_at=now.utc + LAPSE,
        )
        return self._record(decided, f"viewing.{decided.state}", now, told, request.by)

    def lapse(self, now: Instant, told: Conclusion) -> None:
        """Those that waited for too long."""
        for one in self.open():
            if one.lapses_at is not None and one.lapses_at <= now.utc:
                self._record(replace(one, state="lapsed", closed_at=now.utc), "viewing.lapsed", now, told)

    def _camera(self, id: str | None) -> None:
        if id is not None and id not in self._cameras:
            raise Refusal("not_found", "there is no such camera")

    def _waiting(self, id: str) -> Viewing:
        found = self._open.get(id)
        if found is None:
            raise Refusal("closed", "the request is closed, or there is none")
        return found

    def _record(
        self, one: Viewing, kind: str, now: Instant, told: Conclusion, by: str | None = None
    ) -> Viewing:
        if one.open:
            self._open[one.id] = one
        else:
            self._open.pop(one.id, None)
        told.facts.append(Fact(self._numbering.next(), kind, now.utc, by, "viewing", one.to_dict()))
        return one


def _words(what: str, text: str) -> None:
    if not text.strip():
        raise Refusal("reason_required", f"say {what}")
    if len(text) > _LONGEST:
        raise Refusal("bad_parameter", f"{what}: more than {_LONGEST} characters")
