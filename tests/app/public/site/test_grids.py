"""What is computed of printed figures: ranks, changes, rates; nothing of what is hidden."""

from __future__ import annotations

from dataclasses import replace

from folkestrom.app.public.site.grids import (
    PER_CENT,
    largest,
    with_changes,
    with_rates,
)
from folkestrom.model.specification import Language
from folkestrom.publish.statbank.grid import Grid, Head, Row


def _number(cell: int | str) -> float | None:
    return None if isinstance(cell, str) else cell


def table(*rows: tuple[int | str, ...]) -> Grid:
    """A table of numbers and symbols; rows are named a, b, c."""
    made = tuple(
        Row((Head(code),), tuple(map(str, row)), tuple(map(_number, row)), code)
        for code, row in zip("abcdef", rows, strict=False)
    )
    heads = tuple(Head(f"{n}") for n in range(len(rows[0])))
    return Grid(("",), (heads,), (("", made),), (), (), symbols=frozenset({":"}))


def cells(found: Grid) -> list[tuple[str, ...]]:
    return [row.cells for row in found.groups[0][1]]


def test_the_largest_rows_are_kept_and_a_hidden_figure_has_no_rank() -> None:
    made = table((5, 1), (":", 9), (7, 2), (0, 3), (6, 4))
    found = largest(made, 3, without=["c"])
    assert cells(found) == [("6", "4"), ("5", "1")]
    assert (found.left_out, found.symbols) == (2, frozenset())
    assert [row.code for row in largest(made, 2, column=1).groups[0][1]] == ["b", "e"]


def test_rows_that_are_torn_apart_have_all_their_headings() -> None:
    made = table((1,), (9,), (5,), (7,))
    rows = made.groups[0][1]
    above = {0: Head("x", 2), 2: Head("y", 2)}
    spanning = tuple(
        replace(row, heads=(above[n], *row.heads) if n in above else row.heads)
        for n, row in enumerate(rows)
    )
    found = largest(replace(made, stubs=("", ""), groups=(("", spanning),)), 3)
    names = [[head.text for head in row.heads] for row in found.groups[0][1]]
    assert names == [["x", "b"], ["y", "d"], ["y", "c"]]
    assert all(head.span == 1 for row in found.groups[0][1] for head in row.heads)


def test_changes_of_hidden_figures_are_hidden_and_of_nobody_undefined() -> None:
    made = table((110, 100, 0), (5, ":", ".."), (":", 4, 0))
    found = with_changes(made, ["x", "y"], Language.NO)
    assert cells(found) == [("110", "10,0", ".."), ("5", ":", ".."), (":", ":", ":")]
    assert found.symbols == {":", ".."}
    assert [head.text for head in found.columns[-1]] == ["0", "x", "y"]


def test_rates_of_hidden_figures_are_hidden_and_of_nobody_undefined() -> None:
    made = table((1, 8), (0, 0), (":", 8), (1, ":"), (1, ".."))
    found = with_rates(made, (0, 1), PER_CENT, "rate", Language.EN)
    assert [row[-1] for row in cells(found)] == ["12.50", "..", ":", ":", ".."]
