"""What has to be done before anything that draws is imported."""

from qcnn.plotting import import_matplotlib

import_matplotlib()
