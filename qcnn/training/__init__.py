"""Training: one optimiser for everything, or the paper's alternation."""
