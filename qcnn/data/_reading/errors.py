"""The error that tells "not to be had here" from "wrong"."""

from qcnn.errors import InvalidInput


class DataUnavailable(InvalidInput):
    """A dataset is neither stored here nor downloadable; nothing stored is wrong."""
