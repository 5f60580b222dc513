"""Runs SQL on DuckDB; every difference between SQL dialects lives here."""
