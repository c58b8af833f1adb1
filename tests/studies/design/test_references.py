"""What studies are compared with and vary: the sources' schedules, axis by axis."""

from pathlib import Path
from typing import Any

import pytest
from smallest import changed, make_options

from qcnn import choose_sizes, load_data
from studies.catalogue import studies_by_name
from studies.design.arms import NO_ARM, NOTEBOOK, NOTEBOOK_DIRECT
from studies.design.configuration import build_model
from studies.design.recipes import notebook_cells, standard, without_photons
from studies.design.study import Cell, Options

OPTIONS = make_options(Path(), {}, seeds=2, long_seeds=3, epochs=7, seed=4)


def under(name: str, **axes: Any) -> Options:
    study = studies_by_name[name]
    chosen = {axis.name: axes.get(axis.name, axis.default) for axis in study.axes}
    return changed(OPTIONS, axes=chosen)


def differences(cell: Cell, like: dict[str, Any]) -> dict[str, Any]:
    axes = cell.configuration.axes()
    return {name: value for name, value in axes.items() if value != like.get(name, value)}


def test_the_standard_that_studies_vary() -> None:
    expected = {
        "dataset": "digits",
        "target": "paper",
        "sizes": "9x4+8x4",
        "space": "unbunched",
        "input": "spread",
        "mesh": "rectangular",
        "combine": "",
        "mapping": "mps:bond_dimension=4",
        "epochs": 7,
        "batch_size": 128,
        "learning_rate": 0.03,
        "phase_learning_rate": 0.0,
        "schedule": "one-cycle",
        "gradient_clip": 1.0,
        "generator": "pqcnn",
        "layers": 1,
        "optimiser": "adam",
        "noise": "",
        "evaluated_under": "",
        "trained_phases": 0,
    }
    assert expected.items() <= standard(OPTIONS).axes().items()


def test_the_notebook_has_its_own_schedules_and_seeds() -> None:
    cells = notebook_cells(OPTIONS)
    direct = [cell for cell in cells if cell.arm == NOTEBOOK_DIRECT]
    generated = [cell for cell in cells if cell.arm == NOTEBOOK]
    assert len(direct) + len(generated) == len(cells)
    assert [c.seed for c in generated] == [c.seed for c in direct] == [5, 6, 7]
    # Adam 1e-2 on batches of 16 for 10 epochs, the norm clipped to 1.
    assert {
        "target": "notebook",
        "sizes": "9x4+8x4",
        "space": "fock",
        "input": "first",
        "mesh": "rectangular",
        "combine": "product",
        "mapping": "logit_tanh",
        "epochs": 10,
        "batch_size": 16,
        "learning_rate": 0.01,
        "schedule": "none",
        "gradient_clip": 1.0,
    }.items() <= generated[0].configuration.axes().items()
    # Adam 1e-3 on batches of 128 for 3 epochs.
    assert {
        "target": "notebook",
        "mapping": "direct",
        "sizes": "",
        "epochs": 3,
        "batch_size": 128,
        "learning_rate": 0.001,
        "schedule": "none",
        "gradient_clip": 0.0,
    }.items() <= direct[0].configuration.axes().items()


def test_without_photons_nothing_else_of_a_configuration_changes() -> None:
    like = standard(OPTIONS, layers=2, trained_phases=0, learning_rate=0.1, epochs=9)
    changed = differences(Cell(without_photons(like, "hashing:buckets=9"), 1, NO_ARM), like.axes())
    assert changed == {
        "mapping": "hashing:buckets=9",
        "sizes": "",
        "space": "none",
        "input": "none",
        "mesh": "none",
        "layers": 1,
    }


def test_the_papers_sharing_and_pruning_have_its_rates_throughout() -> None:
    cells = studies_by_name["compression"].cells(under("compression"))
    assert {
        (
            cell.arm.label,
            cell.configuration.mapping,
            cell.configuration.learning_rate,
            cell.configuration.schedule,
            cell.configuration.gradient_clip,
            cell.configuration.target,
        )
        for cell in cells
    } == {
        (
            "weight sharing, 10 rows: as in the paper",
            "weight_sharing:rows=10,start=source",
            1e-4,
            "none",
            0.0,
            "paper",
        ),
        (
            "structured pruning: as in the paper",
            "structured_pruning:share=0.5",
            1e-3,
            "none",
            0.0,
            "paper",
        ),
    }


def test_the_papers_schedule_and_its_counterpart_differ_in_the_optimiser_alone() -> None:
    cells = studies_by_name["bond_dimension"].cells(
        under("bond_dimension", bond_dimension=(4,), rounds=3)
    )
    by_label = {cell.arm.label: cell for cell in cells}
    alternating = by_label["χ = 4: the paper's form and schedule"]
    together = by_label["χ = 4: the paper's form, phases by Adam for as many epochs"]
    # The alternation has no rate for the phases.
    assert differences(alternating, together.configuration.axes()) == {
        "optimiser": "adam+cobyla",
        "phase_learning_rate": 0.0,
    }
    assert {
        "epochs": 15,  # three rounds of five
        "learning_rate": 0.001,
        "phase_learning_rate": 0.03,
        "schedule": "none",
        "gradient_clip": 0.0,
    }.items() <= together.configuration.axes().items()
    seeds = [cell.seed for cell in cells if cell.arm == alternating.arm]
    assert seeds == [5, 6, 7]  # the long ones
    form = by_label["χ = 4: the paper's form"]
    assert [cell.seed for cell in cells if cell.arm == form.arm] == [5, 6]
    assert differences(form, by_label["χ = 4: lean form"].configuration.axes()) == {
        "mapping": "mps:bond_dimension=4,form=torchmps,placement=source",
        "learning_rate": 0.001,
        "phase_learning_rate": 0.03,
    }


@pytest.mark.parametrize("mesh", ["rectangular", "minimal"])
def test_products_have_the_cheapest_sizes_of_the_mesh_in_use(mesh: str) -> None:
    cells = studies_by_name["pqcnn_count"].cells(under("pqcnn_count", mesh=mesh, count=(1, 2, 4)))
    found = {cell.arm.label: cell.configuration for cell in cells}
    for count, name in ((1, "1 PQCNN"), (2, "2 PQCNNs"), (4, "4 PQCNNs")):
        product = found[f"product of chosen sizes, mps χ = 2: {name}"]
        assert product.sizes == tuple(choose_sizes(6690, count, mesh=mesh))
        assert (product.mesh, product.mapping) == (mesh, "mps:bond_dimension=2")
        concatenation = found[f"concatenation of (9,4), mixing: {name}"]
        assert (concatenation.sizes, concatenation.target) == (((9, 4),) * count, "cnn2202")


def test_the_larger_arm_without_input_has_the_count_of_the_trained_phases() -> None:
    """χ = 3 without phases against χ = 2 with 128 of them, as nearly as there is one."""
    tuned = studies_by_name["ablation"].tuned
    assert tuned is not None
    found = tuned(under("ablation"))
    by_label = {arm.label: candidates for arm, candidates in found.items()}
    larger = by_label["χ = 3, orthogonal start: no input"]
    assert {(each.generator, each.mapping) for each in larger} == {
        ("no_input", "mps:bond_dimension=3,form=orthogonal")
    }
    largest = {
        arm: each for arm, each in found.items() if arm.setting == "χ = 10, orthogonal start"
    }
    generators = {arm.name: candidates[0].generator for arm, candidates in largest.items()}
    assert generators == {
        "trained phases": "pqcnn",
        "frozen phases": "frozen",
        "fixed random numbers": "fixed_random",
        "random numbers redrawn at every pass": "redrawn_random",
        "random numbers of the same distribution": "matched_random",
        "no input": "no_input",
        "a classical generator of the same effective count": "classical",
    }
    for candidates in largest.values():
        assert {each.mapping for each in candidates} == {"mps:bond_dimension=10,form=orthogonal"}
        assert [each.learning_rate for each in candidates] == [0.01, 0.03]


def test_a_classical_generator_has_as_many_numbers_as_there_are_effective_phases() -> None:
    tuned = studies_by_name["ablation"].tuned
    assert tuned is not None
    found = {arm.label: each[0] for arm, each in tuned(under("ablation")).items()}
    for setting in ("χ = 2, orthogonal start", "mixing of 5 PQCNNs at chosen rates"):
        photons, classical = (
            build_model(found[f"{setting}: {name}"], load_data("digits"), 1).parameter_counts()
            for name in ("trained phases", "a classical generator of the same effective count")
        )
        assert photons.phases > photons.effective_phases
        assert classical.phases == classical.effective_phases == photons.effective_phases


def test_full_presets_are_as_long_as_their_pages_say() -> None:
    """Epochs and fresh seeds of ``--preset full``; a claim needs twelve pairs."""
    found = {
        name: (study.presets["full"].epochs, study.presets["full"].seeds)
        for name, study in studies_by_name.items()
    }
    expected = {
        "ablation": (20, 16),
        "bond_dimension": (30, 12),
        "capacity": (20, 12),
        "compression": (30, 12),
        "frontier": (40, 12),
        "mapping_sweep": (20, 12),
        "mode_sweep": (20, 12),
        "noise": (20, 12),
        "pqcnn_count": (20, 12),
    }
    assert expected.items() <= found.items()


def test_arms_at_a_budget_are_rounded_to_whole_pqcnns() -> None:
    """Mixing of (9,4) has 44 phases and a gain each; the others are counted as it is."""
    tuned = studies_by_name["compression"].tuned
    assert tuned is not None
    found = tuned(under("compression", budget=(223, 3292), learning_rates=(0.1,)))
    arms = {arm.label: configurations for arm, configurations in found.items()}
    for budget, pqcnns, target in ((223, 5, "cnn2202"), (3292, 73, "paper")):
        (mixing,) = arms[f"{budget} parameters: photonic, mixing"]
        assert (mixing.sizes, mixing.mesh) == (((9, 4),) * pqcnns, "minimal")
        assert (mixing.target, mixing.learning_rate) == (target, 0.1)
        (subspace,) = arms[f"{budget} parameters: random subspace"]
        assert subspace.mapping == f"random_subspace:dimension={45 * pqcnns}"
        (hashing,) = arms[f"{budget} parameters: hashing"]
        assert hashing.mapping == f"hashing:buckets={45 * pqcnns}"
        assert subspace.target == hashing.target == target
        assert {each.mapping for each in arms[f"{budget} parameters: rank 6"]} == {
            "low_rank:rank=6"
        }
