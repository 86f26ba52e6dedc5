"""How values, times and people are written for one reader: their language, the site's clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

from edge.domain.alarm import Alarm
from edge.domain.device import Point, Signal
from edge.domain.fact import Fact
from edge.domain.health import LinkReport
from edge.domain.instant import DAY, HOUR, MINUTE, SECOND, to_rfc3339
from edge.domain.lifecycle import VITAL
from edge.domain.names import Text
from edge.domain.reading import Purpose, Value
from edge.facade import Hub, PointState
from web.i18n import Language, translations
from web.pages import wording

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def people(hub: Hub) -> Mapping[str, str]:
    """What everybody is called, by account name."""
    return {account.name: account.display for account in await hub.accounts.accounts()}


class View:
    """Everything a template asks of the hub's values. One per request or rendered event; times are µs UTC."""

    def __init__(self, hub: Hub, language: Language, names: Mapping[str, str]) -> None:
        self.hub = hub
        self.language = language
        self.now = hub.now().utc
        self.names = names
        self._zone = ZoneInfo(hub.site.timezone)
        catalogue = translations(language)
        self._word = catalogue.gettext

    # words

    def word(self, message: str) -> str:
        """The translation of a marked message."""
        return self._word(message) if message else ""

    def text(self, text: Text) -> str:
        return text.in_(self.language)

    def person(self, name: str | None) -> str:
        """What a person of the accounts or the roster is called; the id when they are gone.

        "the hub" for nobody, and where the hub itself has acted in a person's place.
        """
        known = self.hub.site.roster.persons.get(name or "")
        called = self.names.get(name or "") or (known.name if known else name)
        return called if called and called != "hub" else self._word("the hub")

    def joined(self, *parts: str) -> str:
        """The parts that say something, with middle dots between."""
        return " · ".join(part for part in parts if part)

    # times

    def local(self, utc: int) -> datetime:
        """The moment on the site's wall clock."""
        return (_EPOCH + timedelta(microseconds=self.hub.civil(utc))).astimezone(self._zone)

    def clock(self, utc: int) -> str:
        return f"{self.local(utc):%H:%M:%S}"

    def short(self, utc: int) -> str:
        """As short as it is clear: today 02:14:20, yesterday with the word, else with the date."""
        moment, today = self.local(utc), self.local(self.now)
        if moment.date() == today.date():
            return f"{moment:%H:%M:%S}"
        if moment.date() == today.date() - timedelta(days=1):
            return self._word("yest. %(time)s") % {"time": f"{moment:%H:%M}"}
        if moment.year == today.year:
            return f"{moment:%m-%d %H:%M}"
        return f"{moment:%Y-%m-%d}"

    def full(self, utc: int) -> str:
        return f"{self.local(utc):%Y-%m-%d %H:%M:%S}"

    @cached_property
    def zone_name(self) -> str:
        """The site zone's offset, as printed on reports."""
        offset = f"{self.local(self.now):%z}"
        return f"GMT{offset[:3]}:{offset[3:]}"

    def iso(self, utc: int) -> str:
        return to_rfc3339(utc)

    def millis(self, utc: int) -> int:
        return utc // 1000

    def age(self, utc: int | None) -> str:
        """How long ago, in the largest unit that says enough."""
        return self.ago(max(0, self.now - utc)) if utc is not None else self._word("never")

    def ago(self, span: int) -> str:
        if span < MINUTE:
            return self._word("%(n)s s ago") % {"n": span // SECOND}
        if span < HOUR:
            return self._word("%(n)s min ago") % {"n": span // MINUTE}
        if span < 2 * DAY:
            return self._word("%(n)s h ago") % {"n": span // HOUR}
        return self._word("%(n)s d ago") % {"n": span // DAY}

    def running(self, utc: int) -> str:
        """Running time since `utc` as 0:34, 12:05, 1:02:05."""
        seconds = max(0, self.now - utc) // SECOND
        hours, rest = divmod(seconds, 3600)
        minutes, seconds = divmod(rest, 60)
        return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"

    # values

    def value(self, value: Value | None, point: Point | None, unit: str = "") -> str:
        """The value with its unit; a state in words; "no data" for None, for zero is a value."""
        match value:
            case None:
                return self._word("No data")
            case bool():
                return self._state(value, point)
            case str():
                return self._word(wording.TEXTS[value]) if value in wording.TEXTS else value
        quantity = point.spec.quantity if point else None
        number = f"{value:.{quantity.decimals}f}" if quantity else f"{value:g}"
        return f"{number} {unit or (point.unit if point else '')}".rstrip()

    def _state(self, abnormal: bool, point: Point | None) -> str:
        signal = point.spec.signal if point else None
        if point is not None and point.spec.id == "link":
            return self._word("No contact") if abnormal else self._word("Online")
        if not abnormal:
            return self._word("Normal")
        return self._word("In alarm") if signal in VITAL else self._word("Abnormal")

    def reading(self, state: PointState) -> str:
        """The latest value; what never reported says so, for "no data" is what a device has said itself."""
        if state.value is None and state.time is None:
            return self._word("Not reported yet")
        return self.value(state.value, state.point)

    def doubt(self, state: PointState) -> str:
        """Why the value should not be taken as today's truth, empty when it is good and live."""
        if state.value is None:
            return ""
        words = []
        if state.quality != "good":
            words.append(self._word(wording.QUALITIES[state.quality]))
        if state.reason is not None:
            words.append(self._word(wording.REASONS[state.reason]))
        if state.retained:
            words.append(self._word("not heard live since start"))
        return " · ".join(words)

    def tone(self, state: PointState) -> str:
        """The colour class of a state that is abnormal, empty for all else."""
        if state.value is not True:
            return ""
        return "c-urgent" if state.point.spec.signal in VITAL else "c-medium"

    # alarms

    def title(self, alarm: Alarm) -> str:
        """What it is; a fire is never called one without the doubt before a person or its incident is certain."""
        title = self.named(alarm)
        if self.certain(alarm):
            return self.joined(title, self._word("Confirmed fire"))
        if alarm.signal is Signal.FIRE and alarm.verdict is None and alarm.open:
            return self._word("%(title)s, to verify") % {"title": title}
        return title

    def certain(self, alarm: Alarm) -> bool:
        """Whether this open fire, not judged itself, is one for certain: two triggers or a person made it so."""
        open_fire = alarm.signal is Signal.FIRE and alarm.verdict is None and alarm.open
        return open_fire and alarm.purpose is Purpose.LIVE and alarm.id in self._certain

    @cached_property
    def _certain(self) -> frozenset[str]:
        """Alarms of fires that are certain; what has only lasted too long (`confirmed_why`) is not."""
        second = (one for one in self.hub.incidents() if one.stage == 2 and not one.withdrawn)
        sure = (one for one in second if one.confirmed_why in {"two_triggers", "person"})
        return frozenset(id for one in sure for id in one.alarms)

    def named(self, alarm: Alarm) -> str:
        """Its title; that of a drill says so wherever it stands."""
        title = self.text(alarm.title)
        if alarm.purpose is not Purpose.DRILL:
            return title
        return self._word("[DRILL]") + ("" if self.language == "zh" else " ") + title

    def point(self, id: str) -> Point | None:
        state = self.hub.point(id)
        return state.point if state else None

    def alarm_value(self, alarm: Alarm) -> str:
        """The measured value of an alarm, empty for a state."""
        if alarm.value is None or isinstance(alarm.value, bool):
            return ""
        return self.value(alarm.value, self.point(alarm.point), alarm.unit)

    def alarm_limit(self, alarm: Alarm) -> str:
        if alarm.limit is None or not self.alarm_value(alarm):
            return ""
        return self._word("limit %(value)s") % {"value": f"{alarm.limit:g} {alarm.unit}".rstrip()}

    def device_name(self, id: str) -> str:
        state = self.hub.device(id)
        return self.text(state.device.name) if state else id

    def is_measured(self, alarm: Alarm) -> bool:
        return not isinstance(alarm.value, bool) and alarm.value is not None

    def persisted(self, alarm: Alarm) -> bool:
        return self.hub.persisted(alarm.seq)

    def state(self, alarm: Alarm) -> str:
        return self._word(wording.state_word(alarm, certain=self.certain(alarm)))

    def ack(self, alarm: Alarm) -> str:
        return self._word(wording.ack_word(alarm))

    def acked(self, alarm: Alarm) -> str:
        """That it was acknowledged, where who did it stands beside."""
        return self._word(wording.acked_word(alarm))

    def handled_by(self, alarm: Alarm) -> str:
        """Who acknowledged, in the words of the desk: "李强 接警"; empty before."""
        said = self._word(wording.acked_words(alarm))
        return said % {"who": self.person(alarm.acked_by)} if alarm.acked else ""

    def hurdle(self, alarm: Alarm) -> str:
        """Why it cannot be reset now, empty when it can."""
        return self.word(wording.reset_hurdle(alarm) or "")

    def verdict(self, alarm: Alarm) -> str:
        if alarm.verdict is None:
            return ""
        kind, cause = alarm.verdict.kind, alarm.verdict.cause
        if kind == "real" and alarm.signal is Signal.FIRE:
            said = self._word("Confirmed fire")
        else:
            said = self._word(wording.VERDICTS[kind])
        return self.joined(said, self._word(wording.CAUSES[cause]) if cause in wording.CAUSES else cause)

    def shelving(self, alarm: Alarm) -> str:
        """That it is kept from sounding, and until when."""
        until = alarm.suppression.until if alarm.suppression else None
        if alarm.suppression and alarm.suppression.kind == "out_of_service":
            return self._word("Out of service")
        if until is None:
            return self._word("Shelved")
        return self._word("Shelved until %(time)s") % {"time": self.short(until)}

    def reason(self, said: str) -> str:
        """Why something was put aside: a word of the panel's list, or the person's own."""
        return self._word(wording.ASIDE[said]) if said in wording.ASIDE else said

    def shelved(self) -> Sequence[Alarm]:
        """Open alarms that persons have put aside, soonest end first."""
        held = [a for a in self.hub.open_alarms() if a.suppression and a.suppression.kind == "shelved"]
        return sorted(held, key=lambda a: (a.suppression.until or 0) if a.suppression else 0)

    # facts

    def fact(self, fact: Fact) -> str:
        """One sentence for what happened."""
        said = self._word(wording.KINDS[fact.kind]) if fact.kind in wording.KINDS else fact.kind
        if fact.subject == "alarm" and "place" in fact.body:
            return self.joined(said, self._alarm_in(fact))
        if fact.kind == "uplink.caught_up":
            made_up = self._word(wording.MADE_UP) % fact.body
            return self.joined(said, self.link(str(fact.body["id"])), made_up)
        if fact.kind == "hub.started":
            return self.joined(said, self._word(wording.STARTS.get(str(fact.body["cause"]), "")))
        return self.joined(said, *self._details(fact.body))

    def step(self, fact: Fact) -> str:
        """One sentence for what happened to an alarm or because of it, on a page that already says which."""
        if fact.subject != "alarm":
            return self._consequence(fact)
        alarm = Alarm.from_dict(dict(fact.body))
        match fact.kind.removeprefix("alarm."):
            case "acked":
                return self.acked(alarm)
            case "verdict":
                return self.joined(self._word("Verdict"), self.verdict(alarm))
            case "reset" | "closed" if alarm.forced:
                return self.joined(self._word("Forced reset"))
            case "shelved" if alarm.suppression is not None:
                second = alarm.suppression.second
                return self.joined(
                    self.shelving(alarm),
                    self.reason(alarm.suppression.reason),
                    self._word("with %(who)s") % {"who": self.person(second)} if second else "",
                )
        said = self._word(wording.KINDS[fact.kind]) if fact.kind in wording.KINDS else fact.kind
        if fact.kind in {"alarm.raised", "alarm.risen"}:
            return self.joined(self.named(alarm), self.alarm_value(alarm), self.alarm_limit(alarm))
        return self.joined(said, self.alarm_value(alarm) if alarm.active else "")

    def _consequence(self, fact: Fact) -> str:
        said, body = self._word(wording.KINDS.get(fact.kind, fact.kind)), fact.body
        match fact.subject:
            case "command":
                return self.joined(said, self.text(Text(*body["name"])), self.text(Text(*body["place"])))
            case "linkage":
                return self.joined(said, self.text(Text(*body["name"])))
            case "notification":
                names = {channel.id: channel.name for channel in self.hub.channels()}
                channel = self.text(names[body["channel"]]) if body["channel"] in names else body["channel"]
                to = body["person"] or body["asked"]
                return self.joined(said, channel, self.person(to) if to else "")
            case "order":
                return self.joined(said, str(body["number"]))
            case "incident" if body["step"] is not None:
                step = next(step for step in body["steps"] if step["id"] == body["step"])
                skipped = self._word(wording.SKIPPED) if step["how"] == "skipped" else ""
                return self.joined(said, self.text(Text(*step["title"])), skipped)
        return said

    def _alarm_in(self, fact: Fact) -> str:
        alarm = Alarm.from_dict(dict(fact.body))
        return self.joined(self.text(alarm.place), self.named(alarm), self.alarm_value(alarm))

    def unit(self, address: str) -> str:
        """A unit of a bus with the name of the device it is."""
        devices = self.hub.site.devices.values()
        name = next((self.text(device.name) for device in devices if device.address == address), "")
        return self.joined(self._word("unit %(unit)s") % {"unit": address}, name)

    def link(self, source: str) -> str:
        """What a connection is called on site."""
        site = self.hub.site
        names = {c.id: c.name for c in site.connections} | {u.id: u.name for u in site.uplinks}
        names |= {outlet.id: outlet.name for outlet in site.outlets}
        return self.text(names[source]) if source in names else source

    def link_look(self, link: LinkReport) -> Literal["ok", "medium"]:
        """Shape and colour of a connection: it is well when it is up and, if a bus, every unit on it answers."""
        units = (link.slaves or {}).items()
        return "medium" if not link.up or any(self._silent(*unit) for unit in units) else "ok"

    def link_word(self, link: LinkReport) -> str:
        """How a connection stands, in a word."""
        if not link.up:
            return self._word("down")
        return self._word("up") if self.link_look(link) == "ok" else self._word("partly silent")

    def _silent(self, address: str, counts: Mapping[str, int]) -> bool:
        """Whether a unit of a bus is out of contact: its device is so, or it was asked and never answered."""
        devices = self.hub.site.devices.values()
        state = next((self.hub.device(device.id) for device in devices if device.address == address), None)
        never = counts.get("polls", 0) > 0 and counts.get("ok", 0) == 0
        return never or (state is not None and state.online is False)

    def _details(self, body: Mapping[str, object]) -> list[str]:
        """What a fact says beside its kind, as far as a person asks for it."""
        return [
            self._word(wording.DETAILS[name]) % {"value": value}
            for name, value in body.items()
            if name in wording.DETAILS
        ]
