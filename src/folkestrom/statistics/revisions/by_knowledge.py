"""Rows counted by when they come to be known and are known no longer: one step for all delays.

Times of knowledge are numbered in order. A row counts from the number at which it comes to before
the one at which it is gone, and the running sum of both is the figure at each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from folkestrom.engine.steps import step

#: SQL of the number of the first time of knowledge that is no earlier than a column.
Numbered: TypeAlias = Callable[[str], str]


def on_dates(days: int) -> Numbered:
    """Times of knowledge that are the dates `$known_0` … in order.

    Parameters
    ----------
    days
        How many.

    Examples
    --------
    >>> on_dates(2)("known_to")
    '(known_to > $known_0)::INTEGER + (known_to > $known_1)::INTEGER'
    """
    return lambda column: " + ".join(f"({column} > $known_{n})::INTEGER" for n in range(days))


_SAMPLE: Final = {"source": "flow_rows", "by": {"kind": "kind"}, "number": on_dates(3)}


@step("cells_by_knowledge", example=_SAMPLE)
def cells_by_knowledge(
    source: str, by: Mapping[str, str], number: Numbered, condition: str = "TRUE"
) -> str:
    """Rows by what they are of, and the numbers at which they come to be known and are gone."""
    columns = "".join(f"{sql} AS {name}, " for name, sql in by.items())
    return f"""
        SELECT {columns}{number("known_from")} AS came, {number("known_to")} AS gone,
               count(*) AS number
        FROM {source} WHERE {condition}
        GROUP BY ALL
    """


def figures(
    shape: tuple[int, ...], at: tuple[Any, ...], found: Mapping[str, Any]
) -> NDArray[np.int64]:
    """Figures at each time of knowledge, along the last axis.

    Parameters
    ----------
    shape
        The figures' shape; of the last axis, one more than the times.
    at
        Of each cell its place on the other axes.
    found
        Columns `came`, `gone` and `number` of the cells.
    """
    change = np.zeros(shape, np.int64)
    for name, sign in (("came", 1), ("gone", -1)):
        cells = np.asarray(found[name], np.int64), sign * np.asarray(found["number"], np.int64)
        np.add.at(change, (*at, cells[0]), cells[1])
    return change.cumsum(axis=-1)[..., :-1]
