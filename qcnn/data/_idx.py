"""The IDX format, in which MNIST and its relatives are published.

Two zero bytes, a type code, the number of dimensions, every dimension as a big-endian
32-bit integer, then the values, big-endian, in row-major order.
"""

from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from qcnn.data._uncompress import read_uncompressed
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


def read_idx(path: str | Path) -> np.ndarray:
    """The array in an IDX file, gzip-compressed or plain, in native byte order.

    Raises:
        InvalidInput: a file that is missing, damaged, truncated or not in IDX format.
    """
    return parse_idx(read_uncompressed(Path(path)), str(path))


def parse_idx(content: bytes, source: str) -> np.ndarray:
    """The array in the uncompressed bytes of an IDX file.

    Args:
        content: the bytes.
        source: where they come from, for messages.

    Raises:
        InvalidInput: bytes that are truncated, too many, none or not in IDX format.
    """
    if not _is_idx_start(content[:4]):
        raise InvalidInput(
            f"{source} starts with the bytes {content[:4].hex(' ') or '(none)'}; an IDX file is "
            f"needed: 00 00, a type code of 08, 09 or 0b to 0e, and 1 to {MOST_DIMENSIONS} "
            "dimensions"
        )
    kind, start = TYPES[content[2]], 4 + 4 * content[3]
    if len(content) < start:
        raise InvalidInput(
            f"{source} is truncated after {len(content)} bytes; its header alone needs {start}"
        )
    shape = tuple(int(size) for size in np.frombuffer(content[4:start], dtype=">u4"))
    if 0 in shape:
        raise InvalidInput(f"{source} has the shape {shape}; at least one value is needed")
    needed = start + prod(shape) * kind.itemsize
    if len(content) != needed:
        raise InvalidInput(
            f"{source} has {len(content)} bytes; its header says {shape}, which needs {needed}"
        )
    values = np.frombuffer(content, dtype=kind, offset=start)
    return values.astype(kind.newbyteorder("=")).reshape(shape)


def _is_idx_start(start: bytes) -> bool:
    return (
        len(start) == 4
        and start[:2] == b"\0\0"
        and start[2] in TYPES
        and 1 <= start[3] <= MOST_DIMENSIONS
    )
