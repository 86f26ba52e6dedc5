from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.bit_message import (
    ReadCoilsResponse,
    ReadDiscreteInputsResponse,
    WriteMultipleCoilsRequest,
    WriteSingleCoilRequest,
)
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadHoldingRegistersResponse,
    ReadInputRegistersResponse,
    WriteMultipleRegistersRequest,
    WriteSingleRegisterRequest,
)

from drivers.modbus_rtu.frames import (
    Failure,
    Frame,
    Kind,
    Request,
    Skipped,
    Splitter,
    WriteRequest,
    crc16,
    explain,
    seal,
)
from edge.domain.reading import ProtocolError

oracle = FramerRTU(DecodePDU(is_server=False))

# Printed by makers of probes; the two marked were printed with a wrong CRC.
REQUESTS = {
    "010300000002c40b": Request(1, 3, 0, 2),
    "110300000002c69b": Request(17, 3, 0, 2),
    "fe030050000051d4": Request(254, 3, 0x50, 0),
    "010400010002200b": Request(1, 4, 1, 2),
    "500300340001c845": Request(0x50, 3, 0x34, 1),
    "01030100000445f5": Request(1, 3, 0x100, 4),
    "010300030001740a": Request(1, 3, 3, 1),
}
WRONG = {"010308010004ef029a00021e20": "201e", "01060004000139cb": "09cb"}

units = st.integers(1, 254)
frames = st.one_of(
    st.builds(Request, units, st.integers(1, 4), st.integers(0, 65535), st.integers(1, 125)).map(
        Request.encode
    ),
    st.builds(
        lambda unit, function, words: seal(bytes((unit, function, len(words) * 2)) + b"".join(words)),
        units,
        st.sampled_from([3, 4]),
        st.lists(st.binary(min_size=2, max_size=2), min_size=1, max_size=20),
    ).filter(lambda frame: seal(frame[:6]) != frame[:8]),  # one of 256 answers begins with a whole request
    st.builds(lambda unit, code: seal(bytes((unit, 0x83, code))), units, st.integers(1, 11)),
)


def split_all(data: bytes, expected: Request | None = None) -> list[Frame | Skipped]:
    splitter = Splitter(expected)
    return [*splitter.feed(data), *splitter.finish()]


def in_pieces(data: bytes, cuts: list[int]) -> list[Frame | Skipped]:
    splitter = Splitter()
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    found = [item for a, b in pairwise(edges) for item in splitter.feed(data[a:b])]
    return [*found, *splitter.finish()]


class TestAgainstTheOracle:
    @given(st.binary(max_size=300))
    def test_crc(self, data: bytes):
        assert crc16(data).to_bytes(2, "little") == oracle.compute_CRC(data).to_bytes(2, "big")

    @given(units, st.integers(0, 65535), st.integers(1, 125))
    def test_requests(self, unit: int, register: int, count: int):
        theirs = oracle.buildFrame(ReadHoldingRegistersRequest(address=register, count=count, dev_id=unit))
        assert Request(unit, 3, register, count).encode() == theirs

    @given(units, st.lists(st.integers(0, 65535), min_size=1, max_size=125))
    def test_registers(self, unit: int, words: list[int]):
        data = b"".join(word.to_bytes(2) for word in words)
        for function, response in ((3, ReadHoldingRegistersResponse), (4, ReadInputRegistersResponse)):
            theirs = oracle.buildFrame(response(registers=words, dev_id=unit))
            request = Request(unit, function, 0, len(words))
            assert split_all(theirs, request) == [Frame(Kind.ANSWER, unit, function, data)]

    @given(units, st.lists(st.booleans(), min_size=1, max_size=200))
    def test_bits(self, unit: int, bits: list[bool]):
        for function, response in ((1, ReadCoilsResponse), (2, ReadDiscreteInputsResponse)):
            theirs = oracle.buildFrame(response(bits=bits, dev_id=unit))
            (frame,) = split_all(theirs, Request(unit, function, 0, len(bits)))
            assert isinstance(frame, Frame)
            assert [bool(frame.data[i // 8] >> i % 8 & 1) for i in range(len(bits))] == bits


class TestPrintedFrames:
    @pytest.mark.parametrize(("printed", "request_"), REQUESTS.items())
    def test_requests(self, printed: str, request_: Request):
        assert Request.decode(bytes.fromhex(printed)) == request_
        assert request_.encode().hex() == printed
        assert split_all(bytes.fromhex(printed))[0] == Frame(
            Kind.REQUEST, request_.unit, request_.function, bytes.fromhex(printed)[2:6]
        )

    def test_an_answer(self):
        frame = Frame(Kind.ANSWER, 0x50, 3, bytes.fromhex("070b"))
        assert split_all(bytes.fromhex("500302070b067f")) == [frame]

    @pytest.mark.parametrize(("printed", "right"), WRONG.items())
    def test_a_wrong_crc_is_no_frame_and_the_right_one_is_named(self, printed: str, right: str):
        (skipped,) = split_all(bytes.fromhex(printed))
        assert isinstance(skipped, Skipped)
        assert f"CRC is {printed[-4:]}, should be {right}" in str(skipped)

    def test_the_same_write_with_the_right_crc(self):
        assert split_all(bytes.fromhex("01060004000109cb")) == [
            Frame(Kind.REQUEST, 1, 6, bytes.fromhex("00040001"))
        ]


class TestSplitting:
    @given(st.binary(max_size=400))
    def test_any_bytes_give_frames_and_what_was_skipped_and_nothing_is_lost(self, data: bytes):
        found = split_all(data)
        skipped = sum(len(item.data) for item in found if isinstance(item, Skipped))
        framed = sum(
            len(item.data) + (5 if item.kind is Kind.ANSWER else 4)
            for item in found
            if isinstance(item, Frame)
        )
        assert skipped + framed == len(data)

    @given(
        st.lists(st.one_of(frames, st.binary(max_size=8)), max_size=6),
        st.lists(st.integers(0, 400), max_size=8),
    )
    def test_any_split_gives_the_same(self, parts: list[bytes], cuts: list[int]):
        data = b"".join(parts)
        assert in_pieces(data, cuts) == split_all(data)

    @given(st.lists(frames, min_size=1, max_size=5))
    def test_frames_back_to_back(self, parts: list[bytes]):
        found = split_all(b"".join(parts))
        assert [item for item in found if isinstance(item, Skipped)] == []

    @given(st.binary(max_size=30), frames)
    def test_it_finds_back_after_noise(self, noise: bytes, frame: bytes):
        (whole,) = split_all(frame)
        assert whole in split_all(noise + frame)

    def test_an_endless_babble_is_handed_out_and_not_hoarded(self):
        splitter = Splitter()
        found = [item for _ in range(100) for item in splitter.feed(b"\x00" * 100)]
        assert sum(len(item.data) for item in found) >= 9_000

    @given(st.binary(max_size=60))
    def test_a_master_takes_only_what_it_asked_for(self, noise: bytes):
        request = Request(7, 3, 0, 2)
        answer = seal(b"\x07\x03\x04\x01\x02\x03\x04")
        others = (
            seal(b"\x08\x03\x04\xff\xff\xff\xff") + seal(b"\x07\x03\x02\xff\xff") + seal(b"\x07\x04\x04????")
        )
        found = split_all(noise + others + answer, request)
        assert [item for item in found if isinstance(item, Frame)] == [
            Frame(Kind.ANSWER, 7, 3, b"\x01\x02\x03\x04")
        ]

    def test_noise_that_begins_like_a_long_frame_does_not_keep_a_master_waiting(self):
        splitter = Splitter(Request(7, 3, 0, 1))
        found = splitter.feed(b"\x07\x03\xfa" + seal(b"\x07\x03\x02\x12\x34"))
        assert found[-1] == Frame(Kind.ANSWER, 7, 3, b"\x12\x34")

    def test_an_exception_ends_the_wait(self):
        assert Splitter(Request(7, 3, 0, 1)).feed(seal(b"\x07\x83\x02")) == [
            Frame(Kind.EXCEPTION, 7, 3, b"\x02")
        ]


# The examples of the Modbus Application Protocol V1.1b3 (6.5, 6.6, 6.11, 6.12), as sent to unit 17, without CRC; and
# the write that a maker printed.
WRITTEN = {
    "1105 00ac ff00": (WriteRequest(17, 5, 0xAC, (1,)), "1105 00ac ff00"),
    "1106 0001 0003": (WriteRequest(17, 6, 1, (3,)), "1106 0001 0003"),
    "110f 0013 000a 02 cd01": (WriteRequest(17, 15, 0x13, (1, 0, 1, 1, 0, 0, 1, 1, 1, 0)), "110f 0013 000a"),
    "1110 0001 0002 04 000a 0102": (WriteRequest(17, 16, 1, (10, 0x102)), "1110 0001 0002"),
    "0106 0004 0001": (WriteRequest(1, 6, 4, (1,)), "0106 0004 0001"),
}
writes = st.one_of(
    st.builds(WriteRequest, units, st.just(5), st.integers(0, 65535), st.tuples(st.integers(0, 1))),
    st.builds(WriteRequest, units, st.just(6), st.integers(0, 65535), st.tuples(st.integers(0, 65535))),
    st.builds(
        WriteRequest,
        units,
        st.just(15),
        st.integers(0, 60000),
        st.lists(st.integers(0, 1), min_size=1, max_size=300).map(tuple),
    ),
    st.builds(
        WriteRequest,
        units,
        st.just(16),
        st.integers(0, 60000),
        st.lists(st.integers(0, 65535), min_size=1, max_size=123).map(tuple),
    ),
)


class TestWriting:
    @pytest.mark.parametrize(("sent", "told"), WRITTEN.items())
    def test_printed_frames(self, sent: str, told: tuple[WriteRequest, str]):
        request, answer = told
        frame = seal(bytes.fromhex(sent))
        assert request.encode() == frame
        assert split_all(frame) == [Frame(Kind.REQUEST, request.unit, request.function, frame[2:-2])]
        (heard,) = split_all(seal(bytes.fromhex(answer)), request)
        assert isinstance(heard, Frame)
        assert heard.kind is Kind.REQUEST

    def test_the_crc_a_maker_printed(self):
        assert WriteRequest(1, 6, 4, (1,)).encode().hex() == "01060004000109cb"

    @given(writes)
    def test_a_slave_hears_what_a_master_writes(self, write: WriteRequest):
        (frame,) = split_all(write.encode())
        assert isinstance(frame, Frame)
        assert WriteRequest.decode(frame) == write

    @given(writes)
    def test_against_the_oracle(self, write: WriteRequest):
        unit, at, values = write.unit, write.register, list(write.values)
        theirs = {
            5: lambda: WriteSingleCoilRequest(address=at, bits=[bool(values[0])], dev_id=unit),
            6: lambda: WriteSingleRegisterRequest(address=at, registers=values, dev_id=unit),
            15: lambda: WriteMultipleCoilsRequest(address=at, bits=list(map(bool, values)), dev_id=unit),
            16: lambda: WriteMultipleRegistersRequest(address=at, registers=values, dev_id=unit),
        }[write.function]()
        assert write.encode() == oracle.buildFrame(theirs)

    @given(writes, st.binary(max_size=40))
    def test_only_the_echo_of_what_was_written_confirms_it(self, write: WriteRequest, noise: bytes):
        other = WriteRequest(write.unit, write.function, write.register ^ 1, write.values)
        found = split_all(noise + seal(other.opening) + seal(write.opening), write)
        (frame,) = [item for item in found if isinstance(item, Frame)]
        assert frame.data == write.opening[2:]

    @given(writes, st.integers(1, 11))
    def test_a_refusal_ends_the_wait(self, write: WriteRequest, code: int):
        (frame,) = split_all(seal(bytes((write.unit, write.function | 0x80, code))), write)
        assert frame == Frame(Kind.EXCEPTION, write.unit, write.function, bytes((code,)))

    def test_another_echo_is_said_in_plain_words(self):
        write = WriteRequest(1, 5, 0, (1,))
        failure, why = explain(write, seal(bytes.fromhex("010500000000")))
        assert failure is Failure.FOREIGN
        assert "it confirms 00 00 00 00 instead of 00 00 ff 00" in why
        assert explain(write, b"") == (Failure.TIMEOUT, "unit 1 does not answer")
        assert explain(write, bytes.fromhex("01050000ff000000"))[0] is Failure.CRC

    @pytest.mark.parametrize("data", ["0000 1234", "0000", "0000 000a 01 ff"])
    def test_what_writes_nothing_is_refused(self, data: str):
        function = 5 if len(data) == 9 else 15
        with pytest.raises(ProtocolError):
            WriteRequest.decode(Frame(Kind.REQUEST, 1, function, bytes.fromhex(data).ljust(4, b"\0")))


class TestRequests:
    @pytest.mark.parametrize(
        "wrong", [b"", b"\x01\x03", bytes.fromhex("01060004000109cb"), b"\x01\x03\x00\x00\x00\x02\x00\x00"]
    )
    def test_what_is_no_read_request_is_refused(self, wrong: bytes):
        with pytest.raises(ProtocolError):
            Request.decode(wrong)

    @pytest.mark.parametrize(
        ("function", "count", "size"), [(1, 1, 1), (1, 8, 1), (2, 9, 2), (3, 2, 4), (4, 125, 250)]
    )
    def test_the_size_of_the_answer(self, function: int, count: int, size: int):
        assert Request(1, function, 0, count).size == size


class TestExplaining:
    request = Request(1, 3, 0, 1)

    @pytest.mark.parametrize(
        ("received", "failure", "words"),
        [
            (b"", Failure.TIMEOUT, "unit 1 does not answer"),
            (b"\x01\x03\x02\x12\x35\x00\x00", Failure.CRC, "CRC is 0000, should be"),
            (b"\x00\x01\x03\x02\x12", Failure.CRC, "damaged answer of unit 1"),
            (seal(b"\x09\x03\x02\x12\x34"), Failure.FOREIGN, "unit 9 spoke"),
            (b"\xff\xfe", Failure.NOISE, "ff fe"),
        ],
    )
    def test_each_kind_has_its_words(self, received: bytes, failure: Failure, words: str):
        found, why = explain(self.request, received)
        assert found is failure
        assert words in why
