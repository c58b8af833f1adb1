"""Studies of photonic weight generation: what is searched, how it runs, how it is reported."""
