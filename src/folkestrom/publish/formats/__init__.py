"""Cells in the formats of the field: JSON-stat, CSV and its description, XLSX; their layout."""
