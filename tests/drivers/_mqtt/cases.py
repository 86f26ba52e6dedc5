"""Golden cases of codecs: a folder with `input.json` and `expected.json` each.

input: topic, payload (JSON, or `payload_text`), and the profile's `read` and points where it has one.
expected: the messages with their samples (fields left at their default are left out), and the `error`'s words.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from edge.domain.device import DeviceProfile, PointSpec, Signal
from edge.domain.names import Text
from edge.domain.quantity import QUANTITIES
from edge.domain.reading import PartialError, ProtocolError, Sample
from edge.driver import Codec

NO_WORDS = Text("", "")


def folders(beside: str) -> list[Path]:
    return sorted(path for path in (Path(beside).parent / "cases").iterdir() if path.is_dir())


def make_profile(table: dict[str, Any] | None, dialect: str) -> DeviceProfile | None:
    if table is None:
        return None
    points = tuple(
        PointSpec(
            id=point["id"],
            name=NO_WORDS,
            quantity=QUANTITIES[point["quantity"]] if "quantity" in point else None,
            signal=Signal(point["signal"]) if "signal" in point else None,
            report=point.get("report", "level"),
            field=point.get("field", ""),
            read=point.get("read"),
        )
        for point in table["points"]
    )
    return DeviceProfile("maker-model", "", "", "", dialect, points, "", 0, NO_WORDS, read=table.get("read"))


def run_case(folder: Path, codec: Codec, dialect: str) -> tuple[Any, Any]:
    """(what came out, what was expected)."""
    given = json.loads((folder / "input.json").read_text("utf-8"))
    payload = given["payload_text"] if "payload_text" in given else json.dumps(given["payload"])
    out = outcome(codec, given["topic"], payload.encode(), make_profile(given.get("profile"), dialect))
    return out, json.loads((folder / "expected.json").read_text("utf-8"))


def outcome(codec: Codec, topic: str, payload: bytes, profile: DeviceProfile | None) -> dict[str, Any]:
    out: dict[str, Any] = {"messages": []}
    try:
        for message in codec.parse(topic, payload):
            shown: dict[str, Any] = {"address": message.address}
            if message.link is not None:
                shown["link"] = message.link
            if message.adopt is not None:
                shown["adopt"] = message.adopt
            out["messages"].append(shown)
            try:
                samples = codec.samples(message, profile)
            except PartialError as error:
                samples, out["error"] = error.samples, str(error)
            shown["samples"] = [plain(sample) for sample in samples]
    except ProtocolError as error:
        out["error"] = str(error)
    return out


def plain(sample: Sample) -> dict[str, Any]:
    """What of a sample is not at its default."""
    return {
        field.name: getattr(sample, field.name)
        for field in dataclasses.fields(sample)
        if field.default is dataclasses.MISSING or getattr(sample, field.name) != field.default
    }
