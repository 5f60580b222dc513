"""Cells in the formats of the field: statistics banks, SDMX, CSV, XLSX, Stata, SPSS; layout."""
