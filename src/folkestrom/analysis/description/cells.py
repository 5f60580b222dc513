"""Tables of what a panel shows: titles, measures and notes in English and Norwegian."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

from folkestrom.analysis.combinations import completed
from folkestrom.analysis.description.panel import OUTCOME, Described
from folkestrom.analysis.description.summaries import MOST_CELLS, Floats
from folkestrom.analysis.rates.propensities import ClusterSums
from folkestrom.analysis.study.definition import STAY
from folkestrom.classifications.code_lists import UNKNOWN_CODE
from folkestrom.model.cells import Cells
from folkestrom.model.specification import (
    Category,
    Dimension,
    Measure,
    TableSpecification,
    Text,
    same,
)
from folkestrom.variables.registry import variables_of
from folkestrom.variables.variable import notes

_KNOWN: Final = variables_of("exposure")
#: Level of the intervals.
LEVEL: Final = 0.95

_VALUE: Final = "value"
_NOBODY: Final = "none"
#: Outcomes that studies have without naming them.
_BUILT_IN: Final[Mapping[str, Text]] = {
    STAY: Text("Stay", "Blir boende"),
    "another_municipality": Text("Another municipality", "En annen kommune"),
    "abroad": Text("Abroad", "Utlandet"),
}
_PERSONS: Final = Text("persons", "personer")
_YEARS: Final = Text("person-years", "personår")
_PERCENT: Final = Text("per cent", "prosent")
COUNTS: Final = (
    Measure("persons", Text("Persons", "Personer"), _PERSONS),
    Measure("base", Text("Person-years", "Personår"), _YEARS),
    Measure("person_years", Text("With the outcome", "Med utfallet"), _YEARS),
)
#: What disclosure control must know of counts, and nobody else.
OF: Final = Measure("persons_counted", Text("Persons", "Personer"), _PERSONS)
OF_MISSING: Final = replace(OF, id="persons_missing")
SHARES: Final = (
    Measure("percent", Text("Per cent", "Prosent"), _PERCENT, decimals=2, empty=None),
    Measure("percent_lower", Text("Lower", "Nedre"), _PERCENT, decimals=2, empty=None),
    Measure("percent_upper", Text("Upper", "Øvre"), _PERCENT, decimals=2, empty=None),
)
VALUED: Final = (
    Measure("persons", Text("Persons with a value", "Personer med verdi"), _PERSONS),
    Measure("person_years", Text("Person-years with a value", "Personår med verdi"), _YEARS),
    Measure("missing", Text("Without a value", "Uten verdi"), _YEARS),
)
INTERVALS: Final = Text(
    "Per cent of the person-years of the cell, with 95 % intervals (Wilson) that know that a "
    "person comes back in several years.",
    "Prosent av personårene i cellen, med 95 %-intervaller (Wilson) som tar hensyn til at en "
    "person er med i flere år.",
)
MEAN: Final = Measure("mean", Text("Mean", "Gjennomsnitt"), same(""), decimals=2, empty=None)


def described_cells(described: Described) -> Cells:
    """What a panel shows, as it is, for the office.

    Parameters
    ----------
    described
        The panel, and what is asked of it.
    """
    of, shares = described.of, described.shares
    if of is None:
        return outcome_cells(described, described.sums())

    def plain(values: Floats, _: int) -> list[float]:
        return [float(values.mean()), *np.quantile(values, shares).tolist()]

    return value_cells(described, described.values(of, plain, value_names(MEAN, shares)), MEAN)


def outcome_cells(described: Described, sums: pl.DataFrame, also: Sequence[Measure] = ()) -> Cells:
    """What came of the person-years of each cell.

    Parameters
    ----------
    described
        The panel, and what is asked of it.
    sums
        Of `outcome_sums`.
    also
        Measures that the table has besides: `OF`, the persons that a count is of.
    """
    what = Text(
        "Person-years of residents of 1 January by what came first in the year.",
        "Personår for bosatte 1. januar etter det som først skjedde i året.",
    )
    measures = (*COUNTS, *SHARES, *also)
    made = _specification(
        described, "panel-outcomes", (*_dimensions(described), _outcome(described)), measures, what
    )
    made = replace(made, footnotes=(INTERVALS, *made.footnotes))
    return Cells(made, selected(_outcome_rows(described, _ordered(sums, described)), made))


def value_cells(
    described: Described, found: pl.DataFrame, mean: Measure, also: Sequence[Measure] = ()
) -> Cells:
    """Values of a number in each cell.

    Parameters
    ----------
    described
        The panel, and what is asked of it.
    found
        Of `value_summaries`: the mean and the quantiles last.
    mean
        The measure of the mean.
    also
        Measures that the table has besides: `OF_MISSING`, the persons without a value.
    """
    figures = _figures(described, mean)
    rows = _ordered(found, described).with_columns(pl.col(m.id).round(m.decimals) for m in figures)
    what = Text(
        "Values of person-years of residents of 1 January, on that day.",
        "Verdier for personår for bosatte 1. januar, på den dagen.",
    )
    made = _specification(
        described, "panel-values", _dimensions(described), (*VALUED, *figures, *also), what
    )
    return Cells(made, selected(rows, made))


def value_names(mean: Measure, shares: Sequence[float]) -> list[str]:
    """What the mean and the quantiles are called.

    Parameters
    ----------
    mean
        The measure of the mean.
    shares
        Which quantiles.

    Examples
    --------
    >>> value_names(MEAN, [0.25, 0.5, 0.995])
    ['mean', 'q25', 'q50', 'q99_5']
    """
    return [mean.id, *(f"q{100 * share:g}".replace(".", "_") for share in shares)]


def _figures(described: Described, mean: Measure) -> list[Measure]:
    unit = _label(described.of or "")
    found = [replace(mean, unit=unit)]
    for name, share in zip(value_names(mean, described.shares)[1:], described.shares, strict=True):
        percent = f"{100 * share:g}"
        found.append(
            Measure(name, Text(f"P{percent}", f"P{percent}"), unit, decimals=2, empty=None)
        )
    return found


def _outcome_rows(described: Described, sums: pl.DataFrame) -> pl.DataFrame:
    """A row a cell and outcome, with its share and limits."""
    frames = []
    for number, level in enumerate(described.outcomes):
        names = ("persons", "person_years", f"y{number}", f"yy{number}", f"yn{number}", "nn")
        columns = (sums[name].to_numpy().astype(np.float64) for name in names)
        found = ClusterSums(*columns)
        lower, upper = found.limits(LEVEL)
        frames.append(
            sums.select(
                *described.by,
                pl.lit(level).alias(OUTCOME),
                pl.lit(number).alias("_outcome"),
                "persons",
                pl.col("person_years").alias("base"),
                pl.col(f"y{number}").alias("person_years"),
                pl.col(f"p{number}").alias(OF.id),
                *(
                    pl.Series(m.id, 100 * values).fill_nan(None).round(m.decimals)
                    for m, values in zip(SHARES, (found.share, lower, upper), strict=True)
                ),
                pl.int_range(pl.len()).alias("_place"),
            )
        )
    return pl.concat(frames).sort("_place", "_outcome").drop("_place", "_outcome")


def _ordered(found: pl.DataFrame, described: Described) -> pl.DataFrame:
    """Cells in the order of their levels, by name; every combination of those that occur."""
    frame = _whole(found, described.by)
    frame = frame.sort(described.by, nulls_last=True) if described.by else frame
    named = []
    for name in described.by:
        if name in described.levels:
            numbers = dict(enumerate(described.levels[name]))
            column = pl.col(name).replace_strict(numbers, default=None, return_dtype=pl.String)
            named.append(column.fill_null(_NOBODY))
    return frame.with_columns(named)


def _whole(data: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """With the cells that nobody is in."""
    numbers = [name for name, kind in data.schema.items() if kind == pl.Int64 and name not in by]
    zeros = (pl.col(name).fill_null(0) for name in numbers)
    return completed(data, by, largest=MOST_CELLS).with_columns(zeros)


def selected(rows: pl.DataFrame, made: TableSpecification) -> pa.Table:
    """The columns of a specification."""
    names = [d.id for d in made.dimensions] + [m.id for m in made.measures]
    return rows.select(names).to_arrow()


def _dimensions(described: Described) -> tuple[Dimension, ...]:
    return tuple(_dimension(described, name) for name in described.by)


def _dimension(described: Described, name: str) -> Dimension:
    if name == OUTCOME:
        return _outcome(described)
    if name in _KNOWN:
        return _KNOWN[name].dimension
    levels = described.levels.get(name, ())
    return Dimension(name, _label(name), tuple(_category(level) for level in levels))


def _outcome(described: Described) -> Dimension:
    listed = tuple(
        Category(level, _BUILT_IN.get(level) or _label(level)) for level in described.outcomes
    )
    return Dimension(OUTCOME, Text("Outcome", "Utfall"), listed)


def _footnotes(described: Described) -> tuple[Text, ...]:
    """Notes of the variables, each once."""
    named = [_KNOWN[name] for name in described.by if name in _KNOWN]
    known = described.prepared.vocabulary.known
    made = [known[name].note for name in described.by if name in known]
    said = [*notes(named), *(note for note in made if note is not None)]
    return tuple(dict.fromkeys([*said, *described.prepared.reach.nature]))


def _specification(
    described: Described,
    id: str,
    dimensions: Sequence[Dimension],
    measures: Sequence[Measure],
    what: Text,
) -> TableSpecification:
    """A specification with what every such table says."""
    prepared, panel = described.prepared, described.query.panel
    title = prepared.study.title + (f": {_label(described.of).en}" if described.of else "")
    stop = "" if title.endswith(("?", "!", ".")) else "."
    first, last = panel.from_, panel.to
    years = str(first) if first == last else f"{first}-{last}"
    ends = (date(year + 1, 1, 1) for year in (first, last))
    return TableSpecification(
        id=id,
        title=same(f"{title}{stop} {years}"),
        dimensions=tuple(dimensions),
        measures=tuple(measures),
        footnotes=_footnotes(described),
        contents=what,
        reference_time=same(years),
        time=years,
        method=Text(f"Study {prepared.fingerprint}.", f"Studie {prepared.fingerprint}."),
        knowledge_time=same(prepared.knowledge.days(*ends)),
        vintage=prepared.knowledge.vintage,
    )


def _label(name: str) -> Text:
    text = name.replace("_", " ")
    return same(text[:1].upper() + text[1:])


def _category(level: str) -> Category:
    if level == UNKNOWN_CODE:
        return Category(level, Text("Unknown", "Uoppgitt"))
    return Category(level, same(level))
