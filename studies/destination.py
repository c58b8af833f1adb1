"""Where a command's runs go, so that what is published stays as it was published.

Only what the preset ``full`` asks for by itself, on MNIST or on a study's own dataset, goes to
``results/``, and the published configurations on Fashion-MNIST, unchanged. All else has a folder
that is named after it and that git ignores, such as ``results-quick/``.
"""

from pathlib import Path

import click

from qcnn import InvalidInput
from studies.catalogue import studies_by_name
from studies.design.arguments import Folder
from studies.design.datasets import PUBLISHED_DATASET, TRANSFER_DATASET, published_dataset
from studies.design.roles import FULL
from studies.design.study import Amount, Scope, Study
from studies.rows.runs_file import PUBLISHED

#: ``--out`` of commands that read what is published unless another folder is named.
results_folder = click.option(
    "--out",
    type=Folder(),
    default=PUBLISHED,
    show_default=True,
    help="results folder",
)


def asked_for(study: Study, preset: str, dataset: str) -> tuple[Scope, Amount]:
    """What a preset asks for where nothing else is chosen."""
    chosen = study.presets[preset]
    axes = {axis.name: chosen.axes.get(axis.name, axis.default) for axis in study.axes}
    amount = Amount(
        chosen.trials,
        chosen.finalists,
        chosen.seeds,
        chosen.long_seeds,
        tuning_seeds=chosen.tuning_seeds,
        after=chosen.after,
        preset=preset,
    )
    return Scope(dataset, axes, epochs=chosen.epochs), amount


def preset_in_words(study: Study, preset: str, scope: Scope) -> str:
    """The preset, with the lengths of trainings that are not its own: ``quick, 5 epochs``."""
    own, _ = asked_for(study, preset, scope.dataset)
    lengths = [("epochs", scope.epochs, own.epochs)] + [
        (axis.name, scope.axes[axis.name], own.axes[axis.name])
        for axis in study.axes
        if axis.is_length
    ]
    return ", ".join([preset, *(f"{n} {name}" for name, n, usual in lengths if n != usual)])


def own_folder(study: Study, scope: Scope, amount: Amount) -> Path:
    """Where a command's runs go unless another folder is named."""
    full = amount.preset == FULL
    if full and (scope, amount) == asked_for(study, FULL, published_dataset(study.dataset)):
        return PUBLISHED / study.name
    return _beside(amount.preset) / study.name


def transfer_folder(study: Study, dataset: str, preset: str, *, published: bool) -> Path:
    """As :func:`own_folder` for a study's configurations on another dataset.

    Args:
        study: the study.
        dataset: the other one.
        preset: of the runs that have the configurations.
        published: whether these are the published runs on MNIST, of the arms that the study
            transfers by itself.
    """
    if published and (preset, dataset) == (FULL, TRANSFER_DATASET):
        return PUBLISHED / study.name
    return _beside(*([] if preset == FULL else [preset]), dataset) / study.name


def _beside(*parts: str) -> Path:
    """A folder beside the published one.

    >>> str(_beside("quick, 5 epochs"))
    'results-quick-5-epochs'
    """
    words = "-".join(parts).replace(",", "").split()
    return PUBLISHED.with_name("-".join([PUBLISHED.name, *words]))


def check_published(out: Path, own: Path) -> None:
    """Keep a command out of the published results, but for the place of its own there.

    Args:
        out: where the command is to write.
        own: where it would write by itself.

    Raises:
        InvalidInput: for another folder inside ``results/``.
    """
    here, published = out.resolve(), PUBLISHED.resolve()
    if here == own.resolve() or not here.is_relative_to(published):
        return
    # A folder of that name elsewhere, with nothing of a study in it, is anybody's.
    folders = [published / name for name in studies_by_name]
    if here in folders or any((folder / "runs.csv").exists() for folder in folders):
        raise InvalidInput(
            f"out is {str(out)!r}, inside the published {str(PUBLISHED)!r}; allowed there is what "
            f"the preset {FULL} does by itself on {PUBLISHED_DATASET}, unchanged on "
            f"{TRANSFER_DATASET}"
        )
