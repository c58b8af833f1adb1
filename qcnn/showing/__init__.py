"""What objects show of themselves where they are looked at: a line, a small table, a figure."""
