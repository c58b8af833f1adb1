"""The paper's table beside the rows of its own schedule, with a verdict and reasons."""
