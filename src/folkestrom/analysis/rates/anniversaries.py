"""Anniversaries of a day, as SQL expressions."""

from __future__ import annotations


def anniversary_sql(day: str, years: str) -> str:
    """The day on which so many years are completed; 1 March for 29 February in ordinary years.

    Parameters
    ----------
    day, years
        SQL of a day, and of a number of years.
    """
    year = f"(year({day}) + {years})"
    return f"""CASE WHEN {years} IS NULL THEN NULL
      WHEN month({day}) = 2 AND day({day}) = 29
      THEN make_date({year}, 3, 1) - {leap_sql(year)}
      ELSE make_date({year}, month({day}), day({day})) END"""


def leap_sql(year: str) -> str:
    """1 in leap years, else 0, as an SQL expression.

    Parameters
    ----------
    year
        SQL of a year.
    """
    return f"""CASE WHEN {year} % 4 = 0 AND ({year} % 100 <> 0 OR {year} % 400 = 0)
      THEN 1 ELSE 0 END"""
