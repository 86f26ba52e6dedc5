"""Emergency plans as data: when one applies, what is to be done in which order, whom to call and what to say.

A plan has two stages: 1, an alarm came and is to be verified; 2, it is certain (two independent triggers, or a
person's word).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from edge.domain.alarm import Alarm
from edge.domain.device import Signal
from edge.domain.names import Text
from edge.domain.output import Stage
from edge.domain.zones import within

Spread = Literal["zone", "linkage", "site"]
"""How far alarms of one cause can lie apart: in one place, in one linkage zone, or anywhere on the site.

Fire and gas always go by linkage zone, an SOS by its place: this is for what is not about life.
"""

TICKS: Final = frozenset(
    {
        "acked", "verdict", "verdict:real", "verdict:false", "verdict:fault", "verdict:test",
        "order:accepted", "order:on_site", "order:done", "answered", "normal", "confirmed", "all_clear",
        "report:first", "report:follow_up", "report:final", "report:scene",
        "command:siren", "command:valve", "command:relay", "command:broadcast", "command:fan", "command:buzzer",
        "muster:1", "muster:2", "muster:3", "muster:4", "muster:5", "muster:6",
    }
)  # fmt: skip
"""Words for what ticks a step by itself.

acked, verdict[:kind], normal (none of its alarms is active any more): of an alarm of the incident. order:…, answered (a
message was answered): of what belongs to one of its alarms. command:<kind>: an output of that kind was read back as
switched, for one of its alarms or by hand in its area. muster:<n>: that many people stand in the roll.
"""

STEP_ROLES: Final = frozenset(
    {"operator", "guard", "crew", "commander", "evacuation", "fire", "communication", "first-aid", "manager"}
)
"""Who does a step, beside the roles of the site's own people."""


@dataclass(frozen=True, slots=True)
class PlanWhen:
    """Which alarms a plan is for; all given parts must fit, empty parts fit everything.

    zones: prefix paths. categories: of device profiles. opens: such an alarm opens an incident; False: it only joins
    one of this plan that is open or opens soon (a hatch that was opened before the water turned).
    """

    signals: tuple[Signal, ...] = ()
    rules: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    opens: bool = True

    def fits(self, alarm: Alarm, category: str) -> bool:
        """Whether `alarm` of a device of that category is one of those meant."""
        return (
            (not self.signals or alarm.signal in self.signals)
            and (not self.rules or alarm.rule in self.rules)
            and (not self.categories or category in self.categories)
            and (not self.zones or any(within(alarm.zone, zone) for zone in self.zones))
        )

    @property
    def parts(self) -> int:
        """How much it says: the plan that says most is taken."""
        return sum(map(bool, (self.signals, self.rules, self.categories, self.zones)))


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One thing to do. role: stable word of who does it. within: seconds from the start of its stage, None without.

    ticks: words of `TICKS`, any of which ticks it. priorities: of its highest alarm at which it is next; empty: any.
    """

    id: str
    stage: Stage
    title: Text
    role: str
    within: float | None = None
    ticks: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Phone:
    """Somebody to call. number: "119", or "" where `contact` names one of the site's. stage: from when on."""

    name: Text
    number: str
    stage: Stage = 1
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Material:
    """What of the reserve the plan needs. stock: id of the item."""

    stock: str
    quantity: float


@dataclass(frozen=True, slots=True)
class Lasting:
    """Stage 2 of a plan that is not about life: so many of its points out of bounds for so many seconds."""

    points: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Plan:
    """One emergency plan. version, author, approver, review: as approved; it is overdue after `review`.

    say: words for 119 with places to fill in, `{address} {place} {what} {trapped} {name} {phone}`; None without.
    linkages: ids of those that belong to it. responders: targets ("crew:fire-station") who answer the roll.
    lasting: see `Lasting`. source: standard and clause, or "practice".
    """

    id: str
    name: Text
    version: str
    author: str
    approver: str
    review: date
    source: str
    when: tuple[PlanWhen, ...]
    steps: tuple[PlanStep, ...]
    spread: Spread = "linkage"
    phones: tuple[Phone, ...] = ()
    say: Text | None = None
    materials: tuple[Material, ...] = ()
    linkages: tuple[str, ...] = ()
    responders: tuple[str, ...] = ()
    lasting: Lasting | None = None

    def suits(self, alarm: Alarm, category: str, *, opening: bool) -> int:
        """How well it suits `alarm`: 0 not at all, else more for a plan that says more.

        opening: whether the alarm is to open an incident, not to join one.
        """
        fitting = [w for w in self.when if (w.opens or not opening) and w.fits(alarm, category)]
        return max((1 + when.parts for when in fitting), default=0)


# ---- linkage zones --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkageZone:
    """Places in which two independent triggers together are certain. zones: prefix paths."""

    id: str
    name: Text
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coincidence:
    """When alarms belong together. Seconds.

    window: how long a latched trigger that is quiet counts still (practice, after GB 50116-2013 4.1.6).
    group: how long after its last alarm an incident takes in another one; never shorter than `window`.
    """

    zones: tuple[LinkageZone, ...] = ()
    window: float = 600.0
    group: float = 1800.0

    def area(self, zone: str) -> str:
        """Path or id of the linkage zone in which `zone` lies, "" where nobody knows.

        The longest path that fits counts; outside of all of them each unit of a building is one of its own.
        """
        if not zone:
            return ""
        found = [(len(path), one.id) for one in self.zones for path in one.zones if within(zone, path)]
        return max(found)[1] if found else "/".join(zone.split("/")[:2])


@dataclass(frozen=True, slots=True)
class Contact:
    """An outside number of the site: gas company, lift contractor, subdistrict. id: as plans name it."""

    id: str
    name: Text
    number: str


@dataclass(frozen=True, slots=True)
class EmergencyRules:
    """What the site says about emergencies: its plans, linkage zones and outside numbers, by id."""

    plans: tuple[Plan, ...] = ()
    coincidence: Coincidence = Coincidence()
    contacts: tuple[Contact, ...] = ()

    def plan(self, id: str | None) -> Plan | None:
        """The plan of that id."""
        return next((plan for plan in self.plans if plan.id == id), None)


# ---- who and what would hear it -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HeardCall:
    """One call of a policy. after: seconds, None when stage 2 brings it. people: ids, "" is a group."""

    after: float | None
    to: str
    people: tuple[str, ...]
    channels: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class HeardOutput:
    """What a linkage would switch. depends: category or rule that the alarm must have, "" when any does.

    barrier: why it would be refused all the same.
    """

    linkage: str
    output: str
    act: str
    depends: str
    barrier: str | None


@dataclass(frozen=True, slots=True)
class Heard:
    """Who and what would hear an alarm of `signal` in `zone`, if it came now.

    area: its linkage zone. triggers: ids of devices there that count as triggers; two of them bring stage 2.
    started, confirmed: outputs of stages 1 and 2.
    """

    zone: str
    signal: str
    plan: str | None
    area: str
    triggers: tuple[str, ...]
    policy: str | None
    calls: tuple[HeardCall, ...]
    told: tuple[HeardCall, ...]
    started: tuple[HeardOutput, ...]
    confirmed: tuple[HeardOutput, ...]


def step_row(step: PlanStep) -> dict[str, Any]:
    """The words of a step as an incident keeps them, so that its record stays true when the plan changes."""
    return {
        "id": step.id, "stage": step.stage, "title": [step.title.zh, step.title.en], "within": step.within,
        "role": step.role, "ticks": list(step.ticks), "priorities": list(step.priorities),
    }  # fmt: skip
