"""What is kept of a model: state dicts that say what they belong to."""
