"""Counts of households, families, couples and children."""
