"""The registered in groups and strata, with their signs of life: what the methods count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.analysis.over_coverage.rows import presence_steps
from folkestrom.engine.steps import Step, compose, parameters_of
from folkestrom.errors import UsageError
from folkestrom.linkage.catalogue import Linked, linked_variables
from folkestrom.model.names import check_code
from folkestrom.quality.presence.index import Index, sign_weights
from folkestrom.statistics.coverage import Coverage
from folkestrom.statistics.population import fetch
from folkestrom.variables.linked import check_known
from folkestrom.variables.variable import Variable

#: Years of signs that the index is carried through.
YEARS: Final = 5
#: How many years before the day it is looked at who has become known to have left since.
AUDITED: Final = range(3, 9)


@dataclass(frozen=True, slots=True)
class Signs:
    """Whose signs of life are looked at, and how.

    Parameters
    ----------
    sources
        Names of linked variables: a row of one is a sign of the years that it has days of.
    weights
        What a sign of each counts, by name; of those that are not here, as their logistic
        regression says.
    index
        How the residency index is carried on.
    strata
        Names of variables in whose groups persons show signs alike.
    models
        How many models of lists are shown.
    """

    sources: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    index: Index = Index()  # noqa: RUF009 - frozen
    strata: tuple[str, ...] = ("age_group",)
    models: int = 5


@dataclass(frozen=True, slots=True)
class Times:
    """The day, what is known of it, and years that end with it.

    Parameters
    ----------
    day, known
        The reference date, and the knowledge date.
    limits
        What the log reaches.
    """

    day: date
    known: date
    limits: Coverage

    def values(self, years: int, back: int = 0) -> dict[str, object]:
        """Values for the steps, of the day or of so many years before.

        Parameters
        ----------
        years
            How many years of signs there are.
        back
            How many years before the day.
        """
        day = years_before(self.day, back)
        known = self.known if not back else years_before(self.known, back)
        return {
            "eve": day - timedelta(days=1), "known_at": known, "later": self.known,
            "known_end": self.known, "until": years_before(day, -1), "first": day.year - years,
            "turn": self.day.month * 100 + self.day.day, "begin": years_before(day, years),
            "last": years - 1, "last_begin": years_before(day, 1),
        }  # fmt: skip


def years_before(day: date, years: int) -> date:
    """The same day so many years before; of 29 February, the 28th.

    Examples
    --------
    >>> years_before(date(2020, 2, 29), 1)
    datetime.date(2019, 2, 28)
    """
    late = (day.month, day.day) == (2, 29)
    return date(day.year - years, day.month, 28 if late else day.day)


@dataclass(frozen=True, slots=True)
class Registered:
    """Persons who are registered, or some of them of whom more is known.

    Parameters
    ----------
    person
        Who.
    group, stratum
        Number of each: (persons,).
    since
        Year of registration, from the first: (persons,).
    signs
        Bits of years, by source: (persons, sources).
    left
        Of those of whom it is known later: 0 for who was here, 1 for who had left within a year,
        2 within two, 3 before.
    """

    person: NDArray[np.int64]
    group: NDArray[np.int64]
    stratum: NDArray[np.int64]
    since: NDArray[np.int64]
    signs: NDArray[np.int64]
    left: NDArray[np.int64]

    @property
    def gone(self) -> NDArray[np.bool_]:
        """Of those of whom it is known later, who had left."""
        return self.left > 0

    @property
    def last(self) -> NDArray[np.bool_]:
        """Signs of the last year: (persons, sources)."""
        return np.asarray((self.signs >> (YEARS - 1)) & 1 == 1)

    def below(self, index: Index, weights: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Who is below the threshold.

        Parameters
        ----------
        index, weights
            The index, and the weights of its signs.
        """
        return index.below(index.of(self.signs, self.since, weights, YEARS))


def sources_of(
    connection: duckdb.DuckDBPyConnection, names: Sequence[str], known: date
) -> list[Linked]:
    """The linked variables that are signs.

    Parameters
    ----------
    connection
        An open store.
    names
        What they are called.
    known
        The knowledge date.
    """
    linked = linked_variables(connection)
    if not names:
        raise UsageError(
            "are not named: a method by signs of life needs linked variables", where="signs",
            allowed=tuple(linked) or "linked variables of persons",
            next_step="Link files of who was active where: `folkestrom link FILE --as work`",
        )  # fmt: skip
    for name in names:
        check_code(name, linked, "is no linked variable", where="signs")
        check_known(linked[name], known)
        if linked[name].key != "person":
            raise UsageError("is of places, and no sign of a person", where="signs", value=name)
    return [linked[name] for name in names]


@dataclass(frozen=True, slots=True)
class Groups:
    """What persons are told apart by.

    Parameters
    ----------
    chosen
        Variables of the groups, and those of which codes are kept.
    shown
        How many of them are of the groups.
    codes
        Codes to keep, by variable.
    """

    chosen: tuple[Variable, ...]
    shown: int
    codes: Mapping[str, tuple[str, ...]]

    @property
    def by(self) -> tuple[Variable, ...]:
        """Variables of the groups."""
        return self.chosen[: self.shown]

    def kept(self, frame: pl.DataFrame, first: int = 0) -> pl.DataFrame:
        """Rows with the codes that are kept.

        Parameters
        ----------
        frame
            Columns v0, v1 … of numbers.
        first
            The place of the first variable among them.
        """
        for place, variable in enumerate(self.chosen, first):
            if variable.name in self.codes:
                numbers = frame[f"v{place}"].unique()
                codes = pl.Series(variable.column(numbers.to_arrow()).cast(pa.string()))
                wanted = numbers.filter(codes.is_in(list(self.codes[variable.name])))
                frame = frame.filter(pl.col(f"v{place}").is_in(wanted.implode()))
        return frame


class People:
    """Reads the registered of the day, and of days before it.

    Parameters
    ----------
    connection
        An open store.
    times
        The day.
    strata
        Variables in whose groups persons show signs alike.
    groups
        What the result is by.
    sources
        The signs.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, times: Times, strata: Sequence[Variable],
        groups: Groups, sources: Sequence[Linked],
    ) -> None:  # fmt: skip
        self._connection, self._times = connection, times
        self._strata, self._of, self.sources = tuple(strata), groups, sources
        self._places: list[dict[tuple[int | None, ...], int]] = [{}, {}]
        #: All of them, whatever codes are kept.
        self.everybody: Registered
        self.now = self._read(0)

    @property
    def strata(self) -> int:
        """How many strata there are by now."""
        return max(len(self._places[0]), 1)

    @property
    def groups(self) -> list[tuple[int | None, ...]]:
        """Numbers of the variables of each group."""
        return list(self._places[1])

    @property
    def audited(self) -> Registered:
        """Those of years before of whom it is known by now whether they were here."""
        return self._audit[0]

    @property
    def hidden(self) -> NDArray[np.float64]:
        """Those of them who had left, by how long ago, on each of those days: (days, 3)."""
        return self._audit[1]

    @cached_property
    def _audit(self) -> tuple[Registered, NDArray[np.float64]]:
        first = years_before(self._times.limits.first, -YEARS)
        years = [back for back in AUDITED if years_before(self._times.day, back) >= first]
        if not years:
            raise UsageError(
                "is too soon: nothing has become known yet of who had left years before",
                where="date", value=self._times.day,
                allowed=f"days from {years_before(first, -AUDITED[0])}",
                next_step="Ask for a later day, or for the method of lists",
            )  # fmt: skip
        parts = [self._read(back) for back in years]
        columns = (np.concatenate([getattr(p, name) for p in parts]) for name in _COLUMNS)
        hidden = [np.bincount(part.left, minlength=4)[1:] for part in parts]
        return Registered(*columns), np.array(hidden, float)

    def _read(self, back: int) -> Registered:
        tables = [linked.table for linked in self.sources]
        # Who is known to have left years before is looked at in the whole country.
        chosen = self._strata if back else (*self._strata, *self._of.chosen)
        steps: list[Step] = presence_steps(chosen, tables, YEARS, audited=back > 0)
        values = self._times.values(YEARS, back)
        frame = pl.DataFrame(fetch(self._connection, steps, parameters_of(compose(steps), values)))
        if back:
            return self._registered(frame, audited=True)
        kept = self._of.kept(frame, len(self._strata))
        now = self._registered(kept, self._places[1], self._of.shown)
        self.everybody = self._registered(frame) if len(kept) < len(frame) else now
        return now

    def _registered(
        self, frame: pl.DataFrame, groups: dict[tuple[int | None, ...], int] | None = None,
        shown: int = 0, *, audited: bool = False,
    ) -> Registered:  # fmt: skip
        first = len(self._strata)
        stratum = _numbers(frame, [f"v{n}" for n in range(first)], self._places[0])
        names = [f"v{first + n}" for n in range(shown)]
        group = _numbers(frame, names, {} if groups is None else groups)
        signs = np.zeros((len(frame), len(self.sources)), np.int64)
        for n in range(len(self.sources)):
            signs[:, n] = frame[f"s{n}"].to_numpy()
        left = frame["gone"].to_numpy() if audited else np.zeros(len(frame))
        person, since = (frame[name].to_numpy().astype(np.int64) for name in ("person", "since"))
        return Registered(person, group, stratum, since, signs, left.astype(np.int64))


_COLUMNS: Final = ("person", "group", "stratum", "since", "signs", "left")


def _numbers(
    frame: pl.DataFrame, names: Sequence[str], known: dict[tuple[int | None, ...], int]
) -> NDArray[np.int64]:
    """The number of each row's values, which go on from those that are known."""
    if not names:
        known.setdefault((), 0)
        return np.zeros(len(frame), np.int64)
    for row in frame.select(names).unique().sort(names, nulls_last=True).rows():
        known.setdefault(row, len(known))
    listed = pl.DataFrame(
        [(*row, n) for row, n in known.items()], orient="row",
        schema={**{name: frame[name].dtype for name in names}, "n": pl.Int64},
    )  # fmt: skip
    joined = frame.select(names).join(
        listed, on=list(names), how="left", nulls_equal=True, maintain_order="left"
    )
    return joined["n"].to_numpy()


def weights_of(signs: Signs, audited: Registered) -> NDArray[np.float64]:
    """Weights of the sources: those that were given, and the others by regression.

    Parameters
    ----------
    signs
        What was asked for.
    audited
        Those of whom it is known whether they were here.
    """
    for name in signs.weights:
        check_code(name, signs.sources, "is no source of signs", where="weights")
    if all(name in signs.weights for name in signs.sources):
        return np.array([signs.weights[name] for name in signs.sources])
    estimated = sign_weights(audited.last, ~audited.gone)
    given = (signs.weights.get(n, w) for n, w in zip(signs.sources, estimated, strict=True))
    return np.array(list(given))


def codes_of(groups: Sequence[tuple[int | None, ...]], by: Sequence[Variable]) -> dict[str, Any]:
    """Columns of codes of groups.

    Parameters
    ----------
    groups
        Numbers of the variables of each group.
    by
        The variables.
    """
    columns = zip(*groups, strict=True) if by else ()
    return {
        variable.name: variable.column(pa.array(list(numbers), pa.int64()))
        for variable, numbers in zip(by, columns, strict=True)
    }
