"""The datasets that results are published of, and the order in which datasets are shown."""

from collections.abc import Iterable

#: What published runs are on.
PUBLISHED_DATASET = "mnist"
#: What nothing was chosen on: configurations that are run on it unchanged are published as well.
TRANSFER_DATASET = "fashion-mnist"
#: What is no image.
SIGNALS = "mnist-1d"


def published_dataset(asked: str) -> str:
    """The dataset on which what a study does by itself is published.

    >>> published_dataset("auto"), published_dataset("fashion-mnist")
    ('mnist', 'fashion-mnist')

    Args:
        asked: what its command takes where none is named.
    """
    return PUBLISHED_DATASET if asked == "auto" else asked


def in_order(datasets: Iterable[str]) -> list[str]:
    """Each dataset once: that of the published runs, then the others by their names.

    >>> in_order(["digits", "mnist", "fashion-mnist", "mnist"])
    ['mnist', 'digits', 'fashion-mnist']
    """
    return sorted(set(datasets), key=lambda name: (name != PUBLISHED_DATASET, name))
