"""The data sets of a transmission, counted and protected as the tables of the catalogue are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

import duckdb

from folkestrom.app.office.catalogue.build import counted
from folkestrom.app.office.catalogue.declared import (
    Column,
    Declared,
    five_years,
    five_years_of_mothers,
)
from folkestrom.app.office.catalogue.policies import ACCOUNTS, AS_STATISTICS_NORWAY
from folkestrom.app.office.catalogue.tables import TABLES
from folkestrom.classifications.code_lists import MARITAL_STATUS
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import KnownAt
from folkestrom.model.specification import Category, Text
from folkestrom.publish.protection import Policy
from folkestrom.publish.protection.meetings import Exact, meetings
from folkestrom.publish.protection.shield import Shielded, protected, whole_place
from folkestrom.publish.transmission.declared import DataSet, data_sets, translated
from folkestrom.residence.usual import usual_residence
from folkestrom.statistics.changes import changes
from folkestrom.statistics.periods import split
from folkestrom.statistics.population import population
from folkestrom.statistics.record_keys import fingerprint, with_record_keys

_REASON: Final = Text(
    "Data sets are set beside each other, and beside published tables: the same persons have the "
    "same noise in all of them, and counts of one or two are never shown.",
    "Datasett stilles ved siden av hverandre og av publiserte tabeller: de samme personene har den "
    "samme støyen i alle, og antall på én eller to vises aldri.",
)
#: Units of fewer persons are not broken down.
_FEW: Final = 20
#: The published table, of the whole nation, that tells flows by sex and age as they are counted.
_NATIONAL: Final = TABLES["B1008"]


#: The age from which single years are one group, in all data sets.
_OPEN: Final = 100


def _column(table: str, number: int) -> Column:
    return replace(TABLES[table].columns[number], code_lists=())


_GROUPS: Final = _column("B1013", 2)
_MOTHERS: Final = five_years_of_mothers().groups


def _ages() -> Column:
    """Single ages up to the open group, and the groups of five years that others have."""
    single = _column("B1001", 2)
    values = (*single.values[:_OPEN], _GROUPS.values[-1])

    def up_to_open(own: str) -> str:
        return single.code(own) if own.isdecimal() and int(own) < _OPEN else _GROUPS.code(own)

    listed = five_years()
    groups = tuple(group for group in listed.groups if group.code != values[-1].code)
    return replace(
        single, code=up_to_open, values=values, code_lists=(replace(listed, groups=groups),)
    )


def _mother_group(own: str) -> str:
    single = TABLES["B1012"].columns[2].code(own)
    return next((group.code for group in _MOTHERS if single in group.of), single)


def _civil_status(own: str) -> str:
    """The first status that is transmitted by the same code: what has one code is one figure."""
    sent = translated("marital_status", own)
    codes = (status.code for status in MARITAL_STATUS.categories)
    return next(code for code in codes if translated("marital_status", code) == sent)


#: The catalogue's columns of variables, by the names in the file of data sets.
_COLUMNS: Final[Mapping[str, Column]] = {
    "county": _column("B1005", 0),
    "sex": _column("B1005", 1),
    "citizenship": _column("B1005", 2),
    "marital_status": replace(_column("B1004", 0), code=_civil_status),
    "age_five_year": _GROUPS,
    "age": _ages(),
    "mother_age_five_year": replace(
        _column("B1012", 2), code=_mother_group,
        values=tuple(Category(group.code, group.label) for group in _MOTHERS),
    ),
    "country_of_birth": Column(
        "Fodeland", Text("country of birth", "fødeland"), "country_of_birth"
    ),
}  # fmt: skip


def _stock(known_at: KnownAt, connection: duckdb.DuckDBPyConnection, times: Sequence[date],
           by: Sequence[str], *, keys: bool = False) -> Cells:  # fmt: skip
    return population(connection, times, by, known_at, keys=keys)


def _account(known_at: KnownAt, connection: duckdb.DuckDBPyConnection, times: Sequence[date],
             by: Sequence[str], *, keys: bool = False) -> Cells:  # fmt: skip
    periods = split(times[0], times[-1], "year")
    return changes(connection, periods, by, known_at, sums=False, keys=keys)


@dataclass(frozen=True, slots=True)
class DataSets:
    """Counts the data sets of a year, and protects them together.

    Parameters
    ----------
    year, known_at
        The year, and the knowledge date.
    secret
        What record keys are made from; None: nothing that is asked for needs them.
    stays, moments
        A file of stays, and the days that it decides with their knowledge dates; None: usual
        residence is as registered.
    """

    year: int
    known_at: KnownAt
    secret: bytes | None = field(repr=False)
    stays: Path | None = None
    moments: tuple[tuple[date, date], ...] = ()

    def made(
        self, connection: duckdb.DuckDBPyConnection, wanted: Sequence[DataSet]
    ) -> dict[str, tuple[Shielded, list[Exact]]]:
        """Data sets by name, each with the tables of its base that stand as they are counted.

        Raises
        ------
        InputRefused
            Data sets that tell a small count together.
        """
        found: dict[str, tuple[Shielded, list[Exact]]] = {}
        bases: dict[bool, list[DataSet]] = {}
        for one in wanted:
            bases.setdefault(one.base == "usual" and self.stays is not None, []).append(one)
        for by_stays, of in bases.items():
            with self._residents(connection, by_stays), self._keys(connection, of):
                exact = list(self._exact(connection, by_stays)) if _keyed(of) else []
                made = [self._protected(connection, one) for one in of]
            # Consumed: it refuses what tells a small count.
            list(meetings([one for one in made if one.counted.policy.kind != "none"], exact))
            found |= {one.definition.id: (one, exact) for one in made}
        return {one.id: found[one.id] for one in wanted}

    @property
    def fingerprint(self) -> str:
        """What tells the secret from others; empty: there is none."""
        return fingerprint(self.secret) if self.secret else ""

    def _residents(
        self, connection: duckdb.DuckDBPyConnection, by_stays: bool
    ) -> AbstractContextManager[None]:
        if not by_stays or self.stays is None:
            return nullcontext()
        return usual_residence(connection, self.stays, self.moments)

    def _keys(
        self, connection: duckdb.DuckDBPyConnection, of: Sequence[DataSet]
    ) -> AbstractContextManager[None]:
        if not _keyed(of) or self.secret is None:
            return nullcontext()
        return with_record_keys(connection, self.secret)

    def _protected(self, connection: duckdb.DuckDBPyConnection, one: DataSet) -> Shielded:
        made = counted(connection, self._declared(one), self._times(one.ask))
        return _with_totals(protected(made, self.fingerprint))

    def _times(self, ask: str) -> list[date]:
        start, end = (date(self.year + n, 1, 1) for n in (0, 1))
        return [end] if ask == "population" else [start, end]

    def _declared(self, one: DataSet) -> Declared:
        policy = AS_STATISTICS_NORWAY if one.ask == "population" else ACCOUNTS
        if one.units:
            units = tuple(tuple(_COLUMNS[name].id for name in unit) for unit in one.units)
            policy = Policy("cell keys", _REASON, units=units, few=_FEW)
        stock = one.ask == "population"
        return Declared(
            one.id, one.title, tuple(_COLUMNS[name] for name in one.by),
            partial(_stock if stock else _account, self.known_at), "stock" if stock else "year",
            one.contents, policy,
        )  # fmt: skip

    def _exact(self, connection: duckdb.DuckDBPyConnection, by_stays: bool) -> Iterator[Exact]:
        """What is sent or published as it is counted, of one base, whether it is asked for now."""
        base = "usual" if by_stays else "registered"
        for one in data_sets():
            if one.base == base and not one.units:
                table = self._protected(connection, one)
                yield Exact(table.definition, table.figures, one.contents)
                if one.ask == "account":
                    yield _at_the_end(table, one)
        if not by_stays:
            ask = partial(_account, self.known_at)
            table = protected(
                counted(connection, replace(_NATIONAL, ask=ask), self._times("account"))
            )
            yield Exact(table.definition, table.figures, _NATIONAL.contents)


def _keyed(of: Sequence[DataSet]) -> bool:
    return any(one.units for one in of)


def _with_totals(table: Shielded) -> Shielded:
    """A table in which units that are not broken down have their totals, with noise."""
    hidden = table.hidden.copy()
    for unit in table.counted.policy.units:
        places = [whole_place(v) if v.id not in unit else None for v in table.definition.variables]
        hidden[tuple(slice(None) if n is None else n for n in places)] = False
    return replace(table, hidden=hidden)


def _at_the_end(table: Shielded, one: DataSet) -> Exact:
    """The population at the end of an account, as a stock of the day after."""
    (year,) = table.definition.time.values
    day = Category(str(int(year.code) + 1), year.label)
    time = replace(table.definition.time, values=(day,))
    definition = replace(table.definition, variables=(*table.definition.variables[:-1], time))
    return Exact(definition, table.figures, {"persons": one.contents["population_end"]})
