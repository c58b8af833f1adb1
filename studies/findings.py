"""The finding of a study in two sentences, from its rows."""

import pandas as pd

from studies.labels import DIRECT, FINAL, FINALIST, NOTEBOOK, SEARCH
from studies.statistics import mean_interval, percent_interval
from studies.tables import describe


def best_against_references(rows: pd.DataFrame) -> str:
    """The most accurate finalist by validation, and what the references reach.

    The finalist is chosen by its mean validation accuracy; the test accuracy of the
    chosen one is what is stated.
    """
    complete = rows[rows["status"] == "complete"]
    searched = int((complete["role"] == SEARCH).sum())
    final = complete[complete["role"] == FINAL]
    finalists = final[final["label"] == FINALIST]
    if finalists.empty:
        return f"{searched} settings were searched; none has been run with fresh seeds yet."
    means = finalists.groupby("configuration")["val_accuracy"].mean()
    best = finalists[finalists["configuration"] == means.idxmax()]
    first = best.iloc[0]
    epochs = first["epochs"]
    sentences = [
        f"Of {searched} searched settings, the most accurate finalist by validation is "
        f"{describe(first)}: with {int(first['trainable_parameters']):,} trainable parameters "
        f"({int(first['phases']):,} phases, {int(first['effective_phases']):,} of them effective) "
        f"it reaches {percent_interval(mean_interval(best['test_accuracy']))} on the test images "
        f"({_seeds(best)}, 95 % interval)."
    ]
    direct = final[(final["label"] == DIRECT) & (final["epochs"] == epochs)]
    notebook = final[final["label"] == NOTEBOOK]
    parts = []
    if not direct.empty:
        parts.append(
            f"the same target trained directly, with "
            f"{int(direct['trainable_parameters'].iloc[0]):,} parameters, reaches "
            f"{percent_interval(mean_interval(direct['test_accuracy']))} ({_seeds(direct)})"
        )
    if not notebook.empty:
        parts.append(
            f"the reference notebook's configuration reaches "
            f"{percent_interval(mean_interval(notebook['test_accuracy']))} ({_seeds(notebook)})"
        )
    if parts:
        text = "; ".join(parts)
        sentences.append(text[0].upper() + text[1:] + ".")
    return " ".join(sentences)


def _seeds(rows: pd.DataFrame) -> str:
    count = rows["seed"].nunique()
    return f"{count} seed" + ("s" if count != 1 else "")
