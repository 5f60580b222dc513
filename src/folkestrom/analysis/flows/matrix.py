"""Who moves from where to where: tables of origin and destination, and what follows from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from folkestrom import columns
from folkestrom.analysis.flows.sequences import UNKNOWN
from folkestrom.analysis.inference.intervals import share_interval
from folkestrom.columns import check_arguments, table_of
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.cells import ShownAsTable, with_description
from folkestrom.model.names import check_code, unknown
from folkestrom.model.specification import Text

Floats = npt.NDArray[np.float64]
_WHERE = "flow_matrix"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FlowMatrix(ShownAsTable):
    """Moves by origin and destination.

    Attributes
    ----------
    places
        Names, of rows and columns.
    counts
        Origin × destination: moves, or sums of their weights. On the diagonal stand those who
        stayed, or moved within a place.
    names
        What places are called in pictures, where they are codes.
    """

    places: tuple[str, ...]
    counts: Floats
    names: Mapping[str, Text] = field(default_factory=dict)

    def count(self, origin: str, destination: str) -> float:
        """Moves from one place to another."""
        check_arguments(FlowMatrix.count, locals())
        return float(self.counts[self._place(origin), self._place(destination)])

    def flows(self, *, within: bool = False) -> pl.DataFrame:
        """A row a flow that is there, the largest first: origin, destination, moves.

        Parameters
        ----------
        within
            With those within a place.
        """
        check_arguments(FlowMatrix.flows, locals())
        o, d = np.nonzero(self.counts)
        names = np.array(self.places, dtype=object)
        found = pl.DataFrame(
            {
                "origin": names[o].tolist(),
                "destination": names[d].tolist(),
                "moves": self.counts[o, d],
            },
            schema={"origin": pl.String, "destination": pl.String, "moves": pl.Float64},
        )
        kept = found if within else found.filter(pl.col("origin") != pl.col("destination"))
        return kept.sort(["moves", "origin", "destination"], descending=[True, False, False])

    def totals(self) -> pl.DataFrame:
        """A row a place: what came, what left, their difference and sum, and the efficiency.

        Efficiency, or effectiveness, is net as a percentage of gross migration (Thomas 1941;
        Shryock, Siegel & al. 1973): 100 where all came and none left, -100 the other way round.
        """
        off = self._between
        came, left = off.sum(axis=0), off.sum(axis=1)
        return pl.DataFrame(
            {
                "place": list(self.places),
                "in": came,
                "out": left,
                "net": came - left,
                "gross": came + left,
                "efficiency": _percent(came - left, came + left),
            }
        )

    def pairs(self) -> pl.DataFrame:
        """A row a pair of places, the largest exchange first: flows both ways, net and gross.

        The net flow is of the first place's gain from the second.
        """
        a, b = np.triu_indices(len(self.places), 1)
        there, back = self.counts[a, b], self.counts[b, a]
        kept = there + back > 0
        a, b, there, back = a[kept], b[kept], there[kept], back[kept]
        names = np.array(self.places, dtype=object)
        return pl.DataFrame(
            {
                "place": names[a].tolist(),
                "other": names[b].tolist(),
                "to_other": there,
                "from_other": back,
                "net": back - there,
                "gross": back + there,
                "efficiency": _percent(back - there, back + there),
            }
        ).sort(["gross", "place", "other"], descending=[True, False, False])

    @property
    def effectiveness(self) -> float:
        """How much moves redistribute, of 100: places' net migration added up, by their gross.

        The migration effectiveness index (Bell & al. 2002); not a number without moves.
        """
        off = self._between
        came, left = off.sum(axis=0), off.sum(axis=1)
        gross = float((came + left).sum())
        return 100 * float(np.abs(came - left).sum()) / gross if gross else float("nan")

    def probabilities(self, level: float = 0.95) -> pl.DataFrame:
        """Shares of each origin's rows that went to each destination, with Wilson's intervals.

        With those who stayed on the diagonal these are transition probabilities. Weights count
        as so many persons.

        Parameters
        ----------
        level
            Coverage of each interval (not of all at once).
        """
        check_arguments(FlowMatrix.probabilities, locals())
        total = self.counts.sum(axis=1)
        rows = np.flatnonzero(total > 0)
        o = np.repeat(rows, len(self.places))
        d = np.tile(np.arange(len(self.places)), len(rows))
        n, share = total[o], self.counts[o, d] / total[o]
        lower, upper = share_interval(self.counts[o, d], n, level)
        names = np.array(self.places, dtype=object)
        return pl.DataFrame(
            {
                "origin": names[o].tolist(),
                "destination": names[d].tolist(),
                "moves": self.counts[o, d],
                "share": share,
                "lower": lower,
                "upper": upper,
            }
        )

    def grouped(self, groups: Mapping[str, str] | Callable[[str], str]) -> FlowMatrix:
        """Places joined to larger ones; moves within one end on its diagonal.

        Parameters
        ----------
        groups
            The larger place of each: a function, or a mapping in which those that are not
            named stay what they are.
        """
        check_arguments(FlowMatrix.grouped, locals())
        if not callable(groups) and groups and not set(groups) & set(self.places):
            said = "is no place of this table, and neither is any other of the groups"
            raise unknown(next(iter(groups)), self.places, said, where="groups")
        name = groups if callable(groups) else lambda place: groups.get(place, place)
        larger = [name(place) for place in self.places]
        places = _ordered(set(larger))
        number = {place: k for k, place in enumerate(places)}
        spread = np.zeros((len(places), len(self.places)))
        spread[[number[g] for g in larger], np.arange(len(larger))] = 1.0
        return FlowMatrix(places, spread @ self.counts @ spread.T, self.names)

    def largest(self, places: int, *, rest: str = "other") -> FlowMatrix:
        """The places with most moves, and all others joined to one.

        Parameters
        ----------
        places
            How many.
        rest
            Name of the others.
        """
        check_arguments(FlowMatrix.largest, locals())
        gross = self._between.sum(axis=0) + self._between.sum(axis=1)
        order = sorted(range(len(self.places)), key=lambda k: (-gross[k], self.places[k]))
        kept = {self.places[k] for k in order[:places]}
        if rest in kept:
            raise UsageError(
                "is a place of its own, and the others would be added to it", where="rest",
                value=rest, next_step="Give the others another name: rest=…",
            )  # fmt: skip
        return self.grouped(lambda place: place if place in kept else rest)

    def _shown(self) -> pa.Table:
        called = {place: name.en for place, name in self.names.items()}
        ends = [{"id": n, "label": n, "labels": called} for n in ("origin", "destination")]
        return with_description(self.flows().to_arrow(), {"dimensions": ends})

    @property
    def _between(self) -> Floats:
        return np.asarray(self.counts - np.diag(np.diag(self.counts)))

    def _place(self, name: str) -> int:
        said = "is no place of this table"
        return self.places.index(check_code(name, self.places, said, where=_WHERE))


def flow_matrix(
    data: Any,
    *,
    origin: str = "origin",
    destination: str = "destination",
    weight: str | None = None,
) -> FlowMatrix:
    """Count moves by origin and destination.

    Parameters
    ----------
    data
        A table with a row a move (or a person, or a flow): Arrow, Polars, pandas or a mapping.
    origin, destination
        Columns; a missing place is called unknown.
    weight
        A column of numbers, such as counts; each row is one by default.

    Examples
    --------
    >>> moves = {"origin": ["Oslo", "Oslo", "Bergen"], "destination": ["Bergen", "Bergen", "Oslo"]}
    >>> found = flow_matrix(moves)
    >>> found.totals().select("place", "in", "out", "net").rows()
    [('Bergen', 2.0, 1.0, 1.0), ('Oslo', 1.0, 2.0, -1.0)]
    >>> round(found.effectiveness, 1)
    33.3
    """
    check_arguments(flow_matrix, locals())
    named = [origin, destination, *([weight] if weight else [])]
    table = table_of(data, _WHERE, named)
    if not table.rows:
        raise InputRefused("there are no moves", where=_WHERE, next_step="Check the selection.")
    ends = [columns.categories(table.column(name), may_miss=True) for name in (origin, destination)]
    size = columns.weights(table.column(weight)) if weight else np.ones(table.rows)
    places = _ordered({name for end in ends for name in _names(end)})
    number = {place: k for k, place in enumerate(places)}
    # A missing place has the code -1, and so the last name.
    o, d = (np.array([number[name] for name in _names(end)])[end.codes] for end in ends)
    counts = np.bincount(o * len(places) + d, size, len(places) ** 2).astype(np.float64)
    return FlowMatrix(places, counts.reshape(len(places), len(places)))


def _names(end: columns.Categories) -> list[str]:
    return [*end.levels, *([UNKNOWN] if (end.codes < 0).any() or not end.levels else [])]


def _ordered(names: set[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=lambda name: (name == UNKNOWN, name)))


def _percent(part: Floats, whole: Floats) -> pl.Series:
    found = np.divide(100 * part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return pl.Series(found).fill_nan(None)
