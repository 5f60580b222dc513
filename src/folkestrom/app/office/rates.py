"""Questions about propensities: rates, and what a difference between two of them is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self, cast

import duckdb

from folkestrom.analysis.decomposition import Decomposition, kitagawa
from folkestrom.analysis.decomposition.cells import decomposition_cells
from folkestrom.analysis.decomposition.design import parts_of
from folkestrom.analysis.over_coverage.carried import Gone, gone_of
from folkestrom.analysis.rates import Occurrences, occurrences
from folkestrom.analysis.rates.cells import (
    Method,
    RateDesign,
    measured,
    of_those_here,
    rate_cells,
    rate_rows,
)
from folkestrom.analysis.rates.fitted import (
    Curve,
    check_curve,
    fitted,
    said_of_curve,
    with_curve,
)
from folkestrom.analysis.rates.rates import DAYS_PER_YEAR
from folkestrom.app.office import arguments
from folkestrom.app.office.answer import Answer
from folkestrom.app.office.arguments import Day, Knowledge, Place
from folkestrom.app.office.presentation import AS_COUNTED, Presentation
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.outputs import decomposition as published_decomposition
from folkestrom.outputs import rates as published_rates
from folkestrom.outputs.rules import Rules, rules_of
from folkestrom.statistics.periods import Period
from folkestrom.variables.groups import Groups
from folkestrom.variables.registry import VARIABLES
from folkestrom.variables.selection import Kept, Only, codes_kept, codes_meant
from folkestrom.variables.variable import Variable
from folkestrom.variables.vocabulary import check_used


@dataclass(frozen=True, slots=True)
class EventQuestion:
    """What is counted, and for whom: what questions about propensities have in common.

    Its fields are as of `Store.rates`; without rules the answer stays in the office.
    """

    period: Period
    event: str = "emigration"
    destination: str | None = None
    only: Only = field(default_factory=dict)
    known_at: KnownAt = PUBLISHED
    level: float = 0.95
    groups: Mapping[str, Groups] = field(default_factory=dict)
    rules: Rules | None = None

    @classmethod
    def asked(
        cls, place: Place, *, from_: Day, to_: Day, event: str, destination: str | None,
        only: Kept | None, known_at: Knowledge, level: float,
        groups: Mapping[str, Groups] | None, publish: Rules | str | None,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        return cls(
            arguments.period(from_, to_, place), event, destination,
            codes_kept(only or {}, place("only")),
            arguments.knowledge(known_at, place("known_at")), level, dict(groups or {}),
            rules_of(publish),
        )  # fmt: skip

    def check(self, names: Iterable[str]) -> None:
        """Refuse groups of which none is asked for, and codes that no list has."""
        check_used(self.groups, (*names, *self.only))
        lists = [VARIABLES[name] for name in self.only if name in VARIABLES.keys() - self.groups]
        codes_meant({v.name: self.only[v.name] for v in lists}, lists)

    def occurrences(
        self, connection: duckdb.DuckDBPyConnection, names: Iterable[str]
    ) -> Occurrences:
        """Events and exposure by variables; for publication, with first events."""
        wanted = tuple(dict.fromkeys((*names, *self.only)))
        return occurrences(
            connection, self.period, wanted, self.event, destination=self.destination,
            known_at=self.known_at, groups=self.groups, persons=self.rules is not None,
        )  # fmt: skip

    def years(self, by: Iterable[str] = ()) -> float:
        """How many years the person-years of a cell add up."""
        if "year" in by:
            return 1.0
        return (self.period.end - self.period.start).days / DAYS_PER_YEAR


@dataclass(frozen=True, slots=True)
class RateQuestion:
    """Rates of an event per 1 000 person-years of residents.

    What is standardised for, the reference population, and how, are as of `RateDesign`; how the
    table is shown, of `Store.rates`; the curve through them, of `fitted`; shares
    of the registered who are gone, of `Gone`.
    """

    events: EventQuestion
    by: tuple[str, ...] = ()
    standardise_by: tuple[str, ...] = ()
    against: str | None = None
    method: Method = "direct"
    shown: Presentation = AS_COUNTED
    curve: Curve | None = None
    gone: Gone | None = None

    def __post_init__(self) -> None:
        self.events.check(self.design.names)
        if self.gone is not None and self.events.rules is not None:
            raise UsageError(
                "tells of counts that no rules have seen, and is not published",
                where="publish", value="over_coverage",
                next_step="Publish rates without over-coverage, or leave `publish` out",
            )  # fmt: skip
        if self.curve is not None:
            check_curve(self.curve, self.by, self.standardise_by)
            if self.events.rules is not None:
                raise UsageError(
                    "tells of counts that no rules have seen, and is not published",
                    where="publish", value=self.curve,
                    next_step="Publish rates without a curve, or leave `publish` out",
                )  # fmt: skip
        if self.events.rules is not None:
            published_rates.check(self.design, self.events.rules)

    @property
    def design(self) -> RateDesign:
        """How the rates are made of what is counted."""
        only, level = self.events.only, self.events.level
        return RateDesign(self.by, only, self.standardise_by, self.against, self.method, level)

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Answer:
        """The answer of an open store; with rules, what may be shown of it."""
        design, rules = self.design, self.events.rules
        others = () if self.gone is None else self.gone.by
        counted = self.events.occurrences(connection, (*design.names, *others))
        if rules is not None:
            years = self.events.years(self.by)
            cells = published_rates.published(counted, design, rules, years).cells
            return Answer(self.shown.of(cells))
        found = measured(counted, design)
        if self.gone is not None:
            here = of_those_here(counted, design, self.gone)
            found = replace(found, data=found.data.hstack(here))
            counted = replace(counted, notes=(*counted.notes, self.gone.note))
        fits = None if self.curve is None else fitted(found, self.curve)
        found = found if fits is None else with_curve(found, fits)
        cells = rate_cells(counted, found, design)
        if fits is not None:
            cells = said_of_curve(cells, counted, fits, design.level)
        exact = Cells(cells.specification, rate_rows(counted, found, cells))
        return Answer(self.shown.of(cells), self.shown.of(exact).table())


@dataclass(frozen=True, slots=True)
class Decomposed:
    """A decomposition, and the same as cells."""

    found: Decomposition
    cells: Cells


@dataclass(frozen=True, slots=True)
class DecompositionQuestion:
    """How much of the difference of two groups' rates is composition, how much propensity.

    Its fields are as of `Store.decompose`.
    """

    events: EventQuestion
    by: str
    between: tuple[str, str]
    factors: tuple[str, ...]

    def __post_init__(self) -> None:
        self.events.check(self.names)
        if self.events.rules is not None:
            published_decomposition.check(self.events.rules)

    @property
    def names(self) -> tuple[str, ...]:
        """Variables that events and exposure are counted by: the group's, and the factors'."""
        parts = (part for factor in self.factors for part in parts_of(factor))
        return tuple(dict.fromkeys((self.by, *parts)))

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Decomposed:
        """The answer of an open store; with rules, what may be shown of it."""
        events, rules = self.events, self.events.rules
        counted = events.occurrences(connection, self.names)
        data = counted.kept(events.only, self.names)
        one, other = (_code_of(group, counted.variable(self.by)) for group in self.between)
        found = kitagawa(data, self.by, (one, other), self.factors, level=events.level)
        cells = decomposition_cells(counted, found, self.by, events.only)
        if rules is not None:
            data = data.select(*self.names, "first_events", "events", "days")
            found, cells = published_decomposition.published(
                found, cells, data, self.factors, rules, events.years((self.by,))
            )
        return Decomposed(replace(found, about=cells.specification.described()), cells)


def gone_asked(given: str | None, where: str) -> Gone | None:
    """Shares of the registered who are gone, if they are given.

    Parameters
    ----------
    given
        As of `gone_of`.
    where
        The argument as it was typed.
    """
    return None if given is None else gone_of(given, where)


def curve_of(smooth: bool, schedule: str | None, place: Place) -> Curve | None:
    """The curve that is asked for, if one is.

    Parameters
    ----------
    smooth, schedule
        As of `Store.rates`.
    place
        Names an argument as it was typed.
    """
    if smooth and schedule is not None:
        raise UsageError(
            "is one curve, and smooth another", where=place("schedule"), value=schedule,
            next_step="Ask for one, and then for the other",
        )  # fmt: skip
    return "smooth" if smooth else cast("Curve | None", schedule)


def _code_of(group: str, variable: Variable) -> str:
    """The code of a group that is given by its name; else what was given."""
    try:
        (code,) = codes_meant({variable.name: (group,)}, [variable])[variable.name]
    except (UsageError, ValueError):
        return group  # nation and others, and what is refused with the codes that occur
    return code
