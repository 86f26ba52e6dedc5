"""What is sealed opens with its passphrase only, and only whole."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.backup import sealing
from edge.backup.sealing import BLOCK, Seal, Unseal
from edge.backup.trouble import BackupError

sizes = st.one_of(
    st.integers(0, 300), st.sampled_from([BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 9])
)


def sealed(content: bytes, *cuts: int) -> bytes:
    out = io.BytesIO()
    seal = Seal(out.write, b"passphrase")
    for start, end in zip((0, *cuts), (*cuts, len(content)), strict=True):
        seal.write(content[start:end])
    seal.finish()
    return out.getvalue()


def opened(packed: bytes, passphrase: bytes = b"passphrase") -> bytes:
    return io.BufferedReader(Unseal(io.BytesIO(packed), passphrase)).read()


@pytest.fixture(autouse=True, scope="module")
def cheap_for_hypothesis():
    former, sealing._COST = sealing._COST, (4, 8, 1)
    yield
    sealing._COST = former


@given(sizes, st.data())
def test_what_went_in_comes_out_however_it_was_written(size, data):
    content = bytes(n % 251 for n in range(size))
    cuts = sorted(data.draw(st.lists(st.integers(0, size), max_size=3)))
    assert opened(sealed(content, *cuts)) == content


@given(sizes, st.data())
def test_no_byte_can_be_changed_and_none_cut_off(size, data):
    packed = sealed(b"x" * size)
    at = data.draw(st.integers(0, len(packed) - 1))
    changed = bytearray(packed)
    changed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BackupError):
        opened(bytes(changed))
    with pytest.raises(BackupError):
        opened(packed[:at])


def test_one_that_is_cut_before_its_first_block_is_not_an_empty_one():
    packed = sealed(b"content")
    before = len(packed) - len(b"content") - 16
    with pytest.raises(BackupError, match="altered or cut off"):
        opened(packed[:before])
    with pytest.raises(BackupError, match="altered or cut off"):
        opened(packed[: before + 1])


def test_blocks_can_not_change_places_or_come_again():
    content = b"a" * BLOCK + b"b" * BLOCK + b"c"
    packed = sealed(content)
    start, block = len(packed) - 2 * (BLOCK + 16) - 17, BLOCK + 16
    first, second, rest = (
        packed[start : start + block],
        packed[start + block : start + 2 * block],
        packed[-17:],
    )
    assert opened(packed[:start] + first + second + rest) == content
    for blocks in (second + first + rest, first + first + second + rest, first + rest, first + second):
        with pytest.raises(BackupError, match="altered or cut off"):
            opened(packed[:start] + blocks)


def test_a_wrong_passphrase_is_told_as_one():
    with pytest.raises(BackupError) as caught:
        opened(sealed(b"content"), b"Passphrase")
    assert caught.value.trouble == "passphrase"


@pytest.mark.parametrize(
    ("line", "trouble"),
    [
        (b"edge-hub-backup 2 something else\n", "damaged"),
        (b"edge-hub-backup 2 \n", "newer"),
        (b"edge-hub-backup 2 scrypt 4 8 1 " + b"0" * 32 + b" chacha20-poly1305\n", "newer"),
        (b"edge-hub-backup 1 scrypt 40 8 1 " + b"0" * 32 + b" chacha20-poly1305\n", "damaged"),
        (b"edge-hub-backup 1 scrypt 4 0 1 " + b"0" * 32 + b" chacha20-poly1305\n", "damaged"),
        (b"edge-hub-backup ", "damaged"),
    ],
)
def test_a_first_line_that_is_not_ours_costs_no_work(line, trouble):
    with pytest.raises(BackupError) as caught:
        opened(line + b"\0" * 100)
    assert caught.value.trouble == trouble
