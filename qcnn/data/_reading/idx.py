"""The IDX format, in which MNIST and its relatives are published.

Two zero bytes, a type code, the number of dimensions, every dimension as a big-endian
32-bit integer, then the values, big-endian, in row-major order.
"""

import os
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from qcnn.checks import shown
from qcnn.data._reading.uncompress import read_uncompressed
from qcnn.errors import InvalidInput

TYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}

# NumPy has no more.
MOST_DIMENSIONS = 64
_LONGEST_HEADER = 4 + 4 * MOST_DIMENSIONS
#: Bytes of the largest file that is read, 20 times those of MNIST's training images. What a
#: small gzip file says that it holds need not be meant.
LARGEST = 2**30
#: Bytes that are read beyond those needed, to tell how much too long a file is.
_MORE = 2**16
#: Linux takes no longer path.
_LONGEST_PATH = 4096


def read_idx(path: str | Path) -> np.ndarray:
    """The array in an IDX file, gzip-compressed or plain, in native byte order.

    Raises:
        InvalidInput: a file that is missing, damaged, truncated, not in IDX format or of
            more than ``LARGEST`` bytes.
    """
    if not isinstance(path, str | Path) or not _can_be_a_path(str(path)):
        raise InvalidInput(f"path is {shown(path)}; allowed is the path of an IDX file")
    source = repr(str(path))
    header = read_uncompressed(Path(path), _LONGEST_HEADER)
    shape, needed = _read_header(header, source)
    if needed > LARGEST:
        raise InvalidInput(
            f"{source} has in its header the shape {shown(shape)}, which needs {needed:.3g} bytes; "
            f"allowed are at most {LARGEST:.3g}"
        )
    return parse_idx(read_uncompressed(Path(path), needed + _MORE), source)


def _can_be_a_path(text: str) -> bool:
    try:
        name = os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return b"\0" not in name and len(name) < _LONGEST_PATH


def parse_idx(content: bytes, source: str) -> np.ndarray:
    """The array in the uncompressed bytes of an IDX file.

    Args:
        content: the bytes.
        source: where they come from, for messages.

    Raises:
        InvalidInput: bytes that are truncated, too many, none or not in IDX format.
    """
    shape, needed = _read_header(content, source)
    if len(content) != needed:
        found = f"{len(content)} bytes" + (" or more" if len(content) >= needed + _MORE else "")
        raise InvalidInput(
            f"{source} has {found}; allowed are {needed}, which the shape {shown(shape)} in its "
            "header needs"
        )
    kind = TYPES[content[2]]
    values = np.frombuffer(content, dtype=kind, offset=needed - prod(shape) * kind.itemsize)
    return values.astype(kind.newbyteorder("=")).reshape(shape)


def _read_header(content: bytes, source: str) -> tuple[tuple[int, ...], int]:
    """The shape that the first bytes of an IDX file say, and how many bytes it then has."""
    if not _is_idx_start(content[:4]):
        raise InvalidInput(
            f"{source} has the first bytes {content[:4].hex(' ') or '(none)'}; allowed are those "
            f"of an IDX file: 00 00, a type code of 08, 09 or 0b to 0e, and 1 to {MOST_DIMENSIONS} "
            "dimensions"
        )
    kind, start = TYPES[content[2]], 4 + 4 * content[3]
    if len(content) < start:
        raise InvalidInput(
            f"{source} has {len(content)} bytes; allowed are at least {start}, as its header needs"
        )
    shape = tuple(int(size) for size in np.frombuffer(content[4:start], dtype=">u4"))
    if 0 in shape:
        raise InvalidInput(f"{source} has the shape {shown(shape)}; allowed is at least one value")
    return shape, start + prod(shape) * kind.itemsize


def _is_idx_start(start: bytes) -> bool:
    return (
        len(start) == 4
        and start[:2] == b"\0\0"
        and start[2] in TYPES
        and 1 <= start[3] <= MOST_DIMENSIONS
    )
