"""Other published figures beside a twin's: households, children, events and migrants of 2020.

``python -m tests.twin.other_figures TWIN REFERENCE`` prints them as the manual has them. The twin
is made with a reference folder, ``--dwellings`` and ``--to 2022-02-01``.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from folkestrom.model.countries import COUNTRY_CODES
from folkestrom.twin.targets.citizenship import regions

FOLDER = "ssb_published_other"
HOUSEHOLDS = {
    "alone": "living_alone",
    "couple_without_children": "couples_without_children",
    "married_children_0_17": "married_couples_children_0_17",
    "cohabiting_children_0_17": "cohabiting_couples_children_0_17",
    "parent_children_0_17": "mother_or_father_children_0_17",
    "one_family_adult_children": "one_family_adult_children",
    "multi_family_without_children_0_17": "multi_family_without_children_0_17",
    "multi_family_with_children_0_17": "multi_family_with_children_0_17",
}
CHILDREN = {
    "married_parents": "married_parents",
    "cohabiting_parents": "cohabiting_parents",
    "parent_alone": "mother_or_father_alone",
    "parent_and_step_parent": "parent_and_step_parent",
}
COUNTRIES = {
    "Norway": "NO", "Poland": "PL", "Syria": "SY", "Lithuania": "LT", "Sweden": "SE", "India": "IN",
    "Philippines": "PH", "Germany": "DE", "Denmark": "DK", "Romania": "RO", "United Kingdom": "GB",
    "Spain": "ES",
}  # fmt: skip


REGIONS = (
    "EU27_EEA", "Europe_outside_EU27_EEA", "Africa", "Asia_incl_Turkey", "North_America",
    "South_and_Central_America", "Oceania",
)  # fmt: skip
"""In the order of the twin's regions; the first has Norway."""


COLUMNS = [
    "source_report_id", "annuls", "corrects", "received_at", "person", "kind", "event_date",
    "municipality", "municipality_from", "marital_status", "partner", "citizenship", "mother",
]  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """One figure: what, as published, and in the twin at its own size."""

    table: str
    name: str
    published: float
    found: float
    scale: float

    @property
    def twin(self) -> float:
        """The twin's, at full size."""
        return self.found / self.scale

    @property
    def off(self) -> float:
        """By what share the twin's differs."""
        return self.twin / self.published - 1.0


def published(reference: Path, name: str, column: str) -> dict[str, float]:
    with (reference / FOLDER / name).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    first = next(iter(rows[0]))
    return {row[first]: float(row[column]) for row in rows if row[column]}


def figures(twin: Path, reference: Path) -> list[Figure]:
    """Return all figures, table by table."""
    scale = float(json.loads((twin / "truth" / "model.json").read_text(encoding="utf-8"))["scale"])
    found = [*_households(twin, reference), *_events(twin, reference), *_migrants(twin, reference)]
    return [Figure(*row, scale) for row in found]


def _households(twin: Path, reference: Path) -> Iterator[tuple[str, str, float, float]]:
    frame = pl.read_parquet(twin / "truth" / "households.parquet")
    frame = frame.filter(pl.col("date") == dt.date(2022, 1, 1))
    frame = _where_they_study(frame.with_columns(pl.col(pl.Categorical).cast(pl.String)), twin)
    told = published(reference, "households_key_figures.csv", "2022")
    homes = frame.unique("dwelling")
    private = homes.filter(pl.col("household") != "institution")
    yield "households", "private_households", told["private_households"], len(private)
    number = dict(homes.group_by("household").len().iter_rows())
    for kind, name in HOUSEHOLDS.items():
        yield "households", name, told[name], number[kind]
    others = frame.filter(pl.col("household") == "institution")
    name = "persons_other_households"
    yield "households", name, told[name], len(others)
    persons = "persons_in_private_households"
    yield "households", persons, told[persons], len(frame) - len(others)
    multi = frame.filter(pl.col("household").str.starts_with("multi_family"))
    yield "households", "persons_multi_family", told["persons_multi_family"], len(multi)
    told = published(reference, "children_0_17.csv", "2022")
    number = dict(frame.group_by("parents").len().iter_rows())
    for kind, name in CHILDREN.items():
        yield "children", name, told[name], number[kind]


def _where_they_study(frame: pl.DataFrame, twin: Path) -> pl.DataFrame:
    """Return `frame` with students in their own rooms, as the published households have them.

    Whom they leave are one fewer; who is left alone, or as a couple, is another kind of household.
    """
    rooms = pl.read_parquet(twin / "variables" / "actual_dwelling.parquet")
    day = (pl.col("from") <= dt.date(2022, 1, 1)) & (pl.col("to") > dt.date(2022, 1, 1))
    rooms = rooms.filter(day & (pl.col("value") > 0)).select("person", room="value")
    frame = frame.join(rooms, on="person", how="left", validate="1:1")
    away = pl.col("room").is_not_null()
    emptied = away.any().over("dwelling") & ~away
    left = (~away).sum().over("dwelling")
    adults = pl.col("parents").is_null()
    kind = (
        pl.when(away | (emptied & (left == 1) & adults))
        .then(pl.lit("alone"))
        .when(emptied & (left == 2) & pl.col("partner").is_not_null())
        .then(pl.lit("couple_without_children"))
        .otherwise("household")
    )
    return frame.with_columns(household=kind, dwelling=pl.coalesce("room", "dwelling"))


def standing(twin: Path) -> pl.DataFrame:
    """Return the reports that stand on 1 February 2021, in order of their events."""
    files = sorted((twin / "reports").glob("*.parquet"))
    frame = pl.read_parquet(files, columns=COLUMNS)
    known = pl.col("received_at").dt.convert_time_zone("Europe/Oslo")
    frame = frame.filter(known.dt.date() < dt.date(2021, 2, 1))
    gone = pl.concat([frame["annuls"].drop_nulls(), frame["corrects"].drop_nulls()])
    stands = ~pl.col("source_report_id").is_in(gone.implode()) & pl.col("annuls").is_null()
    late = known.dt.date() >= dt.date(2020, 2, 1)
    year = pl.col("event_date").dt.year()
    counted = (year == 2020) | ((year < 2020) & late)
    return frame.filter(stands).sort("event_date").with_columns(counted=counted)


def with_last(events: pl.DataFrame, by: str, reports: pl.DataFrame, name: str) -> pl.Series:
    """Return the last `name` that was reported of the person in `by`."""
    told = reports.filter(pl.col(name).is_not_null()).select(
        pl.col("person").alias(by), "event_date", pl.col(name).alias("last")
    )
    joined = events.drop_nulls(by).join_asof(told, on="event_date", by=by, check_sortedness=False)
    return joined["last"]


def _events(twin: Path, reference: Path) -> Iterator[tuple[str, str, float, float]]:
    told = published(reference, "other_2020.csv", "value")
    reports = standing(twin)
    year = reports.filter("counted")
    moves = year.filter(pl.col("kind") == "move")
    moves = moves.filter(pl.col("municipality") != pl.col("municipality_from"))
    name = "moves_between_municipalities"
    yield "events", name, told[name], len(moves)
    status = pl.col("marital_status")
    changes = year.filter(pl.col("kind") == "marital_change")
    partner = changes.filter(status == "married")["partner"]
    weddings = partner.is_null().sum() + partner.is_not_null().sum() / 2
    yield "events", "marriages", told["marriages"], weddings
    yield "events", "divorces", told["divorces"], len(changes.filter(status == "divorced")) / 2
    births = year.filter(pl.col("kind") == "birth")
    mothers = with_last(births, "mother", reports, "marital_status")
    outside = "births_outside_marriage"
    yield "events", outside, told[outside], int((mothers != "married").sum())
    stillborn = pl.read_parquet(twin / "variables" / "stillbirths.parquet")
    mine = stillborn.filter(pl.col("from") == dt.date(2020, 1, 1))
    yield "events", "stillbirths", told["stillbirths"], int(mine["value"].sum())


def _migrants(twin: Path, reference: Path) -> Iterator[tuple[str, str, float, float]]:
    reports = standing(twin)
    for kind in ("immigration", "emigration"):
        told = published(reference, "migration_2020_by_citizenship.csv", kind)
        events = reports.filter("counted", pl.col("kind") == kind)
        of = with_last(events, "person", reports, "citizenship")
        number = dict(of.value_counts().iter_rows())
        yield kind, "all", told["all"], len(of)
        for name, code in COUNTRIES.items():
            yield kind, name, told[name], number.get(code, 0)
        stateless = number.pop("XS", 0) + number.pop("XX", 0)
        region = regions()
        for place, name in enumerate(REGIONS):
            inside = [n for c, n in number.items() if region[COUNTRY_CODES[c]] == place]
            norwegians = number.get("NO", 0) if name == "EU27_EEA" else 0
            yield kind, name, told[name], sum(inside) + norwegians
        rest = told["all"] - sum(told[name] for name in REGIONS)
        yield kind, "stateless_or_unknown", rest, stateless


def too_far(found: list[Figure], bounds: dict[str, float]) -> list[Figure]:
    """Return figures farther off than their bound and four standard errors.

    Migrants come and go by families, so their number varies twice as much as one of persons.
    """
    return [
        one
        for one in found
        if abs(one.off)
        > bounds.get(one.name, bounds[one.table])
        + 4.0 * math.sqrt(2.0 / (one.published * one.scale))
    ]


def table(found: list[Figure]) -> str:
    """Return the figures as the manual shows them."""
    lines = ["| what | published | twin | difference |", "|---|---|---|---|"]
    for one in found:
        name = f"{one.table}: {one.name.replace('_', ' ')}"
        numbers = f"{one.published:,.0f} | {one.twin:,.0f}".replace(",", " ")
        lines.append(f"| {name} | {numbers} | {100 * one.off:+.1f} % |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table(figures(Path(sys.argv[1]), Path(sys.argv[2]))) + "\n")
