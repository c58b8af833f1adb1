"""Roles of runs, and how they ended."""

#: The runs of a search or of a tuning see no test images; final ones have fresh seeds.
SEARCH, FINAL = "search", "final"
COMPLETE, DIVERGED, FAILED = "complete", "diverged", "failed"
