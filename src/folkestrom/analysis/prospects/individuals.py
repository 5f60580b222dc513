"""The individuals that a microsimulation starts from: each resident, and each emigrant followed."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.analysis.abroad.emigrants import emigrants
from folkestrom.analysis.prospects.by_area import AreaStart, group_places, places
from folkestrom.analysis.prospects.groups import DURATION, GROUP, IMMIGRANTS
from folkestrom.engine.steps import compose, parameters_of, step
from folkestrom.projection.groups import ABROAD
from folkestrom.projection.structure import SEXES, Structure
from folkestrom.statistics.population import Moment, coded, fetch, residents
from folkestrom.variables.description import RESIDENTS, described
from folkestrom.variables.registry import VARIABLES
from folkestrom.variables.variable import needs_of

_CELLS: Final = ("sex", "age", "birth_year", GROUP.name)
_DAYS_PER_HALF: Final = 365.25 / 2


@step("days_resident", reads=["residence"])
def days_resident() -> str:
    """Days that each person had been resident by the end of `$eve`, since the register began."""
    return """
        SELECT person, sum(least(valid_to, $eve + 1) - valid_from) AS days
        FROM residence
        WHERE valid_from <= $eve AND known_from <= $known_at AND known_to > $known_at
        GROUP BY person
    """


@step("individuals", example={"source": "residents_with_calendar", "by": ("sex", "age")})
def individuals_step(source: str, by: tuple[str, ...]) -> str:
    """Each person by the variables, with days of residence, in the order of their pseudonyms."""
    columns = ", ".join(f"{sql} AS v{n}" for n, sql in enumerate(by))
    return f"""
        SELECT person, {columns}, coalesce(days, 0) AS days
        FROM {source} LEFT JOIN days_resident USING (person)
        ORDER BY person
    """


def individuals(
    connection: duckdb.DuckDBPyConnection,
    day: date,
    known: date,
    cells: Structure,
    seed: int,
    level: str = "",
    areas: AreaStart | None = None,
) -> dict[str, NDArray[Any]]:
    """Who lives in the country, or left it and may return, by the columns of `Lives`.

    With them is `person`, the pseudonym.

    Parameters
    ----------
    connection
        An open store.
    day, known
        The day at whose beginning they are looked at, and its knowledge date.
    cells
        The groups.
    seed
        By which those abroad are told the area that they would return to.
    level, areas
        The level of areas, and what is assumed of them; None: no areas.
    """
    moment = Moment(day, known)
    here = _persons(
        connection, moment, residents(), (*_CELLS, DURATION.name, *([level] * bool(level)))
    )
    abroad = _persons(connection, moment, emigrants(), _CELLS)
    abroad = abroad.filter(~pl.col(GROUP.name).is_in(IMMIGRANTS).fill_null(value=False))
    abroad = abroad.with_columns(pl.lit(None, pl.Int64).alias(DURATION.name))
    if areas is not None:
        here = here.filter(pl.col(level).is_in(areas.codes))
        chance = np.random.Generator(np.random.Philox(key=[seed, 1 << 32]))
        drawn = chance.choice(len(areas.codes), len(abroad), p=areas.areas.returns)
        numbers = pl.Series(level, np.array(areas.codes)[drawn], pl.String)
        abroad = abroad.with_columns(numbers)
    everybody = pl.concat([here, abroad.select(here.columns)], how="vertical_relaxed")
    group = group_places(here, cells), group_places(abroad, cells, ABROAD)
    area = np.zeros(len(everybody), np.intp)
    if areas is not None:
        area = places(areas.codes, everybody[level])
    return {
        "person": everybody["person"].to_numpy(),
        "area": area.astype(np.int16),
        "group": np.concatenate(group).astype(np.int16),
        "sex": (everybody["sex"] == SEXES[1]).to_numpy().astype(np.int8),
        "age": np.minimum(everybody["age"].to_numpy(), cells.ages - 1).astype(np.int16),
        "born": everybody["birth_year"].to_numpy().astype(np.int16),
        "half_years": np.floor(everybody["days"].to_numpy() / _DAYS_PER_HALF).astype(np.int16),
    }


def _persons(
    connection: duckdb.DuckDBPyConnection, moment: Moment, source: Any, names: tuple[str, ...]
) -> pl.DataFrame:
    chosen = [VARIABLES[name] for name in names]
    steps = [source, *described(source.name, needs_of(chosen), RESIDENTS)]
    last = steps[-1].name
    steps += [days_resident(), individuals_step(last, tuple(one.sql for one in chosen))]
    found = fetch(connection, steps, parameters_of(compose(steps), moment.parameters))
    frame = pl.DataFrame(coded(found, chosen, {"days": pa.int64(), "person": pa.int64()}))
    texts = frame.with_columns(pl.col(pl.Categorical, pl.Enum, pl.String).cast(pl.String))
    return texts.filter(pl.col("age").is_not_null() & pl.col("sex").is_in(SEXES))
