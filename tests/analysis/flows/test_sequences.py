from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folkestrom.analysis.flows import TYPES, MoveSequences, left_again, move_sequences
from folkestrom.analysis.followup import aalen_johansen, follow_up
from folkestrom.errors import UserError

UNTIL = date(2020, 1, 1)
FIRST = date(2000, 1, 1)


def moves_of(paths: list[str], *, every: int = 400, origin: str | None = None) -> dict[str, Any]:
    """Moves from texts such as ``PL>NO>PL``; a cross is a death, ? an unknown country."""
    found: dict[str, list[Any]] = {
        name: [] for name in ("person", "date", "from_country", "to_country", "country_of_birth")
    }
    for person, path in enumerate(paths):
        places: list[str | None] = [None if p == "?" else p for p in path.split(">")]
        steps = list(pairwise(places))
        for n, (a, b) in enumerate(steps):
            died = b == "†"
            row = [person, FIRST + timedelta(days=every * (n + 1))]
            row += [None, None] if died else [a, b]
            for column, value in zip(found.values(), [*row, origin or places[0]], strict=True):
                column.append(value)
    return found


def put_together(*paths: str, **options: Any) -> MoveSequences:
    return move_sequences(moves_of(list(paths)), until=UNTIL, **options)


@pytest.mark.parametrize(
    ("path", "type_"),
    [
        ("PL>NO", "stayed"),
        ("PL>NO>†", "died"),
        ("PL>NO>PL", "returned"),
        ("PL>NO>PL>†", "returned"),
        ("PL>NO>DE", "moved on"),
        ("PL>NO>?", "left"),
        ("PL>NO>PL>NO", "came back"),
        ("PL>NO>DE>NO", "came back"),
        ("PL>NO>PL>NO>PL", "circular"),
        ("PL>NO>DE>NO>PL>NO", "circular"),
        ("NO>SE", "left"),
        ("NO>SE>NO", "returned"),
        ("NO>SE>NO>SE", "circular"),
    ],
)
def test_types(path: str, type_: str) -> None:
    row = put_together(path).persons.row(0, named=True)
    assert row["type"] == type_
    shown = path.removesuffix(">†").replace("?", "unknown")
    assert row["sequence"] == shown
    assert row["died"] == path.endswith("†")
    assert row["departures"] == shown.split(">")[:-1].count("NO")
    assert row["here"] == (path.endswith("NO"))
    assert row["first_date"] == FIRST + timedelta(days=400)


def test_types_and_typical_sequences_are_counted() -> None:
    found = put_together("PL>NO", "PL>NO", "PL>NO>PL", "LT>NO", "LT>NO>LT>NO>LT")
    assert found.types().select("type", "persons").rows() == [
        ("stayed", 3), ("returned", 1), ("circular", 1),
    ]  # fmt: skip
    assert found.types()["share"].to_list() == pytest.approx([0.6, 0.2, 0.2])
    assert found.typical(1).rows() == [("PL>NO", "stayed", 2, 0.4)]
    shares = found.types(by="origin").group_by("origin").agg(pl.col("share").sum())
    assert sorted(shares.rows()) == [("LT", 1.0), ("PL", 1.0)]


def test_moves_from_the_end_on_are_not_known_yet() -> None:
    data = moves_of(["PL>NO>PL"])
    found = move_sequences(data, until=data["date"][1])
    assert found.persons["type"].to_list() == ["stayed"]
    later = move_sequences(data, until=data["date"][1] + timedelta(days=1))
    assert later.persons["type"].to_list() == ["returned"]


def test_short_absences_are_no_moves() -> None:
    data = moves_of(["PL>NO>PL>NO>PL"], every=100)
    found = move_sequences(data, until=UNTIL, shortest=101)
    assert found.persons["sequence"].to_list() == ["PL>NO>PL"]
    same = move_sequences(data, until=UNTIL, shortest=100)
    assert same.persons["sequence"].to_list() == ["PL>NO>PL>NO>PL"]


def test_stays_follow_each_other() -> None:
    found = put_together("PL>NO>DE>NO>PL>†").stays
    states = ["here", "third country", "here", "origin"]
    assert found["state"].to_list() == states
    assert found["next_state"].to_list() == [*states[1:], "died"]
    assert found["from_date"].to_list()[1:] == found["to_date"].to_list()[:-1]


def test_states_add_up_and_start_here() -> None:
    found = put_together("PL>NO>DE>NO", "PL>NO>PL", "PL>NO", "LT>NO>†").state_distribution()
    days = [0, 399, 400, 800, 1200]
    shares = {curve.outcome: curve.at(days).tolist() for curve in found}
    assert shares["here"] == pytest.approx([1, 1, 0.25, 0.5, 0.5])
    assert [sum(column) for column in zip(*shares.values(), strict=True)] == pytest.approx([1] * 5)


PATHS = st.lists(
    st.sampled_from(["PL>NO", "PL>NO>PL", "PL>NO>DE", "PL>NO>DE>NO", "PL>NO>†", "PL>NO>PL>NO>PL"]),
    min_size=1,
)


@settings(max_examples=15)
@given(PATHS)
def test_shares_of_those_who_left(paths: list[str]) -> None:
    found = left_again(move_sequences(moves_of(paths), until=UNTIL), [1, 10])
    row = found.crude.row(0, named=True)
    away = sum(p.split(">")[-1] in {"PL", "DE"} for p in paths)
    ever = sum(p.count(">") > 1 and not p.endswith("†") for p in paths)
    assert (row["arrived"], row["away"], row["ever_left"]) == (len(paths), away, ever)
    left = found.incidence.filter(outcome="left")["incidence"].to_list()
    # Everybody is followed until the end: what is cumulative is then the plain share.
    assert left == pytest.approx([0, ever / len(paths)])
    causes = found.incidence.filter(pl.col("outcome").is_in(["returned", "moved on"]))
    late = causes.filter(pl.col("until") > 1000)["incidence"].sum()
    assert late == pytest.approx(ever / len(paths))


def test_cohorts_that_were_followed_unequally_long() -> None:
    data = moves_of(["PL>NO>PL", "PL>NO", "PL>NO", "PL>NO>PL"])
    late = [
        d + timedelta(days=6000 if person > 1 else 0)
        for person, d in zip(data["person"], data["date"], strict=True)
    ]
    found = left_again(
        move_sequences(data | {"date": late}, until=UNTIL), [1, 2], by="cohort", width=10
    )
    assert found.crude["group"].to_list() == ["2001–2010", "2011–2019"]
    assert found.crude["away_share"].to_list() == [0.5, 0.5]
    incidence = found.incidence.filter(outcome="left")
    assert incidence["incidence"].to_list() == pytest.approx([0, 0.5, 0, 0.5])
    wanted = aalen_johansen(follow_up([400, 6539], [1, 0]))
    own = found.curves.of("2001–2010", "returned")
    assert own.estimate.tolist() == wanted.of(outcome="event").estimate.tolist()


def test_explanations_say_the_figures() -> None:
    found = left_again(put_together("PL>NO>PL", "PL>NO", "PL>NO", "PL>NO>DE>NO"), [10])
    assert "25.0 per cent of the 4 who had arrived" in found.explanation()
    assert "50.0 per cent had ever left; 25.0 per cent came back" in found.explanation()
    assert "50.0 per cent after 10 years" in found.explanation()
    assert "50,0 prosent etter 10 år" in found.explanation(lang="no")
    with pytest.raises(UserError, match="is no group"):
        found.explanation("1990")
    with pytest.raises(UserError, match="years: '-5' is before the arrival"):
        left_again(put_together("PL>NO"), years=[1, -5])


def test_what_is_refused() -> None:
    data = moves_of(["PL>NO>PL"])
    with pytest.raises(UserError, match="do not cross the border of NO"):
        move_sequences(moves_of(["PL>DE"]), until=UNTIL)
    with pytest.raises(UserError, match="1 moves begin elsewhere"):
        move_sequences(
            data | {"to_country": ["NO", "NO"], "from_country": ["PL", "PL"]}, until=UNTIL
        )
    with pytest.raises(UserError, match="column date: holds whole numbers"):
        move_sequences(data | {"date": [1, 2]}, until=UNTIL)
    with pytest.raises(UserError, match="there are no moves before"):
        move_sequences(data, until=date(1999, 1, 1))
    with pytest.raises(UserError, match="nobody arrived"):
        left_again(put_together("NO>SE"))
    with pytest.raises(UserError, match="by: 'sex' is not known"):
        left_again(put_together("PL>NO"), by="sex")  # type: ignore[arg-type]
    assert set(put_together("PL>NO").persons["type"]) <= set(TYPES)
