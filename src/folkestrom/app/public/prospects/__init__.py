"""Projections that readers change: from released tables, and from nothing else."""
