"""What exposure can be broken down by: the variables of stocks, and those that time alone moves."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from folkestrom.analysis.rates.crossing import FIRST_PLACE
from folkestrom.analysis.study import vocabulary as studies
from folkestrom.model.countries import NO_CODE
from folkestrom.model.specification import Category, Dimension, Text, same
from folkestrom.statistics.age_groups import AgeGroups
from folkestrom.statistics.classifications import UNKNOWN_CODE, county_code, municipality_code
from folkestrom.statistics.variables import VARIABLES, Variable

#: Groups of completed years since the first immigration.
DURATIONS: Final = AgeGroups("duration", (0, 1, 2, 3, 5, 10, 15, 20))

_BORN_HERE: Final = len(DURATIONS.starts)
_NOT_SEEN: Final = _BORN_HERE + 1
_DURATION_CATEGORIES: Final = (
    *(
        Category(code, Text(f"{english} since immigration", f"{code} år siden innvandring"))
        for code in (category.code for category in DURATIONS.categories)
        for english in [f"{code.replace('+', ' or more')} year{'' if code == '1' else 's'}"]
    ),
    Category("born_in_norway", Text("Born in Norway", "Født i Norge")),
    Category("unknown", Text("Immigrated before the log", "Innvandret før loggen")),
)

YEAR: Final = Variable(
    Dimension("year", Text("Year", "År"), classification="Calendar year"),
    "year",
    needs=frozenset({"year"}),
)
DURATION: Final = Variable(
    Dimension(
        "duration",
        Text("Duration of stay", "Botid"),
        _DURATION_CATEGORIES,
        classification="Completed years since the first immigration",
    ),
    "duration",
    lambda n: _DURATION_CATEGORIES[n].code,
    frozenset({"birthplace", "duration"}),
)

#: The year in which the pandemic came.
COVID_YEAR: Final = 2020

_CATEGORY: Final = VARIABLES["immigrant_category"]
_CHILDREN: Final = (
    Category("yes", Text("Norwegian-born to immigrant parents", "Norskfødte av innvandrere")),
    Category("no", Text("Others", "Øvrige")),
    Category(UNKNOWN_CODE, Text("Unknown", "Uoppgitt")),
)
CHILDREN_OF_IMMIGRANTS: Final = Variable(
    Dimension(
        "children_of_immigrants",
        Text("Children of immigrants", "Barn av innvandrere"),
        _CHILDREN,
        classification="Immigrant category, by own and parents' country of birth",
    ),
    f"CASE ({_CATEGORY.sql}) WHEN 1 THEN 0 WHEN 3 THEN NULL WHEN 4 THEN NULL ELSE 1 END",
    lambda n: _CHILDREN[n].code,
    _CATEGORY.needs,
    fixed=True,
    note=Text(
        "Children of immigrants are born in Norway of two parents known to be born abroad. Who is "
        "born in Norway to no parent known to be born there, at least one unknown, is unknown.",
        "Barn av innvandrere er født i Norge av to foreldre som er kjent født i utlandet. Den som "
        "er født i Norge uten noen forelder kjent født der, og med minst én uoppgitt, er uoppgitt.",
    ),
)
_COVID: Final = (
    Category(str(COVID_YEAR), same(str(COVID_YEAR))),
    Category("other_years", Text("Other years", "Andre år")),
)
COVID: Final = Variable(
    Dimension("covid_year", Text("Year of the pandemic", "Pandemiår"), _COVID, "Calendar year"),
    f"CASE WHEN year = {COVID_YEAR} THEN 0 ELSE 1 END",
    lambda n: _COVID[n].code,
    frozenset({"year"}),
)

_OF_STUDIES: Final = {variable.name: variable for variable in studies.OWN}
_GROUP_LABELS: Final = {
    "native": Text("Natives", "Majoritet"),
    "norwegian_born": _CHILDREN[0].label,
    "nordic": Text("Immigrants, the Nordic countries", "Innvandrere, Norden"),
    "eu8": Text(
        "Immigrants, countries of central Europe in the EU since 2004",
        "Innvandrere, land i Sentral-Europa i EU siden 2004",
    ),
    "western": Text(
        "Immigrants, Western Europe, North America and Oceania",
        "Innvandrere, Vest-Europa, Nord-Amerika og Oseania",
    ),
    "other": Text("Immigrants, other countries", "Innvandrere, andre land"),
    UNKNOWN_CODE: Text("Unknown", "Uoppgitt"),
}
_GROUP_LEVELS: Final = _OF_STUDIES["immigrant_group"].levels or ()
IMMIGRANT_GROUP: Final = Variable(
    Dimension(
        "immigrant_group",
        Text("Immigrant group", "Innvandrergruppe"),
        tuple(Category(level, _GROUP_LABELS[level]) for level in _GROUP_LEVELS),
        classification="Immigrant category, and groups of countries of birth",
    ),
    _OF_STUDIES["immigrant_group"].sql,
    _GROUP_LEVELS.__getitem__,
    _CATEGORY.needs,
    fixed=True,
    note=Text(
        "Immigrants are born abroad and have no parent known to be born in Norway. Natives are all "
        "others who are not known to be born in Norway of two parents born abroad; where a parent "
        "is unknown, that cannot be told.",
        "Innvandrere er født i utlandet og har ingen forelder som er kjent født i Norge. "
        "Majoriteten er alle andre som ikke er kjent født i Norge av to foreldre født i utlandet; "
        "der en forelder er uoppgitt, kan det ikke avgjøres.",
    ),
)
FIRST_MUNICIPALITY: Final = Variable(
    replace(
        VARIABLES["municipality"].dimension,
        id="first_municipality",
        label=Text("First municipality", "Første kommune"),
    ),
    _OF_STUDIES["first_municipality"].sql,
    municipality_code,
    frozenset({FIRST_PLACE}),
    fixed=True,
)
FIRST_COUNTY: Final = Variable(
    replace(
        VARIABLES["county"].dimension,
        id="first_county",
        label=Text("First county", "Første fylke"),
    ),
    _OF_STUDIES["first_county"].sql,
    county_code,
    frozenset({FIRST_PLACE}),
    fixed=True,
)

#: Variables of every store that exposure has, by name.
EXPOSED: Final[dict[str, Variable]] = {
    **{id: variable for id, variable in VARIABLES.items() if "stock" in variable.of},
    **{v.id: v for v in (YEAR, DURATION, CHILDREN_OF_IMMIGRANTS, COVID)},
    **{v.id: v for v in (IMMIGRANT_GROUP, FIRST_MUNICIPALITY, FIRST_COUNTY)},
}


def duration_sql(years: str) -> str:
    """Number of the group of duration, as an SQL expression over described persons.

    Parameters
    ----------
    years
        SQL of the completed years since the first immigration, null where the log has none.

    Examples
    --------
    >>> duration_sql("years").splitlines()[0]
    'CASE WHEN country_of_birth = 167 THEN 8'
    """
    return f"""CASE WHEN country_of_birth = {NO_CODE} THEN {_BORN_HERE}
      WHEN {years} IS NULL THEN {_NOT_SEEN} ELSE {DURATIONS.sql(years)} END"""
