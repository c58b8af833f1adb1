"""Tables of accuracy against trainable parameter count."""

from collections.abc import Mapping

import pandas as pd

from studies.analysis.quoted import QUOTED, QUOTED_COLUMN, QUOTED_DATASETS
from studies.analysis.summaries import (
    describe,
    describe_configuration,
    failures_of,
    representative,
)
from studies.design.arms import (
    DIRECT,
    FINALIST,
    NO_ARM,
    NOTEBOOK,
    NOTEBOOK_DIRECT,
    labels,
)
from studies.design.roles import COMPLETE, FINAL, has_trained
from studies.design.statistics import (
    interquartile_interval,
    mean_interval,
    median_interval,
    percent_interval,
    share_text,
)
from studies.reports.escape import in_markdown

_SELF_EXPLAINING = (NO_ARM, FINALIST, DIRECT, NOTEBOOK, NOTEBOOK_DIRECT)


def settings_table(rows: pd.DataFrame) -> pd.DataFrame:
    """What stands behind each arm of final runs, as text."""
    explained = labels(rows).isin([arm.label for arm in _SELF_EXPLAINING])
    final = rows[(rows["role"] == FINAL) & ~explained]
    arms = final.drop_duplicates(["setting", "arm", "configuration"])
    return pd.DataFrame(
        [
            {
                "model": describe(row),
                "trainable": str(int(row["trainable_parameters"])),
                "setting": describe_configuration(row),
                "schedule": f"{row['schedule']}, {row['learning_rate']:g}",
            }
            for _, row in arms.iterrows()
        ]
    )


def accuracy_table(
    rows: pd.DataFrame, dataset: str, more: Mapping[str, Mapping[str, str]] | None = None
) -> pd.DataFrame:
    """Accuracy against trainable parameters, final runs and quoted figures, as text.

    Test accuracies are on the 10,000 test images, validation accuracies on the 600; the
    quoted ones are of the latter kind.

    Args:
        rows: rows of one or more studies.
        dataset: the dataset to show.
        more: further columns, from a configuration's hash to text.
    """
    more = more or {}
    final = rows[(rows["role"] == FINAL) & (rows["dataset"] == dataset)]
    lines = [
        _line(group) | {name: texts.get(str(key), "") for name, texts in more.items()}
        for key, group in final.groupby("configuration", sort=False)
    ]
    if dataset in QUOTED_DATASETS:
        lines += [
            {
                "trainable": str(quoted.trainable_parameters),
                "model": f"quoted: {quoted.model}",
                "validation": f"{quoted.accuracy:.1f} % ± {quoted.deviation:.1f}",
            }
            for quoted in QUOTED
        ]
    lines.sort(key=lambda line: (int(line["trainable"]), line["model"]))
    return pd.DataFrame(lines, columns=[*_ACCURACY, *more]).fillna("")


def arms_table(rows: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """What the seeds of every model amount to by test accuracy, as text, in the same order.

    Args:
        rows: rows of one or more studies.
        dataset: the dataset to show.
    """
    final = rows[(rows["role"] == FINAL) & (rows["dataset"] == dataset)]
    groups = [group for _, group in final.groupby("configuration", sort=False)]
    lines = sorted(map(_arm_line, groups), key=lambda line: (int(line["trainable"]), line["model"]))
    return pd.DataFrame(lines)


def markdown(table: pd.DataFrame) -> str:
    """A table of text as Markdown, quoted lines in italics."""
    shown = table.copy()
    for name in shown.columns.drop(QUOTED_COLUMN, errors="ignore"):
        shown[name] = shown[name].map(in_markdown)
    if "validation" in shown:
        quoted = table["model"].str.startswith("quoted:")
        for name in shown.columns.intersection(_QUOTED):
            said = quoted & (shown[name] != "")
            shown.loc[said, name] = "*" + shown.loc[said, name] + "*"
    alignment = ["right" if name in _NUMBERS else "left" for name in shown.columns]
    shown.columns = shown.columns.map(in_markdown)
    return str(shown.to_markdown(index=False, colalign=alignment, disable_numparse=True))


#: Columns of the table of accuracies.
_ACCURACY = (
    "trainable",
    "phases (effective)",
    "mapping",
    "model",
    "epochs",
    "seeds",
    "test",
    "validation",
    "training",
)
#: Columns with something of a quoted line.
_QUOTED = ("model", "training", "validation", "generalisation error")
#: Columns that hold a number alone.
_NUMBERS = ("trainable", "phases (effective)", "mapping", "epochs", "seeds", "failures")


def _line(group: pd.DataFrame) -> dict[str, str]:
    first = representative(group)
    complete = group[group["status"] == "complete"]
    others = group["status"][group["status"] != COMPLETE].value_counts(sort=False)
    ended = ", ".join(f"+{count} {status}" for status, count in others.items())
    phases = f"{int(first['phases'])} ({int(first['effective_phases'])})"
    return {
        "trainable": str(int(first["trainable_parameters"])),
        "phases (effective)": phases if first["phases"] else "",
        "mapping": str(int(first["mapping_parameters"])) if first["sizes"] else "",
        "model": describe(first),
        "epochs": str(first["epochs"]),
        "seeds": str(len(complete)) + (f" ({ended})" if ended else ""),
        "test": percent_interval(mean_interval(complete["test_accuracy"])),
        "validation": percent_interval(mean_interval(complete["val_accuracy"])),
        "training": percent_interval(mean_interval(complete["train_accuracy"])),
    }


def _arm_line(group: pd.DataFrame) -> dict[str, str]:
    first, failures = representative(group), failures_of(group)
    accuracies = group["test_accuracy"][group["status"] == COMPLETE]
    trained = group["test_accuracy"][has_trained(group)]
    return {
        "trainable": str(int(first["trainable_parameters"])),
        "model": describe(first),
        "failures": share_text(failures),
        "mean": percent_interval(mean_interval(accuracies)),
        "median": percent_interval(median_interval(accuracies)),
        "interquartile mean": percent_interval(interquartile_interval(accuracies)),
        "mean where it trains": percent_interval(mean_interval(trained)) if failures.count else "",
    }
