"""The design of a regression on categories: distinct rows, in deviations from the mean level.

Each factor of L levels has L − 1 columns of deviation coding: the coefficients of its levels sum to
zero. What a factor contributes then does not depend on which level is left out (Yun 2005,
*Economic Inquiry* 43; Gardeazabal & Ugidos 2004).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from folkestrom.errors import InputRefused, UsageError

Floats: TypeAlias = npt.NDArray[np.float64]

#: A factor with more levels than this is not one to estimate coefficients of.
MOST_LEVELS = 500


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Distinct combinations of the terms.

    Parameters
    ----------
    matrix
        Combinations × columns; the first column is the constant.
    terms
        Names of the terms.
    places
        The columns of each term in the matrix.
    labels
        The combinations.
    """

    matrix: Floats
    terms: tuple[str, ...]
    places: tuple[slice, ...]
    labels: pl.DataFrame


def design(labels: pl.DataFrame, terms: Sequence[str]) -> Design:
    """The design of distinct combinations.

    Parameters
    ----------
    labels
        A row a combination, a column a variable: texts, whole numbers and truth values are
        categories, decimal numbers are numbers.
    terms
        Names of variables; `"wealth:immigrant"` is one factor, the combinations of two.

    Examples
    --------
    >>> found = design(pl.DataFrame({"sex": ["f", "m"]}), ["sex"])
    >>> found.matrix.tolist()
    [[1.0, 1.0], [1.0, -1.0]]
    """
    blocks = [np.ones((labels.height, 1))]
    places = []
    at = 1
    for term in terms:
        block = _block(labels, term)
        places.append(slice(at, at + block.shape[1]))
        at += block.shape[1]
        blocks.append(block)
    return Design(np.hstack(blocks), tuple(terms), tuple(places), labels)


def parts_of(term: str) -> tuple[str, ...]:
    """The variables of a term.

    Parameters
    ----------
    term
        A name, or several with colons between them.

    Examples
    --------
    >>> parts_of("wealth:immigrant")
    ('wealth', 'immigrant')
    """
    return tuple(part.strip() for part in term.split(":"))


def _block(labels: pl.DataFrame, term: str) -> Floats:
    parts = parts_of(term)
    if len(parts) == 1 and labels[parts[0]].dtype.is_float():
        values = labels[parts[0]].to_numpy()
        if not np.isfinite(values).all():
            raise InputRefused("is missing or infinite in some rows", column=parts[0])
        return values[:, None].astype(np.float64)
    codes = labels.select(pl.struct(parts).rank("dense")).to_series().to_numpy().astype(int) - 1
    levels = int(codes.max()) + 1
    if not 2 <= levels <= MOST_LEVELS:
        raise UsageError(
            f"has {levels} level{'s' if levels > 1 else ''}",
            where="terms",
            value=term,
            allowed=f"2 to {MOST_LEVELS}",
        )
    coded = np.vstack([np.eye(levels - 1), -np.ones((1, levels - 1))])
    return coded[codes]
