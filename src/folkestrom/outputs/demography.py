"""Indicators and life tables, for publication."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.analysis.indicators.indicators import COUNTS, MEASURES, SOURCES
from folkestrom.disclosure import Rules, release
from folkestrom.disclosure.records import DisclosureRecord, disclosure_note, summed
from folkestrom.disclosure.release import rows_suppressed
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.outputs.rules import refuse_rounding
from folkestrom.statistics.changes import MEAN
from folkestrom.statistics.totals import TIMES


def published_indicators(cells: Cells, rules: Rules) -> Cells:
    """What may be shown to anybody of indicators: figures whose counts may.

    Parameters
    ----------
    cells
        Indicators, with the counts that they are computed from.
    rules
        The rules.

    Raises
    ------
    UsageError
        Rules that round.
    """
    refuse_rounding(rules, "indicators are")
    made = cells.specification
    names = [dimension.id for dimension in made.dimensions]
    time = next(name for name in names if name in TIMES)
    hidden, applied = dict[str, pa.Array](), list[DisclosureRecord]()
    for count in COUNTS:
        # Each by itself: figures are of some of them.
        one = replace(made, measures=(MEAN, count))
        told = release(
            Cells(one, cells.data.select([*names, MEAN.id, count.id])), rules,
            counts=count.id, base=MEAN.id, time=time,
        )  # fmt: skip
        applied += told.applied
        hidden[count.id] = told.cells.data[count.id].is_null()
    data = cells.data.select([*names, *(m.id for m in MEASURES)])
    least = max(rules.minimum_population, rules.minimum_cell)
    small = pc.and_(pc.greater(data[MEAN.id], 0), pc.less(data[MEAN.id], least))
    for measure in MEASURES:
        gone = small
        for source in SOURCES.get(measure.id, ()):
            gone = pc.or_(gone, hidden[source])
        column = data[measure.id]
        at = data.column_names.index(measure.id)
        data = data.set_column(
            at, measure.id, pc.if_else(gone, pa.scalar(None, column.type), column)
        )
    note = disclosure_note(rules, summed(tuple(applied)))
    made = replace(made, measures=MEASURES, footnotes=(*made.footnotes, note))
    return Cells(made, data, rows_suppressed(cells.data, data))


def published_life_tables(cells: Cells, rules: Rules, counts: Sequence[str], years: float) -> Cells:
    """Life tables for anybody: all of one or nothing, as its columns tell one another.

    Parameters
    ----------
    cells
        Life tables, of the ages that are shown.
    rules
        The rules.
    counts
        Measures that count events.
    years
        Years that person-years add up.

    Raises
    ------
    UsageError
        Rules that round; ages with few events, or with few persons.
    """
    refuse_rounding(rules, "life tables are")
    numbers = [np.asarray(cells.data[name].to_numpy()) for name in counts]
    persons = np.asarray(cells.data["person_years"].to_numpy()) / years
    few = [(n > 0) & (n < rules.minimum_cell) for n in numbers]
    few.append((persons > 0) & (persons < rules.minimum_population))
    if any(found.any() for found in few):
        raise UsageError(
            "does not let this life table be shown: it has ages of few events or persons, and its "
            "columns tell one another",
            where="publish",
            value=rules.name,
            next_step="Take more years, larger groups, abridged tables, or some ages alone, such "
            "as --ages 0,65",
        )
    made = cells.specification
    note = disclosure_note(rules, ())
    return replace(cells, specification=replace(made, footnotes=(*made.footnotes, note)))
