"""In-order histories in pandas and in Polars, written as one would: sort, group, shift, fill.

They do an easier job than the register: nothing may be late, annulled or corrected, and of the
flags only moves and departures of non-residents come up.
"""

from __future__ import annotations

from datetime import date

import duckdb
import pandas as pd
import polars as pl

OPEN = date(9999, 12, 31)
READ = """
SELECT person, position, received_at, key_hash, known_from, event_date, kind, municipality,
  basic_unit, country, reason, country_of_birth, citizenship, marital_status, sex, birth_date,
  mother, father, partner, origin
FROM report
"""
ORDER = ["person", "known_from", "received_at", "key_hash"]
STARTS = [1, 2, 3]
LEAVES = [8, 9]
FIXED = ["sex", "birth_date", "country_of_birth", "mother", "father", "origin"]
SPELLS = {
    "stay": ["municipality", "basic_unit", "sex", "birth_date", "country_of_birth"],
    "marital": ["marital_status", "partner"],
    "citizenship": ["citizenship"],
}


def with_pandas(connection: duckdb.DuckDBPyConnection) -> dict[str, pd.DataFrame]:
    log = connection.sql(READ).to_arrow_table().to_pandas(date_as_object=False)
    log = log.sort_values(ORDER, ignore_index=True)
    end = pd.Timestamp(OPEN).as_unit("s")
    person = log["person"]
    start = log[log["kind"].isin(STARTS)].drop_duplicates("person")
    for name in FIXED:
        log[name] = person.map(start.set_index("person")[name])
    switch = log["kind"].where(log["kind"].isin([*STARTS, *LEAVES]))
    resident = switch.groupby(person).ffill().groupby(person).shift().isin(STARTS)
    moving = log["kind"].isin([*STARTS, 5, 8, 9])
    refused = (log["kind"].isin([5, 8]) & ~resident) | ((log["kind"] == 3) & resident)
    applied = log[moving & ~refused]
    before = applied.groupby("person")[["municipality", "basic_unit"]].shift()
    event = applied.assign(municipality_from=before["municipality"], known_to=end)
    event = event.assign(basic_unit_from=before["basic_unit"])
    tables = {"event": event.drop(columns=["received_at", "key_hash", "citizenship"])}
    tables["flag"] = log.loc[refused, ["position", "person", "kind", "known_from"]]
    tables["attribute"] = start[["person", *FIXED, "event_date", "known_from", "position"]]
    ok = log[~refused]
    chosen = {
        "stay": (applied, [*STARTS, 5]),
        "marital": (ok[ok["kind"].isin([*STARTS, 6, 9])], [*STARTS, 6]),
        "citizenship": (ok[ok["kind"].isin([*STARTS, 7, 9])], [*STARTS, 7]),
    }
    for name, (rows, opening) in chosen.items():
        after = rows.groupby("person")[["event_date", "known_from"]].shift(-1)
        spell = rows.assign(valid_to=after["event_date"], closed=after["known_from"])
        spell = spell.loc[spell["kind"].isin(opening)]
        was = spell[spell["closed"].isna() | (spell["known_from"] < spell["closed"])]
        was = was.assign(valid_to=end, known_to=was["closed"].fillna(end))
        now = spell[spell["closed"].notna() & (spell["event_date"] < spell["valid_to"])]
        now = now.assign(known_from=now["closed"], known_to=end)
        columns = ["person", *SPELLS[name], "event_date", "valid_to", "known_from", "known_to"]
        tables[name] = pd.concat([was, now])[[*columns, "position"]]
    return tables


def with_polars(connection: duckdb.DuckDBPyConnection) -> dict[str, pl.DataFrame]:
    log = pl.DataFrame(connection.sql(READ).to_arrow_table()).sort(ORDER)
    kind = pl.col("kind")
    start = log.filter(kind.is_in(STARTS)).unique("person", keep="first", maintain_order=True)
    log = log.drop(FIXED).join(start.select("person", *FIXED), on="person", how="left")
    # Rows of a person lie together, and the first of them starts the record: shifts and fills need
    # no grouping, only to be cut where another person begins.
    switch = pl.when(kind.is_in([*STARTS, *LEAVES])).then(kind)
    last = pl.when(_same_person(1)).then(switch.forward_fill().shift())
    log = log.with_columns(resident=last.is_in(STARTS).fill_null(value=False))
    resident = pl.col("resident")
    log = log.with_columns(
        refused=(kind.is_in([5, 8]) & ~resident) | ((kind == 3) & resident)
    ).lazy()
    moving = kind.is_in([*STARTS, 5, 8, 9])
    applied = log.filter(moving & ~pl.col("refused"))
    event = applied.with_columns(
        municipality_from=pl.when(_same_person(1)).then(pl.col("municipality").shift()),
        basic_unit_from=pl.when(_same_person(1)).then(pl.col("basic_unit").shift()),
        known_to=pl.lit(OPEN),
    ).drop("received_at", "key_hash", "citizenship")
    tables = {
        "event": event,
        "flag": log.filter("refused").select("position", "person", "kind", "known_from"),
        "attribute": start.lazy().select("person", *FIXED, "event_date", "known_from", "position"),
    }
    ok = log.filter(~pl.col("refused"))
    chosen = {
        "stay": (applied, [*STARTS, 5]),
        "marital": (ok.filter(kind.is_in([*STARTS, 6, 9])), [*STARTS, 6]),
        "citizenship": (ok.filter(kind.is_in([*STARTS, 7, 9])), [*STARTS, 7]),
    }
    for name, (rows, opening) in chosen.items():
        tables[name] = _polars_spells(rows, opening, SPELLS[name])
    return dict(zip(tables, pl.collect_all(list(tables.values())), strict=True))


def _same_person(step: int) -> pl.Expr:
    return pl.col("person") == pl.col("person").shift(step)


def _polars_spells(rows: pl.LazyFrame, opening: list[int], values: list[str]) -> pl.LazyFrame:
    spell = rows.with_columns(
        valid_to=pl.when(_same_person(-1)).then(pl.col("event_date").shift(-1)),
        closed=pl.when(_same_person(-1)).then(pl.col("known_from").shift(-1)),
    ).filter(pl.col("kind").is_in(opening))
    closed = pl.col("closed")
    was = spell.filter(closed.is_null() | (pl.col("known_from") < closed)).with_columns(
        valid_to=pl.lit(OPEN), known_to=closed.fill_null(OPEN)
    )
    now = spell.filter(
        closed.is_not_null() & (pl.col("event_date") < pl.col("valid_to"))
    ).with_columns(known_from=closed, known_to=pl.lit(OPEN))
    columns = ["person", *values, "event_date", "valid_to", "known_from", "known_to"]
    return pl.concat([was, now]).select(*columns, "position")


PEERS = {"pandas": with_pandas, "polars": with_polars}
