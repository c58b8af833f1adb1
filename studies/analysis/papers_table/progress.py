"""How far a training was after a tenth of its epochs, and at its end, from the stored curves."""

import pandas as pd

#: Of the paper's 200 rounds a tenth is what other studies run.
_TENTH, _LAST_QUARTER, _END = 0.1, 0.75, 1.0
#: A training loss that the last quarter of the epochs lowers by this share is still falling.
STILL_FALLING = 0.05


def losses(runs: pd.DataFrame) -> tuple[str, str]:
    """The training loss after a tenth of the epochs and at the end, means over seeds, as text."""
    return f"{_loss(runs, _TENTH):.3f}", f"{_loss(runs, _END):.3f}"


def still_falls(runs: pd.DataFrame) -> bool:
    """Whether the end of the epochs came before that of the training, by the mean over seeds."""
    return _loss(runs, _END) < (1 - STILL_FALLING) * _loss(runs, _LAST_QUARTER)


def _loss(runs: pd.DataFrame, share: float) -> float:
    """Mean training loss of some runs after a share of their epochs, after one at least."""
    return float(runs["train_loss_by_epoch"].map(lambda curve: _after(curve, share)).mean())


def _after(curve: str, share: float) -> float:
    losses = curve.split()
    return float(losses[max(1, round(share * len(losses))) - 1])
