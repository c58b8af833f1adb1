import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from idx_files import CODES, idx_bytes

from qcnn.data import read_idx
from qcnn.data._idx import parse_idx
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
        (b"", "starts with the bytes (none)"),
        (b"\x01\x00\x08\x01" + bytes(8), "starts with the bytes 01 00 08 01"),
        (b"\x00\x00\x0a\x01" + bytes(8), "starts with the bytes 00 00 0a 01"),
        (b"\x00\x00\x08\x00" + bytes(8), "starts with the bytes 00 00 08 00"),
        (b"\x00\x00\x08\x41" + bytes(300), "starts with the bytes 00 00 08 41"),
        (b"\x00\x00\x08\x02" + bytes(4), "truncated after 8 bytes; its header alone needs 12"),
        (idx_bytes(PIXELS) + b"\x00", "has 41 bytes; its header says (2, 3, 4), which needs 40"),
        (idx_bytes(PIXELS[:0]), "has the shape (0, 3, 4); at least one value"),
        (b"\x00\x00\x08\x04" + bytes(4) + b"\xff" * 12, "at least one value"),
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
    with pytest.raises(InvalidInput, match=r"cut\.gz is a damaged or truncated gzip file"):
        read_idx(path)


def test_damaged_gzip(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(idx_bytes(PIXELS)))
    content[14] ^= 0xFF
    path = tmp_path / "damaged.gz"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match="damaged or truncated"):
        read_idx(path)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"nowhere cannot be read \(No such file"):
        read_idx(tmp_path / "nowhere")
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_idx(str(tmp_path))
