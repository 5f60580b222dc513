"""Curves through rates by age: of each group the one that its counts were drawn from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import folkestrom
from folkestrom.analysis.rates import rates
from folkestrom.analysis.rates.fitted import fitted, with_curve
from folkestrom.analysis.rates.rates import Rates
from folkestrom.errors import InputRefused, UsageError
from folkestrom.projection.rates.schedules import SCHEDULES, FittedSchedule
from tests.app.cli.asking import ask, rows
from tests.app.cli.test_rates import reports

TRUE = {"03": (0.01, 0.1, 0.05, 0.08, 22.0, 0.35, 0.004),
        "11": (0.004, 0.05, 0.02, 0.12, 26.0, 0.5, 0.001)}  # fmt: skip


def counted(lived: float = 2e5) -> Rates:
    chance, cells = np.random.default_rng(3), []
    for county, parameters in TRUE.items():
        rate = SCHEDULES["rogers-castro"].rate(np.arange(81) + 0.5, np.array(parameters))
        events = chance.poisson(lived * rate)
        cells += [(county, age, int(n), lived) for age, n in enumerate(events)]
    cells += [("50", age, int(age == 30), 10.0) for age in range(20, 40)]
    cells += [("03", None, 7, 50.0), ("03", 101, 2, 0.0)]
    table = pl.DataFrame(cells, schema=["county", "age", "events", "years"], orient="row")
    data = rates(table, exposure="years", by=["county", "age"], unit="years").data
    return Rates(("county", "age"), data, 1000.0, 0.9)


def test_each_group_has_the_parameters_that_its_counts_were_drawn_from() -> None:
    found = fitted(counted(), "rogers-castro")
    assert set(found.found) == {("03",), ("11",)}
    for (county,), (first, fit) in found.found.items():
        assert isinstance(fit, FittedSchedule)
        assert first == 0
        assert fit.rates.size == 81
        off = [
            (value - true) / fit.standard_errors[name]
            for (name, value), true in zip(
                fit.parameters.items(), TRUE[str(county)], strict=True
            )
        ]  # fmt: skip
        assert np.abs(off).max() < 3.5
    assert found.too_few == [("50",)]
    assert found.left_out == 9


def test_curves_stand_beside_the_rates_with_their_interval() -> None:
    observed = counted(5000)
    data = with_curve(observed, fitted(observed, "smooth")).data
    assert data.drop("fitted", "fitted_lower", "fitted_upper").equals(observed.data)
    whole = data.filter(pl.col("age").is_between(0, 80) & (pl.col("county") != "50"))
    assert (whole["fitted_lower"] < whole["fitted"]).all()
    assert (whole["fitted_upper"] > whole["fitted"]).all()
    for county, parameters in TRUE.items():
        mine = whole.filter(pl.col("county") == county)
        true = 1000 * SCHEDULES["rogers-castro"].rate(
            mine["age"].to_numpy() + 0.5, np.array(parameters)
        )
        inside = mine["fitted_lower"].to_numpy() < true, true < mine["fitted_upper"].to_numpy()
        assert np.mean(inside[0] & inside[1]) > 0.75
    assert data.filter(pl.col("age") == 101)["fitted"].null_count() == 1
    # The same counts from another first age: the curve of a smaller part of them.
    part = Rates(("county", "age"), observed.data.filter(pl.col("age") >= 40), 1000, 0.9)
    assert fitted(part, "smooth").found["03",][0] == 40


def test_no_group_with_events_enough_is_refused() -> None:
    few = counted()
    few = Rates(few.by, few.data.filter(pl.col("county") == "50"), 1000, 0.95)
    with pytest.raises(InputRefused, match="finds too few events for a curve in every group"):
        fitted(few, "siler")
    assert fitted(few, "smooth").too_few == []


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fitted")
    (folder / "reports.csv").write_text(reports(), encoding="utf-8")
    folkestrom.open(folder / "store").in_borders(2020).intake(folder / "reports.csv")
    return folder / "store"


YEAR = ("--from", "2020-01-01", "--to", "2020-07-02")


def test_a_table_and_a_picture_with_the_curve(store: Path, tmp_path: Path) -> None:
    asked = ("rates", *YEAR, "--by", "age", "--smooth")
    found = rows(ask(store, *asked, "--format", "csv"))
    expected = sum(float(r["fitted"]) * float(r["person_years"]) / 1000 for r in found)
    # The events that smooth rates make expected are those that were counted (rounded here).
    assert expected == pytest.approx(sum(int(row["events"]) for row in found), rel=0.01)
    shown = ask(store, *asked).stdout
    assert "Fitted rates, with 95 % intervals, are smooth: P-splines" in shown
    assert "Ages 20-70: deviance " in shown
    exact = folkestrom.open(store).rates("2020-01-01", "2020-07-02", "age", smooth=True)
    assert exact["fitted"].to_pylist()[0] != round(exact["fitted"].to_pylist()[0], 2)
    assert ask(store, *asked, "--output", str(tmp_path / "curve.csv")).exit_code == 0
    picture = tmp_path / "curve.svg"
    done = ask(store, "chart", str(tmp_path / "curve.csv"), "--output", str(picture))
    assert done.exit_code == 0
    assert "Points are what was counted, lines what is fitted." in picture.read_text("utf-8")


def test_wild_parameters_are_named_in_both_languages(store: Path) -> None:
    asked = ("rates", *YEAR, "--by", "age", "--schedule", "siler")
    assert "The counts do not tell " in ask(store, *asked).stdout
    assert "tallene bestemmer ikke " in ask(store, "--lang", "no", *asked).stdout


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"schedule": "rogers-castro"}, "through rates by single year of age"),
        ({"by": "age", "smooth": True, "standardise_by": "sex"}, "standardised for nothing"),
        ({"by": "age", "smooth": True, "schedule": "siler"}, "is one curve, and smooth another"),
        ({"by": "age", "smooth": True, "publish": "research"}, "no rules have seen"),
    ],
)
def test_what_no_curve_is_drawn_through(store: Path, asked: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        folkestrom.open(store).rates("2020-01-01", "2020-07-02", **asked)  # type: ignore[arg-type]
    done = ask(store, "rates", *YEAR, "--by", "age", "--schedule", "sieler")
    assert "Did you mean 'siler'?" in done.stderr
