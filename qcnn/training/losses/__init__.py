"""Losses: any function of what a model predicts and the truth."""
