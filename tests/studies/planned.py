"""What the runs of a study would be under a preset, without doing any."""

from pathlib import Path

import optuna
import pandas as pd
from smallest import make_options
from stored_rows import make_row

from studies.design.recipes import mapping_parameters_of, phases_of
from studies.design.roles import SEARCH
from studies.design.study import Cell, Options, Study, fresh_seeds


def options_of(study: Study, preset: str, folder: Path) -> Options:
    """As ``python -m studies.run`` makes them."""
    chosen = study.presets[preset]
    axes = {axis.name: chosen.axes.get(axis.name, axis.default) for axis in study.axes}
    names = ("trials", "finalists", "seeds", "long_seeds", "after", "epochs")
    return make_options(folder, axes, **{name: getattr(chosen, name) for name in names})


def final_cells(study: Study, options: Options) -> list[Cell]:
    """Cells, finalists and the first candidates, as if all were equally accurate."""
    cells = study.cells(options)
    chosen = (
        []
        if study.search is None
        else study.search.choose_finalists(searched_rows(study, options), options)
    )
    if study.tuned is not None:
        chosen += [(arm, candidates[0]) for arm, candidates in study.tuned(options).items()]
    return cells + [
        Cell(configuration, seed, arm)
        for arm, configuration in chosen
        for seed in fresh_seeds(options, options.amount.seeds)
    ]


def searched_rows(study: Study, options: Options) -> pd.DataFrame:
    """What a search could have found, more than it would try."""
    assert study.search is not None
    trials = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    found = {}
    for _ in range(100):
        configuration = study.search.suggest(trials.ask(), options)
        found[configuration.digest()] = configuration
    return pd.DataFrame(
        [
            make_row(
                options.scope.seed,
                SEARCH,
                configuration=digest,
                phases=phases_of(configuration),
                trainable_parameters=phases_of(configuration)
                + mapping_parameters_of(configuration),
                val_accuracy=0.5,
                **configuration.axes(),
            )
            for digest, configuration in found.items()
        ]
    )
