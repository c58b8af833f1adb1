"""The runs of a command as Optuna trials: those of its search, and cells that must exist.

A trial is enqueued once, claimed atomically by one worker, and finished when it carries
its row. The command plans what waits (``studies.runs.plan``), workers claim it
(``studies.runs.claim``), and both copy the rows of what is finished
(``studies.runs.finished``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

import optuna

from qcnn.seeds import derive
from studies.design.study import Options, Study
from studies.store.storage import Store

SAMPLER = "TPESampler(multivariate, constant_liar)"
PRUNER = "NopPruner"


@dataclass(frozen=True)
class Trials:
    """The trials of one study under one set of options.

    Attributes:
        study: the study.
        options: every choice of the command.
        worker: identity of the process, for its sampler's seed and its trials.
        store: where the trials are kept.
        search, cells: Optuna's study of either kind.
    """

    study: Study
    options: Options
    worker: str
    store: Store
    search: optuna.Study
    cells: optuna.Study

    @property
    def both(self) -> tuple[optuna.Study, optuna.Study]:
        """Optuna's studies."""
        return self.search, self.cells

    @property
    def csv(self) -> Path:
        """The results file."""
        return self.options.place.out / "runs.csv"

    @property
    def key(self) -> str:
        """Identity of the trials: commands with other axes do not share them."""
        return _key(self.study, self.options)

    def search_columns(self, parameters: str) -> dict[str, str]:
        """What the row of a search says of it, beside what it has drawn."""
        return {
            "search": self.key,
            "search_parameters": parameters,
            "sampler": SAMPLER,
            "pruner": PRUNER,
        }


def open_trials(study: Study, options: Options, worker: str, store: Store) -> Trials:
    """The trials of a study, some of which others may have enqueued, run or finished.

    Journals of earlier versions hold Optuna's studies without the first word, in another form:
    their rows are in ``runs.csv``, from where they become trials of these.
    """
    # Its warnings are about what is handled here: failed trials, a server that is away.
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    key = _key(study, options)
    sampler = optuna.samplers.TPESampler(
        seed=derive(options.scope.seed, study.name, worker) % 2**32,
        multivariate=True,
        constant_liar=True,
    )
    search = store.open_study(f"{study.name} search {key}", sampler, ["maximize", "minimize"])
    random = optuna.samplers.RandomSampler(seed=0)
    cells = store.open_study(f"{study.name} cells {key}", random, ["maximize"])
    words = {
        "study": study.name,
        "dataset": options.scope.dataset,
        "preset": options.amount.preset,
    }
    for each in (search, cells):
        store.patiently(partial(_say_of, each, words))
    return Trials(study, options, worker, store, search, cells)


def _say_of(study: optuna.Study, words: Mapping[str, str]) -> None:
    """Let Optuna's study say what it is of to a person who looks at it, unless it does already."""
    said = study.user_attrs
    for name, text in words.items():
        if said.get(name) != text:
            study.set_user_attr(name, text)


def _key(study: Study, options: Options) -> str:
    """What an interrupted command has left waiting is for the same command to resume."""
    key = [study.name, options.scope.dataset, options.scope.epochs, options.scope.seed]
    text = json.dumps([*key, dict(options.scope.axes)], sort_keys=True, default=str)
    return sha256(text.encode()).hexdigest()[:12]
