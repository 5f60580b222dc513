"""Families of a register's own individuals, and their households in years to come."""
