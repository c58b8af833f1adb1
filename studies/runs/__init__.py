"""Doing the runs of a study: its phases, the queue of trials and the workers."""
