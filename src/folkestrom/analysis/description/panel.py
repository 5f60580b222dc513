"""The panel of a study, asked what it shows.

It is streamed: nothing of it is held but sums, and the values of one number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import duckdb
import polars as pl
import pyarrow as pa

from folkestrom.analysis.description.summaries import (
    Summary,
    outcome_sums,
    value_summaries,
)
from folkestrom.analysis.study.definition import Study
from folkestrom.analysis.study.panel import PanelQuery, panel_query
from folkestrom.analysis.study.prepared import Prepared, panel_of, prepare
from folkestrom.errors import UsageError
from folkestrom.linkage.catalogue import linked_variables
from folkestrom.model.names import check_columns
from folkestrom.variables.linked import of_linked
from folkestrom.variables.registry import variables_of
from folkestrom.variables.vocabulary import Vocabulary

OUTCOME: Final = "outcome"
_YEAR: Final = "year"
#: Columns of the result, and of what it is counted from.
_COLUMNS: Final = re.compile(
    r"person|persons|persons_counted|persons_missing|base|person_years|percent(_lower|_upper)?|"
    r"mean|mean_winsorised|q\d+(_\d+)?|missing|repeats|value|n|nn|(y|yy|yn|p)\d+|_.*"
)


@dataclass(frozen=True, slots=True)
class Described:
    """A panel that is asked what it shows.

    Parameters
    ----------
    prepared, query
        The study on its store, and its panel with the variables that are needed.
    variables
        These variables.
    by
        What tells cells apart.
    of, shares
        The number that is summarised, and which quantiles; None: outcomes are counted.
    """

    prepared: Prepared
    query: PanelQuery
    variables: tuple[str, ...]
    by: tuple[str, ...]
    of: str | None
    shares: tuple[float, ...]

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes."""
        return tuple(self.query.panel.levels)

    @property
    def levels(self) -> dict[str, list[str]]:
        """Names of the levels of every coded column, in the order of their numbers."""
        columns = self.query.layout.dictionaries
        return {name: one.names.to_pylist() for name, one in columns.items()}

    def sums(self) -> pl.DataFrame:
        """Outcomes by cell; see `outcome_sums`."""
        found = outcome_sums(self._batches(), self.by, self.outcomes)
        self._refuse_nobody(int(found["person_years"].sum()))
        return found

    def values(self, of: str, summary: Summary, names: Sequence[str]) -> pl.DataFrame:
        """Values of a number by cell; see `value_summaries`.

        Parameters
        ----------
        of, summary, names
            The number; what is computed of a cell's values, and what that is called.
        """
        found = value_summaries(self._batches(), of, self.by, summary, names)
        self._refuse_nobody(int(found["person_years"].sum()) + int(found["missing"].sum()))
        return found

    def _batches(self) -> Iterator[pa.RecordBatch]:
        year = [_YEAR] if _YEAR in self.by else []
        kept = ["person", OUTCOME, *year, *self.variables]
        for batch in self.query.batches(self.query.tally):
            yield batch.select(kept)

    def _refuse_nobody(self, person_years: int) -> None:
        if not person_years:
            raise UsageError(
                "has no person-years: everybody is left out",
                where=self.prepared.study.title,
                next_step="Look at its flow chart with `folkestrom study`",
            )


def describe(
    connection: duckdb.DuckDBPyConnection,
    study: Study,
    by: tuple[str, ...],
    of: str | None,
    shares: tuple[float, ...],
) -> Described:
    """Ask the panel of a study what it shows.

    Parameters
    ----------
    connection
        The store.
    study
        The study; variables that its panel lacks are added to it.
    by
        Names of the variables that tell cells apart.
    of, shares
        The number whose values are summarised, and which quantiles of it; None: outcomes are
        counted.

    Raises
    ------
    UsageError
        A study without a panel; an unknown variable; a number that is none.
    """
    panel = panel_of(study)
    _check_names(connection, study, by, of)
    named = (*by, *([of] if of is not None else []))
    variables = tuple(name for name in named if name not in (_YEAR, OUTCOME))
    added = [name for name in variables if name not in panel.variables]
    if added:
        panel = replace(panel, variables=(*panel.variables, *added))
        study = replace(study, panel=panel)
    prepared = prepare(connection, study)
    query = panel_query(prepared, variables)
    return Described(prepared, query, variables, by, of, shares)


def _check_names(
    connection: duckdb.DuckDBPyConnection, study: Study, by: Sequence[str], of: str | None
) -> None:
    linked = {name: of_linked(one) for name, one in linked_variables(connection).items()}
    known = variables_of("panel") | linked
    known |= dict.fromkeys(study.groups, known["sex"])
    special = [_YEAR] if of is None else [_YEAR, OUTCOME]
    vocabulary = Vocabulary(known | dict.fromkeys(special, known["sex"]))
    vocabulary.check(by, "by")
    check_columns(
        by,
        [name for name in by if _COLUMNS.fullmatch(name)],
        next_step="Give the variable another name, such as [groups.NAME] in the study",
    )
    if of is None:
        return
    Vocabulary(known).check([of], "of")
    if of in study.groups or known[of].coded:
        numbers = [name for name, one in known.items() if not one.coded]
        raise UsageError(
            "has codes and is no number",
            where="of",
            value=of,
            allowed=numbers,
            next_step=f"Ask for --by {of} to count its codes",
        )
