"""Commands of releases, and of the public server."""
