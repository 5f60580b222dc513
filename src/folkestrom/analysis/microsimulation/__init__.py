"""Microsimulation: lives of individuals, year by year, by the assumptions of a projection."""
