"""Where variables have their columns from: histories, what follows from them, and the calendar.

A source says what columns it gives to rows of persons. How rows of each sort get them is written
once for every sort: at days in `description`, over spells of time in `spells`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from folkestrom.households.homes import TABLE as HOUSEHOLD
from folkestrom.linkage.catalogue import Key, table_of
from folkestrom.model.codes import MaritalStatus


@dataclass(frozen=True, slots=True)
class Source:
    """Columns that variables read.

    Parameters
    ----------
    name
        What its steps are called after.
    columns
        What it gives.
    after
        Sources whose columns it is made of.
    """

    name: str
    columns: tuple[str, ...]
    after: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class History(Source):
    """A history in the store, or one that a step makes of events.

    Parameters
    ----------
    table
        Where it stands.
    stored
        Its columns there, in the order of `columns`.
    missing
        What stands for no value; None: nothing does.
    key
        Whose it is: "person" or "municipality".
    of
        The column of the described rows that names them.
    holds
        "on" the day as of which persons are described; on the "reference" day, as linked values
        are; or "always".
    made
        Whether a step makes it, of the events that are known on one knowledge date.
    """

    table: str = ""
    stored: tuple[str, ...] = ()
    missing: int | None = None
    key: Key = "person"
    of: str = "person"
    holds: Literal["on", "reference", "always"] = "on"
    made: bool = False

    def shown(self, column: str, of: str) -> str:
        """A column as rows get it, of an SQL expression over the table."""
        value = of if self.missing is None else f"coalesce({of}, {self.missing})"
        return f"{value} AS {column}"


@dataclass(frozen=True, slots=True)
class Completed(Source):
    """Completed years since a day.

    Parameters
    ----------
    since
        The column with the day.
    """

    since: str = ""


_VALUE: Final = ('"value"',)


def _history(name: str, *columns: str, **more: Any) -> History:
    return History(name, columns, table=name, stored=columns, **more)


def _made(name: str, **more: Any) -> History:
    return History(name, (name,), table=name, stored=_VALUE, made=True, **more)


def _at_home(name: str) -> History:
    return History(f"home_{name}", (name,), table=HOUSEHOLD, stored=(name,))


RESIDENCE: Final = _history("residence", "municipality", "basic_unit")
ATTRIBUTE: Final = _history("attribute", "sex", "birth_date", holds="always")
#: Of the same table, and apart: events have the other two, and most questions no need of this.
BIRTHPLACE: Final = replace(
    ATTRIBUTE, name="birthplace", columns=("country_of_birth",), stored=("country_of_birth",)
)
MARITAL: Final = _history("marital", "marital_status", missing=int(MaritalStatus.UNKNOWN))
CITIZENSHIP: Final = _history("citizenship", "citizenship")
PARENTS: Final = Source("parents", ("mother_born", "father_born"))

#: What past events say, in the shape of histories.
LAST_IMMIGRATION: Final = _made("last_immigration")
FIRST_IMMIGRATION: Final = _made("first_immigration")
IMMIGRATION_REASON: Final = _made("immigration_reason")
MOVED_IN: Final = _made("moved_in")
FIRST_MUNICIPALITY: Final = _made("first_municipality", holds="always")
#: First immigrations of those whose record begins with one: what duration of residence counts from.
ARRIVAL: Final = _made("arrival", holds="always")
CHILDREN: Final = _made("children", missing=0)

#: What households say of their members: a table that is made for the days of a question.
HOUSEHOLD_TYPE: Final = _at_home("household_type")
HOUSEHOLD_SIZE: Final = _at_home("household_size")
YOUNGEST: Final = _at_home("youngest")
FAMILY_TYPE: Final = _at_home("family_type")
FAMILY_ROLE: Final = _at_home("family_role")
FAMILY_SIZE: Final = _at_home("family_size")
COUPLE: Final = _at_home("couple")
LIVING_PARENTS: Final = _at_home("parents")

AGE: Final = Completed("age", ("age",), (ATTRIBUTE,), "birth_date")
YEARS_SINCE_IMMIGRATION: Final = Completed(
    "years_since_immigration", ("years_since_immigration",), (LAST_IMMIGRATION,), "last_immigration"
)
YEARS_SINCE_FIRST_IMMIGRATION: Final = Completed(
    "years_since_first_immigration",
    ("years_since_first_immigration",),
    (FIRST_IMMIGRATION,),
    "first_immigration",
)
YEARS_IN_MUNICIPALITY: Final = Completed(
    "years_in_municipality", ("years_in_municipality",), (MOVED_IN,), "moved_in"
)
YEARS_SINCE_ARRIVAL: Final = Completed(
    "years_since_arrival", ("years_since_arrival",), (ARRIVAL,), "arrival"
)

#: The calendar year in which something is, or happens.
YEAR: Final = Source("year", ("year",))
#: The day whose calendar year has the quantile groups that count.
REFERENCE_DAY: Final = Source("reference_day", ("reference_day",))
#: The mother of who is born.
MOTHER: Final = Source("mother", ("mother_age", "mother_country_of_birth"))
#: The mother's marital status then, and how many children she had had with this one.
MATERNITY: Final = Source("maternity", ("mother_marital_status", "birth_order"))
#: What became of a person-year or an episode.
OUTCOME: Final = Source("outcome", ("kind", "country", "went_to"))

#: Tables of the store that are histories.
HISTORIES: Final = ("residence", "attribute", "marital", "citizenship", HOUSEHOLD, "linked_*")

#: Sources of every store, in the order in which rows get them.
SOURCES: Final[tuple[Source, ...]] = (
    RESIDENCE, ATTRIBUTE, BIRTHPLACE, MARITAL, CITIZENSHIP, PARENTS, LAST_IMMIGRATION,
    FIRST_IMMIGRATION, IMMIGRATION_REASON, MOVED_IN, FIRST_MUNICIPALITY, ARRIVAL, CHILDREN, MOTHER,
    MATERNITY, HOUSEHOLD_TYPE, HOUSEHOLD_SIZE, YOUNGEST, FAMILY_TYPE, FAMILY_ROLE, FAMILY_SIZE,
    COUPLE, LIVING_PARENTS, AGE, YEARS_SINCE_IMMIGRATION, YEARS_SINCE_FIRST_IMMIGRATION,
    YEARS_IN_MUNICIPALITY, YEARS_SINCE_ARRIVAL, YEAR, REFERENCE_DAY, OUTCOME,
)  # fmt: skip


def linked_source(name: str, key: Key) -> History:
    """The history of a linked variable.

    Parameters
    ----------
    name
        The variable.
    key
        Whose values it has.

    Examples
    --------
    >>> linked_source("income", "person").columns
    ('linked_income',)
    """
    table = table_of(name)
    found = History(table, (table,), table=table, stored=_VALUE, holds="reference")
    return found if key == "person" else _of_place(found, RESIDENCE, "municipality")


def at_first_place(linked: History) -> History:
    """What a linked variable of municipalities says of the place where a person's record began."""
    name = f"{linked.table}_of_{FIRST_MUNICIPALITY.name}"
    return _of_place(
        replace(linked, name=name, columns=(name,)), FIRST_MUNICIPALITY, FIRST_MUNICIPALITY.name
    )


def _of_place(linked: History, place: Source, column: str) -> History:
    return replace(linked, after=(place,), key="municipality", of=column)


def with_what_they_need(needs: Iterable[Source]) -> list[Source]:
    """Sources with those that they are made of, each before what is made of it.

    Parameters
    ----------
    needs
        Sources of several variables.

    Examples
    --------
    >>> [source.name for source in with_what_they_need([YEARS_IN_MUNICIPALITY, MARITAL])]
    ['marital', 'moved_in', 'years_in_municipality']
    """
    wanted: set[Source] = set()
    listed = list(needs)
    while listed:
        source = listed.pop()
        wanted.add(source)
        listed += source.after
    own = [source for source in SOURCES if source in wanted]
    return own + sorted(wanted.difference(SOURCES), key=lambda source: source.name)
