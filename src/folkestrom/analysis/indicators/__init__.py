"""Demographic indicators: fertility, mortality, age, and crude rates of places by year.

Life tables and fertility are pure numbers of arrays (`life_table`, `fertility`); `indicators` makes
the table from a store. What the figures mean is in `docs/how-to/demographic-indicators.md`.
"""
