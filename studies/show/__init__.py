"""``python -m studies.show DIGEST-SEED``: everything that is stored of one run."""
