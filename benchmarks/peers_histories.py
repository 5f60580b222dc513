"""The register's histories in Polars and in pandas: the same job as `rebuild`.

Both go the same way. Persons whose reports all came in the order of events, with nothing annulled
or corrected, are nearly seven in eight: of theirs, every row follows from the next report. For the
others each report is repeated for every knowledge date of its person on which it stands, all those
lives are replayed side by side with shifts and fills, and a row that is the same on knowledge dates
next to each other becomes one.

All columns of all six tables come out, and the benchmark holds them against the program's. In one
thing the job stays the easier one: a report may be annulled or corrected once, by one that came
later and is not itself annulled or corrected, which is all that the made-up log has. A log with
more is refused, so that nothing is left out silently.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from folkestrom.intake.tables import REPORT
from folkestrom.register.tables import BY_NAME, OPEN_DAY

OPEN = date(9999, 12, 31)
#: What is read of the log, with the types it has there.
READ = """
person position received_at key_hash known_from event_date kind municipality basic_unit country
reason country_of_birth citizenship marital_status sex birth_date mother father partner origin
target
"""
COLUMNS = {name: REPORT[name].split()[0] for name in READ.split()}
WAITS = "(annuls IS NOT NULL OR corrects IS NOT NULL) AND target IS NULL AS waits"
RECEIPT = ["known_from", "received_at", "key_hash"]
LIFE = ["event_date", "kind", "received_at", "key_hash"]
PLAIN = [name for name in COLUMNS if name not in ("received_at", "key_hash", "target")]
CORRECTABLE = ["sex", "birth_date", "country_of_birth", "mother", "father"]
FIXED = [*CORRECTABLE, "origin"]
#: What residence and events say of the person.
SHOWN = ["sex", "birth_date", "country_of_birth"]
#: What tells two rows of one table and one report (or person) apart, from one day to the next.
VARYING = {
    "stay": ["valid_to", *SHOWN],
    "marital": ["valid_to", "marital_status", "partner"],
    "citizenship": ["valid_to"],
    "attribute": ["position", *FIXED],
    "event": ["municipality_from", "basic_unit_from", "sex", "birth_date"],
    "flag": ["reason_code"],
}
TOO_DEEP = "a report is annulled or corrected more than once, or by one that came before it"

# --- Polars ---


def with_polars(connection: duckdb.DuckDBPyConnection) -> dict[str, pl.DataFrame]:
    columns = ", ".join(COLUMNS)
    log = _polars_by_receipt(connection.sql(f"SELECT {columns}, {WAITS} FROM report").pl())
    kind, same = pl.col("kind"), ~_changes("person")
    odd = kind.is_in([4, 10]) | pl.col("target").is_not_null()
    revised = log.filter(odd | pl.col("waits") | (same & _earlier(LIFE)))["person"].unique()
    is_revised = log["person"].is_in(revised.implode())
    plain = log.select(PLAIN).filter(~is_revised).with_columns(life="person")
    plain_tables = _polars_plain(*_polars_states(plain, None))
    revised_tables = _polars_revised(log.filter(is_revised))
    both = [pl.concat([plain_tables[name], revised_tables[name]]) for name in BY_NAME]
    return dict(zip(BY_NAME, pl.collect_all(both), strict=True))


def _polars_by_receipt(log: pl.DataFrame) -> pl.DataFrame:
    """Reports by person and receipt: mostly the log has the latter order, and one key is enough."""
    if log.select(_earlier(RECEIPT).any()).item():
        return log.sort("person", *RECEIPT)
    return log.sort("person", maintain_order=True)


def _earlier(columns: list[str]) -> pl.Expr:
    """Whether a row comes before the one above it, in the order of some columns."""
    earlier = pl.lit(value=False)
    for name in reversed(columns):
        here, above = pl.col(name), pl.col(name).shift()
        earlier = (here < above) | ((here == above) & earlier)
    return earlier.fill_null(value=False)


def _changes(name: str, step: int = 1) -> pl.Expr:
    """Whether a row's neighbour has another value, or there is none."""
    return (pl.col(name) != pl.col(name).shift(step)).fill_null(value=True)


def _since(true: pl.Expr, false: pl.Expr) -> pl.Expr:
    """Whether, before a row, something last came to be true; a life begins with false."""
    state = pl.when(true).then(True).when(false | pl.col("first")).then(False)
    return ~pl.col("first") & state.forward_fill().shift().fill_null(value=False)


def _polars_states(
    rows: pl.DataFrame, corrections: pl.DataFrame | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Replay lives that lie one after the other, each in its order; also, what is fixed in each."""
    kind, never = pl.col("kind"), pl.lit(value=False)
    rows = rows.with_columns(first=_changes("life"))
    rows = rows.with_columns(registered=_since(kind <= 3, never))
    rows = rows.with_columns(begins=(kind <= 3) & ~pl.col("registered"))
    fixed = rows.filter("begins").select(
        "life", "person", "position", *FIXED, "known_from", valid_from="event_date"
    )
    if corrections is not None:
        last = [pl.col(name).drop_nulls().last() for name in CORRECTABLE]
        latest = corrections.group_by("life").agg(last)
        fixed = fixed.join(latest, on="life", how="left", suffix="_now", maintain_order="left")
        now = [pl.coalesce(f"{name}_now", name).alias(name) for name in CORRECTABLE]
        fixed = fixed.with_columns(now)
    fixed = fixed.with_columns(pl.col("sex").fill_null(0))
    # The n-th life that begins a record has the n-th row of what is fixed.
    place = (rows["begins"].cum_sum().cast(pl.Int64) - 1).clip(0)
    rows = rows.with_columns(fixed[name].gather(place) for name in SHOWN)
    unborn = (pl.col("event_date") < pl.col("birth_date")).fill_null(value=False)
    dies = (kind == 9) & pl.col("registered") & ~unborn
    rows = rows.with_columns(
        resident=_since(pl.col("begins") | (kind == 3), kind == 8), died=_since(dies, never)
    )
    resident, registered = pl.col("resident"), pl.col("registered")
    reason = (
        pl.when(pl.col("died")).then(6)
        .when((kind <= 2) & registered).then(1)
        .when((kind == 3) & resident).then(2)
        .when((kind == 5) & ~resident).then(3)
        .when((kind == 8) & ~resident).then(4)
        .when(kind.is_in([6, 7, 9]) & ~registered).then(5)
        .when((kind == 9) & unborn).then(7)
    )  # fmt: skip
    return rows.with_columns(reason_code=reason.cast(pl.Int8)), fixed


def _polars_events(rows: pl.DataFrame) -> pl.LazyFrame:
    arrives = pl.col("kind") < 8
    moves = rows.lazy().filter(pl.col("reason_code").is_null() & ~pl.col("kind").is_in([6, 7]))
    moves = moves.with_columns(
        municipality_to=pl.when(arrives).then("municipality"),
        basic_unit_to=pl.when(arrives).then("basic_unit"),
        first_known="known_from",
    )
    stays = ~_changes("life")
    return moves.with_columns(
        municipality_from=pl.when(stays).then(pl.col("municipality_to").shift()),
        basic_unit_from=pl.when(stays).then(pl.col("basic_unit_to").shift()),
    )


def _polars_spells(rows: pl.DataFrame) -> dict[str, pl.LazyFrame]:
    """What opens a spell of each kind, with the report that closes it."""
    kind = pl.col("kind")
    applied = rows.lazy().filter(pl.col("reason_code").is_null())
    given = pl.col("marital_status").fill_null(0) > 0
    states = (kind == 6) | ((kind <= 3) & (given | pl.col("begins")))
    default = pl.when(kind == 2).then(1).otherwise(0).cast(pl.Int8)
    marital = applied.filter(states | (kind == 9)).with_columns(
        marital_status=pl.when(given).then("marital_status").otherwise(default),
        partner=pl.when(given | (kind > 3)).then("partner"),
    )
    is_citizen = (kind == 7) | ((kind <= 3) & pl.col("citizenship").is_not_null())
    chosen = {
        "stay": (applied.filter(~kind.is_in([6, 7])), kind < 8),
        "marital": (marital, kind != 9),
        "citizenship": (applied.filter(is_citizen | (kind == 9)), kind != 9),
    }
    return {name: _polars_closed(rows, opens) for name, (rows, opens) in chosen.items()}


def _polars_closed(rows: pl.LazyFrame, opens: pl.Expr) -> pl.LazyFrame:
    last = _changes("life", -1)
    return rows.with_columns(
        valid_from="event_date",
        valid_to=pl.when(last).then(OPEN).otherwise(pl.col("event_date").shift(-1)),
        closed=pl.when(last).then(OPEN).otherwise(pl.col("known_from").shift(-1)),
    ).filter(opens)


def _polars_plain(rows: pl.DataFrame, fixed: pl.DataFrame) -> dict[str, pl.LazyFrame]:
    """Known as reports came: a spell is open as known until the report that closes it."""
    found = {"event": _polars_events(rows), "attribute": fixed.lazy()}
    found["flag"] = rows.lazy().filter(pl.col("reason_code").is_not_null())
    for name, spells in _polars_spells(rows).items():
        was = spells.filter(pl.col("known_from") < pl.col("closed"))
        was = was.with_columns(known_to="closed", valid_to=pl.lit(OPEN))
        now = spells.filter((pl.col("closed") < OPEN) & (pl.col("valid_from") < pl.col("valid_to")))
        now = now.with_columns(known_from="closed", known_to=pl.lit(OPEN))
        found[name] = pl.concat([part.select(BY_NAME[name].names) for part in (was, now)])
    ends = {"valid_to": pl.lit(OPEN), "known_to": pl.lit(OPEN)}
    for name in ("event", "flag", "attribute"):
        found[name] = found[name].with_columns(**ends).select(BY_NAME[name].names)
    return found


def _polars_revised(log: pl.DataFrame) -> dict[str, pl.LazyFrame]:
    """All else: a life is a person as known on one day; days of a person have adjacent numbers."""
    is_day = _changes("person") | _changes("known_from")
    log = log.with_columns(life=is_day.cum_sum().cast(pl.Int64) - 1)
    following = pl.when(_changes("person", -1)).then(OPEN).otherwise(pl.col("known_from").shift(-1))
    days = log.filter(is_day).select("known_from", "person").with_columns(known_to=following)
    end = pl.when(_changes("person", -1)).then(pl.col("life") + 1).backward_fill()
    log = log.with_columns(end=end)
    _polars_refuse(log)
    aims = log.filter(pl.col("target").is_not_null()).select(position="target", aimed="life")
    log = log.filter(pl.col("kind") != 10).join(aims, on="position", how="left")
    log = log.with_columns(end=pl.coalesce("aimed", "end"))
    corrections = _polars_lives(log.filter(pl.col("kind") == 4).sort("person", *RECEIPT))
    events = log.filter(pl.col("kind") != 4).sort("person", *LIFE)
    rows, fixed = _polars_states(_polars_lives(events), corrections)
    orphans = corrections.join(fixed, on="life", how="anti")
    orphans = orphans.with_columns(reason_code=pl.lit(5, pl.Int8))
    flags = rows.filter(pl.col("reason_code").is_not_null())
    flag_columns = ["life", "position", "person", "reason_code"]
    lasting = pl.col("valid_from") < pl.col("valid_to")
    found = {name: rows.filter(lasting) for name, rows in _polars_spells(rows).items()}
    found["event"] = _polars_events(rows)
    found["attribute"] = fixed.lazy().with_columns(valid_to=pl.lit(OPEN))
    flags = pl.concat([flags.select(flag_columns), orphans.select(flag_columns)])
    found["flag"] = flags.lazy().sort("life")
    return {name: _polars_islands(name, rows, days) for name, rows in found.items()}


def _polars_refuse(log: pl.DataFrame) -> None:
    has_aim = pl.col("target").is_not_null()
    aims, others = log.filter(has_aim), log.filter(~has_aim).select("life", target="position")
    reached = aims.join(others, on="target").filter(pl.col("life_right") < pl.col("life"))
    if aims["target"].is_duplicated().any() or len(reached) < len(aims) or log["waits"].any():
        raise ValueError(TOO_DEEP)


def _polars_lives(reports: pl.DataFrame) -> pl.DataFrame:
    """Reports, each as often as there are knowledge dates on which it stands, life by life."""
    lives = pl.int_ranges("life", "end")
    return reports.with_columns(life=lives).explode("life").sort("life", maintain_order=True)


def _polars_islands(name: str, rows: pl.LazyFrame, days: pl.DataFrame) -> pl.LazyFrame:
    """Rows that are the same on adjacent knowledge dates, as one."""
    key = "person" if name == "attribute" else "position"
    rows = rows.sort(key, maintain_order=True)
    differs = [pl.col(other).ne_missing(pl.col(other).shift()) for other in VARYING[name]]
    follows = pl.col("life") == pl.col("life").shift() + 1
    begins = pl.any_horizontal(_changes(key), ~follows.fill_null(value=False), *differs)
    rows = rows.with_columns(begins=begins)
    ends = pl.col("begins").shift(-1, fill_value=True)
    rows = rows.with_columns(end=pl.when(ends).then("life").backward_fill()).filter("begins")
    return rows.with_columns(
        known_from=pl.lit(days["known_from"]).gather(pl.col("life")),
        known_to=pl.lit(days["known_to"]).gather(pl.col("end")),
    ).select(BY_NAME[name].names)


# --- pandas: days as numbers, and NULL as the least number: nothing turns into floats ---

Flags = NDArray[np.bool_]
NULL = {"TINYINT": -(2**7), "SMALLINT": -(2**15), "INTEGER": -(2**31), "BIGINT": -(2**63)}
NULL["DATE"] = NULL["INTEGER"]
ABSENT = {name: NULL[kind] for name, kind in COLUMNS.items() if kind in NULL}


def with_pandas(connection: duckdb.DuckDBPyConnection) -> dict[str, pd.DataFrame]:
    columns = ", ".join(_as_number(name) for name in COLUMNS)
    log = _pandas_by_receipt(connection.sql(f"SELECT {columns}, {WAITS} FROM report").df())
    odd = log["kind"].isin([4, 10]) | (log["target"] != ABSENT["target"]) | log["waits"]
    odd |= _behind(log, LIFE) & ~_turns(log["person"])
    first = np.flatnonzero(_turns(log["person"]))
    is_revised = np.repeat(
        np.logical_or.reduceat(odd.to_numpy(), first), np.diff(first, append=len(log))
    )
    plain = log.loc[~is_revised, PLAIN]
    revised = log[is_revised].reset_index(drop=True)
    del log
    plain_tables = _pandas_plain(*_pandas_states(plain.assign(life=plain["person"]), None))
    revised_tables = _pandas_revised(revised)
    return {
        name: pd.concat([plain_tables[name], revised_tables[name]], ignore_index=True)
        for name in BY_NAME
    }


def _as_number(name: str) -> str:
    kind = COLUMNS[name]
    if kind == "TIMESTAMP":
        return f"epoch_us({name}) AS {name}"
    value = f"{name} - DATE '1970-01-01'" if kind == "DATE" else name
    kind = "INTEGER" if kind == "DATE" else kind
    return f"coalesce({value}, {ABSENT[name]})::{kind} AS {name}" if name in ABSENT else name


def _pandas_by_receipt(log: pd.DataFrame) -> pd.DataFrame:
    if _behind(log, RECEIPT).any():
        return log.sort_values(["person", *RECEIPT], ignore_index=True)
    return log.sort_values("person", kind="stable", ignore_index=True)


def _behind(log: pd.DataFrame, columns: list[str]) -> Flags:
    """Whether a row comes before the one above it, in the order of some columns."""
    behind = np.zeros(max(len(log) - 1, 0), bool)
    for name in reversed(columns):
        values = log[name].to_numpy()
        behind = (values[1:] < values[:-1]) | ((values[1:] == values[:-1]) & behind)
    return np.concatenate([[False], behind])


def _turns(values: Any) -> Flags:
    """Whether a row has another value than the one above it, or is the first."""
    values = np.asarray(values)
    return np.concatenate([[True], values[1:] != values[:-1]])


def _ends(values: Any) -> Flags:
    """Whether a row has another value than the one below it, or is the last."""
    return np.roll(_turns(values), -1)


def _held(first: Flags, true: Flags, false: Flags) -> Flags:
    """Whether, before a row, something last came to be true; a life begins with false."""
    at = np.maximum.accumulate(np.where(true | false | first, np.arange(len(first)), 0))
    return np.roll(true[at], 1) & ~first


def _pandas_states(
    rows: pd.DataFrame, corrections: pd.DataFrame | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    kind, first = rows["kind"].to_numpy(), _turns(rows["life"])
    never = np.zeros(len(rows), bool)
    registered = _held(first, kind <= 3, never)
    begins = (kind <= 3) & ~registered
    fixed = rows.loc[begins, ["life", "person", "position", *FIXED, "known_from", "event_date"]]
    fixed = fixed.rename(columns={"event_date": "valid_from"})
    if corrections is not None:
        fixed = fixed.assign(**{name: _corrected(fixed, corrections, name) for name in CORRECTABLE})
    fixed["sex"] = fixed["sex"].clip(lower=0)
    place = np.maximum(begins.cumsum() - 1, 0)
    rows = rows.assign(begins=begins, **{name: fixed[name].to_numpy()[place] for name in SHOWN})
    # A date of birth that is not known is the least number, and no death comes before it.
    unborn = (rows["event_date"] < rows["birth_date"]).to_numpy()
    resident = _held(first, begins | (kind == 3), kind == 8)
    died = _held(first, (kind == 9) & registered & ~unborn, never)
    refusals = {
        6: died,
        1: (kind <= 2) & registered,
        2: (kind == 3) & resident,
        3: (kind == 5) & ~resident,
        4: (kind == 8) & ~resident,
        5: np.isin(kind, [6, 7, 9]) & ~registered,
        7: (kind == 9) & unborn,
    }
    reason = np.zeros(len(rows), np.int8)
    for code, refused in reversed(refusals.items()):
        reason[refused] = code
    return rows.assign(reason_code=reason), fixed


def _corrected(fixed: pd.DataFrame, corrections: pd.DataFrame, name: str) -> NDArray[Any]:
    given = corrections.loc[corrections[name] != ABSENT[name], ["life", name]]
    given = given.drop_duplicates("life", keep="last")
    at = pd.Index(given["life"]).get_indexer(fixed["life"])
    values = np.append(given[name].to_numpy(), given[name].dtype.type(ABSENT[name]))
    return np.where(at >= 0, values[at], fixed[name])


def _pandas_events(rows: pd.DataFrame) -> pd.DataFrame:
    moves = rows[(rows["reason_code"] == 0).to_numpy() & ~np.isin(rows["kind"], [6, 7])]
    leaves, first = moves["kind"].to_numpy() >= 8, _turns(moves["life"])
    to = {name: moves[name].mask(leaves, ABSENT[name]) for name in ("municipality", "basic_unit")}
    return moves.assign(
        first_known=moves["known_from"],
        **{f"{name}_to": values for name, values in to.items()},
        **{
            f"{name}_from": values.shift(fill_value=ABSENT[name]).mask(first, ABSENT[name])
            for name, values in to.items()
        },
    )


def _pandas_spells(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    kind, applied = rows["kind"].to_numpy(), (rows["reason_code"] == 0).to_numpy()
    given = rows["marital_status"].to_numpy() > 0
    states = (kind == 6) | ((kind <= 3) & (given | rows["begins"].to_numpy()))
    status = np.where(given, rows["marital_status"], (kind == 2).astype(np.int8))
    partner = rows["partner"].where(given | (kind > 3), ABSENT["partner"])
    is_citizen = (kind == 7) | ((kind <= 3) & (rows["citizenship"] != ABSENT["citizenship"]))
    chosen = {
        "stay": (~np.isin(kind, [6, 7]), 7),
        "marital": (states | (kind == 9), 8),
        "citizenship": (is_citizen | (kind == 9), 8),
    }
    rows = rows.assign(marital_status=status, partner=partner)
    found = {}
    for name, (chosen_rows, last_opening) in chosen.items():
        columns = {*BY_NAME[name].names} & {*rows.columns} | {"life", "kind", "event_date"}
        part = rows.loc[applied & chosen_rows, [*columns]]
        last = _ends(part["life"])
        part = part.rename(columns={"event_date": "valid_from"}).assign(
            valid_to=part["event_date"].shift(-1, fill_value=0).mask(last, OPEN_DAY),
            closed=part["known_from"].shift(-1, fill_value=0).mask(last, OPEN_DAY),
        )
        found[name] = part[part["kind"] <= last_opening]
    return found


def _pandas_plain(rows: pd.DataFrame, fixed: pd.DataFrame) -> dict[str, pd.DataFrame]:
    found = {"event": _pandas_events(rows), "flag": rows[rows["reason_code"] > 0]}
    found["attribute"] = fixed.assign(valid_to=np.int32(OPEN_DAY))
    found = {name: part.assign(known_to=np.int32(OPEN_DAY)) for name, part in found.items()}
    for name, spells in _pandas_spells(rows).items():
        was = spells[spells["known_from"] < spells["closed"]]
        was = was.assign(known_to=was["closed"], valid_to=np.int32(OPEN_DAY))
        lasting = spells["valid_from"] < spells["valid_to"]
        now = spells[(spells["closed"] < OPEN_DAY) & lasting]
        now = now.assign(known_from=now["closed"], known_to=np.int32(OPEN_DAY))
        found[name] = pd.concat([was, now])
    return {name: part[[*BY_NAME[name].names]] for name, part in found.items()}


def _pandas_revised(log: pd.DataFrame) -> dict[str, pd.DataFrame]:
    is_day = _turns(log["person"]) | _turns(log["known_from"])
    log["life"] = is_day.cumsum() - 1
    days = log.loc[is_day, ["person", "known_from"]]
    following = days["known_from"].shift(-1, fill_value=0)
    days = days.assign(known_to=following.mask(_ends(days["person"]), OPEN_DAY))
    last = np.flatnonzero(_ends(log["person"]))
    log["end"] = np.repeat(log["life"].to_numpy()[last] + 1, np.diff(last, prepend=-1))
    aims = log[log["target"] != ABSENT["target"]]
    at = pd.Index(log["position"]).get_indexer(aims["target"])
    deep = log["target"].to_numpy()[at] != ABSENT["target"]
    late = log["life"].to_numpy()[at] >= aims["life"].to_numpy()
    if (deep | late | (at < 0)).any() or aims["target"].duplicated().any() or log["waits"].any():
        raise ValueError(TOO_DEEP)
    log.iloc[at, log.columns.get_loc("end")] = aims["life"].to_numpy()
    corrections = _pandas_lives(log[log["kind"] == 4])
    events = log[~log["kind"].isin([4, 10])].sort_values(["person", *LIFE])
    rows, fixed = _pandas_states(_pandas_lives(events), corrections)
    orphans = corrections[~corrections["life"].isin(fixed["life"])].assign(reason_code=np.int8(5))
    flags = pd.concat([rows[rows["reason_code"] > 0], orphans])
    found = _pandas_spells(rows)
    found = {name: part[part["valid_from"] < part["valid_to"]] for name, part in found.items()}
    found |= {"event": _pandas_events(rows), "flag": flags.sort_values("life", kind="stable")}
    found["attribute"] = fixed.assign(valid_to=np.int32(OPEN_DAY))
    return {name: _pandas_islands(name, part, days) for name, part in found.items()}


def _pandas_lives(reports: pd.DataFrame) -> pd.DataFrame:
    life, end = reports["life"].to_numpy(), reports["end"].to_numpy()
    times = end - life
    at = np.repeat(np.arange(len(reports)), times)
    lives = life[at] + np.arange(len(at)) - np.repeat(times.cumsum() - times, times)
    order = np.argsort(lives, kind="stable")
    return reports.take(at[order]).assign(life=lives[order]).reset_index(drop=True)


def _pandas_islands(name: str, rows: pd.DataFrame, days: pd.DataFrame) -> pd.DataFrame:
    key = "person" if name == "attribute" else "position"
    order = np.argsort(rows[key].to_numpy(), kind="stable")
    life = rows["life"].to_numpy()[order]
    begins = np.diff(life, prepend=-2) != 1
    for column in (key, *VARYING[name]):
        begins |= _turns(rows[column].to_numpy()[order])
    starts = np.flatnonzero(begins)
    ends = np.append(starts[1:], len(rows)) - 1
    return rows.take(order[starts]).assign(
        known_from=days["known_from"].to_numpy()[life[starts]],
        known_to=days["known_to"].to_numpy()[life[ends]],
    )[[*BY_NAME[name].names]]


# --- Both ---


def write(connection: duckdb.DuckDBPyConnection, tables: dict[str, Any], prefix: str = "") -> None:
    for name, rows in tables.items():
        is_polars = isinstance(rows, pl.DataFrame)
        connection.register("rows", rows.to_arrow() if is_polars else rows)
        columns = "*" if is_polars else ", ".join(_from_number(name))
        connection.execute(f"CREATE OR REPLACE TABLE {prefix}{name} AS SELECT {columns} FROM rows")
        connection.unregister("rows")


def _from_number(table: str) -> list[str]:
    values = []
    for column in BY_NAME[table].columns:
        value = f"nullif({column.name}, {NULL[column.type]})" if column.nullable else column.name
        value = f"DATE '1970-01-01' + {value}" if column.type == "DATE" else value
        values.append(f"({value})::{column.type} AS {column.name}")
    return values


PEERS: dict[str, Callable[[duckdb.DuckDBPyConnection], dict[str, Any]]] = {
    "pandas": with_pandas,
    "polars": with_polars,
}
