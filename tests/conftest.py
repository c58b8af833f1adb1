"""Settings that every test shares."""

import pytest
import torch
from hypothesis import settings

from qcnn.engines import engine_names

# A package that tests install elsewhere: imported here, it would add what it adds to every test.
collect_ignore = ["example_package"]

# A fixed example database and no deadline: a slow shared machine is no failure.
settings.register_profile("project", deadline=None, derandomize=True, max_examples=25)
settings.load_profile("project")


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Results are promised for one thread."""
    torch.set_num_threads(1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that take an engine run against each of them unchanged."""
    if "engine" in metafunc.fixturenames:
        metafunc.parametrize("engine", engine_names())
