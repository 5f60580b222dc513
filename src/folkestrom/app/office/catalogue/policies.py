"""Decisions on the disclosure control of the catalogue's tables, with their reasons."""

from __future__ import annotations

from typing import Final

from folkestrom.model.specification import Text
from folkestrom.publish.protection import Policy

AS_STATISTICS_NORWAY: Final = Policy(
    "none",
    Text(
        "Residents by region, sex and age tell of nothing else: Statistics Norway publishes them "
        "as they are counted, in table 07459.",
        "Bosatte etter region, kjønn og alder røper ikke noe annet: Statistisk sentralbyrå "
        "publiserer dem slik de er talt, i tabell 07459.",
    ),
)
PLACES: Final = Policy(
    "none",
    Text(
        "How many live in a place tells of nothing else: Statistics Norway publishes it as it is "
        "counted, in table 04317 by basic unit.",
        "Hvor mange som bor på et sted, røper ikke noe annet: Statistisk sentralbyrå publiserer "
        "det slik det er talt, i tabell 04317 etter grunnkrets.",
    ),
)
ACCOUNTS: Final = Policy(
    "none",
    Text(
        "An account must add up, from the population at the beginning to that at the end, and has "
        "no variable of persons but the place.",
        "Et regnskap må gå opp, fra folkemengden ved inngangen til den ved utgangen, og har ikke "
        "andre kjennetegn ved personer enn stedet.",
    ),
)
NATIONAL: Final = Policy(
    "none",
    Text(
        "Of the whole nation: nobody can be found by the place.",
        "For hele landet: ingen kan finnes ved hjelp av stedet.",
    ),
)
ORIGINS: Final = Policy(
    "cell keys",
    Text(
        "Small counts of citizenship and country background by place are of single persons, and "
        "are derivable from differences between places and years.",
        "Statsborgerskap og landbakgrunn etter sted ville røpet enkeltpersoner, og det ville også "
        "forskjeller mellom steder og år.",
    ),
    units=(("Region", "Kjonn"),),
    few=20,
)
MOVES: Final = Policy(
    "cell keys",
    Text(
        "A person who moves between two places is often alone in it: from a count of 1 it follows "
        "where a person who is known to have left has gone.",
        "Den som flytter mellom to steder, er ofte alene om det: et antall på 1 ville røpet hvor "
        "en person som vites å ha flyttet, er kommet.",
    ),
    units=(("Fraflytting",), ("Tilflytting",)),
    few=10,
)
COUNTRIES: Final = Policy(
    "cell keys",
    Text(
        "Few persons come from, or go to, most countries: a count of 1 is of one whose "
        "country is known.",
        "Få personer kommer fra, eller drar til, de fleste land: et antall på 1 ville røpet en som "
        "man kjenner landet til.",
    ),
    units=(("Kjonn",), ("Kjonn", "Alder")),
    few=20,
)
BIRTHS: Final = Policy(
    "cell keys",
    Text(
        "Few children are born to the youngest and the oldest mothers of a county: a count of 1 "
        "is of one whose mother's age is then known.",
        "Få barn fødes av de yngste og de eldste mødrene i et fylke: et antall på 1 ville røpet "
        "alderen til én bestemt mor.",
    ),
    units=(("Region",), ("Kjonn",)),
    few=10,
)
EVENTS: Final = Policy(
    "cell keys",
    Text(
        "Few of an age and sex die in a county, or leave it for another country: a count of 1 is "
        "of a person who is known there.",
        "Få i en alder og av et kjønn dør i et fylke, eller flytter fra det til utlandet: et "
        "antall på 1 er av en person som er kjent der.",
    ),
    units=(("Region",), ("Kjonn", "Alder")),
    few=10,
)
GROUPS: Final = Policy(
    "cell keys",
    Text(
        "Few of an age are of most groups of countries and years since immigration: a count of 1 "
        "is of one whom those who know the group recognise.",
        "Få i en alder hører til de fleste grupper av land og botid: et antall på 1 ville røpet en "
        "som de som kjenner gruppen, kjenner igjen.",
    ),
    units=(("Kjonn", "Alder"),),
    few=20,
)
MOTHERS: Final = Policy(
    "cell keys",
    Text(
        "Few children are born to mothers of an age in most groups of countries: a count of 1 is "
        "of one whose mother's group is then known.",
        "Få barn fødes av mødre i en alder i de fleste grupper av land: et antall på 1 ville røpet "
        "gruppen til én bestemt mor.",
    ),
)
ABROAD: Final = Policy(
    "cell keys",
    Text(
        "Few of an age and group live abroad: a count of 1 is of one whose family here knows it.",
        "Få i en alder og gruppe bor i utlandet: et antall på 1 er av en som familien her kjenner.",
    ),
)
HOMES: Final = Policy(
    "cell keys",
    Text(
        "Few households of a municipality are of most types: a count of 1 is of one that the "
        "neighbours know. A household has the noise of its oldest person, a family and a couple "
        "that of their reference person.",
        "Få husholdninger i en kommune er av de fleste typene: et antall på 1 er av en som naboene "
        "kjenner. En husholdning har støyen til sin eldste, en familie og et par den til "
        "referansepersonen.",
    ),
)
CHILDREN: Final = Policy(
    "cell keys",
    Text(
        "Few children of an age in a municipality live with their father alone, or with neither "
        "parent: a count of 1 is of one whom the school class knows.",
        "Få barn i en alder i en kommune bor hos bare far, eller hos ingen av foreldrene: et "
        "antall på 1 er av et som skoleklassen kjenner.",
    ),
    units=(("Region",), ("Region", "Alder"), ("Alder",)),
    few=20,
)
STATUSES: Final = Policy(
    "cell keys",
    Text(
        "Few of an age and sex marry or divorce in a county: a count of 1 is of a person who is "
        "known there.",
        "Få i en alder og av et kjønn gifter seg eller skilles i et fylke: et antall på 1 er av en "
        "person som er kjent der.",
    ),
)
