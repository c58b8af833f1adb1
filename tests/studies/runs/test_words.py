"""What a person sees of the trials who opens them in optuna-dashboard."""

from dataclasses import replace
from pathlib import Path

from queues import Queue
from smallest import changed, make_options, smoke_axes
from stored_rows import CONFIGURATION

from studies.catalogue import studies_by_name
from studies.design.arms import Arm
from studies.design.study import Cell
from studies.rows.runs_file import read_rows
from studies.store.opening import open_store

STUDY = studies_by_name["ablation"]
SMALL = replace(CONFIGURATION, sizes=((5, 2), (4, 2)), mapping="mixing", epochs=1)
CELL = Cell(SMALL, 1, Arm("χ = 2", "mixing"))


def test_trials_and_studies_say_what_they_are_of(tmp_path: Path) -> None:
    options = make_options(tmp_path / "a", smoke_axes(STUDY), preset="smoke")
    queue = Queue(STUDY, options, "here", open_store(tmp_path / "a", None))
    queue.enqueue_missing([CELL])
    assert queue.run_next()
    (row,) = read_rows(queue.csv).to_dict("records")
    words = {
        "label": "χ = 2: mixing",
        "digest": SMALL.digest(),
        "accuracy": row["val_accuracy"],
    }
    (trial,) = queue.cells.trials
    assert words.items() <= trial.user_attrs.items()
    said = {"study": "ablation", "dataset": "digits", "preset": "smoke"}
    for study in (queue.search, queue.cells):
        assert said.items() <= study.user_attrs.items()

    # So do those that are made of rows, where the storage is another one, or of another command.
    elsewhere = changed(options, out=tmp_path / "b", preset="quick")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "runs.csv").write_bytes(queue.csv.read_bytes())
    again = Queue(STUDY, elsewhere, "there", open_store(tmp_path / "b", None))
    again.enqueue_missing([CELL])
    (trial,) = again.cells.trials
    assert words.items() <= trial.user_attrs.items()
    assert again.cells.user_attrs["preset"] == "quick"


def test_what_is_said_already_is_not_written_again(tmp_path: Path) -> None:
    options = make_options(tmp_path, smoke_axes(STUDY))
    Queue(STUDY, options, "first", open_store(tmp_path, None))
    before = (tmp_path / "journal.log").read_text().count('"dataset"')
    Queue(STUDY, options, "second", open_store(tmp_path, None))
    assert (tmp_path / "journal.log").read_text().count('"dataset"') == before == 2
