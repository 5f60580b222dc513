"""Follow-up of a study: cumulative incidence of what ends its episodes, by groups and times."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
import pyarrow as pa

from folkestrom.analysis.figure_style import PICTURES
from folkestrom.analysis.figures import curve_plot
from folkestrom.analysis.followup import Curve, FollowUp, gray_test
from folkestrom.analysis.followup.curves import Scale
from folkestrom.analysis.study.prepared import ends_of
from folkestrom.app.office import arguments
from folkestrom.app.office.following_episodes import Followed, Progress, measured, read
from folkestrom.app.office.following_release import Released, check_rules, released
from folkestrom.app.office.following_tables import (
    MERGED,
    YEAR,
    cells_of,
    labels_of_curves,
    note_of_test,
    published_picture,
)
from folkestrom.app.office.publishing import rules_of
from folkestrom.app.output.place import check_place
from folkestrom.columns.values import one_of
from folkestrom.disclosure import Protected, Rules
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells, Frame, Target, as_frame, with_description
from folkestrom.model.file_format import format_of
from folkestrom.model.names import check_code, without_effect
from folkestrom.model.specification import Language, Text

if TYPE_CHECKING:
    from folkestrom.app.office.studies import StoreStudy

#: Years at which incidences are shown, as far as anybody is followed, where nothing is said.
USUAL_YEARS: Final = (1, 2, 5, 10)
#: Gray's test grows with the third power of the groups.
MOST_TESTED: Final = 60

_TIME: Final = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>y?)")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a study's episodes.

    Parameters
    ----------
    by
        Names of variables as of the entry.
    at
        Days since the entry; none: the usual years.
    events
        Events that are shown; none: all. They compete, whether they are shown or not.
    level
        Level of the intervals.
    test
        Whether the groups are compared by Gray's test.
    rules
        Rules of disclosure control, or their name; None: the result stays in the office.
    """

    by: tuple[str, ...] = ()
    at: tuple[int, ...] = ()
    events: tuple[str, ...] = ()
    level: float = 0.95
    test: bool = False
    rules: Rules | str | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """Where curves are drawn, and in which language.

    Parameters
    ----------
    file
        A name that ends in .svg, .pdf or .png.
    lang
        Language of its texts.
    """

    file: Path
    lang: Language = Language.EN


def follow_up_frame(
    study: StoreStudy,
    by: str | Iterable[str] = (),
    at: str | int | Iterable[str | int] = (),
    *,
    events: str | Iterable[str] = (),
    level: float = 0.95,
    publish: Rules | str | None = None,
    picture: str | Path | None = None,
    lang: Language | str | None = None,
    to: Target = "arrow",
) -> Frame:
    """Cumulative incidence of what ends a study's episodes, at some times since the entry.

    Parameters
    ----------
    study
        The study.
    by
        Columns of its episodes, or variables, as of the entry.
    at
        Times since the entry: days, such as 365, or years of 365.25 days, such as "5y", rounded to
        whole days. By default 1, 2, 5 and 10 years, as far as anybody is followed.
    events
        Events that are shown; by default all that end the study's episodes.
    level
        Level of the intervals.
    publish
        Rules of disclosure control, or their name: the result is what may be shown of the table.
    picture
        A file to draw the curves in; with `publish`, what may be shown of them.
    lang
        Language of the picture: "en" (the default) or "no".
    to
        "arrow", "polars" or "pandas".

    Returns
    -------
    Frame
        A row a group, event and time, with the columns of `by` and event, days, persons, episodes,
        at_risk (followed beyond that day), events (until then), incidence, lower, upper and
        crude_share, in per cent.
    """
    asked = Question(
        arguments.names(by), times_of(at), arguments.names(events), level, rules=publish
    )
    if picture is None and lang is not None:
        raise without_effect("lang", lang, "it is of the picture, and none is drawn", "Say picture")
    language = check_code(lang or "en", tuple(Language), "is no language", where="lang")
    drawn = None if picture is None else Picture(Path(picture), Language(language))
    followed, found, shown = _answered(study, asked, drawn, None)
    if shown is not None:
        return _protected(followed, found, shown, asked).to(to)
    cells = cells_of(followed, found, _events(followed, asked))
    return as_frame(with_description(found.to_arrow(), cells.specification.described()), to)


def follow_up_cells(
    study: StoreStudy,
    asked: Question,
    picture: Picture | None = None,
    progress: Progress | None = None,
) -> Cells:
    """The same as cells with their specification.

    Parameters
    ----------
    study
        The study.
    asked
        What is asked of it.
    picture
        Where curves are drawn.
    progress
        Told how many episodes are read.
    """
    followed, found, shown = _answered(study, asked, picture, progress)
    if shown is not None:
        return _protected(followed, found, shown, asked).cells
    return cells_of(followed, found, _events(followed, asked), _tests(followed, asked, None))


def times_of(at: Any, where: str = "at") -> tuple[int, ...]:
    """Days, in their order, of what was said: days, or years of 365.25 days.

    Examples
    --------
    >>> times_of("1y,5y,400"), times_of([365, "10y"]), times_of(())
    ((365, 400, 1826), (365, 3652), ())
    >>> times_of("5 months")
    Traceback (most recent call last):
    ...
    folkestrom.errors.UsageError: at: '5 months' is not a time since the entry.
    Allowed: days such as 365, or years such as 5y.
    """
    if isinstance(at, str):
        at = [part for part in at.split(",") if part.strip()]
    listed = list(at) if isinstance(at, Iterable) else [at]
    return tuple(sorted({_days(value, where) for value in listed}))


def _days(value: Any, where: str) -> int:
    found = 0
    if isinstance(value, int | np.integer):
        found = 0 if value is True else int(value)
    elif isinstance(value, str) and (said := _TIME.fullmatch(value.strip())):
        number = float(said["number"]) * (YEAR if said["unit"] else 1.0)
        # A part of a day is no time; of years, days are rounded.
        found = round(number) if said["unit"] or number == int(number) else 0
    if not 0 < found < 2**31 - 1:
        raise UsageError(
            "is not a time since the entry",
            where=where,
            value=value,
            allowed="days such as 365, or years such as 5y",
        )
    return found


def _answered(
    study: StoreStudy, asked: Question, picture: Picture | None, progress: Progress | None
) -> tuple[Followed, pl.DataFrame, Released | None]:
    """The follow-up, what is to be shown of it, and what the rules did, if there are any."""
    rules = rules_of(asked.rules)
    _check(study, asked, rules, picture)
    followed = read(study, asked.by, asked.level, progress)
    days = _times(followed, asked)
    shown = None
    if rules is not None:
        shown = released(followed, days, rules, every_day=picture is not None)
    found = shown.data if shown is not None else measured(followed, days)
    found = found.filter(pl.col("event").is_in(_events(followed, asked)))
    if picture is not None:
        _draw(followed, asked, picture, shown)
    return followed, found, shown


def _check(
    study: StoreStudy, asked: Question, rules: Rules | None, picture: Picture | None
) -> None:
    """Say what cannot be meant before anything is counted."""
    _, exit_ = ends_of(study.definition)
    for event in asked.events:
        one_of(event, exit_.events, "event")
    Scale("log-log", asked.level)
    if rules is not None:
        check_rules(rules)
    if asked.test and not asked.by:
        raise UsageError("compares groups", where="test", next_step="Say by which: --by sex")
    if picture is not None:
        format_of(picture.file, PICTURES, "picture")
        check_place(picture.file, "picture")


def _events(followed: Followed, asked: Question) -> list[str]:
    return [event for event in followed.events if not asked.events or event in asked.events]


def _times(followed: Followed, asked: Question) -> list[int]:
    last = followed.follow.last
    if not asked.at:
        usual = [round(year * YEAR) for year in USUAL_YEARS]
        return [days for days in usual if days <= last] or [last]
    late = [days for days in asked.at if days > last]
    if late:
        raise UsageError(
            "days after the entry nobody is followed any more, and nothing is extrapolated",
            where="at",
            value=late[0],
            allowed=f"up to {last} days ({last / YEAR:.1f} years)",
        )
    return list(asked.at)


def _protected(
    followed: Followed, data: pl.DataFrame, shown: Released, asked: Question
) -> Protected:
    tests = _tests(followed, asked, shown)
    cells = cells_of(followed, data, _events(followed, asked), tests)
    protected = Protected(_marked(cells, data), shown.rules, shown.applied)
    merged = (MERGED,) if shown.merged else ()
    notes = (*cells.specification.footnotes, *merged, protected.note)
    specification = replace(cells.specification, footnotes=notes)
    return replace(protected, cells=replace(protected.cells, specification=specification))


def _marked(cells: Cells, data: pl.DataFrame) -> Cells:
    """The table with its suppressed rows marked: of groups that occur, counts are always known.

    A limit, or an incidence, may be undefined though nothing is suppressed.
    """
    keys = [dimension.id for dimension in cells.specification.dimensions]
    counts = pl.col("persons", "episodes", "at_risk", "events")
    hidden = data.select(*keys, hidden=pl.any_horizontal(counts.is_null()))
    rows = pl.DataFrame(cells.data.select(keys)).join(
        hidden, on=keys, how="left", nulls_equal=True, maintain_order="left"
    )
    return replace(cells, suppressed=pa.array(rows["hidden"].fill_null(value=False).to_numpy()))


def _tests(followed: Followed, asked: Question, shown: Released | None) -> list[Text]:
    """Gray's tests of the groups that are shown, for the events that are shown in all of them."""
    if not asked.test:
        return []
    follow = followed.follow
    events = _events(followed, asked)
    if shown is not None:
        follow = _of_groups(shown.followed.follow, shown.groups)
        events = [event for event in events if event in shown.events]
    if not 2 <= len(follow.groups) <= MOST_TESTED:
        raise UsageError(
            f"compares groups, and there are {len(follow.groups)} that are shown",
            where="test",
            allowed=f"2 to {MOST_TESTED}",
        )
    return [note_of_test(event, gray_test(follow, event)) for event in events]


def _of_groups(follow: FollowUp, groups: tuple[int, ...]) -> FollowUp:
    """The episodes of some groups alone."""
    kept = np.isin(follow.group, groups)
    return replace(
        follow,
        entry=follow.entry[kept] if follow.late else follow.entry,
        exit=follow.exit[kept],
        cause=follow.cause[kept],
        group=np.searchsorted(groups, follow.group[kept]).astype(np.int32),
        groups=tuple(follow.groups[group] for group in groups),
    )


def _draw(followed: Followed, asked: Question, picture: Picture, shown: Released | None) -> None:
    events = _events(followed, asked)
    curves: list[Curve] = [
        c for c in (followed.curves if shown is None else shown.curves) if c.outcome in events
    ]
    if not curves:
        raise UsageError(
            "has no curve that may be shown by these rules",
            where="picture",
            next_step="Take larger groups, or fewer of them",
        )
    last = max(float(c.time[-1]) if shown is None else c.until for c in curves)
    note = None if shown is None else published_picture(shown.rules.name, shown.merged)
    curve_plot(
        curves,
        picture.file,
        labels=labels_of_curves(followed, picture.lang),
        until=last / YEAR,
        title=followed.study.title,
        note=None if note is None else note.of(picture.lang),
        lang=picture.lang.value,
    )
