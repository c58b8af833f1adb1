"""Trials of the journal that a worker has claimed: alive, about to lock, or gone."""

from datetime import datetime, timedelta
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from studies.store.journal import JournalStore


@pytest.fixture
def store(tmp_path: Path) -> JournalStore:
    return JournalStore(tmp_path)


@pytest.fixture
def study(store: JournalStore) -> optuna.Study:
    return optuna.create_study(study_name="a study", storage=store.storage)


def claimed_before(study: optuna.Study, seconds: float) -> int:
    """A running trial that was claimed some time ago, under no lock; returns its number."""
    trial = optuna.trial.create_trial(state=TrialState.RUNNING)
    trial.datetime_start = datetime.now() - timedelta(seconds=seconds)
    study.add_trial(trial)
    return len(study.trials) - 1


def test_a_trial_claimed_a_moment_ago_is_not_taken_from_its_worker(
    store: JournalStore, study: optuna.Study
) -> None:
    """Between the claim and its lock file lies a moment."""
    trial = study.ask()
    assert store.fail_abandoned(study) == []
    with store.held(study, trial):
        assert store.fail_abandoned(study) == []
    study.tell(trial, 0.5)
    assert [t.state for t in study.trials] == [TrialState.COMPLETE]


def test_a_trial_that_was_never_locked_is_taken_after_a_while(
    store: JournalStore, study: optuna.Study
) -> None:
    young, old = claimed_before(study, 1), claimed_before(study, 3600)
    assert [trial.number for trial in store.fail_abandoned(study)] == [old]
    assert [t.state for t in study.trials] == [TrialState.RUNNING, TrialState.FAIL]
    assert study.trials[young].state == TrialState.RUNNING


def test_a_trial_that_runs_long_is_its_workers_while_the_lock_is_held(
    store: JournalStore, study: optuna.Study
) -> None:
    """However long ago it was claimed; as soon as the lock is free it is nobody's."""
    claimed_before(study, 3600)
    trial = optuna.Trial(study, study._storage.get_all_trials(study._study_id)[0]._trial_id)
    another = JournalStore(store._claims.parent)
    with store.held(study, trial):
        assert another.fail_abandoned(study) == []
    assert [failed.number for failed in another.fail_abandoned(study)] == [0]
