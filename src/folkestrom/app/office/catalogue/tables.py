"""The tables of the catalogue."""

from __future__ import annotations

from functools import partial
from typing import Final

from folkestrom.app.office.catalogue.declared import (
    NATION,
    Column,
    Declared,
    abroad,
    account,
    age_code,
    age_groups,
    ages,
    between_places,
    five_years,
    stock,
)
from folkestrom.app.office.catalogue.policies import (
    ACCOUNTS,
    AS_STATISTICS_NORWAY,
    COUNTRIES,
    MOVES,
    NATIONAL,
    ORIGINS,
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

#: Every table, by its number.
TABLES: Final = {
    table.id: table
    for table in (
        Declared(
            "B1001", Text("Population", "Befolkning"), (_REGION, _SEX, _AGE), stock, "stock",
            {"persons": "Personer1"}, AS_STATISTICS_NORWAY, resembles=("07459",),
        ),
        Declared(
            "B1002", Text("Population and changes during the year",
                          "Folkemengde og endringer i løpet av året"),
            (), partial(account, "year"), "year", _ACCOUNT, ACCOUNTS,
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
        ),
        Declared(
            "B1005", Text("Population", "Befolkning"), (_COUNTIES, _SEX, _CITIZENSHIP), stock,
            "stock", {"persons": "Personer"}, ORIGINS,
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
            (_SEX, _AGE), partial(account, "year"), "year", _FLOWS, NATIONAL,
        ),
        Declared(
            "B1009", Text("Internal migration", "Innenlandske flyttinger"),
            (_ORIGIN, _DESTINATION), between_places, "year", {"moves": "Flyttinger"}, MOVES,
        ),
        Declared(
            "B1010", Text("Immigration, emigration and net migration",
                          "Innvandring, utvandring og nettoinnvandring"),
            (_COUNTRY, _SEX), abroad, "year",
            {"immigration": "Innvandring", "emigration": "Utvandring",
             "net_migration": "Nettoinnvandring"},
            COUNTRIES, {"net_migration": ("immigration", "emigration")},
        ),
        Declared(
            "B1011", Text("Population and changes during the year",
                          "Folkemengde og endringer i løpet av året"),
            (_REGION,), partial(account, "year"), "year", _ALL_FLOWS, ACCOUNTS, summed=("",),
        ),
    )
}  # fmt: skip
