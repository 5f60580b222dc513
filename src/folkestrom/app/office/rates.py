"""Rates and their decomposition from a store, as data frames and as cells ready to be shown."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from folkestrom.analysis.decomposition import Decomposition, kitagawa
from folkestrom.analysis.decomposition.design import parts_of
from folkestrom.analysis.rates import Occurrences, occurrences, rates
from folkestrom.analysis.rates.occurrence import Only, keep
from folkestrom.analysis.rates.rates import Rates
from folkestrom.analysis.study import toml_file
from folkestrom.analysis.study.definition import Groups
from folkestrom.app.office import arguments, rate_tables
from folkestrom.app.office.session import reading
from folkestrom.disclosure import Protected, Rules, release
from folkestrom.disclosure import named as rules_named
from folkestrom.engine.settings import resource_errors
from folkestrom.engine.store import Waiting
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells, Frame, Target
from folkestrom.statistics.periods import Period

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
        Knowledge day; None: all that is known.
    standardise_by, against, method
        What is held equal, to whose composition ("nation", a code of a place or of a variable of
        `by`, or "variable=code"), and how.
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
    known_at: date | None = None
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
    known_at: arguments.Day | None = None,
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
        Variables whose composition is held equal.
    against
        To whose composition, and whom the ratio compares with: "nation" (the default), a code such
        as "03", or "immigrant_category=other".
    method
        "direct" or "indirect" standardisation.
    known_at
        Knowledge day; None: all that is known.
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
    asked = Question(
        Period(arguments.day(from_, "from_"), arguments.day(to_, "to_")),
        arguments.names(by),
        event,
        destination,
        dict(only or {}),
        None if known_at is None else arguments.day(known_at, "known_at"),
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
    return replace(found, data=rate_tables.in_order(found.data, shown)).to(to)


def groups_of(texts: Iterable[str]) -> dict[str, Groups]:
    """Variables made of others, from TOML: files, or what stands under `groups` in one.

    Parameters
    ----------
    texts
        Names of files with tables `[groups.NAME]`, such as a study's; or lines such as
        `tenth = {of = "income", quantiles = 10}`.

    Examples
    --------
    >>> groups_of(['tenth = {of = "income", quantiles = 10}'])["tenth"].quantiles
    10
    """
    found: dict[str, Groups] = {}
    for text in texts:
        if "=" in text:
            made = toml_file.groups_of(_toml(text))
        else:
            made = toml_file.groups_of(_tables(Path(text)), Path(text).parent)
        twice = [name for name in made if name in found]
        if twice:
            raise UsageError("is defined twice", where="groups", value=twice[0])
        found |= made
    return found


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            f"is not TOML: {error}",
            where="groups",
            value=text,
            allowed='a file, or such as tenth = {of = "income", quantiles = 10}',
        ) from error


def _tables(path: Path) -> dict[str, Any]:
    found = toml_file.read_table(path).get("groups")
    if not isinstance(found, dict) or not found:
        raise UsageError(
            "has no groups", where="groups", value=str(path), allowed="tables [groups.NAME]"
        )
    return found


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

    Small counts are suppressed with everything computed from them. Where the rules round
    instead, rates are computed from the rounded counts.

    Parameters
    ----------
    folder, waiting, asked
        As for `rate_cells`.
    rules
        Rules of disclosure control, or their name.
    """
    given = rules_named(rules) if isinstance(rules, str) else rules
    counted, found = _measured(folder, waiting, asked)
    cells = rate_tables.rate_cells(counted, found, _said(asked))
    if not given.rounding_base:
        return release(cells, given, counts="events", base="person_years", years=_years(asked))
    if asked.standardise_by:
        raise UsageError(
            "rounds the counts, and standardised rates would be of the true ones",
            where="publish",
            value=given.name,
            allowed="rules that suppress, such as 'research' or 'statistics'",
        )
    counts = rate_tables.only_counts(cells)
    protected = release(counts, given, counts="events", base="person_years", years=_years(asked))
    return rate_tables.with_rates(protected, asked.by, asked.level)


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
    known_at: arguments.Day | None = None,
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
        rules of one's own. What single cells contribute is then left out.

    Raises
    ------
    UsageError
        With `publish`: a group that the rules do not let be shown.

    Examples
    --------
    >>> decompose("no-such-store", "2020-01-01", "2020-01-01", "county", ("03", "11"), "sex")
    Traceback (most recent call last):
    ...
    folkestrom.errors.UsageError: from: '2020-01-01' is not before the end of the period.
    Allowed: days before 2020-01-01.
    """
    asked = Question(
        Period(arguments.day(from_, "from_"), arguments.day(to_, "to_")),
        (by,),
        event,
        destination,
        dict(only or {}),
        None if known_at is None else arguments.day(known_at, "known_at"),
        level=level,
        groups=dict(groups or {}),
    )
    folder, waiting = _place(store)
    counted, found = decomposed(folder, waiting, asked, between, arguments.names(factors))
    if publish is None:
        return found
    rules = rules_named(publish) if isinstance(publish, str) else publish
    cells = rate_tables.decomposition_cells(counted, found, asked.by[0], asked.only)
    rate_tables.checked(cells, found, rules, _years(asked))
    return replace(found, cells=found.cells.clear())


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
) -> tuple[Occurrences, Decomposition]:
    """A decomposition, with the occurrences that it is of.

    Parameters
    ----------
    folder, waiting, asked
        As for `rate_cells`; `asked.by` is the variable of the groups.
    between, factors
        As for `decompose`.
    """
    parts = dict.fromkeys(part for factor in factors for part in parts_of(factor))
    counted = _counted(folder, waiting, asked, (*asked.by, *parts))
    (group,) = asked.by
    data = keep(counted.data, asked.only, list(dict.fromkeys((group, *parts))))
    found = kitagawa(data, group, between, factors, level=asked.level)
    return counted, found


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
    counted, found = decomposed(folder, waiting, asked, between, factors)
    cells = rate_tables.decomposition_cells(counted, found, asked.by[0], asked.only)
    if rules is None:
        return cells
    given = rules_named(rules) if isinstance(rules, str) else rules
    return rate_tables.checked(cells, found, given, _years(asked))


def _measured(folder: Path, waiting: Waiting, asked: Question) -> tuple[Occurrences, Rates]:
    standard = _standard(asked)
    wanted = (*asked.by, *asked.standardise_by, *(standard or {}))
    counted = _counted(folder, waiting, asked, wanted)
    named = list(dict.fromkeys((*asked.by, *asked.standardise_by)))
    groups = keep(counted.data, asked.only, named)
    options: dict[str, Any] = {}
    if asked.standardise_by:
        # The standard is of the whole country, whoever is kept.
        whole = keep(counted.data, standard or {}, list(asked.standardise_by))
        options = {"standardise_by": asked.standardise_by, "standard": whole}
    found = rates(groups, by=asked.by, method=asked.method, level=asked.level, **options)
    return counted, found


def _counted(folder: Path, waiting: Waiting, asked: Question, names: Iterable[str]) -> Occurrences:
    wanted = tuple(dict.fromkeys((*names, *asked.only)))
    with reading(folder, waiting) as connection, resource_errors():
        return occurrences(
            connection,
            asked.period,
            wanted,
            asked.event,
            destination=asked.destination,
            known_at=asked.known_at,
            groups=asked.groups,
        )


def _standard(asked: Question) -> Mapping[str, str] | None:
    """The rows of the standard: None, everybody; else one code of one variable."""
    if asked.against is None:
        return None
    if not asked.standardise_by:
        raise UsageError(
            "is whom rates are standardised against, and nothing is held equal",
            where="against",
            value=asked.against,
            next_step="Say standardise_by, such as sex,age_group",
        )
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
