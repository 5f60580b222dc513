"""Tables of what a panel shows: titles, measures and notes in English and Norwegian, the gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa

from folkestrom.analysis.rates.propensities import ClusterSums
from folkestrom.analysis.study.definition import STAY, Panel, Study
from folkestrom.analysis.study.summaries import MOST_CELLS
from folkestrom.classifications.code_lists import UNKNOWN_CODE
from folkestrom.disclosure import Protected, Rules, release
from folkestrom.disclosure.records import DisclosureRecord, disclosure_note
from folkestrom.disclosure.release import rows_suppressed
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
from folkestrom.variables.variable import Variable, notes

#: A published quantile has the values of at least so many persons on either side.
EITHER_SIDE: Final = 10
#: Level of the intervals.
LEVEL: Final = 0.95

_KNOWN: Final = variables_of("exposure")
_OUTCOME: Final = "outcome"
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
_COUNTS: Final = (
    Measure("persons", Text("Persons", "Personer"), _PERSONS),
    Measure("base", Text("Person-years", "Personår"), _YEARS),
    Measure("person_years", Text("With the outcome", "Med utfallet"), _YEARS),
)
#: What the gate must know of a count, and nobody else.
_OF: Final = Measure("persons_counted", Text("Persons", "Personer"), _PERSONS)
_SHARES: Final = (
    Measure("percent", Text("Per cent", "Prosent"), _PERCENT, decimals=2, empty=None),
    Measure("percent_lower", Text("Lower", "Nedre"), _PERCENT, decimals=2, empty=None),
    Measure("percent_upper", Text("Upper", "Øvre"), _PERCENT, decimals=2, empty=None),
)
_VALUED: Final = (
    Measure("persons", Text("Persons with a value", "Personer med verdi"), _PERSONS),
    Measure("person_years", Text("Person-years with a value", "Personår med verdi"), _YEARS),
    Measure("missing", Text("Without a value", "Uten verdi"), _YEARS),
)
_INTERVALS: Final = Text(
    "Per cent of the person-years of the cell, with 95 % intervals (Wilson) that know that a "
    "person comes back in several years.",
    "Prosent av personårene i cellen, med 95 %-intervaller (Wilson) som tar hensyn til at en "
    "person er med i flere år.",
)
_OF_ROUNDED: Final = Text(
    "Person-years are the sums of the rounded ones, and percentages are of these.",
    "Personårene er summer av de avrundede, og prosentene er av disse.",
)
_WINSORISED: Final = Text(
    "Means are winsorised at the 1st and 99th percentile, and at least ten persons' values at "
    "either end; quantiles are means of the values around them.",
    "Gjennomsnitt er winsorisert ved 1. og 99. persentil, og minst ti personers verdier i hver "
    "ende; kvantiler er gjennomsnitt av verdiene rundt dem.",
)


@dataclass(frozen=True, slots=True)
class About:
    """What a table is about.

    Parameters
    ----------
    study, panel
        The study and its panel.
    variables
        Variables of `by`, but the year and the outcome.
    by
        What tells cells apart.
    of, shares
        The number that is summarised, and which quantiles.
    levels
        Names of the levels of every coded column, in the order of their numbers.
    fingerprint, known_at, vintage
        Of the study on its store.
    """

    study: Study
    panel: Panel
    variables: tuple[Variable, ...]
    by: tuple[str, ...]
    of: str | None
    shares: tuple[float, ...]
    levels: Mapping[str, Sequence[str]]
    fingerprint: str
    known_at: str
    vintage: Text

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """Dimensions of the table."""
        return tuple(self._dimension(name) for name in self.by)

    def _dimension(self, name: str) -> Dimension:
        if name == _OUTCOME:
            return self.outcome
        if name in _KNOWN:
            return _KNOWN[name].dimension
        levels = self.levels.get(name, ())
        return Dimension(name, _label(name), tuple(_category(level) for level in levels))

    @property
    def outcome(self) -> Dimension:
        """The outcomes."""
        listed = tuple(
            Category(level, _BUILT_IN.get(level) or _label(level)) for level in self.panel.levels
        )
        return Dimension(_OUTCOME, Text("Outcome", "Utfall"), listed)

    @property
    def footnotes(self) -> tuple[Text, ...]:
        """Notes of the variables, each once."""
        named = [_KNOWN[name] for name in self.by if name in _KNOWN]
        made = [variable.note for variable in self.variables if variable.note is not None]
        return tuple(dict.fromkeys([*notes(named), *made]))

    @property
    def years(self) -> str:
        """The years of the panel."""
        first, last = self.panel.from_, self.panel.to
        return str(first) if first == last else f"{first}-{last}"

    def specification(
        self, id: str, dimensions: Sequence[Dimension], measures: Sequence[Measure], what: Text
    ) -> TableSpecification:
        """A specification with what every such table says."""
        title = self.study.title + ("" if self.of is None else f": {_label(self.of).en}")
        stop = "" if title.endswith(("?", "!", ".")) else "."
        return TableSpecification(
            id=id,
            title=same(f"{title}{stop} {self.years}"),
            dimensions=tuple(dimensions),
            measures=tuple(measures),
            footnotes=self.footnotes,
            contents=what,
            reference_time=same(self.years),
            time=self.years,
            method=Text(f"Study {self.fingerprint}.", f"Studie {self.fingerprint}."),
            knowledge_time=same(self.known_at),
            vintage=self.vintage,
        )


def outcomes(about: About, sums: pl.DataFrame, rules: Rules | None) -> Cells:
    """What came of the person-years of each cell.

    Parameters
    ----------
    about
        What the table is about.
    sums
        Of `outcome_sums`.
    rules
        Rules of disclosure control; None: the table stays in the office.
    """
    rows = _outcome_rows(about, _ordered(sums, about))
    dimensions = (*about.dimensions, about.outcome)
    what = Text(
        "Person-years of residents of 1 January by what came first in the year.",
        "Personår for bosatte 1. januar etter det som først skjedde i året.",
    )
    made = about.specification("panel-outcomes", dimensions, (*_COUNTS, *_SHARES), what)
    whole = replace(made, footnotes=(_INTERVALS, *made.footnotes))
    if rules is None:
        return Cells(whole, _selected(rows, whole))
    given: dict[str, Any] = {
        "counts": "person_years", "persons": _OF.id, "base": "base", "population": "persons",
        "split": [_OUTCOME],
    }  # fmt: skip
    if not rules.rounding_base:
        whole = replace(whole, measures=(*whole.measures, _OF))
        cells = Cells(whole, _selected(rows, whole))
        return release(cells, rules, percentages=["percent"], **given).cells
    made = replace(made, measures=(*_COUNTS, _OF))
    protected = release(Cells(made, _selected(rows, made)), rules, **given)
    return _of_rounded(protected.cells, [d.id for d in dimensions])


def _outcome_rows(about: About, sums: pl.DataFrame) -> pl.DataFrame:
    """A row a cell and outcome, with its share and limits."""
    frames = []
    for number, level in enumerate(about.panel.levels):
        names = ("persons", "person_years", f"y{number}", f"yy{number}", f"yn{number}", "nn")
        columns = (sums[name].to_numpy().astype(np.float64) for name in names)
        found = ClusterSums(*columns)
        lower, upper = found.limits(LEVEL)
        frames.append(
            sums.select(
                *about.by,
                pl.lit(level).alias(_OUTCOME),
                pl.lit(number).alias("_outcome"),
                "persons",
                pl.col("person_years").alias("base"),
                pl.col(f"y{number}").alias("person_years"),
                pl.col(f"p{number}").alias(_OF.id),
                *(
                    pl.Series(m.id, 100 * values).fill_nan(None).round(m.decimals)
                    for m, values in zip(_SHARES, (found.share, lower, upper), strict=True)
                ),
                pl.int_range(pl.len()).alias("_place"),
            )
        )
    return pl.concat(frames).sort("_place", "_outcome").drop("_place", "_outcome")


def _of_rounded(cells: Cells, names: Sequence[str]) -> Cells:
    """Percentages of rounded counts; persons, who may be as many as the true ones, left out."""
    percent = 100 * pl.col("person_years") / pl.col("base")
    data = pl.DataFrame(cells.data).select(
        *names,
        "base",
        "person_years",
        percent=pl.when(pl.col("base") > 0).then(percent).round(_SHARES[0].decimals),
    )
    measures = (*_COUNTS[1:], _SHARES[0])
    footnotes = (_OF_ROUNDED, *cells.specification.footnotes)
    made = replace(cells.specification, measures=measures, footnotes=footnotes)
    return replace(cells, specification=made, data=data.to_arrow())


def names_of_values(shares: Sequence[float], rules: Rules | None) -> list[str]:
    """What the mean and the quantiles are called.

    Parameters
    ----------
    shares
        Which quantiles.
    rules
        Rules of disclosure control, with which the mean is another.

    Examples
    --------
    >>> names_of_values([0.25, 0.5, 0.995], None)
    ['mean', 'q25', 'q50', 'q99_5']
    """
    found = [f"{100 * share:g}".replace(".", "_") for share in shares]
    return ["mean" if rules is None else "mean_winsorised", *(f"q{name}" for name in found)]


def values(about: About, found: pl.DataFrame, rules: Rules | None) -> Cells:
    """Values of a number in each cell.

    Parameters
    ----------
    about
        What the table is about.
    found
        Of `value_summaries`.
    rules
        Rules of disclosure control; None: the table stays in the office.
    """
    rows = _ordered(found, about)
    figures = _figures(about, rules)
    rows = rows.with_columns(pl.col(m.id).round(m.decimals) for m in figures)
    what = Text(
        "Values of person-years of residents of 1 January, on that day.",
        "Verdier for personår for bosatte 1. januar, på den dagen.",
    )
    made = about.specification("panel-values", about.dimensions, (*_VALUED, *figures), what)
    if rules is None:
        return Cells(made, _selected(rows, made))
    protected = _gated(about, rows, rules)
    names = [m.id for m in figures]
    shown, applied = _with_figures(rows, protected, about.by, names)
    note = disclosure_note(rules, (*protected.applied, _too_few(applied)))
    measures = made.measures[1:] if rules.rounding_base else made.measures
    made = replace(made, measures=measures, footnotes=(_WINSORISED, *made.footnotes, note))
    kept = _selected(shown, made)
    hidden = rows_suppressed(_selected(rows, made), kept)
    return Protected(Cells(made, kept, hidden), rules, protected.applied).cells


def _figures(about: About, rules: Rules | None) -> list[Measure]:
    mean, *rest = names_of_values(about.shares, rules)
    label = (
        Text("Mean", "Gjennomsnitt")
        if rules is None
        else Text("Mean, winsorised", "Gjennomsnitt, winsorisert")
    )
    unit = _label(about.of or "")
    found = [Measure(mean, label, unit, decimals=2, empty=None)]
    for name, share in zip(rest, about.shares, strict=True):
        percent = f"{100 * share:g}"
        found.append(
            Measure(name, Text(f"P{percent}", f"P{percent}"), unit, decimals=2, empty=None)
        )
    return found


def _gated(about: About, rows: pl.DataFrame, rules: Rules) -> Protected:
    """Person-years with and without a value, through the gate."""
    base = pl.col("person_years") + pl.col("missing")
    columns = [*map(pl.col, about.by), base.alias("base"), pl.col("persons")]
    parts = [
        rows.select(
            *columns, pl.lit(n).alias(_VALUE), pl.col(n).alias("n"), pl.col(of).alias(_OF.id)
        )
        for n, of in (("person_years", "persons"), ("missing", "persons_missing"))
    ]
    return release(
        pl.concat(parts),
        rules,
        counts="n",
        persons=_OF.id,
        base="base",
        population="persons",
        split=[_VALUE],
        dimensions=[*about.by, _VALUE],
    )


def _with_figures(
    rows: pl.DataFrame, protected: Protected, by: Sequence[str], names: Sequence[str]
) -> tuple[pl.DataFrame, int]:
    """The rows as they may be shown, and how many figures have too few values."""
    gated = pl.DataFrame(protected.cells.data)
    # Both halves are in the order of the rows.
    half = rows.height
    valued, rest = gated.slice(0, half), gated.slice(half)
    told = valued["base"].is_not_null() & rest["base"].is_not_null()
    figures = rows.select(pl.when(told).then(pl.col(name)).alias(name) for name in names)
    few = sum(int((told & figures[name].is_null()).sum()) for name in names)
    persons = valued["persons"].set(valued["n"].is_null(), None)
    counts = (
        persons.alias("persons"), valued["n"].alias("person_years"), rest["n"].alias("missing"),
    )  # fmt: skip
    shown = rows.select(*by, *counts)
    return pl.concat([shown, figures], how="horizontal"), few


def _too_few(hit: int) -> DisclosureRecord:
    text = Text(
        f"means and quantiles with the values of fewer than {EITHER_SIDE} persons on either side "
        "not shown",
        f"gjennomsnitt og kvantiler med verdier for færre enn {EITHER_SIDE} personer på en av "
        "sidene er ikke vist",
    )
    return DisclosureRecord("quantiles", text, hit)


def _ordered(found: pl.DataFrame, about: About) -> pl.DataFrame:
    """Cells in the order of their levels, by name; every combination of those that occur."""
    frame = _whole(found, about.by)
    frame = frame.sort(about.by, nulls_last=True) if about.by else frame
    named = []
    for name in about.by:
        if name in about.levels:
            numbers = dict(enumerate(about.levels[name]))
            column = pl.col(name).replace_strict(numbers, default=None, return_dtype=pl.String)
            named.append(column.fill_null(_NOBODY))
    return frame.with_columns(named)


def _whole(data: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """With the cells that nobody is in."""
    size = 1
    for name in by:
        size *= data[name].n_unique()
    if size in (0, data.height) or size > MOST_CELLS or not by:
        return data
    grid = data.select(pl.col(by[0]).unique())
    for name in by[1:]:
        grid = grid.join(data.select(pl.col(name).unique()), how="cross")
    full = grid.join(data, on=list(by), how="left", nulls_equal=True)
    whole = [name for name, kind in data.schema.items() if kind == pl.Int64 and name not in by]
    return full.with_columns(pl.col(name).fill_null(0) for name in whole)


def _selected(rows: pl.DataFrame, made: TableSpecification) -> pa.Table:
    names = [d.id for d in made.dimensions] + [m.id for m in made.measures]
    return rows.select(names).to_arrow()


def _label(name: str) -> Text:
    text = name.replace("_", " ")
    return same(text[:1].upper() + text[1:])


def _category(level: str) -> Category:
    if level == UNKNOWN_CODE:
        return Category(level, Text("Unknown", "Uoppgitt"))
    return Category(level, same(level))
