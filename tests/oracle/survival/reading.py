"""Results of R's packages survival and cmprsk, and the data they are of: `results.R` has both."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

HERE = Path(__file__).parent


@cache
def _results() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / "results.json").read_text(encoding="utf-8"))
    return found


def result(name: str) -> Any:
    return _results()[name]


def numbers(values: list[Any]) -> np.ndarray:
    """What R wrote; NA is not a number."""
    return np.array([np.nan if v == "NA" else float(v) for v in values])


def data(name: str) -> pl.DataFrame:
    """Columns of a file; what is missing in it is null."""
    return pl.read_csv(HERE / f"{name}.csv")
