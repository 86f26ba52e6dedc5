"""The sheet of the roster in a browser: readable for all, and nothing runs out of a phone's screen."""

from __future__ import annotations

import pytest

from tests.e2e.access import violations
from tests.e2e.conftest import SignIn
from tests.e2e.panel import Panel
from tests.edge.dispatch.test_duty import PATROL, roster
from tests.edge.dispatch.test_outlook import DESK


@pytest.mark.parametrize(("theme", "language"), [("night", "zh"), ("day", "en")])
def test_the_roster_is_accessible_and_fits(panel: Panel, sign_in: SignIn, theme: str, language: str) -> None:
    panel.do(lambda hub: setattr(hub, "people_of", roster(DESK, PATROL)))
    page = sign_in(theme=theme, language=language)
    page.goto(panel.url + "/roster")
    assert violations(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
