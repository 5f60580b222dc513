"""A study as it is written down: who, from when, until when, which variables, known on which day.

Everything here is frozen and compares by content, so that a study read from a file, a study made
in Python and a study written and read again are the same study. What a definition can be wrong in
by itself is refused here; names are looked up when it is bound to a store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from folkestrom.columns.values import (
    check_year,
    codes,
    day,
    is_number,
    one_of,
    optional_day,
    put,
)
from folkestrom.errors import UsageError
from folkestrom.model.knowledge import LATEST, PUBLISHED, KnownAt
from folkestrom.model.names import nearest_name
from folkestrom.variables.groups import Groups

#: When a variable of episodes is looked at, beside a day.
ENTRY: Final = "entry"
EXIT: Final = "exit"
VARYING: Final = "varying"

#: What an episode can begin with.
ENTRY_EVENTS: Final = (
    "immigration",
    "birth",
    "first_registration",
    "emigration",
    "move",
    "resident",
    "birthday",
)
#: What an episode, or a year of the panel, can end with.
EXIT_EVENTS: Final = (
    "emigration",
    "return",
    "onward",
    "death",
    "move",
    "move_of_county",
    "immigration",
)
#: What can happen to whoever has emigrated.
EVENTS_ABROAD: Final = ("immigration", "death")
STAY: Final = "stay"
#: What a person-year can come to, by the names that results have.
OUTCOMES: Final[dict[str, str]] = {"another_municipality": "move", "abroad": "emigration"}


@dataclass(frozen=True, slots=True)
class Entry:
    """From when on a person is followed.

    Parameters
    ----------
    event
        One of `ENTRY_EVENTS`. "resident": whoever is resident on the day `on`; "birthday": whoever
        is resident at the end of the day on which `age` is completed.
    from_, to
        Days of the event, `[from_, to)`.
    on
        The day, for "resident".
    age
        The age, for "birthday".
    occurrence
        "first": one episode a person, from the first such event of those days; "every": one for
        each.
    observed_from
        First day of observation (delayed entry): whoever is gone before it is left out, and time
        before it is not at risk. None: from the event on.
    """

    event: str
    from_: date | None = None
    to: date | None = None
    on: date | None = None
    age: int | None = None
    occurrence: str = "first"
    observed_from: date | None = None

    def __post_init__(self) -> None:
        for name in ("from_", "to", "on", "observed_from"):
            put(self, name, optional_day(getattr(self, name), f"entry, {name.rstrip('_')}"))
        one_of(self.event, ENTRY_EVENTS, "entry, event")
        one_of(self.occurrence, ("first", "every"), "entry, occurrence")
        self._check_days()
        if (self.age is not None) != (self.event == "birthday"):
            raise UsageError(
                "goes with the event 'birthday', which has no other way to say which one",
                where="entry, age",
                value=self.age,
                allowed='event = "birthday" with age = 18, for instance',
            )

    def _check_days(self) -> None:
        if self.event == "resident":
            if self.on is None or self.from_ is not None or self.to is not None:
                raise UsageError(
                    "is of one day",
                    where="entry",
                    value=self.event,
                    allowed='event = "resident" with on = "2010-01-01", without from and to',
                )
            return
        if self.on is not None:
            raise UsageError(
                "goes with the event 'resident' only", where="entry, on", value=self.on
            )
        if self.from_ is None or self.to is None:
            raise UsageError(
                "needs the days from which and before which it happens",
                where="entry",
                value=self.event,
                allowed='from = "2004-05-01" and to = "2021-01-01"',
            )
        if self.from_ >= self.to:
            raise UsageError(
                "is not before the last day of entry",
                where="entry, from",
                value=self.from_,
                allowed=f"days before {self.to}",
            )

    @property
    def first_day(self) -> date:
        """The first day on which a person can enter."""
        found = self.on if self.from_ is None else self.from_
        if found is None:
            raise RuntimeError("a checked entry has a first day")
        return found


@dataclass(frozen=True, slots=True)
class Who:
    """One condition on whom the study is about; each is a line of the flow chart.

    Parameters
    ----------
    variable
        Name of the variable. It is looked at on the day of entry; of a panel, on 1 January.
    in_, not_in
        Codes that it must have, or must not have.
    from_, below
        Bounds of a number, `[from_, below)`.
    because
        The condition in words, for the flow chart.
    """

    variable: str
    in_: tuple[str, ...] = ()
    not_in: tuple[str, ...] = ()
    from_: float | None = None
    below: float | None = None
    because: str = ""

    def __post_init__(self) -> None:
        where = f"who, {self.variable}"
        put(self, "in_", codes(self.in_, f"{where}, in"))
        put(self, "not_in", codes(self.not_in, f"{where}, not_in"))
        bounds = self.from_ is not None or self.below is not None
        if bool(self.in_) + bool(self.not_in) + bounds != 1:
            raise UsageError(
                "says nothing, or two things: every condition has one",
                where=where,
                allowed="in, or not_in, or from and below",
            )
        for name in ("from_", "below"):
            if not is_number(getattr(self, name)):
                raise UsageError("is not a number", where=where, value=getattr(self, name))
        if self.from_ is not None and self.below is not None and self.from_ >= self.below:
            raise UsageError(
                "leaves nobody: it is not below the upper bound",
                where=f"{where}, from",
                value=self.from_,
                allowed=f"numbers below {self.below:g}",
            )

    @property
    def text(self) -> str:
        """The condition in words."""
        if self.because:
            return self.because
        if self.in_:
            return f"{self.variable} in {', '.join(self.in_)}"
        if self.not_in:
            return f"{self.variable} not in {', '.join(self.not_in)}"
        low = "" if self.from_ is None else f" from {self.from_:g}"
        high = "" if self.below is None else f" below {self.below:g}"
        return f"{self.variable}{low}{high}"

    @property
    def dropped_text(self) -> str:
        """Why a person does not meet it, in words."""
        return f"not {self.text}"


@dataclass(frozen=True, slots=True)
class Exit:
    """Until when a person is followed.

    Parameters
    ----------
    end
        The day after the last one of follow-up.
    events
        Events that compete: the first of them ends the episode.
    censor
        Events that end follow-up without counting.
    """

    end: date
    events: tuple[str, ...]
    censor: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        put(self, "end", day(self.end, "exit, end"))
        put(self, "events", codes(self.events, "exit, events"))
        put(self, "censor", codes(self.censor, "exit, censor"))
        for event in (*self.events, *self.censor):
            one_of(event, EXIT_EVENTS, "exit, events")
        if not self.events:
            raise UsageError("has no event to wait for", where="exit, events", allowed=EXIT_EVENTS)
        listed = (*self.events, *self.censor)
        twice = [event for event in listed if listed.count(event) > 1]
        if twice:
            raise UsageError("is named twice", where="exit, events", value=twice[0])


@dataclass(frozen=True, slots=True)
class ValueAt:
    """A variable of episodes, and when it is looked at.

    Parameters
    ----------
    variable
        Its name.
    at
        "entry", "exit" (the end of the day before the last one), a day, or "varying": an episode is
        cut wherever the value changes.
    """

    variable: str
    at: str | date = ENTRY

    def __post_init__(self) -> None:
        if self.at not in (ENTRY, EXIT, VARYING):
            put(self, "at", day(self.at, f"variables, {self.variable}"))


@dataclass(frozen=True, slots=True)
class Panel:
    """Person-years: residents on 1 January of each year, and what came of it.

    Parameters
    ----------
    from_, to
        First and last year.
    outcomes
        Names of outcomes beside staying, each with its event; the first event of the year decides.
        Who dies before any of them is left out. A list of names takes those of `OUTCOMES` and of
        events.
    variables
        Names of variables, as of 1 January.
    stay
        What staying is called.
    """

    from_: int
    to: int
    outcomes: Mapping[str, str] = field(default_factory=lambda: dict(OUTCOMES))
    variables: tuple[str, ...] = ()
    stay: str = STAY

    def __post_init__(self) -> None:
        for name in ("from_", "to"):
            check_year(getattr(self, name), f"panel, {name.rstrip('_')}")
        if self.from_ > self.to:
            raise UsageError("is after the last year", where="panel, from", value=self.from_)
        given: Any = self.outcomes
        if not isinstance(given, Mapping):
            named = [name for name in codes(given, "panel, outcomes") if name != self.stay]
            given = {name: OUTCOMES.get(name, name) for name in named}
        put(self, "outcomes", {str(name): str(event) for name, event in given.items()})
        put(self, "variables", codes(self.variables, "panel, variables"))
        self._check_outcomes()

    def _check_outcomes(self) -> None:
        if not self.outcomes:
            raise UsageError(
                "are one only: everybody would stay",
                where="panel, outcomes",
                allowed=f"events that end a year at home: {', '.join(EXIT_EVENTS)}",
            )
        events = list(self.outcomes.values())
        for name, event in self.outcomes.items():
            one_of(event, (*EXIT_EVENTS, *OUTCOMES), f"panel, outcomes, {name}")
            if event == "death" or event == "immigration":
                raise UsageError(
                    "cannot be an outcome of residents' years: who dies is left out",
                    where=f"panel, outcomes, {name}",
                    value=event,
                )
            if events.count(event) > 1:
                raise UsageError("is named twice", where="panel, outcomes", value=event)
        if self.stay in self.outcomes:
            raise UsageError("is staying already", where="panel, outcomes", value=self.stay)

    @property
    def levels(self) -> tuple[str, ...]:
        """Every outcome in order: staying first."""
        return (self.stay, *self.outcomes)


@dataclass(frozen=True, slots=True)
class Study:
    """A population, a time, and what is known of it.

    Parameters
    ----------
    title
        What it is about.
    known_at
        Knowledge date; "latest" (the default): all that is known; "published": a panel's years as
        known one month after each, episodes as known one month after their end. A study follows
        persons: as published, what was reported later than that would be in no year of theirs,
        whereas published flows count it in the next one. That is why it takes all that is known.
    entry, exit
        From when and until when persons are followed; both or neither.
    who
        Conditions in the order of the flow chart.
    variables
        Variables of episodes: name of the column, with when the variable of that name is looked
        at, or with a `ValueAt`.
    panel
        Person-years; instead of episodes, or beside them.
    groups
        Variables made of others.

    Examples
    --------
    >>> study = Study("Arrivals of 2010", entry=Entry("immigration", "2010-01-01", "2011-01-01"),
    ...               exit=Exit("2021-01-01", ["emigration", "death"]),
    ...               variables={"sex": "entry", "county": "varying"})
    >>> study.variables["county"]
    ValueAt(variable='county', at='varying')
    """

    title: str
    known_at: KnownAt = LATEST
    entry: Entry | None = None
    exit: Exit | None = None
    who: tuple[Who, ...] = ()
    variables: Mapping[str, ValueAt] = field(default_factory=dict)
    panel: Panel | None = None
    groups: Mapping[str, Groups] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.known_at not in (LATEST, PUBLISHED):
            put(self, "known_at", _known_day(self.known_at))
        put(self, "who", tuple(self.who))
        put(self, "variables", {n: _value_at(n, v) for n, v in self.variables.items()})
        put(self, "groups", dict(self.groups))
        if (self.entry is None) != (self.exit is None):
            raise UsageError(
                "go together: an episode begins and ends",
                where="entry, exit",
                next_step="Add the other one",
            )
        if self.entry is None and self.panel is None:
            raise UsageError(
                "asks for nothing",
                where="study",
                allowed="[entry] with [exit] for episodes, [panel] for person-years, or both",
            )
        if self.entry is None and self.variables:
            raise UsageError(
                "are of episodes, and there are none",
                where="variables",
                next_step="Name variables of the panel in [panel], variables = [...]",
            )
        if self.entry is not None and self.exit is not None:
            _check_order(self.entry, self.exit)
            _check_abroad(self.entry, self.exit)


def _check_order(entry: Entry, exit_: Exit) -> None:
    """Refuse a study that nobody can enter before it ends."""
    last = entry.observed_from or entry.first_day
    if max(entry.first_day, last) >= exit_.end:
        raise UsageError(
            f"comes after the exit: follow-up ends before {exit_.end}",
            where="entry",
            value=max(entry.first_day, last),
            allowed=f"days before {exit_.end}",
            next_step="Enter earlier, or end later ([exit], end)",
        )
    if entry.to is not None and entry.to > exit_.end:
        raise UsageError(
            f"is after the end of follow-up, {exit_.end}: later entries could not be followed",
            where="entry, to",
            value=entry.to,
            allowed=f"days up to {exit_.end}",
        )


def _check_abroad(entry: Entry, exit_: Exit) -> None:
    """Refuse events of residents where those who are followed have emigrated.

    `return` is an emigration to the country of birth: of who has left, that is what comes after
    coming back, which would have been the event to wait for.
    """
    if entry.event != "emigration":
        return
    for event in (*exit_.events, *exit_.censor):
        if event not in EVENTS_ABROAD:
            raise UsageError(
                "cannot happen to emigrants before they have come back: it is an event of residents"
                " (return and onward are emigrations, to the country of birth and to another one)",
                where="exit, events",
                value=event,
                allowed=EVENTS_ABROAD,
                next_step="Of emigrants, coming back is immigration. For what comes after it, "
                'follow those who immigrated: [entry], event = "immigration"',
            )


def _known_day(value: Any) -> date:
    if isinstance(value, str):
        near = nearest_name(value, (LATEST, PUBLISHED))
        if near and not value[:1].isdigit():
            one_of(value, (LATEST, PUBLISHED), "known_at")
    return day(value, "known_at")


def _value_at(name: str, value: Any) -> ValueAt:
    if isinstance(value, ValueAt):
        return value
    if isinstance(value, str) and value not in (ENTRY, EXIT, VARYING) and not value[:1].isdigit():
        one_of(value, (ENTRY, EXIT, VARYING), f"variables, {name}")
    return ValueAt(name, value)
