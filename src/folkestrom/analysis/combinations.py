"""Tables with the cells that nobody is in."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl


def completed(
    data: pl.DataFrame, by: Sequence[str], keys: Sequence[str] = (), *, largest: int
) -> pl.DataFrame:
    """Every combination of the codes that occur: of a cell that nobody is in, nothing is known.

    Parameters
    ----------
    data
        Rows, which `by` and `keys` tell apart.
    by
        Columns of codes.
    keys
        Columns that each combination of the codes has all of.
    largest
        Tables are not made larger than this.

    Examples
    --------
    >>> data = pl.DataFrame({"sex": ["f", "m"], "county": ["03", "11"], "events": [1, 2]})
    >>> completed(data, ["sex", "county"], largest=100)["events"].to_list()
    [1, None, None, 2]
    """
    if len(by) < 2:
        return data
    size = 1
    for name in by:
        size *= data[name].n_unique()
    occur = data.select(by).unique().height
    if size == occur or size * (data.height // max(occur, 1)) > largest:
        return data
    grid = data.select(pl.col(by[0]).unique(maintain_order=True))
    for name in by[1:]:
        grid = grid.join(data.select(pl.col(name).unique(maintain_order=True)), how="cross")
    if keys:
        grid = grid.join(data.select(keys).unique(maintain_order=True), how="cross")
    found = grid.join(data, on=[*by, *keys], how="left", nulls_equal=True, maintain_order="left")
    return found.select(data.columns)
