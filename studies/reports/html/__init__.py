"""The page ``results/report.html``: its text, its tables, the benchmarks on it."""
