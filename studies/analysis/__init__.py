"""What the rows of a study say, without a pixel."""
