"""Doing the runs of a study: its phases, the trials that wait and are claimed, and the workers."""
