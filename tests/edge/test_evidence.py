"""Photos of work: whatever is sent, what is kept is a small upright JPEG that tells nothing it should not."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from edge.evidence import EvidenceFiles
from edge.facade import Unavailable, Unfit
from tests.drivers._mqtt.rig import until

ID = "202611-" + "0" * 32
WORDS = ("3号楼1单元 · 2026-11-23 16:02 · 孙志", "2026-11-23 16:02")


def found(folder: Path) -> list[Path]:
    return list(folder.rglob("*.*"))


def picture(width: int = 2000, height: int = 1000, kind: str = "JPEG", **more: object) -> bytes:
    made = Image.new("RGB", (width, height), (200, 30, 30))
    made.paste((30, 30, 200), (0, 0, width // 2, height // 2))  # upper left is blue
    out = io.BytesIO()
    made.save(out, kind, **more)
    return out.getvalue()


@pytest.fixture
def files(tmp_path: Path) -> EvidenceFiles:
    return EvidenceFiles(tmp_path)


async def test_kept_small_and_found_again(files: EvidenceFiles, tmp_path: Path) -> None:
    kept = await files.keep(ID, picture(), *WORDS)
    data = await files.read(ID)
    assert data == (tmp_path / "2026" / "11" / f"{ID}.jpg").read_bytes()
    assert (kept.width, kept.height, kept.sha256) == (1600, 800, hashlib.sha256(data).hexdigest())
    assert len(found(tmp_path)) == 1
    await files.drop(ID)
    assert await files.read(ID) is None


async def test_turned_upright_and_told_nothing_of_where_it_was_taken(files: EvidenceFiles) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x010F] = "SecretMaker"
    kept = await files.keep(ID, picture(1000, 500, exif=exif.tobytes(), comment=b"SecretWords"), *WORDS)
    assert (kept.width, kept.height) == (500, 1000)
    data = await files.read(ID)
    assert data is not None
    assert b"Secret" not in data
    with Image.open(io.BytesIO(data)) as shown:
        assert not shown.getexif()
        red, _, blue = shown.getpixel((400, 20))  # type: ignore[misc]
        assert blue > red  # upper left went to the upper right


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
async def test_other_kinds_become_jpeg(files: EvidenceFiles, kind: str) -> None:
    await files.keep(ID, picture(64, 64, kind), *WORDS)
    assert (await files.read(ID) or b"").startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: b"", "no picture"),
        (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture"),
        (lambda: picture(64, 64, "GIF"), "no picture"),
        (lambda: picture()[:9000], "damaged"),
        (lambda: picture(9000, 7000, "PNG"), "too many pixels"),
        (lambda: picture(6000, 5000, "PNG"), "too many pixels"),
    ],
    ids=["nothing", "svg", "gif", "truncated", "bomb", "unpacked whole"],
)
async def test_what_is_no_picture_is_refused(
    files: EvidenceFiles, tmp_path: Path, made: Callable[[], bytes], said: str
) -> None:
    with pytest.raises(Unfit, match=said):
        await files.keep(ID, made(), *WORDS)
    assert not found(tmp_path)


async def test_a_phone_s_largest_jpeg_is_taken(files: EvidenceFiles) -> None:
    kept = await files.keep(ID, picture(6000, 5000), *WORDS)
    assert (kept.width, kept.height) == (1600, 1333)


def test_the_child_goes_before_the_hub_when_memory_runs_out() -> None:
    command = [sys.executable, "-m", "edge.evidence_child"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(b'{"words": "", "plain": ""}\n' + picture(8, 8))
        score = Path(f"/proc/{child.pid}/oom_score_adj")
        child.stdin.flush()
        until(lambda: score.read_text().strip() == "1000")
        child.stdin.close()
        assert b"width" in child.stdout.readline()


async def test_the_words_stand_at_the_lower_edge(files: EvidenceFiles) -> None:
    await files.keep(ID, picture(800, 600), *WORDS)
    with Image.open(io.BytesIO(await files.read(ID) or b"")) as shown:
        band = shown.convert("L").crop((0, 570, 400, 600))
        assert max(band.tobytes()) > 230  # white letters
        assert max(shown.convert("L").crop((0, 0, 800, 400)).tobytes()) < 150


async def test_a_full_disk_says_so(
    files: EvidenceFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="no space left"):
        await files.keep(ID, picture(64, 64), *WORDS)
    assert not found(tmp_path)


async def test_a_busy_machine_is_not_the_pictures_fault(
    files: EvidenceFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.evidence._PATIENCE", 0.0)
    with pytest.raises(Unavailable, match="too busy"):
        await files.keep(ID, picture(), *WORDS)


async def test_a_caller_who_leaves_takes_the_child_along(files: EvidenceFiles) -> None:
    task = asyncio.create_task(files.keep(ID, picture(), *WORDS))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await files.read(ID) is None


@pytest.mark.parametrize("id", ["../../etc/passwd", "202611-x", "", f"{ID}/.."])
async def test_no_id_leads_elsewhere(files: EvidenceFiles, id: str) -> None:
    assert await files.read(id) is None
    with pytest.raises(ValueError, match="no id"):
        await files.keep(id, picture(8, 8), *WORDS)
