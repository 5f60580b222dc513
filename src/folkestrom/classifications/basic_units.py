"""Basic statistical units of a store's own classification: where each is on every day."""

from __future__ import annotations

import duckdb
import polars as pl

from folkestrom.engine.rows import is_table
from folkestrom.engine.steps import run, step

#: The table of a store that has it.
UNIT_PLACES = "unit_place"


@step("unit_places", reads=[UNIT_PLACES])
def unit_places_of_store() -> str:
    """Every basic unit that is classified, with what it is from when to when."""
    return f"""
        SELECT unit AS key, municipality, basic_unit, valid_from, valid_to FROM {UNIT_PLACES}
    """


def unit_places(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame | None:
    """Where basic units are, if the store has the classification.

    Parameters
    ----------
    connection
        An open store.

    Returns
    -------
    DataFrame
        `key` (the unit as it is reported), `municipality`, `basic_unit` (its code then),
        `valid_from`, `valid_to` (half open, without gaps); None: not in the store.
    """
    if not is_table(connection, UNIT_PLACES):
        return None
    found = run(connection, [unit_places_of_store()]).to_arrow_table()
    return pl.DataFrame(found)
