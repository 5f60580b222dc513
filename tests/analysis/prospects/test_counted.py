"""What a projection starts from, beside the reports of a few persons read one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from folkestrom.analysis.prospects.counted import start
from folkestrom.analysis.prospects.groups import place
from folkestrom.analysis.prospects.projected import projected
from folkestrom.errors import UsageError
from folkestrom.model.codes import Kind
from folkestrom.projection.scenario import Change, Scenario
from folkestrom.statistics.population import population
from tests.reference.register import Report
from tests.statistics.small_store import store_of
from tests.statistics.test_coverage import report

DAY, KNOWN = date(2021, 1, 1), date(2021, 2, 1)


def people() -> list[Report]:
    """120 natives; of every six one emigrates, one emigrates and returns, and one dies."""
    made = [
        report(n, Kind.FIRST_REGISTRATION, date(1999, 12, 31), date(2000, 1, 1))
        for n in range(1, 121)
    ]
    born = {n: date(1950 + n % 50, 5, 17) for n in range(1, 121)}
    day = date(2016, 3, 1)
    for n in range(1, 121):
        day += timedelta(days=12)
        if n % 6 in (1, 2):
            made.append(report(n, Kind.EMIGRATION, day, day))
        if n % 6 == 2:
            back = day + timedelta(days=200)
            made.append(report(n, Kind.IMMIGRATION, back, back))
        if n % 6 == 3:
            made.append(report(n, Kind.DEATH, day, day))
    made.append(report(999, Kind.BIRTH, date(2021, 1, 30), KNOWN))
    return [
        replace(one, position=n, key_hash=n, birth_date=born.get(one.person, one.birth_date))
        for n, one in enumerate(made, start=1)
    ]


def test_who_is_here_and_who_lives_abroad() -> None:
    store = store_of(people())
    found = start(store, DAY, KNOWN, 5)
    here = found.population[found.structure.resident].sum()
    assert here == population(store, DAY).data["persons"][0].as_py()
    abroad = {n % 120 for n in range(1, 121) if n % 6 == 1}
    back = [n for n in range(1, 121) if n % 6 == 2]
    late = [one for one in people() if one.kind == Kind.IMMIGRATION and one.event_date >= DAY]
    assert found.population[~found.structure.resident].sum() == len(abroad) + len(late)
    assert here == 120 - 20 - 20 - len(late)
    assert len(back) == 20
    assert found.left_out == 0


def test_scenarios_of_one_name_and_more_persons_than_can_be_counted_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = store_of(people())
    named = Scenario("x", (Change("emigration", "multiply", 0.5),))
    with pytest.raises(UsageError, match=r"(?s)scenarios: 'x' must each.*Next: Give one"):
        projected(store, 2021, 2023, scenarios=(named, named))
    monkeypatch.setattr("folkestrom.analysis.prospects.outlook._MOST_PERSONS", 50)
    with pytest.raises(UsageError, match=r"(?s)scenario baseline: makes more.*Allowed: less"):
        projected(store, 2021, 2060)


def test_events_that_rates_expect_are_those_that_were_counted() -> None:
    found = start(store_of(people()), DAY, KNOWN, 5)
    emigrants = [one for one in people() if one.kind == Kind.EMIGRATION]
    # Of 120 persons over five years: about as many leave as did, at the rates of each age.
    expected = (found.rates.emigration[0, place("native", None)] * found.population[0]).sum()
    assert expected == pytest.approx(len(emigrants) / 5, rel=0.35)
    assert found.rates.emigration[0, place("nordic", 0)].sum() == 0
    returned = found.rates.emigration[0, ~found.structure.resident]
    assert (returned >= 0).all()
    assert returned.sum() > 0


def test_the_future_of_nobody_who_moves_is_that_of_who_is_here() -> None:
    still = Scenario("still", tuple(
        Change(component, "set", 0.0)
        for component in ("mortality", "emigration", "return", "immigration", "fertility")
    ))  # fmt: skip
    cells = projected(store_of(people()), 2021, 2031, scenarios=[still], every=5)
    rows = cells.data.to_pylist()
    assert [row["year"] for row in rows] == ["2021", "2026", "2031"] * 2
    assert len({row["population"] for row in rows if row["scenario"] == "still"}) == 1
    assert all(row["births"] == 0 for row in rows if row["scenario"] == "still")
    assert len({row["population"] for row in rows if row["scenario"] == "baseline"}) == 3
    (said,) = [n.en for n in cells.specification.footnotes if n.en.startswith("still")]
    assert still.fingerprint in said


def test_years_that_cannot_be() -> None:
    store = store_of(people())
    with pytest.raises(UsageError, match="are no years of a projection"):
        projected(store, 2021, 2020)
    for years in (22, 30):
        with pytest.raises(UsageError, match=f"(?s)years: '{years}' are more.*1 to 21\\."):
            projected(store, 2021, 2022, base_years=years)
    for first in (2000, 2031):
        with pytest.raises(UsageError, match=f"(?s)from: '{first}' is no year.*2001 to 2021"):
            projected(store, first, 2041, base_years=1)
    with pytest.raises(UsageError, match="name of their own"):
        projected(store, 2021, 2022, scenarios=[Scenario("a"), Scenario("a")])
    assert np.isfinite(projected(store, 2021, 2022).data["old_age_dependency"][0].as_py())
