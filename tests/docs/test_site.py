"""The documentation site: it builds without a warning, and its links lead somewhere.

Its tutorials are committed as they are written, without what a run of them prints.
"""

import ast
import json
import os
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

import qcnn

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TUTORIALS = sorted((DOCS / "tutorials").glob("*.ipynb"))
#: Folders of what has a name, and is found by being there.
KINDS = ("mappings", "baselines", "targets", "meshes", "engines")
#: What is in them and has no name of its own.
PARTS = {"qcnn.targets.copies"}


class Page(HTMLParser):
    """The places in a page that links can lead to, and what it links to or shows."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            if name in ("href", "src") and value:
                self.links.add(value)


def broken_links(site: Path) -> list[str]:
    """Links within a folder of pages that lead nowhere, with the page that has them."""
    pages = {path: Page(path) for path in site.rglob("*.html")}
    broken = []
    for path, page in pages.items():
        if path.name == "report.html":  # a page of its own, with tests of its own
            continue
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            there = target.is_file() and (
                not anchor or target not in pages or anchor in pages[target].anchors
            )
            if not there:
                broken.append(f"{path.relative_to(site)}: {link}")
    return broken


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    (tmp_path / "other.html").write_text('<p id="here"></p>')
    right = '<a href="other.html#here"></a><a href="https://nowhere.invalid"></a><a href="#own">'
    (tmp_path / "page.html").write_text(f'<p id="own">{right}')
    assert broken_links(tmp_path) == []
    (tmp_path / "page.html").write_text('<a href="other.html#there"></a>')
    assert broken_links(tmp_path) == ["page.html: other.html#there"]
    (tmp_path / "page.html").write_text('<img src="missing.svg">')
    assert broken_links(tmp_path) == ["page.html: missing.svg"]


def test_every_public_name_is_in_the_reference() -> None:
    words = (DOCS / "api.md").read_text(encoding="utf-8").split()
    assert set(qcnn.__all__) - set(words) == set()


def test_every_module_with_a_name_is_in_the_reference() -> None:
    words = (DOCS / "modules.md").read_text(encoding="utf-8").split()
    modules = {
        f"qcnn.{kind}.{path.stem}"
        for kind in KINDS
        for path in (ROOT / "qcnn" / kind).glob("*.py")
        if not path.stem.startswith("_")
    }
    assert modules - PARTS - set(words) == set()


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda tutorial: tutorial.stem)
def test_a_tutorial_is_valid_and_holds_no_outputs(tutorial: Path) -> None:
    notebook: dict[str, Any] = json.loads(tutorial.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    cells = notebook["cells"]
    assert len({cell["id"] for cell in cells}) == len(cells)
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    for cell in code:
        assert (cell["outputs"], cell["execution_count"]) == ([], None)
        ast.parse("".join(cell["source"]))
    assert "TUTORIAL_EPOCHS" in "".join(code[0]["source"])
    if find_spec("nbformat") is not None:
        import nbformat

        nbformat.validate(nbformat.from_dict(notebook))


def test_there_are_tutorials() -> None:
    assert len(TUTORIALS) >= 3


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.skipif(find_spec("sphinx") is None, reason="the extra docs is not installed")
def test_the_site_builds_without_a_warning_and_its_links_lead_somewhere(tmp_path: Path) -> None:
    # A copy, as a build writes beside the pages.
    unwanted = shutil.ignore_patterns("_build", "api", "figures", "__pycache__")
    shutil.copytree(DOCS, tmp_path / "docs", ignore=unwanted)
    for beside in ("CHANGELOG.md", "results"):
        (tmp_path / beside).symlink_to(ROOT / beside)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(":"),
        "TUTORIAL_EPOCHS": "1",
        # No network: what asked for something outside would end in an error.
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
        "no_proxy": "localhost,127.0.0.1",
    }
    site = tmp_path / "site"
    options = ["-b", "html", "-n", "-W", "--keep-going", "-d", str(tmp_path / "read")]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, "docs", str(site)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert broken_links(site) == []
    assert {path.stem for path in (site / "tutorials").glob("*.html")} == {
        tutorial.stem for tutorial in TUTORIALS
    }
