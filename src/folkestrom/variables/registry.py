"""Every variable that a store has by itself: the register's own, and those that follow from it.

A new variable is one entry here. It is then there wherever its `uses` allow it: in the population,
changes, rates, studies, descriptions and follow-up, with its codes, labels and footnote.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from folkestrom.classifications.age_groups import FIVE_YEAR, MOTHERS, PUBLISHED, AgeGroups
from folkestrom.classifications.areas import county_name, municipality_name
from folkestrom.classifications.code_lists import (
    CITIZENS,
    IMMIGRANT_CATEGORY,
    IMMIGRANT_NOTE,
    MARITAL_STATUS,
    REASON,
    SEX,
    UNKNOWN_CODE,
    age_label,
    basic_unit_code,
    country_code,
    country_label,
    county_code,
    municipality_code,
    named,
    part_of_town_code,
)
from folkestrom.classifications.country_groups import immigrant_groups, part_of_the_world_sql
from folkestrom.model.codes import PARTNERED_STATUSES, Kind, MaritalStatus, Reason, Sex
from folkestrom.model.countries import COUNTRY_CODES, NO_CODE, UNKNOWN
from folkestrom.model.specification import Category, Dimension, Text, same
from folkestrom.variables import sources
from folkestrom.variables.constructors import (
    classified as _classified,
)
from folkestrom.variables.constructors import (
    completed as _completed,
)
from folkestrom.variables.constructors import (
    country as _country,
)
from folkestrom.variables.constructors import (
    enumerated as _enumerated,
)
from folkestrom.variables.constructors import (
    flag as _flag,
)
from folkestrom.variables.constructors import (
    grouped as _grouped,
)
from folkestrom.variables.constructors import (
    listed as _listed,
)
from folkestrom.variables.constructors import (
    number as _number,
)
from folkestrom.variables.constructors import (
    place as _place,
)
from folkestrom.variables.homes import HOMES
from folkestrom.variables.variable import STUDIES, Use, Variable

#: Groups of completed years since the first immigration.
DURATIONS: Final = AgeGroups("duration", (0, 1, 2, 3, 5, 10, 15, 20))
#: The year in which the pandemic came.
COVID_YEAR: Final = 2020

_FLOW: Final[frozenset[Use]] = frozenset({"flow"})
#: What variables of one sort of flow describe.
_OF_BIRTHS: Final[Mapping[str, Any]] = {"uses": _FLOW, "flows": ("births",)}
_OF_MIGRATION: Final[Mapping[str, Any]] = {"uses": _FLOW, "flows": ("immigration", "emigration")}
_EXPOSURE: Final[frozenset[Use]] = frozenset({"exposure"})


def _category_sql() -> str:
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


def _group_sql() -> str:
    """Number of the immigrant group: natives, born here of immigrants, then groups of countries."""
    groups = immigrant_groups()
    whens = " ".join(
        f"WHEN country_of_birth IN ({', '.join(str(COUNTRY_CODES[c]) for c in listed)}) "
        f"THEN {number}"
        for number, listed in enumerate(groups.values(), start=2)
        if listed
    )
    other = 2 + list(groups).index("other")
    return f"""CASE ({_category_sql()}) WHEN 0 THEN CASE {whens} ELSE {other} END
      WHEN 1 THEN 1 WHEN 4 THEN NULL ELSE 0 END"""


def _background_sql() -> str:
    """Number of the part of the world where an immigrant, or the mother of a child, was born."""
    own, mothers = map(part_of_the_world_sql, ("country_of_birth", "mother_born"))
    return f"""CASE ({_category_sql()}) WHEN 0 THEN {own} WHEN 1 THEN {mothers}
      WHEN 4 THEN NULL ELSE 0 END"""


_BORN_HERE: Final = len(DURATIONS.starts)
_DURATION_LABELS: Final = {
    **{
        group.code: Text(
            f"{group.code.replace('+', ' or more')} year{'' if group.code == '1' else 's'} since "
            "immigration",
            f"{group.code} år siden innvandring",
        )
        for group in DURATIONS.categories
    },
    "born_in_norway": Text("Born in Norway", "Født i Norge"),
    UNKNOWN_CODE: Text("Immigrated before the log", "Innvandret før loggen"),
}


def _duration() -> Variable:
    """Groups of duration of residence, of those who were born abroad."""
    dimension = Dimension(
        "duration",
        Text("Duration of residence", "Botid"),
        tuple(Category(code, label) for code, label in _DURATION_LABELS.items()),
        classification="Completed years since the first immigration",
    )
    years = sources.YEARS_SINCE_ARRIVAL
    sql = f"""CASE WHEN country_of_birth = {NO_CODE} THEN {_BORN_HERE}
      WHEN {years.name} IS NULL THEN {_BORN_HERE + 1} ELSE {DURATIONS.sql(years.name)} END"""
    codes = {code: number for number, code in enumerate(_DURATION_LABELS)}
    return _listed(dimension, sql, sources.BIRTHPLACE, years, numbers=codes)


_LAST_IMMIGRATION: Final = Text(
    "Of several immigrations the last counts; who has none in the register is unknown.",
    "Av flere innvandringer teller den siste; den som ikke har noen i registeret, er uoppgitt.",
)
_OWN_CHILDREN: Final = Text(
    "Children are own ones under 18 who are resident in the country, wherever they live in it.",
    "Barn er egne barn under 18 år som er bosatt i landet, uansett hvor i landet de bor.",
)
_NORWEGIAN_BORN: Final = Text("Norwegian-born to immigrant parents", "Norskfødte av innvandrere")
_PARTNERS: Final = sorted(s for s in PARTNERED_STATUSES if "SEPARATED" not in s.name)
_PARTNER: Final = f"marital_status IN ({', '.join(str(int(status)) for status in _PARTNERS)})"
_COUNTY: Final = Dimension(
    "county",
    Text("County", "Fylke"),
    classification="Counties (first two digits of the municipality)",
    labels=named(county_name),
)
_MUNICIPALITY: Final = Dimension(
    "municipality",
    Text("Municipality", "Kommune"),
    classification="Municipalities as reported",
    labels=named(municipality_name),
)
_FIRST_COUNTY: Final = Text("First county", "Første fylke")
_FIRST_MUNICIPALITY: Final = Text("First municipality", "Første kommune")
_EMIGRATED: Final = f"kind = {int(Kind.EMIGRATION)}"


def _destination(number: int) -> str:
    return country_code(-number) if number < 0 else municipality_code(number)


_OF_THE_REGISTER: Final = (
    _listed(SEX, "sex", sources.ATTRIBUTE, numbers=_enumerated(Sex), fixed=True),
    _number(
        "age", Text("Age", "Alder"), "age", sources.AGE,
        classification="Completed years", labels=age_label,
    ),
    _grouped(
        FIVE_YEAR, Text("Age, five-year groups", "Alder, femårsgrupper"), "age", sources.AGE,
        groups=FIVE_YEAR,
    ),
    _grouped(
        PUBLISHED, Text("Age group", "Aldersgruppe"), "age", sources.AGE, groups=PUBLISHED,
    ),
    _number(
        "birth_year", Text("Year of birth", "Fødselsår"), "year(birth_date)", sources.ATTRIBUTE,
        classification="Year", fixed=True,
    ),
    _listed(
        MARITAL_STATUS, "marital_status", sources.MARITAL, numbers=_enumerated(MaritalStatus)
    ),
    _country(
        "citizenship", Text("Citizenship", "Statsborgerskap"), "citizenship", sources.CITIZENSHIP
    ),
    _listed(
        Dimension("foreign_citizen", Text("Citizenship", "Statsborgerskap"), CITIZENS),
        f"CASE WHEN citizenship = {NO_CODE} THEN 0 ELSE 1 END",
        sources.CITIZENSHIP,
        note=Text(
            "Foreign citizens are all who are not known to be Norwegian: the stateless, those of "
            "unknown citizenship, and those born in Norway too.",
            "Utenlandske statsborgere er alle som ikke er kjent som norske: også statsløse, de med "
            "uoppgitt statsborgerskap og de som er født i Norge.",
        ),
    ),
    _country(
        "country_of_birth", Text("Country of birth", "Fødeland"), "country_of_birth",
        sources.BIRTHPLACE, fixed=True,
    ),
    _classified(
        "born_abroad",
        Text("Born in Norway or abroad", "Født i Norge eller i utlandet"),
        {"no": Text("Born in Norway", "Født i Norge"),
         "yes": Text("Born abroad", "Født i utlandet")},
        f"CASE WHEN nullif(country_of_birth, {COUNTRY_CODES[UNKNOWN]}) IS NULL THEN NULL "
        f"WHEN country_of_birth = {NO_CODE} THEN 0 ELSE 1 END",
        sources.BIRTHPLACE,
        classification="ISO 3166-1 alpha-2",
        fixed=True,
        note=Text(
            "Who is born abroad is no immigrant where a parent is known to be born in Norway: "
            "immigrant_category tells them apart.",
            "Den som er født i utlandet, er ikke innvandrer når en forelder er kjent født i Norge: "
            "immigrant_category skiller dem.",
        ),
    ),
    _listed(
        IMMIGRANT_CATEGORY, _category_sql(), sources.BIRTHPLACE, sources.PARENTS,
        numbers={category.code: n for n, category in enumerate(IMMIGRANT_CATEGORY.categories)},
        fixed=True, note=IMMIGRANT_NOTE,
    ),
    _place(_COUNTY, "municipality // 100", county_code, sources.RESIDENCE, area=1),
    _place(_MUNICIPALITY, "municipality", municipality_code, sources.RESIDENCE, area=2),
    _place(
        Dimension("basic_unit", Text("Basic statistical unit", "Grunnkrets")), "basic_unit",
        basic_unit_code, sources.RESIDENCE, area=3,
    ),
    _place(
        Dimension(
            "part_of_town", Text("Part of town", "Bydel"),
            classification="Parts of town, and whole municipalities that have none",
        ),
        "basic_unit", part_of_town_code, sources.RESIDENCE, area=3,
    ),
    _country(
        "country", Text("Country of origin or destination", "Fra- eller tilflyttingsland"),
        "country", **_OF_MIGRATION,
    ),
    _listed(REASON, "reason", numbers=_enumerated(Reason), **_OF_MIGRATION),
    _number(
        "mother_age", Text("Age of the mother", "Mors alder"), "mother_age", sources.MOTHER,
        labels=age_label, **_OF_BIRTHS,
    ),
    _grouped(
        MOTHERS, Text("Age of the mother, five-year groups", "Mors alder, femårsgrupper"),
        "mother_age", sources.MOTHER, **_OF_BIRTHS,
    ),
    _country(
        "mother_country_of_birth", Text("Mother's country of birth", "Mors fødeland"),
        "mother_country_of_birth", sources.MOTHER, **_OF_BIRTHS,
    ),
    _listed(
        replace(
            MARITAL_STATUS, id="mother_marital_status",
            label=Text("Marital status of the mother", "Mors sivilstand"),
        ),
        "mother_marital_status", sources.MATERNITY, numbers=_enumerated(MaritalStatus),
        **_OF_BIRTHS,
    ),
    _number(
        "birth_order", Text("Birth order", "Barnets nummer i rekken"), "birth_order",
        sources.MATERNITY, classification="The mother's live births", **_OF_BIRTHS,
        note=Text(
            "Birth order counts the mother's live births that the register has: not those abroad "
            "of children who never lived here.",
            "Barnets nummer teller mors levendefødte som registeret har: ikke dem i utlandet av "
            "barn som aldri har bodd her.",
        ),
    ),
)  # fmt: skip

_DERIVED: Final = (
    _number(
        "year", Text("Year", "År"), "year", sources.YEAR,
        classification="Calendar year", uses=_EXPOSURE,
    ),
    _duration(),
    _classified(
        "children_of_immigrants",
        Text("Children of immigrants", "Barn av innvandrere"),
        {"no": Text("Others", "Øvrige"), "yes": _NORWEGIAN_BORN},
        f"CASE ({_category_sql()}) WHEN 1 THEN 1 WHEN 3 THEN NULL WHEN 4 THEN NULL ELSE 0 END",
        sources.BIRTHPLACE,
        sources.PARENTS,
        classification=IMMIGRANT_CATEGORY.classification,
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
    _classified(
        "covid_year",
        Text("Year of the pandemic", "Pandemiår"),
        {"other_years": Text("Other years", "Andre år"), str(COVID_YEAR): same(str(COVID_YEAR))},
        f"CASE WHEN year = {COVID_YEAR} THEN 1 ELSE 0 END",
        sources.YEAR,
        classification="Calendar year",
        everybody=True,
    ),
    _classified(
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
        _group_sql(),
        sources.BIRTHPLACE,
        sources.PARENTS,
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
    _classified(
        "country_background",
        Text("Country background", "Landbakgrunn"),
        {
            "none": Text("No immigrant background", "Ikke innvandrerbakgrunn"),
            "eu_eea": Text("EU and EEA", "EU/EØS"),
            "europe_other": Text("Rest of Europe", "Europa utenom EU/EØS"),
            "africa": Text("Africa", "Afrika"),
            "asia": Text("Asia, with Turkey", "Asia med Tyrkia"),
            "north_america": Text("North America", "Nord-Amerika"),
            "south_central_america": Text("South and Central America", "Sør- og Mellom-Amerika"),
            "oceania": Text("Oceania", "Oseania"),
        },
        _background_sql(),
        sources.BIRTHPLACE,
        sources.PARENTS,
        classification="Parts of the world",
        fixed=True,
        note=Text(
            "Country background is an immigrant's own country of birth, and the mother's of "
            "Norwegian-born to immigrant parents.",
            "Landbakgrunn er eget fødeland for innvandrere, og mors for norskfødte med "
            "innvandrerforeldre.",
        ),
    ),
    _place(
        replace(_MUNICIPALITY, id="first_municipality", label=_FIRST_MUNICIPALITY),
        "first_municipality", municipality_code, sources.FIRST_MUNICIPALITY, fixed=True,
    ),
    _place(
        replace(_COUNTY, id="first_county", label=_FIRST_COUNTY),
        "first_municipality // 100", county_code, sources.FIRST_MUNICIPALITY, fixed=True,
    ),
    _classified(
        "immigration_reason",
        Text("Reason for immigration", "Innvandringsgrunn"),
        {reason.code: reason.label for reason in REASON.categories if reason.code != UNKNOWN_CODE},
        "immigration_reason - 1",
        sources.IMMIGRATION_REASON,
        classification=REASON.classification,
        note=Text(
            "The reason is the one last stated for an immigration; who has none is unknown.",
            "Innvandringsgrunnen er den som sist er oppgitt for en innvandring; den som ikke har "
            "noen, er uoppgitt.",
        ),
    ),
    _number(
        "immigration_year", Text("Year of immigration", "Innvandringsår"),
        "year(last_immigration)", sources.LAST_IMMIGRATION,
        classification="Year of the last immigration", note=_LAST_IMMIGRATION,
    ),
    _number(
        "first_immigration_year", Text("Year of first immigration", "År for første innvandring"),
        "year(first_immigration)", sources.FIRST_IMMIGRATION,
        classification="Year of the first immigration",
    ),
    _completed(
        Text("Years since immigration", "År siden innvandring"), sources.YEARS_SINCE_IMMIGRATION,
        note=_LAST_IMMIGRATION,
    ),
    _completed(
        Text("Years since first immigration", "År siden første innvandring"),
        sources.YEARS_SINCE_FIRST_IMMIGRATION,
    ),
    _completed(
        Text("Years in the municipality", "År i kommunen"), sources.YEARS_IN_MUNICIPALITY
    ),
    _number(
        "children", Text("Children under 18", "Barn under 18 år"), "children", sources.CHILDREN,
        classification="Own resident children", note=_OWN_CHILDREN,
    ),
    _flag(
        "with_children", Text("With children", "Med barn"), "children > 0", sources.CHILDREN,
        note=_OWN_CHILDREN,
    ),
    _flag(
        "with_partner", Text("With a partner", "Med partner"), _PARTNER, sources.MARITAL,
        note=Text(
            "Partners are spouses and registered partners; who cohabits is without, as cohabitants "
            "are not in the register.",
            "Partnere er ektefeller og registrerte partnere; samboere regnes som uten, siden "
            "samboerskap ikke er i registeret.",
        ),
    ),
    _classified(
        "family",
        Text("Family", "Familie"),
        {
            "single": Text("Single", "Enslig"),
            "couple": Text("Couple", "Par"),
            "couple_with_children": Text("Couple with children", "Par med barn"),
            "single_with_children": Text("Single with children", "Enslig med barn"),
        },
        f"CASE WHEN {_PARTNER} THEN CASE WHEN children > 0 THEN 2 ELSE 1 END "
        "WHEN children > 0 THEN 3 ELSE 0 END",
        sources.MARITAL,
        sources.CHILDREN,
        note=Text(
            "Couples are married or registered partners; cohabitants are not in the register. "
            "Children are own ones under 18 who are resident in the country. Everybody without "
            "either is single: children who live with their parents too.",
            "Par er gifte og registrerte partnere; samboere er ikke i registeret. Barn er egne "
            "barn under 18 år som er bosatt i landet. Alle uten noen av delene er enslige: også "
            "barn som bor hos foreldrene.",
        ),
    ),
    _place(
        Dimension("destination", Text("Destination", "Tilflyttingssted")),
        f"CASE WHEN {_EMIGRATED} THEN -country WHEN kind = {int(Kind.MOVE)} THEN went_to END",
        _destination, sources.OUTCOME, unknown=None, uses=STUDIES,
    ),
    _place(
        Dimension(
            "destination_country",
            Text("Country of destination", "Tilflyttingsland"),
            labels=country_label,
        ),
        f"CASE WHEN {_EMIGRATED} THEN country END",
        country_code, sources.OUTCOME, unknown=None, uses=STUDIES,
    ),
)  # fmt: skip

#: Every variable of every store, by name.
VARIABLES: Final[dict[str, Variable]] = {v.name: v for v in (*_OF_THE_REGISTER, *_DERIVED, *HOMES)}

#: Every name that is taken, so that no linked variable or group can have it.
RESERVED: Final = frozenset({*VARIABLES, "person", "year"})


def variables_of(use: Use) -> dict[str, Variable]:
    """The variables that may be asked for in one way, by name.

    Parameters
    ----------
    use
        "stock", "flow", "exposure", "panel" or "episode".

    Examples
    --------
    >>> "mother_age" in variables_of("flow"), "mother_age" in variables_of("stock")
    (True, False)
    """
    return {name: variable for name, variable in VARIABLES.items() if use in variable.uses}
