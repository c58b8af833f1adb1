"""Where runs are kept: rows, trials that workers share, trained models."""
