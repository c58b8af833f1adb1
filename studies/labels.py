"""Roles of runs, how they ended, and labels of final runs: what part they play in a study."""

SEARCH, FINAL = "search", "final"
COMPLETE, DIVERGED, FAILED = "complete", "diverged", "failed"
FINALIST, DIRECT, NOTEBOOK, NOTEBOOK_DIRECT = "finalist", "direct", "notebook", "notebook direct"
