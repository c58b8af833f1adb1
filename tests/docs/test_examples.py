"""What the pages in docs/ show is run, block by block, each page in a namespace of its own."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

PAGES = sorted((Path(__file__).parents[1] / "docs").glob("*.md"))
BLOCK = re.compile(r"^```python(?: skip-without=(\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_there_are_pages() -> None:
    assert {page.stem for page in PAGES} >= {"from-merlin", "training"}


# Lightning's own use of torch.
@pytest.mark.filterwarnings("ignore:.*treespec:FutureWarning")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_block_of_a_page_runs(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = page.read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(text))
    assert len(blocks) == len(re.findall(r"^```python", text, re.MULTILINE)) > 0
    names: dict[str, Any] = {"__name__": page.stem}
    for block in blocks:
        package, code = block.groups()
        if package is not None and find_spec(package) is None:
            continue
        line = text[: block.start(2)].count("\n")
        exec(compile("\n" * line + code, str(page), "exec"), names)
