from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.camera.config import ZONE_ONLY, CheckName, WholeCheck, ZoneCheck
from drivers.camera.lines import LINE_LIMIT, Aim, Beat, Start, encode, read_order, read_report
from drivers.camera.sight import KINDS, PICTURE_ONLY, Area
from edge.domain.names import Text
from tests.drivers.camera.making import beat, finding

LANE = Area("lane", ((0.1, 0.2), (0.9, 0.2), (0.5, 0.8)), 10.0, ("left-object",))


@pytest.mark.parametrize(
    "order",
    [
        Start("cm-01-stream", "rtsp://192.0.2.31/2", "/dev/shm/x"),
        Start(
            "a", "http://h/m", "/r", "u", "p", 2.5, ("flame",), (LANE,), (LANE.polygon,), "/m.onnx", "/d.onnx"
        ),
        Aim((LANE,), (LANE.polygon,)),
        Aim(),
    ],
)
def test_orders_come_back_as_they_went(order: Start | Aim) -> None:
    line = encode(order)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert read_order(line) == order


@pytest.mark.parametrize("report", [beat(), beat("lost"), finding(), finding(box=None, verified=True)])
def test_reports_come_back_as_they_went(report: Beat) -> None:
    assert read_report(encode(report)) == report


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"", "no line"),
        (b"{}", "missing required field"),
        (encode(beat()).replace(b'"ok"', b'"fine"'), "there is no state 'fine'"),
        (
            encode(finding(why={"n": 1.0})).replace(b'"flame","kind"', b'"fire","kind"'),
            "there is no check 'fire'",
        ),
        (encode(finding()).replace(b'"kind":"flame"', b'"kind":"covered"'), "there is no kind 'covered'"),
        (encode(finding()).replace(b'"score":0.5', b'"score":1.5'), "score"),
        (encode(finding()).replace(b'"score":0.5', b'"score":1e999'), "score"),
        (encode(beat()).replace(b'"t":', b'"more":1,"t":'), "unknown field"),
        (b'"' + b"x" * LINE_LIMIT + b'"', "the most"),
        (b"[" * 30_000, "no line"),
    ],
)
def test_what_is_no_line_is_said_why(line: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_report(line)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_line_or_a_value_error(line: bytes) -> None:
    for read in (read_order, read_report):
        with suppress(ValueError):
            read(line)


def test_a_password_is_not_in_what_is_logged() -> None:
    assert "secret" not in repr(Start("a", "rtsp://h/1", "/r", "u", "secret"))


def test_the_settings_know_every_check() -> None:
    assert get_args(CheckName) == tuple(KINDS)
    assert get_args(WholeCheck) == tuple(check for check in KINDS if check not in ZONE_ONLY)
    assert get_args(ZoneCheck) == tuple(check for check in KINDS if check not in PICTURE_ONLY)


def test_the_hub_speaks_with_a_child_without_opencv() -> None:
    code = (
        "import sys, drivers.camera.driver, drivers.camera.codec, drivers.camera.config\n"
        "assert not {'cv2', 'numpy', 'onnxruntime'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_sentence_of_a_beat_has_both_languages() -> None:
    assert beat().detail == Text("画面正常", "The picture comes in")
