"""What several figures are made of: words, lines with labels, names beside lines."""
