"""Occurrence and exposure: events and the days that they came from, by cells, from a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

import duckdb
import polars as pl

from folkestrom.analysis.rates.events import couple_steps, event_of, event_steps
from folkestrom.analysis.rates.exposure import exposure_steps
from folkestrom.analysis.rates.quantile_years import quantile_years
from folkestrom.columns import check_arguments
from folkestrom.engine.steps import Step, compose, parameters_of
from folkestrom.errors import UsageError
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.names import check_code, check_columns
from folkestrom.model.specification import Text
from folkestrom.statistics.coverage import Coverage, coverage
from folkestrom.statistics.periods import Period
from folkestrom.statistics.population import fetch
from folkestrom.statistics.year_sums import number
from folkestrom.variables.borders.asked import places_of_days, unbroken
from folkestrom.variables.borders.paths import by_path, codes_of_paths
from folkestrom.variables.groups import Groups
from folkestrom.variables.registry import VARIABLES
from folkestrom.variables.selection import (
    Only,
    chosen_with,
    codes_kept,
    codes_meant,
    kept_notes,
    listed_codes,
)
from folkestrom.variables.sources import RESIDENCE
from folkestrom.variables.variable import Variable
from folkestrom.variables.vocabulary import Setting

_NONE: Final = Text("", "")
_OF_WOMEN: Final = Text(
    "Person-years are those of women, of all ages that are shown.",
    "Personår er kvinners, i alle de aldrene som er vist.",
)
#: What cells hold besides codes.
_NUMBERS: Final = ("first_events", "events", "days")


@dataclass(frozen=True, slots=True, eq=False)
class Occurrences:
    """Events and exposure of a period.

    Parameters
    ----------
    variables
        What cells are told apart by.
    data
        A column of codes a variable, then `events` and `days`, both whole numbers; before them
        `first_events`, if asked for.
    period, known_at
        The period, and the day on which that was known.
    label
        What the events are.
    notes
        Footnotes on what was known.
    vintage
        What knowledge that is, in words.
    of_women
        Whether the exposure is that of women.
    """

    variables: tuple[Variable, ...]
    data: pl.DataFrame
    period: Period
    known_at: date
    label: Text
    notes: tuple[Text, ...] = ()
    vintage: Text = _NONE
    of_women: bool = False

    @property
    def by(self) -> tuple[str, ...]:
        """Names of the variables."""
        return tuple(variable.name for variable in self.variables)

    def kept(self, only: Only, named: Sequence[str]) -> pl.DataFrame:
        """Cells with some codes, added up to fewer variables; see `keep`."""
        return _kept(self.data, only, self.variables, named)

    def said(self, only: Only) -> tuple[Text, ...]:
        """Notes of whom the figures are of, where some codes were kept."""
        return kept_notes(codes_meant(only, self.variables), self.variables)

    def variable(self, name: str) -> Variable:
        """The variable of that name."""
        return next(variable for variable in self.variables if variable.name == name)


def occurrences(
    connection: duckdb.DuckDBPyConnection,
    period: Period,
    by: Iterable[str] = (),
    event: str = "emigration",
    *,
    destination: str | None = None,
    only: Only | None = None,
    known_at: KnownAt = PUBLISHED,
    groups: Mapping[str, Groups] | None = None,
    persons: bool = False,
) -> Occurrences:
    """Events and person-days of residents by variables, from histories as known on a day.

    Parameters
    ----------
    connection
        An open store.
    period
        Days, `[start, end)`; each counts by the state at its end.
    by
        Names of variables: the register's, linked ones, and those of `groups`.
    event, destination
        What is counted; see `event_of`.
    only
        Codes to keep, by variable.
    known_at
        Knowledge date; "published": the extraction after the period; "latest": all that is known.
    groups
        Variables made of others, by name, as in a study.
    persons
        Count as `first_events` those events that are the person's first in the period. Added up
        over any cells, they are at most the persons there.
    """
    check_arguments(occurrences, locals())
    limits = coverage(connection)
    knowledge = limits.knowledge(known_at)
    known = knowledge.day(period.end)
    check_period(limits, period, known)
    named = list(by)
    counted = event_of(event, destination)
    years = quantile_years(connection, period, known, limits)
    setting = Setting(connection, "exposure", known, groups or {}, years)
    shown, chosen, codes = chosen_with(setting, named, only)
    _check_births(event, chosen)
    check_columns(
        [v.name for v in chosen],
        (*_NUMBERS, "persons"),
        next_step="Link the variable, or name the group, by another name.",
    )
    values: dict[str, object] = {
        "start": period.start,
        "end": period.end,
        "known_at": known,
        "known_start": known,
        "known_end": known,
    }
    by_sex = any(variable.name == "sex" for variable in chosen)
    sex = None if by_sex else counted.sex
    exposure = exposed_days(connection, period, chosen, sex, values)
    events = _fetched(connection, event_steps(counted, chosen, persons), values, chosen)
    data = _joined(exposure, events, chosen)
    own = int(data["events"].sum())
    data = _kept(data, codes, chosen, named)
    notes = [*limits.notes(known), *([] if counted.note is None else [counted.note])]
    if sex is not None:
        notes.insert(0, _OF_WOMEN)
    # Footnotes of what is published have no amounts that no rules have seen.
    if counted.of_couples is not None and not persons:
        many = int(_fetched(connection, couple_steps(counted), values, ())["events"].sum())
        notes.append(_of_couples(counted.of_couples, many))
    if knowledge.asked == PUBLISHED and counted.in_accounts and knowledge.reaches(period.start):
        steps = event_steps(counted, ())
        earlier = values | {"known_start": knowledge.day(period.start)}
        account = int(_fetched(connection, steps, earlier, ())["events"].sum())
        notes += _late_reports(own, account, told=not persons)
    return Occurrences(
        shown, data, period, known, counted.label, tuple(notes), knowledge.vintage, sex is not None
    )


def _of_couples(label: Text, many: int) -> Text:
    return Text(
        f"{label.en} in the whole country, each couple once where the register has both: "
        f"{number(many)}.",
        f"{label.no} i hele landet, hvert par én gang der begge er i registeret: {number(many)}.",
    )


def _late_reports(own: int, account: int, *, told: bool) -> list[Text]:
    """Why the account of a period has more events than its rates; nothing, where it has not."""
    if own == account:
        return []
    late = account - own
    en = f", {number(account)} in the whole country, of which {number(late)} are such"
    no = f", {number(account)} i hele landet, og {number(late)} av dem er slike"
    return [
        Text(
            "Events are those that happened in the period. The account of the period (`folkestrom "
            "changes`) counts late reports about earlier periods too"
            f"{f'{en}; here are {number(own)}' if told else ''}.",
            "Hendelsene er de som skjedde i perioden. Regnskapet for perioden (`folkestrom "
            "changes`) har også med forsinkede meldinger om tidligere perioder"
            f"{f'{no}; her er det {number(own)}' if told else ''}.",
        )
    ]


def check_period(limits: Coverage, period: Period, known: date) -> None:
    """Refuse a period that the log does not reach, or that was not over when it was known."""
    limits.check_day(period.start, "from")
    limits.check_day(period.end - timedelta(days=1), "to")
    if known < period.end:
        raise UsageError(
            "is before the period ends: its last days were not known then",
            where="known_at",
            value=known,
            allowed=f"days from {period.end}",
            next_step="Ask for a shorter period, or a later knowledge date",
        )


def _check_births(event: str, chosen: Sequence[Variable]) -> None:
    wrong = [v.name for v in chosen if not (v.area or v.of_year)]
    if event == "birth" and wrong:
        raise UsageError(
            "describes the child at its birth, and nobody is exposed to being born",
            where="by",
            value=wrong[0],
            allowed="places and the year, for births",
        )


def exposed_days(
    connection: duckdb.DuckDBPyConnection,
    period: Period,
    chosen: Sequence[Variable],
    sex: int | None,
    values: dict[str, object],
) -> pl.DataFrame:
    """Exposure by variables: each day in its own borders, as the events of that day are.

    Parameters
    ----------
    connection
        An open store.
    period
        The period.
    chosen
        The variables.
    sex
        Whose; None: everybody's.
    values
        Knowledge date, as `known_at`.

    Returns
    -------
    DataFrame
        Numbers of the variables in columns v0, v1 …, and `days`.
    """
    parts = [(period.start, period.end)]
    if any(RESIDENCE in variable.needs for variable in chosen):
        parts = unbroken(connection, *parts[0])
    turns = [start for start, _ in parts[1:]]
    if turns and _in_paths(chosen) and all((day.month, day.day) == (1, 1) for day in turns):
        return _exposure_of_paths(connection, period, chosen, sex, values)
    found = []
    for start, end in parts:
        with places_of_days(connection, {"eve": start - timedelta(days=1)}):
            found.append(_exposed(connection, start, end, chosen, sex, values))
    return found[0] if len(found) == 1 else _added_up(pl.concat(found), len(chosen))


def _exposed(
    connection: duckdb.DuckDBPyConnection,
    start: date,
    end: date,
    chosen: Sequence[Variable],
    sex: int | None,
    values: dict[str, object],
) -> pl.DataFrame:
    last = end - timedelta(days=1)
    own = values | {"start": start, "end": end, "horizon": date(last.year + 1, 1, 1)}
    steps = exposure_steps(chosen, range(start.year, last.year + 1), sex)
    return _fetched(connection, steps, own, chosen)


def _in_paths(chosen: Sequence[Variable]) -> bool:
    """Whether all that variables read of residence is a municipality, or what it is a part of."""
    return all(v.area in (1, 2) for v in chosen if RESIDENCE in v.needs)


def _exposure_of_paths(
    connection: duckdb.DuckDBPyConnection,
    period: Period,
    chosen: Sequence[Variable],
    sex: int | None,
    values: dict[str, object],
) -> pl.DataFrame:
    """Exposure where borders change at turns of the year: by paths and years, in one pass."""
    years = range(period.start.year, (period.end - timedelta(days=1)).year + 1)
    codes = {
        n: codes_of_paths(connection, v.sql, [date(year, 1, 1) for year in years])
        for n, v in enumerate(chosen)
        if v.area
    }
    counted = [replace(v, sql="municipality") if v.area else v for v in chosen]
    with by_path(connection):
        found = _exposed(
            connection, period.start, period.end, [*counted, VARIABLES["year"]], sex, values
        )
    year = pl.col(f"v{len(chosen)}") - years[0]
    places = {n: (pl.Series(of.ravel()), of.shape[1]) for n, of in codes.items() if of is not None}
    looked_up = [
        pl.lit(of).gather(year * paths + pl.col(f"v{n}") - 1).cast(pl.Int64).alias(f"v{n}")
        for n, (of, paths) in places.items()
    ]
    return _added_up(found.with_columns(looked_up), len(chosen))


def _added_up(found: pl.DataFrame, keys: int) -> pl.DataFrame:
    days = pl.col("days").sum()
    names = [f"v{n}" for n in range(keys)]
    return found.group_by(names).agg(days) if names else found.select(days)


def _fetched(
    connection: duckdb.DuckDBPyConnection,
    steps: Sequence[Step],
    values: dict[str, object],
    chosen: Sequence[Variable],
) -> pl.DataFrame:
    frame = pl.DataFrame(fetch(connection, steps, parameters_of(compose(steps), values)))
    return frame.with_columns(pl.col(f"v{n}").cast(pl.Int64) for n in range(len(chosen)))


def _joined(
    exposure: pl.DataFrame, events: pl.DataFrame, chosen: Sequence[Variable]
) -> pl.DataFrame:
    # Events may fall where nobody is exposed: who leaves on a birthday is a year older by then.
    keys = [f"v{n}" for n in range(len(chosen))]
    numbers = [name for name in _NUMBERS if name in (*events.columns, *exposure.columns)]
    counts = pl.col(numbers).fill_null(0).cast(pl.Int64)
    if not keys:
        return pl.concat([events, exposure], how="horizontal").select(counts)
    joined = exposure.join(events, on=keys, how="full", coalesce=True, nulls_equal=True)
    joined = joined.sort(keys, nulls_last=True)
    columns = [
        pl.from_arrow(variable.column(joined[key].to_arrow())).alias(variable.name)  # type: ignore[union-attr]
        for variable, key in zip(chosen, keys, strict=True)
    ]
    return joined.select(counts).select(*columns, *numbers)


def _kept(
    data: pl.DataFrame, only: Only, variables: Sequence[Variable], named: Sequence[str]
) -> pl.DataFrame:
    """Cells with some codes, which their variables may have whether they occur or not."""
    codes = codes_meant(only, variables)
    allowed = {
        v.name: listed_codes(v) if v.coded else frozenset(codes.get(v.name, ())) for v in variables
    }
    return keep(data, codes, named, allowed)


def keep(
    data: pl.DataFrame,
    only: Only,
    named: Sequence[str],
    allowed: Mapping[str, frozenset[str]] = MappingProxyType({}),
    where: str = "only",
) -> pl.DataFrame:
    """Cells with some codes, added up to fewer variables.

    Parameters
    ----------
    data
        Columns of codes, `events` and `days`, and `first_events` if there.
    only
        Codes to keep, by variable.
    named
        The variables that remain.
    allowed
        Codes of variables that may be kept although they do not occur.
    where
        The argument that the codes were given for.

    Examples
    --------
    >>> data = pl.DataFrame({"sex": ["f", "m"], "county": ["03"] * 2, "events": [1, 2], "days": 9})
    >>> keep(data, {"county": "03"}, ["sex"]).rows()
    [('f', 1, 9), ('m', 2, 9)]
    """
    for name, listed in codes_kept(only, where).items():
        texts = data[name].cast(pl.String)
        known = texts.drop_nulls().unique().sort().to_list()
        for code in listed:
            if code not in allowed.get(name, ()):
                check_code(code, known, "does not occur in the period", where=where, column=name)
        data = data.filter(texts.is_in(listed))
    numbers = [name for name in _NUMBERS if name in data.columns]
    if set(data.columns) == {*named, *numbers}:
        return data
    totals = pl.col(numbers).sum()
    if not named:
        return data.select(totals)
    return data.group_by(list(named), maintain_order=True).agg(totals)
