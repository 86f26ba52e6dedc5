"""A small site on a stage: stories are tables of time, what happens, and which facts it makes.

    0   | smoke=on            | smoke raised unacknowledged !
    18  | li: ack smoke       | smoke acked acknowledged
    25  | li: reset smoke     | refused still_active

Time is in seconds. `point=value` is a reading (on, off, none, a number, a word), with flags after `/`; several make one
step. `who: verb rule …` is a person's command on the newest alarm of a rule. `!` says that it calls for attention.
Each fact of every story is checked against the ISA-18.2 machine, and the journal's fold against the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edge.alarm.engine import AlarmEngine
from edge.alarm.outcome import Outcome
from edge.domain.alarm import Alarm
from edge.domain.device import LINK, Device, DeviceProfile, Point, PointSpec, Signal
from edge.domain.fact import Fact, Numbering
from edge.domain.instant import SECOND, Instant
from edge.domain.lifecycle import legal
from edge.domain.names import Text
from edge.domain.quantity import QUANTITIES
from edge.domain.reading import Arrival, Purpose, Quality, Reading, Value
from edge.domain.request import Acknowledge, AlarmRequest, Comment, Judge, Refusal, Reset, Shelve, Silence
from edge.domain.rule import AlarmRule, Level, Priority, Selector

START = 1_790_000_000 * SECOND  # 2026-09-21, µs UTC
BOOT = 5_000 * SECOND  # the monotonic clock at START

WORDS: dict[str, Value | None] = {"on": True, "off": False, "none": None}
FLAGS = {
    "history": {"arrival": Arrival.HISTORY},
    "retained": {"arrival": Arrival.RETAINED},
    "test": {"purpose": Purpose.TEST},
    "drill": {"purpose": Purpose.DRILL},
    "bad": {"quality": Quality.BAD},
    "uncertain": {"quality": Quality.UNCERTAIN},
    "muted": {"evaluate": False},
}


def text(words: str) -> Text:
    return Text(words, words)


def level(name: str, limit: float | None = None, priority: Priority = Priority.URGENT) -> Level:
    return Level(limit, priority, text(name), text(f"what to do at {name}"))


def rule(id: str, point: str, condition: str, *levels: Level, signal: Signal, **rest: object) -> AlarmRule:
    """A rule on points with that last part of their id."""
    latch = rest.pop("latch", signal in {Signal.FIRE, Signal.GAS, Signal.SOS})
    return AlarmRule(
        id, Selector(point=point), condition, levels or (level(id),), signal, latch, "practice", **rest
    )  # type: ignore[arg-type]


POINTS = (
    PointSpec("smoke", text("smoke"), signal=Signal.FIRE),
    PointSpec("gas", text("gas"), quantity=QUANTITIES["combustible_gas"]),
    PointSpec("sos", text("sos"), signal=Signal.SOS, report="momentary"),
    PointSpec("head", text("head off"), signal=Signal.FAULT),
    PointSpec("tank", text("tank"), quantity=QUANTITIES["pressure"]),
    PointSpec("door", text("door"), signal=Signal.SUPERVISORY),
    PointSpec("plain", text("plain")),
    LINK,
)
RULES = (
    rule("smoke", "smoke", "state", signal=Signal.FIRE),
    rule(
        "gas",
        "gas",
        "high",
        level("low", 8.0, Priority.HIGH),
        level("high", 20.0),
        signal=Signal.GAS,
        deadband=1.0,
    ),
    rule("sos", "sos", "state", signal=Signal.SOS),
    rule("head", "head", "state", signal=Signal.FAULT),
    rule(
        "tank",
        "tank",
        "low",
        level("tank", 140.0),
        signal=Signal.PROCESS,
        deadband=5.0,
        on_delay=10,
        off_delay=20,
    ),
    rule("door", "door", "state", signal=Signal.SUPERVISORY, on_delay=30),
    rule("no-contact", "link", "state", signal=Signal.FAULT),
)
SILENT = rule("silent", "tank", "no_data", level("silent", 60.0), signal=Signal.SUPERVISORY)


def points(*ids: str, expect: float = 3600.0) -> dict[str, Point]:
    """The stage's points, of one device per id, by last part of their id for the first and by full id for all."""
    made: dict[str, Point] = {}
    for id in ids or ("sm-1",):
        profile = DeviceProfile("a-b", "a", "b", "thing", "json", POINTS[:-1], "made up", expect, text("a b"))
        device = Device(
            id, profile, text(id), "b3/s1/3f/302", text("过道"), text("3号楼1单元 3层 302 过道"), id
        )
        for spec in POINTS:
            point = Point(f"{id}.{spec.id}", device, spec)
            made[point.id] = point
            made.setdefault(spec.id, point)
    return made


class Stage:
    """An engine with its clock, and the journal of what it did."""

    def __init__(self, rules: Sequence[AlarmRule] = RULES, points_: dict[str, Point] | None = None) -> None:
        self.rules = rules
        self.points = points_ or points()
        self.mono = 0  # µs since the start of the story
        self.utc_step = 0  # how far the civil clock was put on, µs
        self.trusted = True
        self.defects_allowed = False
        self.numbering = Numbering(3, 100)
        self.rows: dict[str, Alarm] = {}  # the state table, as the journal's transactions leave it
        self.journal: list[Fact] = []
        self.engine = self.make()

    def make(self) -> AlarmEngine:
        return AlarmEngine(set(self.points.values()), self.rules, self.numbering)

    @property
    def now(self) -> Instant:
        return Instant(START + self.mono + self.utc_step, BOOT + self.mono, self.trusted)

    def reading(self, point: str, value: Value | None, **rest: object) -> Reading:
        stamp = self.now.utc
        return Reading(self.points[point], value, stamp, stamp, **rest)  # type: ignore[arg-type]

    def step(self, *readings: Reading) -> Outcome:
        return self.keep(self.engine.step(readings, self.now))

    def say(self, point: str, value: Value | None, **rest: object) -> Outcome:
        return self.step(self.reading(point, value, **rest))

    def wait(self, seconds: float) -> Outcome:
        """Let time pass, waking exactly when the engine asks for it."""
        end = self.mono + round(seconds * SECOND)
        facts: list[Fact] = []
        alarms: list[Alarm] = []
        annunciated = False
        while (due := self.engine.next_due()) is not None and due <= BOOT + end:
            self.mono = max(self.mono, due - BOOT)
            outcome = self.step()
            facts, alarms = facts + outcome.facts, alarms + outcome.alarms
            annunciated = annunciated or outcome.annunciated
        self.mono = end
        return Outcome(facts, alarms, annunciated)

    def act(self, command: AlarmRequest) -> Outcome:
        return self.keep(self.engine.act(command, self.now))

    def restart(self, *, away: float = 0.0, tail: Iterable[Reading] = ()) -> Outcome:
        """The hub dies and comes back `away` seconds later, with its rows and the tail of its readings."""
        self.mono += round(away * SECOND)
        self.numbering = Numbering(self.numbering.epoch + 1, self.numbering.last)
        self.engine = self.make()
        kept = [row for row in self.rows.values() if row.open or row.suppression is not None]
        outcome = self.keep(self.engine.restore(kept, self.now))
        self.engine.prime(tail, self.now)
        return outcome

    def keep(self, outcome: Outcome) -> Outcome:
        """Journal an outcome as the store would, checking every step on the way."""
        if not self.defects_allowed:
            assert not outcome.defects
        for fact in outcome.facts:
            assert not self.journal or fact.seq.number == self.journal[-1].seq.number + 1
            assert fact.time == self.now.utc
            self.journal.append(fact)
            if fact.subject == "alarm":
                after = Alarm.from_dict(dict(fact.body))
                assert after.seq == fact.seq
                assert legal(self.rows.get(after.id), fact.kind, after) is None
                self.rows[after.id] = after
        for alarm in outcome.alarms:
            assert self.rows[alarm.id] == alarm, "the last fact's body is the row"
        assert {id: row for id, row in self.rows.items() if row.open} == dict(self.engine.open())
        carrying = [row.key for row in self.rows.values() if row.suppression is not None]
        assert len(carrying) == len(set(carrying)), "one row at a time carries a key's shelving"
        return outcome

    def newest(self, rule_id: str) -> Alarm:
        rows = [row for row in self.rows.values() if row.rule == rule_id]
        assert rows, f"no alarm of {rule_id}"
        return max(rows, key=lambda row: (row.open, row.raised_at, row.seq.number))

    # ---- stories --------------------------------------------------------------------------------------------------

    def play(self, story: str) -> None:
        for line in story.strip().splitlines():
            if not line.strip() or line.strip().startswith("#"):
                continue
            when, what, *expected = (column.strip() for column in line.split("|"))
            before = self.wait_until(float(when))
            assert not before.facts, f"before {line!r}: {told(before)}"
            happened = self.happen(what)
            assert happened == (expected[0] if expected else ""), f"at {line!r}: {happened}"

    def wait_until(self, seconds: float) -> Outcome:
        """Let time pass up to, not including, the moment."""
        outcome = (
            self.wait((seconds * SECOND - 1 - self.mono) / SECOND)
            if seconds * SECOND > self.mono
            else NOTHING
        )
        self.mono = max(self.mono, round(seconds * SECOND))
        return outcome

    def happen(self, what: str) -> str:
        if what == "tick":
            return told(self.step())
        if what.startswith("restart"):
            away = what.removeprefix("restart").strip()
            return told(self.restart(away=float(away or 0)))
        if what.startswith("clock"):
            self.utc_step += round(float(what.split()[1]) * SECOND)
            return told(NOTHING)
        if ":" in what:
            who, _, words = what.partition(": ")
            try:
                return told(self.act(self.command(who, *words.split())))
            except Refusal as refusal:
                return f"refused {refusal.code}"
        return told(self.step(*(self.spoken(word) for word in what.split())))

    def spoken(self, word: str) -> Reading:
        name, _, said = word.partition("=")
        value, *flags = said.split("/")
        rest: dict[str, object] = {}
        for flag in flags:
            rest |= FLAGS[flag]
        return self.reading(name, WORDS[value] if value in WORDS else float(value), **rest)

    def command(self, who: str, verb: str, target: str = "", *words: str) -> AlarmRequest:
        if verb == "silence":
            return Silence(who)
        alarm = self.newest(target).id
        note = " ".join(words)
        match verb:
            case "ack":
                return Acknowledge(alarm, who, note or None)
            case "reset":
                return Reset(alarm, who)
            case "force":
                return Reset(alarm, who, force=True, reason=note or None, second="wang")
            case "judge":
                return Judge(alarm, who, words[0], " ".join(words[1:]))  # type: ignore[arg-type]
            case "comment":
                return Comment(alarm, who, note)
            case "shelve":
                return Shelve(alarm, who, self.now.utc + round(float(words[0]) * SECOND), " ".join(words[1:]))
            case "unshelve":
                return Shelve(alarm, who, None, "")
        raise AssertionError(verb)


NOTHING = Outcome([], [], annunciated=False)


def told(outcome: Outcome) -> str:
    """Facts as the stories write them."""
    words = []
    for fact in outcome.facts:
        kind = fact.kind.split(".")[1]
        if fact.subject != "alarm":
            words.append(fact.kind)
            continue
        alarm = Alarm.from_dict(dict(fact.body))
        words.append(f"{alarm.key.partition('@')[0]}{_aside(alarm)} {kind} {alarm.state}")
    return ", ".join(words) + (" !" if outcome.annunciated else "")


def _aside(alarm: Alarm) -> str:
    return "" if alarm.purpose is Purpose.LIVE else f"#{alarm.purpose.value}"
