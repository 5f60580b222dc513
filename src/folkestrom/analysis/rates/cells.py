"""Tables of rates: titles, measures and notes in English and Norwegian."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import polars as pl
import pyarrow as pa

from folkestrom.analysis.combinations import completed
from folkestrom.analysis.over_coverage.carried import Floats, Gone
from folkestrom.analysis.rates.occurrence import Occurrences, keep
from folkestrom.analysis.rates.rates import DAYS_PER_YEAR, Rates, rates_of
from folkestrom.model.cells import Cells, with_description
from folkestrom.model.names import without_effect
from folkestrom.model.specification import (
    Measure,
    TableSpecification,
    Text,
    same,
)
from folkestrom.statistics.periods import Period
from folkestrom.variables.selection import Only
from folkestrom.variables.variable import Variable, notes

Method = Literal["direct", "indirect"]

#: What everybody in the country is called, as a standard and as the other group.
NATION: Final = "nation"
#: Tables with their empty cells are not made larger than this.
LARGEST: Final = 1_000_000

PER_1000: Final = Text("per 1 000 person-years", "per 1 000 personår")
_OF_WOMEN: Final = Text("Person-years of women", "Personår, kvinner")
_RATIO: Final = Text("ratio", "forholdstall")

MEASURES: Final = {
    m.id: m
    for m in (
        Measure("events", Text("Events", "Hendelser"), Text("events", "hendelser")),
        # Never shown: what counts are held to.
        Measure("persons", Text("Persons", "Personer"), Text("persons", "personer")),
        Measure("person_years", Text("Person-years", "Personår"), Text("years", "år"), decimals=1),
        Measure("rate", Text("Rate", "Rate"), PER_1000, decimals=2, empty=None),
        Measure("rate_lower", Text("Lower", "Nedre"), PER_1000, decimals=2, empty=None),
        Measure("rate_upper", Text("Upper", "Øvre"), PER_1000, decimals=2, empty=None),
        Measure("present_low", Text("Low", "Lav"), PER_1000, decimals=2, empty=None),
        Measure("present", Text("Of those here", "Av dem som er her"), PER_1000, 2, None),
        Measure("present_high", Text("High", "Høy"), PER_1000, decimals=2, empty=None),
        Measure("fitted", Text("Fitted", "Tilpasset"), PER_1000, decimals=2, empty=None),
        Measure("fitted_lower", Text("Lower", "Nedre"), PER_1000, decimals=2, empty=None),
        Measure("fitted_upper", Text("Upper", "Øvre"), PER_1000, decimals=2, empty=None),
        Measure(
            "expected",
            Text("Expected events", "Forventede hendelser"),
            Text("events", "hendelser"),
            decimals=1,
        ),
        Measure(
            "standardised", Text("Standardised", "Standardisert"), PER_1000, decimals=2, empty=None
        ),
        Measure("standardised_lower", Text("Lower", "Nedre"), PER_1000, decimals=2, empty=None),
        Measure("standardised_upper", Text("Upper", "Øvre"), PER_1000, decimals=2, empty=None),
        Measure("ratio", Text("Ratio", "Forholdstall"), _RATIO, decimals=3, empty=None),
        Measure("ratio_lower", Text("Lower", "Nedre"), _RATIO, decimals=3, empty=None),
        Measure("ratio_upper", Text("Upper", "Øvre"), _RATIO, decimals=3, empty=None),
    )
}

CONTENTS: Final = Text(
    "Events of residents by the days that they were resident, in years of 365.2425 days.",
    "Hendelser blant bosatte etter antall dager de var bosatt, i år på 365,2425 dager.",
)


@dataclass(frozen=True, slots=True)
class RateDesign:
    """How rates are made of what was counted.

    Parameters
    ----------
    by
        Names of the variables that tell groups apart.
    only
        Codes to keep, by variable.
    standardise_by, against, method
        What is standardised for, the reference population ("nation", a code of a place or of a
        variable of `by`, or "variable=code"), and how.
    level
        Level of the intervals.
    """

    by: tuple[str, ...]
    only: Only
    standardise_by: tuple[str, ...] = ()
    against: str | None = None
    method: Method = "direct"
    level: float = 0.95

    @property
    def reference(self) -> str:
        """Whose composition is the standard."""
        return self.against or NATION

    @property
    def standard(self) -> Mapping[str, str] | None:
        """The rows of the standard: None, everybody; else one code of one variable."""
        if self.against is None:
            return None
        if not self.standardise_by:
            next_step = "Say standardise_by, such as sex,age_group"
            raise without_effect("against", self.against, "nothing is standardised for", next_step)
        if self.against == NATION:
            return None
        name, equals, code = self.against.partition("=")
        if equals:
            return {name: code}
        digits = {2: "county", 4: "municipality"} if self.against.isdigit() else {}
        name = digits.get(len(self.against), self.by[0] if self.by else "county")
        return {name: self.against}

    @property
    def names(self) -> tuple[str, ...]:
        """Variables that events and exposure are counted by."""
        return (*self.by, *self.standardise_by, *(self.standard or {}))

    def whole(self, counted: Occurrences) -> pl.DataFrame:
        """The standard's strata: of the whole country, whoever is kept."""
        return keep(counted.data, self.standard or {}, self.standardise_by, where="against")


def measured(counted: Occurrences, design: RateDesign) -> Rates:
    """Rates of what was counted.

    Parameters
    ----------
    counted
        Events and exposure by `design.names`.
    design
        What is standardised for, and who is kept.
    """
    strata = design.standardise_by
    groups = counted.kept(design.only, list(dict.fromkeys((*design.by, *strata))))
    whole = design.whole(counted) if strata else None
    cells = groups.with_columns(person_years=pl.col("days") / DAYS_PER_YEAR)
    return rates_of(cells, design.by, strata, whole, method=design.method, level=design.level)


def of_those_here(counted: Occurrences, design: RateDesign, gone: Gone) -> pl.DataFrame:
    """Rates of those who are here: between bounds, and halfway.

    Parameters
    ----------
    counted
        Events and exposure by `design.names` and `gone.by`.
    design
        How the rates are made.
    gone
        Shares of the registered who are gone. The low rate is the lower end of the interval with
        the least of them, the high one the upper with the most.
    """
    low, high = gone.of(counted.data)
    crude = replace(design, standardise_by=(), against=None, method="direct")

    def limit(name: str, share: Floats) -> pl.Series:
        days = pl.col("days") * pl.Series(1 - share)
        fewer = replace(counted, data=counted.data.with_columns(days=days))
        return measured(fewer, crude).data[name]

    return pl.DataFrame(
        {
            "present_low": limit("rate_lower", low), "present": limit("rate", (low + high) / 2),
            "present_high": limit("rate_upper", high),
        }
    )  # fmt: skip


def rate_cells(counted: Occurrences, found: Rates, design: RateDesign) -> Cells:
    """Rates as cells.

    Parameters
    ----------
    counted
        What they are of.
    found
        The rates.
    design
        How they were made.
    """
    shown = [m for m in MEASURES.values() if m.id in found.data.columns]
    if counted.of_women:
        shown = [replace(m, label=_OF_WOMEN) if m.id == "person_years" else m for m in shown]
    by = tuple(counted.variable(name) for name in found.by)
    data = in_order(_whole(found.data, found.by), by).select(
        *found.by,
        *(pl.col(m.id) if m.id == "events" else pl.col(m.id).round(m.decimals) for m in shown),
    )
    title = Text("{label}, rates. {when}", "{label}, rater. {when}")
    specification = TableSpecification(
        id="rates",
        title=_labelled(title, counted).fill(when=when(counted.period)),
        dimensions=tuple(v.dimension for v in by),
        measures=tuple(shown),
        footnotes=(*_notes(counted, design), *_coverage(found)),
        contents=CONTENTS,
        reference_time=same(when(counted.period)),
        time=when(counted.period),
        method=_method(design, counted),
        knowledge_time=same(str(counted.known_at)),
        vintage=counted.vintage,
    )
    return Cells(specification, data.to_arrow())


def rate_rows(counted: Occurrences, found: Rates, cells: Cells) -> pa.Table:
    """Rates that are not rounded, described as their cells are.

    Parameters
    ----------
    counted, found
        As for `rate_cells`.
    cells
        Those cells.
    """
    rows = in_order(found.data, [counted.variable(name) for name in found.by])
    return with_description(rows.to_arrow(), cells.described())


def in_order(data: pl.DataFrame, by: Sequence[Variable]) -> pl.DataFrame:
    """Rows in the order of the categories, and of the codes where those are not listed.

    Parameters
    ----------
    data
        Columns of codes, and measures.
    by
        The variables, in the order of the rows.
    """
    places = []
    for variable in by:
        codes = [category.code for category in variable.dimension.categories]
        if codes:
            number = dict(zip(codes, range(len(codes)), strict=True))
            text = pl.col(variable.name).cast(pl.String)
            places.append(text.replace_strict(number, return_dtype=pl.Int32))
        else:
            column = pl.col(variable.name)
            places.append(column if variable.decode is None else column.cast(pl.String))
    return data.sort(places, nulls_last=True) if places else data


def _whole(data: pl.DataFrame, by: tuple[str, ...]) -> pl.DataFrame:
    """With the cells that nobody is in: there is no rate."""
    filled = [pl.col("events").fill_null(0), pl.col("person_years").fill_null(0.0)]
    whole = completed(data, by, largest=LARGEST).with_columns(filled)
    if not {"year", "age", "birth_year"} <= set(by):
        return whole
    # Of a year and an age there are two years of birth: the others are no cells.
    turned = pl.col("year").cast(pl.Int64) - pl.col("age") - pl.col("birth_year")
    there = (pl.col("person_years") > 0) | (pl.col("events") > 0)
    return whole.filter(there | turned.is_between(0, 1))


def when(period: Period) -> str:
    """The name of a period; of several whole years, the first and the last.

    Examples
    --------
    >>> from datetime import date
    >>> when(Period(date(2010, 1, 1), date(2021, 1, 1)))
    '2010-2020'
    """
    turns = [(day.month, day.day) == (1, 1) for day in (period.start, period.end)]
    if all(turns) and period.end.year > period.start.year + 1:
        return f"{period.start.year}-{period.end.year - 1}"
    return period.code


def comma(number: str) -> str:
    """A number with a decimal comma."""
    return number.replace(".", ",")


def _labelled(text: Text, counted: Occurrences) -> Text:
    return Text(
        text.en.replace("{label}", counted.label.en), text.no.replace("{label}", counted.label.no)
    )


def _method(design: RateDesign, counted: Occurrences) -> Text:
    known = counted.known_at
    if not design.standardise_by:
        return Text(f"As known on {known}.", f"Slik det var kjent {known}.")
    by = ", ".join(design.standardise_by)
    return Text(
        f"As known on {known}. {design.method.capitalize()} standardisation by {by}; "
        f"standard: {design.reference}.",
        f"Slik det var kjent {known}. "
        f"{'Direkte' if design.method == 'direct' else 'Indirekte'} standardisering etter {by}; "
        f"standard: {design.reference}.",
    )


def _notes(counted: Occurrences, design: RateDesign) -> tuple[Text, ...]:
    percent = f"{100 * design.level:g}"
    found = [
        Text(
            f"Per 1 000 person-years, with {percent} % intervals.",
            f"Per 1 000 personår, med {percent} %-intervaller.",
        )
    ]
    if design.standardise_by:
        labels = [_in_a_sentence(counted, name) for name in design.standardise_by]
        whole = design.reference == NATION
        found.append(
            Text(
                f"Standardised by {', '.join(label.en for label in labels)} ({design.method}); "
                "ratios are to the rate of the standard, "
                f"{'the whole country' if whole else design.reference}, which is taken as known.",
                f"Standardisert etter {', '.join(label.no for label in labels)} "
                f"({'direkte' if design.method == 'direct' else 'indirekte'}); forholdstall er mot "
                f"raten i standarden, {'hele landet' if whole else design.reference}, "
                "som regnes som kjent.",
            )
        )
    return (*found, *counted.said(design.only), *variable_notes(counted))


def _in_a_sentence(counted: Occurrences, name: str) -> Text:
    label = counted.variable(name).dimension.label
    return Text(*(text[:1].lower() + text[1:] for text in (label.en, label.no)))


def variable_notes(counted: Occurrences) -> tuple[Text, ...]:
    """Notes of all variables that play a part, each once."""
    return tuple(dict.fromkeys((*notes(counted.variables), *counted.notes)))


def _coverage(found: Rates) -> tuple[Text, ...]:
    if "coverage" not in found.data.columns:
        return ()
    least = found.data["coverage"].min()
    if not isinstance(least, float) or least > 0.9995:
        return ()
    covered = f"{100 * least:.1f}"
    return (
        Text(
            f"Some groups have nobody in parts of the standard: {covered} per cent of it "
            "is covered at least, and the comparison is over that part.",
            f"Noen grupper har ingen i deler av standarden: minst {comma(covered)} prosent er "
            "dekket, og sammenligningen gjelder den delen.",
        ),
    )
