"""Projections of a register's population: its groups, what is assumed of them, and the result."""
