"""The errors that a user of the library can meet."""


class InvalidInput(ValueError):
    """A user's mistake, said in one sentence that names the value and what is allowed.

    Command lines turn it into that sentence on standard error and exit code 2.
    """


class NotDifferentiable(InvalidInput, RuntimeError):
    """A derivative that there is none of; a ``RuntimeError`` too, as torch's refusals are."""


class DivergedError(RuntimeError):
    """The training loss or the generated weights stopped being finite.

    Attributes:
        epoch: the epoch, counted from 1, in which it happened.
    """

    def __init__(self, epoch: int, what: str) -> None:
        super().__init__(f"training diverged in epoch {epoch}: {what}")
        self.epoch = epoch
        self.what = what

    def __reduce__(self) -> tuple[type["DivergedError"], tuple[int, str]]:
        return type(self), (self.epoch, self.what)


class NothingAccepted(RuntimeError):
    """Under noise, not one shot ended in an outcome of the sampler: there is no distribution."""
