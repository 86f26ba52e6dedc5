"""Templates to HTML: one environment per language, and what every page is given."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from edge.domain.alarm import Alarm
from edge.facade import Hub, Role
from web.auth import Perm, Visitor, hub_of
from web.auth.permissions import shows
from web.i18n import COOKIE, Language, choose_language, translations
from web.i18n import mark as _
from web.look import NIGHT, chosen_theme, theme_by_clock
from web.pages import options, power_words, wording
from web.pages.mains import on_battery
from web.pages.view import View, people

MENU: Final = (
    ("/", _("Alarm wall"), Perm.SEE),
    ("/incidents", _("Incidents"), Perm.SEE),
    ("/cameras", _("Cameras"), Perm.SEE),
    ("/outputs", _("Outputs"), Perm.SEE),
    ("/my", _("My orders"), Perm.WORK),
    ("/orders", _("Work orders"), Perm.SEE),
    ("/hazards", _("Hazards"), Perm.SEE),
    ("/duties", _("Duties"), Perm.SEE),
    ("/plans", _("Emergency"), Perm.SEE),
    ("/devices", _("Devices"), Perm.SEE),
    ("/handover", _("Hand-over"), Perm.SEE),
    ("/roster", _("Roster"), Perm.SEE),
    ("/messages", _("Messages"), Perm.SEE),
    ("/reports", _("Reports and records"), Perm.JOURNAL),
    ("/health", _("Health"), Perm.SEE),
    ("/journal", _("Audit"), Perm.JOURNAL),
)
"""Address, words, and who may see it."""
_TEMPLATES: Final = Path(__file__).parent.parent / "templates"
_HORIZON: Final = 10**16  # µs: later than any raise, so that newer ones sort before older ones
_SCRIPT_WORDS: Final[Mapping[str, str]] = {
    "lost": _("Connection lost, picture is from %(time)s. Watch the fire panel."),
    "caught_up": _("Connected again, %(n)s caught up"),
    "back": _("Connected again"),
    "seconds": _("%(n)s s ago"),
    "minutes": _("%(n)s min ago"),
    "hours": _("%(n)s h ago"),
    "days": _("%(n)s d ago"),
    "new_above": _("%(n)s new alarms ↑"),
    "more_below": _("another %(n)s ↓"),
    "others": _("open %(open)s · unacknowledged %(waiting)s · another %(more)s"),
    "acked_by": _("%(who)s acknowledged at %(time)s"),
    "not_saved": _("Done, not saved yet: the journal cannot be written now."),
    "silenced": _("This desk is silent until a new alarm comes, 5 min at most"),
    "failed": _("No answer from the hub. Watch the fire panel and try again."),
    "too_fast": _("The picture has just changed. Look, then press again."),
    "hold": _("Hold for 1 second to confirm"),
    "nothing_to_ack": _("Nothing waits for acknowledgement"),
    "who_acts": _("Who is acting?"),
    "second_who": _("Second person"),
    "second_why": _("Fire, gas and SOS need a second person with a PIN of their own."),
    "own_why": _("Choose your name and enter your PIN."),
    "no_people": _("Nobody who may do this has a PIN yet. Set one on the page of your account."),
    "pin_saved": _("The PIN is set. The former one ends."),
    "pins_differ": _("The two entries differ."),
    "time": _("Time"),
    "no_data": _("No readings in this time"),
    "left_out": _("Readings that are not usable are left out of the line."),
    "limit": _("limit %(value)s"),
}


@cache
def environment(language: Language) -> Environment:
    """The templates with their words in `language`."""
    jinja = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    jinja.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]  # from the extension
    jinja.globals |= {"w": wording, "sort_key": sort_key, "script_words": _script_words, **options.GLOBALS}
    jinja.globals["m"] = jinja.get_template("macros.html").module
    return jinja


def sort_key(alarm: Alarm) -> str:
    """The wall's order as text: fire first, then priority, then newest; the browser sorts by it."""
    first = 0 if alarm.signal == "fire" else 1
    return f"{first}x{alarm.priority.rank}x{_HORIZON - alarm.raised_at}"


def permissions(role: Role | None) -> Mapping[str, bool]:
    """What the role may do, by the permission's name in lower case."""
    return {perm.name.lower(): role is not None and shows(role, perm) for perm in Perm}


def language_of(request: Request, visitor: Visitor | None) -> Language:
    """The language this request is answered in."""
    wish = visitor.account.language if visitor else None
    return choose_language(request.cookies.get(COOKIE), wish, request.headers.get("accept-language"))


async def view_for(request: Request, visitor: Visitor | None) -> View:
    """What writes values and times for this request."""
    hub = hub_of(request)
    return View(hub, language_of(request, visitor), await people(hub))


def base_context(hub: Hub, view: View, role: Role | None) -> dict[str, Any]:
    """What each template needs, be it of a page or of the stream. hung: the screen is a wall, on whatever page."""
    return {
        "v": view,
        "hub": hub,
        "may": permissions(role),
        "open_alarms": hub.open_alarms(),
        "on_battery": on_battery(hub),
        "off": power_words.off,
        "why_off": power_words.why,
        "wall": False,
        "hung": role is Role.WALL,
    }


async def page(
    request: Request, visitor: Visitor | None, template: str, status: int = 200, **more: Any
) -> HTMLResponse:
    """A whole page, or a part of one, for this visitor."""
    hub = hub_of(request)
    view = await view_for(request, visitor)
    chosen = chosen_theme(request)
    context = {
        **base_context(hub, view, visitor.role if visitor else None),
        "me": visitor.account if visitor else None,
        "csrf": (visitor.csrf if visitor else None) or "",
        "theme": chosen or theme_by_clock(hub),
        "chosen_theme": chosen or "auto",
        "night": NIGHT,
        "menu": [(href, words) for href, words, perm in MENU if visitor and visitor.may(perm)],
        "here": request.url.path,
        "since": str(hub.position()),
        "people": view.names,
        **more,
    }
    html = rendered(view.language, template, context)
    return HTMLResponse(
        html, status, headers={"Cache-Control": "no-store", "Vary": "Cookie, Accept-Language"}
    )


def rendered(language: Language, template: str, context: Mapping[str, Any]) -> str:
    """Render; everything awaited is in the context already."""
    return environment(language).get_template(template).render(context)


def _script_words(view: View) -> dict[str, Any]:
    said: dict[str, Any] = {key: view.word(words) for key, words in _SCRIPT_WORDS.items()}
    return said | {"refused": {code: view.word(words) for code, words in wording.REFUSALS.items()}}
