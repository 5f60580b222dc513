"""Futures beside each other: parts that add up, equivalents that do the same, figures by hand."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from folkestrom.analysis.prospects.by_cells import cell_dimensions
from folkestrom.analysis.prospects.compared import decomposed, equivalents
from folkestrom.analysis.prospects.equivalent_draws import DrawnEquivalent, equivalent_draws
from folkestrom.analysis.prospects.likely import Likely, factors_of, figures_of, likely_outlook
from folkestrom.analysis.prospects.measures import chosen
from folkestrom.analysis.prospects.outlook import BASELINE, future_of, outlook
from folkestrom.errors import InputRefused, UsageError
from folkestrom.projection.assumptions import Rates
from folkestrom.projection.changes import Change
from folkestrom.projection.counts import Counts
from folkestrom.projection.scenario import Scenario, named, scenario_of
from folkestrom.projection.start import Start
from folkestrom.projection.stochastic.limits import COMPONENTS, Limit, Limits
from folkestrom.projection.structure import Group, Structure
from tests.projection.test_levels import CELLS, PEOPLE, rates

NONE = np.zeros(CELLS.shape)
START = Start(CELLS, PEOPLE, Counts(CELLS, 1, PEOPLE, NONE, NONE, NONE, NONE[:, 0]), rates())
FEW = Change("emigration", "multiply", 0.5)
MANY = Change("fertility", "multiply", 1.3)
LONG = Change("mortality", "multiply", 0.7)


def ratio(*changes: Change) -> float:
    future = future_of(START, Scenario("x", changes), 2020, 41)
    return float(chosen(["old_age_dependency"])[0].of(future)[-1])


def test_parts_are_averaged_over_all_orders_and_add_up() -> None:
    both = Scenario("both", (FEW, MANY))
    cells = decomposed(START, 2020, 2060, [both], "old_age_dependency")
    parts = dict(zip(cells.data["component"].to_pylist(), cells.data["difference"].to_pylist(),
                     strict=True))  # fmt: skip
    none, few, many, all_ = ratio(), ratio(FEW), ratio(MANY), ratio(FEW, MANY)
    assert parts == pytest.approx({
        "emigration": (few - none + all_ - many) / 2,
        "fertility": (many - none + all_ - few) / 2,
        "all": all_ - none,
    }, abs=1e-5)  # fmt: skip


def test_three_parts_and_one_scenario_against_another() -> None:
    first, second = Scenario("a", (LONG,)), Scenario("b", (FEW, MANY, Change(
        "return", "multiply", 0)))  # fmt: skip
    cells = decomposed(START, 2020, 2060, [first, second], "old_age_dependency")
    found = cells.data["difference"].to_pylist()
    assert cells.data["component"].to_pylist() == [
        "mortality", "fertility", "emigration", "return", "all",
    ]  # fmt: skip
    assert sum(found[:-1]) == pytest.approx(found[-1], abs=5e-5)
    expected = ratio(*second.changes) - ratio(LONG)
    assert found[-1] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("component", ["fertility", "immigration", "mortality"])
def test_an_equivalent_does_the_same(component: str) -> None:
    (row,) = equivalents(
        START, 2020, 2060, [named("half-emigration")], component, "old_age_dependency"
    ).data.to_pylist()
    factor = Change(component, "multiply", row["factor"])
    assert ratio(factor) == pytest.approx(ratio(FEW), abs=2e-4)
    assert row["before"] == pytest.approx(ratio(), abs=1e-4)


def limits(low: float, high: float) -> Limits:
    return Limits(tuple(Limit(name, 2030, low, 1.0, high) for name in COMPONENTS))


@pytest.mark.parametrize("component", ["fertility", "immigration", "mortality"])
def test_an_equivalent_in_draws_that_do_not_differ_is_that_without(component: str) -> None:
    half, figure = [named("half-emigration")], "old_age_dependency"
    (plain,) = equivalents(START, 2020, 2060, half, component, figure).data.to_pylist()
    (row,) = equivalents(
        START, 2020, 2060, half, component, figure, Likely(2, limits=limits(1, 1))
    ).data.to_pylist()
    for name in ("before", "after", "factor"):
        assert row[name] == plain[name]
    assert row["factor_lower"] == row["factor_upper"] == plain["factor"]


def test_an_equivalent_does_the_same_in_each_draw() -> None:
    asked, figure = Likely(20, limits=limits(0.5, 2)), "old_age_dependency"
    found = equivalent_draws(
        START, BASELINE, Scenario("few", (FEW,)), 2020, 41, "fertility", figure, 1.2, asked
    )
    drawn = factors_of(START, asked, 2020, 41)
    for n, factor in enumerate(found.factors):
        # By the projection without draws, of this draw's rates and as many times the fertility.
        own = drawn.applied(START.rates, CELLS, slice(n, n + 1))
        own = Rates(own.mortality[0], own.emigration[0], own.fertility[0], own.immigration[0])
        start = Start(CELLS, PEOPLE, START.counts, own)
        many, few = (
            chosen([figure])[0].of(future_of(start, Scenario("x", (change,)), 2020, 41))[-1]
            for change in (Change("fertility", "multiply", float(factor)), FEW)
        )
        assert many == pytest.approx(few, abs=1e-6)
    assert np.ptp(found.factors) > 0.05
    of_itself = equivalent_draws(
        START, BASELINE, Scenario("few", (FEW,)), 2020, 41, "emigration", figure, 0.6, asked
    )
    assert of_itself.factors == pytest.approx(0.5, abs=1e-5)


def test_draws_without_an_equivalent_are_said_with_their_share() -> None:
    found = DrawnEquivalent(np.ones(4), np.ones(4), np.array([1.0, 2.0, 3.0, np.nan]))
    assert found.summary(["factor", "low", "high"], [50]) == pytest.approx(
        {"before": 1, "after": 1, "factor": 2, "low": 1.5, "high": 2.5}
    )
    assert found.remarks("few")[0].en.startswith("few: in 25.0 per cent of the draws")
    crowd = Scenario("crowd", (Change("population", "multiply", 1e6),))
    with pytest.raises(UsageError, match="crowd: 'mortality' has no equivalent in any draw"):
        equivalent_draws(
            START, BASELINE, crowd, 2020, 41, "mortality", "population", 1.0,
            Likely(2, limits=limits(1, 1)),
        )  # fmt: skip
    with pytest.raises(UsageError, match="'growth' is no figure that is drawn"):
        equivalents(START, 2020, 2060, [Scenario("few", (FEW,))], "fertility", "growth",
                    Likely(2, limits=limits(1, 1)))  # fmt: skip


def test_what_no_factor_can_do_and_what_cannot_be_asked() -> None:
    crowd = Scenario("crowd", (Change("population", "multiply", 1e6),))
    with pytest.raises(UsageError, match="scenario crowd: 'mortality' has no equivalent"):
        equivalents(START, 2020, 2060, [crowd], "mortality", "population")
    with pytest.raises(UsageError, match="scenario: is missing"):
        decomposed(START, 2020, 2060, [], "population")
    with pytest.raises(UsageError, match=r"(?s)equivalent: 'fertlity'.*Did you mean 'fertility'"):
        equivalents(START, 2020, 2060, [crowd], "fertlity", "population")


def test_figures_by_their_definitions() -> None:
    future = future_of(START, BASELINE, 2020, 2)
    persons, mortality = future.persons[0], rates().mortality[0, 0]

    def figure(name: str) -> float:
        return float(chosen([name])[0].of(future)[0])

    old, working = 0.0, 0.0
    for sex in range(2):
        left = [_left(mortality[sex], age) for age in range(120)]
        for age in range(20, 120):
            part = np.clip((left[age] - 15) / (left[age] - left[min(age + 1, 119)] + 1e-15), 0, 1)
            working += persons[sex, age] * part
            old += persons[sex, age] * (1 - part)
    assert figure("prospective_dependency") == pytest.approx(old / working, rel=1e-3)
    assert figure("old_age_dependency:67:18") == pytest.approx(
        persons[:, 67:].sum() / persons[:, 18:67].sum()
    )
    assert figure("immigrants") == pytest.approx(100 * 100 / 1100)
    # Of all residents together: 1000 natives and 100 others at every age below 90.
    together = mortality + (1000 * 0.01 + 100 * 0.05) / 1100 * (
        (np.arange(120) >= 20) & (np.arange(120) < 40)
    )
    years = np.mean([_left(one, 0) for one in together])
    assert figure("years_in_country") == pytest.approx(years, rel=1e-6)
    assert figure("growth") == pytest.approx(figure("natural_increase") + figure("net_migration"))
    grown = future.persons[1].sum() - persons.sum()
    assert figure("growth") == pytest.approx(grown)


def _left(mortality: np.ndarray[tuple[int], np.dtype[np.float64]], age: int) -> float:
    """Remaining years at an age, summed in tenths of a year."""
    hazard = np.append(np.repeat(mortality[age:-1], 1000), [mortality[-1]] * 20_000) / 1000
    alive = np.exp(-np.cumsum(hazard) + hazard / 2)
    return float(alive.sum() / 1000)


def test_the_population_by_sex_age_and_group() -> None:
    cells = ["sex", "age", "immigrant_group"]
    by = outlook(START, 2020, 2021, [named("half-emigration")], by=cells)
    data = by.data.to_pylist()
    assert len(data) == 2 * 2 * 2 * 120 * 2
    one = ["2020", "female", 50, "immigrants"]
    cell = next(row for row in data if [row[name] for name in ("year", *cells)] == one)
    assert cell["population"] == 100
    total = outlook(START, 2020, 2021).data["population"].to_pylist()
    own = [row for row in data if row["scenario"] == "baseline"]
    for year, wanted in zip(("2020", "2021"), total, strict=True):
        found = sum(row["population"] for row in own if row["year"] == year)
        assert found == pytest.approx(wanted, abs=120)
    with pytest.raises(UsageError, match="cannot be asked for together"):
        outlook(START, 2020, 2021, by=["sex"], indicators=["growth"])
    with pytest.raises(UsageError, match="'county' is nothing that a projection is by"):
        outlook(START, 2020, 2021, by=["county"])


def test_groups_have_the_names_that_tables_give_them() -> None:
    cells = Structure(groups=(Group("native"), Group("settled", "Here for long"), Group("new")))
    (found,) = cell_dimensions(cells, ["immigrant_group"], None)
    assert [one.label.en for one in found.categories] == ["Natives", "Here for long", "new"]


def test_needs_per_head(tmp_path: Path) -> None:
    file = tmp_path / "needs.csv"
    file.write_text(
        "need,ages,sex,group,per_head\ncare,80-,female,immigrants,3\ncare,80-84,male,,1.5\n",
        "utf-8",
    )
    found = outlook(START, 2020, 2021, indicators=["population"], needed=file).data
    assert found["care"].to_pylist()[0] == 10 * 100 * 3 + 5 * 1100 * 1.5
    for text, said in (
        ("need,ages\ncare,80-", "column per_head: has no such column"),
        ("need,ages,per_head\npopulation,80-,1", "row 1, column need: 'population' is no name"),
        ("need,ages,per_head\nyear,80-,1", "row 1, column need: 'year' is no name"),
        ("need,ages,per_head\n ,80-,1", "row 1, column need: .* is no name"),
        (
            "need,ages,per_head\ncare,80-,1\ncare,80-,2",
            r"(?s)row 2, column ages: '80-' has persons whose need.*Let row 1 and",
        ),
        (
            "need,ages,sex,group,per_head\ncare,0-79,,,1\ncare,80-,,new,1\ncare,70-89,female,native,2",
            r"(?s)row 3, column ages: '70-89' has persons whose need.*Let row 1 and",
        ),
        ("need,ages,per_head\ncare,200-,1", "row 1, column ages: '200-' is of nobody"),
        ("need,ages,group,per_head\ncare,80-,away,1", "row 1, column ages: '80-' is of nobody"),
        ("need,ages,per_head\ncare,80-,x", "row 1, column per_head: 'x' is none that can be"),
        ("need,ages,per_head\ncare,old,1", "row 1, ages: 'old' are no ages"),
        ("need,ages,per_head,group\ncare,80-,1,imigrants", "'imigrants' is no group"),
    ):
        file.write_text(text, "utf-8")
        with pytest.raises((UsageError, InputRefused), match=said):
            outlook(START, 2020, 2021, needed=file)


def test_a_range_is_shown_by_both_its_ends_as_if_each_were_asked_for() -> None:
    low, high = 0.01, 0.0229
    text = """
        name = "left"
        [[change]]
        component = "population"
        groups = ["immigrants"]
        ages = "20-66"
        over_coverage = {}
    """
    whole, *ends = (
        scenario_of(tomllib.loads(text.format(number))) for number in ([low, high], low, high)
    )
    cells = outlook(START, 2020, 2040, [whole, Scenario("half", (FEW,))], every=10)
    rows = cells.data.to_pylist()
    assert list(dict.fromkeys(row["scenario"] for row in rows)) == [
        "baseline", "left: 0.01", "left: 0.0229", "half",
    ]  # fmt: skip
    for one, end in zip(ends, (low, high), strict=True):
        alone = outlook(START, 2020, 2040, [one], every=10).data.to_pylist()
        alone = [row for row in alone if row["scenario"] == "left"]
        shown = [row for row in rows if row["scenario"] == f"left: {end:g}"]
        assert shown == [{**row, "scenario": f"left: {end:g}"} for row in alone]
        # By hand: of 200 immigrants at each of 47 ages, so many are not there.
        gone = rows[0]["population"] - shown[0]["population"]
        assert gone == pytest.approx(47 * 200 * end, abs=1)
    said = [note.en for note in cells.specification.footnotes]
    assert "left: a range, from 0.01 to 0.0229, shown by both its ends." in said
    found = equivalents(START, 2020, 2040, [whole], "immigration", "population").data
    assert found["scenario"].to_pylist() == ["left: 0.01", "left: 0.0229"]
    with pytest.raises(UsageError, match="scenario left: is a range, and one scenario"):
        equivalents(START, 2020, 2040, [whole, Scenario("half", (FEW,))], "fertility", "births")


def test_draws_lie_evenly_between_the_ends_of_a_range() -> None:
    fixed = Likely(200, limits=Limits(tuple(Limit(n, 2025, 1, 1, 1) for n in COMPONENTS)))
    whole = named("over-coverage")
    factors = factors_of(START, fixed, 2020, 1)
    found = figures_of(START, whole, 2020, [0], factors)[0]["population"][:, 0]
    all_of_them = figures_of(START, BASELINE, 2020, [0], factors)[0]["population"][0, 0]
    gone = np.sort(all_of_them - found) / (47 * 200)
    # Uniform from 0 to 3 per cent: the middles of twenty places, ten draws at each.
    assert gone == pytest.approx(np.repeat((np.arange(20) + 0.5) / 20 * 0.03, 10))
    cells = likely_outlook(START, 2020, 2021, fixed, [whole])
    row = cells.data.to_pylist()[2]
    for end, share in (("", 0.015), ("_lower", 0.027), ("_upper", 0.003)):
        wanted = all_of_them - 47 * 200 * share
        assert row[f"population{end}"] == pytest.approx(wanted, abs=47 * 200 * 0.03 / 20)
    said = [note.en for note in cells.specification.footnotes]
    assert "over-coverage: a range, from 0 to 0.03, drawn evenly between its ends." in said


def test_ratios_to_nobody_have_no_difference() -> None:
    limits = Limits(tuple(Limit(n, 2025, 1, 1, 1) for n in COMPONENTS))
    old = replace(START, population=np.where(np.arange(PEOPLE.shape[-1]) >= 65, PEOPLE, 0.0))
    asked = Likely(4, limits=limits, difference=True)
    (row,) = likely_outlook(old, 2020, 2020, asked, [named("half-emigration")]).data.to_pylist()
    assert (row["population"], row["median_age"]) == (0, 0)
    assert row["old_age_dependency"] is None


def test_a_scenario_says_whom_it_leaves_without_anybody() -> None:
    cells = outlook(START, 2020, 2060, [Scenario(
        "empty", (Change("population", "multiply", 0, ("immigrants",)),
                  Change("immigration", "multiply", 0)))])  # fmt: skip
    notes = [note.en for note in cells.specification.footnotes]
    said = "empty: leaves out {} of the groups, in which nobody is at the beginning: {}."
    assert said.format(1, "new") in notes
    ends = [Scenario("ends", (Change("immigration", "multiply", 0), Change(
        "emigration", "set", 1, ("new",))))]  # fmt: skip
    notes = [note.en for note in outlook(START, 2020, 2060, ends).specification.footnotes]
    assert [note[:48] for note in notes if "nobody" in note] == [
        "ends: nobody is left in 1 of the groups, first b"
    ]


def test_one_year_is_the_start() -> None:
    alone = outlook(START, 2020, 2020).data.to_pylist()
    assert alone == outlook(START, 2020, 2021).data.to_pylist()[:1]
    with pytest.raises(UsageError, match="the second not the earlier"):
        outlook(START, 2020, 2019)


def test_growth_beyond_belief_is_said() -> None:
    """Three daughters a woman and more: tens of times as many in eighty years."""
    grown = outlook(START, 2020, 2100, [Scenario("many", (Change("fertility", "multiply", 6),))])
    size = grown.data.to_pylist()[-1]["population"] / grown.data.to_pylist()[0]["population"]
    assert size > 10
    notes = [note.en for note in grown.specification.footnotes if "times what it was" in note.en]
    assert len(notes) == 1
    year = int(notes[0].removeprefix("many: by ")[:4])
    first = {row["year"]: row["population"] for row in grown.data.to_pylist()
             if row["scenario"] == "many"}  # fmt: skip
    assert first[f"{year - 1}"] <= 10 * first["2020"] < first[f"{year}"]
