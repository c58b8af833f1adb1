"""Curves of a training over its epochs."""

from typing import TYPE_CHECKING

from qcnn.checks import check_choice, shown
from qcnn.errors import InvalidInput
from qcnn.plotting import import_matplotlib
from qcnn.showing.look import own_look

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

QUANTITIES = ("accuracy", "loss")
#: Neither is told by its colour alone: the column's first word, the name, the line.
_SPLITS = (("train", "training", ".--"), ("validation", "validation", ".-"))


def plot_curves(
    history: "pd.DataFrame", quantity: str | None, best: int | None, ax: "Axes | None"
) -> "Axes":
    """Draw a quantity of both splits over the epochs; the arguments are those of a result's plot.

    Args:
        history: one row for each epoch, as :meth:`qcnn.TrainResult.frame` has them.
        quantity: one of ``QUANTITIES``; the accuracy where there is one when absent.
        best: the epoch that is marked.
        ax: where to draw; a new figure when absent.

    Raises:
        InvalidInput: for another quantity, an accuracy where there is none, or no axes.
    """
    has_accuracy = bool(history["validation_accuracy"].notna().any())
    if quantity is None:
        quantity = "accuracy" if has_accuracy else "loss"
    check_choice(quantity, "quantity", QUANTITIES)
    if quantity == "accuracy" and not has_accuracy and len(history):
        raise InvalidInput("quantity is 'accuracy' without classes; allowed there is 'loss'")
    import_matplotlib()
    import seaborn as sns
    from matplotlib import pyplot as plt
    from matplotlib import style
    from matplotlib.axes import Axes
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    if ax is not None and not isinstance(ax, Axes):
        raise InvalidInput(f"ax is {shown(ax)}; allowed are matplotlib's Axes and None")
    with style.context(["default", own_look()]):
        axes = plt.subplots(figsize=(5.5, 3.6), layout="constrained")[1] if ax is None else ax
        colours = sns.color_palette("colorblind")
        for (split, name, line), colour in zip(_SPLITS, colours, strict=False):
            axes.plot(
                history["epoch"], history[f"{split}_{quantity}"], line, color=colour, label=name
            )
        marked = history[history["epoch"] == best]
        values = marked[f"validation_{quantity}"]
        axes.plot(marked["epoch"], values, "o", color="black", fillstyle="none", label="best epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        unit = " (%)" if quantity == "accuracy" else ""
        if unit:
            axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=""))
        axes.set(xlabel="epoch", ylabel=f"{quantity}{unit}")
        axes.legend()
    return axes
