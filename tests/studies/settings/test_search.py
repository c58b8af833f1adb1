"""What a search over sizes, number of PQCNNs and mapping draws."""

from dataclasses import replace

import optuna
import pytest
from stored_rows import CONFIGURATION

from studies.design.configuration import enough_outcomes, known_configuration
from studies.design.recipes import weights_of
from studies.settings.search import SEARCHED, suggest_setting

LIKE = replace(CONFIGURATION, target="cnn2202", mapping="mixing", mesh="minimal", sizes=())


@pytest.mark.parametrize("mapping", [*SEARCHED, "mixing:floor=0.5"])
def test_whatever_is_drawn_can_be_run(mapping: str) -> None:
    search = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    weights = weights_of("cnn2202", "digits")
    for _ in range(30):
        trial = search.ask()
        found = suggest_setting(trial, LIKE, (4, 12), (1, 6), (mapping,))
        assert known_configuration(found.axes()) == found
        assert found.mapping.startswith(mapping)
        assert enough_outcomes(found.mapping, "", found.space, found.sizes, weights)
        (modes, photons), *others = found.sizes
        assert 4 <= modes <= 12
        assert 1 <= photons < modes
        assert set(others) <= {(modes, photons)}
        search.tell(trial, 0.5)


def test_every_trial_has_what_importances_are_of() -> None:
    search = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(30):
        trial = search.ask()
        suggest_setting(trial, LIKE, (4, 12), (1, 6), SEARCHED)
        search.tell(trial, 0.5)
    shared = set.intersection(*(set(trial.params) for trial in search.trials))
    assert shared == {"modes", "photons", "PQCNNs", "mapping", "learning rate"}


def test_whitened_trains_a_share_of_the_effective_phases() -> None:
    search = optuna.create_study()
    search.enqueue_trial(
        {"modes": 9, "photons": 4, "PQCNNs": 3, "mapping": "whitened", "learning rate": 0.0123456}
        | {"whitened scale": 30.0, "whitened share": 0.25}
    )
    found = suggest_setting(search.ask(), LIKE, (4, 12), (1, 6), SEARCHED)
    assert (found.sizes, found.mapping) == (((9, 4),) * 3, "whitened:scale=30.0")
    assert (found.trained_phases, found.learning_rate) == (11, 0.0123)
