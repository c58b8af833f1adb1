import socket
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from stand_ins import FileServer, SmallFiles

from qcnn.data import DataUnavailable
from qcnn.data._official import OFFICIAL, OfficialFiles
from qcnn.data._reading import download
from qcnn.data.mnist import load_mnist, mnist_at_hand


def mirrors(monkeypatch: pytest.MonkeyPatch, *addresses: str, name: str = "mnist") -> None:
    monkeypatch.setitem(OFFICIAL, name, replace(OFFICIAL[name], mirrors=addresses))


def closed_address() -> str:
    """An address of this machine at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_downloaded_once_into_the_cache(
    small_mnist: SmallFiles,
    file_server: FileServer,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    mirrors(monkeypatch, file_server.offer("first", small_mnist.contents))
    assert load_mnist().name == "mnist"
    assert sorted(file_server.asked) == sorted(file_server.offered)
    assert names(small_mnist.cache_folder) == sorted(f"{name}.gz" for name in small_mnist.contents)
    assert mnist_at_hand()
    assert load_mnist().name == "mnist"
    assert len(file_server.asked) == 4
    output, progress = capfd.readouterr()
    assert output == ""
    assert "100%" in progress


def test_only_missing_files_are_downloaded(
    small_mnist: SmallFiles, file_server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_mnist.store(small_mnist.data_folder)
    (small_mnist.data_folder / "t10k-labels-idx1-ubyte.gz").unlink()
    mirrors(monkeypatch, file_server.offer("first", small_mnist.contents))
    assert load_mnist().name == "mnist"
    assert file_server.asked == ["/first/t10k-labels-idx1-ubyte.gz"]


@pytest.mark.parametrize("fault", ["wrong content", "truncated", "missing", "unreachable"])
def test_the_next_mirror_is_tried(
    fault: str,
    small_mnist: SmallFiles,
    file_server: FileServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = {name: content[:-1] + b"?" for name, content in small_mnist.contents.items()}
    first = file_server.offer("first", wrong)
    if fault == "truncated":
        file_server.offer("first", small_mnist.contents)
        file_server.offered = {path: gz[:-9] for path, gz in file_server.offered.items()}
    if fault == "missing":
        file_server.offered.clear()
    if fault == "unreachable":
        first = closed_address()
    mirrors(monkeypatch, first, file_server.offer("second", small_mnist.contents))
    assert load_mnist().name == "mnist"
    asked_first = [path for path in file_server.asked if path.startswith("/first/")]
    assert len(asked_first) == (0 if fault == "unreachable" else 4)
    assert len(names(small_mnist.cache_folder)) == 4


def test_nothing_to_be_had(
    small_mnist: SmallFiles, file_server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = file_server.offer("wrong", dict.fromkeys(small_mnist.contents, b"wrong"))
    mirrors(monkeypatch, wrong, f"{file_server.address}/missing", closed_address())
    with pytest.raises(DataUnavailable) as caught:
        load_mnist()
    message = str(caught.value)
    for words in (
        "dataset mnist",
        f" (SHA-256 {OFFICIAL['mnist'].files['train_images'].sha256[:12]}…) ",
        f"$QCNN_DATA_DIR ('{small_mnist.data_folder}') or the folder mnist there ",
        f"the cache folder '{small_mnist.cache_folder}'",
        "/wrong: wrong content,",
        "/missing: HTTPError,",
        ": ConnectionError)",
        "; allowed without a network is `--dataset digits`",
    ):
        assert words in message
    assert "\n" not in message
    assert names(small_mnist.cache_folder) == []


def test_a_cache_that_cannot_be_written(
    small_mnist: SmallFiles, file_server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrors(monkeypatch, file_server.offer("first", small_mnist.contents))
    small_mnist.cache_folder.parent.write_text("a file where the folder should be")
    with pytest.raises(DataUnavailable, match=r"NotADirectoryError|FileExistsError"):
        load_mnist()


def test_a_silent_mirror_is_given_up_soon(
    small_mnist: SmallFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = []

    class Recorder:
        def __init__(self, progressbar: bool, timeout: tuple[float, float]) -> None:
            limits.append((progressbar, timeout))

        def __call__(self, _address: str, path: str, _pooch: None) -> None:
            name = Path(path).name.removesuffix(".gz")
            Path(path).write_bytes(small_mnist.contents[name])

    monkeypatch.setattr(download.pooch, "HTTPDownloader", Recorder)
    mirrors(monkeypatch, "https://mirror.invalid")
    assert load_mnist().name == "mnist"
    assert limits == [(True, (10, 30))] * 4


@pytest.mark.parametrize("official", OFFICIAL.values(), ids=OFFICIAL)
def test_mirrors_are_served_securely_by_several_hosts(official: OfficialFiles) -> None:
    assert len({urlsplit(mirror).hostname for mirror in official.mirrors}) == 3
    assert all(mirror.startswith("https://") for mirror in official.mirrors)
    assert not any(mirror.endswith("/") for mirror in official.mirrors)


def test_no_mirror_is_of_two_datasets() -> None:
    mirrors_of_all = [mirror for official in OFFICIAL.values() for mirror in official.mirrors]
    assert len(set(mirrors_of_all)) == len(mirrors_of_all)
