import hashlib
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from qcnn.data._official import OFFICIAL
from qcnn.data._reading import files

# The helpers beside this file are no package, so pytest's importlib mode does not find them.
sys.path.append(str(Path(__file__).parent))

from idx_files import idx_bytes
from stand_ins import FileServer, SmallFiles


@pytest.fixture(scope="session")
def small_arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    return {
        "train_images": rng.integers(0, 256, (60_000, 2, 2), dtype=np.uint8),
        "train_labels": rng.integers(0, 10, 60_000, dtype=np.uint8),
        "test_images": rng.integers(0, 256, (50, 2, 2), dtype=np.uint8),
        "test_labels": rng.integers(0, 10, 50, dtype=np.uint8),
    }


@pytest.fixture(scope="session")
def small_fashion_arrays(small_arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Of the same shapes with other values; as many training images of every class."""
    labels = np.random.default_rng(6).permutation(np.arange(60_000) % 10).astype(np.uint8)
    turned = {part: array[::-1] for part, array in small_arrays.items()}
    return turned | {"train_labels": labels}


@pytest.fixture
def small_mnist(
    small_arrays: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> SmallFiles:
    return stand_in("mnist", small_arrays, tmp_path, monkeypatch)


@pytest.fixture
def small_fashion(
    small_fashion_arrays: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> SmallFiles:
    return stand_in("fashion-mnist", small_fashion_arrays, tmp_path, monkeypatch)


def stand_in(
    name: str, arrays: dict[str, np.ndarray], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> SmallFiles:
    """Let a dataset be these arrays, looked up in folders of its own."""
    names = {part: file.name for part, file in OFFICIAL[name].files.items()}
    contents = {names[part]: idx_bytes(array) for part, array in arrays.items()}
    published = {
        part: files.PublishedFile(name, hashlib.sha256(contents[name]).hexdigest())
        for part, name in names.items()
    }
    cache = folder / "cache"
    small = replace(OFFICIAL[name], files=published, mirrors=())
    monkeypatch.setitem(OFFICIAL, name, small)
    monkeypatch.setattr(files.platformdirs, "user_cache_dir", lambda _: str(cache))
    monkeypatch.setenv("QCNN_DATA_DIR", str(folder / "data"))
    return SmallFiles(name, contents, folder / "data", cache / name)


@pytest.fixture
def file_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            offers.asked.append(self.path)
            content = offers.offered.get(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        offers = FileServer(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield offers
        server.shutdown()
        thread.join()
