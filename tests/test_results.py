"""The committed reports are what the generator makes of the committed rows."""

import csv
import io
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest

from qcnn import EpochRecord, load_data, train
from qcnn.data.fashion_mnist import fashion_mnist_at_hand
from qcnn.data.mnist import mnist_at_hand
from studies.analysis.goals import GOALS, SEEDS_FOR_A_GOAL, best_photonic
from studies.analysis.results import StudyResults
from studies.analysis.summaries import families
from studies.catalogue import studies_by_name
from studies.design.arms import NOTEBOOK, at_budget, budget_of, is_arm, label_of, labels
from studies.design.configuration import build_model, configuration_from_axes
from studies.design.datasets import TRANSFER_DATASET, published_dataset
from studies.design.roles import FINAL, SEARCH
from studies.design.study import Amount, Options, Place, Scope
from studies.reports.claims import write_claims
from studies.reports.front_page import write_front_page
from studies.reports.html.page import write_page
from studies.reports.statements import CLAIMS
from studies.reports.study_report import read_study, write_report
from studies.rows.runs_file import read_rows
from studies.rows.schema import ADDED
from studies.runs.execute import execute

ROOT = Path(__file__).parents[1]


def git(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """A command of git; without the program it says nothing."""
    try:
        return subprocess.run(
            ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return subprocess.CompletedProcess(arguments, 127, "", "")


def is_checkout() -> bool:
    """Whether this is the project's own repository, not a copy or one inside another."""
    top = git("rev-parse", "--show-toplevel").stdout.strip()
    return bool(top) and Path(top).resolve() == ROOT.resolve()


if not is_checkout():
    pytest.skip("not a git checkout", allow_module_level=True)
FILES = git("ls-tree", "-r", "--name-only", "HEAD", "results").stdout.split()
#: Every study that has rows; in a checkout there are some, or nothing here would be tested.
STORED = [name for name in sorted(studies_by_name) if f"results/{name}/runs.csv" in FILES]
assert STORED, "no study has committed rows"

needs_mnist = pytest.mark.skipif(
    not mnist_at_hand(), reason="MNIST is not in $QCNN_DATA_DIR or the user cache"
)


def committed(file: str) -> str:
    """A file of results/ as committed: runs of one's own may have been added since."""
    return git("show", f"HEAD:results/{file}").stdout


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with the committed rows, and with what the tests make of them."""
    folder = tmp_path_factory.mktemp("results")
    for name in STORED:
        (folder / name).mkdir()
        (folder / name / "runs.csv").write_text(committed(f"{name}/runs.csv"))
    return folder


#: The results of a study, which every page looks at, of those rows.
OfStudy = Callable[[str], StudyResults]


@pytest.fixture(scope="module")
def of_study(results: Path) -> OfStudy:
    """Each study's results are worked out once, as a rebuild of all pages does."""
    return cache(lambda name: read_study(results / name))


@pytest.mark.parametrize("name", STORED)
def test_report_is_generated_from_the_rows(name: str, results: Path, of_study: OfStudy) -> None:
    write_report(of_study(name), results / name)
    for file in ("report.md", "summary.csv"):
        assert (results / name / file).read_text() == committed(f"{name}/{file}")
    drawn = {f"results/{name}/figures/{path.name}" for path in (results / name).glob("figures/*")}
    assert drawn == {file for file in FILES if file.startswith(f"results/{name}/figures/")}


def test_front_page_is_generated_from_the_rows(results: Path, of_study: OfStudy) -> None:
    page = write_front_page(results, [of_study(name) for name in STORED])
    assert page.read_text() == committed("README.md")
    drawn = {f"results/figures/{path.name}" for path in (results / "figures").iterdir()}
    assert drawn == {file for file in FILES if file.startswith("results/figures/")}


def test_claims_are_generated_from_the_rows(results: Path, of_study: OfStudy) -> None:
    page = write_claims(results, [of_study(name) for name in STORED], CLAIMS)
    assert page.read_text() == committed("claims.md")


def test_page_is_generated_from_the_rows(tmp_path: Path, of_study: OfStudy) -> None:
    """From the figures and the benchmarks' pages, too, as they are committed."""
    for file in FILES:
        if "/figures/" in file or file.startswith("results/bench/"):
            copied = tmp_path / file.removeprefix("results/")
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, copied)
    page = write_page(tmp_path, [of_study(name) for name in STORED], CLAIMS)
    assert page.read_text() == committed("report.html")
    assert page.stat().st_size < 3_000_000


@pytest.mark.parametrize("name", STORED)
def test_rows_can_be_believed(name: str, results: Path) -> None:
    """Complete, from a committed state of the code, nothing chosen on the test images."""
    rows = read_rows(results / name / "runs.csv")
    assert FINAL in set(rows["role"]) <= {SEARCH, FINAL}
    assert rows.loc[rows["role"] == SEARCH, "test_accuracy"].isna().all()
    assert rows.loc[rows["role"] == FINAL, "test_accuracy"].between(0, 1).all()
    assert rows["git_commit"].str.fullmatch("[0-9a-f]{12}").all()
    assert not rows.duplicated(["configuration", "seed", "role"]).any()


#: The last commit whose rows named their arms in words alone.
IN_WORDS = "7817f1d2dda2412d77ee9486bd82e78d81bfe971"


def texts_of(revision: str, name: str) -> dict[tuple[str, str, str], dict[str, str]]:
    """The stored texts of a study's rows at a commit, by what tells runs apart."""
    text = git("show", f"{revision}:results/{name}/runs.csv").stdout
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return {(row["configuration"], row["seed"], row["role"]): row for row in rows}


#: Studies that were designed anew since: of their rows only the references were left.
RUN_ANEW = {"mode_sweep"}


@pytest.mark.skipif(
    git("cat-file", "-e", f"{IN_WORDS}^{{commit}}").returncode != 0,
    reason=f"the history of this checkout does not go back to {IN_WORDS[:12]}",
)
@pytest.mark.parametrize("name", STORED)
def test_rows_that_named_their_arms_in_words_are_otherwise_the_same(name: str) -> None:
    """Byte by byte, but for runs that were done again."""
    before, now = texts_of(IN_WORDS, name), texts_of("HEAD", name)
    if not before:
        pytest.skip(f"{name} had no rows at {IN_WORDS[:12]}")
    assert len(now) >= len(before)
    compared = 0
    for key in before.keys() & now.keys():
        old, new = before[key], dict(now[key])
        if old["git_commit"] == new["git_commit"]:
            new["label"] = label_of(new.pop("setting"), new.pop("arm"))
            for column in new.keys() - old.keys():
                added = new.pop(column)
                # Some seeds of that time had been added after a look.
                assert added == str(ADDED[column]) or column == "look"
            assert new == old
            compared += 1
    assert compared > len(before) / 4 or name in RUN_ANEW


SEARCHED = [name for name in STORED if studies_by_name[name].search is not None]


@pytest.mark.parametrize("name", SEARCHED)
def test_a_search_is_as_long_as_the_full_preset_says(name: str, results: Path) -> None:
    rows = read_rows(results / name / "runs.csv")
    searched = rows.loc[(rows["dataset"] == "mnist") & (rows["search"] != ""), "search"]
    if searched.empty:
        pytest.skip(f"{name} has no row of a search yet")
    assert searched.value_counts().max() == studies_by_name[name].presets["full"].trials


@needs_mnist
def test_mode_sweep_is_a_full_preset_on_mnist(results: Path) -> None:
    rows = read_rows(results / "mode_sweep" / "runs.csv")
    mnist = rows[rows["dataset"] == "mnist"]
    study = studies_by_name["mode_sweep"]
    axes = {axis.name: axis.default for axis in study.axes}
    options = Options(Scope("mnist", axes, epochs=20), Place(results, jobs=1), Amount(seeds=12))
    assert study.tuned is not None
    arms = study.tuned(options)
    tried = mnist[(mnist["role"] == SEARCH) & (mnist["search"] == "")]
    assert set(labels(tried)) == {arm.label for arm in arms}
    seeds = mnist[mnist["role"] == FINAL].groupby(labels(mnist))["seed"].nunique()
    assert (seeds.loc[[arm.label for arm in arms]] == 12).all()
    notebook = mnist[is_arm(mnist, NOTEBOOK)]
    assert len(notebook) == 10
    assert (notebook["val_accuracy"] < 0.2).all()


@pytest.mark.slow
@needs_mnist
@pytest.mark.parametrize("name", STORED)
def test_a_stored_run_clears_the_bound_that_its_seeds_set(
    name: str, results: Path, tmp_path: Path
) -> None:
    """The study's shortest photonic arm of at least three seeds, under the first of them."""
    dataset = published_dataset(studies_by_name[name].dataset)
    if dataset == TRANSFER_DATASET and not fashion_mnist_at_hand():
        pytest.skip("Fashion-MNIST is not in $QCNN_DATA_DIR or the user cache")
    rows = read_rows(results / name / "runs.csv")
    plain = (rows["evaluated_under"] == "") & (rows["optimiser"] == "adam")
    plain &= ~is_arm(rows, NOTEBOOK)  # it stays at chance
    trained = (rows["generator"] == "pqcnn") & (rows["phases"] > 0) & plain
    final = rows[(rows["role"] == FINAL) & (rows["dataset"] == dataset) & trained]
    arms = final.groupby("configuration").filter(lambda arm: len(arm) >= 3)
    shortest = arms[arms["epochs"] == arms["epochs"].min()]
    best = shortest.groupby("configuration")["val_accuracy"].mean().idxmax()
    arm = shortest[shortest["configuration"] == best]
    first = {str(key): value for key, value in arm.iloc[0].items()}
    row = execute(name, configuration_from_axes(first), first["seed"], FINAL, tmp_path)
    bound = arm["test_accuracy"].mean() - 3 * arm["test_accuracy"].std()
    assert row["test_accuracy"] > max(bound, 0.2)


class _Enough(Exception):
    """A training has reached the epoch that is looked at."""


def headline_rows() -> pd.DataFrame:
    """The final runs of the best photonic arm at every budget of the frontier."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "runs.csv"
        path.write_text(committed("frontier/runs.csv"))
        rows = read_rows(path)
    at_budgets = rows[rows["setting"].map(budget_of).notna()]
    final = at_budgets[(at_budgets["role"] == FINAL) & (at_budgets["dataset"] == "mnist")]
    return pd.concat([best_photonic(part) for _, part in final.groupby("setting")])


HEADLINES = headline_rows()
EPOCHS_OF_A_HEADLINE = 4


@pytest.mark.slow
@needs_mnist
@pytest.mark.parametrize("setting", sorted(set(HEADLINES["setting"])))
def test_a_headline_configuration_trains_as_its_rows_say(setting: str) -> None:
    """Its first epochs, under its full schedule, within three deviations of its seeds' curves."""
    rows = HEADLINES[HEADLINES["setting"] == setting]
    curves = pd.DataFrame(
        [[float(value) for value in text.split()] for text in rows["val_accuracy_by_epoch"]]
    )
    stored = curves[EPOCHS_OF_A_HEADLINE - 1]
    first = {str(key): value for key, value in rows.iloc[0].items()}
    configuration = configuration_from_axes(first)
    data = load_data("mnist")
    reached = []

    def stop(record: EpochRecord) -> None:
        reached.append(record.validation.accuracy)
        if record.epoch == EPOCHS_OF_A_HEADLINE:
            raise _Enough

    seed = first["seed"]
    with pytest.raises(_Enough):
        train(build_model(configuration, data, seed), data, configuration.train_config(seed), stop)
    assert abs(reached[-1] - stored.mean()) < max(3 * stored.std(), 0.02)


def goals_of_the_report() -> dict[int, str]:
    """What the frontier's report says of each goal, by the budget."""
    lines = committed("frontier/report.md").splitlines()
    title = next(number for number, line in enumerate(lines) if line.startswith("| at most "))
    rows: list[list[str]] = []
    for line in (lines[title], *lines[title + 2 :]):
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    budget, goal = rows[0].index("at most"), rows[0].index("goal")
    return {int(row[budget].replace(",", "")): row[goal] for row in rows[1:]}


def test_there_are_enough_headline_runs_for_every_goal() -> None:
    runs = HEADLINES.assign(budget=HEADLINES["setting"].map(budget_of).astype(int))
    seeds = runs.groupby("budget")["seed"].nunique()
    assert set(seeds.index) >= set(GOALS)
    assert (seeds[list(GOALS)] >= SEEDS_FOR_A_GOAL).all()
    assert (runs["trainable_parameters"] <= runs["budget"]).all()
    small = runs[runs["budget"] <= 688]
    assert (2 * small["phases"] >= small["trainable_parameters"]).all()


@pytest.mark.parametrize("budget", GOALS)
def test_the_report_says_which_goals_are_met(budget: int) -> None:
    """Met or missed as the rows have it: a goal that is honestly missed fails nothing."""
    runs = HEADLINES[HEADLINES["setting"] == at_budget(budget)]
    longest = runs[runs["epochs"] == max(runs["epochs"])]
    accuracies = [float(value) for value in longest["test_accuracy"]]
    over = 100 * (sum(accuracies) / len(accuracies) - GOALS[budget])
    said = re.fullmatch(
        r"(\d+\.\d) %: (met|missed), ([+−])(\d+\.\d) \((.+)\)", goals_of_the_report()[budget]
    )
    assert said is not None
    goal, verdict, sign, points, family = said.groups()
    assert set(families(longest)) == {family}
    assert float(goal) == pytest.approx(100 * GOALS[budget], abs=0.05)
    assert verdict == ("met" if over >= 0 else "missed")
    margin = float(points) if sign == "+" else -float(points)
    assert margin == pytest.approx(over, abs=0.0501)
