"""SDMX-CSV is read by sdmx1, which shares nothing with the writer."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
import sdmx
from sdmx.model import v30
from sdmx.reader.csv import Reader

from folkestrom.app.output.write import content
from folkestrom.disclosure import Rules, release
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.specification import Dimension, Language, same
from folkestrom.publish.formats.output_format import OutputFormat
from tests.publish.formats.test_formats import EXAMPLES
from tests.publish.formats.test_status import RATES, SPECIFICATION

ATTRIBUTES = ("OBS_STATUS", "CONF_STATUS", "UNIT_MEASURE", "DECIMALS")


def written(cells: Cells) -> bytes:
    return content(cells, OutputFormat.SDMX_CSV, Language.EN)


def rows(cells: Cells) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written(cells).decode())))


def read(cells: Cells) -> Any:
    """The observations, by a structure with the columns of the file."""
    made = written(cells)
    header = made.decode().splitlines()[0].split(",")
    structure = v30.DataStructureDefinition(id=cells.specification.id)
    for name in header[3 : header.index("OBS_VALUE")]:
        structure.dimensions.append(v30.Dimension(id=name))
    structure.measures.append(v30.Measure(id="OBS_VALUE"))
    for name in ATTRIBUTES:
        structure.attributes.append(v30.DataAttribute(id=name))
    message = Reader().convert(io.BytesIO(made), structure)
    (data,) = message.data
    return data.obs


@pytest.mark.parametrize("name", EXAMPLES)
def test_another_program_reads_every_figure(name: str) -> None:
    cells = EXAMPLES[name]
    spec = cells.specification
    found = read(cells)
    assert sdmx.__version__
    assert len(found) == cells.data.num_rows * len(spec.measures)
    for measure in spec.measures:
        of = [o for o in found if o.dimension["MEASURE"].value == measure.id.upper()]
        figures = [float(o.value) if o.value else None for o in of]
        expected = cells.data[measure.id].to_pylist()
        assert figures == [None if v is None else pytest.approx(v) for v in expected]
        status = {o.attached_attribute["OBS_STATUS"].value for o in of if o.value}
        assert status <= {"A"}


def test_times_are_written_as_sdmx_has_them() -> None:
    assert {row["TIME_PERIOD"] for row in rows(EXAMPLES["changes"])} == {"2019", "2020"}
    assert {row["TIME_PERIOD"] for row in rows(EXAMPLES["population"])} == {"2021-01-01"}
    assert rows(EXAMPLES["population"])[0]["STRUCTURE_ID"] == "FOLKESTROM:POPULATION(1.0.0)"


def test_what_is_not_shown_is_confidential_and_what_went_through_no_control_says_nothing() -> None:
    rules = Rules("ours", minimum_cell=5, zeros=False)
    shown = rows(release(RATES, rules, counts="events", base="person_years").cells)
    of = {(row["COUNTY"], row["MEASURE"]): row for row in shown}
    said = [
        [of[cell][name] for name in ("OBS_VALUE", "OBS_STATUS", "CONF_STATUS")]
        for cell in (("02", "EVENTS"), ("03", "RATE"), ("03", "EVENTS"))
    ]
    assert said == [["", "Q", "C"], ["", "O", "F"], ["0", "A", "F"]]
    assert {row["CONF_STATUS"] for row in rows(RATES)} == {""}


def test_names_of_columns_are_not_used_twice() -> None:
    measure = Dimension("measure", same("Measure"))
    spec = replace(SPECIFICATION, dimensions=(measure,), measures=SPECIFICATION.measures[:1])
    with pytest.raises(UsageError, match="two columns"):
        written(Cells(spec, pa.table({"measure": ["a"], "events": [1]})))


def test_a_list_is_no_cube() -> None:
    listing = replace(SPECIFICATION, listing=True)
    with pytest.raises(UsageError, match="list of rows"):
        written(replace(RATES, specification=listing))
