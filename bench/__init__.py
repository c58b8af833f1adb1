"""Benchmarks: the asv suite (``bench.benchmarks``) and the comparison with other simulators."""
