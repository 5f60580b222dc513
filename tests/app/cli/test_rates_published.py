"""What is published of rates: whoever solves the equations finds no small count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import folkestrom
from folkestrom.analysis.rates.rates import Rates
from folkestrom.app.office.api import Store
from folkestrom.disclosure import Rules
from folkestrom.errors import UsageError
from folkestrom.outputs.rates import with_persons
from tests.app.cli.asking import ask, rows
from tests.app.cli.test_rates import HEADER

PERIOD = ("2020-01-01", "2020-07-02")
YEAR = ("--from", PERIOD[0], "--to", PERIOD[1])
#: Residents, and how many men and women of them emigrate on 1 July.
COUNTIES = {"0301": (400, 31, 30), "1101": (150, 12, 9), "1506": (60, 2, 2), "5001": (30, 0, 0)}

#: Counties where each emigration is of another person.
LARGE = {"county": ["03", "11", "15"]}


def reports() -> str:
    rows = [HEADER]

    def add(*cells: object) -> None:
        texts = [*map(str, cells)]
        rows.append(",".join(["t", str(len(rows)), *texts, *[""] * (14 - len(texts))]))

    person = 0
    for place, (residents, men, women) in COUNTIES.items():
        left = {"male": men, "female": women}
        for n in range(residents):
            person += 1
            # More men than women in some counties, so that compositions differ.
            sex = "male" if n % 5 < (3 if place == "1506" else 2) else "female"
            add("1999-12-31T12:00:00Z", 7000 + person, "first_registration", "1999-12-31", place,
                f"{place}0001", "", "NO", "NO", "never_married", sex,
                f"{1950 + n % 40}-05-17", "first_registration", "")  # fmt: skip
            if left[sex]:
                left[sex] -= 1
                gone(add, person, "07-01")
            elif place == "5001" and n < 2:
                # Two persons of Trondheim leave, come back, and leave again.
                gone(add, person, "03-01")
                add("2020-05-02T12:00:00Z", 7000 + person, "immigration", "2020-05-01", place,
                    f"{place}0001", "SE", "NO", "NO", "never_married", sex,
                    f"{1950 + n % 40}-05-17", "immigration", "return")  # fmt: skip
                gone(add, person, "07-01")
    return "\n".join(rows) + "\n"


def gone(add: Any, person: int, day: str) -> None:
    add(f"2020-{day}T12:00:00Z", 7000 + person, "emigration", f"2020-{day}", "", "", "SE")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    (folder / "reports.csv").write_text(reports(), encoding="utf-8")
    done = folkestrom.open(folder / "store").in_borders(2020).intake(folder / "reports.csv")
    assert done.total.quarantined == 0
    return folder / "store"


def frame(store: Path, by: str, **asked: Any) -> pl.DataFrame:
    found = Store(store).rates(*PERIOD, by, to="polars", **asked)
    assert isinstance(found, pl.DataFrame)
    return found.with_columns(pl.col(name).cast(pl.String) for name in by.split(",") if name)


def years_by_sex(store: Path) -> dict[str, tuple[float, float]]:
    """Person-years of both sexes by county, as published beside suppressed counts."""
    shown = frame(store, "county,sex", publish="statistics")
    return {
        str(county): tuple(rows.sort("sex")["person_years"])
        for (county,), rows in shown.group_by("county")
    }


def splits(
    events: int, rate: float, years: tuple[float, float], weights: tuple[float, float]
) -> list[int]:
    """Every number of women's events that agrees with what is shown, which is rounded."""
    total = sum(weights)
    return [
        women
        for women in range(events + 1)
        if abs(
            1000 * weights[0] / total * women / years[0]
            + 1000 * weights[1] / total * (events - women) / years[1]
            - rate
        )
        < 0.5
    ]


def test_standardised_rates_give_no_small_stratum_away(store: Path) -> None:
    years = years_by_sex(store)
    nation = tuple(sum(both[n] for both in years.values()) for n in (0, 1))
    open_ = frame(store, "county", standardise_by="sex")
    shown = frame(store, "county", standardise_by="sex", only=LARGE, publish="statistics")
    of_1506 = open_.row(by_predicate=pl.col("county") == "15", named=True)
    # The attack works: two unknowns, two equations.
    assert splits(4, of_1506["standardised"], years["15"], (nation[0], nation[1])) == [2]
    truth = {
        str(county): rows["events"].to_list()
        for (county,), rows in frame(store, "county,sex", only=LARGE).group_by("county")
    }
    told = {row["county"]: row for row in shown.iter_rows(named=True)}
    for county, strata in truth.items():
        figures = [told[county][name] for name in told[county] if name[:5] in ("stand", "ratio")]
        assert len(figures) == 6
        if any(0 < count < 3 for count in strata):
            assert figures == [None] * 6
    assert told["15"]["events"] == 4
    assert told["03"]["standardised"] is not None
    text = ask(store, "rates", *YEAR, "--by", "county", "--standardise-by", "sex", "--lang", "no",
               "--only", "county=03,11,15", "--publish", "statistics").stdout  # fmt: skip
    assert "der få hendelser ligger i få strata: 1" in " ".join(text.split())


def test_without_groups_too(store: Path) -> None:
    asked: dict[str, Any] = {"standardise_by": "sex", "only": {"county": "15"}}
    assert frame(store, "", **asked)["standardised"][0] is not None
    shown = frame(store, "", publish="statistics", **asked)
    assert shown.select("events", "standardised", "ratio").row(0) == (4, None, None)


def test_few_events_in_many_strata_are_shown(store: Path) -> None:
    asked: dict[str, Any] = {"standardise_by": "birth_year", "only": {"county": ["03", "15"]}}
    shown = frame(store, "county", publish="statistics", **asked)
    open_ = frame(store, "county,birth_year").filter(pl.col("county") == "03")
    assert open_.height == 40
    assert (open_["events"] < 3).any()
    assert shown.select("county", "events").rows() == [("03", 61), ("15", 4)]
    assert [value is None for value in shown["standardised"]] == [False, True]


def test_indirect_standardisation_is_shown(store: Path) -> None:
    """It takes the group's events as a whole, and the standard's rates."""
    asked: dict[str, Any] = {"standardise_by": "sex", "method": "indirect"}
    shown = frame(store, "county", only=LARGE, publish="statistics", **asked)
    row = shown.row(by_predicate=pl.col("county") == "15", named=True)
    assert row["events"] == 4
    assert row["ratio"] == pytest.approx(4 / row["expected"], abs=0.01)


@pytest.mark.parametrize("method", ["direct", "indirect"])
def test_a_small_standard_is_not_told_by_comparisons(store: Path, method: Any) -> None:
    asked: dict[str, Any] = {"standardise_by": "sex", "method": method}
    assert frame(store, "county", against="03", publish="statistics", **asked).height == 4
    with pytest.raises(UsageError, match="has strata of few events"):
        frame(store, "county", against="50", publish="statistics", **asked)


def test_a_decomposition_tells_no_small_combination(store: Path) -> None:
    years = years_by_sex(store)
    one, other = years["15"], years["03"]
    found = Store(store).decompose(*PERIOD, "county", ("15", "03"), "sex")
    shares = [(one[n] / sum(one), other[n] / sum(other)) for n in (0, 1)]
    # The attack works: the counts of both groups, and what composition contributes.
    solved = {
        a
        for a in range(5)
        for b in range(62)
        if abs(
            sum(
                (shares[n][0] - shares[n][1])
                * (500 * (a, 4 - a)[n] / one[n] + 500 * (b, 61 - b)[n] / other[n])
                for n in (0, 1)
            )
            - found.of("composition")["estimate"]
        )
        < 0.05
    }
    assert 2 in solved
    assert len(solved) < 5
    with pytest.raises(UsageError, match="'sex' have combinations with few events"):
        Store(store).decompose(*PERIOD, "county", ("15", "03"), "sex", publish="statistics")
    refused = ask(store, "decompose", *YEAR, "--by", "county", "--between", "15", "03",
                  "--factors", "sex", "--publish", "statistics")  # fmt: skip
    assert refused.exit_code == 2
    assert "fewer categories, or with many more" in " ".join(refused.output.split())


def test_everybody_else_is_held_to_the_rules_too(store: Path) -> None:
    """Of a group and everybody, the others follow by subtraction."""
    kept: dict[str, Any] = {"only": {"county": ["03", "15"]}, "publish": "statistics"}
    with pytest.raises(UsageError, match="have combinations with few events"):
        Store(store).decompose(*PERIOD, "county", ("03", "nation"), "sex", **kept)


def test_a_published_decomposition_holds_what_its_table_shows(store: Path) -> None:
    asked = ("decompose", *YEAR, "--by", "county", "--between", "03", "11", "--factors", "sex")
    table = rows(ask(store, *asked, "--publish", "statistics", "--format", "csv"))
    found = Store(store).decompose(*PERIOD, "county", ("03", "11"), "sex", publish="statistics")
    shown = {row["component"]: row for row in table}
    assert found.values == tuple(float(shown[name]["estimate"]) for name in ("rate_1", "rate_2"))
    for row in found.data.iter_rows(named=True):
        for name in ("estimate", "lower", "upper"):
            assert row[name] == float(shown[row["component"]][name])
        assert 100 * row["share"] == pytest.approx(float(shown[row["component"]]["share"]))
    assert "se" not in found.data.columns
    assert not found.cells.height
    assert found.groups.select(pl.col("events", "person_years").is_nan().all()).row(0) == (
        True,
        True,
    )


@pytest.mark.parametrize("rules", ["statistics", "rounded"])
def test_many_events_of_few_persons_are_few(store: Path, rules: str) -> None:
    open_ = frame(store, "county")
    assert open_.filter(pl.col("county") == "50")["events"].to_list() == [4]
    shown = frame(store, "county", publish=rules)
    assert "persons" not in shown.columns
    assert shown.columns == open_.columns
    row = shown.row(by_predicate=pl.col("county") == "50", named=True)
    assert [row[name] for name in ("events", "rate", "rate_upper")] == [None] * 3
    assert shown["events"].null_count() >= 2


def test_two_persons_satisfy_a_minimum_of_two(store: Path) -> None:
    shown = frame(store, "county", publish=Rules("ours", minimum_cell=2))
    assert shown.filter(pl.col("county") == "50")["events"].to_list() == [4]


def test_events_of_who_was_counted_before_are_of_somebody() -> None:
    cells = pl.DataFrame({"county": ["03", "11"], "first_events": [0, 0], "events": [5, 0]})
    found = Rates(("county",), cells.select("county", "events"), 1000.0, 0.95)
    assert with_persons(found, cells).data["persons"].to_list() == [1, 0]
