"""What exposure can be broken down by: the variables of stocks, and those that time alone moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from folkestrom.analysis.rates.crossing import FIRST_PLACE
from folkestrom.analysis.study import vocabulary as studies
from folkestrom.classifications.age_groups import AgeGroups
from folkestrom.classifications.code_lists import (
    REASON,
    UNKNOWN_CODE,
    county_code,
    municipality_code,
)
from folkestrom.model.countries import NO_CODE
from folkestrom.model.specification import Category, Dimension, Text, same
from folkestrom.statistics.variables import VARIABLES, Decoder, Variable

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

_OF_STUDIES: Final = {variable.name: variable for variable in studies.OWN}
_CATEGORY: Final = VARIABLES["immigrant_category"]
_YES_NO: Final = {"yes": Text("Yes", "Ja"), "no": Text("No", "Nei")}
_UNKNOWN: Final = {UNKNOWN_CODE: Text("Unknown", "Uoppgitt")}


def _coded(
    name: str,
    label: Text,
    labels: Mapping[str, Text],
    needs: Iterable[str],
    *,
    classification: str = "",
    sql: str = "",
    fixed: bool = False,
    note: Text | None = None,
) -> Variable:
    """A variable of studies that has levels, with words for them."""
    of = _OF_STUDIES[name]
    words = {**labels, **_UNKNOWN}
    listed = tuple(Category(level, words[level]) for level in of.levels or ())
    return Variable(
        Dimension(name, label, listed, classification),
        sql or of.sql,
        lambda number: listed[number].code,
        frozenset(needs),
        fixed=fixed,
        note=note,
    )


def _number(name: str, label: Text, classification: str, sql: str, need: str) -> Variable:
    return Variable(
        Dimension(name, label, classification=classification), sql, needs=frozenset({need})
    )


def _first(name: str, of: str, label: Text, decode: Decoder) -> Variable:
    """Where a record began, as a variable of places."""
    dimension = replace(VARIABLES[of].dimension, id=name, label=label)
    return Variable(dimension, _OF_STUDIES[name].sql, decode, frozenset({FIRST_PLACE}), fixed=True)


_NORWEGIAN_BORN: Final = Text("Norwegian-born to immigrant parents", "Norskfødte av innvandrere")
_COMPLETED: Final = "Completed years"

_DERIVED: Final = (
    _coded(
        "children_of_immigrants",
        Text("Children of immigrants", "Barn av innvandrere"),
        {"yes": _NORWEGIAN_BORN, "no": Text("Others", "Øvrige")},
        _CATEGORY.needs,
        classification="Immigrant category, by own and parents' country of birth",
        fixed=True,
        note=Text(
            "Children of immigrants are born in Norway of two parents known to be born abroad. "
            "Who is born in Norway to no parent known to be born there, at least one unknown, is "
            "unknown.",
            "Barn av innvandrere er født i Norge av to foreldre som er kjent født i utlandet. Den "
            "som er født i Norge uten noen forelder kjent født der, og med minst én uoppgitt, er "
            "uoppgitt.",
        ),
    ),
    _coded(
        "covid_year",
        Text("Year of the pandemic", "Pandemiår"),
        {
            str(studies.COVID_YEAR): same(str(studies.COVID_YEAR)),
            "other_years": Text("Other years", "Andre år"),
        },
        {"year"},
        classification="Calendar year",
        sql=studies.covid_year_sql("year"),
    ),
    _coded(
        "immigrant_group",
        Text("Immigrant group", "Innvandrergruppe"),
        {
            "native": Text("Natives", "Majoritet"),
            "norwegian_born": _NORWEGIAN_BORN,
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
        },
        _CATEGORY.needs,
        classification="Immigrant category, and groups of countries of birth",
        fixed=True,
        note=Text(
            "Immigrants are born abroad and have no parent known to be born in Norway. Natives are "
            "all others who are not known to be born in Norway of two parents born abroad; where a "
            "parent is unknown, that cannot be told.",
            "Innvandrere er født i utlandet og har ingen forelder som er kjent født i Norge. "
            "Majoriteten er alle andre som ikke er kjent født i Norge av to foreldre født i "
            "utlandet; der en forelder er uoppgitt, kan det ikke avgjøres.",
        ),
    ),
    _first(
        "first_municipality",
        "municipality",
        Text("First municipality", "Første kommune"),
        municipality_code,
    ),
    _first("first_county", "county", Text("First county", "Første fylke"), county_code),
    _coded(
        "immigration_reason",
        Text("Reason for immigration", "Innvandringsgrunn"),
        {category.code: category.label for category in REASON.categories},
        {"immigration_reason"},
        classification=REASON.classification,
        note=Text(
            "The reason is the one last stated for an immigration; who has none is unknown.",
            "Innvandringsgrunnen er den som sist er oppgitt for en innvandring; den som ikke har "
            "noen, er uoppgitt.",
        ),
    ),
    _number(
        "immigration_year",
        Text("Year of immigration", "Innvandringsår"),
        "Year of the last immigration",
        "year(last_immigration)",
        "last_immigration",
    ),
    _number(
        "first_immigration_year",
        Text("Year of first immigration", "År for første innvandring"),
        "Year of the first immigration",
        "year(first_immigration)",
        "first_immigration",
    ),
    *(
        _number(name, label, _COMPLETED, name, name)
        for name, label in (
            (
                "years_since_immigration",
                Text("Years since immigration", "År siden innvandring"),
            ),
            (
                "years_since_first_immigration",
                Text("Years since first immigration", "År siden første innvandring"),
            ),
            (
                "years_in_municipality",
                Text("Years in the municipality", "År i kommunen"),
            ),
        )
    ),
    _number(
        "children",
        Text("Children under 18", "Barn under 18 år"),
        "Own resident children",
        "coalesce(children, 0)",
        "children",
    ),
    _coded("with_children", Text("With children", "Med barn"), _YES_NO, {"children"}),
    _coded("with_partner", Text("With a partner", "Med partner"), _YES_NO, {"marital"}),
    _coded(
        "family",
        Text("Family", "Familie"),
        {
            "single": Text("Single", "Enslig"),
            "couple": Text("Couple", "Par"),
            "couple_with_children": Text("Couple with children", "Par med barn"),
            "single_with_children": Text("Single with children", "Enslig med barn"),
        },
        {"marital", "children"},
        note=Text(
            "Couples are married or registered partners; cohabitants are not in the register. "
            "Children are own ones under 18 who are resident in the country.",
            "Par er gifte og registrerte partnere; samboere er ikke i registeret. Barn er egne "
            "barn under 18 år som er bosatt i landet.",
        ),
    ),
)

#: Variables of every store that exposure has, by name.
EXPOSED: Final[dict[str, Variable]] = {
    **{id: variable for id, variable in VARIABLES.items() if "stock" in variable.of},
    **{variable.id: variable for variable in (YEAR, DURATION, *_DERIVED)},
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
