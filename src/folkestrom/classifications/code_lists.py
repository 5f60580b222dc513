"""Code lists of the dimensions, with their labels in English and Norwegian."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

from folkestrom.classifications.areas import municipality_codes
from folkestrom.model.countries import COUNTRY_CODES, UNKNOWN, alpha2, country_name
from folkestrom.model.report import BASIC_UNIT_DIGITS, MUNICIPALITY_DIGITS
from folkestrom.model.specification import Category, Dimension, Text

#: Nobody is of this age or older.
_OLDEST: Final = 130

#: Code of what is not known, in every dimension of texts.
UNKNOWN_CODE: Final = "unknown"

SEX: Final = Dimension(
    "sex",
    Text("Sex", "Kjønn"),
    (
        Category("male", Text("Males", "Menn")),
        Category("female", Text("Females", "Kvinner")),
        Category("unknown", Text("Unknown", "Uoppgitt")),
    ),
    classification="Sex",
)

MARITAL_STATUS: Final = Dimension(
    "marital_status",
    Text("Marital status", "Sivilstand"),
    (
        Category("never_married", Text("Never married", "Ugift")),
        Category("married", Text("Married", "Gift")),
        Category("widowed", Text("Widows/widowers", "Enke/enkemann")),
        Category("divorced", Text("Divorced", "Skilt")),
        Category("separated", Text("Separated", "Separert")),
        Category("registered_partner", Text("Registered partners", "Registrert partner")),
        Category("separated_partner", Text("Separated partners", "Separert partner")),
        Category("divorced_partner", Text("Divorced partners", "Skilt partner")),
        Category("surviving_partner", Text("Surviving partners", "Gjenlevende partner")),
        Category("unknown", Text("Unknown", "Uoppgitt")),
    ),
    classification="Marital status",
)

CITIZENS: Final = (
    Category("norwegian", Text("Norwegian citizens", "Norske statsborgere")),
    Category("foreign", Text("Foreign citizens", "Utenlandske statsborgere")),
)

IMMIGRANT_CATEGORY: Final = Dimension(
    "immigrant_category",
    Text("Immigrant category", "Innvandringskategori"),
    (
        Category("immigrant", Text("Immigrants", "Innvandrere")),
        Category(
            "norwegian_born",
            Text("Norwegian-born to immigrant parents", "Norskfødte med innvandrerforeldre"),
        ),
        Category("other", Text("Others", "Øvrige")),
        Category(
            "parents_unknown",
            Text(
                "Norwegian-born, parents' country of birth unknown",
                "Norskfødte, foreldrenes fødeland uoppgitt",
            ),
        ),
        Category("unknown", Text("Unknown", "Uoppgitt")),
    ),
    classification="Immigrant category, by own and parents' country of birth",
)

#: What cannot be told where parents or grandparents are not in the register.
IMMIGRANT_NOTE: Final = Text(
    "Immigrants are born abroad and have no parent known to be born in Norway; parents whose "
    "country of birth is unknown are taken to be born abroad. Norwegian-born persons with no "
    "parent known to be born in Norway, and at least one unknown, are shown by themselves. "
    "Grandparents' countries of birth are not known.",
    "Innvandrere er født i utlandet og har ingen forelder som er kjent født i Norge; foreldre "
    "med uoppgitt fødeland regnes som født i utlandet. Norskfødte uten noen forelder som er "
    "kjent født i Norge, og med minst én uoppgitt, vises for seg. Besteforeldres fødeland er "
    "ikke kjent.",
)

REASON: Final = Dimension(
    "reason",
    Text("Reason for migration", "Innvandringsgrunn"),
    (
        Category("work", Text("Work", "Arbeid")),
        Category("family", Text("Family", "Familie")),
        Category("refuge", Text("Refuge", "Flukt")),
        Category("education", Text("Education", "Utdanning")),
        Category("nordic", Text("Nordic", "Nordisk")),
        Category("return", Text("Return", "Tilbakevending")),
        Category("administrative", Text("Administrative", "Administrativ")),
        Category("other", Text("Other", "Annet")),
        Category("unknown", Text("Not stated", "Uoppgitt")),
    ),
    classification="Stated reason for migration",
)


@cache
def long_list(variable: str) -> dict[str, int]:
    """Codes, with their numbers, of a variable whose list is too long for a dimension.

    They are allowed whether anybody has them or not. Empty for variables without such a list.

    Parameters
    ----------
    variable
        Its name.

    Examples
    --------
    >>> long_list("county")["03"], long_list("citizenship")["PL"] > 0, long_list("sex")
    (3, True, {})
    """
    municipalities = {code: int(code) for code in municipality_codes()}
    countries = {code: number for code, number in COUNTRY_CODES.items() if code != UNKNOWN}
    if variable in ("municipality", "first_municipality"):
        return municipalities
    if variable in ("county", "first_county"):
        return {code[:2]: number // 100 for code, number in municipalities.items()}
    if variable in ("citizenship", "country_of_birth", "destination_country"):
        return countries
    if variable == "destination":
        return municipalities | {code: -number for code, number in countries.items()}
    return {str(age): age for age in range(_OLDEST)} if variable == "age" else {}


def municipality_code(number: int) -> str:
    """Code of a municipality as files have it.

    Examples
    --------
    >>> municipality_code(301)
    '0301'
    """
    return f"{number:0{MUNICIPALITY_DIGITS}d}"


def county_code(number: int) -> str:
    """Code of a county: the first two digits of its municipalities'."""
    return f"{number:02d}"


def basic_unit_code(number: int) -> str:
    """Code of a basic statistical unit as files have it."""
    return f"{number:0{BASIC_UNIT_DIGITS}d}"


def part_of_town_code(number: int) -> str:
    """Code of a part of town, or of a municipality as a whole, which ends in two zeros.

    Examples
    --------
    >>> part_of_town_code(30116), part_of_town_code(110300)
    ('030116', '110300')
    """
    return f"{number:06d}"


def country_code(number: int) -> str:
    """Alpha-2 code of a country, or the code of what is not known."""
    code = alpha2(number)
    return UNKNOWN_CODE if code == UNKNOWN else code


def country_label(code: str) -> Text:
    """Name of a country."""
    if code == UNKNOWN_CODE:
        code = UNKNOWN
    return Text(country_name(code, "en"), country_name(code, "no"))


def age_label(code: str) -> Text:
    """An age in words."""
    return (
        Text("Unknown", "Uoppgitt") if code == UNKNOWN_CODE else Text(f"{code} years", f"{code} år")
    )


def named(name: Callable[[str], str]) -> Callable[[str], Text]:
    """Labels that are names, the same in both languages."""

    def label(code: str) -> Text:
        if code == UNKNOWN_CODE:
            return Text("Unknown", "Uoppgitt")
        return Text(name(code), name(code))

    return label
