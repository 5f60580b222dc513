"""Futures beside each other: what would do the same, and which component makes the difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from math import factorial
from typing import Any, Final

import numpy as np
import pyarrow as pa
from scipy.optimize import brentq

from folkestrom.analysis.prospects.equivalent_draws import equivalent_draws
from folkestrom.analysis.prospects.likely import INTERVALS, Likely, check_drawn, said_of, with_ends
from folkestrom.analysis.prospects.measures import COMPONENT_LABELS, Future, Indicator, chosen
from folkestrom.analysis.prospects.outlook import BASELINE, check_years, ends_of, future_of
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.names import check_code
from folkestrom.model.specification import (
    Category,
    Dimension,
    Measure,
    TableSpecification,
    Text,
    same,
)
from folkestrom.projection.assumptions import Floats, Rates
from folkestrom.projection.changes import Change
from folkestrom.projection.projecting import project
from folkestrom.projection.scenario import Scenario
from folkestrom.projection.start import Start
from folkestrom.projection.structure import Structure

#: What can be looked for: what one factor changes for all.
EQUIVALENTS: Final = ("fertility", "immigration", "mortality", "emigration")
#: How far it is looked for: from nothing to so many times.
_MOST: Final = 20.0
_FROM: Final = "begins with the first scenario, or with rates as they were if there is one only"


def equivalents(
    begun: Start, first: int, last: int, scenarios: Sequence[Scenario], component: str,
    indicator: str, likely: Likely | None = None,
) -> Cells:  # fmt: skip
    """By how much a component would have to change to do what each scenario does.

    It is a factor of its rates or numbers in all years, from that of rates as they were, or of the
    first scenario where there are several, found by Brent's method.

    Parameters
    ----------
    begun
        What the projection starts from.
    first, last
        The year of the start, and that of the figure.
    scenarios
        What does it; where there are several, the first is what is changed.
    component
        One of `EQUIVALENTS`.
    indicator
        The figure that is to be the same.
    likely
        How what may come is drawn, for medians and the interval of the factor; None: it is not.

    Raises
    ------
    UsageError
        A component or a figure that is none, no scenario, or what no factor can do.
    """
    check_years(first, last)
    check_code(component, EQUIVALENTS, "has no equivalent", where="equivalent")
    figure = chosen([indicator])[0]
    base, others = _pair(scenarios)
    steps = last - first + 1
    at_first = future_of(begun, base, first, steps)
    level = _level(at_first, component)
    rows: list[dict[str, Any]] = []
    notes = [_compared_with(base)]
    if likely is not None:
        check_drawn(figure.measure.id)
        notes.append(said_of(likely))
    for scenario in others:
        wanted = _last(figure, future_of(begun, scenario, first, steps))
        factor = _factor(begun, base, first, steps, component, figure, wanted, scenario.name)
        if likely is None:
            found = _last(figure, at_first), wanted, factor, level * (factor - 1)
            rows.append(dict(zip(("before", "after", "factor", "more"), found, strict=True)))
        else:
            drawn = equivalent_draws(
                begun, base, scenario, first, steps, component, figure.measure.id, factor, likely
            )
            names = [one.id for one in with_ends(_times(component), likely.intervals)]
            rows.append(drawn.summary(names, likely.intervals))
            notes += drawn.remarks(scenario.name)
    columns: dict[str, Any] = {"scenario": [one.name for one in others]}
    intervals = likely.intervals if likely else INTERVALS
    measures = [one for one in _measures(figure, component, intervals) if one.id in rows[0]]
    for measure in measures:
        values = np.array([row[measure.id] for row in rows], np.float64)
        columns[measure.id] = pa.array(np.round(values, measure.decimals))
    return Cells(
        TableSpecification(
            id="equivalents",
            title=Text(f"What would do the same, {last}", f"Hva som ville gjort det samme, {last}"),
            dimensions=(_scenarios(columns["scenario"]),),
            measures=tuple(measures),
            reference_time=same(str(last)),
            method=Text(
                "A factor of all years, found by Brent's method; all else is as in what is "
                "changed.",
                "En faktor for alle år, funnet med Brents metode; alt annet er som i det som "
                "endres.",
            ),
            footnotes=tuple(notes),
        ),
        pa.table(columns),
    )  # fmt: skip


def _times(component: str) -> Measure:
    label = _joined(COMPONENT_LABELS[component], Text("times", "ganger"))
    return Measure("factor", label, same(""), decimals=3, empty=None)


def _measures(figure: Indicator, component: str, intervals: Sequence[float]) -> tuple[Measure, ...]:
    """What there is to say of an equivalent; of draws, the ends of the interval too."""
    decimals = figure.measure.decimals and figure.measure.decimals + 1
    value = replace(figure.measure, decimals=decimals)
    unit = {
        "fertility": Text("children per woman", "barn per kvinne"),
        "immigration": Text("persons in a year", "personer i et år"),
    }.get(component, Text("by person-year", "per personår"))
    label = COMPONENT_LABELS[component]
    return (
        replace(value, id="before", label=_joined(value.label, Text("before", "før"))),
        replace(value, id="after", label=_joined(value.label, Text("after", "etter"))),
        *with_ends(_times(component), intervals),
        Measure("more", _joined(label, Text("more", "mer")), unit,
                decimals=0 if component == "immigration" else 3, empty=None),
    )  # fmt: skip


def decomposed(
    begun: Start, first: int, last: int, scenarios: Sequence[Scenario], indicator: str
) -> Cells:
    """What each component contributes to the difference that each scenario makes.

    What a component changes, when all others are as before or as in the scenario, averaged over
    all orders in which they could change (Shapley 1953); the parts add up to the difference.

    Parameters
    ----------
    begun, first, last, indicator
        As for `equivalents`.
    scenarios
        What is compared with rates as they were, or with the first of them where there are several.

    Raises
    ------
    UsageError
        A figure that is none, or no scenario.
    """
    check_years(first, last)
    figure = chosen([indicator])[0]
    base, others = _pair(scenarios)
    steps = last - first + 1
    rows: list[tuple[str, str, float]] = []
    for scenario in others:
        parts = _parts(begun, base, scenario, first, steps, figure)
        rows += [(scenario.name, name, part) for name, part in parts.items()]
        rows.append((scenario.name, "all", sum(parts.values())))
    decimals = figure.measure.decimals and figure.measure.decimals + 2
    measure = replace(
        figure.measure, id="difference", decimals=decimals,
        label=_joined(figure.measure.label, Text("difference", "forskjell")),
    )  # fmt: skip
    names, components, values = zip(*rows, strict=True)
    kept = [name for name in COMPONENT_LABELS if name in components]
    return Cells(
        TableSpecification(
            id="projection-decomposition",
            title=Text(
                f"Difference by component, {last}", f"Forskjell etter komponent, {last}"
            ),
            dimensions=(
                _scenarios(names),
                Dimension(
                    "component", Text("Component", "Komponent"),
                    (*(Category(name, COMPONENT_LABELS[name]) for name in kept),
                     Category("all", Text("All", "Alle"))), total="all",
                ),
            ),
            measures=(measure,),
            reference_time=same(str(last)),
            method=Text(
                "What each component changes, averaged over all orders in which they could change.",
                "Det hver komponent endrer, i gjennomsnitt over alle rekkefølger de kunne endres "
                "i.",
            ),
            footnotes=(_compared_with(base),),
        ),
        pa.table({
            "scenario": list(names), "component": list(components),
            "difference": np.round(np.array(values, np.float64), decimals),
        }),
    )  # fmt: skip


def _pair(scenarios: Sequence[Scenario]) -> tuple[Scenario, Sequence[Scenario]]:
    if not scenarios:
        raise UsageError(
            "is missing", where="scenario", allowed="one or more; a comparison " + _FROM
        )
    base, others = (scenarios[0], scenarios[1:]) if len(scenarios) > 1 else (BASELINE, scenarios)
    return base, ends_of(others)


def _compared_with(base: Scenario) -> Text:
    name = Text("rates as they were", "rater som før") if base is BASELINE else same(base.name)
    return Text(f"Compared with {name.en}.", f"Sammenlignet med {name.no}.")


def _joined(label: Text, more: Text) -> Text:
    return Text(f"{label.en}, {more.en}", f"{label.no}, {more.no}")


def _scenarios(names: Sequence[str]) -> Dimension:
    kept = tuple(Category(name, same(name)) for name in dict.fromkeys(names))
    return Dimension("scenario", Text("Scenario", "Scenario"), kept)


def _last(figure: Indicator, future: Future) -> float:
    return float(figure.of(future)[-1])


def _level(future: Future, component: str) -> float:
    """What a factor of 1 is, in the last year."""
    if component == "fertility":
        return float(future.total_fertility[-1])
    if component == "immigration":
        return float(future.rates.immigration[-1].sum())
    flow = {"mortality": "deaths"}.get(component, component)
    return float(future.flow(flow)[-1] / future.persons[-1].sum())


def _factor(
    begun: Start, base: Scenario, first: int, steps: int, component: str, figure: Indicator,
    wanted: float, name: str,
) -> float:  # fmt: skip
    def missing(factor: float) -> float:
        times = Scenario("times", (Change(component, "multiply", factor),))
        both = Scenario(base.name, base.changes + times.changes)
        return _last(figure, future_of(begun, both, first, steps)) - wanted

    # From 1 on outwards: far from it a figure may turn.
    for low, high in ((0.5, 2.0), (0.1, 5.0), (0.0, _MOST)):
        if missing(low) * missing(high) <= 0:
            return float(brentq(missing, low, high, xtol=1e-7))
    raise UsageError(
        "has no equivalent", where=f"scenario {name}", value=component,
        allowed=f"what 0 to {_MOST:.0f} times as much can do",
        next_step="Look for that of another component, or of another figure",
    )  # fmt: skip


def _parts(
    begun: Start, base: Scenario, scenario: Scenario, first: int, steps: int, figure: Indicator
) -> dict[str, float]:
    cells = begun.structure
    before, after = (_components(begun, one, cells, first, steps) for one in (base, scenario))
    changed = [
        name for name, one in before.items()
        if np.any(np.not_equal(*np.broadcast_arrays(one, after[name])))
    ]  # fmt: skip

    def value(of_scenario: tuple[str, ...]) -> float:
        own = {name: (after if name in of_scenario else before)[name] for name in before}
        rates = Rates(
            own["mortality"], own["emigration"] + own["return"], own["fertility"],
            own["immigration"], begun.rates.males_per_female,
        )  # fmt: skip
        found = project(cells, own["population"], rates.assumptions(cells), steps=steps)
        return _last(figure, Future(found, rates))

    known = {
        chosen_: value(chosen_)
        for size in range(len(changed) + 1) for chosen_ in combinations(changed, size)
    }  # fmt: skip
    count = len(changed)
    return {
        name: sum(
            factorial(len(rest)) * factorial(count - 1 - len(rest)) / factorial(count)
            * (known[tuple(one for one in changed if one in (*rest, name))] - known[rest])
            for rest in known if name not in rest
        )
        for name in changed
    }  # fmt: skip


def _components(
    begun: Start, scenario: Scenario, cells: Structure, first: int, steps: int
) -> dict[str, Floats]:
    population = scenario.started(begun.population, cells)
    rates = scenario.applied(begun.rates, cells, first, steps, population)
    here = cells.resident[:, None, None]
    return {
        "population": population, "mortality": rates.mortality, "fertility": rates.fertility,
        "immigration": rates.immigration, "emigration": rates.emigration * here,
        "return": rates.emigration * ~here,
    }  # fmt: skip
