"""Questions about a study's episodes: cumulative incidence of what ends them, and its curves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import duckdb
import numpy as np
import polars as pl

from folkestrom.analysis.figure_style import PICTURES
from folkestrom.analysis.figures import curve_plot
from folkestrom.analysis.followup import Curve, FollowUp, gray_test
from folkestrom.analysis.followup.cohort.cells import (
    YEAR,
    cells_of,
    labels_of_curves,
    note_of_test,
)
from folkestrom.analysis.followup.cohort.episodes import (
    Followed,
    Progress,
    measured,
    read,
    without_gone,
)
from folkestrom.analysis.followup.curves import Scale
from folkestrom.analysis.over_coverage.carried import Gone
from folkestrom.analysis.study.definition import Study
from folkestrom.analysis.study.prepared import ends_of
from folkestrom.app.office import arguments
from folkestrom.app.office.answer import Answer
from folkestrom.app.office.arguments import Place
from folkestrom.app.office.rates import gone_asked
from folkestrom.app.output.place import check_place
from folkestrom.columns.values import one_of
from folkestrom.errors import UsageError
from folkestrom.model.cells import with_description
from folkestrom.model.file_format import format_of
from folkestrom.model.specification import Language, Text
from folkestrom.outputs import followup as published
from folkestrom.outputs.rules import Rules, rules_of

#: Years at which incidences are shown, as far as anybody is followed, where nothing is said.
USUAL_YEARS: Final = (1, 2, 5, 10)
#: Gray's test grows with the third power of the groups.
MOST_TESTED: Final = 60

_TIME: Final = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>y?)")


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


@dataclass(frozen=True, slots=True)
class FollowUpQuestion:
    """Cumulative incidence of what ends a study's episodes, at some times since the entry.

    Its fields are as of `StoreStudy.follow_up`, with times in days, and whether the groups are
    compared by Gray's test. Events compete, whether they are shown or not.

    Raises
    ------
    UsageError
        What cannot be meant, before anything is counted.
    """

    study: Study
    by: tuple[str, ...] = ()
    at: tuple[int, ...] = ()
    events: tuple[str, ...] = ()
    level: float = 0.95
    test: bool = False
    rules: Rules | None = None
    picture: Picture | None = None
    gone: Gone | None = None

    def __post_init__(self) -> None:
        _, exit_ = ends_of(self.study)
        for event in self.events:
            one_of(event, exit_.events, "event")
        Scale("log-log", self.level)
        if self.rules is not None:
            published.check(self.rules)
            if self.gone is not None:
                raise UsageError(
                    "tells of counts that no rules have seen, and is not published",
                    where="publish", value="over_coverage",
                    next_step="Publish without over-coverage, or leave `publish` out",
                )  # fmt: skip
        if self.test and not self.by:
            raise UsageError("compares groups", where="test", next_step="Say by which: --by sex")
        if self.picture is not None:
            format_of(self.picture.file, PICTURES, "picture")
            check_place(self.picture.file, "picture")

    @classmethod
    def asked(
        cls, place: Place, study: Study, *, by: str | Iterable[str],
        at: str | int | Iterable[str | int], events: str | Iterable[str], level: float,
        publish: Rules | str | None, picture: Picture | None, test: bool = False,
        over_coverage: str | None = None,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        return cls(
            study, arguments.names(by), times_of(at, place("at")), arguments.names(events),
            level, test, rules_of(publish), picture,
            gone_asked(over_coverage, place("over_coverage")),
        )  # fmt: skip

    def answer(
        self, connection: duckdb.DuckDBPyConnection, progress: Progress | None = None
    ) -> Answer:
        """The answer of an open store; with rules, what may be shown of it.

        A row a group, event and time, with the columns of `by` and event, days, persons, episodes,
        at_risk (followed beyond that day), events (until then), incidence, lower, upper and
        crude_share, in per cent.

        Parameters
        ----------
        connection
            The store.
        progress
            Told how many episodes are read.
        """
        followed = read(connection, self.study, self.by, self.level, progress)
        events = [event for event in followed.events if not self.events or event in self.events]
        days = self._days(followed)
        if self.rules is not None:
            return self._published(followed, events, days, self.rules)
        found = measured(followed, days)
        notes = self._tests(followed.follow, events)
        if self.gone is not None:
            low, high = (
                measured(without_gone(followed, share), days)
                for share in self.gone.of(followed.groups)
            )
            found = found.with_columns(present_low=low["lower"], present_high=high["upper"])
            notes.append(self.gone.note)
        found = found.filter(pl.col("event").is_in(events))
        self._draw(followed, events, followed.curves)
        cells = cells_of(followed, found, events, notes)
        exact = with_description(found.to_arrow(), cells.described())
        return Answer(cells, exact)

    def _published(
        self, followed: Followed, events: list[str], days: list[int], rules: Rules
    ) -> Answer:
        every_day = self.picture is not None
        shown = published.released(followed, days, rules, every_day=every_day)
        self._draw(followed, events, shown.curves, shown.picture_note())
        tested = [event for event in events if event in shown.events]
        tests = self._tests(shown.follow, tested) if self.test else ()
        return Answer(shown.cells(events, tests))

    def _days(self, followed: Followed) -> list[int]:
        last = followed.follow.last
        if not self.at:
            usual = [round(year * YEAR) for year in USUAL_YEARS]
            return [days for days in usual if days <= last] or [last]
        late = [days for days in self.at if days > last]
        if late:
            raise UsageError(
                "days after the entry nobody is followed any more, and nothing is extrapolated",
                where="at",
                value=late[0],
                allowed=f"up to {last} days ({last / YEAR:.1f} years)",
            )
        return list(self.at)

    def _tests(self, follow: FollowUp, events: Iterable[str]) -> list[Text]:
        """Gray's tests of the groups that are shown, for events that are shown in all of them."""
        if not self.test:
            return []
        if not 2 <= len(follow.groups) <= MOST_TESTED:
            raise UsageError(
                f"compares groups, and there are {len(follow.groups)} that are shown",
                where="test",
                allowed=f"2 to {MOST_TESTED}",
            )
        return [note_of_test(event, gray_test(follow, event)) for event in events]

    def _draw(
        self,
        followed: Followed,
        events: Iterable[str],
        curves: Sequence[Curve],
        note: Text | None = None,
    ) -> None:
        """Draw the curves of some events; with a note, those that may be shown."""
        if self.picture is None:
            return
        drawn = [curve for curve in curves if curve.outcome in events]
        if not drawn:
            raise UsageError(
                "has no curve that may be shown by these rules",
                where="picture",
                next_step="Take larger groups, or fewer of them",
            )
        last = max(float(c.time[-1]) if note is None else c.until for c in drawn)
        lang = self.picture.lang
        curve_plot(
            drawn,
            self.picture.file,
            labels=labels_of_curves(followed, lang),
            until=last / YEAR,
            title=followed.study.title,
            note=None if note is None else note.of(lang),
            lang=lang.value,
        )


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
