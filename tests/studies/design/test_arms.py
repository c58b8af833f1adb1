"""Arms are values: declared once, kept in columns of their own, in words for people only."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from inspect import getclosurevars
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.trial import create_trial
from pandas.testing import assert_frame_equal
from planned import final_cells, options_of
from queues import Queue
from smallest import make_options, smoke_axes
from stored_rows import CONFIGURATION, make_row

from qcnn import InvalidInput
from studies.catalogue import ablation, compression, noise, studies_by_name
from studies.design.arms import (
    NO_ARM,
    Arm,
    Family,
    arm_of_label,
    at_bond_dimension,
    at_budget,
    budget_of,
    is_arm,
    label_of,
    labels,
    with_arm,
)
from studies.design.choose import candidate_cells
from studies.design.study import Cell, Contrast
from studies.reports import statements
from studies.reports.statements import CLAIMS
from studies.rows.runs_file import add_rows, read_rows
from studies.rows.schema import COLUMNS
from studies.runs.execute import execute
from studies.store.codec import cell_from_text, cell_text, row_from_text, row_text
from studies.store.opening import open_store

STUDIES = Path(__file__).parents[3] / "studies"
ARM = Arm("χ = 2", "no input")
#: Arms as studies have them: with a setting, without, and of a search.
ARMS = (ARM, Arm("", "mps:bond_dimension=2"), NO_ARM)


@pytest.mark.parametrize("name", sorted(studies_by_name))
def test_every_arm_of_every_preset_is_told_by_its_words(name: str, tmp_path: Path) -> None:
    """As rows of earlier versions, which hold the words alone, have to be read."""
    study = studies_by_name[name]
    arms = {arm for contrast in study.contrasts for arm in (contrast.first, contrast.second)}
    for preset in study.presets:
        options = options_of(study, preset, tmp_path)
        cells = final_cells(study, options)
        if study.tuned is not None:
            cells += candidate_cells(study.tuned(options), options)
        arms |= {cell.arm for cell in cells}
    assert len({arm.label for arm in arms}) == len(arms) > 1
    for arm in arms:
        assert Arm(*arm_of_label(arm.label)) == arm
        assert label_of(arm.setting, arm.name) == arm.label


@given(st.text().filter(lambda text: ": " not in text), st.text())
def test_words_are_those_of_one_arm(setting: str, name: str) -> None:
    if setting or ": " not in name:
        assert arm_of_label(label_of(setting, name)) == (setting, name)


@given(st.integers(0, 10**12))
def test_a_budget_is_found_in_its_setting(budget: int) -> None:
    assert budget_of(at_budget(budget)) == budget


@pytest.mark.parametrize(
    "setting", ["", at_bond_dimension(688), "688", "parameters", " parameters", "x parameters"]
)
def test_other_settings_have_no_budget(setting: str) -> None:
    assert budget_of(setting) is None


def test_an_arm_is_its_setting_and_its_name() -> None:
    assert Arm("a", "b", Family.CONTROL) == Arm("a", "b", Family.TRAINED)
    assert len({Arm("a", "b", Family.CONTROL), Arm("a", "b")}) == 1
    assert len({Arm("a", "b"), Arm("", "a: b"), Arm("b", "a")}) == 3
    rows = pd.DataFrame([make_row(1, setting="a", arm="b"), make_row(2, setting="", arm="b")])
    assert is_arm(rows, Arm("a", "b")).tolist() == [True, False]
    assert labels(rows).tolist() == ["a: b", "b"]


@pytest.mark.parametrize("arm", ARMS)
def test_what_is_stored_gets_its_arm_and_keeps_the_rest(arm: Arm) -> None:
    stored = {"seed": 3, "label": arm.label, "error": "a: b"}
    found = with_arm(stored)
    assert found == {"seed": 3, "setting": arm.setting, "arm": arm.name, "error": "a: b"}
    assert stored["label"] == arm.label
    assert with_arm(found) == found


def earlier(text: str) -> str:
    """A results file as it was before arms: both columns are one, of words."""
    reader = csv.DictReader(io.StringIO(text, newline=""))
    columns = [name for name in COLUMNS if name not in ("setting", "arm")]
    columns.insert(COLUMNS.index("setting"), "label")
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    for row in reader:
        row["label"] = label_of(row.pop("setting"), row.pop("arm"))
        writer.writerow(row)
    return file.getvalue()


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A results file of today and the same of an earlier version."""
    today, before = tmp_path / "runs.csv", tmp_path / "earlier.csv"
    new = [make_row(seed, setting=a.setting, arm=a.name) for seed, a in enumerate(ARMS)]
    add_rows(today, [*new, make_row(9, "search"), make_row(10, status="failed")])
    before.write_text(earlier(today.read_text()))
    assert ",label," in before.read_text()
    return today, before


def test_a_file_of_an_earlier_version_is_read_alike(files: tuple[Path, Path]) -> None:
    today, before = files
    rows = read_rows(before)
    assert_frame_equal(rows, read_rows(today))
    for arm, row in zip(ARMS, rows.to_dict("records"), strict=False):
        assert Arm(row["setting"], row["arm"]) == arm


def test_a_row_added_to_a_file_of_an_earlier_version_keeps_the_others(
    files: tuple[Path, Path],
) -> None:
    for path in files:
        add_rows(path, [make_row(20, setting="χ = 3", arm="new")])
    assert files[0].read_bytes() == files[1].read_bytes()
    assert len(read_rows(files[1])) == len(ARMS) + 3


@pytest.mark.parametrize("columns", ["label,setting,arm", "label,arm", "setting,label"])
def test_a_file_with_both_forms_is_refused(files: tuple[Path, Path], columns: str) -> None:
    _, before = files
    content = before.read_text().replace(",label,", f",{columns},", 1)
    before.write_text(content)
    with pytest.raises(InvalidInput, match="is not a whole results file .column"):
        read_rows(before)


@pytest.mark.parametrize("arm", ARMS)
def test_a_trial_of_an_earlier_version_is_read_alike(arm: Arm) -> None:
    cell = Cell(CONFIGURATION, 1, arm)
    stored = json.loads(cell_text(cell))
    assert (stored.pop("setting"), stored.pop("arm")) == (arm.setting, arm.name)
    assert cell_from_text(json.dumps(stored | {"label": arm.label})) == cell
    row = make_row(1, setting=arm.setting, arm=arm.name)
    row = {name: value for name, value in row.items() if value is not None}
    before = {name: value for name, value in row.items() if name not in ("setting", "arm")}
    assert row_from_text(row_text(before | {"label": arm.label})) == row_from_text(row_text(row))


def test_a_study_goes_on_in_a_folder_of_an_earlier_version(tmp_path: Path) -> None:
    """A waiting run, a finished one, and one whose row is in the file, all with labels."""
    configuration = replace(CONFIGURATION, epochs=1)
    study = studies_by_name["mode_sweep"]
    options = make_options(tmp_path, smoke_axes(study))
    cells = [Cell(configuration, seed, ARM) for seed in (1, 2, 3)]
    done: list[dict[str, Any]] = [
        execute("mode_sweep", configuration, seed, "final", tmp_path) for seed in (2, 3)
    ]
    add_rows(tmp_path / "runs.csv", [done[1] | {"setting": ARM.setting, "arm": ARM.name}])
    before = read_rows(tmp_path / "runs.csv")
    (tmp_path / "runs.csv").write_text(earlier((tmp_path / "runs.csv").read_text()))
    queue = Queue(study, options, "worker", open_store(tmp_path, None))
    waiting, finished = (earlier_cell(cell) for cell in cells[:2])
    queue.cells.enqueue_trial({}, user_attrs={"cell": waiting})
    row = row_text(done[0] | {"label": ARM.label})
    attributes = {"cell": finished, "row": row}
    queue.cells.add_trial(create_trial(value=done[0]["val_accuracy"], user_attrs=attributes))
    again = Queue(study, options, "another", open_store(tmp_path, None))
    again.enqueue_missing(cells)
    count = 0
    while again.run_next():
        count += 1
    again.take_rows()
    assert count == 1
    rows = read_rows(tmp_path / "runs.csv")
    assert sorted(rows["seed"]) == [1, 2, 3]
    assert is_arm(rows, ARM).all()
    kept = rows[rows["seed"] == 3].reset_index(drop=True)
    assert_frame_equal(kept, before)


def earlier_cell(cell: Cell) -> str:
    """A cell as trials of earlier versions carry it."""
    stored = json.loads(cell_text(cell))
    del stored["setting"], stored["arm"]
    return json.dumps(stored | {"label": cell.arm.label})


def test_a_claim_about_no_contrast_is_an_error() -> None:
    with pytest.raises(LookupError, match="a claim selects none of the 21 contrasts of ablation"):
        statements._chosen(ablation.STUDY, lambda contrast: contrast.second.name == "thawed phases")


def chosen_by(function: Callable[..., object]) -> list[Contrast]:
    """The contrasts that a judge or an evidence looks at, those of its questions included."""
    held = getclosurevars(function).nonlocals
    inner = [value for name in ("first", "second") if callable(value := held.get(name))]
    asked = held.get("questions", ())
    direct = [held.get("chosen", ()), *held.get("protocols", {}).values()]
    direct += [question.contrasts for question in asked]
    return [each for part in (*direct, *map(chosen_by, inner)) for each in part]


def test_every_claim_is_about_contrasts_that_its_study_declares() -> None:
    with_contrasts = 0
    for claim in CLAIMS:
        judged, shown = chosen_by(claim.judge), chosen_by(claim.evidence)
        assert {*judged, *shown} <= set(claim.study.contrasts), claim.title
        assert set(judged) <= set(shown), claim.title
        with_contrasts += bool(judged)
    assert with_contrasts == 9


def test_families_and_constants_decide_what_a_claim_is_about() -> None:
    frozen = [c for c in ablation.STUDY.contrasts if c.second.name == ablation.NAMES["frozen"]]
    assert list(statements._FROZEN) == frozen
    assert {*statements._FROZEN, *statements._REPLACED} == set(ablation.STUDY.contrasts)
    photonic = [c for c in compression.STUDY.contrasts if c.first.family is Family.PROBABILITIES]
    assert list(statements._COMPRESSED) == photonic
    # Against what is classical stands what is read as probabilities; the rest is shown beside it.
    assert {(c.first.family, c.second.family) for c in statements._BEST_CLASSICAL} == {
        (Family.PROBABILITIES, Family.COMPRESSED),
        (Family.PROBABILITIES, Family.TRAINED),
    }
    assert len(statements._BEST_CLASSICAL) == len(statements._OF_FRONTIER) / 2 == 10
    costs = {c for c in noise.STUDY.contrasts if c.second.name == "no noise"}
    assert {c for protocol in noise.COSTS.values() for c in protocol} == costs


_COUNTED = """
from studies.reports import statements
from studies.design.arms import Arm
names = ("_FROZEN", "_REPLACED", "_AT_COUNTS", "_COMPRESSED", "_BEST_CLASSICAL", "_NOISE")
print(*(len(getattr(statements, name)) for name in names))
chosen = statements._FROZEN + statements._BEST_CLASSICAL + statements._COMPRESSED
print(*sorted({arm.name for c in chosen for arm in (c.first, c.second)}), sep="|")
"""


def test_an_arm_of_another_name_stays_in_its_claim(tmp_path: Path) -> None:
    """Names are changed where they are declared, and nowhere else."""
    shutil.copytree(STUDIES, tmp_path / "studies", ignore=shutil.ignore_patterns("__pycache__"))
    for file, old, new in (
        ("catalogue/ablation.py", '"frozen phases"', '"phases at rest"'),
        ("catalogue/compression.py", '"photonic, mixing"', '"by light"'),
        ("catalogue/frontier.py", '"a random subspace"', '"a subspace"'),
        ("catalogue/frontier.py", '"a smaller CNN trained directly"', '"a small one"'),
    ):
        path = tmp_path / "studies" / file
        text = path.read_text()
        assert text.count(old) == 1, file
        path.write_text(text.replace(old, new))
    outputs = []
    for root in (STUDIES.parent, tmp_path):
        path = os.pathsep.join([str(root), str(STUDIES.parent)])
        done = subprocess.run(
            [sys.executable, "-c", _COUNTED],
            cwd=root,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        outputs.append(done.stdout.splitlines())
    (counts, names), (counts_after, names_after) = outputs
    assert counts == counts_after
    assert "0" not in counts.split()
    assert {"frozen phases", "photonic, mixing", "a random subspace"} <= set(names.split("|"))
    new = {"phases at rest", "by light", "a small one", "a subspace"}
    assert new <= set(names_after.split("|"))


#: How a module would take the words for an arm apart, or look an arm up by them.
_PARSING = re.compile(
    r"""partition\(": "\)|split\(": ?"|": " (not )?in\b|\["label"\]|"""
    r"""\.str\.(starts|ends)with\(f?"(χ|[^"]*: |[^"]*(phases|parameters|photonic|direct)\b)"""
)


def test_no_module_but_one_takes_the_words_for_an_arm_apart() -> None:
    found = {
        path.relative_to(STUDIES).as_posix(): match.group()
        for path in STUDIES.rglob("*.py")
        if (match := _PARSING.search(path.read_text()))
    }
    assert found == {"design/arms.py": 'partition(": ")'}
