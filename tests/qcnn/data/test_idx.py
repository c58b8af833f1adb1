import gzip
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from idx_files import CODES, idx_bytes

from qcnn.data import read_idx
from qcnn.data._reading.idx import parse_idx
from qcnn.errors import InvalidInput

PIXELS = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)

any_array = st.sampled_from(sorted(CODES)).flatmap(
    lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=1, max_dims=4, max_side=5))
)


@settings(max_examples=200)
@given(any_array, st.booleans())
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, values: np.ndarray, gz: bool) -> None:
    path = tmp_path_factory.mktemp("idx") / "values"
    content = idx_bytes(values)
    path.write_bytes(gzip.compress(content) if gz else content)
    found = read_idx(path)
    assert found.dtype == values.dtype
    assert found.shape == values.shape
    assert found.tobytes() == values.tobytes()


def test_known_bytes() -> None:
    content = bytes.fromhex("00000b02 00000002 00000003 0001 0002 0003 0100 ffff 8000")
    assert parse_idx(content, "bytes").tolist() == [[1, 2, 3], [256, -1, -32768]]


@pytest.mark.parametrize("length", range(len(idx_bytes(PIXELS))))
def test_every_truncation_is_refused(length: int) -> None:
    with pytest.raises(InvalidInput, match=r"^here "):
        parse_idx(idx_bytes(PIXELS)[:length], "here")


@settings(max_examples=200)
@given(st.binary(max_size=60))
def test_any_bytes_give_an_array_or_a_sentence(content: bytes) -> None:
    try:
        found = parse_idx(b"\0\0" + content, "here")
    except InvalidInput:
        return
    assert 0 < found.nbytes < len(content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "has the first bytes (none)"),
        (b"\x01\x00\x08\x01" + bytes(8), "has the first bytes 01 00 08 01"),
        (b"\x00\x00\x0a\x01" + bytes(8), "has the first bytes 00 00 0a 01"),
        (b"\x00\x00\x08\x00" + bytes(8), "has the first bytes 00 00 08 00"),
        (b"\x00\x00\x08\x41" + bytes(300), "has the first bytes 00 00 08 41"),
        (b"\x00\x00\x08\x02" + bytes(4), "has 8 bytes; allowed are at least 12"),
        (idx_bytes(PIXELS) + b"\x00", "has 41 bytes; allowed are 40, which the shape (2, 3, 4) in"),
        (idx_bytes(PIXELS[:0]), "has the shape (0, 3, 4); allowed is at least one"),
        (b"\x00\x00\x08\x04" + bytes(4) + b"\xff" * 12, "allowed is at least one value"),
    ],
)
def test_malformed(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "broken"
    path.write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        read_idx(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("kept", [3, 12, 20, -1])
def test_truncated_gzip(kept: int, tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(idx_bytes(PIXELS))[:kept])
    with pytest.raises(InvalidInput, match=r"cut\.gz' is a damaged or truncated gzip file"):
        read_idx(path)


def test_damaged_gzip(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(idx_bytes(PIXELS)))
    content[14] ^= 0xFF
    path = tmp_path / "damaged.gz"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match="damaged or truncated"):
        read_idx(path)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"nowhere' cannot be read \(No such file"):
        read_idx(tmp_path / "nowhere")
    with pytest.raises(InvalidInput, match="is a folder, pipe or device; allowed is"):
        read_idx(str(tmp_path))
    (tmp_path / "two\nlines").write_bytes(b"none")
    for name in ("two\nlines", "no\nfile"):
        with pytest.raises(InvalidInput) as caught:
            read_idx(tmp_path / name)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (idx_bytes(PIXELS)[:16], "has 65576 bytes or more; allowed are 40, which the"),
        (b"", "has the first bytes 00 00 00 00"),
        (b"\x00\x00\x08\x03" + b"\xff" * 12, "which needs 7.92e+28 bytes; allowed are at most"),
        (b"\x00\x00\x08\x01" + b"\x80\0\0\0", "(2147483648,), which needs 2.15e+09 bytes; all"),
    ],
)
def test_a_small_file_that_holds_very_much_is_refused(
    header: bytes, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(header + bytes(2**27)))
    tracemalloc.start()
    try:
        with pytest.raises(InvalidInput) as caught:
            read_idx(path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert words in str(caught.value)
    assert most < 2**24


def test_a_header_that_promises_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "promise"
    path.write_bytes(b"\x00\x00\x0e\x02" + b"\x00\x10\x00\x00" * 2)
    with pytest.raises(InvalidInput, match="needs 8.8e.12 bytes; allowed are at most 1.07e.09"):
        read_idx(path)
    path.write_bytes(b"\x00\x00\x08\x01" + b"\x3f\xff\xff\x00")
    with pytest.raises(InvalidInput, match="has 8 bytes; allowed are 1073741576, which the shape"):
        read_idx(path)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero", tmp_path):
        with pytest.raises(InvalidInput, match="is a folder, pipe or device; allowed is a file"):
            read_idx(path)


@pytest.mark.parametrize("path", [None, 3, b"images", "a\0b"])
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(InvalidInput, match="path is .*; allowed is the path of an IDX file"):
        read_idx(path)
