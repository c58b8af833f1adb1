"""Roles of runs, and labels of final runs: what part they play in a study."""

SEARCH, FINAL = "search", "final"
FINALIST, DIRECT, NOTEBOOK, NOTEBOOK_DIRECT = "finalist", "direct", "notebook", "notebook direct"
