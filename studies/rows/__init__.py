"""The rows of runs: what one is, how it is checked, and the file that they are added to."""
