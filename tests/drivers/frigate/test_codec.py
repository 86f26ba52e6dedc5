from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from drivers._mqtt.config import BrokerSettings
from drivers.frigate.codec import FrigateCodec, decode
from drivers.frigate.config import SCHEMA, FrigateAddress, selection_of
from drivers.frigate.driver import FrigateDriver
from edge.cameras.findings import parsed
from edge.dialects import schemas
from edge.domain.device import Device, DeviceProfile
from edge.domain.instant import SECOND
from edge.domain.names import Text
from edge.domain.reading import ProtocolError, Sample
from edge.domain.site import Connection
from edge.driver import DecodeOptions
from edge.settings.profiles import load_profile
from tests.drivers._mqtt.cases import folders, make_profile, run_case
from tests.drivers.frigate.talk import ADDRESSES, LANE, MINUTE, START, Nvr

PROFILE = make_profile(
    {
        "points": [
            {"id": "lost", "signal": "fault"},
            {"id": "person", "signal": "supervisory"},
            {"id": "car", "signal": "supervisory", "read": {"labels": ["car", "truck"]}},
            {"id": "fps"},
            {"id": "finding"},
        ]
    },
    "frigate",
)
TOPICS = ["available", "events", "reviews", "stats", "lane/status/detect", "lane/person/snapshot"]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
objects = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["1.5-a", "2.5-b", "drill"]),
        "camera": st.sampled_from(["lane", "shed", "attic"]),
        "label": st.sampled_from(["person", "truck", "cat"]),
        "start_time": st.floats(0, 3e11, allow_nan=False) | st.integers(0, 2000),
    },
    optional={
        "frame_time": st.none() | st.floats(0, 3e11),
        "end_time": st.none() | st.floats(0, 3e11),
        "top_score": st.floats(0, 1),
        "false_positive": st.booleans(),
        "box": st.none() | st.lists(st.floats(-2000, 2000), min_size=4, max_size=4),
        "current_zones": st.lists(st.sampled_from(["fire_lane", "gate"]), max_size=2),
        "entered_zones": st.lists(st.sampled_from(["fire_lane", "gate"]), max_size=2),
        "odd": json_values,
    },
)
events = st.fixed_dictionaries({"type": st.sampled_from(["new", "update", "end"]), "after": objects})
stats = st.fixed_dictionaries(
    {
        "cameras": st.dictionaries(
            st.sampled_from(["lane", "shed"]), st.fixed_dictionaries({"camera_fps": st.floats(0, 60)})
        ),
        "service": st.fixed_dictionaries({"last_updated": st.integers(0, 3 * 10**11)}),
    }
)


@pytest.mark.parametrize("folder", folders(__file__), ids=lambda folder: folder.name)
def test_case(folder: Path) -> None:
    out, expected = run_case(folder, FrigateCodec("frigate", ADDRESSES), "frigate")
    assert out == expected


def check(codec: FrigateCodec, topic: str, payload: bytes) -> list[Sample]:
    found: list[Sample] = []
    try:
        messages = codec.parse(topic, payload)
    except ProtocolError:
        return []
    for message in messages:
        found += codec.samples(message, None if message.address == "attic" else PROFILE)
    for sample in found:
        assert type(sample.value) in {bool, float, str, int}
        assert isinstance(sample.value, str) or math.isfinite(sample.value)
        assert sample.signal is None or isinstance(sample.value, bool)
        if sample.field == "finding" and sample.signal is None:
            assert isinstance(sample.value, str)
            assert len(sample.value) <= 2000
    return found


@given(
    st.lists(
        st.tuples(st.sampled_from(TOPICS), st.binary(max_size=120) | json_values | events | stats), max_size=6
    )
)
def test_any_bytes_give_messages_or_a_protocol_error(said: list[tuple[str, Any]]) -> None:
    codec = FrigateCodec("frigate", ADDRESSES)
    for topic, body in said:
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        check(codec, f"frigate/{topic}", payload)


def stood(kind: str, **more: Any) -> dict[str, Any]:
    body = {"id": "1.5-a", "camera": "shed", "label": "person", "start_time": 0.0}
    return {"type": kind, "after": {**body, **more}}


@given(st.lists(events | stats, max_size=30))
@example([stood("new"), {"cameras": {}, "service": {"last_updated": 301}}, stood("end", frame_time=302.0)])
@example([stood("new"), stood("update", false_positive=True), stood("end")])
def test_what_is_told_of_an_object_begins_once_and_ends_once(said: list[Any]) -> None:
    codec = FrigateCodec("frigate", ADDRESSES)
    begun: set[str] = set()
    ended: set[str] = set()
    for body in said:
        topic = "stats" if "cameras" in body else "events"
        for sample in check(codec, f"frigate/{topic}", json.dumps(body).encode()):
            if sample.field != "finding":
                continue
            found = parsed(sample.value)
            assert found is not None
            if found["state"] == "start":
                assert found["id"] not in begun
                begun.add(found["id"])
            else:
                assert found["id"] not in ended
                ended.add(found["id"])


# ---- a day at the lane --------------------------------------------------------------------------------------------


@pytest.fixture
def nvr() -> Nvr:
    assert PROFILE is not None
    return Nvr(PROFILE)


def test_a_van_stands_in_the_lane_and_leaves(nvr: Nvr) -> None:
    assert nvr.event("new", label="truck", zones=["gate"]) == []
    assert nvr.event("update", label="truck", zones=["fire_lane"]) == ["finding car start", "car True"]
    assert nvr.event("update", label="truck", zones=["fire_lane"], stationary=True) == ["car True"]
    assert nvr.event("update", label="truck", zones=["gate"]) == ["finding car end", "car False"]
    assert nvr.event("update", label="truck", zones=["fire_lane"]) == ["finding car start", "car True"]
    first, again = (f for f in nvr.findings if f["state"] == "start")
    assert first["id"] != again["id"]  # the hub has ended the first for good
    assert nvr.event("end", label="truck", zones=[]) == ["finding car end", "car False"]
    assert nvr.event("update", label="truck", zones=["fire_lane"]) == []  # said again after its end


def test_what_left_the_zones_before_its_end_ends_once(nvr: Nvr) -> None:
    nvr.event("new", label="truck", zones=["fire_lane"])
    assert nvr.event("update", label="truck", zones=["gate"]) == ["finding car end", "car False"]
    assert nvr.event("end", label="truck", zones=[]) == []  # though it was in the zones once


def test_one_alarm_while_anyone_is_there_and_a_finding_of_each(nvr: Nvr) -> None:
    assert nvr.event("new", id="1.0-a") == ["finding person start", "person True"]
    assert nvr.event("new", id="2.0-b") == ["finding person start", "person True"]
    assert nvr.event("end", id="1.0-a") == ["finding person end", "person True"]
    assert nvr.event("end", id="2.0-b") == ["finding person end", "person False"]


def test_a_ghost_ends_when_nothing_is_said_of_it(nvr: Nvr) -> None:
    nvr.event("new")
    for _ in range(5):
        nvr.later(MINUTE)
        assert nvr.stats()[:3] == ["fps 5.0", "lost False", "person True"]
    nvr.later(MINUTE)
    assert nvr.stats() == [
        "finding person aged",
        "person False",
        "fps 5.0",
        "lost False",
        "person False",
        "car False",
    ]
    assert nvr.findings[-1]["state"] == "aged"
    assert nvr.event("update") == ["finding person start", "person True"]  # it was none after all
    assert nvr.findings[-1]["id"].endswith("-2")


def test_who_is_told_of_each_minute_stays(nvr: Nvr) -> None:
    nvr.event("new")
    for _ in range(20):
        nvr.later(MINUTE)
        nvr.event("update", stationary=True)
        nvr.stats()
    assert [f["state"] for f in nvr.findings] == ["start"]


def test_that_nobody_is_there_is_said_only_when_it_is_certain(nvr: Nvr) -> None:
    """A hub that has just started cannot know who stood there before."""
    assert nvr.stats() == ["fps 5.0", "lost False"]
    nvr.later(4 * MINUTE)
    assert nvr.stats() == ["fps 5.0", "lost False"]
    nvr.later(MINUTE)
    assert nvr.stats() == ["fps 5.0", "lost False", "person False", "car False"]


def test_a_clock_that_is_set_back_ends_nobody(nvr: Nvr) -> None:
    nvr.event("new")
    nvr.later(-600 * SECOND)
    assert nvr.stats() == ["fps 5.0", "lost False", "person True"]
    assert nvr.event("update") == ["person True"]


def test_what_is_long_past_raises_nothing(nvr: Nvr) -> None:
    nvr.stats()
    nvr.later(-400 * SECOND)
    assert nvr.event("new") == []
    assert nvr.event("end") == []


YEAR = 365 * 24 * 60 * MINUTE


def test_one_wrong_time_deafens_no_camera_and_leaves_no_ghost(nvr: Nvr) -> None:
    nvr.stats()
    nvr.later(YEAR)
    assert nvr.event("new", id="1.0-a") == ["finding person start", "person True"]
    nvr.later(SECOND - YEAR)
    assert nvr.event("new", id="2.0-b") == ["finding person start", "person True"]
    assert nvr.event("end", id="2.0-b") == ["finding person end", "person True"]
    for _ in range(5):
        nvr.later(MINUTE)
        assert "person True" in nvr.stats()
    nvr.later(2 * MINUTE)
    assert nvr.stats()[:2] == ["finding person aged", "person False"]


def test_after_hours_without_a_word_those_who_come_before_the_figures_stay(nvr: Nvr) -> None:
    nvr.stats()
    nvr.later(600 * MINUTE)
    assert nvr.event("new") == ["finding person start", "person True"]
    nvr.later(MINUTE)
    assert "person True" in nvr.stats()
    assert [f["state"] for f in nvr.findings] == ["start"]


def test_a_frigate_that_stopped_ends_nothing_and_is_out_of_contact(nvr: Nvr) -> None:
    nvr.event("new")
    messages = nvr.codec.parse("frigate/available", b"offline")
    assert {m.address: m.link for m in messages} == {"": False, **dict.fromkeys(ADDRESSES, False)}
    assert all(nvr.codec.samples(m, PROFILE) == () for m in messages)
    nvr.later(MINUTE)
    assert "person True" in nvr.stats()


def test_two_devices_of_one_camera_have_zones_and_findings_of_their_own() -> None:
    codec = FrigateCodec("frigate", ["lane:zones=fire_lane", "lane:zones=bins"])
    body = {"id": "1.0-a", "camera": "lane", "label": "person", "start_time": START / SECOND}
    body["current_zones"] = ["fire_lane", "bins"]
    found = check(codec, "frigate/events", json.dumps({"type": "new", "after": body}).encode())
    ids = {json.loads(str(s.value))["id"] for s in found if s.field == "finding"}
    assert len(ids) == 2


def test_a_crowd_ends_the_oldest(nvr: Nvr) -> None:
    for number in range(300):
        nvr.event("new", id=f"{number}.0-x")
    assert [f["state"] for f in nvr.findings].count("aged") == 300 - 256


# ---- drills, decode, tables -----------------------------------------------------------------------------------------


def shipped() -> DeviceProfile:
    return load_profile("frigate-camera", schemas())


@pytest.mark.parametrize("field", ["lost", "person", "car", "dog"])
@pytest.mark.parametrize("value", [True, False])
def test_a_drill_is_read_back_and_marks_nothing(nvr: Nvr, field: str, *, value: bool) -> None:
    nvr.event("new")
    profile = shipped()
    codec = FrigateCodec("frigate", ["shed"])
    ((topic, payload),) = codec.rehearse("shed", profile, {field: value})
    (message,) = codec.parse(topic, payload)
    said = {s.field: s.value for s in codec.samples(message, profile)}
    assert said[field] is value
    assert "finding" not in said
    with pytest.raises(ProtocolError, match="nonsense"):
        codec.rehearse("shed", profile, {"nonsense": True})


def test_decode_knows_a_message_by_what_it_holds() -> None:
    lines = [
        {"type": "new", "after": {"id": "1.0-a", "camera": "lane", "label": "dog", "start_time": 1.0}},
        {"type": "new", "after": {"camera": "lane", "severity": "alert", "start_time": 1.0}},
        {"cameras": {"lane": {"camera_fps": 5.0}}},
        {"type": "new"},
    ]
    payload = b"\n".join(json.dumps(line).encode() for line in lines) + b"\noffline\n"
    result = decode(payload, DecodeOptions())
    assert [(d.address, d.sample.field) for d in result.decoded] == [
        ("lane", "dog"), ("lane", "review"), ("lane", "fps"), ("lane", "lost"), (None, "link"),
    ]  # fmt: skip
    assert [error.split(":")[0] for error in result.errors] == ["line 4"]


@pytest.mark.parametrize(
    ("topic", "payload", "shown"),
    [
        ("house/frigate/available", b"online", (None, "link", False)),
        ("house/frigate/lane/status/detect", b"disabled", ("lane", "lost", True)),
        ("nvr/stats", b'{"cameras":{"lane":{"camera_fps":0}}}', ("lane", "lost", True)),
    ],
)
def test_decode_with_a_topic(topic: str, payload: bytes, shown: tuple[str | None, str, bool]) -> None:
    found = decode(payload, DecodeOptions(topic=topic)).decoded
    assert shown in [(d.address, d.sample.field, d.sample.value) for d in found]


words = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)


@given(
    camera=words,
    zones=st.lists(words, max_size=4, unique=True),
    score=st.floats(0, 1).map(lambda n: round(n, 4)),
    size=st.none() | st.tuples(st.integers(16, 99_999), st.integers(16, 99_999)),
)
def test_an_address_says_what_was_set(
    camera: str, zones: list[str], score: float, size: tuple[int, int] | None
) -> None:
    table = FrigateAddress.model_validate(
        {"camera": camera, "zones": zones, "score": score, "size": None if size is None else list(size)}
    )
    selection = selection_of(SCHEMA.key(table))
    assert (selection.camera, list(selection.zones), selection.score, selection.size) == (
        camera,
        zones,
        score,
        size,
    )


def test_tables_say_what_is_wrong() -> None:
    with pytest.raises(ValidationError, match="plain topic levels"):
        SCHEMA.connection.model_validate({"base": "frigate/#"})
    with pytest.raises(ValidationError, match="greater than or equal to 120"):
        SCHEMA.connection.model_validate({"max_age": 30})
    for wrong, why in (
        ({"camera": "a/b"}, "match pattern"),
        ({"camera": "a", "zones": ["x", "x"]}, "names one twice"),
        ({"camera": "a", "score": 2}, "less than or equal to 1"),
        ({"camera": "a", "size": [640]}, "Field required"),
    ):
        with pytest.raises(ValidationError, match=why):
            SCHEMA.address.model_validate(wrong)


def test_the_driver_hears_five_topics_for_its_devices() -> None:
    assert SCHEMA.combine is not None
    settings = SCHEMA.combine(
        BrokerSettings(host="127.0.0.1"), SCHEMA.connection.model_validate({"base": "b3/nvr"})
    )
    here = Text("", "")
    device = Device("cm-11", shipped(), here, "out", here, here, LANE)
    driver = FrigateDriver(Connection("nvr", "mqtt", "frigate", here, settings), [device])
    assert driver._filters == [
        "b3/nvr/available", "b3/nvr/events", "b3/nvr/reviews", "b3/nvr/stats", "b3/nvr/+/status/detect",
    ]  # fmt: skip
    (_, camera) = driver.codec.parse("b3/nvr/available", b"online")
    assert camera.address == LANE
    driver.stop()
