"""What a life table is asked to be, and what is counted for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import polars as pl

from folkestrom.analysis.indicators.indicators import LEAST_PERSON_YEARS
from folkestrom.analysis.rates.occurrence import Occurrences
from folkestrom.analysis.rates.rates import DAYS_PER_YEAR
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.names import check_code, without_effect
from folkestrom.projection.rates.life_table import SEXES, Floats, Infants, Sex
from folkestrom.projection.rates.period import (
    LEAST_OPEN_AGE,
    OPEN_AGE,
    Choices,
    Observed,
    observed,
)
from folkestrom.variables.selection import Only

Exit = Literal["death", "emigration"]
Closing = Literal["none", "kannisto"]
EXITS: Final[tuple[Exit, Exit]] = ("death", "emigration")
DURATION: Final = "years_since_immigration"
#: Since arrival, life is followed for so many years, or as many as the log knows of.
LONGEST: Final = 15
#: Rate of leaving what is followed, when it ends.
_AT_ONCE: Final = 1e9
#: Everybody, and everybody but the other group.
NATION, OTHERS = "nation", "others"
#: Ages are counted up to this one, which has those above it too.
_AGES: Final = 120
#: Which open age groups there may be.
_OPEN: Final = (1, 119)

#: A group's codes, its sex, and the events and person-years of it.
Counts = dict[tuple[str, ...], tuple[Floats, Floats]]


@dataclass(frozen=True, slots=True)
class LifeTableDesign:
    """How life tables are made; its fields are as of `Store.life_table`."""

    by: tuple[str, ...] = ()
    exits: tuple[str, ...] = ("death",)
    between: tuple[str, str] | None = None
    since_arrival: bool = False
    abridged: bool = False
    infants: Infants = "andreev-kingkade"
    open_age: int | None = None
    closing: Closing = "none"
    ages: tuple[int, ...] = ()
    level: float = 0.95

    def __post_init__(self) -> None:
        if not self.exits:
            raise UsageError("names no way out", where="exits", allowed=EXITS)
        for name in self.exits:
            check_code(name, EXITS, "is no way out of the country", where="exits")
        if len(set(self.exits)) < len(self.exits):
            raise UsageError("are named twice", where="exits", value=",".join(self.exits))
        least, most = _OPEN
        if self.open_age is not None and not least <= self.open_age <= most:
            raise UsageError(
                "is no first age of an open group", where="open_age", value=self.open_age,
                allowed=f"whole numbers from {least} to {most}",
            )  # fmt: skip
        if self.abridged and self.open_age not in (None, 1) and self.open_age % 5:
            raise UsageError(
                "begins no group of an abridged table", where="open_age", value=self.open_age,
                allowed="1, 5, 10, 15 …",
            )  # fmt: skip
        if self.between and len(self.by) != 1:
            raise UsageError(
                "needs one variable that tells the two apart", where="between", value=self.between,
                next_step="Say it with by, such as county",
            )  # fmt: skip
        reserved = {"age", DURATION, "exit", *([] if self.by == ("sex",) else ["sex"])}
        for name in reserved.intersection(self.by):
            raise UsageError(
                "is a column of every life table already", where="by", value=name,
                allowed="other variables; sex alone, with between",
            )  # fmt: skip
        if self.by == ("sex",) and not self.between:
            raise without_effect("by", "sex", "every life table is by sex", "Leave it out")
        if self.since_arrival and self.closing != "none":
            raise without_effect(
                "closing", self.closing, "durations are no ages", "Leave one of the two out"
            )

    @property
    def axis(self) -> str:
        """The variable along which one lives."""
        return DURATION if self.since_arrival else "age"

    @property
    def names(self) -> tuple[str, ...]:
        """Variables that events and exposure are counted by."""
        return tuple(dict.fromkeys((*self.by, "sex", self.axis)))

    def only(self, only: Only) -> Only:
        """Whom to keep: since arrival, those who were born abroad."""
        return {**only, "born_abroad": ("yes",)} if self.since_arrival else only

    def followed(self, log_years: int) -> int:
        """For how many years since arrival life is followed."""
        return min(self.open_age or LONGEST, log_years)

    def choices(self, sex: Sex, log_years: int) -> Choices:
        """How the table of a sex is made, of a log that began so many years before."""
        death = self.exits.index("death") if "death" in self.exits else None
        if self.since_arrival:
            return Choices(None, open_age=self.followed(log_years), death=death)
        usual = _AGES - 1 if self.closing == "kannisto" else OPEN_AGE
        opened = self.open_age or usual
        least = min(opened, LEAST_OPEN_AGE)
        # Of a difference, ages of an open group are added up, and not of one rate.
        opened = max(opened, usual) if self.between else opened
        return Choices(sex, self.abridged, self.infants, opened, self.closing, death, least)

    def check_followed(self, log_years: int) -> None:
        """Refuse more years since arrival than the log knows of.

        Parameters
        ----------
        log_years
            Years of the log before the period.
        """
        if self.since_arrival and (self.open_age or 0) > log_years:
            raise UsageError(
                "is more years since arrival than the log knows of before the period",
                where="open_age", value=self.open_age, allowed=f"1 to {log_years}",
                next_step="Follow fewer years, or begin the period later",
            )  # fmt: skip


def counts(
    found: Mapping[str, Occurrences], design: LifeTableDesign, only: Only, log_years: int
) -> tuple[Counts, int]:
    """Events and person-years by group and sex; and events of unknown sex or age.

    Since arrival, they are those of the years that are followed, at whose end all leave.

    Parameters
    ----------
    found
        What was counted by `design.names`, of each way out.
    design
        How the tables are made.
    only
        Codes to keep, by variable.
    log_years
        Years of the log before the period.
    """
    groups = tuple(name for name in design.by if name != "sex")
    made: Counts = {}
    left_out = 0
    for n, name in enumerate(design.exits):
        kept = found[name].kept(design.only(only), design.names).select(
            *(pl.col(group).cast(pl.String) for group in groups), pl.col("sex").cast(pl.String),
            design.axis, "events", "days",
        )  # fmt: skip
        for *key, sex, age, events, days in kept.rows():
            if sex not in SEXES or age is None:
                # Without a year of immigration they came before the log, and are not followed.
                left_out += 0 if design.since_arrival else events
                continue
            empty = np.zeros((len(design.exits), _AGES + 1)), np.zeros(_AGES + 1)
            happened, lived = made.setdefault((*key, sex), empty)
            happened[n, min(age, _AGES)] += events
            lived[min(age, _AGES)] += days / DAYS_PER_YEAR if n == 0 else 0
    if not made:
        raise InputRefused("has nobody in the period", where="life_table")
    if design.since_arrival:
        last = design.followed(log_years)
        made = {key: _until(*numbers, last) for key, numbers in made.items()}
    return made, left_out


def _until(events: Floats, lived: Floats, last: int) -> tuple[Floats, Floats]:
    """Of the years before `last`, when all leave what is followed: a way out of its own."""
    there = np.arange(_AGES + 1) < last
    end = np.arange(_AGES + 1) == last
    return np.vstack([events * there, end]), lived * there + end / _AT_ONCE


def pair(made: Counts, between: tuple[str, str], sex: str) -> list[tuple[Floats, Floats]]:
    """Events and person-years of two groups, of one sex, by their codes.

    Parameters
    ----------
    made
        Of all groups of one variable.
    between
        Codes; one may be "nation", everybody, or "others", everybody but the other.
    sex
        The sex.
    """
    there = {key[0]: numbers for key, numbers in made.items() if key[-1] == sex}
    chosen = []
    for code, other in (between, between[::-1]):
        if code in (NATION, OTHERS):
            summed = [n for key, n in there.items() if code == NATION or key != other]
            chosen.append((sum(n for n, _ in summed), sum(n for _, n in summed)))
        else:
            check_code(code, [*there, NATION, OTHERS], "does not occur", where="between")
            chosen.append(there[code])
    return [(np.asarray(events), np.asarray(lived)) for events, lived in chosen]


def alike(
    two: Sequence[tuple[Floats, Floats]], choices: Sequence[Choices]
) -> tuple[Observed, Observed]:
    """What two groups were observed to be, by the same ages.

    Parameters
    ----------
    two
        Events and person-years of both.
    choices
        How the table of each is made.

    Raises
    ------
    InputRefused
        A group that is too small for a life table.
    """
    first = [observed_of(*numbers, choice) for numbers, choice in zip(two, choices, strict=True)]
    ages = [one.age for one in first if one is not None]
    if len(ages) < 2:
        raise too_small()
    opened = int(min(age[-1] for age in ages))
    again = [
        observed_of(*numbers, replace(choice, open_age=opened))
        for numbers, choice in zip(two, choices, strict=True)
    ]
    begin = max(age[0] for age in ages)
    one, other = (_from(found, begin) for found in again)
    if not np.array_equal(one.age, other.age):
        raise too_small()
    return one, other


def observed_of(events: Floats, lived: Floats, choices: Choices) -> Observed | None:
    """Rates by the age groups of a life table; None where a group is too small for one.

    Of durations, which are followed for some years only, there is no least number of person-years.
    """
    if choices.sex is not None and lived.sum() < LEAST_PERSON_YEARS:
        return None
    return observed(events, lived, choices)


def _from(found: Observed | None, begin: float) -> Observed:
    if found is None:
        raise too_small()
    kept = found.age >= begin
    return Observed(
        found.age[kept], found.events[:, kept], found.rate[:, kept], found.exposure[kept]
    )


def too_small() -> InputRefused:
    """What to raise for groups that are too small."""
    return InputRefused(
        f"is too small for a life table: fewer than {LEAST_PERSON_YEARS} person-years, ages with "
        "nobody, or no event among the old",
        where="life_table",
        next_step="Take more years, larger groups, an earlier open_age, or abridged tables",
    )
