"""Models in a few words and numbers: what each is, its family, its accuracy over seeds."""

import pandas as pd

from studies.design.arms import (
    DIRECT,
    FINALIST,
    NO_ARM,
    NOTEBOOK,
    NOTEBOOK_DIRECT,
    Arm,
    Family,
    is_arm,
)
from studies.design.configuration import AXES, AXIS_DEFAULTS, NATURAL, RARE, Size, sizes_from_text
from studies.design.roles import COMPLETE, FAILED, FINAL, has_trained, only_evaluated
from studies.design.statistics import (
    Share,
    interquartile_interval,
    mean_interval,
    median_interval,
    percent_interval,
    share_of,
)

COUNTS = (
    "phases",
    "effective_phases",
    "mapping_parameters",
    "fixed_numbers",
    "trainable_parameters",
)
_SPLITS = ("train", "val", "test")
#: The mapping that is linear in the phases, as far as they turn little.
_LINEARISED = "whitened"


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """One row for each configuration and role: what its seeds amount to.

    There are means with 95 % t-intervals, of the test accuracy also the median and the
    interquartile mean with bootstrap intervals. Runs that did not end well, diverged or failed,
    are counted as ``diverged`` and take no part in these; ``failures`` are all that did not train
    (:func:`failures_of`).
    """
    records = []
    rows = rows.assign(fails=_fails(rows))
    for (configuration, role), group in rows.groupby(["configuration", "role"], sort=False):
        complete = group[group["status"] == COMPLETE]
        first = representative(group)
        record = {
            "study": first["study"],
            "configuration": configuration,
            "role": role,
            "setting": first["setting"],
            "arm": first["arm"],
            "seeds": len(complete),
            "diverged": len(group) - len(complete),
            **{name: first[name] for name in COUNTS},
        }
        for split in _SPLITS:
            interval = mean_interval(complete[f"{split}_accuracy"])
            record |= {
                f"{split}_accuracy": interval.mean,
                f"{split}_low": interval.low,
                f"{split}_high": interval.high,
            }
        robust = {"median": median_interval, "interquartile": interquartile_interval}
        for name, interval_of in robust.items():
            interval = interval_of(complete["test_accuracy"])
            record |= {
                f"test_{name}": interval.mean,
                f"test_{name}_low": interval.low,
                f"test_{name}_high": interval.high,
            }
        record["failures"] = int(group["fails"].sum())
        record["seconds"] = complete["seconds"].mean()
        records.append(record | {name: first[name] for name in AXES})
    return pd.DataFrame(records)


def without_unused(summary: pd.DataFrame) -> pd.DataFrame:
    """A summary without the rare axes (:class:`Configuration`) that no run has."""
    unused = [name for name in RARE if (summary[name] == AXIS_DEFAULTS[name]).all()]
    return summary.drop(columns=unused)


def _fails(runs: pd.DataFrame) -> pd.Series:
    """Which final runs did not train; those that are only evaluated did not try."""
    return (runs["role"] == FINAL) & ~has_trained(runs) & ~only_evaluated(runs)


def failures_of(runs: pd.DataFrame) -> Share:
    """How many of some final runs did not train; those that are only evaluated did not try.

    Runs of a search, which have no test accuracy, are left out as well.
    """
    trained = runs[(runs["role"] == FINAL) & ~only_evaluated(runs)]
    return share_of(_fails(trained))


def accuracy_text(runs: pd.DataFrame) -> str:
    """Mean test accuracy of final runs of an arm that ended well, failures apart from the rest."""
    trained = runs["test_accuracy"][has_trained(runs)]
    failed = len(runs) - len(trained)
    text = percent_interval(mean_interval(trained if len(trained) else runs["test_accuracy"]))
    if not failed:
        return text
    where = " where it trains" if len(trained) else ""
    return f"{text}{where}, {failed} of {len(runs)} fail"


def representative(runs: pd.DataFrame) -> pd.Series:
    """A run that stands for all of one configuration: one that knows its parameters, if any does.

    A run that failed may have been given up before its model was built.
    """
    built = runs[runs["status"] != FAILED]
    return (runs if built.empty else built).iloc[0]


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
    return names.get(arm) or _told_apart(arm.label, row)


def arm_names_of(runs: pd.DataFrame) -> pd.Series:
    """The name of each run's arm, which says of photons whether they are linearised."""
    names = [_told_apart(str(row["arm"]), row) for _, row in runs.iterrows()]
    return pd.Series(names, runs.index, dtype=object)


def _told_apart(name: str, row: pd.Series) -> str:
    photonic = row["generator"] == "pqcnn" and row["sizes"]
    linearised = photonic and method_name(row["mapping"]) == _LINEARISED
    said = "linearised" in name or _LINEARISED in name
    return f"{name} (linearised)" if linearised and not said else name


def describe_configuration(row: pd.Series) -> str:
    """PQCNNs, mapping and target of a configuration, and a natural gradient."""
    sizes = sizes_from_text(row["sizes"])
    if not sizes:
        by = "trained directly" if row["mapping"] == "direct" else f"trained by {row['mapping']}"
        return f"{row['target']} {by}"
    mesh = "" if row["mesh"] == "rectangular" else f" {row['mesh']} mesh"
    layers = "" if row["layers"] == 1 else f" {row['layers']} layers"
    space = "" if row["space"] == "unbunched" else f" {row['space']}"
    trained = f" {row['trained_phases']} phases of each" if row["trained_phases"] else ""
    instead = "" if row["generator"] == "pqcnn" else f"{row['generator']} in the place of "
    # A column that a study does not use is not in its summary.
    read = row.get("read", "outcomes")
    read = "" if read == "outcomes" else f" read by {read}"
    pqcnns = f"{instead}{pqcnns_text(sizes)}{mesh}{layers}{space}{trained}{read}"
    # What else there is to train by is what arms are named after.
    optimiser = ", natural gradient" if row["optimiser"] == NATURAL else ""
    return f"{pqcnns} → {row['mapping']} → {row['target']}{optimiser}"


def pqcnns_text(sizes: tuple[Size, ...]) -> str:
    """Modes and photons of each PQCNN, or once where more than three have the same.

    >>> pqcnns_text(((9, 4), (8, 4))), pqcnns_text(((9, 4),) * 5)
    ('(9,4) (8,4)', '5 × (9,4)')
    """
    texts = [f"({modes},{photons})" for modes, photons in sizes]
    alike = len(sizes) > 3 and len(set(sizes)) == 1
    return f"{len(sizes)} × {texts[0]}" if alike else " ".join(texts)


def families(rows: pd.DataFrame) -> pd.Series:
    """The family of each run."""
    family = (
        rows["generator"]
        .map({"pqcnn": Family.PROBABILITIES, "classical": Family.CLASSICAL})
        .fillna(Family.CONTROL)
    )
    linearised = (rows["generator"] == "pqcnn") & (method_names(rows) == _LINEARISED)
    family = family.mask(linearised, Family.LINEARISED)
    family = family.mask(rows["sizes"] == "", Family.COMPRESSED)
    family = family.mask(rows["mapping"] == "direct", Family.TRAINED)
    return family.mask(is_arm(rows, NOTEBOOK), Family.NOTEBOOK)


def method_names(rows: pd.DataFrame) -> pd.Series:
    """The mapping or baseline of each run, without its options."""
    return rows["mapping"].map(method_name)


def method_name(mapping: str) -> str:
    """A mapping or baseline without its options."""
    return mapping.partition(":")[0]


def seeds_text(rows: pd.DataFrame) -> str:
    """How many seeds there are, in words."""
    count = rows["seed"].nunique()
    return f"{count} seed" + ("s" if count != 1 else "")


def generalisation_error(runs: pd.DataFrame) -> pd.Series:
    """Validation minus training loss after the last epoch, by seed; of each seed once."""
    once = runs[runs["val_loss_by_epoch"] != ""].drop_duplicates("seed").set_index("seed")
    validation, training = (
        pd.to_numeric(once[f"{split}_loss_by_epoch"].str.split().str[-1])
        for split in ("val", "train")
    )
    error: pd.Series = validation - training
    return error


def validation_gaps(runs: pd.DataFrame) -> pd.Series:
    """By how much a run that trained is better on the 600 validation images than on the 10,000."""
    trained = runs[runs["test_accuracy"] > 0.5]
    return trained["val_accuracy"] - trained["test_accuracy"]
