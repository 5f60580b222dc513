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
    SVG = "svg"
    PNG = "png"
    PDF = "pdf"
    HTML = "html"


#: Those that are drawn.
PICTURES: Final = (OutputFormat.SVG, OutputFormat.PNG, OutputFormat.PDF, OutputFormat.HTML)
