"""Making the catalogue: every table from the store, into one release that nobody outside sees."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from importlib.metadata import version
from itertools import zip_longest
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from folkestrom.app.office.catalogue.coarser import coarser
from folkestrom.app.office.catalogue.cubes import Level, cube
from folkestrom.app.office.catalogue.declared import Declared, stock, times_of
from folkestrom.app.office.catalogue.policies import AS_STATISTICS_NORWAY
from folkestrom.app.office.catalogue.tables import TABLES
from folkestrom.classifications.basic_units import UNIT_PLACES
from folkestrom.engine.rows import is_any, is_table
from folkestrom.engine.store_derived import log_state
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.names import check_code
from folkestrom.publish.protection.meetings import Exact, meetings
from folkestrom.publish.protection.shield import Counted, Shielded, protected
from folkestrom.publish.protection.vintages import Before, check_noise, differences
from folkestrom.publish.releases.decision import Decision, Difference, Meeting
from folkestrom.publish.releases.desk import Desk
from folkestrom.publish.releases.release import write_release
from folkestrom.publish.releases.shelf import Shelf
from folkestrom.publish.tables.definition import Definition
from folkestrom.publish.tables.figures import Figures
from folkestrom.statistics.coverage import coverage
from folkestrom.statistics.record_keys import fingerprint, with_record_keys

Progress = Callable[[str], None]
_Made = tuple[Definition, Figures, Decision]


@dataclass(frozen=True, slots=True)
class BuildQuestion:
    """Tables of the catalogue, as a release.

    Parameters
    ----------
    desk
        Where releases lie, those that are out too.
    made_by
        Who makes it.
    tables
        Their numbers; empty: all.
    first
        The first year; None: the register's.
    secret
        What record keys are made from; None: there is none.
    corrects, why
        The release that is out and is corrected, and what was wrong there; empty: none is.
    other_noise
        Why noise is not that of what is out; empty: then it must be.
    progress
        Told which table is made.
    """

    desk: Desk
    made_by: str
    tables: tuple[str, ...] = ()
    first: int | None = None
    secret: bytes | None = field(default=None, repr=False)
    corrects: str = ""
    why: str = ""
    other_noise: str = ""
    progress: Progress = lambda _table: None

    def __post_init__(self) -> None:
        if bool(self.corrects) != bool(self.why.strip()):
            raise UsageError(
                "belong together: a correction names what it corrects, and says what was wrong",
                where="corrects, why",
            )
        for id in self.tables:
            check_code(id, list(TABLES), "is no table of the catalogue", where="tables")

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Path:
        """The release's folder."""
        # What is approved from now on is not set beside it, and it is not approved then.
        made_at = datetime.now(UTC)
        wanted = self._wanted(connection)
        corrects = self.desk.corrected(self.corrects) if self.corrects else ""
        out = {id: one for id, one in self.desk.out().items() if id in TABLES}
        # What is out, or will be, is set beside what is made, whichever of them is protected.
        before = [TABLES[id] for id in out if TABLES[id] not in wanted]
        keyed = [t.id for t in (*wanted, *before) if t.policy.kind == "cell keys"]
        if keyed and self.secret is None:
            raise UsageError(
                "are protected by cell keys, and no secret is named",
                where="build", value=", ".join(keyed),
                next_step="Make one with `folkestrom publish keys FILE`, once, outside store and "
                "releases, and name it with --keys FILE",
            )  # fmt: skip
        other = {
            one.id: check_noise(
                one.id, one.policy, self.fingerprint, out.get(one.id), self.other_noise
            )
            for one in wanted
        }
        keys = with_record_keys(connection, self.secret) if self.secret and keyed else nullcontext()
        together = _Together(connection, self, other)
        # Closed before the connection is: where the disk is full a table is still being counted.
        with keys, closing(together.all_made(wanted)) as tables:
            return write_release(
                self.desk.drafts,
                tables,
                made_at=made_at,
                made_by=self.made_by,
                program=version("folkestrom"),
                log_position=log_state(connection).position,
                meetings=lambda: together.meetings(before),
                corrects=corrects,
                why=self.why.strip(),
                differences=together.differences,
            )

    def _wanted(self, connection: duckdb.DuckDBPyConnection) -> list[Declared]:
        """The tables that are named, or all that the reports can tell."""
        wanted = [TABLES[id] for id in self.tables or TABLES]
        if not is_any(connection, "residence WHERE dwelling IS NOT NULL"):
            wanted = self._without(
                [one for one in wanted if one.needs_homes], wanted,
                "are of who lives with whom, and no report tells a dwelling",
                "Take in reports with `dwelling`, or build other tables",
            )  # fmt: skip
        if not is_table(connection, UNIT_PLACES):
            wanted = self._without(
                [one for one in wanted if one.needs_parts], wanted,
                "are by part of town, and the store has no classification of basic units",
                "Load it with `folkestrom classifications load --from DIR`, or build other tables",
            )  # fmt: skip
        return wanted

    def _without(
        self, these: Sequence[Declared], wanted: Sequence[Declared], why: str, next_step: str
    ) -> list[Declared]:
        """The tables without some that the store cannot tell; these are refused by name."""
        if self.tables and these:
            raise UsageError(
                why, where="tables", value=", ".join(one.id for one in these), next_step=next_step
            )
        return [one for one in wanted if one not in these]

    @property
    def fingerprint(self) -> str:
        """What tells the secret from others."""
        return fingerprint(self.secret) if self.secret else ""


class _Together:
    """The tables of a build, with what is needed to set them beside each other."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        question: BuildQuestion,
        other: Mapping[str, str],
    ) -> None:
        # Why the noise of each table is another, of those that are made for the release.
        self._other = other
        self._connection = connection
        self._question = question
        self._shielded: list[Shielded] = []
        self._exact: list[Exact] = []
        self._shelf = Shelf(question.desk.public)
        self._asked: dict[Hashable, Cells] = {}

    def all_made(self, wanted: Sequence[Declared]) -> Generator[_Made, None, None]:
        """Tables as they may be shown; one is counted while that before it is protected."""
        with ThreadPoolExecutor(1) as counting:
            # In the context of the question, which has the store's division of municipalities.
            coming = counting.submit(copy_context().run, self._counted, wanted[0])
            try:
                for declared, following in zip_longest(wanted, wanted[1:]):
                    self._question.progress(f"{declared.id} {declared.title.en}")
                    counted = coming.result()
                    if following is not None:
                        coming = counting.submit(copy_context().run, self._counted, following)
                    yield self._protected(declared, counted)
            except BaseException:
                self._connection.interrupt()
                raise

    def _counted(self, declared: Declared) -> Counted:
        return table(self._connection, declared, self._question.first, self._asked)

    def _protected(self, declared: Declared, counted: Counted) -> _Made:
        """A table as it may be shown, with the decision on its protection."""
        found = protected(counted, self._question.fingerprint)
        if declared.policy.kind == "none":
            self._exact.append(Exact(found.definition, found.figures, declared.contents))
        else:
            self._shielded.append(found)
        decision = replace(found.decision, other_noise=self._other.get(declared.id, ""))
        return found.definition, found.figures, decision

    def differences(self) -> Sequence[Difference]:
        """What a reader infers from the tables and their vintages before."""
        self._question.progress("vintages")
        own = [table for table in self._shielded if table.definition.id in self._other]
        out = {table.definition.id: self._before(table.definition.id) for table in own}
        return tuple(differences(own, {id: one for id, one in out.items() if one}))

    def _before(self, id: str) -> Before | None:
        """A table as it is out, with what tables that are not protected tell then and now."""
        vintages = self._shelf.vintages(id)
        if not vintages:
            return None
        last, pairs = vintages[-1], []
        for made in self._exact:
            out = self._shelf.vintages(made.definition.id)
            ever = [Exact(v.definition, v.figures, made.contents) for v in out]
            then = [one for one, v in zip(ever, out, strict=True) if v.updated <= last.updated]
            if then:
                now = made if made.definition.id in self._other else ever[-1]
                pairs.append((then[-1], now))
        return Before(last, pairs)

    def meetings(self, before: Sequence[Declared]) -> Sequence[Meeting]:
        """What a reader infers from all tables together, with those that are out."""
        for _ in self.all_made(before) if before else ():
            pass
        self._question.progress("tables that meet")
        return tuple(meetings(self._shielded, self._exact))


def table(
    connection: duckdb.DuckDBPyConnection,
    declared: Declared,
    first: int | None = None,
    asked: dict[Hashable, Cells] | None = None,
) -> Counted:
    """One table of the catalogue, as it is counted.

    Parameters
    ----------
    connection
        An open store.
    declared
        The table.
    first
        The first year; None: the register's.
    asked
        Cells that other tables are made of too; those of this one are put there.
    """
    found = counted(connection, declared, times_of(declared, coverage(connection), first), asked)
    if not declared.rate:
        return found
    people = replace(
        declared, ask=stock, timing="stock", contents={"persons": "Personer"},
        policy=AS_STATISTICS_NORWAY, rate="",
    )  # fmt: skip
    return replace(
        found,
        rate=declared.contents[declared.rate],
        exposure=mean_population(found.definition, table(connection, people, first)),
    )


def counted(
    connection: duckdb.DuckDBPyConnection,
    declared: Declared,
    times: Sequence[date],
    asked: dict[Hashable, Cells] | None = None,
) -> Counted:
    """A table as it is counted, without rates, at some of its times.

    Parameters
    ----------
    connection, declared, asked
        As for `table`.
    times
        The days of its stocks, or where its periods begin and end.
    """
    keys = declared.policy.kind == "cell keys"
    own = [column.of for column in declared.columns if not column.levels]
    levels = ["", *(level for column in declared.columns for level in column.levels)]
    counts = [name for name in declared.contents if name not in declared.derived]
    shared = asked if asked is not None and declared.asked_with is not None else {}

    def cells_of(place: str) -> Cells:
        if place != levels[-1] and place in declared.summed:
            return coarser(cells_of(levels[-1]), place, own, counts)
        by = [place] * bool(place) + sorted({*own, *(declared.asked_with or ())})
        question = (declared.ask, tuple(times), tuple(by), keys)
        if question not in shared:
            shared[question] = declared.ask(connection, times, by, keys=keys)
        found = shared[question]
        return coarser(found, place, own, counts) if declared.asked_with else found

    definition, figures, sums = cube(
        declared, [Level(place, cells_of(place)) for place in levels], times
    )
    return Counted(definition, figures, declared.policy, declared.contents, declared.derived, sums)


def mean_population(definition: Definition, people: Counted) -> NDArray[np.float64]:
    """The mean population of the cells of a table of years: of the counts at both ends of each.

    Parameters
    ----------
    definition
        The table.
    people
        Residents on 1 January, by the same variables.
    """
    counts: NDArray[np.float64] = people.figures.values["Personer"].astype(np.float64)
    theirs = [variable.places for variable in people.definition.variables]
    for axis, variable in enumerate(definition.variables[:-1]):
        # What nobody had at the end of a year counts nobody.
        counts = np.concatenate([counts, np.zeros_like(counts.take([0], axis))], axis)
        counts = counts.take([theirs[axis].get(value.code, -1) for value in variable.values], axis)
    years = [int(value.code) for value in definition.time.values]
    starts, ends = ([theirs[-1][str(year + n)] for year in years] for n in (0, 1))
    mean: NDArray[np.float64] = (counts[..., starts] + counts[..., ends]) / 2
    return mean
