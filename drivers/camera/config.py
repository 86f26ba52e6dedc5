"""What the site's files say about a camera: its stream, what is looked for in it, and where."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict, model_validator
from pydantic_core import PydanticCustomError

from drivers.camera.sight import PICTURE_ONLY
from edge.domain.camera import DWELL
from edge.domain.footage import DETECTED
from edge.domain.names import is_id
from edge.domain.polygons import flaw
from edge.driver import DriverSchema

DIALECT: Final = "camera"
STREAMS: Final = ("rtsp", "rtsps", "http", "https")
LONGEST: Final = 2000
"""Characters of an address."""

CheckName = Literal["tamper", "motion", "flame", "smoke", "left-object", "zone-change", "object", "e-bike"]
"""Every check there is; `drivers.camera.sight.KINDS` has the same."""
WholeCheck = Literal["tamper", "motion", "flame", "smoke", "object", "e-bike"]
ZoneCheck = Literal["motion", "flame", "smoke", "left-object", "zone-change", "object", "e-bike"]
ZONE_ONLY: Final = ("left-object", "zone-change")

Seconds = Annotated[float, Field(ge=1, le=86400, allow_inf_nan=False)]
SitePath = Annotated[Path, Strict(False)]


class Table(BaseModel):
    """A strict TOML table: no unknown key, no silent conversion."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _polygon(corners: list[list[float]]) -> list[list[float]]:
    for corner in corners:
        if len(corner) != 2:
            raise ValueError("a corner is [x, y]: two numbers from 0 to 1")
    if wrong := flaw([(x, y) for x, y in corners]):
        raise ValueError(f"the polygon {wrong}")
    return corners


def _id(text: str) -> str:
    if not is_id(text):
        raise ValueError("an id has lower-case letters, digits and hyphens, at most 63")
    return text


def _url(text: str) -> str:
    """Refused without a word of it: what is wrong with an address is often a password in it."""
    if len(text) > LONGEST:
        raise ValueError(f"an address has at most {LONGEST} characters")
    scheme, found, rest = text.partition(":")
    if scheme in {"usb", "file"}:
        if not rest.startswith("/"):
            raise ValueError(
                f"write the whole path, as in {scheme}:/{'dev/video0' if scheme == 'usb' else 'srv/a.mp4'}"
            )
        return text
    if not found or scheme not in STREAMS:
        raise ValueError(
            "write rtsp://…, rtsps://…, http://… or https://… (MJPEG), usb:/dev/video0 or file:/…"
        )
    try:
        parts = urlsplit(text)
        _ = parts.port  # ValueError where it is none
    except ValueError:
        raise ValueError(
            f"this is no address: after the host only a port from 1 to 65535 and the path, {scheme}://192.0.2.31:554/…"
        ) from None
    if not parts.hostname:
        raise ValueError(f"the host is missing: {scheme}://192.0.2.31/…")
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            "no user and no password in the address, which is shown: write `username` and `password_file`"
        )
    return text


def _of_whole(check: object) -> object:
    if check in ZONE_ONLY:
        raise ValueError(f"`{check}` needs to know where: write it under `checks` of a [[camera.zone]]")
    return check


def _of_zone(check: object) -> object:
    if check in PICTURE_ONLY:
        raise ValueError(f"`{check}` is of the whole picture: write it under `checks` of the camera")
    return check


def _wrong(message: str, *at: str | int) -> PydanticCustomError:
    """A mistake at a place below the table that is checked as a whole; the settings' reader knows `at`."""
    return PydanticCustomError("value_error", "{error}", {"error": message, "at": at})


Polygon = Annotated[list[list[float]], AfterValidator(_polygon)]


class Names(Table):
    """`{ zh = "…", en = "…" }`."""

    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]


class ZoneTable(Table):
    """`[[camera.zone]]`: a part of the picture. dwell: seconds something must stay before it counts."""

    id: Annotated[str, AfterValidator(_id)]
    name: Names
    polygon: Polygon
    checks: Annotated[list[Annotated[ZoneCheck, BeforeValidator(_of_zone)]], Field(min_length=1)]
    dwell: Seconds = DWELL


class MaskTable(Table):
    """`[[camera.mask]]`: what is under it is black before anything looks at it or keeps it."""

    polygon: Polygon


class CameraSettings(Table):
    """`[[camera]]`: one stream, best the camera's sub-stream.

    url: rtsp, rtsps, http or https (MJPEG), `usb:/dev/video0`, `file:/srv/clip.mp4` (played over and over).
    password_file: its first line is the password. covers: zones of the site that it sees besides its own.
    checks: looked for in the whole picture. fps: pictures looked at a second.
    model: ONNX file for a second look at flame and smoke; detector: ONNX file of a COCO detector.
    """

    url: Annotated[str, AfterValidator(_url)]
    username: Annotated[str, Field(min_length=1)] | None = None
    password_file: SitePath | None = None
    covers: list[str] = []
    checks: list[Annotated[WholeCheck, BeforeValidator(_of_whole)]] = []
    fps: Annotated[float, Field(ge=1, le=10, allow_inf_nan=False)] = 5.0
    model: SitePath | None = None
    detector: SitePath | None = None
    zone: Annotated[list[ZoneTable], Field(max_length=32)] = []
    mask: Annotated[list[MaskTable], Field(max_length=32)] = []

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.password_file is not None and self.username is None:
            raise ValueError("`password_file` needs a `username`")
        ids = [zone.id for zone in self.zone]
        for number, id in enumerate(ids):
            if id in ids[:number]:
                raise _wrong(f"two zones of this camera have the id {id!r}", "zone", number, "id")
        wanted: list[tuple[str, tuple[str | int, ...]]] = [
            (check, ("checks", number)) for number, check in enumerate(self.checks)
        ]
        for place, zone in enumerate(self.zone):
            wanted += [(check, ("zone", place, "checks", number)) for number, check in enumerate(zone.checks)]
        for check, at in wanted:
            if check in DETECTED and self.detector is None:
                raise _wrong(
                    f"`{check}` needs `detector` of its [[camera]], the file of a COCO detector", *at
                )
        return self

    def read_password(self) -> str | None:
        """The password as it stands now; OSError or UnicodeDecodeError when its file cannot be read."""
        if self.password_file is None:
            return None
        lines = self.password_file.read_text("utf-8").splitlines()
        return lines[0] if lines else ""


class CameraAddress(Table):
    """`address = { dialect = "camera", source = "cm-01-stream" }`: a camera is alone on its stream."""

    source: str


class ProfileRead(Table):
    """`read` of a profile: nothing, the dialect knows its points."""


class PointRead(Table):
    """`read` of a point: nothing; the point's field is the name of the fault or of what is seen."""


def _source(address: CameraAddress) -> str:
    return address.source


SCHEMA: Final = DriverSchema(
    dialect=DIALECT,
    kind="camera",
    connection=CameraSettings,
    address=CameraAddress,
    profile=ProfileRead,
    point=PointRead,
    key=_source,
    bus_of=_source,
    sees=True,
)
