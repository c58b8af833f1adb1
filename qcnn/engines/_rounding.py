"""How far rounding errors may take the sum of all probabilities from what it is."""

#: Collision-free outcomes that together are less likely than this are rounding errors.
LEAST_TOTAL = 1e-24
#: Where many photons share a mode, large amplitudes cancel. Sums of all outcomes' probabilities
#: are within 1e-13 of 1 up to 60 photons in two modes and within 1e-12 in meshes of 200 modes;
#: where one is 1e-10 off, single probabilities are up to 2e-6 off, and both grow tenfold with
#: every two photons more.
LARGEST_ERROR = 1e-10


def cancelled(photons: int, total: float, largest: float = LARGEST_ERROR) -> str:
    """The message for probabilities that rounding errors have destroyed."""
    return (
        f"the probabilities of {photons} photons have the sum {total:.17g} at these phases, as "
        "large amplitudes cancel; allowed are fewer photons in a mode, which leave the sum within "
        f"{largest:g} of 1"
    )
