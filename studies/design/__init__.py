"""What a run and a study are."""
