"""The arrays of a panel, as compiled kernels take them."""

from __future__ import annotations

from typing import Any, NamedTuple


class Rows(NamedTuple):
    """The panel as arrays. A person's rows lie together; codes are column by column.

    Position p of the coefficient table is the intercept (0), a level of a factor (its offset
    plus the code), or a number, which counts as (x − centre) × scale.
    """

    start: Any
    outcome: Any
    codes8: Any
    offset8: Any
    codes16: Any
    offset16: Any
    numbers: Any
    centre: Any
    scale: Any
    offset_n: Any
    weight: Any
