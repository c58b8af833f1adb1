"""Small targets, for a comparison at an equal number of trained parameters."""

from contextlib import suppress
from functools import cache

from qcnn.baselines import baseline_from_text
from qcnn.checks import shown, whole_number
from qcnn.errors import InvalidInput
from qcnn.targets import check_image_shape, target_from_text
from qcnn.weights.generated import count_parameters

_CHANNELS = 16
#: Kernels and poolings of two convolutions: large poolings, the first being the most accurate
#: at most counts, and the sources' own.
_FAMILIES = (
    "kernel=5+3,pooling=3+2",
    "kernel=5+3,pooling=3",
    "kernel=4+3,pooling=3",
    "kernel=5",
)


def smaller_targets(
    budget: int,
    baseline: str = "direct",
    image_shape: tuple[int, int, int] = (1, 28, 28),
    classes: int = 10,
) -> tuple[str, ...]:
    """The largest small CNN of each family that a baseline trains with at most ``budget`` numbers.

    The families have two convolutions, the second one with as many channels as the first
    (1 to 16) or up to twice as many, ReLU and one linear layer. They differ in the sides of
    kernels and pooling: 5 and 3 pixels pooled by 3 and 2, or by 3 and 3; 4 and 3 pixels pooled
    by 3 and 3; and as in the paper 5 and 5 pixels pooled by 2 and 2. A family without a
    network that fits is left out; the first in the order of channels counts where several
    are equally large.

    Args:
        budget: largest number of trained parameters.
        baseline: text of the baseline that trains the network.
        image_shape: channels, height and width of the images.
        classes: number of classes.

    Returns:
        texts for :func:`qcnn.target_from_text`, in the order of the families.

    Raises:
        InvalidInput: if no network fits, or an argument is of another type.

    >>> smaller_targets(471)[0], smaller_targets(471, "low_rank:rank=4")[0]
    ('cnn:channels=3+3,kernel=5+3,pooling=3+2', 'cnn:channels=4+4,kernel=5+3,pooling=3+2')
    """
    whole_number(budget, "budget", 1)
    baseline_from_text(baseline)
    image_shape = check_image_shape(image_shape)
    classes = whole_number(classes, "classes", 2)
    counts = [_counts(family, baseline, image_shape, classes) for family in _FAMILIES]
    if not any(counts):
        raise InvalidInput(
            f"image_shape is {shown(image_shape)}; allowed are images that a small network "
            f"trained by {baseline} takes"
        )
    found = []
    for of_family in counts:
        fitting = {text: count for text, count in of_family.items() if count <= budget}
        if fitting:
            found.append(max(fitting, key=lambda text: fitting[text]))
    if not found:
        least = min(count for of_family in counts for count in of_family.values())
        raise InvalidInput(
            f"budget is {shown(budget)}; allowed for small networks trained by {baseline} are "
            f"whole numbers from {least}"
        )
    return tuple(found)


@cache
def _counts(
    family: str, baseline: str, image_shape: tuple[int, int, int], classes: int
) -> dict[str, int]:
    """The number of trained parameters by the text of every network of a family.

    Left out are networks that are too large for the images or too small for the baseline.
    """
    rule = baseline_from_text(baseline)
    found = {}
    for first in range(1, _CHANNELS + 1):
        for second in range(first, 2 * first + 1):
            text = f"cnn:channels={first}+{second},{family}"
            with suppress(InvalidInput):
                network = target_from_text(text).build(image_shape, classes)
                found[text] = count_parameters(rule.build(network, seed=0)).total
    return found
