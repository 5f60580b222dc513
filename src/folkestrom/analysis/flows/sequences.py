"""Sequences of moves: away, back, away again; who returned, moved on, or circulates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from folkestrom import columns
from folkestrom.analysis.followup import Curves, state_occupation, transitions
from folkestrom.columns import check_arguments, table_of
from folkestrom.errors import InputRefused
from folkestrom.model.names import check_code, check_columns

_WHERE = "move_sequences"
#: What is called so is not known.
UNKNOWN: Final = "unknown"
#: Columns that the origin is told apart from.
_COLUMNS: Final = ("person", "date", "from_country", "to_country", "death")

#: What a person's sequence is called, in the order in which tables show it.
TYPES: Final = ("stayed", "returned", "moved on", "left", "came back", "circular", "died")


@dataclass(frozen=True, slots=True, eq=False)
class MoveSequences:
    """Sequences of moves, one a person.

    Attributes
    ----------
    persons
        A row a person: person, sequence (such as ``PL>NO>DE``), moves, departures, comings_back,
        first_date (of the first move), last_date, here (at the end), died, type.
    stays
        A row a stay: person, state (here, origin, third country, unknown country), from_date,
        to_date (missing when it goes on at the end), next_state.
    home, until
        As given.
    """

    persons: pl.DataFrame
    stays: pl.DataFrame
    home: str
    until: date

    def types(self, by: str | None = None) -> pl.DataFrame:
        """Persons and their share by type of sequence.

        Parameters
        ----------
        by
            A column of `persons`, within which shares add up to 1.
        """
        check_arguments(MoveSequences.types, locals())
        if by is not None:
            check_code(by, self.persons.columns, "is not a column of `persons`", where="by")
            check_columns([by], ("type", "persons", "share"))
        keys = [by, "type"] if by else ["type"]
        order = pl.col("type").cast(pl.Enum(TYPES))
        found = self.persons.group_by(keys).agg(persons=pl.len())
        whole = pl.col("persons").sum()
        share = pl.col("persons") / (whole.over(by) if by else whole)
        sorting = [by, order] if by else [order]
        return found.with_columns(share=share).sort(sorting)

    def typical(self, most: int = 10) -> pl.DataFrame:
        """The most frequent sequences: sequence, type of most, persons, share.

        Parameters
        ----------
        most
            How many.
        """
        check_arguments(MoveSequences.typical, locals())
        return (
            self.persons.group_by("sequence")
            .agg(type=pl.col("type").mode().sort().first(), persons=pl.len())
            .with_columns(share=pl.col("persons") / pl.col("persons").sum())
            .sort(["persons", "sequence"], descending=[True, False])
            .head(most)
        )

    def state_distribution(self) -> Curves:
        """The share in each state by days since the first arrival (Aalen & Johansen 1978).

        Persons who arrived later are followed for fewer days: they count as long as they are
        seen, and no longer. Of those whose sequence begins here without an arrival (such as the
        native-born), time counts from their first departure.
        """
        start = pl.col("from_date").min().over("person")
        end = pl.col("to_date").fill_null(pl.lit(self.until))
        rows = self.stays.with_columns(
            entry=(pl.col("from_date") - start).dt.total_days(),
            exit=(end - start).dt.total_days(),
        ).filter(pl.col("exit") > pl.col("entry"))
        states = [s for s in STATES if s in set(rows["state"]) | set(rows["next_state"])]
        follow = transitions(
            rows["exit"].to_numpy(),
            rows["state"].to_arrow().cast("string"),
            rows["next_state"].to_arrow().cast("string"),
            entry=rows["entry"].to_numpy(),
            states=states,
        )
        return state_occupation(follow)


#: States of a person, from the country's point of view.
STATES: Final = ("here", "origin", "third country", "unknown country", "died")


def move_sequences(
    moves: Any,
    *,
    until: date,
    home: str = "NO",
    origin: str = "country_of_birth",
    shortest: int = 0,
) -> MoveSequences:
    """Put moves over a border together to a sequence for each person, and say what it is.

    Types look at what had happened before `until`:

    - **stayed**: no departure;
    - **returned** (return migration): left once, for the country of origin, and did not come back
      (Dustmann & Weiss 2007; for those from `home` itself: left and came back);
    - **moved on** (onward migration): left once for a third country and did not come back (Nekby
      2006);
    - **left**: the same, to an unknown country, or of those whose origin is `home`: left, not back;
    - **came back**: left once and came back (to where they had immigrated);
    - **circular** (repeat migration): left at least twice (Constant & Zimmermann 2011 count exits);
    - **died**: died here without ever having left.

    Parameters
    ----------
    moves
        A row a move or death: columns person, date, from_country, to_country (missing: unknown;
        both missing: a death), and the origin. Arrow, Polars, pandas or a mapping.
    until
        The day before which moves count.
    home
        The country whose register this is.
    origin
        The column with the country that a person is from.
    shortest
        Absences of fewer days are no moves: UN (1998) asks for 365 for a change of residence, and
        for 90 of short-term migrants. By default every move counts.

    Examples
    --------
    >>> moves = {
    ...     "person": [1, 1, 2, 2, 2],
    ...     "date": [date(2010, 1, 1), date(2012, 1, 1), date(2010, 1, 1), date(2011, 1, 1),
    ...              date(2013, 1, 1)],
    ...     "from_country": ["PL", "NO", "PL", "NO", "DE"],
    ...     "to_country": ["NO", "PL", "NO", "DE", "NO"],
    ...     "country_of_birth": ["PL"] * 5,
    ... }
    >>> found = move_sequences(moves, until=date(2020, 1, 1))
    >>> found.persons.select("sequence", "type").rows()
    [('PL>NO>PL', 'returned'), ('PL>NO>DE>NO', 'came back')]
    """
    check_arguments(move_sequences, locals())
    check_columns([origin], _COLUMNS, "origin")
    needed = ["person", "date", "from_country", "to_country", origin]
    frame = _checked(table_of(moves, _WHERE, needed), origin, until)
    if shortest:
        frame = _without_short(frame, home, shortest)
    frame = frame.with_columns(
        pl.col("from_country", "to_country", origin).fill_null(UNKNOWN),
    )
    _refuse_broken(frame, home)
    stays = _stays(frame, home, origin)
    return MoveSequences(_persons(frame, home, origin), stays, home, until)


def _checked(table: columns.Table, origin: str, until: date) -> pl.DataFrame:
    places = {name: table.column(name) for name in ("from_country", "to_country", origin)}
    for column in places.values():
        columns.categories(column, may_miss=True)
    columns.persons(table.column("person"))
    days = table.column("date")
    columns.days(days)
    if not days.is_dated:
        raise InputRefused(f"holds {days.kind}", where=_WHERE, column="date", allowed="dates")
    text = pl.DataFrame([
        table.column("person").values.alias("person"),
        days.values.cast(pl.Date).alias("date"),
        *(column.values.cast(pl.String).alias(name) for name, column in places.items()),
    ])  # fmt: skip
    kept = text.filter(pl.col("date") < until)
    if not len(kept):
        raise InputRefused(f"there are no moves before {until}", where=_WHERE)
    death = pl.col("from_country").is_null() & pl.col("to_country").is_null()
    return kept.with_columns(death=death).sort("person", "date", "death", maintain_order=True)


def _without_short(frame: pl.DataFrame, home: str, shortest: int) -> pl.DataFrame:
    """Leave out a departure and the next arrival, where they are too close."""
    following = pl.col("date").shift(-1).over("person")
    leaves = (pl.col("from_country") == home).fill_null(value=False) & ~pl.col("death")
    back = (pl.col("to_country") == home).fill_null(value=False).shift(-1).over("person")
    short = leaves & back & ((following - pl.col("date")).dt.total_days() < shortest)
    short = short.fill_null(value=False)
    out = short | short.shift(1).over("person").fill_null(value=False)
    return frame.filter(~out)


def _refuse_broken(frame: pl.DataFrame, home: str) -> None:
    """A person leaves from where they are: departures and arrivals take turns."""
    moved = frame.filter(~pl.col("death")).with_columns(
        arrives=pl.col("to_country") == home, leaves=pl.col("from_country") == home
    )
    wrong = moved.filter(pl.col("arrives") == pl.col("leaves"))
    if len(wrong):
        raise InputRefused(
            f"{len(wrong)} of {len(frame)} moves do not cross the border of {home}",
            where=_WHERE,
            next_step="Leave out moves within the country, and between others.",
        )
    again = pl.col("arrives") == pl.col("arrives").shift(1).over("person")
    broken = moved.filter(again.fill_null(value=False))
    if len(broken):
        raise InputRefused(
            f"{len(broken)} moves begin elsewhere than the person's move before ended",
            where=_WHERE,
            next_step="Take moves from reports that stand: those of the table event.",
        )


def _stays(frame: pl.DataFrame, home: str, origin: str) -> pl.DataFrame:
    to = pl.col("to_country")
    state = (
        pl.when(pl.col("death")).then(pl.lit("died"))
        .when(to == home).then(pl.lit("here"))
        .when(to == UNKNOWN).then(pl.lit("unknown country"))
        .when(to == pl.col(origin)).then(pl.lit("origin"))
        .otherwise(pl.lit("third country"))
    )  # fmt: skip
    following = {"to_date": pl.col("date"), "next_state": pl.col("state")}
    return (
        frame.with_columns(state=state)
        .with_columns(**{k: e.shift(-1).over("person") for k, e in following.items()})
        .filter(pl.col("state") != "died")
        .select("person", "state", pl.col("date").alias("from_date"), "to_date", "next_state")
    )


def _persons(frame: pl.DataFrame, home: str, origin: str) -> pl.DataFrame:
    moves = pl.col("date").filter(~pl.col("death"))
    leaves = (pl.col("from_country") == home) & ~pl.col("death")
    arrives = (pl.col("to_country") == home) & ~pl.col("death")
    first = pl.col("from_country").filter(~pl.col("death")).first()
    went = pl.col("to_country").filter(~pl.col("death"))
    found = frame.group_by("person", maintain_order=True).agg(
        origin=pl.col(origin).first(),
        first=first.fill_null(home),
        went=went,
        moves=moves.len(),
        departures=leaves.sum(),
        arrivals=arrives.sum(),
        first_date=moves.first(),
        last_date=moves.last(),
        died=pl.col("death").any(),
        last=went.last().fill_null(home),
    )
    path = pl.concat_list([pl.concat_list("first"), "went"]).list.join(">")
    # An arrival after a departure is coming back; the first is not.
    back = pl.min_horizontal(pl.col("departures"), pl.col("arrivals") - (pl.col("first") != home))
    here = (pl.col("last") == home) & ~pl.col("died")
    return (
        found.with_columns(sequence=path, comings_back=back, here=here)
        .with_columns(type=_type(home))
        .select(
            "person", "origin", "sequence", "moves", "departures", "comings_back", "first_date",
            "last_date", "here", "died", "type",
        )
    )  # fmt: skip


def _type(home: str) -> pl.Expr:
    once_back = pl.col("comings_back") > 0
    native = pl.col("origin") == home
    return (
        pl.when(pl.col("departures") >= 2).then(pl.lit("circular"))
        .when((pl.col("departures") == 0) & pl.col("died")).then(pl.lit("died"))
        .when(pl.col("departures") == 0).then(pl.lit("stayed"))
        .when(once_back & native).then(pl.lit("returned"))
        .when(once_back).then(pl.lit("came back"))
        .when(native | (pl.col("last") == UNKNOWN)).then(pl.lit("left"))
        .when(pl.col("last") == pl.col("origin")).then(pl.lit("returned"))
        .otherwise(pl.lit("moved on"))
    )  # fmt: skip
