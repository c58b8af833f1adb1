"""Where runs are kept: trials that workers share, trained models, where a row comes from."""
