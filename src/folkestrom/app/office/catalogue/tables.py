"""The tables of the catalogue."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

from folkestrom.app.office.catalogue.declared import (
    NATION,
    Column,
    Declared,
    abroad,
    account,
    age_code,
    age_group_code,
    age_groups,
    ages,
    ages_of_mothers,
    between_places,
    five_years,
    five_years_of_mothers,
    mother_age_code,
    stock,
    stock_by_part,
)
from folkestrom.app.office.catalogue.homes import (
    RESIDENCE,
    both_populations,
    few_code,
    fews,
    key_figures,
    of_children,
    of_couples,
    of_homes,
    of_status,
    size_code,
    sizes,
)
from folkestrom.app.office.catalogue.policies import (
    ABROAD,
    ACCOUNTS,
    AS_STATISTICS_NORWAY,
    BIRTHS,
    CHILDREN,
    COUNTRIES,
    EVENTS,
    GROUPS,
    HOMES,
    MOTHERS,
    MOVES,
    NATIONAL,
    ORIGINS,
    PLACES,
    STATUSES,
)
from folkestrom.app.office.catalogue.prospects import (
    births_of_mothers,
    duration_code,
    durations,
    emigrants_abroad,
)
from folkestrom.model.specification import Category, Text

_SEXES: Final = {"male": "1", "female": "2"}
_REGION: Final = Column(
    "Region", Text("region", "region"), "municipality", eliminated_by=NATION,
    levels=("county", "municipality"),
)  # fmt: skip
_COUNTIES: Final = Column(
    "Region", Text("region", "region"), "county", eliminated_by=NATION, levels=("county",)
)
_SEX: Final = Column(
    "Kjonn", Text("sex", "kjønn"), "sex", lambda code: _SEXES.get(code, code),
    (Category("1", Text("Males", "Menn")), Category("2", Text("Females", "Kvinner"))),
)  # fmt: skip
_AGE: Final = Column(
    "Alder", Text("age", "alder"), "age", age_code, ages(), code_lists=(five_years(), age_groups())
)
_AGE_GROUP: Final = Column(
    "Alder", Text("age", "alder"), "age", age_group_code,
    tuple(Category(group.code, group.label) for group in five_years().groups),
)  # fmt: skip
_MOTHER: Final = Column(
    "AlderMor", Text("age of the mother", "mors alder"), "mother_age", mother_age_code,
    ages_of_mothers(), code_lists=(five_years_of_mothers(),),
)  # fmt: skip
_MARITAL: Final = Column("Sivilstand", Text("marital status", "sivilstand"), "marital_status")
_CITIZENSHIP: Final = Column(
    "Statsborgerskap", Text("citizenship", "statsborgerskap"), "citizenship"
)
_CATEGORY: Final = Column(
    "InnvandrKat", Text("immigrant category", "innvandringskategori"), "immigrant_category"
)
_GROUP: Final = Column(
    "Landbakgrunn", Text("immigrant group", "innvandrergruppe"), "immigrant_group"
)
_DURATION: Final = Column(
    "Botid", Text("years since immigration", "år siden innvandring"), "years_since_immigration",
    duration_code, durations(),
)  # fmt: skip
_BACKGROUND: Final = Column(
    "Landgruppe", Text("country background", "landbakgrunn"), "country_background"
)
_HOUSEHOLD_TYPE: Final = Column(
    "HushType", Text("type of household", "husholdningstype"), "household_type"
)
_HOUSEHOLD_SIZE: Final = Column(
    "HushStr", Text("persons in the household", "personer i husholdningen"), "household_size",
    size_code, sizes(),
)  # fmt: skip
_FAMILY_TYPE: Final = Column("FamType", Text("type of family", "familietype"), "family_type")
_COHABITING: Final = Column("Samliv", Text("living as a couple", "samliv"), "cohabiting")
_PARENTS: Final = Column(
    "ForeldreSamliv", Text("parents living together", "foreldrenes samlivsform"),
    "parents_living_together",
)  # fmt: skip
_SIBLINGS: Final = Column(
    "Sosken", Text("siblings at home", "hjemmeboende søsken"), "siblings_at_home", few_code(4),
    fews(0, 4),
)  # fmt: skip
_MINOR: Final = replace(_AGE, values=ages()[:18], code_lists=())
_ORDER: Final = Column(
    "BarnNr", Text("birth order", "barnets nummer i rekken"), "birth_order", few_code(4),
    fews(1, 4),
)  # fmt: skip
_MOTHERS_STATUS: Final = Column(
    "SivilstandMor", Text("marital status of the mother", "mors sivilstand"),
    "mother_marital_status",
)  # fmt: skip
_RESIDENCE: Final = Column("Bosted", RESIDENCE.label, RESIDENCE.id, eliminated_by="register")
_COUNTRY: Final = Column("Land", Text("country", "land"), "country")
_ORIGIN: Final = Column("Fraflytting", Text("out-migration from", "fraflytting fra"), "origin")
_DESTINATION: Final = Column(
    "Tilflytting", Text("in-migration to", "tilflytting til"), "destination"
)

_FLOWS: Final = {
    "births": "Levendefodte",
    "deaths": "Dode",
    "immigration": "Innvandring",
    "emigration": "Utvandring",
}
_INTERNAL: Final = {"internal_in": "Innflytting", "internal_out": "Utflytting"}
_ACCOUNT: Final = (
    {"population_start": "FolkemengdeStart"}
    | _FLOWS
    | {
        "adjustment": "Korreksjon",
        "excess_of_births": "Fodselsoverskudd",
        "net_migration": "Nettoinnvandring",
        "growth": "Folketilvekst",
        "population_end": "FolkemengdeSlutt",
    }
)
_ALL_FLOWS: Final = {
    **{name: code for name, code in _ACCOUNT.items() if name != "growth"},
    **_INTERNAL,
    "growth": "Folketilvekst",
}

_YEAR: Final = partial(account, "year")


def _covers(en: str, no: str) -> tuple[Text]:
    """A note of which of the published tables of the population a table has."""
    return (
        Text(
            f"Has what Statistics Norway's statistics on the population show as {en}.",
            f"Har det som Statistisk sentralbyrås statistikk over befolkningen viser som {no}.",
        ),
    )


#: How households, families and couples are asked for: one answer serves their tables.
_HOMES: Final = ("household_type", "household_size", "family_type", "cohabiting")
_INFERRED: Final = (
    Text(
        "By registered addresses. Cohabitants without a common child are inferred, and in the "
        "table of couples a category of their own.",
        "Etter registrert adresse. Samboere uten felles barn er utledet, og er i tabellen over par "
        "en egen kategori.",
    ),
)

#: Every table, by its number.
TABLES: Final = {
    table.id: table
    for table in (
        Declared(
            "B1001", Text("Population", "Befolkning"), (_REGION, _SEX, _AGE), stock, "stock",
            {"persons": "Personer1"}, AS_STATISTICS_NORWAY, resembles=("07459",),
            notes=_covers("table 1, by the age groups of a code list; changes in per cent follow",
                          "tabell 1, etter aldersgruppene i en kodeliste; prosentvise endringer "
                          "følger av tallene"),
        ),
        Declared(
            "B1002", Text("Population and changes during the year",
                          "Folkemengde og endringer i løpet av året"),
            (), _YEAR, "year", _ACCOUNT, ACCOUNTS,
            notes=_covers("key figures, and as table 05803", "nøkkeltall, og som tabell 05803"),
        ),
        Declared(
            "B1003", Text("Population and changes during the quarter",
                          "Folkemengde og endringer i kvartalet"),
            (_REGION,), partial(account, "quarter"), "quarter", _ALL_FLOWS, ACCOUNTS,
            # Who moves within a county moves into no county.
            summed=("",),
        ),
        Declared(
            "B1004", Text("Population", "Befolkning"), (_MARITAL, _SEX, _AGE), stock, "stock",
            {"persons": "Personer"}, NATIONAL,
            notes=_covers("table 2, with the unknown as a category", "tabell 2, med uoppgitt som "
                          "en kategori"),
        ),
        Declared(
            "B1005", Text("Population", "Befolkning"), (_COUNTIES, _SEX, _CITIZENSHIP), stock,
            "stock", {"persons": "Personer"}, ORIGINS,
            notes=_covers("table 3, for the whole country", "tabell 3, for hele landet"),
        ),
        Declared(
            "B1006", Text("Population", "Befolkning"), (_REGION, _SEX, _CATEGORY), stock, "stock",
            {"persons": "Personer"}, ORIGINS, asked_with=("immigrant_group",),
        ),
        Declared(
            "B1007", Text("Population", "Befolkning"), (_REGION, _SEX, _GROUP), stock, "stock",
            {"persons": "Personer"}, ORIGINS, asked_with=("immigrant_category",),
        ),
        Declared(
            "B1008", Text("Births, deaths and migration abroad",
                          "Fødte, døde og flyttinger over landegrensen"),
            (_SEX, _AGE), _YEAR, "year", _FLOWS, NATIONAL,
        ),
        Declared(
            "B1009", Text("Internal migration", "Innenlandske flyttinger"),
            (_ORIGIN, _DESTINATION), between_places, "year", {"moves": "Flyttinger"}, MOVES,
        ),
        Declared(
            "B1010", Text("Immigration, emigration and net migration",
                          "Innvandring, utvandring og nettoinnvandring"),
            (_COUNTRY, _SEX, _AGE_GROUP), abroad, "year",
            {"immigration": "Innvandring", "emigration": "Utvandring",
             "net_migration": "Nettoinnvandring"},
            COUNTRIES, {"net_migration": ("immigration", "emigration")},
        ),
        Declared(
            "B1011", Text("Population and changes during the year",
                          "Folkemengde og endringer i løpet av året"),
            (_REGION,), _YEAR, "year", _ALL_FLOWS, ACCOUNTS, summed=("",),
        ),
        Declared(
            "B1012", Text("Live births", "Levendefødte"), (_COUNTIES, _SEX, _MOTHER),
            _YEAR, "year", {"births": "Levendefodte"}, BIRTHS,
        ),
        Declared(
            "B1013", Text("Deaths", "Døde"), (_COUNTIES, _SEX, _AGE_GROUP),
            _YEAR, "year", {"deaths": "Dode"}, EVENTS, asked_with=(),
        ),
        Declared(
            "B1014", Text("Emigrations and emigration rates", "Utvandringer og utvandringsrater"),
            (_COUNTIES, _SEX, _AGE_GROUP), _YEAR, "year",
            {"emigration": "Utvandring"}, EVENTS, rate="emigration", asked_with=(),
        ),
        Declared(
            "B1015", Text("Population", "Befolkning"), (_GROUP, _DURATION, _SEX, _AGE_GROUP),
            stock, "stock", {"persons": "Personer"}, GROUPS,
        ),
        Declared(
            "B1016", Text("Births and migration abroad", "Fødte og flyttinger over landegrensen"),
            (_GROUP, _DURATION, _SEX, _AGE_GROUP), _YEAR, "year",
            {name: _FLOWS[name] for name in ("births", "immigration", "emigration")}, GROUPS,
        ),
        Declared(
            "B1017", Text("Emigrants abroad", "Utvandrede i utlandet"),
            (_GROUP, _SEX, _AGE_GROUP), emigrants_abroad, "stock", {"emigrants": "Personer"},
            ABROAD,
        ),
        Declared(
            "B1018", Text("Live births", "Levendefødte"),
            (_GROUP, replace(_MOTHER, of="age")), births_of_mothers, "year",
            {"births": "Levendefodte"}, MOTHERS,
        ),
        Declared(
            "B1019", Text("Private households", "Privathusholdninger"),
            (_REGION, _HOUSEHOLD_TYPE), of_homes, "stock", {"households": "Husholdninger"}, HOMES,
            asked_with=_HOMES, notes=_INFERRED, needs_homes=True,
        ),
        Declared(
            "B1020", Text("Private households", "Privathusholdninger"),
            (_REGION, _HOUSEHOLD_SIZE), of_homes, "stock", {"households": "Husholdninger"}, HOMES,
            asked_with=_HOMES, notes=_INFERRED, needs_homes=True,
        ),
        Declared(
            "B1021", Text("Private households, and persons in them",
                          "Privathusholdninger, og personer i dem"),
            (_REGION, _RESIDENCE), both_populations, "stock",
            {"households": "Husholdninger", "private_persons": "Personer"}, HOMES, needs_homes=True,
        ),
        Declared(
            "B1022", Text("Families", "Familier"), (_REGION, _FAMILY_TYPE), of_homes, "stock",
            {"families": "Familier"}, HOMES, asked_with=_HOMES, notes=_INFERRED, needs_homes=True,
        ),
        Declared(
            "B1023", Text("Couples", "Par"), (_REGION, _COHABITING), of_homes, "stock",
            {"couples": "Par"}, HOMES, asked_with=_HOMES, notes=_INFERRED, needs_homes=True,
        ),
        Declared(
            "B1024", Text("Children 0-17 years", "Barn 0-17 år"), (_REGION, _MINOR, _PARENTS),
            of_children, "stock", {"children": "Barn"}, CHILDREN,
            asked_with=("siblings_at_home",), notes=_INFERRED, needs_homes=True,
        ),
        Declared(
            "B1025", Text("Children 0-17 years", "Barn 0-17 år"), (_MINOR, _PARENTS, _SIBLINGS),
            of_children, "stock", {"children": "Barn"}, CHILDREN, needs_homes=True,
        ),
        Declared(
            "B1026", Text("Live births", "Levendefødte"), (_COUNTIES, _ORDER, _PARENTS), _YEAR,
            "year", {"births": "Levendefodte"}, BIRTHS, notes=_INFERRED, needs_homes=True,
        ),
        Declared(
            "B1027", Text("Live births", "Levendefødte"), (_MOTHERS_STATUS, _MOTHER), _YEAR,
            "year", {"births": "Levendefodte"}, MOTHERS,
        ),
        Declared(
            "B1028", Text("Persons who marry, and who divorce",
                          "Personer som gifter seg, og som skilles"),
            (_COUNTIES, _SEX, _AGE_GROUP), of_status, "year",
            {"marriages": "Gifter", "divorces": "Skilte"}, STATUSES,
        ),
        Declared(
            "B1029", Text("Marriages and divorces", "Ekteskap og skilsmisser"), (), of_couples,
            "year", {"couples_married": "Ekteskap", "couples_divorced": "Skilsmisser"}, NATIONAL,
        ),
        Declared(
            "B1030", Text("Immigrants and Norwegian-born to immigrant parents",
                          "Innvandrere og norskfødte med innvandrerforeldre"),
            (_COUNTIES, _CATEGORY, _BACKGROUND), stock, "stock", {"persons": "Personer"}, ORIGINS,
        ),
        Declared(
            "B1031", Text("Fertility, mortality and ages", "Fruktbarhet, dødelighet og alder"),
            (), key_figures, "year",
            {"total_fertility": "SamletFruktbarhet", "mean_age_at_childbearing": "MorAlder",
             "life_expectancy_male": "LevealderMenn", "life_expectancy_female": "LevealderKvinner",
             "infant_mortality": "Spedbarn", "mean_age": "Middelalder", "median_age": "Median"},
            NATIONAL, asked_with=(),
        ),
        Declared(
            "B1032", Text("Mean age at marriage", "Gjennomsnittsalder ved ekteskapsinngåelse"),
            (), key_figures, "year",
            {"mean_age_at_marriage_male": "Menn", "mean_age_at_marriage_female": "Kvinner"},
            NATIONAL, asked_with=(),
        ),
        Declared(
            "B1033", Text("Population of basic statistical units", "Befolkning i grunnkretser"),
            (replace(_REGION, levels=(*_REGION.levels, "basic_unit")),), stock, "stock",
            {"persons": "Personer"}, PLACES, summed=("", *_REGION.levels), resembles=("04317",),
        ),
        Declared(
            "B1034", Text("Population of parts of town", "Befolkning i bydeler"),
            (replace(_REGION, levels=(*_REGION.levels, "part_of_town")),), stock_by_part, "stock",
            {"persons": "Personer"}, PLACES, summed=("", *_REGION.levels), needs_parts=True,
        ),
    )
}  # fmt: skip
