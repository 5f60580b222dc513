"""Results made by hand, to be drawn."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from folkestrom.model.cells import Cells
from folkestrom.model.specification import (
    Category,
    Dimension,
    Measure,
    TableSpecification,
    Text,
    same,
)

SEX = Dimension(
    "sex", Text("Sex", "Kjønn"),
    (Category("male", Text("Males", "Menn")), Category("female", Text("Females", "Kvinner"))),
)  # fmt: skip
COUNTIES = {"03": "Oslo", "11": "Rogaland", "46": "Vestland"}
COUNTY = Dimension("county", Text("County", "Fylke"), labels=lambda code: same(COUNTIES[code]))
AGE = Dimension("age", Text("Age", "Alder"))
DATE = Dimension("date", Text("Date", "Dato"))
PERSONS = Measure("persons", Text("Persons", "Personer"), Text("persons", "personer"))
RATE, LOWER, UPPER = (
    Measure(name, same(name.title()), same("per 1 000"), 2, None)
    for name in ("rate", "rate_lower", "rate_upper")
)


def result(
    dimensions: tuple[Dimension, ...],
    columns: dict[str, Any],
    measures: tuple[Measure, ...] = (PERSONS,),
    suppressed: list[bool] | None = None,
    **more: Any,
) -> Cells:
    """A result of these columns."""
    said: dict[str, Any] = {
        "id": "made", "title": Text("Made by hand", "Laget for hånd"),
        "knowledge_time": same("2021-02-01"), "reference_time": same("2021-01-01"),
        "footnotes": (Text("A note.", "En fotnote."),),
    }  # fmt: skip
    specification = TableSpecification(dimensions=dimensions, measures=measures, **(said | more))
    mask = None if suppressed is None else pa.array(suppressed)
    return Cells(specification, pa.table(columns), mask)


def counties(**more: Any) -> Cells:
    """Persons by county."""
    return result((COUNTY,), {"county": ["03", "11", "46"], "persons": [693, 479, 636]}, **more)


def rates() -> Cells:
    """Rates with intervals, by county and sex; those of females in Rogaland may not be shown."""
    columns = {
        "county": ["03", "03", "11", "11"], "sex": ["male", "female"] * 2,
        "persons": pa.array([9, 8, 7, None], pa.int64()),
        "rate": pa.array([12.0, 10.0, 4.0, None]), "rate_lower": pa.array([11.0, 9.0, 3.5, None]),
        "rate_upper": pa.array([13.0, 11.5, 5.0, None]),
    }  # fmt: skip
    measures = (PERSONS, RATE, LOWER, UPPER)
    return result((COUNTY, SEX), columns, measures, [False, False, False, True])


def ages(by: int = 1, day: str = "2021-01-01") -> Cells:
    """Persons by sex and age: one more of each older age."""
    data = [("male", a, a + 1) for a in range(4)] + [("female", a, 2 * by) for a in range(1, 4)]
    sex, age, persons = map(list, zip(*data, strict=True))
    return result(
        (SEX, AGE), {"sex": sex, "age": age, "persons": persons}, reference_time=same(day)
    )


def series() -> Cells:
    """Persons by day and sex."""
    days = [f"{year}-01-01" for year in (2019, 2020, 2021)]
    columns = {"date": [d for d in days for _ in range(2)], "sex": ["male", "female"] * 3}
    return result((DATE, SEX), columns | {"persons": [10, 20, 11, 21, 12, 22]})
