"""Parts of town and basic units wherever municipalities are a level, in any borders."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import folkestrom
from folkestrom.app.office.api import Store
from folkestrom.twin.output.creation import create

PERIOD = ("2018-01-01", "2021-01-01")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A country as it was, whose towns have parts by the last digit of their units."""
    folder = tmp_path_factory.mktemp("levels")
    create(folder / "twin", scale=0.002, first_year=2016, last_year=2021, variables=False,
           truth=False, dwellings=True, as_it_was=True)  # fmt: skip
    lists = folder / "twin" / "classifications"
    units = pl.read_csv(lists / "basic_units.csv", infer_schema=False)
    part = pl.format(
        "{}{}", pl.col("code").str.head(4),
        (pl.col("code").str.tail(1).cast(pl.Int32) % 3 + 10).cast(pl.String),
    )  # fmt: skip
    town = pl.col("code").str.head(4).is_in(["0301", "1103", "4601", "1201"])
    units.with_columns(part_of_town=pl.when(town).then(part)).write_csv(lists / "basic_units.csv")
    found = folkestrom.open(folder / "store")
    found.in_borders("as-it-was").intake(folder / "twin" / "reports")
    found.load_classifications(lists)
    return found


def _summed(frame: pl.DataFrame, level: str, measure: str, by: tuple[str, ...]) -> dict[Any, int]:
    """Counts by municipality, which a code of any finer level begins with."""
    place = pl.col(level).cast(pl.String).str.head(4).alias("place")
    rows = frame.with_columns(place, *(pl.col(b).cast(pl.String) for b in by))
    summed = rows.group_by("place", *by).agg(pl.col(measure).sum()).filter(pl.col(measure) > 0)
    return {tuple(row[:-1]): row[-1] for row in summed.rows()}


@pytest.mark.parametrize("level", ["part_of_town", "basic_unit"])
@pytest.mark.parametrize("borders", ["2019", "2024", "as-it-was"])
def test_finer_levels_add_up_to_municipalities(store: Store, level: str, borders: str) -> None:
    asked = store.in_borders(borders)

    def of(by: str, *, call: str) -> pl.DataFrame:
        found: Any = {
            "population": lambda: asked.population(
                "2021-01-01", by=[by, "sex"], known_at="latest", to="polars"),
            "changes": lambda: asked.changes(
                *PERIOD, by=by, every="year", known_at="latest", to="polars"),
            "households": lambda: asked.households(
                "2021-01-01", by=by, count="households", known_at="latest", to="polars"),
            "rates": lambda: asked.rates(
                *PERIOD, by=by, event="emigration", known_at="latest", to="polars"),
        }[call]()  # fmt: skip
        return found  # type: ignore[no-any-return]

    for call, measures, by in (
        ("population", ["persons"], ("sex",)),
        ("changes", ["population_end", "births", "deaths", "immigration", "emigration"],
         ("period",)),
        ("households", ["households", "persons"], ()),
        ("rates", ["events"], ()),
    ):  # fmt: skip
        fine, coarse = of(level, call=call), of("municipality", call=call)
        for measure in measures:
            assert _summed(fine, level, measure, by) == _summed(coarse, "municipality", measure, by)
    towns = of("part_of_town", call="population")["part_of_town"].cast(pl.String)
    assert {"030110", "030111", "030112"} <= set(towns)
    assert towns.filter(towns.str.starts_with("5001")).unique().to_list() == ["500100"]


@pytest.mark.parametrize("level", ["part_of_town", "basic_unit"])
def test_moves_between_finer_places_are_moves(store: Store, level: str) -> None:
    fine = store.moves(*PERIOD, by=level, known_at="latest", to="polars")
    coarse = store.moves(*PERIOD, by="municipality", known_at="latest", to="polars")
    assert isinstance(fine, pl.DataFrame)
    assert isinstance(coarse, pl.DataFrame)
    place = [pl.col(name).cast(pl.String).str.head(4) for name in ("origin", "destination")]
    between = fine.with_columns(place).filter(pl.col("origin") != pl.col("destination"))
    summed = between.group_by("origin", "destination").agg(pl.col("moves").sum())
    want = coarse.with_columns(place).filter(pl.col("moves") > 0)
    assert set(summed.filter(pl.col("moves") > 0).rows()) == set(
        want.select("origin", "destination", "moves").rows()
    )
