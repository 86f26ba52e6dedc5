"""What is refused of a camera's table, and what is not repeated of it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from drivers.camera.config import LONGEST, CameraSettings


def refused(url: str) -> str:
    """What is said of it, with the parts that the settings' reader shows."""
    with pytest.raises(ValidationError) as caught:
        CameraSettings.model_validate({"url": url})
    (fault,) = caught.value.errors()
    assert fault["type"] == "value_error", "of any other the reader quotes what was given"
    return str(fault["ctx"]["error"])


def test_the_longest_address_is_taken() -> None:
    url = "rtsp://192.0.2.31/".ljust(LONGEST, "x")
    assert CameraSettings.model_validate({"url": url}).url == url


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://admin:Geheim7@192.0.2.31/".ljust(LONGEST + 1, "x"),
        "rtsp://admin:Geheim7@192.0.2.31/",
        "rtsp://admin:Geheim7/8@192.0.2.31/",
        "rtsp://admin:Geheim7\N{FULLWIDTH SOLIDUS}8@192.0.2.31/",
        "rtsp://[admin:Geheim7@192.0.2.31/",
        "rtsp//admin:Geheim7@192.0.2.31/",
    ],
)
def test_no_refusal_repeats_a_password(url: str) -> None:
    assert "Geheim7" not in refused(url)


def test_a_refusal_says_what_to_write() -> None:
    assert f"at most {LONGEST}" in refused("rtsp://192.0.2.31/".ljust(LONGEST + 1, "x"))
    assert "password_file" in refused("rtsp://admin:Geheim7@192.0.2.31/")
    assert "port from 1 to 65535" in refused("rtsp://192.0.2.31:Geheim7/")
