"""Labels of final runs: what part they play in a study."""

FINALIST, DIRECT, NOTEBOOK, NOTEBOOK_DIRECT = "finalist", "direct", "notebook", "notebook direct"
