"""Who is registered as living here, and as having left, read from report files alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import polars as pl

EIGHT = ("PL", "LV", "LT", "EE", "CZ", "SK", "HU", "SI")
STARTS = ("first_registration", "immigration", "birth")
ENDS = ("emigration", "death")


@dataclass(frozen=True)
class Reports:
    """All reports of a folder, with the day on which each was received in Oslo."""

    frame: pl.DataFrame

    def standing(self, known_at: dt.date, before: dt.date) -> pl.DataFrame:
        """Reports of events before a day as known at another: neither annulled nor corrected."""
        known = self.frame.filter(pl.col("received") < known_at)
        gone = pl.concat([known["annuls"], known["corrects"]]).drop_nulls()
        standing = known.filter(
            ~pl.col("source_report_id").is_in(gone.implode()) & pl.col("annuls").is_null()
        )
        return standing.filter(pl.col("event_date") < before).sort("event_date", "received_at")

    def persons(self, year: int) -> pl.DataFrame:
        """Everybody's state on 1 January as known a month later.

        `began` and `first_day` tell how the record began, `ended` whether it goes on.
        """
        rows = self.standing(dt.date(year, 2, 1), dt.date(year, 1, 1))
        residence = pl.col("kind").is_in([*STARTS, *ENDS])
        return rows.group_by("person", maintain_order=True).agg(
            began=pl.col("kind").filter(residence).first(),
            first_day=pl.col("event_date").filter(residence).first(),
            ended=pl.col("kind").filter(residence).last(),
            born_in=pl.col("country_of_birth").drop_nulls().first(),
            birth=pl.col("birth_date").drop_nulls().first(),
            municipality=pl.col("municipality").drop_nulls().last(),
            mother=pl.col("mother").drop_nulls().first(),
            father=pl.col("father").drop_nulls().first(),
        )

    def left_again(self, year: int) -> tuple[int, int]:
        """Arrivals from the eight countries since 2004, and those registered abroad."""
        arrived = self.persons(year).filter(
            pl.col("began") == "immigration",
            pl.col("born_in").is_in(EIGHT),
            pl.col("first_day") >= dt.date(2004, 1, 1),
        )
        return len(arrived), int((arrived["ended"] == "emigration").sum())

    def emigration(self, year: int) -> pl.DataFrame:
        """Adult residents of 1 January, and whether they are registered as leaving in the year."""
        until = dt.date(year + 1, 1, 1)
        left = self.standing(dt.date(year + 1, 2, 1), until).filter(
            pl.col("kind") == "emigration", pl.col("event_date") >= dt.date(year, 1, 1)
        )
        adults = self.persons(year).filter(
            pl.col("ended").is_in(STARTS), pl.col("birth").dt.year() < year - 18
        )
        return adults.with_columns(left=pl.col("person").is_in(left["person"].implode()))

    def away(self) -> dict[str, list[int]]:
        """Emigrations and moves to another municipality, of each year 2000-2020."""
        rows = self.standing(dt.date(2021, 2, 1), dt.date(2021, 1, 1))
        moved = pl.col("kind").eq("move") & pl.col("municipality").ne(pl.col("municipality_from"))
        years = rows.filter(pl.col("event_date").dt.year() >= 2000).group_by(
            pl.col("event_date").dt.year().alias("year")
        )
        counts = years.agg(left=pl.col("kind").eq("emigration").sum(), moved=moved.sum())
        return counts.sort("year").select("left", "moved").to_dict(as_series=False)


def read_reports(folder: Path) -> Reports:
    """All reports of a folder."""
    columns = (
        "kind",
        "annuls",
        "corrects",
        "country_of_birth",
        "municipality",
        "municipality_from",
    )
    frame = pl.read_parquet(folder / "*.parquet").with_columns(
        pl.col(columns).cast(pl.String),
        received=pl.col("received_at").dt.convert_time_zone("Europe/Oslo").dt.date(),
    )
    return Reports(frame)
