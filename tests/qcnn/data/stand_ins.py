"""What stands in for the official files and for their mirrors."""

import gzip
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class SmallFiles:
    """Stand-ins for a dataset's official files: as many images, of 2 × 2 pixels, and no mirror."""

    name: str
    contents: dict[str, bytes]
    data_folder: Path
    cache_folder: Path

    def store(self, folder: Path, *, compressed: bool = True) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.contents.items():
            if compressed:
                (folder / f"{name}.gz").write_bytes(gzip.compress(content, 1))
            else:
                (folder / name).write_bytes(content)


@dataclass
class FileServer:
    """An HTTP server of this machine: what it offers by path and what it was asked for."""

    address: str
    offered: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def offer(self, folder: str, contents: dict[str, bytes]) -> str:
        """Offer gzip files in a folder and return the folder's address."""
        for name, content in contents.items():
            self.offered[f"/{folder}/{name}.gz"] = gzip.compress(content, 1)
        return f"{self.address}/{folder}"
