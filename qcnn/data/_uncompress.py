"""Reading files that may be gzip-compressed."""

import gzip
import zlib
from pathlib import Path

from qcnn.errors import InvalidInput

GZIP_START = b"\x1f\x8b"


def read_uncompressed(path: Path) -> bytes:
    """The bytes of a file, uncompressed if it starts as a gzip file does.

    The name says nothing: some servers uncompress a file on the way and keep its name.

    Raises:
        InvalidInput: a file that cannot be read, or a damaged or truncated gzip file.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InvalidInput(
            f"{path} cannot be read ({reason}); a readable file is needed"
        ) from error
    if not content.startswith(GZIP_START):
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error) as error:
        raise InvalidInput(
            f"{path} is a damaged or truncated gzip file ({len(content)} bytes); a complete one is "
            "needed"
        ) from error
