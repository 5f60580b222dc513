"""Wrong registered residence: what linked variables tell of it, and what a survey does.

The survey of 1990 found 5.5 per cent registered elsewhere than they lived; much of it is the legal
definition, by which students and those who live apart for work stay with their families. By where
persons lived it was 1.8 to 3.0 per cent.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import duckdb
import pyarrow as pa
from scipy import stats

from folkestrom.classifications.code_lists import UNKNOWN_CODE
from folkestrom.errors import UsageError
from folkestrom.linkage.catalogue import linked_variables
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import LATEST, KnownAt
from folkestrom.model.specification import (
    Category,
    Dimension,
    Measure,
    TableSpecification,
    Text,
    same,
)
from folkestrom.statistics.homes import MUNICIPALITY
from folkestrom.statistics.population import population

_LEVEL: Final = 0.95
_PERSONS: Final = Text("persons", "personer")
_SHARE: Final = Text("per cent", "prosent")
SPECIFICATION: Final = TableSpecification(
    id="wrong-residence",
    title=Text(
        "Registered elsewhere than they live. {day}", "Registrert et annet sted enn de bor. {day}"
    ),
    dimensions=(
        Dimension(
            "source", Text("By", "Etter"),
            (
                Category("linked", Text("Linked municipality of residence",
                                        "Koblet bostedskommune")),
                Category("survey", Text("Survey", "Utvalgsundersøkelse")),
            ),
        ),
    ),
    measures=(
        Measure("residents", Text("Residents", "Bosatte"), _PERSONS),
        Measure("persons", Text("Registered elsewhere", "Registrert et annet sted"), _PERSONS),
        Measure("share", Text("Per cent", "Prosent"), _SHARE, 2, None),
        Measure("low", Text("Lower end", "Nedre ende"), _SHARE, 2, None),
        Measure("high", Text("Upper end", "Øvre ende"), _SHARE, 2, None),
    ),
    contents=Text(
        "Residents who live in another municipality than they are registered in: those of whom a "
        "linked variable tells it, and those whom a survey lets expect.",
        "Bosatte som bor i en annen kommune enn de er registrert i: de som en koblet variabel "
        "forteller om, og de som en utvalgsundersøkelse gir grunn til å vente.",
    ),
    reference_time=same("{day}"),
    method=Text(
        "Shares of a survey with Wilson's interval of 95 per cent, as of a simple random sample.",
        "Andeler i en utvalgsundersøkelse med Wilsons intervall på 95 prosent, som for et enkelt "
        "tilfeldig utvalg.",
    ),
    listing=True,
)  # fmt: skip


def wrong_residence(
    connection: duckdb.DuckDBPyConnection, day: date, known_at: KnownAt = LATEST,
    survey: tuple[int, int] | None = None,
) -> Cells:  # fmt: skip
    """How many are registered elsewhere than they live.

    Parameters
    ----------
    connection, day, known_at
        An open store, the reference date, and the knowledge date.
    survey
        How many of a random sample were registered elsewhere, and its size.

    Raises
    ------
    UsageError
        Neither a survey nor a linked variable `actual_municipality`; a survey that cannot be.
    """
    rows: list[tuple[object, ...]] = []
    linked = MUNICIPALITY in linked_variables(connection)
    if not linked and survey is None:
        raise UsageError(
            "is not linked, and no survey was given", where=MUNICIPALITY,
            next_step="Link where persons live (folkestrom link FILE --as actual_municipality), or "
            "give the result of a survey",
        )  # fmt: skip
    if survey and not 0 <= survey[0] <= survey[1] > 0:
        raise UsageError(
            "is no result of a survey", where="survey", value=f"{survey[0]}/{survey[1]}",
            allowed="persons registered elsewhere, and persons asked, such as 138/2500",
        )  # fmt: skip
    by = ("municipality", *((MUNICIPALITY,) if linked else ()))
    found = population(connection, day, by, known_at).data.to_pydict()
    residents = sum(found["persons"])
    if linked:
        places = zip(found["municipality"], found[MUNICIPALITY], found["persons"], strict=True)
        wrong = sum(n for here, there, n in places if there not in (here, None, UNKNOWN_CODE))
        rows.append(("linked", residents, wrong, 100 * wrong / residents, None, None))
    if survey:
        interval = stats.binomtest(*survey).proportion_ci(_LEVEL, "wilson")
        share = survey[0] / survey[1]
        ends = (100 * interval.low, 100 * interval.high)
        rows.append(("survey", residents, round(share * residents), 100 * share, *ends))
    types = (pa.string(), pa.int64(), pa.int64(), *[pa.float64()] * 3)
    names = ("source", "residents", "persons", "share", "low", "high")
    columns = [pa.array(c, t) for c, t in zip(zip(*rows, strict=True), types, strict=True)]
    return Cells(SPECIFICATION.fill(day=day), pa.table(columns, names=names))
