"""One target altered by 7: exactly the cells that depend on it change."""

from __future__ import annotations

import pytest

from folkestrom.errors import UserError
from folkestrom.twin.targets.change import Cell, with_change, with_changes
from folkestrom.twin.targets.definition import Targets
from folkestrom.twin.targets.embedded import embedded_targets
from folkestrom.twin.targets.expected import compare_published, published_tables

Changed = dict[tuple[str, str, str], int]

NEVER = "never_married"
CASES: list[tuple[str, Cell, Changed]] = [
    (
        "key-figures",
        ("", "value", "births"),
        {
            ("", "value", "births"): 7,
            ("", "value", "excess_of_births"): 7,
            ("", "value", "statistical_adjustment"): -7,
        },
    ),
    (
        "key-figures",
        ("", "value", "emigration"),
        {
            ("", "value", "emigration"): 7,
            ("", "value", "net_migration"): -7,
            ("", "value", "statistical_adjustment"): 7,
        },
    ),
    (
        "key-figures",
        ("", "value", "statistical_adjustment"),
        {
            ("", "value", "statistical_adjustment"): 7,
            ("", "value", "immigration"): -7,
            ("", "value", "net_migration"): -7,
        },
    ),
    (
        "marital-status",
        ("male", "40-44", "married"),
        {
            (sex, row, column): sign * 7
            for sex in ("both", "male")
            for row in ("40-44", "total")
            for column, sign in (("married", 1), (NEVER, -1))
        },
    ),
    (
        "marital-status",
        ("female", "40-44", NEVER),
        {
            ("both", "40-44", NEVER): 7,
            ("both", "total", NEVER): 7,
            ("both", "total", "total"): 7,
            ("female", "40-44", NEVER): 7,
            ("female", "40-44", "total"): 7,
            ("female", "total", NEVER): 7,
            ("female", "total", "total"): 7,
        },
    ),
    (
        "citizenship",
        ("male", "PL", "population"),
        {("both", "PL", "population"): 7, ("male", "PL", "population"): 7},
    ),
    (
        "citizenship",
        ("female", "total", "population"),
        {("both", "total", "population"): 7, ("female", "total", "population"): 7},
    ),
    (
        "age-groups",
        ("both", "20-44", "population"),
        {
            ("both", "20-44", "population"): 7,
            ("both", "total", "population"): 7,
            ("", "value", "immigration"): 7,
            ("", "value", "net_migration"): 7,
            ("", "value", "population_end"): 7,
            ("", "value", "population_growth"): 7,
            **{
                (sex, row, column): 7
                for sex in ("both", "male")
                for row in ("30-34", "total")
                for column in (NEVER, "total")
            },
        },
    ),
]


@pytest.fixture(scope="module")
def embedded() -> Targets:
    return embedded_targets()


def changed_cells(changed: Targets, before: Targets) -> Changed:
    frame = compare_published(published_tables(changed), published_tables(before))
    return {
        (row["sex"], row["row"], row["column"]): row["number"] - row["number_other"]
        for row in frame.to_dicts()
    }


@pytest.mark.parametrize(("table", "cell", "expected"), CASES)
def test_exactly_the_dependent_cells_change(
    embedded: Targets, table: str, cell: Cell, expected: Changed
) -> None:
    assert changed_cells(with_change(embedded, table, cell, 7), embedded) == expected


@pytest.mark.parametrize(("table", "cell", "expected"), CASES)
def test_there_and_back_again(embedded: Targets, table: str, cell: Cell, expected: Changed) -> None:
    back = with_change(with_change(embedded, table, cell, 7), table, cell, -7)
    assert changed_cells(back, embedded) == {}


@pytest.mark.parametrize(
    ("table", "cell", "named"),
    [
        ("key-figures", ("", "value", "deaths"), r"account of 2020.*\(\+7\)"),
        ("age-groups", ("both", "67-79", "population"), "municipalities on 1 January 2021: -7"),
        ("marital-status", ("male", "40-44", "married"), "males of cohort group 40-44 .* \\+7"),
        ("citizenship", ("female", "SE", "population"), "citizenships of females .* \\+7"),
    ],
)
def test_contradictory_overrides_are_named(
    embedded: Targets, table: str, cell: Cell, named: str
) -> None:
    with pytest.raises(UserError, match=named):
        with_change(embedded, table, cell, 7, compensate=False)


def test_overrides_that_agree_need_no_compensation(embedded: Targets) -> None:
    changes = {
        ("key-figures", ("", "value", "immigration")): 7,
        ("key-figures", ("", "value", "emigration")): 7,
    }
    changed = with_changes(embedded, changes, compensate=False)
    assert changed.immigration[-1] == 38_078
    assert changed.emigration[-1] == 26_751


@pytest.mark.parametrize(
    ("table", "cell"),
    [
        ("age-groups", ("both", "total", "population")),
        ("age-groups", ("male", "0", "population")),
        ("key-figures", ("", "value", "population_end")),
        ("marital-status", ("both", "40-44", "married")),
        ("citizenship", ("male", "SJ", "population")),
        ("income", ("male", "0", "population")),
    ],
)
def test_sums_and_strangers_cannot_be_changed(embedded: Targets, table: str, cell: Cell) -> None:
    with pytest.raises(UserError, match="not a target that can be changed"):
        with_change(embedded, table, cell, 7)


def test_too_large_a_change_is_refused(embedded: Targets) -> None:
    with pytest.raises(UserError, match="negative"):
        with_change(embedded, "citizenship", ("male", "PL", "population"), -80_000)
