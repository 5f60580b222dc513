"""What is refused, and with which words; what results come as."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from folkestrom.analysis.followup import (
    aalen_johansen,
    count,
    difference_at,
    follow_up,
    gray_test,
    incidence_and_shares,
    kaplan_meier,
    log_rank,
    quantile,
    restricted_mean,
    restricted_mean_difference,
    state_occupation,
    transition_probabilities,
    transitions,
)
from folkestrom.errors import ResourceError, UsageError, UserError

GOOD: dict[str, Any] = {"exit": [2, 3, 5], "cause": [1, 0, 1], "entry": [0, 1, 1]}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"entry": [0, 3, 5]}, "in 2 of 3 rows the exit is not after the entry"),
        ({"entry": None, "exit": [0, 3, -5]}, "in 2 of 3 rows the exit is not after the entry"),
        ({"weight": [1.0, -1.0, np.nan]}, "row 3, column weight: is missing or infinite"),
        ({"weight": [1.0, 1.0, np.inf]}, "row 3, column weight: 'inf' is missing or infinite"),
        ({"weight": [0.0, 0.0, 0.0]}, "column weight: is 0 in every row"),
        ({"cause": [1, 2, 3]}, "'3' is not the number of a cause (2 of 3 rows)"),
        ({"cause": [1, -1, 0]}, "row 2, column cause: '-1' is negative"),
        ({"cause": [1, 300, 0]}, "Allowed: 0 for censored, and 1 to 1"),
        ({"cause": [1, None, 0]}, "row 2, column cause: is missing"),
        ({"cause": [1, 0.5, 0]}, "row 2, column cause: '0.5' is no number of events"),
        ({"causes": []}, "is not a number of causes"),
        ({"causes": ["censored"]}, "cannot be the name of a cause"),
        ({"causes": ["death", "death"]}, "cannot be the name of a cause"),
        ({"exit": [], "cause": [], "entry": []}, "there are no rows"),
        ({"exit": [2.5, np.nan, 5]}, "row 2, column exit: is missing"),
        ({"exit": [2.5, 3.5, 5]}, "'2.5' is no whole number of days (2 of 3 rows)"),
        ({"exit": np.array(["2020-01-01"] * 3, "M8[D]")}, "holds days, and entry holds"),
        ({"exit": ["2", "x", "5"]}, "column exit: holds texts"),
        ({"exit": [[2], [3], [5]]}, "column exit: holds lists"),
        ({"exit": np.array(["2020-01-01", "NaT"] + ["2020-01-01"], "M8[D]")}, "row 2, column exit"),
        ({"cause": [1, 0]}, "has 2 rows, and exit has 3"),
        ({"group": ["a", None, "b"]}, "row 2, column group: is missing"),
    ],
)
def test_what_cannot_be_meant_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as refused:
        follow_up(**GOOD | changed)
    assert said in str(refused.value)


def test_seconds_are_not_days() -> None:
    follow = follow_up(exit=[10**9, 2 * 10**9], cause=[1, 1])
    with pytest.raises(ResourceError, match="whole days"):
        count(follow)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda f: kaplan_meier(f, interval="logit"), "interval: 'logit' is not known"),
        (lambda f: kaplan_meier(f, level=95), "is not a level"),
        (lambda f: kaplan_meier(f, variance="wild"), "variance: 'wild' is not known"),
        (lambda f: kaplan_meier(f).of("c"), "names no curve"),
        (lambda f: kaplan_meier(f).of(), "names several curves"),
        (lambda f: quantile(kaplan_meier(f).of("a"), 50), "is not a share"),
        (lambda f: restricted_mean(f, 4), "is not a day within the follow-up of group b"),
        (lambda f: restricted_mean(f, 0), "is not a day within the follow-up"),
        (lambda f: gray_test(f, "event"), "is not defined for rows that enter late"),
        (lambda f: gray_test(f, "moved"), "is not a cause of this follow-up"),
        (lambda f: log_rank(follow_up(**GOOD)), "there are not two of them"),
        (
            lambda f: log_rank(follow_up(**GOOD, group=["a", "a", "b"], weight=[1, 2, 3])),
            "has no place for weights",
        ),
        (lambda f: log_rank(f, "gehen"), "Did you mean 'gehan'"),
        (lambda f: log_rank(f, "gehan", rho=1), "has no effect"),
        (lambda f: log_rank(f, "fleming-harrington", gamma=-1), "is no power"),
        (lambda f: difference_at(f, 9), "is not a day within the follow-up of group b"),
        (lambda f: difference_at(f, 2, reference="c"), "none of the groups compared"),
        (lambda f: restricted_mean_difference(follow_up(**GOOD), 2), "there are not two of them"),
        (lambda f: incidence_and_shares(f, []), "no day is asked for"),
        (lambda f: kaplan_meier(f).to("excel"), "target: 'excel' is not known"),
    ],
)
def test_questions_that_cannot_be_meant_are_refused(ask: Any, said: str) -> None:
    follow = follow_up(exit=[2, 5, 3], cause=[1, 1, 0], entry=[0, 1, 1], group=["a", "a", "b"])
    if "moved" in said or "not a cause" in said:
        follow = follow_up(exit=[2, 5, 3], cause=[1, 1, 0], group=["a", "a", "b"])
    with pytest.raises(UsageError) as refused:
        ask(follow)
    assert said in str(refused.value)


STAYS: dict[str, Any] = {
    "exit": [4, 6, 6],
    "origin": ["here", "here", "away"],
    "destination": ["away", None, "here"],
    "entry": [0, 0, 4],
    "states": ["here", "away"],
}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"origin": ["here", "there", "away"]}, "column origin: 'there' is no known state"),
        ({"origin": ["here", None, "away"]}, "column origin: is missing in 1 of 3 rows"),
        ({"destination": ["away", "gone", "here"]}, "'gone' is no known state"),
        ({"destination": ["away", "here", "here"]}, "1 of 3 rows go to the state"),
        ({"origin": [1, 1, 2]}, "column origin: holds whole numbers, and no names of states"),
        ({"states": ["here"]}, "there must be two"),
        ({"entry": [0, 0, 6]}, "in 1 of 3 rows the exit is not after the entry"),
    ],
)
def test_stays_that_cannot_be_meant_are_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as refused:
        transitions(**STAYS | changed)
    assert said in str(refused.value)


def test_states_that_cannot_be_asked_for_are_refused() -> None:
    follow = transitions(**STAYS)
    with pytest.raises(UsageError, match="are not shares of the states"):
        state_occupation(follow, initial=[0.5, 0.6])
    with pytest.raises(UsageError, match="is not a day within the follow-up"):
        transition_probabilities(follow, since=6)


def test_columns_come_as_numpy_polars_or_arrow() -> None:
    frame = pl.DataFrame(GOOD | {"group": ["b", "a", "b"]}).with_columns(died=pl.col("cause") == 1)
    wanted = follow_up(**GOOD, group=["b", "a", "b"])
    ways = (
        lambda series: series,
        pl.Series.to_list,
        pl.Series.to_numpy,
        pl.Series.to_arrow,
        lambda series: pa.chunked_array([series[:1].to_arrow(), series[1:].to_arrow()]),
    )
    for column in ways:
        given = {name: column(frame[name]) for name in ("exit", "entry", "group")}
        found = follow_up(cause=column(frame["cause"]), **given)
        for one, other in zip(kaplan_meier(found), kaplan_meier(wanted), strict=True):
            assert one.to("arrow") == other.to("arrow")
    as_truth = follow_up(frame["exit"], frame["died"].to_numpy(), entry=frame["entry"])
    assert as_truth.cause.tolist() == [1, 0, 1]


def test_groups_are_numbers_or_texts_in_their_own_order() -> None:
    for numbers in (np.array([10, -2, 9]), [10, -2, 9], np.array([10**9, -(10**9), 9])):
        follow = follow_up(**GOOD, group=numbers)
        assert follow.groups == tuple(str(n) for n in sorted(numbers))
        assert follow.group.tolist() == [2, 0, 1]
    assert follow_up(**GOOD, group=["10", "-2", "9"]).groups == ("-2", "10", "9")


def test_results_come_as_arrow_polars_or_pandas() -> None:
    follow = follow_up(**GOOD, group=["a", "b", "b"])
    test = log_rank(follow)
    for result in (count(follow), kaplan_meier(follow), restricted_mean(follow, 2), test):
        arrow = result.to("arrow")
        assert result.to("polars").shape == (arrow.num_rows, arrow.num_columns)
        assert list(result.to("pandas").columns) == arrow.column_names


def test_what_is_not_known_is_null() -> None:
    follow = follow_up(exit=[1, 2, 3], cause=[0, 1, 1])
    table = kaplan_meier(follow, interval="log-log").to("arrow").to_pydict()
    assert table["estimate"] == [1.0, 0.5, 0.0]
    assert [value is None for value in table["lower"]] == [True, False, True]


def test_a_group_whose_rows_all_leave_before_the_others_still_has_its_curve() -> None:
    follow = follow_up(exit=[1, 1, 9], cause=[0, 0, 1], group=["short", "short", "long"])
    curves = aalen_johansen(follow)
    assert curves.of("short", "event").time.tolist() == [1]
    assert np.isnan(curves.of("short", "event").at(5))
    assert curves.of("long", "event").at([5, 9, 20]).tolist() == [0.0, 1.0, 1.0]
    assert log_rank(follow).degrees == 0
    assert log_rank(follow).p_value == 1.0
