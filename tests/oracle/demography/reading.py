"""Published numbers: where each is from stands in the folder's README."""

from __future__ import annotations

from pathlib import Path

import polars as pl

HERE = Path(__file__).parent


def two_countries() -> pl.DataFrame:
    """Women of Sweden in 1985 and of Kazakhstan in 1992: country, age, population, deaths."""
    wide = pl.read_csv(HERE / "two_countries.csv")
    return pl.concat(
        wide.select(
            pl.lit(country).alias("country"),
            "age",
            population=f"{country}_population",
            deaths=f"{country}_deaths",
        )
        for country in ("sweden", "kazakhstan")
    )


def change_in_percent() -> pl.DataFrame:
    """Residents by age group, and by how much they had grown to 2021 as the page printed it."""
    return pl.read_csv(HERE / "change_in_percent.csv")
