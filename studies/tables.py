"""Tables of accuracy against trainable parameter count."""

from collections.abc import Mapping

import pandas as pd

from studies.arms import DIRECT, FINALIST, NO_ARM, NOTEBOOK, NOTEBOOK_DIRECT, Arm, label_of, labels
from studies.configuration import AXES, Size, sizes_from_text
from studies.escape import in_markdown
from studies.quoted import QUOTED, QUOTED_COLUMN, QUOTED_DATASETS
from studies.roles import COMPLETE, FINAL
from studies.statistics import mean_interval, percent_interval

COUNTS = (
    "phases",
    "effective_phases",
    "mapping_parameters",
    "fixed_numbers",
    "trainable_parameters",
)
_SPLITS = ("train", "val", "test")
_SELF_EXPLAINING = (NO_ARM, FINALIST, DIRECT, NOTEBOOK, NOTEBOOK_DIRECT)


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """One row for each configuration and role: means and 95 % t-intervals over seeds.

    Diverged runs are counted and take no part in the means.
    """
    records = []
    for (configuration, role), group in rows.groupby(["configuration", "role"], sort=False):
        complete = group[group["status"] == "complete"]
        first = group.iloc[0]
        record = {
            "study": first["study"],
            "configuration": configuration,
            "role": role,
            "setting": first["setting"],
            "arm": first["arm"],
            "seeds": len(complete),
            "diverged": int((group["status"] == "diverged").sum()),
            **{name: first[name] for name in COUNTS},
        }
        for split in _SPLITS:
            interval = mean_interval(complete[f"{split}_accuracy"])
            record |= {
                f"{split}_accuracy": interval.mean,
                f"{split}_low": interval.low,
                f"{split}_high": interval.high,
            }
        record["seconds"] = complete["seconds"].mean()
        records.append(record | {name: first[name] for name in AXES})
    return pd.DataFrame(records)


def describe(row: pd.Series) -> str:
    """What a model is, in a few words: its arm, or its configuration where that says nothing."""
    arm = Arm(str(row["setting"]), str(row["arm"]))
    if arm in (NO_ARM, FINALIST):
        return describe_configuration(row)
    names = {
        DIRECT: f"target {row['target']} trained directly",
        NOTEBOOK_DIRECT: "notebook: CNN trained directly",
        NOTEBOOK: "notebook: CNN generated, (9,4) × (8,4), logit_tanh",
    }
    return names.get(arm, arm.label)


def describe_configuration(row: pd.Series) -> str:
    """PQCNNs, mapping and target of a configuration."""
    sizes = sizes_from_text(row["sizes"])
    if not sizes:
        by = "trained directly" if row["mapping"] == "direct" else f"trained by {row['mapping']}"
        return f"{row['target']} {by}"
    mesh = "" if row["mesh"] == "rectangular" else f" {row['mesh']} mesh"
    layers = "" if row["layers"] == 1 else f" {row['layers']} layers"
    space = "" if row["space"] == "unbunched" else f" {row['space']}"
    trained = f" {row['trained_phases']} phases of each" if row["trained_phases"] else ""
    pqcnns = f"{pqcnns_text(sizes)}{mesh}{layers}{space}{trained}"
    return f"{pqcnns} → {row['mapping']} → {row['target']}"


def pqcnns_text(sizes: tuple[Size, ...]) -> str:
    """Modes and photons of each PQCNN, or once where more than three have the same.

    >>> pqcnns_text(((9, 4), (8, 4))), pqcnns_text(((9, 4),) * 5)
    ('(9,4) (8,4)', '5 × (9,4)')
    """
    texts = [f"({modes},{photons})" for modes, photons in sizes]
    alike = len(sizes) > 3 and len(set(sizes)) == 1
    return f"{len(sizes)} × {texts[0]}" if alike else " ".join(texts)


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
    first = group.iloc[0]
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
