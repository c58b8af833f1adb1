"""Smaller targets, for a comparison at an equal number of trained parameters."""

from functools import cache

from qcnn.baselines import baseline_from_text
from qcnn.errors import InvalidInput
from qcnn.generated import count_parameters
from qcnn.targets import ConvolutionalNetwork

_CHANNELS = 16
_KERNELS = (5, 4)


@cache
def smaller_target(
    budget: int,
    baseline: str = "direct",
    image_shape: tuple[int, int, int] = (1, 28, 28),
    classes: int = 10,
) -> str:
    """The text of the largest small CNN that a baseline trains with at most ``budget`` numbers.

    Searched are two convolutions with the sources' kernels, 5 and 4 pixels, with 1 to 16
    channels, the second one having as many as the first or up to twice as many, ReLU and one
    linear layer. The first in this order counts where several are equally large.

    Args:
        budget: largest number of trained parameters.
        baseline: text of the baseline that trains the network.
        image_shape: channels, height and width of the images.
        classes: number of classes.

    Raises:
        InvalidInput: if the smallest of these networks has more.

    >>> smaller_target(471), smaller_target(471, "low_rank:rank=4")
    ('cnn:channels=2+2,kernel=4', 'cnn:channels=2+3,kernel=5')
    """
    counts = _counts(baseline, image_shape, classes)
    fitting = {text: count for text, count in counts.items() if count <= budget}
    if not fitting:
        raise InvalidInput(
            f"budget is {budget}; allowed for small networks trained by {baseline} are whole "
            f"numbers from {min(counts.values())}"
        )
    return max(fitting, key=lambda text: fitting[text])


@cache
def _counts(baseline: str, image_shape: tuple[int, int, int], classes: int) -> dict[str, int]:
    """The number of trained parameters by the text of every network of the family."""
    rule = baseline_from_text(baseline)
    found = {}
    for kernel in _KERNELS:
        for first in range(1, _CHANNELS + 1):
            for second in range(first, min(2 * first, _CHANNELS) + 1):
                network = ConvolutionalNetwork((first, second), kernel)
                model = rule.build(network.build(image_shape, classes), seed=0)
                text = f"cnn:channels={first}+{second},kernel={kernel}"
                found[text] = count_parameters(model).total
    return found
