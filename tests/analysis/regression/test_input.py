"""What cannot be fitted is refused, with what to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from folkestrom.analysis.regression import (
    cox,
    fine_gray,
    hazards_by_period,
    person_periods,
    proportionality_test,
)
from folkestrom.errors import UserError
from tests.analysis.regression.slowly import made_up

DATA = made_up(80, 1)
ROWS = np.arange(80)


def refused(message: str, call: Any = cox, **changes: Any) -> None:
    given = {"start": "start", "stop": "stop", "event": "event", "covariates": ["age"]}
    columns = {k: v for k, v in changes.items() if isinstance(v, np.ndarray)}
    options = {k: v for k, v in changes.items() if k not in columns}
    with pytest.raises(UserError, match=message):
        call(DATA | columns, **(given | options))


def test_columns_that_are_not_there_or_no_numbers() -> None:
    refused("'foo' is not a column of the table", covariates=["foo"])
    refused("names no covariate", covariates=[])
    refused("is given twice", covariates=["age", "age"])
    alone = np.full(80, "x")
    refused("column g: 'x' has one level only", covariates=["g"], g=alone)
    rows = {name: DATA[name] for name in ("stop", "event")} | {"g": alone}
    periods = person_periods(rows, stop="stop", event="event", covariates=["g"], length=30)
    with pytest.raises(UserError, match="column g: 'x' has one level only"):
        hazards_by_period(periods)
    refused(
        r"row 4, column late: .*is missing",
        stop="late",
        late=np.where(ROWS == 3, np.nan, 200.0),
    )
    refused("row 4, column age: 'inf' is not a finite number", age=np.where(ROWS == 3, np.inf, 1.0))
    refused("column sex: holds texts", stop="sex")
    refused("is not 0 or 1", event="cause")
    refused("is a int, not a table", call=lambda data, **k: cox(17, **k))


def test_rows_that_end_before_they_start() -> None:
    refused("row 5, column bad: in 1 of 80 rows", stop="bad", bad=np.where(ROWS == 4, 0, 200))


def test_weights_and_ties() -> None:
    refused("negative", weight="w", w=np.where(ROWS == 3, -1.0, 1.0))
    refused("column w: is 0 in every row", weight="w", w=np.zeros(80))
    refused("cox, ties: 'nearest' is not known", ties="nearest")


def test_nothing_to_explain() -> None:
    refused("no row has an event", event="none", none=np.zeros(80, bool))


def test_separation_and_combinations_are_named() -> None:
    alone = np.where(DATA["event"], "seen", np.where(ROWS % 2, "seen", "never"))
    refused(
        r"column group: 'never' has no event in its \d+ rows", covariates=["group"], group=alone
    )
    refused(
        "column copy: is a combination of age", covariates=["age", "copy"], copy=2 * DATA["age"] + 1
    )
    refused("column flat: does not vary", covariates=["flat"], flat=np.ones(80))


def test_a_number_that_tells_events_apart_does_not_converge() -> None:
    """The first to leave always has the greatest value: the likelihood has no top."""
    time = np.arange(1, 41)
    fit = cox(
        {"t": time, "e": time > 0, "x": -time.astype(float)}, stop="t", event="e", covariates=["x"]
    )
    assert not fit.converged_
    assert "NOT CONVERGED" in fit.summary()


@pytest.mark.parametrize("more", [{"cluster": "person"}, {"weight": "w"}, {"cause": 1}])
def test_separation_is_told_with_robust_errors_too(more: dict[str, Any]) -> None:
    rows = np.arange(40)
    data = {
        "stop": rows * 7 % 40 + 1, "here": (rows < 20) * 1.0, "person": rows // 2,
        "event": np.where(rows < 20, 0, rows % 3 % 2), "w": np.full(40, 2.0),
    }  # fmt: skip
    fit = fine_gray if "cause" in more else cox
    found = fit(data, stop="stop", event="event", covariates=["here"], **more)
    assert not found.converged_
    assert "here tells events from others at risk without error" in found.message_
    assert "where it is 1 (separation)" in found.message_


def test_causes() -> None:
    refused("ends no row", call=fine_gray, event="cause", cause=7)
    fit = fine_gray(DATA, stop="stop", event="cause", cause=1, covariates=["age"])
    assert fit.events == int((DATA["cause"] == 1).sum())
    assert fit.clusters == 80


def test_profiles_and_clocks() -> None:
    fit = cox(DATA, stop="stop", event="event", covariates=["place", "age"])
    with pytest.raises(UserError, match="'hamlet' is not a level"):
        fit.cumulative_hazard({"place": "hamlet"})
    with pytest.raises(UserError, match="column income: is no covariate"):
        fit.cumulative_hazard({"income": 1})
    with pytest.raises(UserError, match="clock: 'week' is not known"):
        proportionality_test(fit, "week")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="is no estimate and no covariate"):
        fit.wald_test(["income"])
    assert fit.wald_test(["place"]).freedom == 2


def test_periods() -> None:
    options: Any = {"start": "start", "covariates": ["age"], "length": 6, "call": person_periods}
    refused("is no length of a period", **(options | {"length": 0}))
    refused("cannot be the name", **(options | {"covariates": ["period"]}))
    refused("no period has an event", event="none", none=np.zeros(80, bool), **options)
    refused("is no number of events", event="age", **options)
    refused("at most 10000", stop="far", far=DATA["stop"] * 100_000, **options)
    refused("the end is not after", stop="bad", bad=np.where(ROWS == 4, 0, 200), **options)
    alone = np.where(DATA["event"], "seen", np.where(ROWS % 2, "seen", "never"))
    cells = person_periods(
        DATA | {"g": alone}, stop="stop", event="event", covariates=["g"], length=2
    )
    with pytest.raises(UserError, match="column g: 'never' has no event"):
        hazards_by_period(cells)
    several = person_periods(DATA, stop="stop", event="cause", covariates=["age"], length=6)
    with pytest.raises(UserError, match="takes one cause at a time"):
        hazards_by_period(several, link="cloglog")
    with pytest.raises(UserError, match="is no cause"):
        hazards_by_period(several, cause="9")
    with pytest.raises(UserError, match="link: 'probit' is not known"):
        hazards_by_period(several, link="probit")  # type: ignore[arg-type]


def test_estimates_that_are_named_twice_are_tested_once() -> None:
    fit = cox(DATA, start="start", stop="stop", event="event", covariates=["age", "sex"])
    level = fit.names_[-1]
    assert fit.wald_test(["age", "age"]) == fit.wald_test(["age"])
    assert fit.wald_test(["sex", level]) == fit.wald_test(["sex"])
