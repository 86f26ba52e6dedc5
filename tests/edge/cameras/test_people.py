"""Zones that people draw, and who looked at footage and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.camera.sight import KINDS
from edge.domain.camera import CameraZone
from edge.domain.conclusion import Aim
from edge.domain.footage import (
    ZONE_CHECKS,
    AskViewing,
    CameraSetting,
    DecideViewing,
    DrawZones,
    OpenFootage,
    Viewing,
)
from edge.domain.instant import DAY, MINUTE
from edge.domain.names import Text
from edge.store.words import parted, whole
from tests.edge.cameras.gatehouse import START, Gatehouse

SQUARE = ((0.1, 0.1), (0.5, 0.1), (0.5, 0.5), (0.1, 0.5))
LANE = CameraZone("lane", Text("消防车道", "Fire lane"), SQUARE, ("left-object",), 60.0)
ASK = AskViewing("li", "张女士 2-301", "自行车被撞", "cm-01", START - 60_000_000, START)


@pytest.fixture
def gate() -> Gatehouse:
    return Gatehouse()


def test_a_drawing_counts_from_then_on_and_over_restarts(gate: Gatehouse) -> None:
    row = gate.asks(DrawZones("cm-01", "li", (LANE,), (SQUARE,), "new lane"))
    assert (row["version"], row["by"]) == (1, "li")
    assert gate.effects == [Aim("cm-01", (LANE,), (SQUARE,))]
    assert gate.facts[-1].kind == "camera.zones_drawn"
    assert gate.facts[-1].note == "new lane"
    assert gate.asks(DrawZones("cm-01", "wang", (), ()))["version"] == 2
    gate.asks(DrawZones("cm-01", "li", (LANE,), ()))
    gate.restart(DAY)
    assert gate.cameras.aims() == [Aim("cm-01", (LANE,), ())]
    setting = gate.cameras.setting("cm-01")
    assert setting is not None
    assert (setting.version, setting.zones) == (3, (LANE,))
    assert [fact.body["version"] for fact in gate.facts if fact.subject == "camera"] == [1, 2, 3]
    assert CameraSetting.from_dict(setting.to_dict()) == setting


@pytest.mark.parametrize(
    "zones",
    [
        (replace(LANE, id="Lane!"),),
        (LANE, LANE),
        (replace(LANE, name=Text(" ", "")),),
        (replace(LANE, name=Text("长" * 100, "x")),),
        (replace(LANE, checks=("tamper",)),),
        (replace(LANE, checks=()),),
        (replace(LANE, checks=("left-object", "e-bike")),),  # the camera has no detector
        (replace(LANE, dwell=float("nan")),),
        (replace(LANE, dwell=0.0),),
        (replace(LANE, polygon=SQUARE[:2]),),
        (replace(LANE, polygon=((0, 0), (2, 0), (1, 1))),),
        (replace(LANE, polygon=((0, 0), (float("nan"), 0), (1, 1))),),
        (replace(LANE, polygon=((0, 0), (1, 1), (1, 0), (0, 1))),),  # crosses itself
        tuple(replace(LANE, id=f"z{n}") for n in range(33)),
    ],
)  # fmt: skip
def test_what_is_no_zone_is_refused(gate: Gatehouse, zones: tuple[CameraZone, ...]) -> None:
    assert gate.refused(DrawZones("cm-01", "li", zones, ())) == "bad_parameter"
    assert gate.cameras.setting("cm-01") is None
    assert gate.refused(DrawZones("cm-01", "li", (), tuple(z.polygon for z in zones))) in {
        "",
        "bad_parameter",
    }


def test_nobody_draws_over_what_they_have_not_seen(gate: Gatehouse) -> None:
    assert gate.refused(DrawZones("cm-01", "li", (LANE,), (), version=1)) == "newer_version"
    assert gate.asks(DrawZones("cm-01", "li", (LANE,), (), version=0))["version"] == 1
    assert gate.refused(DrawZones("cm-01", "wang", (), (), version=0)) == "newer_version"
    assert gate.asks(DrawZones("cm-01", "wang", (), (), version=1))["version"] == 2


def test_masks_over_all_of_the_picture_are_refused(gate: Gatehouse) -> None:
    whole = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    assert gate.refused(DrawZones("cm-01", "li", (), (whole,))) == "bad_parameter"


def test_only_cameras_of_the_site_are_drawn_on(gate: Gatehouse) -> None:
    assert gate.refused(DrawZones("cm-9", "li", (), ())) == "not_found"


def test_a_zone_can_be_looked_at_for_all_but_tampering() -> None:
    assert set(ZONE_CHECKS) == KINDS.keys() - {"tamper"}


def test_names_of_zones_can_be_erased() -> None:
    setting = CameraSetting("cm-01", 1, 1, "li", (LANE,))
    plain, words = parted("camera", setting.to_dict())
    assert "车道" not in str(plain)
    assert CameraSetting.from_dict(plain).zones[0].name == Text("", "")
    assert words["zones"][0]["name"] == ["消防车道", "Fire lane"]
    assert whole(plain, None) == plain


def test_each_look_has_a_person_and_a_reason(gate: Gatehouse) -> None:
    row = gate.asks(OpenFootage("li", " alarm a-1 ", alarm="a-1", stills=("st-1-1",)))
    assert (row["by"], row["reason"], row["open"], row["state"]) == ("li", "alarm a-1", False, "viewed")
    assert (gate.facts[-1].kind, gate.facts[-1].by) == ("footage.viewed", "li")
    assert gate.refused(OpenFootage("li", "  ", camera="cm-01")) == "reason_required"
    assert gate.refused(OpenFootage("li", "x" * 501, camera="cm-01")) == "bad_parameter"
    assert gate.refused(OpenFootage("li", "fire", camera="cm-9")) == "not_found"


def test_a_request_is_decided_by_another_and_used_once(gate: Gatehouse) -> None:
    asked = gate.asks(ASK)["id"]
    assert gate.refused(OpenFootage("wang", "", viewing=asked)) == "closed"
    assert gate.refused(DecideViewing(asked, "li", granted=True)) == "same_person"
    gate.restart()
    assert gate.asks(DecideViewing(asked, "wang", granted=True, answer="同意"))["state"] == "granted"
    assert gate.refused(DecideViewing(asked, "chen", granted=False)) == "closed"
    assert gate.asks(OpenFootage("li", "", viewing=asked, stills=("st-1-1",)))["state"] == "viewed"
    assert gate.refused(OpenFootage("li", "", viewing=asked)) == "closed"
    assert [fact.kind for fact in gate.facts] == ["viewing.asked", "viewing.granted", "footage.viewed"]


def test_a_refused_or_forgotten_request_is_closed(gate: Gatehouse) -> None:
    first, second = gate.asks(ASK)["id"], gate.asks(ASK)["id"]
    assert not gate.asks(DecideViewing(first, "wang", granted=False, answer="无关"))["open"]
    assert gate.later(30 * DAY) == ["viewing.lapsed"]
    assert gate.rows["viewing", second]["state"] == "lapsed"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"asker": " "}, "reason_required"),
        ({"reason": ""}, "reason_required"),
        ({"camera": "cm-9"}, "not_found"),
        ({"end": ASK.start}, "bad_parameter"),
        ({"end": ASK.start + 40 * DAY}, "bad_parameter"),
        ({"start": START + 36_500 * DAY, "end": START + 36_501 * DAY}, "bad_time"),
        ({"end": START + 2 * MINUTE}, "bad_time"),
    ],
)
def test_a_request_says_who_why_and_what(gate: Gatehouse, change: dict[str, object], code: str) -> None:
    assert gate.refused(replace(ASK, **change)) == code  # type: ignore[arg-type]


def test_what_somebody_waits_to_see_is_not_erased(gate: Gatehouse) -> None:
    gate.raised("a-1", zone="out/north")
    gate.deliver()
    gate.closed("a-1")
    gate.later(20 * DAY)
    asked = gate.asks(replace(ASK, start=START - MINUTE, end=START + MINUTE))["id"]
    gate.later(15 * DAY)
    assert not gate.erases()
    gate.asks(DecideViewing(asked, "wang", granted=False))
    gate.later(MINUTE)
    assert len(gate.erases()) == 1


def test_words_of_a_request_can_be_erased(gate: Gatehouse) -> None:
    plain, words = parted("viewing", gate.asks(ASK))
    assert set(words) == {"asker", "reason"}
    assert "张女士" not in str(plain)
    assert Viewing.from_dict(plain).state == "asked"
