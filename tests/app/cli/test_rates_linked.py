"""Rates and decompositions by linked variables and groups, by command and from Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import folkestrom
from folkestrom.analysis.study import Groups
from folkestrom.app.office.api import Store
from folkestrom.disclosure import Rules
from folkestrom.errors import UsageError
from tests.app.cli.asking import ask, rows
from tests.app.cli.test_rates import PERSONS, YEAR, reports

#: Days that somebody was resident from January to June 2020, who did not leave on 1 July.
DAYS = 183
TENTH = 'tenth = {of = "wealth", quantiles = 10}'
RICH = 'rich = {of = "wealth", starts = [0, 900]}'


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The country of 120, whose wealth is their number times ten; every third has a degree."""
    folder = tmp_path_factory.mktemp("linked")
    (folder / "reports.csv").write_text(reports(), encoding="utf-8")
    files = {
        "wealth": [f"{7000 + n},{10 * n},2020-01-01,2021-01-01" for n in range(1, PERSONS + 1)],
        "degree": [f"{7000 + n},master,2020-03-01," for n in range(3, PERSONS + 1, 3)],
        "centrality": ["0301,1,2000-01-01,", "1101,3,2000-01-01,", "1103,2,2000-01-01,"],
    }
    opened = folkestrom.open(folder / "store")
    opened.in_borders(2020).intake(folder / "reports.csv")
    for name, lines in files.items():
        key = "municipality" if name == "centrality" else "person"
        file = folder / f"{name}.csv"
        file.write_text("\n".join([f"{key},value,from,to", *lines]) + "\n", encoding="utf-8")
        assert opened.link(file, name, known_from="2020-01-01").total.accepted == len(lines)
    return folder / "store"


def test_by_a_linked_variable_and_a_group(store: Path) -> None:
    by = ("--by", "degree,rich", "--groups", RICH, "--format", "csv")
    found = {(r["degree"], r["rich"]): r for r in rows(ask(store, "rates", *YEAR, *by))}
    assert set(found) == {(d, r) for d in ("master", "unknown") for r in ("0-899", "900+")}
    # Numbers from 90 on have 900 and more: 31 persons, of whom 11 have a degree from 1 March on.
    assert float(found["master", "900+"]["person_years"]) == round(11 * 123 / 365.2425, 1)
    whole = rows(ask(store, "rates", *YEAR, "--format", "csv"))[0]
    assert sum(int(r["events"]) for r in found.values()) == int(whole["events"])


def test_tenths_are_of_equal_size(store: Path) -> None:
    found = rows(ask(store, "rates", *YEAR, "--by", "tenth", "--groups", TENTH, "--format", "csv"))
    assert [row["tenth"] for row in found] == [str(n) for n in range(1, 11)]
    whole = 12 * DAYS / 365.2425
    assert all(whole - 0.1 < float(row["person_years"]) <= whole + 0.05 for row in found)
    # All who leave are among the first 80.
    assert [row["tenth"] for row in found if int(row["events"])] == [str(n) for n in range(1, 8)]
    text = ask(store, "rates", *YEAR, "--by", "tenth", "--groups", TENTH).stdout
    assert "Tenth: 10 groups of equal size by wealth" in text
    assert (
        "Tenth: 10 like store grupper"
        in ask(store, "rates", *YEAR, "--by", "tenth", "--groups", TENTH, "--lang", "no").stdout
    )


def test_frames_are_in_the_order_of_levels(store: Path) -> None:
    found = Store(store).rates("2020-01-01", "2020-07-02", "tenth", to="polars",
        groups={"tenth": Groups("wealth", quantiles=10)},
    )  # fmt: skip
    assert isinstance(found, pl.DataFrame)
    assert found["tenth"].cast(pl.String).to_list() == [str(n) for n in range(1, 11)]


def test_groups_from_the_file_of_a_study(store: Path, tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_text('title = "Any"\n[groups.rich]\nof = "wealth"\nstarts = [0, 900]\n')
    asked = ("rates", *YEAR, "--by", "rich", "--format", "csv", "--groups")
    assert rows(ask(store, *asked, str(file))) == rows(ask(store, *asked, RICH))


def test_notes_say_who_is_unknown_in_words_of_the_language(store: Path) -> None:
    def note(*arguments: str) -> str:
        return " ".join(ask(store, *arguments).stdout.split())

    bands = ("rates", *YEAR, "--by", "rich", "--groups")
    assert "who has no value, or one in none of the groups, is unknown" in note(*bands, RICH)
    named = 'rich = {of = "wealth", starts = [900], other = "less"}'
    assert "who has no value is unknown" in note(*bands, named)
    equal = ("rates", *YEAR, "--by", "degree", "--standardise-by", "sex,age_group", "--lang", "no")
    assert "Standardisert etter kjønn, aldersgruppe (direkte)" in note(*equal)
    assert "raten i standarden, hele landet" in note(*equal)


def test_interactions_are_standardised(store: Path) -> None:
    asked: dict[str, Any] = {
        "by": "centrality,degree", "standardise_by": "rich,sex", "to": "polars",
        "groups": {"rich": Groups("wealth", starts=(0, 900))},
    }  # fmt: skip
    found = Store(store).rates("2020-01-01", "2020-07-02", **asked)
    assert isinstance(found, pl.DataFrame)
    assert found.columns[:2] == ["centrality", "degree"]
    held = found.filter(pl.col("standardised").is_not_null())
    assert held.height >= 4
    assert (held["standardised_lower"] <= held["standardised"]).all()
    assert (held["standardised"] <= held["standardised_upper"]).all()
    # By hand, of one cell: its rates by strata, in the composition of everybody in those strata.
    cells = Store(store).rates("2020-01-01", "2020-07-02", "centrality,degree,rich,sex",
        groups=asked["groups"], to="polars",
    )  # fmt: skip
    assert isinstance(cells, pl.DataFrame)
    strata = ["rich", "sex"]
    size = cells.group_by(strata).agg(w=pl.col("person_years").sum())
    one = cells.filter((pl.col("centrality") == "1") & (pl.col("degree") == "unknown"))
    one = one.filter(pl.col("person_years") > 0).join(size, on=strata)
    expected = (one["w"] * one["rate"]).sum() / one["w"].sum()
    assert held.row(by_predicate=(pl.col("centrality") == "1") & (pl.col("degree") == "unknown"),
                    named=True)["standardised"] == pytest.approx(expected, rel=1e-9)  # fmt: skip


def test_composition_by_linked_variables(store: Path) -> None:
    """Between linked groups, and of linked factors; the parts add up to the difference."""
    asked = ("decompose", *YEAR, "--by", "rich", "--between", "0-899", "others", "--factors",
             "degree:sex,centrality", "--groups", RICH, "--format", "csv")  # fmt: skip
    found = {(r["component"], r["term"]): float(r["estimate"]) for r in rows(ask(store, *asked))}
    parts = [found["composition", term] for term in ("degree:sex", "centrality")]
    assert sum(parts) == pytest.approx(found["composition", "all"], abs=0.002)
    assert found["composition", "all"] + found["rates", "all"] == pytest.approx(
        found["difference", "all"], abs=0.002
    )
    same = Store(store).decompose(
        "2020-01-01", "2020-07-02", "centrality", ("1", "nation"), "rich,degree",
        groups={"rich": Groups("wealth", starts=(0, 900))},
    )  # fmt: skip
    assert same.of("difference")["estimate"] == pytest.approx(same.values[0] - same.values[1])
    allowed: dict[str, Any] = {"publish": Rules("ours", minimum_population=20, minimum_cell=1)}
    whole = ("2020-01-01", "2020-07-02", "centrality", ("1", "nation"), "degree")
    shown = Store(store).decompose(*whole, **allowed)
    exact = Store(store).decompose(*whole).of("difference")
    assert shown.of("difference")["estimate"] == pytest.approx(exact["estimate"], abs=0.0005)
    assert not shown.cells.height
    allowed = {"publish": Rules("ours", minimum_population=10_000, minimum_cell=1)}
    with pytest.raises(UsageError, match="too small a group"):
        Store(store).decompose(*whole, **allowed)
    text = ask(store, *asked[:-2]).stdout
    fewest = min(same.sizes[0])
    few = ask(store, "decompose", *YEAR, "--by", "centrality", "--between", "1", "nation",
              "--factors", "degree").stdout  # fmt: skip
    assert ("fewer than 20 events" in " ".join(few.split())) == (fewest < 20)
    assert "Degree × Sex" in text
    assert "Degree is linked to the register" in text


def test_publication_holds_persons_to_the_minimum_not_their_years(store: Path) -> None:
    rules = Rules("ours", minimum_population=20, minimum_cell=3)
    found = Store(store).rates("2015-01-01", "2020-07-02", "tenth", publish=rules, to="polars",
        groups={"tenth": Groups("wealth", quantiles=10)},
    )  # fmt: skip
    assert isinstance(found, pl.DataFrame)
    # Twelve persons a tenth: none is shown, however many years they add up to.
    assert found.filter(pl.col("tenth") != "unknown")["person_years"].null_count() == 10
    asked = ("rates", *YEAR, "--by", "degree,rich", "--groups", RICH, "--publish", "statistics")
    shown = rows(ask(store, *asked, "--format", "csv"))
    assert not [row for row in shown if row["events"] in ("1", "2")]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rates", "--by", "welth"], "Did you mean 'wealth'"),
        (["rates", "--by", "wealth"], "Say groups, such as wealth_tenth"),
        (["rates", "--by", "degree", "--known-at", "2019-01-01"], "before"),
        (["rates", "--by", "x", "--groups", "x = {of = wealth}"], "is not TOML"),
        (["rates", "--by", "x", "--groups", 'x = {off = "wealth"}'], "Did you mean 'of'"),
        (["rates", "--by", "x", "--groups", "no-such-file.toml"], "cannot be read"),
        (["rates", "--by", "tenth", "--groups", TENTH, "--groups", TENTH], "is defined twice"),
        (["rates", "--only", "degree=doctor"], "is not a code of degree"),
        (["rates", "--by", "sex,sex"], "asked for twice"),
        (["decompose", "--by", "degree", "--between", "master", "none", "--factors", "sex"],
         "'none' does not occur"),
        (["decompose", "--by", "degree", "--between", "master", "others", "--factors", "degree"],
         "already"),
    ],
)  # fmt: skip
def test_bad_questions(store: Path, arguments: list[str], says: str) -> None:
    result = ask(store, arguments[0], *YEAR, *arguments[1:])
    # 3: a file that cannot be read.
    assert result.exit_code == (3 if "cannot be read" in says else 2), result.output
    assert says in " ".join(result.output.split())
    assert "Traceback" not in result.output
