"""Every asv benchmark runs, so that none can rot."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
from typing import Any

import pytest
import torch

import bench.benchmarks
from bench.benchmarks.mappings import MatrixProductState
from bench.benchmarks.training_step import Step

KINDS = ("time_", "track_", "peakmem_", "timeraw_")
MODULES = [
    importlib.import_module(f"bench.benchmarks.{module.name}")
    for module in pkgutil.iter_modules(bench.benchmarks.__path__)
]
CASES = [
    (made, name)
    for module in MODULES
    for _, made in inspect.getmembers(module, inspect.isclass)
    if made.__module__ == module.__name__
    for name, _ in inspect.getmembers(made, inspect.isfunction)
    if name.startswith(KINDS)
]


def smallest_parameters(made: type[Any]) -> list[Any]:
    return [values[0] for values in getattr(made, "params", ())]


def test_benchmarks_are_found() -> None:
    assert len(CASES) >= 14
    assert {name.split("_")[0] + "_" for _, name in CASES} == set(KINDS)


@pytest.mark.parametrize(
    ("made", "name"), CASES, ids=lambda value: getattr(value, "__name__", value)
)
def test_a_benchmark_runs_at_its_smallest_parameters(
    made: type[Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(made.version, str)
    assert len(getattr(made, "params", ())) == len(getattr(made, "param_names", ()))
    for setting, smallest in {"epochs": 1, "repeats": 1, "rows": 100}.items():
        if hasattr(made, setting):
            monkeypatch.setattr(made, setting, smallest)
    benchmark, parameters = made(), smallest_parameters(made)
    if hasattr(benchmark, "setup"):
        benchmark.setup(*parameters)
    result = getattr(benchmark, name)(*parameters)
    if hasattr(benchmark, "teardown"):
        benchmark.teardown(*parameters)
    if name.startswith("timeraw_"):
        statement, preparation = result if isinstance(result, tuple) else (result, "")
        subprocess.run([sys.executable, "-c", f"{preparation}\n{statement}"], check=True)
    elif name.startswith("track_"):
        assert 0 < result < float("inf")
    else:
        assert result is None


@pytest.mark.parametrize("chi", [1, 4])
def test_row_by_row_is_the_same_mapping(chi: int) -> None:
    shared, rows = MatrixProductState(), MatrixProductState()
    shared.setup(chi, "shared prefixes")
    rows.setup(chi, "row by row")
    torch.testing.assert_close(
        rows.evaluate(rows.distributions), shared.evaluate(shared.distributions)
    )


def test_a_training_step_changes_every_trainable_tensor() -> None:
    benchmark = Step()
    benchmark.setup("paper", "fused")
    named = dict(benchmark.step.model.named_parameters())
    before = {name: value.detach().clone() for name, value in named.items()}
    benchmark.time_step("paper", "fused")
    changed = {name for name, value in named.items() if not torch.equal(value, before[name])}
    assert changed == {name for name, value in named.items() if value.requires_grad}
