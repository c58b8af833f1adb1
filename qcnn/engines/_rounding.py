"""How far rounding errors may take the sum of all probabilities from 1."""

from qcnn.engines._kernels import LARGEST_ERROR


def cancelled(photons: int, total: float, largest: float = LARGEST_ERROR) -> str:
    """The message for probabilities that rounding errors have destroyed."""
    return (
        f"the probabilities of {photons} photons sum to {total:.17g} at these phases, as large "
        "amplitudes cancel; allowed are fewer photons in a mode, which leave the sum within "
        f"{largest:g} of 1"
    )
