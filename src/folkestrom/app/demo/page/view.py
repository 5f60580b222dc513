"""What the page's template is given: figures arranged for reading, and every picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from markupsafe import Markup

from folkestrom.app.demo.figures import Figures, Pyramid, Revision
from folkestrom.app.demo.page import charts
from folkestrom.classifications.areas import county_name
from folkestrom.model.countries import country_name
from folkestrom.model.specification import Text, same
from folkestrom.model.time import add_months
from folkestrom.statistics import adjustment

_KIND_LABELS: Final = adjustment.SPECIFICATION.dimension("kind").labels


@dataclass(frozen=True, slots=True)
class Matrix:
    """Units of the adjustment in two directions, with sums.

    Parameters
    ----------
    columns
        Headings, the sum last.
    rows
        Headings and, for each column, units added and taken away; the sum last.
    """

    columns: tuple[Text, ...]
    rows: tuple[tuple[Text, tuple[tuple[int, int], ...]], ...]


@dataclass(frozen=True, slots=True)
class AgeRow:
    """Five years of age on two days.

    Parameters
    ----------
    label
        The ages.
    now, before
        Males and females.
    """

    label: str
    now: tuple[int, int]
    before: tuple[int, int]


def pictures(figures: Figures) -> dict[str, Markup]:
    """Every picture by name."""
    country = figures.account[0]
    national = [r for r in figures.revisions if not r.county]
    return {
        "pyramid": charts.pyramid(figures.pyramid, figures.pyramid_before),
        "change": charts.year_of_change(country),
        "revisions": charts.revisions_by_month(national, knowledge_months(figures)),
        "delays": charts.reporting_delays(figures.log_delays),
        "population": charts.population_over_time(figures.quarters),
        "flows": charts.flows_over_time(figures.years),
        "countries": charts.countries(figures.countries, country_labels(figures)),
    }


def cause_label(kind: str, target_kind: str) -> Text:
    """What a unit of the adjustment is owed to.

    Examples
    --------
    >>> cause_label("annulment", "death").en, cause_label("move", "move").no
    ('Annulment: death', 'Retting: flytting')
    """
    about = _KIND_LABELS(kind if target_kind == adjustment.NO_TARGET else target_kind)
    if kind == "annulment":
        return Text(f"Annulment: {about.en}", f"Annullering: {about.no}")
    if target_kind == adjustment.NO_TARGET:
        return Text(f"Other report: {about.en}", f"Annen melding: {about.no}")
    return Text(f"Correction: {about.en}", f"Retting: {about.no}")


def country_labels(figures: Figures) -> dict[str, Text]:
    """Names of the countries that people came from or went to."""
    codes = [row["country"] for row in figures.countries]
    return {
        code: Text(country_name(code, "en"), country_name(code, "no")) for code in codes if code
    }


def knowledge_months(figures: Figures) -> tuple[date, ...]:
    """Months in which what explains the adjustment was received, from extraction to extraction."""
    year = figures.pyramid.day.year - 1
    return tuple(add_months(date(year, 2, 1), n) for n in range(12))


def causes_by_month(figures: Figures) -> Matrix:
    """The country's adjustment by cause and month."""
    found = [r for r in figures.revisions if not r.county]
    return _matrix(found, _cause, lambda r: r.month, _months(figures))


def causes_by_county(figures: Figures) -> Matrix:
    """The counties' adjustments by county and cause."""
    found = [r for r in figures.revisions if r.county]
    causes = sorted({_cause(r) for r in found})
    columns = [(cause, cause_label(*cause)) for cause in causes]
    return _matrix(found, lambda r: r.county, _cause, columns)


def counties_by_month(figures: Figures) -> Matrix:
    """The counties' adjustments by county and month."""
    found = [r for r in figures.revisions if r.county]
    return _matrix(found, lambda r: r.county, lambda r: r.month, _months(figures))


def ages(now: Pyramid, before: Pyramid) -> list[AgeRow]:
    """The pyramid's persons in groups of five years."""
    rows = []
    for low in range(0, 101, 5):
        label = "100+" if low == 100 else f"{low}–{low + 4}"
        part = slice(low, None if low == 100 else low + 5)
        rows.append(
            AgeRow(
                label,
                (sum(now.males[part]), sum(now.females[part])),
                (sum(before.males[part]), sum(before.females[part])),
            )
        )
    return rows


def quarters_by_year(figures: Figures) -> list[tuple[int, list[int | None], dict[str, Any] | None]]:
    """For each year the population at its four quarters, and its account."""
    counts = dict(figures.quarters)
    accounts = {row["year"]: row for row in figures.years}
    years = sorted({day.year for day in counts})
    return [
        (year, [counts.get(date(year, month, 1)) for month in (1, 4, 7, 10)], accounts.get(year))
        for year in years
    ]


def county_label(code: str) -> str:
    """Name of a county: the first of its names, where it has several.

    Examples
    --------
    >>> county_label("18")
    'Nordland'
    """
    return county_name(code).split(" - ")[0]


def _months(figures: Figures) -> list[tuple[Any, Text]]:
    # The hyphen that does not break.
    return [(m, same(f"{m.year}\u2011{m.month:02d}")) for m in knowledge_months(figures)]


def _matrix(
    found: Sequence[Revision],
    down: Callable[[Revision], Any],
    across: Callable[[Revision], Any],
    columns: Sequence[tuple[Any, Text]],
) -> Matrix:
    total = Text("Total", "I alt")
    rows = []
    for key in sorted({down(r) for r in found}):
        here = [r for r in found if down(r) == key]
        label = same(county_label(key)) if isinstance(key, str) else cause_label(*key)
        rows.append((label, _sums(here, across, columns)))
    rows.append((total, _sums(found, across, columns)))
    return Matrix((*(text for _, text in columns), total), tuple(rows))


def _sums(
    found: Sequence[Revision],
    across: Callable[[Revision], Any],
    columns: Sequence[tuple[Any, Text]],
) -> tuple[tuple[int, int], ...]:
    parts = [_units(r for r in found if across(r) == key) for key, _ in columns]
    return (*parts, _units(found))


def _units(found: Iterable[Revision]) -> tuple[int, int]:
    listed = list(found)
    return sum(r.added for r in listed), sum(r.taken for r in listed)


def _cause(revision: Revision) -> tuple[str, str]:
    return revision.kind, revision.target_kind
