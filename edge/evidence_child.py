"""A picture from a phone made fit to be kept, in a process of its own: `python -m edge.evidence_child`.

In: one line of JSON `{"words": "place · time · person", "plain": "time"}`, then the bytes of the picture. Out: one line
of JSON, `{"width", "height"}` and then a JPEG, or `{"error": sentence}`. Whatever a hostile file does to the decoder,
it does here: with little memory, little time and low priority.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import sys
import warnings
from pathlib import Path
from typing import BinaryIO, Final

from PIL import Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

LONGEST_SIDE: Final = 1600
MOST_PIXELS: Final = 60_000_000  # a phone's 50 megapixels, and no more
MOST_UNPACKED: Final = (
    25_000_000  # of a kind that is unpacked whole: only JPEG can be read at an eighth of its size
)
QUALITY: Final = 80
_MEMORY: Final = 1 << 30
_SECONDS: Final = 20
_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_FONTS: Final = Path("/usr/share/fonts")
_CJK: Final = (
    "NotoSansCJK*",
    "NotoSerifCJK*",
    "wqy-*.tt?",
    "DroidSansFallback*",
    "SourceHanSans*",
    "uming*",
    "ukai*",
)

_TOO_MANY: Final = "the picture has too many pixels: take it again at a lower resolution"

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


class _Unfit(Exception):  # noqa: N818 - an answer to the sender, no error of the program
    """Why this is no picture to keep."""


def main() -> None:
    """Read, make, write."""
    os.nice(10)
    with contextlib.suppress(OSError):  # the first to go when memory runs out, before the hub
        Path("/proc/self/oom_score_adj").write_text("1000")
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    words = json.loads(sys.stdin.buffer.readline())
    out = sys.stdout.buffer
    try:
        picture = made(sys.stdin.buffer, words["words"], words["plain"])
    except (_Unfit, MemoryError) as error:
        out.write(json.dumps({"error": str(error) or "the picture is too large"}).encode() + b"\n")
        return
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=QUALITY, optimize=True)
    out.write(json.dumps({"width": picture.width, "height": picture.height}).encode() + b"\n")
    out.write(jpeg.getvalue())


def made(source: BinaryIO, words: str, plain: str) -> Image.Image:
    """The picture upright, small enough, without any metadata, with `words` at its lower edge.

    plain: what is written where no font of this machine knows Chinese.
    """
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        with Image.open(io.BytesIO(source.read()), formats=_FORMATS) as opened:
            if opened.format != "JPEG" and opened.width * opened.height > MOST_UNPACKED:
                raise _Unfit(_TOO_MANY)
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _Unfit(_TOO_MANY) from error
    except UnidentifiedImageError as error:
        raise _Unfit("this is no picture of a kind the hub reads: send JPEG, PNG or WebP") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise _Unfit("the picture is damaged or was cut off on its way: send it again") from error
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    clean = Image.new("RGB", upright.size)  # a new one: comments and profiles stay with the old
    clean.paste(upright)
    _mark(clean, words, plain)
    return clean


def _mark(picture: Image.Image, words: str, plain: str) -> None:
    size = max(12, picture.width // 45)
    font = _chinese(size)
    text = words if font is not None else plain
    font = font or ImageFont.load_default(size)
    band = Image.new("RGB", (picture.width, size * 2))
    ImageDraw.Draw(band).text((size // 2, size // 3), text, fill=(255, 255, 255), font=font)
    top = max(0, picture.height - band.height)
    below = picture.crop((0, top, picture.width, picture.height))
    dark = Image.blend(below, Image.new("RGB", below.size), 0.6)
    mask = band.crop((0, 0, *below.size)).convert("L")
    dark.paste((255, 255, 255), mask=mask)
    picture.paste(dark, (0, top))


def _chinese(size: int) -> Font | None:
    for name in _CJK:
        for path in sorted(_FONTS.rglob(name)):
            try:
                return ImageFont.truetype(path, size)
            except OSError:
                continue
    return None


if __name__ == "__main__":
    main()
