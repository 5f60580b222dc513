"""The formats that results are written in."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class OutputFormat(StrEnum):
    """How a command writes its result."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"
    JSON_STAT = "json-stat"
    PX = "px"
    SDMX_CSV = "sdmx-csv"
    STATA = "stata"
    SPSS = "spss"
    SVG = "svg"
    PNG = "png"
    PDF = "pdf"
    HTML = "html"


#: Formats that hold cells by their dimensions: a list of rows is not written in them.
OF_CUBES = frozenset({OutputFormat.JSON_STAT, OutputFormat.PX, OutputFormat.SDMX_CSV})
#: Those that are drawn.
PICTURES: Final = (OutputFormat.SVG, OutputFormat.PNG, OutputFormat.PDF, OutputFormat.HTML)
