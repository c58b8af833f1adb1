"""What generates a distribution: the PQCNN, and the controls that may stand in its place."""

from qcnn.samplers.sampler import register_sampler

__all__ = ["register_sampler"]
