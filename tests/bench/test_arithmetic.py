"""The counted operations against the recursion itself, step by step."""

import pytest

from bench.arithmetic import (
    MultiplyAdd,
    count_forward,
    count_forward_backward,
    count_mesh,
    count_photons,
)
from bench.task import Task
from qcnn.optics.fock import enumerate_states

CIRCUITS = [(1, 1), (2, 1), (3, 2), (4, 2), (4, 4), (5, 3), (6, 3)]


@pytest.mark.parametrize(("modes", "photons"), CIRCUITS)
@pytest.mark.parametrize("space", ["unbunched", "fock"])
def test_the_recursion_over_photons_is_counted_as_it_runs(
    modes: int, photons: int, space: str
) -> None:
    products = 0
    for level in range(1, photons):
        states = set(enumerate_states(modes, level + 1, space))
        for state in enumerate_states(modes, level, space):
            children = [
                tuple(count + (mode == place) for mode, count in enumerate(state))
                for place in range(modes)
            ]
            products += sum(child in states for child in children)
    assert count_photons(modes, photons, space) == products


@pytest.mark.parametrize(("modes", "photons"), CIRCUITS)
def test_the_mesh_is_counted_as_two_by_two_products(modes: int, photons: int) -> None:
    task = Task(modes, photons, "fock")
    products = 0
    for _ in range(len(task.mesh.table())):
        for _ in range(photons):
            for _ in range(2):  # rows of the matrix
                products += 2
    assert count_mesh(task) == products


def test_a_pass_is_the_sum_of_its_parts_and_backward_counts_twice() -> None:
    task = Task(9, 4, "unbunched")
    # 36 cells on 4 columns; 2·36 + 3·84 + 4·126 products; 126 outcomes.
    assert count_forward(task) == 4 * 36 * 4 + 828 + 126
    assert count_forward_backward(task) == 3 * count_forward(task)


def test_the_measured_loop_does_what_it_is_counted_for() -> None:
    loop = MultiplyAdd()
    before = loop._target[:, 0] + 1j * loop._target[:, 1]
    loop()
    after = loop._target[:, 0] + 1j * loop._target[:, 1]
    added = loop.REPEATS * (1e-9 + 1e-9j) * (loop._source[:, 0] + 1j * loop._source[:, 1])
    assert after == pytest.approx(before + added, abs=1e-13)
    assert loop.operations == len(after) * loop.REPEATS
