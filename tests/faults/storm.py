"""Very many alarms within a minute: whether the first fire reaches people at once, and no alarm is forgotten.

What people were told is taken from the journal, the numbers in the texts from what came to the group and the phones.
"""

from __future__ import annotations

import json
import random
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from edge.domain.instant import SECOND
from tests.faults.load import Publisher
from tests.faults.outside import Outside
from tests.faults.rig import NotSoError, Rig, until
from tests.faults.verdict import Say, Verdict

KINDS: Final = {"fire": ("heiman-hs1sa", "b3/s1/3f", "smoke"), "gas": ("heiman-hs1ca", "ug/pump", "carbon_monoxide"),
                "fault": ("heiman-hs1sa", "b2/1f", "tamper")}  # fmt: skip
"""Profile, zone and the field of the alarm, by signal."""
BEFORE: Final = 0.3  # share of the alarms that come before the first fire
FIRST_FIRE: Final = 2.0  # seconds within which somebody was told of it
ARRIVED: Final = {"sent", "delivered", "seen", "answered"}
MORE: Final = re.compile(r"另有 (\d+) 条")
_DEVICE: Final = """
[[device]]
id = "{id}"
profile = "{profile}"
name = {{ zh = "{id}", en = "{id}" }}
zone = "{zone}"
spot = {{ zh = "{id}", en = "{id}" }}
address = {{ dialect = "zigbee2mqtt", name = "{id}" }}
"""


@dataclass(slots=True)
class Outcome(Verdict):
    """What came of it; times in seconds, None for what never came.

    over: from the first alarm to the last. first_fire: from the report of the first fire to the first message of it
    that its carrier took. slowest_fire, slowest: until an alarm was told, alone or as a number. raising: the longest
    from a report to its alarm. untold: ids of alarms nobody was told of. asked, sent, folded: messages.
    """

    alarms: int = 0
    over: float = 0.0
    raising: float = 0.0
    first_fire: float | None = None
    slowest_fire: float = 0.0
    slowest: float = 0.0
    asked: int = 0
    sent: int = 0
    folded: int = 0
    untold: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[tuple[str, str]]:
        yield "alarms", f"{self.alarms}"
        yield "from the first to the last", f"{self.over:.1f} s"
        yield "report to alarm, longest", f"{self.raising:.3f} s"
        yield "first fire to its first message", f"{self.first_fire or -1:.3f} s"
        yield "fire to its message, longest", f"{self.slowest_fire:.1f} s"
        yield "alarm to its message, longest", f"{self.slowest:.1f} s"
        yield "messages asked for", f"{self.asked}"
        yield "sent", f"{self.sent}"
        yield "told as a number in another", f"{self.folded}"
        yield "alarms nobody was told of", f"{len(self.untold)}"


def run(folder: Path, *, alarms: int, seconds: float, seed: int, say: Say) -> Outcome:
    """Raise so many alarms within so many seconds, and wait until all of them were told; see `Outcome`."""
    order = _order(alarms, seed)
    outcome, outside = Outcome(), Outside(folder / "outside")
    with outcome.judging(), Rig(folder, folder / "data", serial=outside.serial) as rig:
        _make_site(rig.site, outside.group.url, order)
        outside.begin(rig.broker)
        try:
            rig.start()
            rig.await_armed()
            until("the modem is ready", lambda: rig.api.check("modem-1").get("ok", False), 60)
            say(f"{alarms} alarms in {seconds:g} s")
            with Publisher(rig.broker) as publisher:
                begun = time.monotonic()
                for number, signal in enumerate(order):
                    time.sleep(max(0.0, begun + number * seconds / alarms - time.monotonic()))
                    publisher.say(f"zigbee2mqtt/st-{number}", {KINDS[signal][2]: True, "battery": 97})
            say(f"published within {time.monotonic() - begun:.1f} s")
            try:
                until("all alarms were told", lambda: not _untold(rig.data), 300, step=2.0)
            except NotSoError as error:
                say(str(error))
        finally:
            rig.stop()
            outside.end()
        _judge(outcome, rig.data, [came.text for came in outside.came()], alarms)
    return outcome


def _order(alarms: int, seed: int) -> list[str]:
    """The signal of each alarm: chance decides, but the first fire comes into a storm."""
    chance = random.Random(seed)
    calm = [chance.choice(("gas", "fault")) for _ in range(int(alarms * BEFORE))]
    return [*calm, "fire", *(chance.choice(tuple(KINDS)) for _ in range(alarms - len(calm) - 1))]


def _make_site(site: Path, group: str, order: list[str]) -> None:
    """The template site, with a detector for each alarm and without quiet hours: the machine may think it is night."""
    devices = (
        _DEVICE.format(id=f"st-{number}", profile=KINDS[signal][0], zone=KINDS[signal][1])
        for number, signal in enumerate(order)
    )
    (site / "devices/storm.toml").write_text("".join(devices), encoding="utf-8")
    (site / "secrets").mkdir(exist_ok=True)
    (site / "secrets/wecom").write_text(group + "\n", encoding="utf-8")
    policies = site / "dispatch/2-other.toml"
    awake = [line for line in policies.read_text("utf-8").splitlines() if not line.startswith("quiet = ")]
    policies.write_text("\n".join(awake), encoding="utf-8")


def _bodies(data: Path, query: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(f"file:{data / 'journal.db'}?mode=ro", uri=True)) as conn:
        return [json.loads(body) for (body,) in conn.execute(query)]


def _alarms(data: Path) -> list[dict[str, Any]]:
    found = _bodies(data, "SELECT body FROM alarms WHERE device LIKE 'st-%'")
    return [alarm for alarm in found if alarm["point"].rpartition(".")[2] != "link"]


def _told(data: Path) -> Mapping[str, int]:
    """µs UTC at which each alarm was first told, alone or as a number in another's message."""
    told: dict[str, int] = {}
    for message in _bodies(data, "SELECT body FROM cases WHERE kind = 'notification'"):
        if message["state"] in ARRIVED and message["channel"] != "ring":  # a call has no words
            for alarm in message["alarms"]:
                told[alarm] = min(told.get(alarm, message["sent_at"]), message["sent_at"])
    return told


def _untold(data: Path) -> list[str]:
    told = _told(data)
    return [alarm["id"] for alarm in _alarms(data) if alarm["id"] not in told]


def _judge(outcome: Outcome, data: Path, texts: list[str], wanted: int) -> None:
    alarms = sorted(_alarms(data), key=lambda alarm: alarm["received_at"])
    told = _told(data)
    messages = _bodies(data, "SELECT body FROM cases WHERE kind = 'notification'")
    outcome.alarms = len(alarms)
    outcome.asked = len(messages)
    outcome.sent = sum(message["state"] in ARRIVED for message in messages)
    outcome.folded = sum(message["state"] == "folded" for message in messages)
    outcome.untold = [alarm["id"] for alarm in alarms if alarm["id"] not in told]
    if not alarms:
        outcome.problems.append("no alarm at all")
        return
    outcome.over = (alarms[-1]["received_at"] - alarms[0]["received_at"]) / SECOND
    outcome.raising = max((alarm["raised_at"] - alarm["received_at"]) / SECOND for alarm in alarms)
    waits = {a["id"]: (told[a["id"]] - a["received_at"]) / SECOND for a in alarms if a["id"] in told}
    fires = [alarm["id"] for alarm in alarms if alarm["signal"] == "fire"]
    outcome.slowest = max(waits.values(), default=0.0)
    outcome.slowest_fire = max((waits[id] for id in fires if id in waits), default=0.0)
    outcome.first_fire = waits.get(fires[0])
    if len(alarms) != wanted:
        outcome.problems.append(f"{len(alarms)} alarms instead of {wanted}")
    if outcome.untold:
        outcome.problems.append(f"nobody was told of {', '.join(outcome.untold[:5])}")
    if outcome.first_fire is None or outcome.first_fire > FIRST_FIRE:
        outcome.problems.append(f"nobody was told of the first fire within {FIRST_FIRE:g} s")
    outcome.problems += _miscounted(messages, texts)


def _miscounted(messages: list[dict[str, Any]], texts: list[str]) -> Iterator[str]:
    """A message that says another number than it stands for, in the journal or in its words.

    What went into a message goes on with it to its next channel, where the first one brought nothing.
    """
    inside: Counter[str] = Counter()
    for message in messages:
        if message["into"] is not None:
            inside[message["into"]] += 1 + sum(message["counts"].values())
    passed_on = {_call(message) for message in messages if message["silent"]}
    for message in messages:
        taken_over = not inside[message["id"]] and _call(message) in passed_on
        if sum(message["counts"].values()) != inside[message["id"]] and not taken_over:
            yield f"{message['id']} counts {message['counts']}, {inside[message['id']]} went into it"
    said = Counter(int(found[1]) for text in texts if (found := MORE.search(text)))
    meant = Counter(
        number
        for message in messages
        if message["state"] in ARRIVED
        and message["channel"] != "ring"
        and (number := sum(message["counts"].values()))
    )
    if missing := meant - said:
        yield f"numbers that no text said: {dict(missing)}"


def _call(message: Mapping[str, Any]) -> tuple[Any, ...]:
    """What the message is one way of telling."""
    return message["alarm"], message["order"], message["message"], message["asked"]
