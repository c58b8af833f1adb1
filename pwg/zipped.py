"""A zip file of which every byte follows from its members."""

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

from qcnn.files import replacing

CHECKSUMS = "SHA256SUMS"
#: Of a plain file that its owner may write and everybody may read.
_MODE = 0o100644
_UNIX = 3


def write_zip(path: Path, folder: str, members: Mapping[str, bytes | Path]) -> None:
    """Write members and their checksums, as ``sha256sum -c`` reads them in the folder.

    The members are in the order of their names, of one date, and not compressed: what a
    compressor writes depends on its version.

    Args:
        path: of the zip file, which is replaced at the end.
        folder: in the zip file, which all members are in.
        members: content, or the file that has it, by the name in the folder.
    """
    sums = []
    with replacing(path) as file, zipfile.ZipFile(file, "w") as archive:
        for name in sorted(members):
            content = members[name]
            read = content if isinstance(content, bytes) else content.read_bytes()
            sums.append(f"{hashlib.sha256(read).hexdigest()}  {name}\n")
            archive.writestr(_entry(f"{folder}/{name}"), read)
        archive.writestr(_entry(f"{folder}/{CHECKSUMS}"), "".join(sums))


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system = _UNIX
    entry.external_attr = _MODE << 16
    return entry
