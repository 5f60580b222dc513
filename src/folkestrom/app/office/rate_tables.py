"""Tables of rates and of decompositions: titles, measures and notes in English and Norwegian."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from folkestrom.analysis.decomposition import Decomposition
from folkestrom.analysis.decomposition.components import EVERYBODY, OTHERS
from folkestrom.analysis.decomposition.design import parts_of
from folkestrom.analysis.rates import Occurrences
from folkestrom.analysis.rates.occurrence import Only
from folkestrom.analysis.rates.rates import Rates, rates_of
from folkestrom.disclosure import Protected
from folkestrom.model.cells import Cells
from folkestrom.model.specification import (
    Category,
    Dimension,
    Measure,
    TableSpecification,
    Text,
    same,
)
from folkestrom.statistics.periods import Period
from folkestrom.variables.variable import Variable, notes

#: What everybody in the country is called, as a standard and as the other group.
NATION: Final = EVERYBODY
#: Below so many events in a group the delta method's intervals are too narrow, and say so.
_FEW_EVENTS: Final = 20
#: Tables with their empty cells are not made larger than this.
LARGEST: Final = 1_000_000

_PER_1000: Final = Text("per 1 000 person-years", "per 1 000 personår")
_RATIO: Final = Text("ratio", "forholdstall")

_MEASURES: Final = {
    m.id: m
    for m in (
        Measure("events", Text("Events", "Hendelser"), Text("events", "hendelser")),
        # Never shown: what counts are held to.
        Measure("persons", Text("Persons", "Personer"), Text("persons", "personer")),
        Measure("person_years", Text("Person-years", "Personår"), Text("years", "år"), decimals=1),
        Measure("rate", Text("Rate", "Rate"), _PER_1000, decimals=2, empty=None),
        Measure("rate_lower", Text("Lower", "Nedre"), _PER_1000, decimals=2, empty=None),
        Measure("rate_upper", Text("Upper", "Øvre"), _PER_1000, decimals=2, empty=None),
        Measure(
            "expected",
            Text("Expected events", "Forventede hendelser"),
            Text("events", "hendelser"),
            decimals=1,
        ),
        Measure(
            "standardised", Text("Standardised", "Standardisert"), _PER_1000, decimals=2, empty=None
        ),
        Measure("standardised_lower", Text("Lower", "Nedre"), _PER_1000, decimals=2, empty=None),
        Measure("standardised_upper", Text("Upper", "Øvre"), _PER_1000, decimals=2, empty=None),
        Measure("ratio", Text("Ratio", "Forholdstall"), _RATIO, decimals=3, empty=None),
        Measure("ratio_lower", Text("Lower", "Nedre"), _RATIO, decimals=3, empty=None),
        Measure("ratio_upper", Text("Upper", "Øvre"), _RATIO, decimals=3, empty=None),
    )
}

_COMPONENTS: Final = Dimension(
    "component",
    Text("Component", "Komponent"),
    (
        Category("rate_1", Text("Rate of the first group", "Rate i den første gruppen")),
        Category("rate_2", Text("Rate of the second group", "Rate i den andre gruppen")),
        Category("difference", Text("Difference", "Forskjell")),
        Category("composition", Text("Composition", "Sammensetning")),
        Category("rates", Text("Propensity", "Tilbøyelighet")),
    ),
)
_PARTS: Final = (
    Measure("estimate", Text("Estimate", "Estimat"), _PER_1000, decimals=3, empty=None),
    Measure("lower", Text("Lower", "Nedre"), _PER_1000, decimals=3, empty=None),
    Measure("upper", Text("Upper", "Øvre"), _PER_1000, decimals=3, empty=None),
    Measure(
        "share",
        Text("Per cent of the difference", "Prosent av forskjellen"),
        Text("per cent", "prosent"),
        decimals=1,
        empty=None,
    ),
    Measure(
        "share_lower", Text("Lower", "Nedre"), Text("per cent", "prosent"), decimals=1, empty=None
    ),
    Measure(
        "share_upper", Text("Upper", "Øvre"), Text("per cent", "prosent"), decimals=1, empty=None
    ),
)

_CONTENTS: Final = Text(
    "Events of residents by the days that they were resident, in years of 365.2425 days.",
    "Hendelser blant bosatte etter antall dager de var bosatt, i år på 365,2425 dager.",
)


@dataclass(frozen=True, slots=True)
class Said:
    """What was asked for, for notes.

    Parameters
    ----------
    standardise_by, against, method, level, only
        As in the question.
    """

    standardise_by: tuple[str, ...]
    against: str
    method: str
    level: float
    only: Only


def rate_cells(counted: Occurrences, found: Rates, said: Said) -> Cells:
    """Rates as cells.

    Parameters
    ----------
    counted
        What they are of.
    found
        The rates.
    said
        What was asked for.
    """
    shown = [m for m in _MEASURES.values() if m.id in found.data.columns]
    by = tuple(counted.variable(name) for name in found.by)
    data = in_order(_whole(found.data, found.by), by).select(
        *found.by,
        *(pl.col(m.id) if m.id == "events" else pl.col(m.id).round(m.decimals) for m in shown),
    )
    title = Text("{label}, rates. {when}", "{label}, rater. {when}")
    specification = TableSpecification(
        id="rates",
        title=_labelled(title, counted).fill(when=_when(counted.period)),
        dimensions=tuple(v.dimension for v in by),
        measures=tuple(shown),
        footnotes=(*_notes(counted, said), *_coverage(found)),
        contents=_CONTENTS,
        reference_time=same(_when(counted.period)),
        time=_when(counted.period),
        method=_method(said, counted),
        knowledge_time=same(str(counted.known_at)),
        vintage=counted.vintage,
    )
    return Cells(specification, data.to_arrow())


def only_counts(cells: Cells) -> Cells:
    """Cells of rates with events, their persons and exposure alone.

    Parameters
    ----------
    cells
        Cells of rates.
    """
    kept = [_MEASURES[name] for name in ("events", "persons", "person_years")]
    names = [d.id for d in cells.specification.dimensions]
    data = cells.data.select([*names, *(m.id for m in kept)])
    return replace(
        cells, specification=replace(cells.specification, measures=tuple(kept)), data=data
    )


def with_rates(protected: Protected, by: tuple[str, ...], level: float) -> Protected:
    """Protected counts with rates computed from them.

    Parameters
    ----------
    protected
        Counts as they may be shown; where they may not, there is no rate.
    by
        Names of the variables.
    level
        Level of the intervals.
    """
    frame = pl.DataFrame(protected.cells.data)
    hidden = frame["events"].is_null() | frame["person_years"].is_null()
    known = frame.filter(~hidden)
    found = rates_of(known, tuple(by), level=level).data
    names = ("rate", "rate_lower", "rate_upper")
    measures = (*protected.cells.specification.measures, *(_MEASURES[n] for n in names))
    rounded = [pl.col(n).round(2) for n in names]
    extra = found.select(*by, *rounded)
    data = (
        frame.join(extra, on=list(by), how="left", nulls_equal=True, maintain_order="left")
        if by
        else pl.concat([frame, extra], how="horizontal")
    )
    specification = replace(protected.cells.specification, measures=measures)
    return replace(protected, cells=replace(
        protected.cells, specification=specification, data=data.to_arrow()
    ))  # fmt: skip


def decomposition_cells(counted: Occurrences, found: Decomposition, by: str, only: Only) -> Cells:
    """A decomposition as cells.

    Parameters
    ----------
    counted
        What it is of.
    found
        The decomposition.
    by
        The variable of the groups.
    only
        Codes that were kept, by variable.
    """
    percent = [(pl.col(m.id) * 100).alias(m.id) for m in _PARTS if m.id.startswith("share")]
    rows = found.data.with_columns(percent, term=pl.col("term").fill_null("all")).select(
        "component", "term", *(pl.col(m.id).round(m.decimals) for m in _PARTS)
    )
    groups = pl.DataFrame(
        {"component": ["rate_1", "rate_2"], "term": "all", "estimate": list(found.values)}
    ).with_columns(pl.col("estimate").round(3))
    data = pl.concat([groups, rows], how="diagonal")
    dimension = counted.variable(by).dimension
    names = {code: _group(dimension, code) for code in found.between}
    first, second = (names[code] for code in found.between)
    title = Text(
        "{label}: difference between {first} and {second}. {when}",
        "{label}: forskjell mellom {first} og {second}. {when}",
    )
    filled = Text(
        title.en.format(
            label=counted.label.en, first=first.en, second=second.en, when=_when(counted.period)
        ),
        title.no.format(
            label=counted.label.no, first=first.no, second=second.no, when=_when(counted.period)
        ),
    )
    specification = TableSpecification(
        id="rate-decomposition",
        title=filled,
        dimensions=(_named(_COMPONENTS, first, second), _terms(found, counted)),
        measures=_PARTS,
        footnotes=(*_decomposition_notes(found), *_kept(counted, only), *_notes_of(counted)),
        contents=_CONTENTS,
        reference_time=same(_when(counted.period)),
        time=_when(counted.period),
        method=Text(found.method, found.method),
        knowledge_time=same(str(counted.known_at)),
        vintage=counted.vintage,
        listing=True,
    )
    return Cells(specification, data.to_arrow())


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
    """Every combination of the codes that occur: where nobody is, there is no rate."""
    if len(by) < 2:
        return data
    size = 1
    for name in by:
        size *= data[name].n_unique()
    if size == data.height or size > LARGEST:
        return data
    grid = data.select(pl.col(by[0]).unique(maintain_order=True))
    for name in by[1:]:
        grid = grid.join(data.select(pl.col(name).unique(maintain_order=True)), how="cross")
    full = grid.join(data, on=list(by), how="left", nulls_equal=True, maintain_order="left")
    filled = [pl.col("events").fill_null(0), pl.col("person_years").fill_null(0.0)]
    return full.with_columns(filled).sort(by, nulls_last=True)


def _when(period: Period) -> str:
    """The name of a period; of several whole years, the first and the last.

    Examples
    --------
    >>> from datetime import date
    >>> _when(Period(date(2010, 1, 1), date(2021, 1, 1)))
    '2010-2020'
    """
    turns = [(day.month, day.day) == (1, 1) for day in (period.start, period.end)]
    if all(turns) and period.end.year > period.start.year + 1:
        return f"{period.start.year}-{period.end.year - 1}"
    return period.code


def _comma(number: str) -> str:
    return number.replace(".", ",")


def _labelled(text: Text, counted: Occurrences) -> Text:
    return Text(
        text.en.replace("{label}", counted.label.en), text.no.replace("{label}", counted.label.no)
    )


def _method(said: Said, counted: Occurrences) -> Text:
    known = counted.known_at
    if not said.standardise_by:
        return Text(f"As known on {known}.", f"Slik det var kjent {known}.")
    by = ", ".join(said.standardise_by)
    return Text(
        f"As known on {known}. {said.method.capitalize()} standardisation by {by}; "
        f"standard: {said.against}.",
        f"Slik det var kjent {known}. "
        f"{'Direkte' if said.method == 'direct' else 'Indirekte'} standardisering etter {by}; "
        f"standard: {said.against}.",
    )


def _notes(counted: Occurrences, said: Said) -> tuple[Text, ...]:
    percent = f"{100 * said.level:g}"
    found = [
        Text(
            f"Per 1 000 person-years, with {percent} % intervals.",
            f"Per 1 000 personår, med {percent} %-intervaller.",
        )
    ]
    if said.standardise_by:
        labels = [_in_a_sentence(counted, name) for name in said.standardise_by]
        whole = said.against == NATION
        found.append(
            Text(
                f"Standardised by {', '.join(label.en for label in labels)} ({said.method}); "
                "ratios are to the rate of the standard, "
                f"{'the whole country' if whole else said.against}, which is taken as known.",
                f"Standardisert etter {', '.join(label.no for label in labels)} "
                f"({'direkte' if said.method == 'direct' else 'indirekte'}); forholdstall er mot "
                f"raten i standarden, {'hele landet' if whole else said.against}, "
                "som regnes som kjent.",
            )
        )
    return (*found, *_kept(counted, said.only), *_notes_of(counted))


def _kept(counted: Occurrences, only: Only) -> tuple[Text, ...]:
    """Notes of who the figures are of, where not all were kept."""
    found = []
    for name, codes in only.items():
        listed = codes if isinstance(codes, str) else ", ".join(codes)
        label = counted.variable(name).dimension.label
        found.append(Text(f"Only {label.en}: {listed}.", f"Bare {label.no}: {listed}."))
    return tuple(found)


def _in_a_sentence(counted: Occurrences, name: str) -> Text:
    label = counted.variable(name).dimension.label
    return Text(*(text[:1].lower() + text[1:] for text in (label.en, label.no)))


def _notes_of(counted: Occurrences) -> tuple[Text, ...]:
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
            f"Noen grupper har ingen i deler av standarden: minst {_comma(covered)} prosent er "
            "dekket, og sammenligningen gjelder den delen.",
        ),
    )


def _group(dimension: Dimension, code: str) -> Text:
    if code == EVERYBODY:
        return Text("the nation", "hele landet")
    if code == OTHERS:
        return Text("the others", "de øvrige")
    known = {category.code: category.label for category in dimension.categories}
    return known.get(code) or dimension.labels(code)


def _named(dimension: Dimension, first: Text, second: Text) -> Dimension:
    labels = {
        "rate_1": Text(f"Rate, {first.en}", f"Rate, {first.no}"),
        "rate_2": Text(f"Rate, {second.en}", f"Rate, {second.no}"),
    }
    categories = tuple(replace(c, label=labels.get(c.code, c.label)) for c in dimension.categories)
    return replace(dimension, categories=categories)


def _terms(found: Decomposition, counted: Occurrences) -> Dimension:
    codes = list(dict.fromkeys(term for term in found.data["term"].to_list() if term))
    everything = Category("all", Text("All together", "Alt i alt"))
    return Dimension(
        "term",
        Text("Factor", "Faktor"),
        (everything, *(Category(code, _factor(code, counted)) for code in codes)),
    )


def _factor(code: str, counted: Occurrences) -> Text:
    labels = [counted.variable(part).dimension.label for part in parts_of(code)]
    return Text(" × ".join(t.en for t in labels), " × ".join(t.no for t in labels))


def _decomposition_notes(found: Decomposition) -> tuple[Text, ...]:
    percent = f"{100 * found.level:g}"
    said = [
        Text(
            "Composition: what the difference would be if the groups differed in their "
            "composition only. Propensity: the difference between persons of like composition. "
            f"{percent} % intervals.",
            "Sammensetning: hva forskjellen ville vært om gruppene bare var ulikt sammensatt. "
            "Tilbøyelighet: forskjellen mellom personer med lik sammensetning. "
            f"{percent} %-intervaller.",
        )
    ]
    if max(found.unmatched) > 0.0005:
        one, other = (f"{100 * share:.1f}" for share in found.unmatched)
        said.append(
            Text(
                f"{one} and {other} per cent of the groups are in cells where the other has "
                "nobody; its rate is taken to be the same there.",
                f"{_comma(one)} og {_comma(other)} prosent av gruppene er i celler der den andre "
                "ikke har noen; raten regnes som den samme der.",
            )
        )
    if min(found.sizes[0]) < _FEW_EVENTS:
        said.append(
            Text(
                f"One of the groups has fewer than {_FEW_EVENTS} events: the intervals, by the "
                "delta method, are too narrow.",
                f"En av gruppene har færre enn {_FEW_EVENTS} hendelser: intervallene, etter "
                "deltametoden, er for smale.",
            )
        )
    return tuple(said)
