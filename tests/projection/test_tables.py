"""A start from CSV files: the same numbers as from counts, and files that cannot be."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from folkestrom.errors import InputRefused
from folkestrom.projection.counts import Counts
from folkestrom.projection.structure import SEXES, Group, Structure
from folkestrom.projection.tables import read_tables

Rows = list[list[Any]]


def tables(oldest: int = 100) -> dict[str, Rows]:
    """A small country: a header and rows a file."""
    cells = [(sex, f"{a}+" if a == oldest else a, a) for sex in SEXES for a in range(oldest + 1)]
    return {
        "population": [["sex", "age", "number"], *(
            [s, said, round(1000 * math.exp(-((a / 85) ** 6)))] for s, said, a in cells)],
        "deaths": [["sex", "age", "number"], *([s, said, a // 10] for s, said, a in cells)],
        "births": [["age", "number"], *([a, 30] for a in range(20, 45))],
        "immigration": [["sex", "age", "number"], *([s, a, 9] for s, _, a in cells if a < 40)],
        "emigration": [["sex", "age", "number"], *([s, a, 5] for s, _, a in cells if a < 40)],
    }  # fmt: skip


def written(folder: Path, made: dict[str, Rows]) -> Path:
    for name, rows in made.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(rows)
    return folder


def array(rows: Rows) -> np.ndarray[Any, Any]:
    found = np.zeros((1, 2, 120))
    for sex, age, number in rows[1:]:
        found[0, SEXES.index(sex), int(str(age).rstrip("+"))] = number
    return found


def test_numbers_give_the_rates_of_their_counts(tmp_path: Path) -> None:
    made = tables()
    found = read_tables(written(tmp_path, made))
    births = np.zeros((1, 120))
    for age, number in made["births"][1:]:
        births[0, age] = number
    expected = Counts(
        Structure((Group("all", alike="all"),), 120), 1, *(array(made[name]) for name in
        ("population", "deaths", "emigration", "immigration")), births,
    ).rates()  # fmt: skip
    assert (found.population == array(made["population"])).all()
    for name in ("mortality", "emigration", "fertility", "immigration"):
        assert getattr(found.rates, name) == pytest.approx(getattr(expected, name))


def test_years_between_days_have_the_mean_of_both(tmp_path: Path) -> None:
    made = tables()
    for name, years in (("population", (2019, 2020, 2021)), ("deaths", (2019, 2020))):
        head, *rows = made[name]
        made[name] = [["year", *head], *([year, *row] for year in years for row in rows)]
    with pytest.raises(InputRefused, match=r"births.csv, column year: has no such column, though"):
        read_tables(written(tmp_path, made))
    for name in ("births", "immigration", "emigration"):
        head, *rows = made[name]
        made[name] = [["year", *head], *([year, *row] for year in (2019, 2020) for row in rows)]
    found = read_tables(written(tmp_path, made))
    assert found.counts.years == 2
    with pytest.raises(InputRefused, match=r"are no years in a row that end with the start"):
        read_tables(tmp_path, 2022)
    assert (read_tables(tmp_path, 2021).population == found.population).all()
    assert found.counts.lived == pytest.approx(2 * found.population)
    assert found.rates.immigration[0].sum() == 9 * 80
    # Nobody is born or comes, 50 die, and still there are 2 000 more of each sex at age 30.
    for name in ("births", "deaths", "immigration", "emigration"):
        made[name] = [made[name][0], *([*row[:-1], 0] for row in made[name][1:])]
    for row in made["population"][1:]:
        row[-1] += 2000 * (row[0] == 2021 and row[2] == 30)
    made["deaths"][1][-1] = 50
    with pytest.raises(InputRefused, match=r"population.csv: '4050' persons are not explained"):
        read_tables(written(tmp_path, made))


def test_rates_are_taken_as_they_are_and_go_on_above_the_oldest_age(tmp_path: Path) -> None:
    made = tables()
    made["deaths"] = [["sex", "age", "rate"], *([s, a, 0.001 * int(str(a).rstrip("+"))]
                      for s, a, _ in made["deaths"][1:])]  # fmt: skip
    made["births"] = [["age", "rate"], [30, 0.1]]
    found = read_tables(written(tmp_path, made))
    assert found.rates.mortality[0, 0, 0, [50, 100, 119]] == pytest.approx([0.05, 0.1, 0.1])
    assert found.rates.fertility.sum() == pytest.approx(0.1)


def test_groups_follow_each_other(tmp_path: Path) -> None:
    made = tables()
    made["groups"] = [
        ["group", "part_of", "next", "leaves_to", "resident", "children", "alike"],
        ["native", "", "", "away", "", "", "all"],
        ["new", "immigrants", "old", "", "", "native:1", "all"],
        ["old", "immigrants", "", "", "", "native", "all"],
        ["away", "", "", "native", "no", "", "away"],
    ]
    for name, group in (("population", "native"), ("births", "native"), ("immigration", "new"),
                        ("emigration", "native")):  # fmt: skip
        head, *rows = made[name]
        made[name] = [["group", *head], *([group, *row] for row in rows)]
    found = read_tables(written(tmp_path, made))
    assert found.structure.resident.tolist() == [True, True, True, False]
    assert found.structure.part("immigrants").tolist() == [False, True, True, False]
    assert found.population.sum(axis=(1, 2)).tolist()[1:] == [0, 0, 0]
    made["groups"].append([])
    for children in ("", "nowhere", "nowhere:1 native:0"):
        made["groups"][-1] = ["nowhere", "", "", "", "", children, ""]
        with pytest.raises(InputRefused, match=r"/groups\.csv: 'nowhere' has nobody, and nobody"):
            read_tables(written(tmp_path, made))
    made["groups"][-1] = ["odd", "", "", "", "", "native:x", ""]
    with pytest.raises(InputRefused, match="row 5, column children: 'native:x' are no groups"):
        read_tables(written(tmp_path, made))


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("population", lambda rows: rows.pop(40), r"population.csv: 'male, 39' has no row for an"),
        ("population", lambda rows: rows[3].__setitem__(2, 7.5), r"row 3.*: '7.5' has persons"),
        ("population", lambda rows: rows[3].__setitem__(0, "mael"), r"row 3.*column sex: 'mael'"),
        ("population", lambda rows: rows[0].__setitem__(2, "rate"), r"must have one column of fig"),
        ("population", lambda rows: rows.append(rows[1]), r"row 203: is there before.*Next"),
        ("population", lambda rows: rows[7].__setitem__(0, "x" * 200_000), r"csv: cannot be read"),
        ("deaths", lambda rows: rows[5].__setitem__(1, "x"), r"row 5, column age: 'x' is no age"),
        ("deaths", lambda rows: rows[5].__setitem__(1, "4+"), r"'4\+' begins too early"),
        ("deaths", lambda rows: rows[5].__setitem__(2, -1), r"row 5, column number: '-1' is none"),
        ("births", lambda rows: rows[0].__setitem__(1, "numbr"), r"'numbr' is no column.*Did you"),
        ("births", lambda rows: rows[0].__setitem__(0, "sex"), r"births.csv: 'sex' is no column"),
        ("births", lambda rows: rows[5].__setitem__(1, 1001), r"births.csv: '24' has more events"),
        ("deaths", lambda rows: rows[1].__setitem__(2, 1001), r"'male, 0' has more.*up to 1000,"),
        ("births", lambda rows: rows.clear(), r"births.csv: has no rows"),
        ("emigration", lambda rows: rows[0].__setitem__(2, "rate"), r"'5' is none that can be"),
        ("immigration", lambda rows: rows[0].__setitem__(0, "group"), r"column sex: has no such"),
    ],
)  # fmt: skip
def test_files_that_cannot_be(tmp_path: Path, name: str, change: Any, said: str) -> None:
    made = tables()
    change(made[name])
    with pytest.raises(InputRefused, match=rf"(?s){said}"):
        read_tables(written(tmp_path, made))


def test_deaths_of_an_age_may_be_more_than_its_few_persons(tmp_path: Path) -> None:
    made = tables()
    made["population"][101][2], made["deaths"][101][2] = 0, 2
    found = read_tables(written(tmp_path, made))
    assert (found.counts.deaths > found.counts.lived).sum() == 1


@pytest.mark.parametrize(("years", "first"), [((2019, 2020), 2021), ((2019, 2021), None)])
def test_the_start_is_the_last_of_years_in_a_row(
    tmp_path: Path, years: tuple[int, int], first: int | None
) -> None:
    made = tables()
    head, *rows = made["population"]
    made["population"] = [["year", *head], *([year, *row] for year in years for row in rows)]
    with pytest.raises(InputRefused, match=r"(?s)population.csv.* no years in a row.*2020, 2021"):
        read_tables(written(tmp_path, made), first)


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ([["label"], ["a"]], "column group: has no such column"),
        ([["group", "children"], ["all", "all:0.5.5"]], "column children: 'all:0.5.5' are no"),
        ([["group", "resident"], ["all", "perhaps"]], "row 1, column resident: 'perhaps' is nei"),
        ([["group", "next"], ["all", "old"]], r"groups\.csv, all: next: 'old' is no group"),
        ([["group"], ["all"], ["all"]], r"groups\.csv: 'all, all' must each have a name"),
        (
            [["group", "children"], ["all", "all:0.5"]],
            r"groups\.csv, all: children: .* are no shares of all",
        ),
    ],
)
def test_groups_that_cannot_be(tmp_path: Path, groups: Rows, said: str) -> None:
    with pytest.raises(InputRefused, match=said):
        read_tables(written(tmp_path, tables() | {"groups": groups}))


def test_a_file_that_is_not_there_and_an_open_age_that_is_too_low(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match=r"population.csv: is not there"):
        read_tables(tmp_path)
    with pytest.raises(InputRefused, match=r"column age: '80\+' begins too early"):
        read_tables(written(tmp_path, tables(oldest=80)))
