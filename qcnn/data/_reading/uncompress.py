"""Reading files that may be gzip-compressed, no further than is asked for."""

import gzip
import stat
import zlib
from pathlib import Path
from typing import BinaryIO

from qcnn.errors import InvalidInput

GZIP_START = b"\x1f\x8b"


def read_uncompressed(path: Path, most: int) -> bytes:
    """The first ``most`` bytes of a file, uncompressed if it starts as a gzip file does.

    The name says nothing: some servers uncompress a file on the way and keep its name. No
    more is uncompressed than is returned: a small file can hold any number of bytes.

    Raises:
        InvalidInput: a file that cannot be read, is no regular file, or a gzip file that is
            damaged or truncated.
    """
    try:
        # A pipe or a device might never end, or never begin.
        if not stat.S_ISREG(path.stat().st_mode):
            raise InvalidInput(
                f"{str(path)!r} is a folder, pipe or device; allowed is a file that can be read"
            )
        with path.open("rb") as file:
            compressed = file.read(len(GZIP_START)) == GZIP_START
            file.seek(0)
            return _read_gzip(path, file, most) if compressed else file.read(most)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InvalidInput(
            f"{str(path)!r} cannot be read ({reason}); allowed is a file that can be read"
        ) from error


def _read_gzip(path: Path, file: BinaryIO, most: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=file) as content:
            return content.read(most)
    except (EOFError, OSError, zlib.error) as error:
        raise InvalidInput(
            f"{str(path)!r} is a damaged or truncated gzip file ({path.stat().st_size} bytes); "
            "allowed is a whole one"
        ) from error
