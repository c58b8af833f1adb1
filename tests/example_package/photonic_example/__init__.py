"""One of everything that can be added to the project, in a package of its own."""
