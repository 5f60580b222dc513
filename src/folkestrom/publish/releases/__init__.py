"""Releases: tables that become public together, and the folder that the public is served from."""
