"""A network all of whose weights are generated, and the one that photons generate."""
