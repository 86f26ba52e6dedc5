"""What the stream says of each fact, to whom."""

from __future__ import annotations

from edge.domain.device import Signal
from edge.domain.reading import Purpose
from edge.facade import Role
from tests.web.fakes import FakeHub
from web.i18n import Language
from web.pages.events import Painter, Scope


def painter(
    hub: FakeHub, language: Language = "zh", role: Role = Role.GUARD, *, wall: bool = True
) -> Painter:
    return Painter(hub, Scope(language, role, wall), {"guard": "李强"})


def test_an_alarm_brings_its_row_the_first_card_and_the_strips() -> None:
    hub = FakeHub()
    alarm = hub.raise_alarm("gas-1203.gas", Signal.GAS)
    said = painter(hub).fact(hub._facts[-1]).decode()
    assert said.startswith(f"id: {alarm.seq}\n")
    for target in ("#totals", "#desk", "#first", "#rows"):
        assert f'hx-target="{target}"' in said
    assert f'id="a-{alarm.id}"' in said


def test_other_pages_get_the_strips_alone() -> None:
    hub = FakeHub()
    hub.raise_alarm("sm-301.smoke")
    said = painter(hub, wall=False).fact(hub._facts[-1]).decode()
    assert "去报警监控" in said
    assert "#rows" not in said


def test_each_language_and_role_gets_its_own() -> None:
    hub = FakeHub()
    hub.raise_alarm("sm-301.smoke")
    fact = hub._facts[-1]
    assert "接警" in painter(hub).fact(fact).decode()
    assert "Acknowledge" in painter(hub, "en").fact(fact).decode()
    assert 'data-act="ack"' not in painter(hub, role=Role.MAINTENANCE).fact(fact).decode()


def test_the_self_test_and_what_no_page_shows_are_left_out() -> None:
    hub = FakeHub()
    hub.raise_alarm("sm-301.smoke", purpose=Purpose.TEST)
    assert painter(hub).fact(hub._facts[-1]) == b""
    assert painter(hub).fact(hub.emit("session.opened", by="guard")) == b""


def test_a_fact_of_long_ago_shows_the_alarm_as_it_stands_now() -> None:
    hub = FakeHub()
    alarm = hub.raise_alarm("wp-1.link", Signal.FAULT)
    raised = hub._facts[-1]
    hub.clear(alarm.id)
    said = painter(hub).fact(raised).decode()
    assert f'id="a-{alarm.id}"' in said
    closed = painter(hub).fact(hub._facts[-1]).decode()
    assert "row c-medium gone" in closed
    assert "一切正常,自" in closed


def test_the_beat_refreshes_what_ages_but_never_the_first_card() -> None:
    said = painter(FakeHub()).beat().decode()
    assert "id: " not in said
    assert 'hx-target="#watch"' in said
    assert 'hx-target="#first"' not in said
