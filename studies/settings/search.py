"""What a search over sizes, number of PQCNNs and mapping draws.

Modes, photons, number, mapping and rate are parameters of every trial; the options of a mapping are
parameters of the trials that draw it.
"""

from dataclasses import replace

import optuna

from studies.design.configuration import Configuration, Size, enough_outcomes
from studies.design.recipes import effective_phases_of, weights_of

#: The mappings that are searched by default. What is searched is part of a study: a search that
#: began goes on whatever is registered.
SEARCHED = ("affine", "log_affine", "logit_tanh", "mixing", "mlp", "mps", "whitened")
_MOST_PQCNNS = 16
_RATES = (0.003, 0.1)
_FLOORS = (0.01, 0.1, 1.0)
#: Trained ones among the effective phases of each PQCNN under ``whitened``.
_SHARES = (0.25, 0.5, 1.0)


def suggest_setting(
    trial: optuna.Trial,
    like: Configuration,
    modes: tuple[int, ...],
    photons: tuple[int, ...],
    mappings: tuple[str, ...],
) -> Configuration:
    """``like`` with PQCNNs and a mapping that a trial draws.

    Photons are brought below the modes, and the number of PQCNNs to the least with which the
    outcomes suffice, where what was drawn cannot be built.

    Args:
        trial: of the search.
        like: target, mesh, schedule and outcomes.
        modes: the least and the most of these are the bounds.
        photons: the least and the most of these are the bounds.
        mappings: texts. Options are drawn for bare names of ``SEARCHED``; any other text is
            taken as it is.
    """
    drawn_modes = trial.suggest_int("modes", min(modes), max(modes))
    drawn_photons = trial.suggest_int("photons", min(photons), max(photons))
    size = (drawn_modes, min(drawn_photons, drawn_modes - 1))
    number = trial.suggest_int("PQCNNs", 1, _MOST_PQCNNS, log=True)
    name = trial.suggest_categorical("mapping", mappings)
    rate = trial.suggest_float("learning rate", *_RATES, log=True)
    mapping, share = _suggest_options(trial, name)
    found = replace(
        like,
        mapping=mapping,
        # Three digits say it all, and are what a page shows.
        learning_rate=float(f"{rate:.3g}"),
        sizes=(size,) * _enough(like, mapping, size, number),
    )
    if share is None:
        return found
    trained = max(1, round(share * effective_phases_of(size, like.space)))
    return replace(found, trained_phases=trained)


def _suggest_options(trial: optuna.Trial, name: str) -> tuple[str, float | None]:
    """The mapping's text, and the share of the phases that it trains if it draws one."""
    if name in ("mixing", "log_affine"):
        return f"{name}:floor={trial.suggest_categorical(f'{name} floor', _FLOORS)}", None
    if name == "mlp":
        hidden = trial.suggest_categorical("mlp hidden", (4, 8, 16))
        activation = trial.suggest_categorical("mlp activation", ("none", "tanh"))
        return f"mlp:hidden={hidden},activation={activation}", None
    if name == "mps":
        bond_dimension = trial.suggest_int("mps bond dimension", 1, 10)
        placement = trial.suggest_categorical("mps placement", ("fan_in", "residual"))
        # The form of which no seed fails to train.
        options = f"bond_dimension={bond_dimension},form=orthogonal,placement={placement}"
        return f"mps:{options}", None
    if name == "whitened":
        scale = trial.suggest_categorical("whitened scale", (10.0, 30.0, 100.0))
        return f"whitened:scale={scale}", trial.suggest_categorical("whitened share", _SHARES)
    return name, None


def _enough(like: Configuration, mapping: str, size: Size, number: int) -> int:
    weights = weights_of(like.target, like.dataset)
    while not enough_outcomes(mapping, "", like.space, (size,) * number, weights):
        number += 1
    return number
