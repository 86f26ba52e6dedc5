"""Scenario files: read strictly, against the site they play on; every fault with file, line and key."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from edge.domain.device import Device, PointSpec
from edge.domain.instant import DAY, SECOND
from edge.domain.names import Text
from edge.domain.reading import Value
from edge.domain.site import Connection, Site
from edge.resources import config_root
from edge.settings.document import checked, known_keys, read_sheet, tables
from edge.settings.problems import Problem, Report, SettingsError, Sheet, nearest
from edge.tools.modem import SentText, Trouble
from edge.tools.simulator.actor import Flaw
from edge.tools.simulator.pictures.events import SHOWS, scene_of
from edge.tools.simulator.scenario_tables import (
    DEFAULT_SHARE,
    FLAWS,
    FOR_BUSES,
    FOR_DEVICES,
    FOR_HUB,
    FOR_INTERNET,
    FOR_MODEMS,
    FOR_ZIGBEE,
    MODEM,
    Action,
    HeadTable,
    ShareTable,
    StepTable,
)

CAMERA: Final = "camera"
INTERNET: Final = "the internet"
HUB: Final = "the hub"
_OUTSIDE: Final = {"internet": (INTERNET, FOR_INTERNET), "hub": (HUB, FOR_HUB)}
"""What is no device and no source -> its target, which is nobody's id, and what can happen to it."""


@dataclass(frozen=True, slots=True)
class Step:
    """at, over: µs. target: id of a device or source, or `INTERNET`, or `HUB`. courses: point id -> values it is led
    along, one to hold.

    heard: a text that comes in at a modem, from its number. scene: what a camera sees from now on.
    """

    at: int
    target: str
    courses: Mapping[str, Sequence[Value]]
    over: int = 0
    action: Action | None = None
    share: ShareTable = DEFAULT_SHARE
    flaw: Flaw | None = None
    after: str | None = None
    trouble: Trouble | None = None
    heard: SentText | None = None
    scene: str | None = None

    def __str__(self) -> str:
        if self.scene is not None:
            return f"{self.target} sees: {self.scene}"
        if self.trouble is not None:
            return f"{self.target}: trouble: {self.trouble.value}"
        if self.heard is not None:
            return f"{self.target}: {self.heard.number} writes {self.heard.text!r}"
        if self.flaw is not None:
            late = (
                f"{self.flaw.late:g} s late" if self.flaw.late else "wrong" if self.flaw.wrong else "withheld"
            )
            return f"{self.target}: its feedback is {late}"
        if self.action is not None:
            return f"{self.target}: {self.action}"
        courses = [f"{id} {' → '.join(map(_said, values))}" for id, values in self.courses.items()]
        return f"{self.target}: {', '.join(courses)}" + (f" in {self.over / SECOND:g} s" if self.over else "")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A story for the devices of a site. fastest: how many times faster it may be told and still be the same story."""

    id: str
    name: Text
    text: Text
    steps: tuple[Step, ...]
    fastest: float = 1.0

    @property
    def length(self) -> int:
        """µs from the start to the end of the last step."""
        return max(step.at + step.over for step in self.steps)

    def told(self, speed: float) -> Scenario:
        """The same so many times faster; SettingsError when that is faster than its file allows."""
        if not 0 < speed <= self.fastest:
            message = f"{self.id} may be told at most {self.fastest:g} times faster, not {speed:g}"
            raise SettingsError([Problem(self.id, 1, "fastest", "value", message)])
        steps = (replace(s, at=round(s.at / speed), over=round(s.over / speed)) for s in self.steps)
        return replace(self, steps=tuple(steps))

    @property
    def targets(self) -> frozenset[str]:
        """Ids of all devices and sources it touches."""
        return frozenset(step.target for step in self.steps)


def scenario_files(site_dir: Path | None) -> Mapping[str, Path]:
    """Every scenario's file, by id; the site's own comes before the shipped one."""
    roots = [config_root()] if site_dir is None else [config_root(), site_dir]
    return {path.stem: path for root in roots for path in sorted((root / "scenarios").glob("*.toml"))}


def find_scenario(name: str, site_dir: Path | None) -> Path:
    """The file of a scenario given by id or path; SettingsError when there is none."""
    if name.endswith(".toml"):
        return Path(name)
    known = scenario_files(site_dir)
    if name not in known:
        message = f"there is no scenario {name!r}; there are: {', '.join(sorted(known)) or 'none'}"
        raise SettingsError([Problem(name, 1, "", "unknown_scenario", message, nearest(name, known))])
    return known[name]


def read_head(path: Path) -> tuple[Text, Text]:
    """(name, text) of a scenario for `--list`; SettingsError when the file's head is faulty."""
    report = Report()
    sheet = read_sheet(report, path, str(path))
    head = None if sheet is None else _head(report, sheet)
    if head is None:
        raise SettingsError(report.problems())
    return head.name.text(), head.text.text()


def load_scenario(path: Path, site: Site, played: Collection[str]) -> Scenario:
    """The scenario in `path`; SettingsError with all problems. played: ids of the devices and sources that are."""
    report = Report()
    sheet = read_sheet(report, path, str(path))
    if sheet is None:
        raise SettingsError(report.problems())
    known_keys(report, sheet, (*HeadTable.model_fields, "step"))
    head = _head(report, sheet)
    steps = list(_Reader(report, sheet, site, played).steps())
    if not sheet.data.get("step"):
        report.add(sheet, ("step",), "missing_key", "a scenario needs at least one [[step]]")
    if head is None or report.problems():
        raise SettingsError(report.problems())
    return Scenario(path.stem, head.name.text(), head.text.text(), tuple(steps), head.fastest)


def _head(report: Report, sheet: Sheet) -> HeadTable | None:
    head = {key: sheet.data[key] for key in HeadTable.model_fields if key in sheet.data}
    return checked(report, sheet, (), head, HeadTable)


class _Reader:
    def __init__(self, report: Report, sheet: Sheet, site: Site, played: Collection[str]) -> None:
        self._report = report
        self._sheet = sheet
        self._site = site
        self._played = played
        self._sources = {connection.id: connection for connection in site.connections}

    def steps(self) -> Iterator[Step]:
        """The steps without fault; the others are reported."""
        latest = 0.0
        for path, item in tables(self._report, self._sheet, ("step",), self._sheet.data.get("step")):
            index = int(path[-1])
            table = checked(self._report, self._sheet, path, item, StepTable)
            if table is None:
                continue
            if table.at < latest:
                self._add(
                    index, "at", "order", f"comes after a step at {latest:g} s: keep steps in order of time"
                )
            latest = max(latest, table.at)
            step = self._step(index, table)
            if step is not None:
                yield step

    def _step(self, index: int, table: StepTable) -> Step | None:
        target = self._one_of(index, table, ("device", "source", "outside"))
        deed = self._one_of(index, table, ("set", "ramp", "action", "scene", "trouble", "text", *FLAWS))
        if target is None or deed is None:
            return None
        if table.share is not None and table.action != "noise":
            self._add(index, "share", "value", 'says how noisy a bus is: only with action = "noise"')
        if table.sender is not None and table.text is None:
            self._add(index, "from", "value", "says who writes: only with text = …")
        if table.outside is not None:
            return self._on_outside(index, table, table.outside)
        if table.device is not None:
            device = self._site.devices.get(table.device)
            if device is None:
                message = f"the site has no device {table.device!r}"
                self._add(
                    index, "device", "unknown_device", message, nearest(table.device, self._site.devices)
                )
                return None
            self._is_played(index, "device", device.id)
            if table.after is not None and not self._switchable(index, "after", table.after):
                return None
            step = self._on_device(index, table, device)
            return None if step is None else replace(step, after=table.after)
        connection = self._sources.get(table.source or "")
        if connection is None:
            message = f"the site has no source {table.source!r}"
            self._add(index, "source", "unknown_source", message, nearest(table.source, self._sources))
            return None
        self._is_played(index, "source", connection.id)
        if table.after is not None:
            self._add(index, "after", "value", "is for a device: a source waits for nothing")
        return self._on_source(index, table, connection)

    def _on_outside(self, index: int, table: StepTable, what: str) -> Step | None:
        target, possible = _OUTSIDE[what]
        if table.after is not None:
            self._add(index, "after", "value", "is for a device: nothing outside waits")
        if table.action is None:
            self._add(index, "outside", "value", "there things happen by action = …")
            return None
        self._possible(index, table.action, possible, target)
        self._is_played(index, "outside", target)
        return Step(round(table.at * SECOND), target, {}, action=table.action)

    def _on_device(self, index: int, table: StepTable, device: Device) -> Step | None:
        at = round(table.at * SECOND)
        if not self._no_modem(index, table):
            return None
        if table.scene is not None or device.profile.dialect == CAMERA:
            return self._before_camera(index, table, device)
        flaw = Flaw(bool(table.withhold), bool(table.wrong), table.late or 0.0)
        if flaw != Flaw():
            key = next(key for key in FLAWS if getattr(table, key) is not None)
            return Step(at, device.id, {}, flaw=flaw) if self._switchable(index, key, device.id) else None
        if table.action is not None:
            possible = FOR_DEVICES
            if device.profile.dialect == "zigbee2mqtt":
                possible = FOR_DEVICES | FOR_ZIGBEE
            self._possible(index, table.action, possible, f"a device that speaks {device.profile.dialect}")
            return Step(at, device.id, {}, action=table.action)
        if table.set is not None:
            courses = {
                id: (value,)
                for id, value in table.set.items()
                if self._fits(index, "set", id, device, (value,))
            }
            return Step(at, device.id, courses)
        ramp = dict(table.ramp or {})
        over = ramp.pop("over", None)
        if isinstance(over, bool) or not isinstance(over, float | int) or not 0 < over < DAY / SECOND:
            self._add(index, "ramp", "missing_key", "needs its length in seconds, as in over = 10")
            return None
        led: dict[str, Sequence[Value]] = {}
        for id, values in ramp.items():
            if not isinstance(values, list) or len(values) < 2:
                self._add(index, f"ramp.{id}", "value", "is led along a list of two or more values: [0, 9]")
            elif self._fits(index, "ramp", id, device, values):
                led[id] = values
        return Step(at, device.id, led, round(over * SECOND))

    def _before_camera(self, index: int, table: StepTable, device: Device) -> Step | None:
        """A scene for a camera: nothing else happens to it."""
        if device.profile.dialect != CAMERA:
            self._add(index, "scene", "value", f"{device.id} is no camera: it shows nothing")
            return None
        looks = shows(self._site, device.id)
        if table.scene not in looks:
            message = f"{device.id} can see {', '.join(looks)}"
            self._add(index, "scene", "value", message, nearest(table.scene, looks))
            return None
        return Step(round(table.at * SECOND), device.id, {}, scene=table.scene)

    def _on_source(self, index: int, table: StepTable, connection: Connection) -> Step | None:
        at = round(table.at * SECOND)
        if connection.dialect == MODEM and table.trouble is not None:
            return Step(at, connection.id, {}, trouble=table.trouble)
        if connection.dialect == MODEM and table.text is not None:
            number = self._number(index, table.sender or "")
            return None if number is None else Step(at, connection.id, {}, heard=SentText(number, table.text))
        if not self._no_modem(index, table):
            return None
        if table.action is None:
            key = next(k for k in ("set", "ramp", "scene", *FLAWS) if getattr(table, k) is not None)
            self._add(index, key, "value", "is for a device; to a source things happen by action = …")
            return None
        possible: frozenset[str] = frozenset()
        if connection.dialect == MODEM:
            possible = FOR_MODEMS
        elif connection.kind == "serial":
            possible = FOR_BUSES
        elif connection.dialect == "zigbee2mqtt":
            possible = FOR_ZIGBEE
        self._possible(index, table.action, possible, f"a source that speaks {connection.dialect}")
        return Step(at, connection.id, {}, 0, table.action, table.share or DEFAULT_SHARE)

    def _no_modem(self, index: int, table: StepTable) -> bool:
        """Whether the step says nothing that only a modem knows."""
        key = "trouble" if table.trouble is not None else "text"
        if getattr(table, key) is not None:
            self._add(index, key, "value", "is for a modem: source = the id of its line")
            return False
        return True

    def _number(self, index: int, sender: str) -> str | None:
        """Of whoever writes: a person of the site, or a number as it stands."""
        people = self._site.roster.persons
        if re.fullmatch(r"\+?[0-9]{3,20}", sender):
            return sender
        if sender in people and (phone := people[sender].phone):
            return phone
        message = f"needs a number, or a person of the site who has one, not {sender!r}"
        self._add(index, "from", "unknown_person", message, nearest(sender, people))
        return None

    def _switchable(self, index: int, key: str, id: str) -> bool:
        """Whether the device has an output whose feedback can fail, or be waited for."""
        device = self._site.devices.get(id)
        if device is None or not any(output.feedback for output in device.profile.outputs):
            self._add(index, key, "value", f"{id} is no device with an output that is read back")
            return False
        self._is_played(index, key, id)
        return True

    def _is_played(self, index: int, key: str, id: str) -> None:
        if id not in self._played:
            message = f"{id} is not played: it is left alone, or there is no --mqtt or --serial-dir for it"
            self._add(index, key, "not_played", message)

    def _one_of(self, index: int, table: StepTable, keys: tuple[str, ...]) -> str | None:
        given = [key for key in keys if getattr(table, key) is not None]
        if len(given) == 1:
            return given[0]
        what = f"has {' and '.join(given)}: keep one" if given else f"needs one of {', '.join(keys)}"
        self._add(index, given[-1] if given else keys[0], "value", f"step {index + 1} {what}")
        return None

    def _possible(self, index: int, action: str, possible: frozenset[str], what: str) -> None:
        if action not in possible:
            words = ", ".join(sorted(possible)) or "none"
            self._add(index, "action", "value", f"{action!r} cannot happen to {what}; possible: {words}")

    def _fits(self, index: int, key: str, id: str, device: Device, values: Sequence[Value]) -> bool:
        specs = {spec.id: spec for spec in device.profile.points}
        if id not in specs:
            message = f"{device.id} has no point {id!r}"
            self._add(index, f"{key}.{id}", "unknown_point", message, nearest(id, specs))
            return False
        wrong = [why for value in values if (why := _wrong(specs[id], value))]
        if wrong:
            self._add(index, f"{key}.{id}", "value", wrong[0])
        elif key == "ramp" and not all(map(_is_number, values)):
            self._add(index, f"{key}.{id}", "value", "only numbers have values between: use set")
            return False
        return not wrong

    def _add(self, index: int, key: str, code: str, message: str, suggestion: str | None = None) -> None:
        self._report.add(self._sheet, ("step", index, *key.split(".")), code, message, suggestion)


def shows(site: Site, device: str) -> Sequence[str]:
    """What can happen before a camera of the site."""
    return SHOWS[
        scene_of([check for camera in site.cameras if camera.device == device for check in camera.checks])
    ]


def _wrong(spec: PointSpec, value: Any) -> str | None:
    """Why a point cannot measure this; values are in canonical units."""
    if spec.signal is not None:
        return None if isinstance(value, bool) else f"is a state: true (abnormal) or false, not {value!r}"
    quantity = spec.quantity
    if quantity is None:
        right = isinstance(value, str | bool) or _is_number(value)
        return None if right else f"is a number, a text, true or false, not {value!r}"
    if not _is_number(value):
        return f"is measured: a number in {quantity.unit}, not {value!r}"
    if not quantity.low <= value <= quantity.high:
        return f"{value:g} is not between {quantity.low:g} and {quantity.high:g} {quantity.unit}"
    return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _said(value: Value) -> str:
    return (
        f"{value:g}" if isinstance(value, float | int) and not isinstance(value, bool) else str(value).lower()
    )
