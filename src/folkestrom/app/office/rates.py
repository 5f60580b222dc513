"""Rates and their decomposition from a store, as data frames and as cells ready to be shown."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import polars as pl

from folkestrom.analysis.decomposition import Decomposition, kitagawa
from folkestrom.analysis.decomposition.design import parts_of
from folkestrom.analysis.rates import Occurrences, occurrences
from folkestrom.analysis.rates.occurrence import Only, keep
from folkestrom.analysis.rates.rates import DAYS_PER_YEAR, Rates, rates_of
from folkestrom.app.office import arguments, rate_release, rate_tables
from folkestrom.app.office.session import reading
from folkestrom.columns import check_arguments
from folkestrom.disclosure import Protected, Rules, release
from folkestrom.disclosure import named as rules_named
from folkestrom.engine.failures import resource_errors
from folkestrom.engine.store import Waiting
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells, Frame, Target, as_frame, with_description
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.names import without_effect
from folkestrom.statistics.periods import Period
from folkestrom.variables.groups import Groups
from folkestrom.variables.vocabulary import check_used

if TYPE_CHECKING:
    from folkestrom.app.office.api import Store

Method = Literal["direct", "indirect"]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a store.

    Parameters
    ----------
    period
        The period.
    by
        Names of variables.
    event, destination
        What is counted; see `analysis.rates.events.event_of`.
    only
        Codes to keep, by variable.
    known_at
        Knowledge date, "published" or "latest".
    standardise_by, against, method
        What is standardised for, the reference population ("nation", a code of a place or of a
        variable of `by`, or "variable=code"), and how.
    level
        Level of the intervals.
    groups
        Variables made of others, by name, as in a study.
    """

    period: Period
    by: tuple[str, ...] = ()
    event: str = "emigration"
    destination: str | None = None
    only: Only = field(default_factory=dict)
    known_at: KnownAt = PUBLISHED
    standardise_by: tuple[str, ...] = ()
    against: str | None = None
    method: Method = "direct"
    level: float = 0.95
    groups: Mapping[str, Groups] = field(default_factory=dict)


def emigration_rates(
    store: Store | str | os.PathLike[str],
    from_: arguments.Day,
    to_: arguments.Day,
    by: str | Iterable[str] = (),
    event: str = "emigration",
    *,
    destination: str | None = None,
    only: Only | None = None,
    standardise_by: str | Iterable[str] = (),
    against: str | None = None,
    method: Method = "direct",
    known_at: arguments.Knowledge = PUBLISHED,
    level: float = 0.95,
    groups: Mapping[str, Groups] | None = None,
    publish: Rules | str | None = None,
    to: Target = "arrow",
) -> Frame:
    """Rates of emigration, or of another event, per 1 000 person-years of residents.

    Parameters
    ----------
    store
        A store, or its folder.
    from_, to_
        The period, `[from_, to_)`.
    by
        Names of variables: the register's, linked ones, and those of `groups`.
    event
        "emigration", "out_migration", "immigration", "death" or "birth".
    destination
        Of out-migration: "abroad", "municipality" or "county" (another one), or "anywhere".
    only
        Codes to keep, such as `{"county": "03"}`.
    standardise_by
        Variables that are standardised for.
    against
        The reference population, with which ratios compare: "nation" (the default), a code such
        as "03", or "immigrant_category=other".
    method
        "direct" or "indirect" standardisation.
    known_at
        Knowledge date; "published": as known at the extraction a month after the period; "latest":
        all that is known.
    level
        Level of the intervals.
    groups
        Variables made of others, by name, such as `{"tenth": Groups("income", quantiles=10)}`.
    publish
        Rules of disclosure control, or their name: the result is the protected table only.
    to
        "arrow", "polars" or "pandas".

    Examples
    --------
    >>> emigration_rates("no-such-store", "2020-01-01", "2019-01-01")
    Traceback (most recent call last):
    ...
    folkestrom.errors.UsageError: from: '2020-01-01' is not before the end of the period.
    Allowed: days before 2019-01-01.
    """
    check_arguments(emigration_rates, locals())
    asked = Question(
        Period(arguments.day(from_, "from_"), arguments.day(to_, "to_")),
        arguments.names(by),
        event,
        destination,
        dict(only or {}),
        arguments.knowledge(known_at),
        arguments.names(standardise_by),
        against,
        method,
        level,
        dict(groups or {}),
    )
    folder, waiting = _place(store)
    if publish is not None:
        return published(folder, waiting, asked, publish).to(to)
    counted, found = _measured(folder, waiting, asked)
    shown = [counted.variable(name) for name in found.by]
    about = rate_tables.rate_cells(counted, found, _said(asked)).specification
    data = rate_tables.in_order(found.data, shown).to_arrow()
    return as_frame(with_description(data, about.described()), to)


def rate_cells(folder: Path, waiting: Waiting, asked: Question) -> Cells:
    """Rates as cells with their specification.

    Parameters
    ----------
    folder, waiting
        The store, and how to wait for it.
    asked
        The question.
    """
    counted, found = _measured(folder, waiting, asked)
    return rate_tables.rate_cells(counted, found, _said(asked))


def published(folder: Path, waiting: Waiting, asked: Question, rules: Rules | str) -> Protected:
    """Rates that may be shown to anybody; what was counted does not leave this function.

    Small counts, and those of few persons, are suppressed with everything computed from them, and
    standardised rates where a stratum is derivable from them. Where the rules round instead, rates
    are computed from the rounded counts.

    Parameters
    ----------
    folder, waiting, asked
        As for `rate_cells`.
    rules
        Rules of disclosure control, or their name.
    """
    given = rules_named(rules) if isinstance(rules, str) else rules
    if given.rounding_base and asked.standardise_by:
        raise UsageError(
            "rounds the counts, and standardised rates would be of the true ones",
            where="publish",
            value=given.name,
            allowed="rules that suppress, such as 'research' or 'statistics'",
        )
    counted, found = _measured(folder, waiting, asked, persons=True)
    groups = counted.kept(asked.only, asked.by)
    found = rate_release.with_persons(found, groups)
    cells = rate_tables.rate_cells(counted, found, _said(asked))
    if given.rounding_base:
        cells = rate_tables.only_counts(cells)
    protected = release(
        cells,
        given,
        counts="events",
        persons="persons",
        base="person_years",
        years=_years(asked),
    )
    if given.rounding_base:
        return rate_tables.with_rates(protected, asked.by, asked.level)
    if not asked.standardise_by:
        return protected
    strata = _strata(counted, found, asked, given)
    return rate_release.without_strata(protected, strata, asked.by, given)


def _strata(counted: Occurrences, found: Rates, asked: Question, rules: Rules) -> pl.DataFrame:
    """Strata of the groups, and what each adds to the standardised rates.

    Indirect standardisation is of the standard's strata; of the group it uses the events where
    the standard has anybody, one sum. The standard is held to the rules as groups are, except
    where direct standardisation compares with its rate as a whole, or with everybody's.
    """
    strata, standard = list(asked.standardise_by), _standard(asked)
    whole = keep(counted.data, standard or {}, strata).filter(pl.col("days") > 0)
    groups = counted.kept(asked.only, [*asked.by, *strata])
    data = rate_release.weighted(groups, whole.select(*strata, "days"))
    against = asked.against or rate_tables.NATION
    if asked.method == "indirect":
        rate_release.check_standard(whole, against, found.data.height, rules)
        parts = (pl.col("weight") > 0).cast(pl.Float64)
        return data.group_by(*asked.by, parts).agg(pl.col("events", "first_events").sum())
    if standard is not None:
        part = int((found.data["coverage"] < 1 - 1e-9).sum())
        rate_release.check_standard(whole, against, part, rules)
    return data


def decompose(
    store: Store | str | os.PathLike[str],
    from_: arguments.Day,
    to_: arguments.Day,
    by: str,
    between: tuple[str, str],
    factors: str | Iterable[str],
    event: str = "emigration",
    *,
    destination: str | None = None,
    only: Only | None = None,
    known_at: arguments.Knowledge = PUBLISHED,
    level: float = 0.95,
    groups: Mapping[str, Groups] | None = None,
    publish: Rules | str | None = None,
) -> Decomposition:
    """How much of the difference between two groups' rates is composition, and how much propensity.

    Parameters
    ----------
    store, from_, to_, event, destination, only, known_at, level, groups
        As for `emigration_rates`.
    by, between
        A variable, and two of its codes; one of them may be "nation", everybody, or "others",
        everybody else.
    factors
        Variables that make up the composition.
    publish
        Rules of disclosure control that both groups must satisfy: "research", "statistics", or
        rules of one's own. The result is then rounded as in tables; standard errors, what single
        cells contribute, and the sizes of the groups are left out.

    Raises
    ------
    UsageError
        With `publish`: a group that the rules do not let be shown, or factors whose combinations
        could be found.

    Examples
    --------
    >>> decompose("no-such-store", "2020-01-01", "2020-01-01", "county", ("03", "11"), "sex")
    Traceback (most recent call last):
    ...
    folkestrom.errors.UsageError: from: '2020-01-01' is not before the end of the period.
    Allowed: days before 2020-01-01.
    """
    check_arguments(decompose, locals())
    asked = Question(
        Period(arguments.day(from_, "from_"), arguments.day(to_, "to_")),
        (by,),
        event,
        destination,
        dict(only or {}),
        arguments.knowledge(known_at),
        level=level,
        groups=dict(groups or {}),
    )
    folder, waiting = _place(store)
    named = arguments.names(factors)
    if publish is None:
        counted, found = decomposed(folder, waiting, asked, between, named)
        cells = rate_tables.decomposition_cells(counted, found, by, asked.only)
    else:
        rules = rules_named(publish) if isinstance(publish, str) else publish
        found, cells = _checked(folder, waiting, asked, between, named, rules)
        found = rate_release.as_shown(found)
    return replace(found, about=cells.specification.described())


def _years(asked: Question) -> float:
    """How many years the person-years of a cell add up."""
    if "year" in asked.by:
        return 1.0
    return (asked.period.end - asked.period.start).days / 365.2425


def _place(store: Store | str | os.PathLike[str]) -> tuple[Path, Waiting]:
    if isinstance(store, str | os.PathLike):
        return Path(store), Waiting()
    return store.path, store.waiting


def decomposed(
    folder: Path,
    waiting: Waiting,
    asked: Question,
    between: tuple[str, str],
    factors: tuple[str, ...],
    *,
    persons: bool = False,
) -> tuple[Occurrences, Decomposition]:
    """A decomposition, with the occurrences that it is of.

    Parameters
    ----------
    folder, waiting, asked
        As for `rate_cells`; `asked.by` is the variable of the groups.
    between, factors
        As for `decompose`.
    persons
        Count first events too.
    """
    parts = _parts(factors)
    counted = _counted(folder, waiting, asked, (*asked.by, *parts), persons)
    (group,) = asked.by
    data = counted.kept(asked.only, list(dict.fromkeys((group, *parts))))
    found = kitagawa(data, group, between, factors, level=asked.level)
    return counted, found


def _parts(factors: tuple[str, ...]) -> list[str]:
    """The variables of factors."""
    return list(dict.fromkeys(part for factor in factors for part in parts_of(factor)))


def _checked(
    folder: Path,
    waiting: Waiting,
    asked: Question,
    between: tuple[str, str],
    factors: tuple[str, ...],
    rules: Rules,
) -> tuple[Decomposition, Cells]:
    """A decomposition that may be shown; else it is refused."""
    counted, found = decomposed(folder, waiting, asked, between, factors, persons=True)
    (group,), parts = asked.by, _parts(factors)
    data = counted.kept(asked.only, [group, *parts])
    strata = rate_release.combinations(data, group, between, parts)
    cells = rate_tables.decomposition_cells(counted, found, group, asked.only)
    return found, rate_release.checked(cells, strata, factors, rules, _years(asked))


def decomposition_cells(
    folder: Path,
    waiting: Waiting,
    asked: Question,
    between: tuple[str, str],
    factors: tuple[str, ...],
    rules: Rules | str | None = None,
) -> Cells:
    """A decomposition as cells with their specification.

    Parameters
    ----------
    folder, waiting, asked, between, factors
        As for `decomposed`.
    rules
        Rules of disclosure control that both groups must satisfy, for publication.
    """
    if rules is None:
        counted, found = decomposed(folder, waiting, asked, between, factors)
        return rate_tables.decomposition_cells(counted, found, asked.by[0], asked.only)
    given = rules_named(rules) if isinstance(rules, str) else rules
    return _checked(folder, waiting, asked, between, factors, given)[1]


def _measured(
    folder: Path, waiting: Waiting, asked: Question, persons: bool = False
) -> tuple[Occurrences, Rates]:
    standard, strata = _standard(asked), asked.standardise_by
    counted = _counted(folder, waiting, asked, (*asked.by, *strata, *(standard or {})), persons)
    named = list(dict.fromkeys((*asked.by, *asked.standardise_by)))
    groups = counted.kept(asked.only, named)
    # The standard is of the whole country, whoever is kept.
    whole = keep(counted.data, standard or {}, strata, where="against") if strata else None
    cells = groups.with_columns(person_years=pl.col("days") / DAYS_PER_YEAR)
    found = rates_of(cells, asked.by, strata, whole, method=asked.method, level=asked.level)
    return counted, found


def _counted(
    folder: Path, waiting: Waiting, asked: Question, names: Iterable[str], persons: bool = False
) -> Occurrences:
    wanted = tuple(dict.fromkeys((*names, *asked.only)))
    check_used(asked.groups, wanted)
    with reading(folder, waiting) as connection, resource_errors():
        return occurrences(
            connection,
            asked.period,
            wanted,
            asked.event,
            destination=asked.destination,
            known_at=asked.known_at,
            groups=asked.groups,
            persons=persons,
        )


def _standard(asked: Question) -> Mapping[str, str] | None:
    """The rows of the standard: None, everybody; else one code of one variable."""
    if asked.against is None:
        return None
    if not asked.standardise_by:
        next_step = "Say standardise_by, such as sex,age_group"
        raise without_effect("against", asked.against, "nothing is standardised for", next_step)
    if asked.against == rate_tables.NATION:
        return None
    name, equals, code = asked.against.partition("=")
    if equals:
        return {name: code}
    digits = {2: "county", 4: "municipality"} if asked.against.isdigit() else {}
    name = digits.get(len(asked.against), asked.by[0] if asked.by else "county")
    return {name: asked.against}


def _said(asked: Question) -> rate_tables.Said:
    return rate_tables.Said(
        asked.standardise_by,
        asked.against or rate_tables.NATION,
        asked.method,
        asked.level,
        asked.only,
    )
