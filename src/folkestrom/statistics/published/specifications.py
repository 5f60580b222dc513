"""What the published tables say around their figures, in English and Norwegian.

`{year}` is the year on whose 1 January the table stands, `{before}` the year before it, `{five}`
and `{ten}` the years five and ten years before, `{known}` the knowledge date.
"""

from __future__ import annotations

from typing import Final

from folkestrom.classifications.age_groups import FIVE_YEAR, PUBLISHED
from folkestrom.classifications.code_lists import MARITAL_STATUS, country_label
from folkestrom.model.specification import (
    Category,
    Dimension,
    Measure,
    TableSpecification,
    Text,
    same,
)
from folkestrom.statistics.population import PERSONS

TOTAL: Final = "total"
BOTH: Final = "both"

_TOTAL: Final = Category(TOTAL, Text("Total", "I alt"))
_PERCENT: Final = Text("percent", "prosent")

_KNOWN: Final = same("{known}")
_STOCK_CONTENTS: Final = Text(
    "All persons registered as resident in Norway on 1 January (de jure population).",
    "Alle personer registrert bosatt i Norge 1. januar (de jure-befolkning).",
)
_STOCK_TIME: Final = Text("1 January {year}", "1. januar {year}")
_STOCK_METHOD: Final = Text(
    "The state at the end of 31 December {before}, as known on {known}. Age is completed age then.",
    "Tilstanden ved utgangen av 31. desember {before}, slik den var kjent {known}. Alder er fylte "
    "år da.",
)

_SEXES: Final = Dimension(
    "sex",
    Text("Sex", "Kjønn"),
    (
        Category(BOTH, Text("Males and females", "Begge kjønn")),
        Category("male", Text("Males", "Menn")),
        Category("female", Text("Females", "Kvinner")),
    ),
    classification="Sex",
    total=BOTH,
)

KEY_FIGURES: Final = TableSpecification(
    id="key-figures",
    title=Text(
        "Population and population changes. {before}",
        "Folkemengde og folkemengdens endring. {before}",
    ),
    dimensions=(
        Dimension(
            "figure",
            Text("Figure", "Tall"),
            (
                Category(
                    "population_start",
                    Text(
                        "Population at the beginning of the year",
                        "Folkemengde ved årets begynnelse",
                    ),
                ),
                Category("population_growth", Text("Population growth", "Folketilvekst")),
                Category(
                    "population_end",
                    Text("Population at the end of the year", "Folkemengde ved utgangen av året"),
                ),
                Category("excess_of_births", Text("Excess of births", "Fødselsoverskudd")),
                Category("births", Text("Births", "Fødte")),
                Category("deaths", Text("Deaths", "Døde")),
                Category("net_migration", Text("Net migration", "Nettoinnvandring")),
                Category("immigration", Text("Immigration", "Innvandringer")),
                Category("emigration", Text("Emigration", "Utvandringer")),
                Category(
                    "statistical_adjustment",
                    Text("Statistical adjustments", "Statistisk korreksjon"),
                ),
            ),
        ),
    ),
    measures=(Measure("value", Text("{before}", "{before}"), Text("persons", "personer")),),
    contents=Text(
        "Population at the turn of the year, and live births, deaths and migration in between.",
        "Folkemengde ved årsskiftene, og levendefødte, døde og flyttinger mellom dem.",
    ),
    reference_time=Text("{before}", "{before}"),
    time="{before}",
    knowledge_time=_KNOWN,
)

AGE_GROUPS: Final = TableSpecification(
    id="age-groups",
    title=Text(
        "Population, by age. 1 January {year}", "Folkemengde, etter alder. 1. januar {year}"
    ),
    dimensions=(
        Dimension(
            "age_group",
            Text("Age", "Alder"),
            (_TOTAL, *PUBLISHED.categories),
            classification="Age",
            total=TOTAL,
        ),
    ),
    measures=(
        Measure("population", Text("{year}", "{year}"), Text("persons", "personer")),
        Measure(
            "change_1_year",
            Text("Change in percent {before} - {year}", "Endring i prosent {before}-{year}"),
            _PERCENT,
            decimals=1,
            empty=None,
        ),
        Measure(
            "change_5_years",
            Text("Change in percent {five} - {year}", "Endring i prosent {five}-{year}"),
            _PERCENT,
            decimals=1,
            empty=None,
        ),
        Measure(
            "change_10_years",
            Text("Change in percent {ten} - {year}", "Endring i prosent {ten}-{year}"),
            _PERCENT,
            decimals=1,
            empty=None,
        ),
    ),
    contents=_STOCK_CONTENTS,
    reference_time=_STOCK_TIME,
    time="{year}-01-01",
    method=_STOCK_METHOD,
    knowledge_time=_KNOWN,
)

_STATUSES: Final = tuple(c for c in MARITAL_STATUS.categories if c.code != "unknown")
_UNKNOWN: Final = tuple(c for c in MARITAL_STATUS.categories if c.code == "unknown")

_MARITAL_DIMENSIONS: Final = (
    _SEXES,
    Dimension(
        "age",
        Text("Age", "Alder"),
        (_TOTAL, *FIVE_YEAR.categories),
        classification="Age, five-year groups",
        total=TOTAL,
    ),
)

MARITAL_STATUS_OWN: Final = TableSpecification(
    id="marital-status",
    title=Text(
        "Population by sex, age and marital status. 1 January {year}",
        "Folkemengde, etter kjønn, alder og sivilstand. 1. januar {year}",
    ),
    dimensions=(
        *_MARITAL_DIMENSIONS,
        Dimension(
            "marital_status",
            Text("Marital status", "Sivilstand"),
            (_TOTAL, *_STATUSES, *_UNKNOWN),
            classification="Marital status",
            total=TOTAL,
        ),
    ),
    measures=(PERSONS,),
    columns=("marital_status",),
    contents=_STOCK_CONTENTS,
    reference_time=_STOCK_TIME,
    time="{year}-01-01",
    method=_STOCK_METHOD,
    knowledge_time=_KNOWN,
)

MARITAL_STATUS_AS_PUBLISHED: Final = TableSpecification(
    id="marital-status",
    title=MARITAL_STATUS_OWN.title,
    dimensions=(
        *_MARITAL_DIMENSIONS,
        Dimension(
            "marital_status",
            Text("Marital status", "Sivilstand"),
            (_TOTAL, *_STATUSES),
            classification="Marital status",
            total=TOTAL,
        ),
    ),
    measures=(PERSONS,),
    columns=("marital_status",),
    footnotes=(
        Text("Unknown marital status is not included.", "Uoppgitt sivilstand er ikke tatt med."),
        Text(
            "In the rows of males and females together, the totals of the age groups include it, "
            "as in the published table.",
            "I radene for begge kjønn er den med i summen for hver aldersgruppe, som i den "
            "publiserte tabellen.",
        ),
    ),
    contents=_STOCK_CONTENTS,
    reference_time=_STOCK_TIME,
    time="{year}-01-01",
    method=_STOCK_METHOD,
    knowledge_time=_KNOWN,
)

CITIZENSHIP: Final = TableSpecification(
    id="citizenship",
    title=Text(
        "Foreign citizens by citizenship and sex. 1 January {year}",
        "Utenlandske statsborgere, etter statsborgerskap og kjønn. 1. januar {year}",
    ),
    dimensions=(
        Dimension(
            "citizenship",
            Text("Citizenship", "Statsborgerskap"),
            classification="ISO 3166-1 alpha-2",
            labels=country_label,
            total=TOTAL,
        ),
        _SEXES,
    ),
    measures=(PERSONS,),
    columns=("sex",),
    footnotes=(
        Text(
            "The total includes persons who are stateless and those whose citizenship is unknown.",
            "Summen omfatter også statsløse og personer med uoppgitt statsborgerskap.",
        ),
    ),
    contents=Text(
        "Persons registered as resident in Norway on 1 January who are not Norwegian citizens: "
        "all, and the largest citizenships.",
        "Personer registrert bosatt i Norge 1. januar som ikke er norske statsborgere: alle, og de "
        "største statsborgerskapene.",
    ),
    reference_time=_STOCK_TIME,
    time="{year}-01-01",
    method=_STOCK_METHOD,
    knowledge_time=_KNOWN,
)
