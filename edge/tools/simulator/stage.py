"""The site's devices at play: their background, and the scenarios that disturb it."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from edge.clock import Clock
from edge.domain.instant import HOUR, SECOND
from edge.domain.output import ActSpec, OutputSpec
from edge.domain.site import Site
from edge.tools.modbus_slave import SlaveBus
from edge.tools.modem import SimulatedModem, Trouble
from edge.tools.simulator.actor import SOUND, Course
from edge.tools.simulator.cast import Cast, Part
from edge.tools.simulator.obeying import acts
from edge.tools.simulator.pictures.events import CLEAR
from edge.tools.simulator.scenario import HUB, INTERNET, Scenario, Step
from edge.tools.simulator.schedule import Schedule
from edge.tools.simulator.tellers import MqttTeller

SPREAD: Final = 2.0  # seconds over which devices that start together speak for the first time
QUICKEST: Final = 1.0  # seconds between two reports, however compressed
REACTION: Final = 0.6  # seconds from an order to its feedback: a contactor, a valve's spindle
TICK: Final = SECOND  # between two reports of a device whose value is being led somewhere


@dataclass(slots=True, eq=False)
class Run:
    """A scenario being played. then: those that follow. ended: by itself or a reset; nothing more of it happens.

    disturbed: devices and sources it has touched so far.
    """

    scenario: Scenario
    then: Sequence[Scenario]
    ended: bool = False
    disturbed: set[str] = field(default_factory=set)


class BusyError(Exception):
    """Another scenario plays with the same devices."""


class Stage:
    """Plays on `schedule`; whoever owns it calls `schedule.run` when something is due.

    compress: how many times faster values take their course than the clock.
    """

    def __init__(
        self,
        site: Site,
        clock: Clock,
        cast: Cast,
        *,
        say: Callable[[str], None],
        seed: int = 0,
        compress: float = 1.0,
    ) -> None:
        self.schedule = Schedule()
        self._clock = clock
        self._zone = ZoneInfo(site.timezone)
        self._parts = cast.parts
        self._gateways = cast.gateways
        self._buses = cast.buses
        self._modems = cast.modems
        self._screens = cast.screens
        self._internet = cast.internet
        self._hub = cast.hub
        self._say = say
        self._chance = random.Random(seed)
        self._compress = compress
        self._begin = clock.now()
        self._runs: list[Run] = []

    @property
    def playing(self) -> list[str]:
        """Ids of the scenarios under way."""
        return [run.scenario.id for run in self._runs]

    def open(self) -> None:
        """Let every device begin to report."""
        now = self._clock.now().mono
        for part in self._parts.values():
            if not part.teller.speaks:
                self._tell(part)  # whoever is asked has an answer from the start
            self.schedule.plan(now + round(self._chance.uniform(0, SPREAD) * SECOND), self._reporting(part))

    def connected(self, gateway: str) -> None:
        """The broker is back: a bridge says again who is there, and each device how it stands."""
        now = self._clock.now().mono
        for part in self._parts.values():
            if part.source == gateway:
                if isinstance(part.teller, MqttTeller):
                    part.teller.appear()
                later = now + round(self._chance.uniform(0, QUICKEST) * SECOND)
                self.schedule.plan(later, partial(self._tell, part))

    def told(self, device: str, output: str, act: str) -> None:
        """A device was told to do something: it does it, and its feedback follows, unless a scenario says otherwise."""
        part = self._parts[device]
        for spec, wanted in acts(part.actor.device):
            if (spec.id, wanted.id) == (output, act):
                self._say(f"{device}.{output} is told: {act}")
                later = self._clock.now().mono + round((REACTION + part.actor.flaw.late) * SECOND)
                self.schedule.plan(later, partial(self._obey, part, spec, wanted))

    def _obey(self, part: Part, output: OutputSpec, act: ActSpec, _due: int) -> None:
        if part.teller.silent:
            return
        part.actor.obey(output, act)
        self._tell(part)

    # ---- scenarios ------------------------------------------------------------------------------------------------

    def play(self, scenarios: Sequence[Scenario]) -> None:
        """The first at once, each of the others when the one before has ended.

        BusyError, and nothing begins, when another scenario plays, or waits to play, with the same devices.
        """
        for other in [other for run in self._runs for other in (run.scenario, *run.then)]:
            for scenario in scenarios:
                if common := other.targets & scenario.targets:
                    names = ", ".join(sorted(common))
                    raise BusyError(f"{other.id} is playing with {names}; wait for its end, or use --reset")
        self._begin_run(scenarios[0], scenarios[1:])

    def reset(self) -> None:
        """End all scenarios; everything is back to normal at once, also what was told to sound or close."""
        for run in list(self._runs):
            run.then = ()
            self._end(run)
        for part in self._parts.values():
            if part.actor.done:
                part.actor.rest()
                self._tell(part)
        for screen in self._screens.values():
            screen.reset()

    def _begin_run(self, scenario: Scenario, then: Sequence[Scenario]) -> None:
        run = Run(scenario, then)
        self._runs.append(run)
        start = self._clock.now().mono
        self._say(f"{scenario.id} begins: {scenario.name.en}")
        for step in scenario.steps:
            self.schedule.plan(start + step.at, partial(self._step, run, step))
        self.schedule.plan(start + scenario.length, partial(self._last, run))

    def _last(self, run: Run, due: int) -> None:
        """Once more round, so that the last step has said its last value before everything is put back."""
        self.schedule.plan(due, lambda _: self._end(run))

    def _end(self, run: Run) -> None:
        if run.ended:
            return
        run.ended = True
        self._runs.remove(run)
        for target in sorted(run.disturbed):
            self._restore(target)
        self._say(f"{run.scenario.id} has ended, its devices are back to normal")
        if run.then:
            self._begin_run(run.then[0], run.then[1:])

    def _restore(self, target: str) -> None:
        if bus := self._buses.get(target):
            bus.noise = bus.damage = bus.cut = 0.0
            bus.replug()
        elif modem := self._modems.get(target):
            modem.trouble = Trouble.NONE
            modem.replug()
        elif gateway := self._gateways.get(target):
            gateway.unmute()
        elif screen := self._screens.get(target):
            screen.show(CLEAR)
        elif target == INTERNET and self._internet is not None:
            self._internet.start()
        elif target in self._parts:
            part = self._parts[target]
            part.actor.held.clear()
            part.actor.flaw = SOUND
            part.teller.silence(False)
            if isinstance(part.teller, MqttTeller):
                part.teller.available(True)
            self._tell(part)

    def _step(self, run: Run, step: Step, due: int) -> None:
        if run.ended:
            return
        if step.after is not None and not self._parts[step.after].actor.confirmed:
            self.schedule.plan(due + TICK, partial(self._step, run, step))
            return
        run.disturbed.add(step.target)
        self._say(f"{run.scenario.id} {step.at / SECOND:g} s: {step}")
        if bus := self._buses.get(step.target):
            _on_bus(bus, step)
        elif modem := self._modems.get(step.target):
            _on_modem(modem, step)
        elif gateway := self._gateways.get(step.target):
            gateway.mute() if step.action == "offline" else gateway.unmute()
        elif step.target == INTERNET and self._internet is not None:
            self._internet.stop() if step.action == "unplug" else self._internet.start()
        elif step.target == HUB and self._hub is not None:
            self._kill(self._hub)
        elif step.scene is not None:
            self._screens[step.target].show(step.scene)
        elif step.flaw is not None:
            self._parts[step.target].actor.flaw = step.flaw
        elif step.action is not None:
            self._on_device(self._parts[step.target], step)
        else:
            self._lead(run, self._parts[step.target], step, due)

    def _kill(self, file: Path) -> None:
        """The hub ends as by a crash; whoever watches over it starts it again."""
        try:
            os.kill(int(file.read_text("ascii")), signal.SIGKILL)
        except (OSError, ValueError) as error:
            self._say(f"the hub could not be killed: {error}")

    def _on_device(self, part: Part, step: Step) -> None:
        if isinstance(part.teller, MqttTeller) and step.action in {"offline", "online"}:
            part.teller.available(step.action == "online")
        else:
            part.teller.silence(step.action == "dead")
        self._tell(part)  # whoever comes back says at once how it stands

    def _lead(self, run: Run, part: Part, step: Step, due: int) -> None:
        momentary = {spec.id for spec in part.actor.device.profile.points if spec.report == "momentary"}
        pressed = [id for id, values in step.courses.items() if id in momentary and values[-1] is True]
        for id, values in step.courses.items():
            if id not in momentary or not part.teller.speaks:
                part.actor.held[id] = Course(values, due, step.over)
        self._tell(part, due, pressed)
        for after in range(TICK, step.over, TICK):
            self.schedule.plan(due + after, lambda at: None if run.ended else self._tell(part, at))
        if step.over:
            self.schedule.plan(due + step.over, lambda at: None if run.ended else self._tell(part, at))

    # ---- reports --------------------------------------------------------------------------------------------------

    def _reporting(self, part: Part) -> Callable[[int], None]:
        def report(due: int) -> None:
            self._tell(part)
            habit = max(QUICKEST, part.teller.habit / self._compress)
            next_due = due + round(min(part.pause, habit) * SECOND)
            part.pause = min(part.pause * 2, habit)
            late = self._clock.now().mono - next_due
            self.schedule.plan(next_due if late < 0 else next_due + late + SECOND, report)

        return report

    def _tell(self, part: Part, mono: int | None = None, pressed: Iterable[str] = ()) -> None:
        """mono: the moment whose values are told; that of a step is exact even when the machine was busy."""
        now = self._clock.now()
        at = now.mono if mono is None else mono
        simulated = self._begin.utc + (at - self._begin.mono) * self._compress
        moment = datetime.fromtimestamp(simulated / SECOND, self._zone)
        hour = moment.hour + (moment.minute * 60 + moment.second) * SECOND / HOUR
        part.teller.tell(part.actor.values(hour, at), now.utc, tuple(pressed))


def _on_bus(bus: SlaveBus, step: Step) -> None:
    if step.action == "unplug":
        bus.unplug()
    elif step.action == "replug":
        bus.replug()
    else:
        noisy = step.action == "noise"
        bus.noise = step.share.noise * noisy
        bus.damage = step.share.crc * noisy
        bus.cut = step.share.half * noisy


def _on_modem(modem: SimulatedModem, step: Step) -> None:
    if step.heard is not None:
        modem.receive(step.heard.number, step.heard.text)
    elif step.trouble is not None:
        modem.trouble = step.trouble
    elif step.action == "unplug":
        modem.unplug()
    else:
        modem.replug()
