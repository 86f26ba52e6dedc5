"""Whether a message can leave the site at all. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Final

from edge.dispatch.channel import ChannelReport
from edge.domain.instant import SECOND, Instant
from edge.domain.names import Text

PATIENCE: Final = 30 * SECOND  # µs: a modem that registers anew, a message that is tried again
FINE: Final = Text("正常", "In order")
NONE: Final = Text("未设置短信或外网通道", "No text messages and no channel over the internet are set up")


def reachable(channels: Iterable[tuple[Text, ChannelReport]], cut: Collection[str] = ()) -> tuple[bool, Text]:
    """(whether one way still leads out, what is the matter with the ways that do not).

    channels: name and report of those that lead out of the site, not of the desk's. cut: ids of those whose line is
    down, which is known before anything was tried on them. A channel that was not used yet counts as working, one that
    is not set up as none; a site without any has nothing to lose, and its check stands.
    """
    ways = [(name, report) for name, report in channels if report.state != "not_set_up"]
    if not ways:
        return True, NONE
    broken = [(name, way) for name, way in ways if way.state == "failing" or way.id in cut]
    if not broken:
        return True, FINE
    zh = ";".join(f"{name.zh}:{_why(way, cut).zh}" for name, way in broken)
    en = "; ".join(f"{name.en}: {_why(way, cut).en}" for name, way in broken)
    return len(broken) < len(ways), Text(zh, en)


def watching(look: Callable[[], tuple[bool, Text]]) -> Callable[[Instant], tuple[bool, Text]]:
    """A check by `look`, which says how it is now: it fails once no way has led out for `PATIENCE`."""
    gone: int | None = None

    def check(now: Instant) -> tuple[bool, Text]:
        nonlocal gone
        leads, detail = look()
        gone = None if leads else now.mono if gone is None else gone
        return gone is None or now.mono - gone < PATIENCE, detail

    return check


def _why(way: ChannelReport, cut: Collection[str]) -> Text:
    return Text("模块失联", "its modem is not reached") if way.id in cut else way.detail
