"""The words of messages: place, kind, value, time and what to do, short enough for one SMS where that can be. Pure.

Written as the wording rules say: no greeting, no link, no exclamation mark; 确认 only for a confirmed fire.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from string import Formatter
from typing import Final

from edge.domain.incident import CO
from edge.domain.names import Text
from edge.domain.notification import Notification

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

FIELDS: Final = frozenset({"time", "place", "title", "value", "todo", "cause", "due"})
"""What a text may name in braces. A part between two ` · ` whose fields are all empty is left out."""

MESSAGES: Final[Mapping[str, Text]] = {
    "alarm": Text("{time} {place} · {title} · {value} · {todo}", "{time} {place} · {title} · {value} · {todo}"),
    "nobody": Text(
        "【无人处置】{time} {place} · {title} · {value} · {todo}",
        "NOBODY RESPONDED: {time} {place} · {title} · {value} · {todo}",
    ),
    "confirmed": Text(
        "【火警确认】{time} {place} · {title} · 二阶段 · {todo}",
        "FIRE CONFIRMED: {time} {place} · {title} · stage 2 · {todo}",
    ),
    "confirmed-gas": Text(
        "【燃气泄漏属实】{time} {place} · {title} · 二阶段 · {todo}",
        "GAS LEAK CONFIRMED: {time} {place} · {title} · stage 2 · {todo}",
    ),
    "confirmed-co": Text(
        "【一氧化碳属实】{time} {place} · {title} · 二阶段 · {todo}",
        "CARBON MONOXIDE CONFIRMED: {time} {place} · {title} · stage 2 · {todo}",
    ),
    "confirmed-sos": Text(
        "【求助属实】{time} {place} · {title} · 二阶段 · {todo}",
        "CALL FOR HELP CONFIRMED: {time} {place} · {title} · stage 2 · {todo}",
    ),
    "confirmed-other": Text(
        "【警情属实】{time} {place} · {title} · 二阶段 · {todo}",
        "INCIDENT CONFIRMED: {time} {place} · {title} · stage 2 · {todo}",
    ),
    "unclosed": Text("【警情未结】{time} {place} · {title}", "Incident still open: {time} {place} · {title}"),
    "cleared": Text("【火警解除】{time} {place} · {title}", "Fire cleared: {time} {place} · {title}"),
    "recovered": Text("【故障恢复】{time} {place} · {title}", "Fault recovered: {time} {place} · {title}"),
    "verdict": Text("【核实结果】{time} {place} · {title} · {cause}", "Verdict: {time} {place} · {title} · {cause}"),
    "order": Text("【工单】{time} {place} · {title} · {todo}", "Work order: {time} {place} · {title} · {todo}"),
    "order-redone": Text("【工单返工】{place} · {title} · {todo}", "Work sent back: {place} · {title} · {todo}"),
    "order-help": Text("【请求协助】{place} · {title} · {todo}", "Help asked for: {place} · {title} · {todo}"),
    "overdue": Text("【工单超时】{time} {place} · {title} · {todo}", "Order late: {time} {place} · {title} · {todo}"),
    "hazard": Text(
        "【隐患整改】{place} · {title} · 期限 {due} · {todo}", "To rectify: {place} · {title} · due {due} · {todo}"
    ),
    "hazard-overdue": Text(
        "【隐患逾期】{place} · {title} · 期限 {due} · {todo}", "Hazard overdue: {place} · {title} · due {due} · {todo}"
    ),
    "hazard-back": Text(
        "【复查不通过·退回】{place} · {title} · 期限 {due}", "Hazard sent back: {place} · {title} · due {due}"
    ),
    "hazard-closed": Text("【隐患销号】{place} · {title}", "Hazard closed: {place} · {title}"),
    "hazard-suspected": Text(
        "【疑似重大隐患】{time} {place} · {title} · 请定级", "SUSPECTED MAJOR: {time} {place} · {title} · to grade"
    ),
    "hazard-major": Text(
        "【重大隐患】{time} {place} · {title} · 期限 {due} · {todo}",
        "MAJOR HAZARD: {time} {place} · {title} · due {due} · {todo}",
    ),
    "hazard-extension": Text(
        "【延期申请】{place} · {title} · 请审批", "Extension asked: {place} · {title} · to decide"
    ),
    "drill": Text("{time} {place} · {title} · 请到岗签到", "{time} {place} · {title} · report for roll-call"),
    "drill-over": Text("演练结束 {time} · {place} · {title}", "Drill over {time} · {place} · {title}"),
    "drill-stopped": Text(
        "演练终止·真实报警 {time} · {place} · {title}", "Drill stopped: real alarm {time} · {place} · {title}"
    ),
    "duty": Text(
        "【值守任务】{time} 前完成 · {place} · {title}", "Duty: to be done by {time} · {place} · {title}"
    ),
    "proof": Text("【通道自检】{time} 收到即通道正常,无需处理", "Channel test: {time}. It works if you read this."),
    "handover-missed": Text(
        "【交接班】{time} 到点未交接,请查岗", "Hand-over: {time}, missed. Check who is on duty."
    ),
    "watch-silent": Text(
        "【离岗值守】{time} 值班手机无应答,请到消防控制室",
        "Away mode: {time}, the phone is silent. Go to the control room.",
    ),
}  # fmt: skip
"""By name; a site may say them in other words."""

SIGNALS: Final[Mapping[str, Text]] = {
    "fire": Text("火警", "fire"), "gas": Text("燃气", "gas"), "sos": Text("求助", "SOS"),
    "fault": Text("故障", "fault"), "supervisory": Text("监管", "supervisory"),
    "disablement": Text("屏蔽", "disabled"), "process": Text("超限", "limit"), "order": Text("工单", "order"),
    "hazard": Text("隐患", "hazard"),
    "": Text("其他", "other"),
}  # fmt: skip
CAUSES: Final[Mapping[str, Text]] = {
    "real": Text("真实火警", "real"), "false": Text("误报", "false alarm"),
    "fault": Text("设备故障", "device fault"), "test": Text("测试", "test"),
}  # fmt: skip


def fields_of(text: str) -> list[str]:
    """What `text` names in braces, as it stands there; ValueError when the braces do not pair.

    A form behind the name (`{time:>9}`, `{time!r}`) is part of what is named: texts are filled in as they are.
    """
    return [
        name + (f"!{turned}" if turned else "") + (f":{form}" if form else "")
        for _, name, form, turned in Formatter().parse(text)
        if name is not None
    ]


class Words:
    """Composes texts in the site's local time. civil: µs UTC as people's clocks show it (shifted in a demo).

    own: the site's texts by message, in place of `MESSAGES`.
    """

    def __init__(
        self,
        zone: tzinfo,
        civil: Callable[[int], int] = lambda utc: utc,
        own: Mapping[str, Text] | None = None,
    ) -> None:
        self._zone = zone
        self._civil = civil
        self._texts = {**MESSAGES, **(own or {})}

    def compose(self, message: Notification, language: str, *, repeat: bool, answers: bool) -> str:
        """The whole text. repeat: an earlier one may have arrived. answers: an answer by digit is understood."""
        zh = language.startswith("zh")
        about = message.about
        cause = CAUSES.get(about.cause)
        parts = {
            "time": self._time(about.at),
            "place": about.place.in_(language),
            "title": about.title.in_(language),
            "value": about.value,
            "todo": about.todo.in_(language),
            "cause": cause.in_(language) if cause else about.cause,
            "due": "" if about.due is None else self._time(about.due, "%m-%d %H:%M"),
        }
        template = self._template(message).in_(language)
        text = " · ".join(said for part in template.split(" · ") if (said := _said(part, parts)))
        if message.counts:
            text += self._others(message.counts, language)
        if answers and message.help:
            text += self._answer(message, zh=zh)
        if about.drill:
            text = ("【演练】" if zh else "DRILL: ") + text
        if repeat:
            text = ("【重发】" if zh else "Repeat: ") + text
        return text

    def _template(self, message: Notification) -> Text:
        """Fire alone is 火警: what else became certain has words of its own."""
        name, signal = message.message, message.about.signal
        if name == "confirmed" and signal != "fire":
            name = f"confirmed-{signal}" if signal in {"gas", "sos"} else "confirmed-other"
            if message.about.cause == CO:
                name = "confirmed-co"
        return self._texts.get(name, self._texts["alarm"])

    def _time(self, utc: int, form: str = "%H:%M") -> str:
        moment = _EPOCH + timedelta(microseconds=self._civil(utc))
        return moment.astimezone(self._zone).strftime(form)

    def _others(self, counts: Mapping[str, int], language: str) -> str:
        order = list(SIGNALS)
        ranked = sorted(counts.items(), key=lambda item: order.index(item[0]) if item[0] in order else 99)
        total = sum(counts.values())
        if language.startswith("zh"):
            return f";另有 {total} 条:" + ",".join(
                f"{SIGNALS[s].zh if s in SIGNALS else s} {n}" for s, n in ranked
            )
        return f"; {total} more: " + ", ".join(
            f"{SIGNALS[s].en if s in SIGNALS else s} {n}" for s, n in ranked
        )

    def _answer(self, message: Notification, *, zh: bool) -> str:
        if message.order is not None:
            return " · 回1接单,2退单" if zh else " · Reply 1 accept, 2 reject"
        urgent = message.about.signal in {"fire", "gas", "sos"}
        return f" · 回1{'接警' if urgent else '知悉'}" if zh else " · Reply 1 to acknowledge"


def _said(part: str, words: Mapping[str, str]) -> str:
    """`part` with its fields filled in; empty when it has fields and all of them are empty."""
    named = [name for _, name, _, _ in Formatter().parse(part) if name]
    if named and not any(words[name] for name in named):
        return ""
    return part.format_map(words).strip()
