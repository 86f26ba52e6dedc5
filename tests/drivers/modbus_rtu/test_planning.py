from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus_rtu.config import DeviceRead, PointRead
from drivers.modbus_rtu.frames import Request
from drivers.modbus_rtu.planning import plan


def read(function: int, register: int, **more: Any) -> PointRead:
    return PointRead.model_validate({"function": function, "register": register, **more})


def test_neighbours_share_a_request():
    reads = [read(3, 4, type="float32"), read(3, 3), read(3, 6), read(3, 6, bit=2)]
    assert plan(17, reads, DeviceRead()) == (Request(17, 3, 3, 4),)


def test_functions_never_share_one():
    reads = [read(3, 0), read(4, 1), read(1, 2), read(2, 3)]
    assert [r.function for r in plan(1, reads, DeviceRead())] == [1, 2, 3, 4]


def test_a_hole_is_jumped_only_as_far_as_the_profile_permits():
    reads = [read(3, 0), read(3, 5)]
    assert plan(1, reads, DeviceRead(gap=3)) == (Request(1, 3, 0, 1), Request(1, 3, 5, 1))
    assert plan(1, reads, DeviceRead(gap=4)) == (Request(1, 3, 0, 6),)


def test_what_the_device_does_not_give_at_once_is_asked_for_in_parts():
    reads = [read(3, i) for i in range(10)]
    assert [r.count for r in plan(1, reads, DeviceRead(limit=4))] == [4, 4, 2]


def test_a_value_is_never_divided():
    assert plan(1, [read(3, 0), read(3, 1, type="float64")], DeviceRead(limit=2)) == (
        Request(1, 3, 0, 1),
        Request(1, 3, 1, 4),
    )


reads = st.builds(
    read, st.sampled_from([3, 4]), st.integers(0, 300), type=st.sampled_from(["uint16", "float32", "int64"])
) | st.builds(read, st.sampled_from([1, 2]), st.integers(0, 3000))


@given(st.lists(reads, max_size=30), st.integers(0, 20), st.integers(4, 125))
def test_every_value_lies_whole_in_a_request_and_no_request_is_too_long(
    points: list[PointRead], gap: int, limit: int
):
    requests = plan(1, points, DeviceRead(gap=gap, limit=limit))
    for request in requests:
        assert request.count <= (limit * 16 if request.function < 3 else limit)
        assert request.register + request.count <= 65536
    for point in points:
        assert any(
            r.function == point.function
            and r.register <= point.first
            and point.first + point.count <= r.register + r.count
            for r in requests
        )
    assert len(requests) <= len(points)
