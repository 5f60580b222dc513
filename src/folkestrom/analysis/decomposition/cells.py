"""Tables of decompositions: titles, measures and notes in English and Norwegian."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import polars as pl

from folkestrom.analysis.decomposition.components import EVERYBODY, OTHERS, Decomposition
from folkestrom.analysis.decomposition.design import parts_of
from folkestrom.analysis.rates.cells import (
    CONTENTS,
    PER_1000,
    comma,
    variable_notes,
    when,
)
from folkestrom.analysis.rates.occurrence import Occurrences
from folkestrom.model.cells import Cells
from folkestrom.model.specification import (
    Category,
    Dimension,
    Measure,
    TableSpecification,
    Text,
    same,
)
from folkestrom.variables.selection import Only

#: Below so many events in a group the delta method's intervals are too narrow, and say so.
_FEW_EVENTS: Final = 20

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
    Measure("estimate", Text("Estimate", "Estimat"), PER_1000, decimals=3, empty=None),
    Measure("lower", Text("Lower", "Nedre"), PER_1000, decimals=3, empty=None),
    Measure("upper", Text("Upper", "Øvre"), PER_1000, decimals=3, empty=None),
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
            label=counted.label.en, first=first.en, second=second.en, when=when(counted.period)
        ),
        title.no.format(
            label=counted.label.no, first=first.no, second=second.no, when=when(counted.period)
        ),
    )
    specification = TableSpecification(
        id="rate-decomposition",
        title=filled,
        dimensions=(_named(_COMPONENTS, first, second), _terms(found, counted)),
        measures=_PARTS,
        footnotes=(*_notes(found), *counted.said(only), *variable_notes(counted)),
        contents=CONTENTS,
        reference_time=same(when(counted.period)),
        time=when(counted.period),
        method=Text(found.method, found.method),
        knowledge_time=same(str(counted.known_at)),
        vintage=counted.vintage,
        listing=True,
    )
    return Cells(specification, data.to_arrow())


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


def _notes(found: Decomposition) -> tuple[Text, ...]:
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
                f"{comma(one)} og {comma(other)} prosent av gruppene er i celler der den andre "
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
