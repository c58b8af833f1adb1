"""What a row may hold, wherever it is read: in the file, in a journal, in a database."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from optuna.trial import create_trial
from queues import Queue
from smallest import make_options, smoke_axes
from stored_rows import CONFIGURATION, PLAIN, make_row

from qcnn import InvalidInput
from qcnn.mappings import register_mapping
from qcnn.mappings._base import registered
from qcnn.mappings.affine import Affine
from studies.catalogue import studies_by_name
from studies.design.arms import Arm
from studies.design.configuration import AXIS_DEFAULTS, known_configuration
from studies.design.measures import QUANTILES
from studies.design.study import Cell
from studies.report import main as report_main
from studies.reports.study_report import build_report
from studies.rows.runs_file import KEY, add_rows, read_rows
from studies.rows.schema import COLUMNS
from studies.runs.execute import execute
from studies.sentences import command_line
from studies.store.codec import cell_from_text, cell_text, complete_row, row_from_text, row_text
from studies.store.opening import open_store

ROOT = Path(__file__).parents[3]
_QUANTILES = {f"{level:g}": 0.5 for level in QUANTILES}


def write(path: Path, *rows: dict[str, str]) -> None:
    """A results file with these texts, as any editor might have left it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def texts(folder: Path, row: dict[str, Any], **changes: str) -> dict[str, str]:
    """A good row as the file holds it, with ``changes`` that are not looked at."""
    good = folder / "good.csv"
    good.unlink(missing_ok=True)
    add_rows(good, [row])
    with good.open(encoding="utf-8", newline="") as file:
        (found,) = csv.DictReader(file)
    return found | changes


#: Column, a value that it cannot have, and what the sentence says of it.
WRONG = (
    ("dataset", "x/../../../../PWN", "dataset is 'x/../../../../PWN'; allowed are"),
    ("dataset", "..", "dataset is '..'; allowed are"),
    ("dataset", "/tmp/PWN", "dataset is '/tmp/PWN'; allowed are"),
    ("dataset", "a\\b", "allowed are at most 100 letters"),
    ("dataset", "x\n", "allowed are at most 100 letters"),
    ("dataset", "", "dataset is ''; allowed are"),
    ("dataset", "x" * 5000, "allowed are at most 100 letters"),
    (
        "configuration",
        "../../PWN",
        "configuration is '../../PWN' in a row whose axes have",
    ),
    ("mapping", "magic", "mapping is 'magic'; allowed are affine,"),
    ("mapping", "mps:chi=3", "option of mapping mps is 'chi'; allowed are"),
    ("target", "vgg", "target is 'vgg'; allowed are"),
    ("noise", "spam=1", "is 'spam'; allowed are"),
    ("generator", "magic", "generator is 'magic'; allowed are pqcnn"),
    ("space", "Fock", "space is 'Fock'; allowed are unbunched, fock"),
    ("mesh", "none", "mesh is 'none'; allowed are minimal, rectangular"),
    ("combine", "sum", "combine is 'sum'; allowed are '', product"),
    ("schedule", "later", "schedule is 'later'; allowed are none"),
    ("optimiser", "sgd", "optimiser is 'sgd'; allowed are adam"),
    ("input", "none", "input is 'none'; allowed are spread"),
    ("sizes", "9x4+", "configuration is"),
    ("sizes", "9x4x1", "sizes is '9x4x1'; allowed is a form like 9x4+8x4"),
    ("sizes", "", "sizes is '' with mapping 'mps:bond_dimension=4'; allowed there is a form"),
    ("sizes", "4x9", "sizes is '4x9' with space 'unbunched'; allowed are"),
    ("learning_rate", "0", "learning_rate is 0.0; allowed are positive numbers"),
    ("learning_rate", "1e999", "learning_rate is inf; allowed are positive numbers"),
    ("learning_rate", "", "learning_rate is '', allowed are numbers"),
    ("learning_rate", "nan", "learning_rate is 'nan', allowed are numbers"),
    ("epochs", "3", "configuration is"),
    ("epochs", "0", "epochs is 0; allowed are numbers from 1"),
    ("epochs", "2.0", "epochs is '2.0', allowed are whole numbers from 0"),
    ("layers", "0", "layers is 0; allowed are whole numbers from 1"),
    ("seed", "9223372036854775808", "seed is '9223372036854775808', allowed are whole numbers"),
    ("seed", "-1", "seed is '-1', allowed are whole numbers from 0"),
    ("seed", "1_0", "seed is '1_0', allowed are whole numbers"),
    ("phases", "-5", "phases is '-5', allowed are whole numbers from 0"),
    ("trainable_parameters", "0", "trainable_parameters is 0 in a run that is complete"),
    ("role", "../x", "role is '../x'; allowed are search, final"),
    ("status", "done", "status is 'done'; allowed are complete, diverged, failed"),
    ("test_accuracy", "", "test_accuracy is empty in a final run that is complete; allowed are"),
    ("val_accuracy", "", "val_accuracy is empty in a final run that is complete; allowed are"),
    ("train_accuracy", "", "train_accuracy is empty in a final run"),
    ("test_accuracy", "1.5", "test_accuracy is 1.5; allowed are numbers from 0 to 1"),
    ("val_accuracy", "-0.1", "val_accuracy is -0.1; allowed are numbers from 0 to 1"),
    ("test_accuracy", "inf", "test_accuracy is 'inf', allowed are numbers"),
    ("best_val_epoch", "7", "best_val_epoch is 7 of 2 epochs; allowed are whole numbers from 1"),
    ("best_val_epoch", "1.5", "best_val_epoch is 1.5 of 2 epochs"),
    ("seconds", "-1", "seconds is -1.0; allowed are numbers from 0"),
    ("val_accuracy_by_epoch", "0.5", "val_accuracy_by_epoch is '0.5', 1 numbers for 2 epochs"),
    ("val_accuracy_by_epoch", "", "val_accuracy_by_epoch is '', 0 numbers for 2 epochs"),
    ("val_accuracy_by_epoch", "0.5 x", "val_accuracy_by_epoch holds 'x'; allowed are numbers"),
    ("train_accuracy_by_epoch", "0.5 2.0", "train_accuracy_by_epoch holds '2.0'; allowed are"),
    ("val_accuracy_by_epoch", "0.5 nan", "val_accuracy_by_epoch holds 'nan'; allowed are"),
    ("val_loss_by_epoch", "0.5 0.5 0.5", "3 numbers for 2 epochs; allowed is one for each"),
    ("search_parameters", "[1]", "search_parameters is '[1]'; allowed is a JSON object"),
    ("search_parameters", "{", "search_parameters is '{'; allowed is a JSON object"),
    ("search_parameters", '{"a": 1}', "allowed are values with the distributions"),
    ("search_parameters", '{"a": [1, "{}"]}', "allowed are values with the distributions"),
    ("search_parameters", "[" * 5000, "allowed is a JSON object"),
    ("measured", "[]", "measured is '[]'; allowed is a JSON object"),
    ("measured", '{"middle": {}}', "measured holds 'middle'; allowed are start and end"),
    ("measured", '{"start": 1}', "measured holds 'start'; allowed are start and end"),
    ("measured", '{"start": {"a": "b"}}', "measured holds 'a' that is no number"),
    ("measured", '{"start": {"weights": {}}}', "measured holds 'weights' at the start; allowed"),
    ("arm", "a\x00b", "arm is 'a\\x00b'; allowed are at most 500 characters"),
    ("arm", "\x1b[31m", "allowed are at most 500 characters that can be printed"),
    ("arm", "\x9b31m", "allowed are at most 500 characters that can be printed"),
    ("arm", "x" * 501, "allowed are at most 500 characters"),
    ("setting", "a\x00b", "setting is 'a\\x00b'; allowed are at most 500 characters"),
    ("setting", "\x1b[31m", "allowed are at most 500 characters that can be printed"),
    ("setting", "x" * 501, "allowed are at most 500 characters"),
    ("sizes", "9x4+" * 3000, "allowed are at most 10,000 characters"),
    ("platform", "x" * 1_000_001, "allowed are at most 1,000,000 characters"),
)


@pytest.mark.parametrize(("column", "value", "sentence"), WRONG)
def test_a_wrong_value_is_named_with_file_line_and_column(
    tmp_path: Path, column: str, value: str, sentence: str
) -> None:
    path = tmp_path / "runs.csv"
    good = [texts(tmp_path, make_row(seed)) for seed in (1, 2)]
    write(path, *good, texts(tmp_path, make_row(3), **{column: value}))
    before = path.read_bytes()
    with pytest.raises(InvalidInput) as error:
        read_rows(path)
    message = str(error.value)
    assert message.startswith(str(path))
    assert "line 4: " in message
    assert sentence in message
    assert len(message.splitlines()) == 1
    assert len(message) < len(str(path)) + 600
    with pytest.raises(InvalidInput):
        add_rows(path, [make_row(9)])
    assert path.read_bytes() == before


def test_what_a_trial_carries_is_checked_alike() -> None:
    for changes, sentence in (
        ({"mapping": "magic"}, "a row in the storage of trials: mapping is 'magic'; allowed are"),
        ({"dataset": "../x"}, "a row in the storage of trials: dataset is '../x'; allowed are"),
        ({"test_accuracy": 2.0}, "test_accuracy is 2.0; allowed are numbers from 0 to 1"),
        ({"seed": 2**63}, "seed is '9223372036854775808', allowed are whole numbers"),
        ({"seed": "1"}, "seed is '1'; allowed are values of the type int64"),
        ({"arm": 5}, "arm is 5; allowed are values of the type str"),
        ({"setting": 5}, "setting is 5; allowed are values of the type str"),
        ({"arm": None}, ""),
        ({"setting": None}, ""),
        ({"more": 5}, "a row has 'more'; allowed are the columns of runs.csv"),
    ):
        text = json.dumps(make_row(1) | {"configuration": CONFIGURATION.digest()} | changes)
        if not sentence:
            assert row_from_text(text)["seed"] == 1
            continue
        with pytest.raises(InvalidInput) as error:
            row_from_text(text)
        assert sentence in str(error.value)
    for text in ("", "7", "{", "[]", "{}", 7, True, [1], {}, {"seed": [1]}):
        with pytest.raises(InvalidInput, match="a cell in the storage of trials: "):
            cell_from_text(text)
        with pytest.raises(InvalidInput, match="a row in the storage of trials: "):
            row_from_text(text)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda c: c["configuration"].update(mapping="magic"), "mapping is 'magic'; allowed are"),
        (lambda c: c["configuration"].update(epochs=2.5), "epochs is 2.5; allowed are values of"),
        (lambda c: c["configuration"].update(epochs=True), "epochs is True; allowed are values of"),
        (lambda c: c["configuration"].update(target=7), "target is 7; allowed are values of"),
        (lambda c: c["configuration"].update(sizes=7), "sizes is 7; allowed are values of"),
        (lambda c: c["configuration"].update(flavour="x"), "with the axis 'flavour'; allowed"),
        (lambda c: c["configuration"].pop("target"), "without the axis 'target'; allowed"),
        (lambda c: c.update(seed=True), "seed is True; allowed are whole numbers from 0"),
        (lambda c: c.update(seed=-1), "seed is -1; allowed are whole numbers from 0"),
        (lambda c: c.update(arm=None), "setting and arm are '' and None; allowed are texts"),
        (lambda c: c.update(setting=5), "setting and arm are 5 and 'arm'; allowed are texts"),
        (lambda c: c.update(arm="x" * 501), "allowed are at most 500 characters"),
        (lambda c: c.update(role="other"), "role is 'other'; allowed are search, final"),
    ],
)
def test_a_cell_that_cannot_be_run_here(
    change: Callable[[dict[str, Any]], object], sentence: str
) -> None:
    stored = json.loads(cell_text(Cell(CONFIGURATION, 1, ARM)))
    change(stored)
    with pytest.raises(InvalidInput) as error:
        cell_from_text(json.dumps(stored))
    assert sentence in str(error.value)


ARM = Arm("", "arm")
LATER = tuple(AXIS_DEFAULTS)


def test_axes_that_came_later_are_filled_wherever_a_run_is_read(tmp_path: Path) -> None:
    cell = Cell(CONFIGURATION, 1, ARM)
    stored = json.loads(cell_text(cell))
    row = make_row(1)
    for name in LATER:
        del stored["configuration"][name], row[name]
    assert cell_from_text(json.dumps(stored)) == cell
    found = row_from_text(json.dumps(row))
    assert {name: found[name] for name in LATER} == {
        name: CONFIGURATION.axes()[name] for name in LATER
    }
    add_rows(tmp_path / "runs.csv", [row])
    assert known_configuration(read_rows(tmp_path / "runs.csv").iloc[0]) == CONFIGURATION


def test_a_folder_that_an_earlier_version_left_is_gone_on_from(tmp_path: Path) -> None:
    """A waiting cell, a finished one and one with its row, none with the axes of today."""
    configuration = replace(CONFIGURATION, epochs=1)
    study = studies_by_name["mode_sweep"]
    options = make_options(tmp_path, smoke_axes(study))
    queue = Queue(study, options, "worker", open_store(tmp_path, None))
    for seed in (1, 2):
        cell = json.loads(cell_text(Cell(configuration, seed, ARM)))
        row = execute("mode_sweep", configuration, seed, "final", tmp_path) if seed == 2 else {}
        row = {name: value for name, value in row.items() if name not in LATER}
        for name in LATER:
            del cell["configuration"][name]
        attributes = {"cell": json.dumps(cell)} | ({"row": row_text(row)} if row else {})
        if row:
            trial = create_trial(value=row["val_accuracy"], user_attrs=attributes)
            queue.cells.add_trial(trial)
        else:
            queue.cells.enqueue_trial({}, user_attrs=attributes)
    again = Queue(study, options, "another", open_store(tmp_path, None))
    again.enqueue_missing([Cell(configuration, seed, ARM) for seed in (1, 2)])
    while again.run_next():
        pass
    rows = read_rows(tmp_path / "runs.csv")
    assert sorted(rows["seed"]) == [1, 2]
    assert (rows["configuration"] == configuration.digest()).all()
    assert (rows["trained_phases"] == 0).all()


def test_a_mapping_of_ones_own_is_known_while_it_is_registered(tmp_path: Path) -> None:
    register_mapping("my_own")(type("MyOwn", (Affine,), {}))
    try:
        add_rows(tmp_path / "runs.csv", [make_row(1, mapping="my_own")])
        before = (tmp_path / "runs.csv").read_bytes()
    finally:
        del registered["my_own"]
    (tmp_path / "copy.csv").write_bytes(before.replace(b",2,128,0.03", b",2,128,0.030"))
    with pytest.raises(InvalidInput, match="line 2: mapping is 'my_own'; allowed are"):
        read_rows(tmp_path / "copy.csv")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda t: t.replace("\n", ",comment\n", 1), "column 'comment' is not known"),
        (lambda t: t.replace(",engine,", ",motor,"), "column engine is missing"),
        (lambda t: t.replace("\n", ",x\n"), "is not known"),
        (lambda t: t + "mode_sweep,abc\n", f"line 4 has 2 values for {len(COLUMNS)} columns"),
        (lambda t: t + '"mode_sweep\n', "line 4: unexpected end of data"),
        (lambda t: t.encode() + b"\xff\xfe\n", "codec can't decode"),
        (lambda t: t + t.splitlines()[1] + "\n", "line 4: the run is that of line 2; allowed is"),
    ],
)
def test_a_file_of_another_form(tmp_path: Path, damage: Callable[[str], Any], reason: str) -> None:
    path = tmp_path / "runs.csv"
    add_rows(path, [make_row(1), make_row(2)])
    content = damage(path.read_text())
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InvalidInput) as error:
        read_rows(path)
    assert str(error.value).startswith(str(path))
    assert reason in str(error.value)


def test_the_same_run_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    write(path, texts(tmp_path, make_row(1)), texts(tmp_path, make_row(1, val_accuracy=0.5)))
    with pytest.raises(InvalidInput, match="line 3: the run is that of line 2; allowed is one"):
        read_rows(path)


@pytest.mark.parametrize(
    "values",
    [
        {"seed": 2**63},
        {"dataset": "../x"},
        {"test_accuracy": None},
        {"setting": "\ud800"},
        {"arm": "\ud800"},
        {"mapping": "magic"},
        {"test_accuracy": float("nan")},
        {"seconds": float("inf")},
        {"phases": None},
    ],
)
def test_nothing_is_written_that_could_not_be_read_back(
    tmp_path: Path, values: dict[str, Any]
) -> None:
    path = tmp_path / "runs.csv"
    row = make_row(1) | {"configuration": CONFIGURATION.digest()} | values
    with pytest.raises(InvalidInput):
        add_rows(path, [row])
    assert not path.exists()
    add_rows(path, [make_row(2)])
    before = path.read_bytes()
    with pytest.raises(InvalidInput):
        add_rows(path, [make_row(3), row])
    assert path.read_bytes() == before


def test_what_a_run_may_hold_is_read_back(tmp_path: Path) -> None:
    """Every digit of a choice, the longest seed, a diverged curve, a message over lines."""
    path = tmp_path / "runs.csv"
    none = dict.fromkeys(("train_accuracy", "val_accuracy", "test_accuracy", "best_val_accuracy"))
    quantiles = dict.fromkeys(("weights", "response", "gradients"), _QUANTILES)
    rows = [
        make_row(2**63 - 1, learning_rate=0.012345678912345678, label='=a|b,"c"', val_accuracy=0.5,
                 test_accuracy=0.5),
        make_row(1, status="diverged", best_val_epoch=None,
                 error="x\n\x0by\t\x00\ud800" + "z" * 999,
                 **none | {f"{s}_loss_by_epoch": "inf" for s in ("train", "val")},
                 train_accuracy_by_epoch="0.1", val_accuracy_by_epoch="0.1"),
        make_row(2, measured=json.dumps({"start": {}, "end": {"saturated": 0.5, **quantiles}})),
        make_row(3, measured='{"start": {"accepted_fraction": [0.5, 0.25]}}'),
        make_row(4, mapping="direct", **PLAIN),
        make_row(5, evaluated_under="shots=10", best_val_accuracy=None, best_val_epoch=None,
                 **dict.fromkeys(("val_accuracy_by_epoch", "train_accuracy_by_epoch"), ""),
                 val_loss_by_epoch=""),
        {**make_row(6, status="failed", engine=None, seconds=None, **none), "phases": None,
         "trainable_parameters": None, "best_val_epoch": None, "val_accuracy_by_epoch": ""},
    ]  # fmt: skip
    add_rows(path, rows)
    found = read_rows(path)
    assert found["seed"].tolist() == [row["seed"] for row in rows]
    assert found["learning_rate"][0] == 0.012345678912345678
    assert found["error"][1].startswith("x y ??zzz")
    assert len(found["error"][1]) == 1000
    assert found["phases"].tolist()[-1] == 0
    assert found["arm"][0] == '=a|b,"c"'
    for row, digest in zip(found.to_dict("records"), found["configuration"], strict=True):
        assert known_configuration({str(k): v for k, v in row.items()}).digest() == digest


def test_a_row_keeps_its_text_when_others_are_added(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    add_rows(path, [make_row(1)])
    path.write_text(path.read_text().replace(",0.9,", ",0.90000000000001,"))
    line = path.read_text().splitlines()[1]
    add_rows(path, [make_row(2)])
    assert path.read_text().splitlines()[1] == line


def test_a_strangers_folder_writes_nothing_outside_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "a" / "b" / "results"
    row = texts(tmp_path, make_row(1), dataset="x/../../../../PWN")
    write(results / "mode_sweep" / "runs.csv", row)
    (tmp_path / "good.csv").unlink()
    (tmp_path / "good.csv.lock").unlink(missing_ok=True)
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setattr("sys.argv", ["report", "--out", str(results)])
    with pytest.raises(SystemExit) as end:
        command_line(report_main)
    assert end.value.code == 2
    assert "line 2: dataset is 'x/../../../../PWN'; allowed are" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "mode_sweep"
    add_rows(folder / "runs.csv", [make_row(1)])
    (tmp_path / "elsewhere").mkdir()
    (folder / "figures").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidInput, match="figures is a link to .*elsewhere; allowed is a folder"):
        build_report(folder)
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("name", sorted(studies_by_name))
def test_every_committed_row_passes_in_each_of_its_forms(name: str) -> None:
    rows = read_rows(ROOT / "results" / name / "runs.csv")
    assert not rows.duplicated(list(KEY)).any()
    for record in rows.tail(30).to_dict("records"):
        row = {str(key): None if pd.isna(value) else value for key, value in record.items()}
        assert complete_row(json.loads(row_text(row)))["seed"] == row["seed"]
