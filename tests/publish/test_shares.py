"""Figures in per cent: shares within a variable, and one figure of another."""

from __future__ import annotations

import pyarrow as pa
import pytest

from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.specification import (
    Category,
    Dimension,
    Measure,
    TableSpecification,
    same,
)
from folkestrom.publish.arrangement import Arrangement
from folkestrom.publish.shares import with_shares
from folkestrom.statistics.totals import with_totals


def table(persons: list[int | None]) -> Cells:
    """Persons by county and sex, and how many they were before."""
    sexes = Dimension("sex", same("Sex"), (Category("f", same("F")), Category("m", same("M"))))
    measures = (
        Measure("persons", same("Persons"), same("persons")),
        Measure("before", same("Before"), same("persons")),
    )
    made = TableSpecification(
        "t", same("T"), (Dimension("county", same("County")), sexes), measures
    )
    rows = {"county": ["03", "03", "11", "11"], "sex": ["f", "m"] * 2,
            "persons": persons, "before": [4, 0, 10, 10]}  # fmt: skip
    return Cells(made, pa.table(rows))


def test_shares_are_of_all_categories_in_the_same_cell_otherwise() -> None:
    data = with_shares(table([1, 2, 30, 10]), "sex").data
    assert data["persons_share"].to_pylist() == pytest.approx([100 / 3, 200 / 3, 75, 25])
    across = with_shares(table([1, 2, 30, 10]), "county").data
    assert across["persons_share"].to_pylist()[:2] == pytest.approx([100 / 31, 200 / 12])


def test_a_share_of_what_is_not_shown_is_none() -> None:
    data = with_shares(table([None, 2, 30, 10]), "sex").data
    assert data["persons_share"].to_pylist() == [None, None, 75, 25]


def test_totals_are_what_shares_are_of() -> None:
    data = with_shares(with_totals(table([1, 2, 30, 10])), "sex").data
    shares = {(r["county"], r["sex"]): r["persons_share"] for r in data.to_pylist()}
    assert shares["03", "total"] == shares["total", "total"] == 100
    assert shares["total", "f"] == pytest.approx(3100 / 43)
    assert shares["11", "f"] == 75


def test_one_figure_in_per_cent_of_another() -> None:
    found = Arrangement(share_of="persons/before", order="Persons, % of before", top=1)
    shown = found.of(table([1, 2, 30, 11]))
    assert shown.data["persons_per_cent"].to_pylist() == [300]
    every = with_shares(table([1, 2, 30, 11]), "persons / before").data["persons_per_cent"]
    assert every.to_pylist()[:2] == [25, None]


@pytest.mark.parametrize("of", ["age", "persons/after", "/before", ""])
def test_what_is_not_in_the_table_has_no_share(of: str) -> None:
    with pytest.raises(UsageError, match="of the table"):
        with_shares(table([1, 2, 3, 4]), of)
