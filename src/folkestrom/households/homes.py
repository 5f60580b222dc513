"""Households, families and couples of a country, at a date or over years, as one table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.engine.steps import compose, parameters_of
from folkestrom.households.arrays import Homes, Pieces, Rules
from folkestrom.households.dwellings import (
    changing_dwellings,
    changing_history,
    changing_residence,
    piece_steps,
)
from folkestrom.households.rules import cohabitation_rule
from folkestrom.model.time import OPEN

#: More persons than this in one dwelling are no private household.
LARGEST: Final = 50
#: The name under which a connection has it.
TABLE: Final = "household"


@dataclass(frozen=True, slots=True)
class Method:
    """Parameters of the derivation.

    Parameters
    ----------
    country
        Whose rule for cohabitants: that of the first day that is looked at.
    least_age, age_difference
        Instead of the rule's.
    largest
        A dwelling of more persons is no private household.
    """

    country: str = "NO"
    least_age: int | None = None
    age_difference: int | None = None
    largest: int = LARGEST


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Days that are looked at, as known on one day.

    Parameters
    ----------
    known_at
        Knowledge date.
    since, until
        First day at whose end persons are looked at, and the one after the last.
    """

    known_at: date
    since: date
    until: date


def homes(
    connection: duckdb.DuckDBPyConnection, span: Span, method: Method | None = None, of: str = ""
) -> pa.Table:
    """Who lives with whom, from one change to the next: households, families and couples.

    Parameters
    ----------
    connection
        An open store.
    span
        The days, and as of when they are known.
    method
        Parameters.
    of
        What the names of tables begin with that have some persons; empty: everybody.

    Returns
    -------
    pyarrow.Table
        One row a person and time in which nothing changes in the dwelling: `person`, `household`
        (the number of its oldest person), `family` (that of its reference person), `valid_from`,
        `valid_to`, `household_size`, `family_size`, and the numbers of `households.codes`. Nobody
        is in it who has no dwelling.
    """
    from folkestrom.households.kernel import sweep  # it brings a compiler

    method = method or Method()
    rule = cohabitation_rule(method.country, span.since)
    one_day = span.until - span.since == timedelta(days=1)
    text = compose(piece_steps(one_day=one_day, of=of))
    values = {
        "since": span.since, "until": span.until, "known_at": span.known_at,
        "least_age": rule.least_age if method.least_age is None else method.least_age,
    }  # fmt: skip
    rows = connection.sql(text, params=parameters_of(text, values)).to_arrow_table()
    dwellings = rows["dwelling"].to_numpy()
    ends = np.flatnonzero(np.diff(dwellings)) + 1
    starts = np.concatenate(([0], ends, [rows.num_rows])).astype(np.int64)
    rules = Rules(
        rule.age_difference if method.age_difference is None else method.age_difference,
        rule.no_other_adult, rule.same_sex, rule.same_sex_with_child, method.largest,
        int(np.searchsorted(dwellings, 0)),
    )  # fmt: skip
    return _table(sweep(_pieces(rows), starts, rules))


def make_table(
    connection: duckdb.DuckDBPyConnection, spans: Iterable[Span], method: Method | None = None
) -> None:
    """Put up the table `household` on a connection: a history, as known on each of some days.

    Parameters
    ----------
    connection
        An open store; nothing is written to it.
    spans
        The days that are looked at; those of one knowledge date don't overlap.
    method
        Parameters.
    """
    wanted = sorted(set(spans))
    known = sorted({span.known_at for span in wanted})
    until = dict(pairwise((*known, OPEN)))
    tables, of = [], ""
    if len({(span.since, span.until) for span in wanted}) == 1 < len(wanted):
        of = "changing_"
        tables.append(_known(_unchanging(connection, wanted, method), known[0], OPEN))
    for span in wanted:
        made = homes(connection, span, method, of)
        tables.append(_known(made, span.known_at, until[span.known_at]))
    connection.register(TABLE, pa.concat_tables(tables))


def _known(made: pa.Table, since: date, until: date) -> pa.Table:
    """The rows with the knowledge dates on which they hold."""
    for name, day in (("known_from", since), ("known_to", until)):
        days = pa.repeat(pa.scalar(day, pa.date32()), made.num_rows)
        made = made.append_column(name, days)
    return made


def _unchanging(
    connection: duckdb.DuckDBPyConnection, spans: Sequence[Span], method: Method | None
) -> pa.Table:
    """Households that are the same on all knowledge dates; tables are put up of all the others."""
    first, last = spans[0], spans[-1]
    values = {
        "since": first.since, "until": first.until,
        "known_first": first.known_at, "known_last": last.known_at,
    }  # fmt: skip
    histories = ((name, [changing_history(name)]) for name in ("marital", "attribute"))
    put_up = {}
    for name, steps in (("residence", [changing_dwellings(), changing_residence()]), *histories):
        text = compose(steps)
        put_up[name] = connection.sql(text, params=parameters_of(text, values)).to_arrow_table()
        connection.register(f"changing_{name}", put_up[name])
    found, others = homes(connection, first, method), put_up["residence"]
    own = np.isin(found["person"].to_numpy(), others["person"].to_numpy(), invert=True)
    return found.filter(pa.array(own))


def _pieces(rows: pa.Table) -> Pieces:
    """The rows of the steps as arrays of the kernel, whose columns they are."""

    def array(name: str) -> NDArray[Any]:
        column = rows[name].combine_chunks()
        if pa.types.is_date(column.type):
            column = column.view(pa.int32())
        whole = column.fill_null(0) if column.null_count else column
        found: NDArray[Any] = whole.to_numpy(zero_copy_only=False)
        return found

    return Pieces(*(array(name) for name in Pieces._fields))


def _table(found: Homes) -> pa.Table:
    """The kernel's columns as a table, without copying them."""
    columns = {
        "person": found.person, "household": found.household, "family": found.family,
        "household_size": found.size, "family_size": found.family_size,
        "household_type": found.household_type, "family_type": found.family_type,
        "family_role": found.role, "couple": found.couple, "parents": found.parents,
        "youngest": found.youngest,
    }  # fmt: skip
    days = {"valid_from": found.since, "valid_to": found.until}
    made = {name: pa.array(column) for name, column in columns.items()}
    return pa.table(made | {n: pa.array(c).view(pa.date32()) for n, c in days.items()})
