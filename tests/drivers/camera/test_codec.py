from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.camera.codec import FINDING_LENGTH, CameraCodec, decode
from drivers.camera.config import SCHEMA
from drivers.camera.lines import ALL_KINDS, STATES, Beat, Finding, encode
from drivers.camera.sight import KINDS
from edge.domain.camera import FAULTS
from edge.domain.reading import ProtocolError, Quality, Reason, Sample
from edge.driver import DecodeOptions
from edge.settings import load_profile
from tests.drivers.camera.making import NOW, beat, finding

SOURCE = "cm-01-stream"
PROFILE = load_profile("generic-ip-camera", {"camera": SCHEMA})


def told(codec: CameraCodec, line: Beat | Finding) -> list[Sample]:
    (message,) = codec.parse(SOURCE, encode(line))
    assert message.address == SOURCE
    return list(codec.samples(message, None))


def states(codec: CameraCodec, line: Beat | Finding) -> list[tuple[str, object]]:
    return [(s.field, s.value) for s in told(codec, line) if isinstance(s.value, bool)]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_the_only_one_that_is_true(fault: str) -> None:
    said = dict(states(CameraCodec(), beat(fault)))
    assert [name for name in FAULTS if said[name]] == [fault]


def test_a_black_cover_is_covered_and_no_black_picture_beside_it() -> None:
    codec = CameraCodec()
    assert dict(states(codec, beat("blackout")))["blackout"] is True  # the cover is told a moment later
    covered = dict(states(codec, beat("blackout", active=("covered",))))
    assert (covered["blackout"], covered["covered"]) == (False, True)
    after = dict(states(codec, beat("blackout")))
    assert (after["blackout"], after["covered"]) == (True, False)
    assert dict(states(codec, beat("frozen", active=("covered",))))["frozen"] is True


def test_a_beat_tells_what_is_active_and_what_learns() -> None:
    samples = {s.field: s for s in told(CameraCodec(), beat(learning=("tamper", "flame"), active=("smoke",)))}
    assert [name for name, sample in samples.items() if sample.value is True] == ["smoke"]
    assert samples["learning"].value == "flame, tamper"
    assert samples["fps"].value == 5.0
    assert {s.time for s in samples.values()} == {NOW}


def test_what_a_new_child_does_not_know_yet_is_not_said() -> None:
    """A child that was started anew over a lost stream must not end the fault."""
    codec = CameraCodec()
    told(codec, beat("lost"))
    assert not set(dict(states(codec, beat("starting")))) & set(FAULTS)


def test_a_new_child_ends_nothing_before_it_has_seen_and_learnt() -> None:
    """A van in the fire lane is there still when the process of its camera was killed and started anew."""
    codec = CameraCodec(["left-object", "flame"])
    told(codec, finding(1, kind="left-object", zone="lane"))
    kinds = set(ALL_KINDS)
    assert not kinds & set(dict(states(codec, beat("starting", frame_at=None, learning=("left-object",)))))
    assert not kinds & set(dict(states(codec, beat("lost", frame_at=None))))
    learns = dict(states(codec, beat(learning=("left-object",))))
    assert learns["flame"] is False
    assert "left-object" not in learns
    assert dict(states(codec, beat()))["left-object"] is False
    assert (
        dict(states(codec, beat(active=("left-object",), learning=("left-object",))))["left-object"] is True
    )


def test_only_what_is_looked_for_is_told_with_every_beat_and_all_of_it_once_a_minute() -> None:
    codec = CameraCodec(["tamper"])
    first, *rest = [{s.field for s in told(codec, beat(t=NOW + n * 5_000_000))} for n in range(13)]
    assert {*FAULTS, *ALL_KINDS} <= first
    assert all(fields == {"fps", *KINDS["tamper"]} for fields in rest[:11])
    assert rest[11] == first


def test_what_stays_is_reported_once_a_minute() -> None:
    codec = CameraCodec()
    told(codec, finding(1))
    reports = [("flame", True) in states(codec, beat(active=("flame",))) for _ in range(25)]
    assert reports == [number % 12 == 0 for number in range(25)]


def test_an_episode_is_active_from_its_start_to_its_end() -> None:
    codec = CameraCodec()
    assert states(codec, finding(1)) == [("flame", True)]
    assert states(codec, finding(1, "end")) == [("flame", False)]


def test_another_zone_rings_anew_and_the_kind_ends_with_the_last() -> None:
    codec = CameraCodec()
    told(codec, finding(1, zone="left"))
    second = [s for s in told(codec, finding(2, zone="right")) if isinstance(s.value, bool)]
    assert [s.value for s in second] == [False, True]
    assert second[0].time is not None
    assert second[1].time is not None
    assert second[0].time < second[1].time
    assert states(codec, finding(1, "end", zone="left")) == [("flame", True)]
    assert states(codec, finding(2, "aged", zone="right")) == [("flame", False)]


def test_a_beat_before_its_finding_does_not_make_two_alarms_of_one() -> None:
    codec = CameraCodec()
    told(codec, beat(active=("flame",)))
    assert states(codec, finding(1)) == [("flame", True)]


def test_what_a_killed_child_had_open_is_over() -> None:
    codec = CameraCodec()
    told(codec, finding(1))
    assert dict(states(codec, beat()))["flame"] is False
    assert states(codec, finding(2)) == [("flame", True)]


def test_what_was_learnt_as_the_scene_is_no_proof_that_it_has_gone() -> None:
    """The alarm of a van ends after a day; that nothing is seen any more says nothing of the van."""
    codec = CameraCodec()

    def quality(line: Beat | Finding) -> tuple[object, Quality, Reason | None]:
        (state,) = [sample for sample in told(codec, line) if sample.field == "left-object"]
        return state.value, state.quality, state.reason

    learnt_away = (False, Quality.UNCERTAIN, Reason.CALIBRATING)
    assert quality(finding(1, kind="left-object", zone="lane")) == (True, Quality.GOOD, None)
    assert quality(finding(1, "aged", kind="left-object", zone="lane")) == learnt_away
    assert quality(beat()) == learnt_away
    assert quality(finding(2, kind="left-object", zone="lane")) == (True, Quality.GOOD, None)
    assert quality(finding(2, "end", kind="left-object", zone="lane")) == (False, Quality.GOOD, None)


def test_a_finding_is_kept_as_it_was_told_short_enough_for_a_text() -> None:
    long = finding(
        why={f"{n}" + "测" * 60: 1 / 3 * 10.0**n for n in range(60)}, zone="z" * 63, verified=False
    )
    for line in (finding(), long):
        (text,) = (s.value for s in told(CameraCodec(), line) if s.field == "finding")
        assert isinstance(text, str)
        assert len(text) <= FINDING_LENGTH
        said = json.loads(text)
        assert (said["id"], said["kind"], said["zone"]) == (line.id, line.kind, line.zone)
        assert said["why"]


@given(st.binary(max_size=400))
@example(b"\xff")
def test_any_bytes_give_samples_or_a_protocol_error(payload: bytes) -> None:
    codec = CameraCodec()
    try:
        (message,) = codec.parse(SOURCE, payload)
    except ProtocolError:
        return
    assert codec.samples(message, None)


_LINES = st.one_of(
    st.builds(
        beat, st.sampled_from(STATES), active=st.lists(st.sampled_from(ALL_KINDS), max_size=3).map(tuple)
    ),
    st.builds(
        finding,
        st.integers(1, 4),
        st.sampled_from(("start", "end", "aged")),
        st.sampled_from(("flame", "smoke")),
    ),
)


@given(st.lists(_LINES, max_size=12))
def test_whatever_comes_in_whatever_order_a_kind_is_true_while_an_episode_is(
    lines: list[Beat | Finding],
) -> None:
    codec, open_, known = CameraCodec(), {}, dict[str, object]()
    for line in lines:
        last = dict(states(codec, line))
        known |= last
        if isinstance(line, Beat):
            open_ = {id: kind for id, kind in open_.items() if kind in line.active}
            assert {kind for kind, value in known.items() if value and kind in ALL_KINDS} == set(line.active)
        else:
            open_.pop(line.id, None)
            if line.state == "start":
                open_[line.id] = line.kind
            assert last == {line.kind: line.kind in open_.values()}


def test_a_drill_is_read_back_and_leaves_no_trace() -> None:
    codec, quiet = CameraCodec(), CameraCodec()
    told(codec, finding(1, zone="left"))
    told(quiet, finding(1, zone="left"))
    for values in ({"flame": True}, {"lost": True}, {"lost": False}, {"moved": False, "covered": True}):
        ((channel, payload),) = codec.rehearse(SOURCE, PROFILE, values)
        assert channel == SOURCE
        said = {s.field: s.value for s in codec.parse(channel, payload)[0].body}
        assert said.items() >= values.items()
        assert sum(value is True for value in said.values()) == sum(values.values())
    assert told(codec, beat(active=("flame",))) == told(quiet, beat(active=("flame",)))
    assert told(codec, finding(2, zone="right")) == told(quiet, finding(2, zone="right"))
    for values in ({"fps": True}, {"lost": True, "frozen": True}):
        with pytest.raises(ProtocolError):
            codec.rehearse(SOURCE, PROFILE, values)


def test_decode_reads_lines_and_names_the_bad_one() -> None:
    result = decode(encode(beat("frozen")) + b"\nnonsense\n", DecodeOptions(topic="cm-02-stream"))
    assert ("cm-02-stream", "frozen", True) in [
        (d.address, d.sample.field, d.sample.value) for d in result.decoded
    ]
    assert [e.partition(":")[0] for e in result.errors] == ["line 3"]
