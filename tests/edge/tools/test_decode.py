from __future__ import annotations

import io
import json
from typing import Any

import pytest

from drivers.modbus_rtu.frames import Request, seal
from edge.cli import main

ANSWER = "500302070b067f"  # a laser at unit 0x50 says 0x070b
REQUEST = "500300340001c845"


@pytest.fixture
def decode(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def run(stdin: bytes | str, *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
        try:
            code = main(["decode", *arguments])
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        out, err = capsys.readouterr()
        return code, [json.loads(line) for line in out.splitlines()], err

    return run


def test_one_frame_gives_one_line_with_all_keys(decode):
    code, lines, err = decode(ANSWER + "\n", "modbus-rtu", "--hex")
    assert (code, err) == (0, "")
    assert lines == [
        {
            "device": "50",
            "point": "holding-0",
            "quantity": None,
            "value": 1803,
            "unit": None,
            "time": None,
            "quality": "good",
            "reason": None,
            "signal": None,
            "arrival": "live",
        }
    ]


def test_raw_bytes_do_as_well_as_hex_in_any_layout(decode):
    assert decode(bytes.fromhex(ANSWER), "modbus-rtu")[1][0]["value"] == 1803
    assert decode("50:03:02:07:0B:06:7F", "modbus-rtu", "--hex")[1][0]["value"] == 1803


def test_the_request_heard_or_told_says_which_register_was_read(decode):
    assert decode(REQUEST + ANSWER, "modbus-rtu", "--hex")[1][0]["point"] == "holding-52"
    assert decode(ANSWER, "modbus-rtu", "--hex", "--request", REQUEST)[1][0]["point"] == "holding-52"
    assert decode(ANSWER, "modbus-rtu", "--hex", "--request", REQUEST[:-4])[1][0]["point"] == "holding-52"


@pytest.mark.parametrize("request_", ["510300340001", "500400340001", "500300340002"])
@pytest.mark.parametrize("profile", [[], ["--profile", "generic-485-water-probe"]])
def test_an_answer_that_does_not_fit_the_told_request_is_not_guessed_at(decode, request_, profile):
    code, lines, err = decode(ANSWER, "modbus-rtu", "--hex", "--request", request_, *profile)
    assert (code, lines) == (1, [])
    assert "do not answer the request" in err


def test_good_frames_among_bad_ones_are_printed_and_the_exit_says_so(decode):
    code, lines, err = decode("01060004000139cb" + ANSWER + "ff00", "modbus-rtu", "--hex")
    assert code == 1
    assert [line["value"] for line in lines] == [1803]
    assert "CRC is 39cb, should be 09cb" in err
    assert "ff 00" in err


def test_a_profile_gives_points_quantities_and_canonical_units(decode):
    # Registers 3 to 8 of a water probe: pH 7.21, turbidity 0.3, chlorine 0.32, 412 uS/cm, 18.4 degrees.
    data = bytes.fromhex("02d13e99999a0140019c00b8")
    code, lines, err = decode(
        seal(b"\x11\x03" + bytes((len(data),)) + data).hex(),
        "modbus-rtu",
        "--hex",
        "--profile",
        "generic-485-water-probe",
    )
    assert (code, err) == (0, "")
    assert {(line["quantity"], line["value"], line["unit"]) for line in lines} == {
        ("ph", 7.21, "pH"),
        ("turbidity", 0.3, "NTU"),
        ("free_chlorine", 0.32, "mg/L"),
        ("conductivity", 412.0, "µS/cm"),
        ("temperature", 18.4, "°C"),
    }
    assert {line["device"] for line in lines} == {"11"}


def test_what_no_sensor_can_mean_is_printed_as_bad(decode):
    data = bytes.fromhex("ffff3e99999a0140019c00b8")
    frame = seal(b"\x11\x03" + bytes((len(data),)) + data)
    code, lines, _ = decode(frame, "modbus-rtu", "--profile", "generic-485-water-probe")
    assert code == 0
    ph = next(line for line in lines if line["point"] == "ph")
    assert (ph["value"], ph["quality"], ph["reason"]) == (655.35, "bad", "out_of_range")


def test_a_float_that_is_no_number_is_named_and_its_neighbours_are_printed(decode):
    data = bytes.fromhex("02d17fc000000140019c00b8")
    frame = seal(b"\x11\x03" + bytes((len(data),)) + data)
    code, lines, err = decode(frame, "modbus-rtu", "--profile", "generic-485-water-probe")
    assert code == 1
    assert "turbidity is nan" in err
    assert {line["point"] for line in lines} == {"ph", "free-chlorine", "conductivity", "temperature"}


def test_an_answer_no_request_of_the_profile_asked_for_is_an_error_with_the_mend(decode):
    code, lines, err = decode(ANSWER, "modbus-rtu", "--hex", "--profile", "generic-485-water-probe")
    assert (code, lines) == (1, [])
    assert "--request" in err


def test_a_state_is_abnormal_when_true(decode):
    pressed = seal(bytes.fromhex("05020101"))
    code, lines, _ = decode(pressed, "modbus-rtu", "--profile", "juying-dam0808-call-point")
    assert code == 0
    assert [(line["point"], line["signal"], line["value"], line["quantity"]) for line in lines] == [
        ("call-point", "fire", True, None)
    ]


def test_a_refusal_is_told_in_plain_words(decode):
    code, lines, err = decode("018302c0f1", "modbus-rtu", "--hex")
    assert (code, lines) == (1, [])
    assert "unit 1 refuses function 3: it has no such register (exception 2)" in err


def test_requests_alone_are_no_error_and_no_reading(decode):
    assert decode(Request(1, 3, 0, 2).encode(), "modbus-rtu") == (0, [], "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["smoke-signals"], "modbus-rtu"),
        (["modbus-rtu", "--profile", "acme-none"], "there is no profile 'acme-none'"),
        (["modbus-rtu", "--request", "xyz"], "hexadecimal"),
        (["modbus-rtu", "--zone", "Asia/Nowhere"], "Asia/Nowhere"),
    ],
)
def test_misuse_exits_with_2_and_says_what_is_right(decode, arguments: list[str], said: str):
    code, lines, err = decode(ANSWER, *arguments)
    assert (code, lines) == (2, [])
    assert said in err


@pytest.mark.parametrize("stdin", [b"", b"\n", b"5"])
def test_nothing_or_half_a_byte_on_stdin_is_said(decode, stdin: bytes):
    code, lines, err = decode(stdin, "modbus-rtu", "--hex")
    assert (code, lines) == (1, [])
    assert "stdin" in err
