"""Immigrants, their children born here, and where they or their mothers are from, as SQL."""

from __future__ import annotations

from folkestrom.classifications.country_groups import immigrant_groups, parts_of_the_world
from folkestrom.model.countries import COUNTRY_CODES, NO_CODE, UNKNOWN


def category_sql() -> str:
    """Number of the immigrant category.

    An immigrant is born abroad, and no known parent in Norway: a parent who is not in the
    register has as a rule never lived here. Norwegian-born to immigrant parents are born in
    Norway, and both parents are known to be born abroad. Who is born in Norway to no parent
    known to be born here, one of them unknown, may be either, and is a category of its own.
    Grandparents are not in the log.
    """
    own, mother, father = (
        f"nullif({column}, {COUNTRY_CODES[UNKNOWN]})"
        for column in ("country_of_birth", "mother_born", "father_born")
    )
    return f"""CASE WHEN {own} IS NULL THEN 4
      WHEN {mother} = {NO_CODE} OR {father} = {NO_CODE} THEN 2
      WHEN {own} <> {NO_CODE} THEN 0
      WHEN {mother} IS NULL OR {father} IS NULL THEN 3
      ELSE 1 END"""


def group_sql() -> str:
    """Number of the immigrant group: natives, born here of immigrants, then groups of countries."""
    groups = immigrant_groups()
    whens = " ".join(
        f"WHEN country_of_birth IN ({', '.join(str(COUNTRY_CODES[c]) for c in listed)}) "
        f"THEN {number}"
        for number, listed in enumerate(groups.values(), start=2)
        if listed
    )
    other = 2 + list(groups).index("other")
    return f"""CASE ({category_sql()}) WHEN 0 THEN CASE {whens} ELSE {other} END
      WHEN 1 THEN 1 WHEN 4 THEN NULL ELSE 0 END"""


def background_sql() -> str:
    """Number of the part of the world that is a country background.

    Of immigrants that of birth; of Norwegian-born to immigrant parents the mother's.
    """
    whens = " ".join(
        f"WHEN background IN ({', '.join(str(COUNTRY_CODES[c]) for c in listed)}) THEN {number}"
        for number, listed in enumerate(parts_of_the_world().values(), start=1)
    )
    own, mothers = (
        f"CASE {whens.replace('background', column)} END"
        for column in ("country_of_birth", "mother_born")
    )
    category = category_sql()
    return f"CASE ({category}) WHEN 0 THEN {own} WHEN 1 THEN {mothers} WHEN 4 THEN NULL ELSE 0 END"
