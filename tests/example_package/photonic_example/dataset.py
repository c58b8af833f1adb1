"""A dataset: every second image of scikit-learn's digits."""

import numpy as np

from qcnn.data import CountSplit, Data, from_arrays, load_data, register_data


@register_data("example-digits")
def load_half() -> Data:
    whole = load_data("digits")
    images = (255 * whole.train_images[::2, 0].numpy()).astype(np.uint8)
    labels = whole.train_labels[::2].numpy()
    split = CountSplit(train=200, validation=100, test=100, seed=1)
    return from_arrays("example-digits", images, labels, classes=10, split=split)
