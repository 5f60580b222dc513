"""Completed years, anniversaries and leap years, as SQL expressions."""

from __future__ import annotations


def age_sql(day: str, birth_date: str = "birth_date") -> str:
    """Completed years at the end of a day, as an SQL expression.

    The year's birthday counts once its month and day have come: who is born on 29 February
    completes a year on 1 March where there is no such day. Nobody is younger than 0.
    """
    years = f"""year({day}) - year({birth_date})
      - CASE WHEN 32 * month({birth_date}) + day({birth_date}) > 32 * month({day}) + day({day})
        THEN 1 ELSE 0 END"""
    # Not greatest(0, …): that would make an unknown age 0.
    return f"CASE WHEN {birth_date} > {day} THEN 0 ELSE {years} END"


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
