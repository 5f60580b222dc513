"""Moves by origin and destination add up to the internal migration of accounts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkestrom.app.office.demography.moves import MovesQuestion
from folkestrom.app.office.presentation import Presentation
from folkestrom.errors import UsageError
from folkestrom.model.specification import Language
from folkestrom.publish.formats.layout import lay_out
from folkestrom.statistics.changes import changes
from folkestrom.statistics.moves import moves
from folkestrom.statistics.periods import split, year
from tests.reference.register import OPEN, Report, lives
from tests.statistics.small_store import COUNTIES, hand_made, stretched_logs
from tests.statistics.test_changes import brief, with_known_reach

PERIODS = split(date(2001, 1, 1), date(2003, 1, 1), "year")
DIGITS = {"county": 2, "municipality": 4}
levels = st.sampled_from(sorted(DIGITS))


def counts(rows: Any, *by: str, of: str = "moves") -> Counter[Any]:
    found: Counter[Any] = Counter()
    for row in rows:
        found[tuple(row[name] for name in by)] += row[of]
    return +found


def plain_moves(reports: list[Report], known: date, level: str) -> Iterator[tuple[str, str, str]]:
    for life in lives(reports, known).values():
        for _, _, kind, day, _, _, *places in life.events:
            if kind != 5 or not PERIODS[0].start <= day < PERIODS[-1].end:
                continue
            left, reached = (COUNTIES[m] if level == "county" else m for m in places[:2])
            if left != reached:
                width = DIGITS[level]
                yield year(day.year).code, f"{left:0{width}d}", f"{reached:0{width}d}"


@brief
@given(stretched_logs(), levels)
def test_moves_are_those_of_the_plain_rules(reports: list[Report], level: str) -> None:
    store = with_known_reach(reports)
    found = moves(store, PERIODS, [level], "latest").rows()
    known = date(2006, 1, 1)
    expected = Counter(plain_moves(reports, known, level))
    assert counts(found, "period", "origin", "destination") == expected


@brief
@given(stretched_logs(), levels, st.sampled_from(["published", "latest", date(2003, 2, 1)]))
def test_rows_and_columns_add_up_to_accounts(reports: list[Report], level: str, known: Any) -> None:
    store = with_known_reach(reports)
    accounts = changes(store, PERIODS, [level, "sex"], known).data.to_pylist()
    found = moves(store, PERIODS, ["sex", level], known).data.to_pylist()
    for end, flow in (("origin", "internal_out"), ("destination", "internal_in")):
        assert counts(found, "period", end, "sex") == counts(
            accounts, "period", level, "sex", of=flow
        )


@brief
@given(stretched_logs(), st.sampled_from(["published", "latest"]))
def test_countries_add_up_to_the_nation(reports: list[Report], known: Any) -> None:
    store = with_known_reach(reports)
    nation = changes(store, PERIODS, [], known).data.to_pylist()
    found = moves(store, PERIODS, ["county"], known, abroad=True).data.to_pylist()
    for flow in ("immigration", "emigration"):
        assert counts(found, "period", of=flow) == counts(nation, "period", of=flow)
    for row in found:
        assert row["net_migration"] == row["immigration"] - row["emigration"]
        assert row["immigration"] or row["emigration"]


def _event(position: int, kind: int, left: int | None, reached: int | None) -> tuple[Any, ...]:
    units = [None if m is None else m * 10_000 + 1 for m in (left, reached)]
    country = 166 if kind in (3, 8) else None
    day = date(2001, 5, position)
    return (position, 1, kind, day, 1, day, left, reached, *units, country, None, 1,
            date(1980, 6, 1), day, OPEN)  # fmt: skip


def a_store() -> Any:
    """One person who moves twice between Oslo and Rogaland and once inside it, and goes abroad."""
    ways = [(301, 1101), (1101, 1103), (1103, 301), (301, 1103)]
    events = [_event(n, 5, *way) for n, way in enumerate(ways, start=1)]
    return hand_made([{}], event=[*events, _event(5, 8, 1103, None)])


def test_a_matrix_of_counties_has_the_destinations_across() -> None:
    shown = lay_out(moves(a_store(), [year(2001)], known_at="latest"), Language.EN)
    assert [column.heading for column in shown.columns] == ["03 Oslo", "11 Rogaland"]
    rows = {row.labels[1]: row.values for row in shown.rows}
    assert rows == {"03 Oslo": (0, 2), "11 Rogaland": (1, 0)}


def test_the_largest_flows_are_a_list() -> None:
    shown = Presentation.asked(top=1, labels="en")
    question = MovesQuestion((year(2001),), known_at="latest", shown=shown)
    cells = question.answer(a_store())
    assert [row["origin_label"] for row in cells.rows()] == ["Oslo"]
    assert lay_out(cells, Language.EN).rows[0].values == (2,)


def test_a_list_of_municipalities_is_long_and_carries_what_it_is() -> None:
    cells = moves(a_store(), [year(2001)], ["municipality"], "latest")
    assert [tuple(row.values()) for row in cells.rows()] == [
        ("2001", "0301", "1101", 1),
        ("2001", "0301", "1103", 1),
        ("2001", "1101", "1103", 1),
        ("2001", "1103", "0301", 1),
    ]
    said = cells.specification.described(Language.NO)
    assert [d["label"] for d in said["dimensions"]] == [
        "Periode", "Fraflyttingskommune", "Tilflyttingskommune"
    ]  # fmt: skip
    assert said["vintage"] == "alt som er kjent"


@pytest.mark.parametrize(
    ("by", "says"),
    [
        (["county", "municipality"], "several sorts of places"),
        (["sexx"], "Did you mean 'sex'"),
        (["citizenship", "citizenship"], "asked for twice"),
    ],
)
def test_what_moves_cannot_be_by(by: list[str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        moves(a_store(), [year(2001)], by, "latest")


def test_days_that_the_log_does_not_reach_are_refused() -> None:
    with pytest.raises(UsageError, match=r"^from: .*before the log begins"):
        moves(a_store(), [year(1990)], known_at="latest")


@brief
@given(stretched_logs())
def test_a_part_of_the_moves_is_that_part_of_the_whole(reports: list[Report]) -> None:
    store = with_known_reach(reports)
    names = ("period", "origin", "destination")
    whole = list(moves(store, PERIODS, ["municipality", "sex"], "latest").rows())
    for origin in {row["origin"] for row in whole}:
        only = {"origin": origin, "sex": "female"}
        part = moves(store, PERIODS, ["municipality"], "latest", only=only).rows()
        kept = [r for r in whole if r["origin"] == origin and r["sex"] == "female"]
        assert counts(part, *names) == counts(kept, *names)
