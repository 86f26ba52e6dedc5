"""dispatch/*.toml: each [[policy]] with its steps and messages, and whether whom it calls exists."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from pathlib import Path as FilePath
from typing import Final, Literal

from pydantic import Field

from edge.dispatch.messages import MESSAGES
from edge.dispatch.tellable import TELLABLE
from edge.domain.device import Signal
from edge.domain.reading import Purpose
from edge.domain.roster import Call, Policy, Quiet, Roster, Step, Tell
from edge.domain.rule import Priority
from edge.settings.document import checked, known_keys, read_sheet, tables
from edge.settings.models import Id, PriorityName, Seconds, SignalName, Table, WallTime, wall_time
from edge.settings.positions import Path
from edge.settings.problems import Report, Sheet, choice, nearest

POLICIES: Final = "dispatch"
_TARGETS: Final = ("person", "crew", "post", "role", "skill", "channel")


class CallTable(Table):
    """One of `calls`."""

    to: str
    by: list[Id] = Field(default_factory=list)
    message: Id = "alarm"


class StepTable(Table):
    """One [[policy.step]]."""

    after: Seconds
    calls: list[CallTable] = Field(min_length=1)


class TellTable(Table):
    """One [[policy.tell]]."""

    on: Id
    calls: list[CallTable] = Field(min_length=1)


class AboutTable(Table):
    """`applies = { … }` of a policy."""

    subject: Literal["alarm", "order", "hazard"] = "alarm"
    signals: list[SignalName] = Field(default_factory=list)
    priorities: list[PriorityName] = Field(default_factory=list)
    purpose: Literal["live", "drill"] = "live"


class RepeatTable(Table):
    """`repeat = { … }`: the steps over again."""

    rounds: int = Field(ge=2, le=20)
    pause: float = Field(ge=1)


# `from` is no name in Python, so quiet hours are checked as a dict of two wall times.
QuietTable = dict[Literal["from", "to"], WallTime]


class PolicyTable(Table):
    """One [[policy]]."""

    id: Id
    applies: AboutTable = AboutTable()
    repeat: RepeatTable | None = None
    quiet: QuietTable | None = None
    step: list[StepTable] = Field(default_factory=list)
    tell: list[TellTable] = Field(default_factory=list)


def read_policies(
    report: Report, site_dir: FilePath, roster: Roster, channels: Collection[str] | None = None
) -> tuple[Policy, ...]:
    """All policies by file and place. channels: ids that may be named; None before they are known."""
    reader = _Reader(report, roster, channels)
    folder = site_dir / POLICIES
    for path in sorted(folder.glob("*.toml")):
        sheet = read_sheet(report, path, f"{POLICIES}/{path.name}")
        if sheet is not None:
            known_keys(report, sheet, ("policy",))
            for place, item in tables(report, sheet, ("policy",), sheet.data.get("policy")):
                reader.policy(sheet, place, item)
    return tuple(reader.policies.values())


class _Reader:
    def __init__(self, report: Report, roster: Roster, channels: Collection[str] | None) -> None:
        self._report = report
        self._channels = channels
        self._known: dict[str, set[str]] = {
            "person": set(roster.persons),
            "crew": set(roster.crews),
            "post": set(roster.posts),
            "role": {role for person in roster.persons.values() for role in person.roles},
            "skill": set(roster.skills),
        }
        self._places: dict[str, tuple[Sheet, Path]] = {}
        self.policies: dict[str, Policy] = {}

    def policy(self, sheet: Sheet, path: Path, item: dict[str, object]) -> None:
        """One [[policy]]."""
        table = checked(self._report, sheet, path, item, PolicyTable)
        if table is None:
            return
        if table.id in self._places:
            other, there = self._places[table.id]
            file, line = other.place(there)
            self._report.add(
                sheet, (*path, "id"), "duplicate_id", f"policy {table.id} is also at {file}:{line}"
            )
        self._places.setdefault(table.id, (sheet, (*path, "id")))
        if not table.step and not table.tell:
            self._report.add(
                sheet, path, "missing_key", "calls nobody: give [[policy.step]] or [[policy.tell]]"
            )
        for index, (one, two) in enumerate(pairwise(table.step), start=1):
            if two.after <= one.after:
                message = f"steps go on in time: {two.after:g} s comes after {one.after:g} s"
                self._report.add(sheet, (*path, "step", index, "after"), "steps", message)
        subject = table.applies.subject
        quiet = self._quiet(sheet, path, table)
        steps = tuple(
            Step(step.after, self._calls(sheet, (*path, "step", index, "calls"), step.calls, subject))
            for index, step in enumerate(table.step)
        )
        for index, tell in enumerate(table.tell):
            if tell.on not in TELLABLE:
                message = f"nothing is told of {tell.on!r}: see `on` in the README of the site's folder"
                here = (*path, "tell", index, "on")
                self._report.add(sheet, here, "unknown_event", message, nearest(tell.on, TELLABLE))
        tells = tuple(
            Tell(tell.on, self._calls(sheet, (*path, "tell", index, "calls"), tell.calls, subject))
            for index, tell in enumerate(table.tell)
        )
        self.policies[table.id] = Policy(
            table.id, steps, tells, subject,
            frozenset(map(Signal, table.applies.signals)), frozenset(map(Priority, table.applies.priorities)),
            Purpose(table.applies.purpose),
            table.repeat.rounds if table.repeat else 1, table.repeat.pause if table.repeat else 0.0, quiet,
        )  # fmt: skip

    def _quiet(self, sheet: Sheet, path: Path, table: PolicyTable) -> Quiet | None:
        if table.quiet is None:
            return None
        here = (*path, "quiet")
        missing = {"from", "to"} - table.quiet.keys()
        if missing:
            self._report.add(sheet, here, "missing_key", 'write quiet = { from = "22:00", to = "07:30" }')
            return None
        vital = {"fire", "gas", "sos"}
        about = table.applies
        about_life = about.subject != "hazard" and "urgent" in (about.priorities or ["urgent"])
        if about_life and vital & set(about.signals or vital):
            message = "what may be about life cannot wait: name milder priorities or other signals in applies"
            self._report.add(sheet, here, "quiet", message)
        if table.quiet["from"] == table.quiet["to"]:
            self._report.add(sheet, here, "quiet", "quiet all day would never call anybody")
        return Quiet(wall_time(table.quiet["from"]), wall_time(table.quiet["to"]))

    def _calls(self, sheet: Sheet, path: Path, calls: Sequence[CallTable], subject: str) -> tuple[Call, ...]:
        return tuple(self._call(sheet, (*path, index), call, subject) for index, call in enumerate(calls))

    def _call(self, sheet: Sheet, path: Path, call: CallTable, subject: str) -> Call:
        kind, colon, id = call.to.partition(":")
        here = (*path, "to")
        by = tuple(call.by)
        if call.to == "assigned" and subject == "alarm":
            self._report.add(sheet, here, "unknown_target", "only an order or a hazard is given to somebody")
        elif call.to not in {"all", "assigned"} and (not colon or kind not in _TARGETS):
            message = (
                f"{call.to!r} is nobody: write all, assigned, or one of {', '.join(_TARGETS)} with `:id`"
            )
            self._report.add(
                sheet, here, "unknown_target", message, nearest(kind, (*_TARGETS, "all", "assigned"))
            )
        elif kind == "channel":
            by = by or (id,)
        elif colon and id not in self._known[kind]:
            message = f"people.toml has no {kind} {id!r}{choice(self._known[kind])}"
            self._report.add(sheet, here, f"unknown_{kind}", message, nearest(id, self._known[kind]))
        if call.message not in MESSAGES:
            message = f"there is no message {call.message!r}"
            close = nearest(call.message, MESSAGES)
            self._report.add(sheet, (*path, "message"), "unknown_message", message, close)
        if not by:
            self._report.add(sheet, (*path, "by"), "missing_key", "name at least one channel")
        for index, channel in enumerate(by):
            if self._channels is not None and channel not in self._channels:
                message = f"there is no channel {channel!r}"
                close = nearest(channel, self._channels)
                self._report.add(sheet, (*path, "by", index), "unknown_channel", message, close)
        return Call(call.to, by, call.message)
