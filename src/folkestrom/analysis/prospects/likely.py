"""Figures of a projection in many draws: their median, and the ends of an interval."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa

from folkestrom.analysis.prospects.counted import Start
from folkestrom.errors import UsageError
from folkestrom.model.specification import Measure, TableSpecification, Text
from folkestrom.projection.assumptions import Floats
from folkestrom.projection.scenario import Scenario
from folkestrom.projection.stochastic.history import History, drawn_factors
from folkestrom.projection.stochastic.limits import COMPONENTS, Limits
from folkestrom.projection.stochastic.scores import interval
from folkestrom.projection.stochastic.simulation import Factors, Sums, simulate

#: Draws that can be asked for.
MOST_DRAWS: Final = 100_000
INTERVAL: Final = 80.0
#: So many times as many persons as at the start are more than a model can tell of.
_EXPLODED: Final = 10
_MOST_PERSONS: Final = 1e15


@dataclass(frozen=True, slots=True, eq=False)
class Likely:
    """How what may come is drawn.

    Parameters
    ----------
    draws, seed
        How many, and what makes them the same each time.
    interval
        Per cent of draws between the ends of the interval.
    history
        Series; None: those of the register.
    limits
        What experts say; None: nothing.
    difference
        Whether figures are those of scenarios less those of the baseline.
    """

    draws: int
    seed: int = 1
    interval: float = INTERVAL
    history: History | None = None
    limits: Limits | None = None
    difference: bool = False

    @property
    def needs_register(self) -> bool:
        """Whether series of the register are needed."""
        named = self.limits.components if self.limits else ()
        return self.history is None and {*named} != {*COMPONENTS}

    def check(self, scenarios: Sequence[Scenario]) -> None:
        """Refuse numbers that cannot be, and differences from nothing.

        Parameters
        ----------
        scenarios
            The scenarios.
        """
        if not 2 <= self.draws <= MOST_DRAWS:
            raise UsageError(
                "is no number of draws", where="draws", value=self.draws,
                allowed=f"2 to {MOST_DRAWS}",
            )  # fmt: skip
        if not 0 < self.interval < 100:
            raise UsageError(
                "is no interval", where="interval", value=self.interval,
                allowed="per cent of the draws, such as 80",
            )  # fmt: skip
        if self.seed < 0:
            raise UsageError("is no seed", where="seed", value=self.seed, allowed="0, 1, 2 …")
        if self.difference and not scenarios:
            raise UsageError(
                "is of scenarios from the baseline, and there is none", where="difference",
                next_step="Give a scenario too",
            )  # fmt: skip


def likely_tables(
    begun: Start,
    futures: Sequence[Scenario],
    shown: Sequence[int],
    first: int,
    base_years: int,
    asked: Likely,
    measures: Sequence[Measure],
    figures: Callable[[Sums], Mapping[str, Floats]],
) -> tuple[list[pa.Table], tuple[Text, ...]]:
    """Figures of each scenario, the first of which is the baseline, and what is to be said of them.

    Parameters
    ----------
    begun
        The start.
    futures
        The scenarios.
    shown
        Steps that are shown, the last of which is the last of all.
    first, base_years
        The first year, and of how many years before it the rates are.
    asked
        How what may come is drawn.
    measures
        What there is.
    figures
        Measures of the sums of draws, by year.
    """
    steps = shown[-1] + 1
    factors = drawn_factors(
        begun.structure, asked.history, asked.limits, first=first, steps=steps,
        base_years=base_years, draws=asked.draws, seed=asked.seed,
    )  # fmt: skip
    tables, said, baseline = [], [], None
    for scenario in futures:
        found, share = _figures(begun, scenario, first, steps, factors, figures, shown)
        if share:
            said.append(_exploded(scenario.name, share))
        if asked.difference and baseline is not None:
            found = {name: values - baseline[name] for name, values in found.items()}
        baseline = found if baseline is None else baseline
        if not asked.difference or scenario is not futures[0]:
            tables.append(_table(scenario.name, first, shown, found, measures, asked.interval))
    return tables, tuple(said)


def likely_specification(spec: TableSpecification, asked: Likely) -> TableSpecification:
    """The specification, with the ends of intervals and what draws are.

    Parameters
    ----------
    spec
        That of figures without draws.
    asked
        How what may come is drawn.
    """
    level = f"{asked.interval:g}"
    measures: list[Measure] = []
    for one in spec.measures:
        measures += [one, *(
            Measure(f"{one.id}_{end}", Text(f"{one.label.en}, {en}", f"{one.label.no}, {no}"),
                    one.unit, decimals=one.decimals, empty=None)
            for end, en, no in (("lower", "lower", "nedre"), ("upper", "upper", "øvre"))
        )]  # fmt: skip
    less = Text(" Scenarios less the baseline, draw by draw.",
                " Scenarier minus basisbanen, trekning for trekning.")  # fmt: skip
    drawn = Text(
        f"Medians of {asked.draws} draws (seed {asked.seed}), and the interval that {level} per "
        "cent of them lie in. Levels of fertility, mortality, immigration and emigration are drawn "
        "by models of their series or by limits that experts gave, the same for all scenarios; "
        "levels of the series are relative to the years that rates are of.",
        f"Medianer av {asked.draws} trekninger (frø {asked.seed}), og intervallet som {level} "
        "prosent av dem ligger i. Nivået på fruktbarhet, dødelighet, inn- og utvandring er trukket "
        "etter modeller for tidsseriene eller etter grenser fra eksperter, de samme for alle "
        "scenarier; nivåene er målt mot årene som ratene gjelder.",
    )
    if asked.difference:
        drawn = Text(drawn.en + less.en, drawn.no + less.no)
    contents = Text(
        "Residents at the beginning of each year, and births, deaths and migration in it, as they "
        "may come.",
        "Bosatte ved inngangen til hvert år, og fødte, døde og flyttinger gjennom året, slik de "
        "kan bli.",
    )
    return replace(
        spec, measures=tuple(measures), contents=contents, footnotes=(drawn, *spec.footnotes)
    )


def _figures(
    begun: Start, scenario: Scenario, first: int, steps: int, factors: Factors,
    figures: Callable[[Sums], Mapping[str, Floats]], shown: Sequence[int],
) -> tuple[dict[str, Floats], float]:  # fmt: skip
    """Figures of the steps that are shown, by draw, and the share of draws that exploded."""
    cells = begun.structure

    def kept(sums: Sums) -> dict[str, Floats]:
        found = figures(sums)
        most = np.nan_to_num(found["population"], nan=np.inf).max(axis=1)
        return {name: values[:, shown] for name, values in found.items()} | {"most": most}

    with np.errstate(over="ignore", invalid="ignore"):
        found = simulate(
            cells, begun.population, scenario.applied(begun.rates, cells, first, steps),
            {"residents": cells.resident, "immigrants": cells.part("immigrants")}, factors,
            steps=steps, figures=kept,
        )  # fmt: skip
    most = found.pop("most")
    share = float((most > _EXPLODED * begun.population[cells.resident].sum()).mean())
    if not (most < _MOST_PERSONS).all():
        raise UsageError(
            "makes more persons than can be counted", where=f"scenario {scenario.name}",
            value=f"in {(most >= _MOST_PERSONS).mean():.1%} of the draws",
            next_step="Give longer series or limits, or project fewer years",
        )  # fmt: skip
    return found, share


def _exploded(name: str, share: float) -> Text:
    said = f"{100 * share:.1f}"
    return Text(
        f"{name}: in {said} per cent of the draws the population grows to more than {_EXPLODED} "
        "times what it was. Models are driven further there than their series can tell.",
        f"{name}: i {said} prosent av trekningene vokser folketallet til mer enn {_EXPLODED} "
        "ganger det det var. Der er modellene drevet lenger enn tidsseriene kan si noe om.",
    )


def _table(
    name: str, first: int, shown: Sequence[int], found: Mapping[str, Floats],
    measures: Sequence[Measure], level: float,
) -> pa.Table:  # fmt: skip
    columns: dict[str, pa.Array] = {
        "scenario": pa.array([name] * len(shown)),
        "year": pa.array([str(first + n) for n in shown]),
    }
    for measure in measures:
        draws = found[measure.id]
        for end, values in _ends(measure.id, draws, level):
            rounded = np.round(values, measure.decimals)
            kind = pa.float64() if measure.decimals else pa.int64()
            columns[end] = pa.array(rounded, kind, safe=False)
    return pa.table(columns)


def _ends(name: str, draws: Floats, level: float) -> Iterator[tuple[str, Floats]]:
    yield name, np.median(draws, axis=0)
    lower, upper = interval(draws, level / 100)
    yield f"{name}_lower", lower
    yield f"{name}_upper", upper
