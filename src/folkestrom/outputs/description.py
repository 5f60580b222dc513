"""What a panel shows, for publication: outcomes, and the values of a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import polars as pl

from folkestrom.analysis.description.cells import (
    COUNTS,
    INTERVALS,
    MEAN,
    OF,
    OF_MISSING,
    SHARES,
    VALUED,
    outcome_cells,
    selected,
    value_cells,
    value_names,
)
from folkestrom.analysis.description.panel import OUTCOME, Described
from folkestrom.analysis.description.summaries import Floats
from folkestrom.disclosure import USUAL_QUANTILES, Protected, Rules, mean, quantiles, release
from folkestrom.disclosure.records import DisclosureRecord, disclosure_note
from folkestrom.disclosure.release import rows_suppressed
from folkestrom.model.cells import Cells
from folkestrom.model.specification import Text

__all__ = ["USUAL_QUANTILES", "published"]

#: A published quantile has the values of at least so many persons on either side.
_EITHER_SIDE: Final = 10
#: The mean that is published is another one.
_MEAN: Final = replace(
    MEAN, id="mean_winsorised", label=Text("Mean, winsorised", "Gjennomsnitt, winsorisert")
)

_VALUE: Final = "value"
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


def published(described: Described, rules: Rules) -> Cells:
    """What may be shown to anybody of what a panel shows.

    Parameters
    ----------
    described
        The panel, and what is asked of it.
    rules
        The rules.
    """
    if described.of is None:
        return _outcomes(described, rules)
    return _values(described, described.of, rules)


def _outcomes(described: Described, rules: Rules) -> Cells:
    cells = outcome_cells(described, described.sums(), [OF])
    given: dict[str, Any] = {
        "counts": "person_years", "persons": OF.id, "base": "base", "population": "persons",
        "split": [OUTCOME],
    }  # fmt: skip
    if not rules.rounding_base:
        return release(cells, rules, percentages=["percent"], **given).cells
    return _of_rounded(release(_only_counts(cells), rules, **given).cells)


def _only_counts(cells: Cells) -> Cells:
    """Outcomes without shares, and without the note on their intervals."""
    made = cells.specification
    made = replace(
        made,
        measures=(*COUNTS, OF),
        footnotes=tuple(note for note in made.footnotes if note is not INTERVALS),
    )
    return Cells(made, selected(pl.DataFrame(cells.data), made))


def _of_rounded(cells: Cells) -> Cells:
    """Percentages of rounded counts; persons, who may be as many as the true ones, left out."""
    percent = 100 * pl.col("person_years") / pl.col("base")
    data = pl.DataFrame(cells.data).select(
        *(d.id for d in cells.specification.dimensions),
        "base",
        "person_years",
        percent=pl.when(pl.col("base") > 0).then(percent).round(SHARES[0].decimals),
    )
    measures = (*COUNTS[1:], SHARES[0])
    footnotes = (_OF_ROUNDED, *cells.specification.footnotes)
    made = replace(cells.specification, measures=measures, footnotes=footnotes)
    return replace(cells, specification=made, data=data.to_arrow())


def _values(described: Described, of: str, rules: Rules) -> Cells:
    least = max(_EITHER_SIDE, rules.minimum_cell)

    def protected(values: Floats, repeats: int) -> list[float]:
        middle = mean(values, minimum=least, repeats=repeats)
        found = quantiles(values, described.shares, minimum=least, repeats=repeats)
        return [middle, *found.tolist()]

    found = described.values(of, protected, value_names(_MEAN, described.shares))
    cells = value_cells(described, found, _MEAN, [OF_MISSING])
    rows, made = pl.DataFrame(cells.data), cells.specification
    measures = made.measures[:-1]
    gated = _gated(described.by, rows, rules)
    shown, few = _with_figures(rows, gated, described.by, [m.id for m in measures[len(VALUED) :]])
    note = disclosure_note(rules, (*gated.applied, _too_few(few)))
    made = replace(
        made,
        measures=measures[1:] if rules.rounding_base else measures,
        footnotes=(_WINSORISED, *made.footnotes, note),
    )
    kept = selected(shown, made)
    hidden = rows_suppressed(selected(rows, made), kept)
    return Protected(Cells(made, kept, hidden), rules, gated.applied).cells


def _gated(by: Sequence[str], rows: pl.DataFrame, rules: Rules) -> Protected:
    """Person-years with and without a value, through the gate."""
    base = pl.col("person_years") + pl.col("missing")
    columns = [*map(pl.col, by), base.alias("base"), pl.col("persons")]
    parts = [
        rows.select(
            *columns, pl.lit(n).alias(_VALUE), pl.col(n).alias("n"), pl.col(of).alias(OF.id)
        )
        for n, of in (("person_years", "persons"), ("missing", OF_MISSING.id))
    ]
    return release(
        pl.concat(parts),
        rules,
        counts="n",
        persons=OF.id,
        base="base",
        population="persons",
        split=[_VALUE],
        dimensions=[*by, _VALUE],
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
        f"means and quantiles with the values of fewer than {_EITHER_SIDE} persons on either side "
        "not shown",
        f"gjennomsnitt og kvantiler med verdier for færre enn {_EITHER_SIDE} personer på en av "
        "sidene er ikke vist",
    )
    return DisclosureRecord("quantiles", text, hit)
