"""Tables of accuracy against trainable parameter count."""

from collections.abc import Mapping

import pandas as pd

from studies.analysis.quoted import QUOTED, QUOTED_COLUMN, QUOTED_DATASETS
from studies.analysis.summaries import describe, describe_configuration, representative
from studies.design.arms import (
    DIRECT,
    FINALIST,
    NO_ARM,
    NOTEBOOK,
    NOTEBOOK_DIRECT,
    label_of,
    labels,
)
from studies.design.roles import COMPLETE, FINAL
from studies.design.statistics import mean_interval, percent_interval
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
                "model": label_of(row["setting"], row["arm"]),
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
    return pd.DataFrame(lines, columns=[*_ALIGNMENT, *more]).fillna("")


def markdown(table: pd.DataFrame) -> str:
    """A table of text as Markdown, quoted lines in italics."""
    shown = table.copy()
    for name in shown.columns.drop(QUOTED_COLUMN, errors="ignore"):
        shown[name] = shown[name].map(in_markdown)
    if "validation" in shown:
        quoted = table["model"].str.startswith("quoted:")
        for name in ("model", "validation"):
            shown.loc[quoted, name] = "*" + shown.loc[quoted, name] + "*"
    alignment = [_ALIGNMENT.get(name, "left") for name in shown.columns]
    shown.columns = shown.columns.map(in_markdown)
    return str(shown.to_markdown(index=False, colalign=alignment, disable_numparse=True))


_ALIGNMENT = {
    "trainable": "right",
    "phases (effective)": "right",
    "mapping": "right",
    "model": "left",
    "epochs": "right",
    "seeds": "right",
    "test": "left",
    "validation": "left",
    "training": "left",
}


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
