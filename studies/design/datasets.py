"""The datasets that results are published of, and the order in which datasets are shown."""

from collections.abc import Iterable

#: What published runs are on.
PUBLISHED_DATASET = "mnist"
#: What nothing was chosen on: configurations that are run on it unchanged are published as well.
TRANSFER_DATASET = "fashion-mnist"


def in_order(datasets: Iterable[str]) -> list[str]:
    """Each dataset once: that of the published runs, then the others by their names.

    >>> in_order(["digits", "mnist", "fashion-mnist", "mnist"])
    ['mnist', 'digits', 'fashion-mnist']
    """
    return sorted(set(datasets), key=lambda name: (name != PUBLISHED_DATASET, name))
