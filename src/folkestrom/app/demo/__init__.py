"""The demonstration: a country from its reports to published tables, beside the printed figures.

The only room, beside the twin, that may read what was published; it compares, and computes nothing.
"""
