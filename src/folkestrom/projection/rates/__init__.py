"""Rates, the tables that they make, and how they are estimated: pure numbers."""
