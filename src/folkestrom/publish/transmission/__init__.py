"""Transmission to Eurostat: data sets in its codes, as SDMX files, with a metadata report."""
