"""What the panel of a study shows: outcomes or values by cell, for the office or for everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from folkestrom.analysis.study.definition import Study
from folkestrom.analysis.study.panel import PanelQuery, panel_query
from folkestrom.analysis.study.prepared import Prepared, panel_of, prepare
from folkestrom.analysis.study.summaries import Floats, outcome_sums, value_summaries
from folkestrom.app.office import description_tables as tables
from folkestrom.app.office.session import reading
from folkestrom.disclosure import USUAL_QUANTILES, Rules, mean, quantiles
from folkestrom.engine.failures import resource_errors
from folkestrom.engine.store import Waiting
from folkestrom.errors import UsageError
from folkestrom.linkage.catalogue import linked_variables
from folkestrom.model.cells import Cells
from folkestrom.model.names import check_columns, without_effect
from folkestrom.variables.linked import of_linked
from folkestrom.variables.registry import variables_of
from folkestrom.variables.vocabulary import Vocabulary

_OUTCOME: Final = "outcome"
_YEAR: Final = "year"
#: Columns of the result, and of what it is counted from.
_COLUMNS: Final = re.compile(
    r"person|persons|persons_counted|persons_missing|base|person_years|percent(_lower|_upper)?|"
    r"mean|mean_winsorised|q\d+(_\d+)?|missing|repeats|value|n|nn|(y|yy|yn|p)\d+|_.*"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a panel.

    Parameters
    ----------
    by
        Names of the variables that tell cells apart.
    of
        The number whose values are summarised; None: outcomes are counted.
    shares
        Which quantiles of it; none: the usual ones.
    """

    by: tuple[str, ...] = ()
    of: str | None = None
    shares: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        twice = [name for name in self.by if self.by.count(name) > 1]
        if twice:
            raise UsageError("is asked for twice", where="by", value=twice[0])
        if self.of is not None and self.of in self.by:
            raise UsageError("is what the values are of", where="by", value=self.of)
        if self.of is None and _OUTCOME in self.by:
            raise UsageError(
                "is told apart anyway, and goes with a number (of) only", where="by", value=_OUTCOME
            )
        if self.of is None and self.shares:
            raise without_effect(
                "quantiles", ", ".join(map(str, self.shares)), "no number is summarised",
                "Say of which number: of",
            )  # fmt: skip
        for share in self.shares:
            if isinstance(share, bool) or not 0 < share < 1:
                raise UsageError(
                    "is no share", where="quantiles", value=share,
                    allowed="numbers between 0 and 1, such as 0.25",
                )  # fmt: skip
        repeated = [share for share in self.shares if self.shares.count(share) > 1]
        if repeated:
            raise UsageError("is asked for twice", where="quantiles", value=repeated[0])

    @property
    def quantiles(self) -> tuple[float, ...]:
        """Quantiles that are shown."""
        return self.shares or USUAL_QUANTILES

    @property
    def variables(self) -> tuple[str, ...]:
        """Variables that the panel must have."""
        named = (*self.by, *([self.of] if self.of is not None else []))
        return tuple(name for name in named if name not in (_YEAR, _OUTCOME))


def described(
    folder: Path, waiting: Waiting, study: Study, asked: Asked, rules: Rules | None = None
) -> Cells:
    """What the panel of a study shows, as cells with their specification.

    The panel is streamed: nothing of it is held but sums, and the values of one number.

    Parameters
    ----------
    folder, waiting
        The store, and how to wait for it.
    study
        The study; variables that its panel lacks are added to it.
    asked
        What is asked.
    rules
        Rules of disclosure control. What was counted does not leave this function, then.

    Raises
    ------
    UsageError
        A study without a panel, or with nobody in it; an unknown variable, or one with too many
        levels; a number that is none.
    """
    panel = panel_of(study)
    with reading(folder, waiting) as connection, resource_errors():
        _check_names(connection, study, asked)
        added = [name for name in asked.variables if name not in panel.variables]
        if added:
            panel = replace(panel, variables=(*panel.variables, *added))
            study = replace(study, panel=panel)
        prepared = prepare(connection, study)
        query = panel_query(prepared, asked.variables)
        about = _about(prepared, query, asked)
        if asked.of is not None:
            return _values(query, asked, about, rules)
        levels = query.panel.levels
        sums = outcome_sums(_batches(query, asked), asked.by, levels)
        _refuse_nobody(study, int(sums["person_years"].sum()))
        return tables.outcomes(about, sums, rules)


def _check_names(connection: duckdb.DuckDBPyConnection, study: Study, asked: Asked) -> None:
    linked = {name: of_linked(one) for name, one in linked_variables(connection).items()}
    known = variables_of("panel") | linked
    known |= dict.fromkeys(study.groups, known["sex"])
    special = [_YEAR] if asked.of is None else [_YEAR, _OUTCOME]
    vocabulary = Vocabulary(known | dict.fromkeys(special, known["sex"]))
    vocabulary.check(asked.by, "by")
    check_columns(
        asked.by,
        [name for name in asked.by if _COLUMNS.fullmatch(name)],
        next_step="Give the variable another name, such as [groups.NAME] in the study",
    )
    if asked.of is None:
        return
    Vocabulary(known).check([asked.of], "of")
    if asked.of in study.groups or known[asked.of].coded:
        numbers = [name for name, one in known.items() if not one.coded]
        raise UsageError(
            "has codes and is no number",
            where="of",
            value=asked.of,
            allowed=numbers,
            next_step=f"Ask for --by {asked.of} to count its codes",
        )


def _batches(query: PanelQuery, asked: Asked) -> Iterator[pa.RecordBatch]:
    kept = ["person", _OUTCOME, *([_YEAR] if _YEAR in asked.by else []), *asked.variables]
    for batch in query.batches(query.tally):
        yield batch.select(kept)


def _values(query: PanelQuery, asked: Asked, about: tables.About, rules: Rules | None) -> Cells:
    if asked.of is None:
        raise RuntimeError("values of nothing")
    least = 1 if rules is None else max(tables.EITHER_SIDE, rules.minimum_cell)

    def plain(values: Floats, _: int) -> list[float]:
        return [float(values.mean()), *np.quantile(values, asked.quantiles).tolist()]

    def protected(values: Floats, repeats: int) -> list[float]:
        middle = mean(values, minimum=least, repeats=repeats)
        found = quantiles(values, asked.quantiles, minimum=least, repeats=repeats)
        return [middle, *found.tolist()]

    summary = plain if rules is None else protected
    names = tables.names_of_values(asked.quantiles, rules)
    found = value_summaries(_batches(query, asked), asked.of, asked.by, summary, names)
    _refuse_nobody(about.study, int(found["person_years"].sum()) + int(found["missing"].sum()))
    return tables.values(about, found, rules)


def _refuse_nobody(study: Study, person_years: int) -> None:
    if not person_years:
        raise UsageError(
            "has no person-years: everybody is left out",
            where=study.title,
            next_step="Look at its flow chart with `folkestrom study`",
        )


def _about(prepared: Prepared, query: PanelQuery, asked: Asked) -> tables.About:
    panel = query.panel
    return tables.About(
        prepared.study,
        panel,
        tuple(prepared.vocabulary[name] for name in asked.by if name in prepared.vocabulary.known),
        asked.by,
        asked.of,
        asked.quantiles,
        {name: one.names.to_pylist() for name, one in query.layout.dictionaries.items()},
        prepared.fingerprint,
        prepared.knowledge.days(*(date(year + 1, 1, 1) for year in (panel.from_, panel.to))),
        prepared.knowledge.vintage,
    )
