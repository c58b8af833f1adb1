"""Training of which the shots of a device are counted."""
