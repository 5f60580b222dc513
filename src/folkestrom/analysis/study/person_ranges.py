"""Persons are worked on some at a time, in the order of their pseudonyms.

What a part needs of memory does not grow with the country, results come in the order of persons
without sorting all of them, and the histories of one part fit where they are looked up fastest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import duckdb

from folkestrom.engine.settings import memory_of
from folkestrom.engine.steps import run, step

#: Rows of a part, as a share of the engine's memory: what describes a row takes so many bytes.
_BYTES_A_ROW: Final = 600
_FEWEST: Final = 250_000
_MOST: Final = 3_000_000
_END: Final = 2**62


@dataclass(frozen=True, slots=True)
class PersonRange:
    """Persons from one pseudonym up to, not including, another."""

    low: int
    high: int

    @property
    def parameters(self) -> dict[str, object]:
        """Values for the steps."""
        return {"low": self.low, "high": self.high}


@step("persons_known", reads=["attribute"])
def persons_known() -> str:
    """About how many persons the register knows of."""
    return "SELECT count(*) FROM attribute"


@step("pseudonyms_at", reads=["attribute"], example={"shares": (0.5,)},
      duckdb_only="takes several quantiles at once")  # fmt: skip
def pseudonyms_at(shares: Sequence[float]) -> str:
    """Pseudonyms below which those shares of the persons are."""
    return f"SELECT quantile_disc(person, {list(shares)}) FROM attribute"


def person_ranges(
    connection: duckdb.DuckDBPyConnection, rows_a_person: float
) -> Sequence[PersonRange]:
    """All persons, in parts of about as many rows as fit well into memory.

    Parameters
    ----------
    connection
        The store.
    rows_a_person
        How many rows of the result a person has, about.
    """
    ((persons,),) = run(connection, [persons_known()]).fetchall()
    size = min(max(memory_of(connection) // _BYTES_A_ROW, _FEWEST), _MOST)
    many = max(1, round(persons * rows_a_person / size + 0.5))
    if many == 1:
        return [PersonRange(-_END, _END)]
    shares = [number / many for number in range(1, many)]
    ((found,),) = run(connection, [pseudonyms_at(shares)]).fetchall()
    edges = sorted({int(edge) for edge in found})
    return [PersonRange(low, high) for low, high in pairwise([-_END, *edges, _END])]
