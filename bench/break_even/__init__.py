"""When a device would be faster than its simulation: assumptions, measured times, a page."""
