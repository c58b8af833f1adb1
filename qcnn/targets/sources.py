"""The target networks of the two sources."""

from qcnn.targets._base import register_target
from qcnn.targets.convolutional import ConvolutionalNetwork


@register_target("notebook")
def notebook() -> ConvolutionalNetwork:
    """Source A: MerLin's reference notebook, 978 parameters."""
    return ConvolutionalNetwork(channels=(4, 4), kernel=(4,), activation="none")


@register_target("paper")
def paper() -> ConvolutionalNetwork:
    """Source B: arXiv:2505.08474, 6,690 parameters."""
    return ConvolutionalNetwork(channels=(8, 12), kernel=(5,), hidden=(20,), activation="none")
