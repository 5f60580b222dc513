"""Cells as bytes, in every format that is not for a terminal."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from functools import partial
from typing import Any, BinaryIO, Final

import pyarrow.parquet

from folkestrom.model.cells import Cells
from folkestrom.model.specification import Language
from folkestrom.publish.formats.csv_file import csv_of
from folkestrom.publish.formats.json_stat import json_stat
from folkestrom.publish.formats.output_format import PICTURES, OutputFormat
from folkestrom.publish.formats.px import px
from folkestrom.publish.formats.sdmx_csv import sdmx_csv
from folkestrom.publish.formats.survey import SPSS, STATA, survey_file
from folkestrom.publish.formats.workbook import workbook


def _csv(cells: Cells, _language: Language) -> bytes:
    return csv_of(cells.data)


def _json(cells: Cells, language: Language) -> bytes:
    return _dumped({"specification": cells.described(language), "cells": list(cells.rows())})


def _json_stat(cells: Cells, language: Language) -> bytes:
    return _dumped(json_stat(cells, language))


def _parquet(cells: Cells, language: Language) -> bytes:
    buffer: BinaryIO = io.BytesIO()
    pyarrow.parquet.write_table(cells.table(language), buffer, compression="zstd")
    buffer.seek(0)
    return buffer.read()


def _sdmx_csv(cells: Cells, _language: Language) -> bytes:
    return sdmx_csv(cells)


def _stata(cells: Cells, language: Language) -> bytes:
    return survey_file(cells, language, STATA)


def _spss(cells: Cells, language: Language) -> bytes:
    return survey_file(cells, language, SPSS)


def _picture(cells: Cells, language: Language, form: OutputFormat) -> bytes:
    # Imported here: who writes a table need not wait for what draws.
    from folkestrom.publish.formats.pictures import written

    return written(cells, language, form)


def _dumped(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, default=str) + "\n").encode()


#: By format: what writes cells, in a language, as bytes.
WRITERS: Final[dict[OutputFormat, Callable[[Cells, Language], bytes]]] = {
    OutputFormat.CSV: _csv,
    OutputFormat.JSON: _json,
    OutputFormat.JSON_STAT: _json_stat,
    OutputFormat.PARQUET: _parquet,
    OutputFormat.PX: px,
    OutputFormat.SDMX_CSV: _sdmx_csv,
    OutputFormat.SPSS: _spss,
    OutputFormat.STATA: _stata,
    OutputFormat.XLSX: workbook,
    **{form: partial(_picture, form=form) for form in PICTURES},
}
