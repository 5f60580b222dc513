"""Rows first, columns across, labels beside codes: against the same done by Polars."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import polars as pl
import pyarrow as pa
import pytest
from openpyxl import load_workbook

from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.specification import (
    Category,
    Dimension,
    Language,
    Measure,
    TableSpecification,
    Text,
    same,
)
from folkestrom.publish.arrangement import Arrangement
from folkestrom.publish.formats.content import WRITERS
from folkestrom.publish.formats.layout import MOST_ACROSS, lay_out
from folkestrom.publish.formats.output_format import OutputFormat
from folkestrom.statistics.totals import with_totals

SEX = Dimension(
    "sex", same("Sex"),
    (Category("male", Text("Males", "Menn")), Category("female", Text("Females", "Kvinner"))),
)  # fmt: skip
PLACES = {"03": "Oslo", "11": "a,b\n;=1+2"}
PLACE = Dimension("place", same("Place"), labels=lambda code: same(PLACES.get(code, code)))
AGE = Dimension("age", same("Age"))
PERSONS = Measure("persons", same("Persons"), same("persons"))
RATE = Measure("rate", same("Rate"), same("per cent"), decimals=1, empty=None)


def table(*measures: Measure) -> Cells:
    data = {
        "place": ["11", "03", "03", "11"], "sex": ["male", "male", "female", "female"],
        "age": pa.array([9, 10, None, 10], pa.int16()), "persons": [4, 7, 7, 1],
        "rate": [None, 2.0, 1.0, 5.0],
    }  # fmt: skip
    names = ["place", "sex", "age", *(measure.id for measure in measures)]
    specification = TableSpecification("t", same("T"), (PLACE, SEX, AGE), measures)
    return Cells(specification, pa.table({name: data[name] for name in names}))


def frame(cells: Cells) -> pl.DataFrame:
    return pl.DataFrame(cells.data).with_columns(pl.col(pl.Categorical).cast(pl.String))


def test_largest_first_and_equal_ones_as_they_stood() -> None:
    found = frame(Arrangement(top=3).of(table(PERSONS)))
    assert found["persons"].to_list() == [7, 7, 4]
    assert found["sex"].to_list() == ["male", "female", "male"]


def test_what_is_not_known_comes_last() -> None:
    found = frame(Arrangement(order="rate").of(table(PERSONS, RATE)))
    assert found["rate"].to_list() == [5.0, 2.0, 1.0, None]


def test_a_variable_is_in_the_order_of_its_categories() -> None:
    found = frame(Arrangement(order="age").of(table(PERSONS)))
    assert found["age"].to_list() == [9, 10, 10, None]
    assert frame(Arrangement(order="sex").of(table(PERSONS)))["sex"].to_list()[:2] == ["male"] * 2


def test_a_note_says_how_many_rows_are_left_out_and_none_where_all_are_there() -> None:
    notes = Arrangement(top=3).of(table(PERSONS)).specification.footnotes
    assert [note.en for note in notes] == ["The first 3 of 4 rows by Persons."]
    assert Arrangement(top=4).of(table(PERSONS)).specification.footnotes == ()


def test_totals_are_the_sums_and_stand_first() -> None:
    found = frame(with_totals(table(PERSONS)))
    assert found.row(0) == ("total", "total", "total", 19)
    inner = frame(table(PERSONS)).with_columns(pl.col("age").cast(pl.String).fill_null("unknown"))
    for kept in ([], ["place"], ["sex"], ["age"], ["place", "sex"], ["sex", "age"]):
        left = [name for name in ("place", "sex", "age") if name not in kept]
        mine = found.filter(
            *(pl.col(n) == "total" for n in left), *(pl.col(n) != "total" for n in kept)
        )
        sums = (
            inner.group_by(kept).agg(pl.col("persons").sum())
            if kept
            else inner.select(pl.col("persons").sum())
        )
        assert sorted(mine.select(*kept, "persons").rows()) == sorted(
            sums.select(*kept, "persons").rows()
        )


def test_ages_beside_a_total_are_in_the_order_of_numbers() -> None:
    codes = [c.code for c in with_totals(table(PERSONS)).categories("age")]
    assert codes == ["total", "9", "10", "unknown"]


def test_the_total_of_all_stands_above_the_largest() -> None:
    found = frame(Arrangement(top=2).of(with_totals(table(PERSONS))))
    assert found["persons"].to_list() == [19, 7, 7]


def test_totals_of_what_is_no_count_are_refused() -> None:
    with pytest.raises(UsageError, match="are of counts, and this is none"):
        with_totals(table(PERSONS, RATE))


def test_a_total_is_not_known_where_a_cell_is_not() -> None:
    cells = table(PERSONS)
    hidden = pa.array([4, None, 7, 1], pa.int64())
    cells = Cells(cells.specification, cells.data.set_column(3, "persons", hidden))
    found = frame(with_totals(cells)).filter(pl.col("sex") == "total", pl.col("age") == "total")
    assert dict(found.select("place", "persons").rows()) == {"total": None, "03": None, "11": 5}


def test_one_measure_across_has_the_codes_as_columns() -> None:
    cells = Arrangement(wide="sex").of(table(PERSONS))
    assert frame(cells).to_dict(as_series=False) == {
        "place": ["03", "03", "11", "11"], "age": [10, None, 9, 10],
        "male": [7, 0, 4, 0], "female": [0, 7, 0, 1],
    }  # fmt: skip
    assert [m.label.no for m in cells.specification.measures] == ["Menn", "Kvinner"]


def test_several_measures_across_and_what_is_undefined_stays_so() -> None:
    found = frame(Arrangement(wide="age").of(table(PERSONS, RATE)))
    assert found.columns[2:] == [
        "persons_9", "rate_9", "persons_10", "rate_10", "persons_unknown", "rate_unknown",
    ]  # fmt: skip
    assert found.select("place", "sex").rows()[1:3] == [("03", "female"), ("11", "male")]
    assert found["rate_10"].to_list() == [2.0, None, None, 5.0]
    assert found["persons_10"].to_list() == [7, 0, 0, 1]


def test_names_of_places_stand_after_their_codes_wherever_they_are_printed() -> None:
    plain, cells = table(PERSONS), with_totals(table(PERSONS))
    across = replace(plain, specification=replace(plain.specification, columns=("place",)))
    oslo = [
        {row.labels[0] for row in lay_out(plain, Language.EN).rows},
        {row.labels[0] for row in lay_out(cells, Language.EN).rows},
        {column.heading for column in lay_out(across, Language.EN).columns},
        {c.heading for c in lay_out(Arrangement(wide="place").of(plain), Language.EN).columns},
    ]  # fmt: skip
    assert all("03 Oslo" in labels and "Oslo" not in labels for labels in oslo)
    assert "Total" in oslo[1]


def test_few_rows_keep_across_what_was_asked_to_go_across() -> None:
    ages = list(range(MOST_ACROSS + 1))
    places = Cells(
        TableSpecification("t", same("T"), (PLACE, AGE), (PERSONS,)),
        pa.table({"place": ["03"] * len(ages), "age": ages, "persons": ages}),
    )
    drawn = lay_out(Arrangement(wide="age").of(places), Language.EN)
    assert [column.heading for column in drawn.columns] == [str(age) for age in ages]
    assert [(row.labels, row.values) for row in drawn.rows] == [(("03 Oslo",), tuple(ages))]


def test_measures_go_down_where_nothing_else_is_left_to() -> None:
    sexes = Cells(
        TableSpecification("t", same("T"), (SEX,), (PERSONS, RATE)),
        pa.table({"sex": ["male", "female"], "persons": [4, 7], "rate": [None, 2.0]}),
    )
    drawn = lay_out(Arrangement(wide="sex").of(sexes), Language.NO)
    assert [column.heading for column in drawn.columns] == ["Menn", "Kvinner"]
    assert [(row.labels, row.values) for row in drawn.rows] == [
        (("Persons",), (4, 7)), (("Rate",), (None, 2.0)),
    ]  # fmt: skip


def test_only_what_is_there_goes_across() -> None:
    cells = table(PERSONS)
    males = Cells(cells.specification, cells.data.slice(0, 2))
    assert frame(Arrangement(wide="sex").of(males)).columns == ["place", "age", "male"]


def test_labels_stand_beside_codes_that_have_some() -> None:
    found = frame(Arrangement(labels=Language.NO).of(table(PERSONS)))
    assert found.columns == ["place", "place_label", "sex", "sex_label", "age", "persons"]
    assert found["place_label"].to_list() == ["a,b\n;=1+2", "Oslo", "Oslo", "a,b\n;=1+2"]
    assert found["sex_label"].to_list() == ["Menn", "Menn", "Kvinner", "Kvinner"]


@pytest.mark.parametrize(
    ("arrangement", "message"),
    [
        ({"order": "person"}, "order: 'person' is not in the table"),
        ({"wide": "persons"}, "wide: 'persons' is not a dimension"),
        ({"top": 0}, "top: '0' is not a number of rows"),
    ],
)
def test_what_cannot_be_meant(arrangement: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Arrangement(**arrangement).of(table(PERSONS))  # type: ignore[arg-type]


def test_lists_of_codes_have_what_occurs_in_the_order_of_the_table() -> None:
    encoded = pa.array(["female", "male", "other", "male"]).dictionary_encode()
    data = pa.table({"sex": encoded, "persons": [1, 2, 3, 4]}).slice(0, 2)
    cells = Cells(TableSpecification("t", same("T"), (SEX,), (PERSONS,)), data)
    column = cells.data["sex"].combine_chunks()
    assert column.dictionary.to_pylist() == ["male", "female"]
    assert column.to_pylist() == ["female", "male"]


def test_a_workbook_has_labels_as_texts() -> None:
    cells = Arrangement(labels=Language.EN).of(table(PERSONS))
    sheet = load_workbook(BytesIO(WRITERS[OutputFormat.XLSX](cells, Language.EN)))["Cells"]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:2] == ("place", "place_label")
    assert rows[1][1].endswith("=1+2")
