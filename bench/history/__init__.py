"""The asv suite over the commits of the project, as rows and a page that needs no server."""
