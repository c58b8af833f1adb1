"""The setting that studies vary: one schedule, one input, one set of outcomes."""

from dataclasses import replace
from typing import Any

import click

from qcnn.mesh import MESHES
from studies.arms import Arm
from studies.configuration import Configuration
from studies.study import Axis, Cell, Options, fresh_seeds

#: Every study can choose the mesh.
MESH_AXIS = Axis("mesh", click.Choice(MESHES), "rectangular", "arrangement of the cells")
#: The sizes of both sources.
SOURCE_SIZES = ((9, 4), (8, 4))


def standard(options: Options, **changes: Any) -> Configuration:
    """The common configuration with ``changes`` to its axes."""
    common = Configuration(
        dataset=options.dataset,
        target="paper",
        sizes=SOURCE_SIZES,
        space="unbunched",
        input="spread",
        mesh=options.axes.get("mesh", "rectangular"),
        combine="",
        mapping="mps:bond_dimension=4",
        epochs=options.epochs,
        batch_size=128,
        learning_rate=0.03,
        phase_learning_rate=0.0,
        schedule="one-cycle",
        gradient_clip=1.0,
    )
    return replace(common, **changes)


def cells_of(arm: Arm, configuration: Configuration, options: Options) -> list[Cell]:
    """An arm's configuration under every fresh seed; arms share their seeds."""
    return [Cell(configuration, seed, arm) for seed in fresh_seeds(options, options.seeds)]
