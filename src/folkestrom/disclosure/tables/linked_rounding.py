"""Small counts rounded once for several tables that share inner cells, so that all add up.

Inner cells that a small published sum is of become 0 or a base; every table is summed from these,
so that no published figure is small and all tables agree. Which cells go up is chosen so that
published sums change little, in the least squares' sense, as in Langsrud & Heldal (2018), *Privacy
in Statistical Databases*: cells in turn, then flipped alone or in pairs while that helps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from folkestrom import columns as read
from folkestrom.columns import check_arguments, table_of
from folkestrom.disclosure.rounding import Counts
from folkestrom.errors import InputRefused, UsageError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Comparisons of pairs of cells, at most; and beginnings that small tables are rounded from.
_WORK: Final = 100_000_000
_BEGINNINGS: Final = 20
_SMALL: Final = 100_000
#: Singular values below this part of the largest are 0; and what leverages of 1 may lack.
_RANK: Final = 1e-10
_LEVERAGE: Final = 1e-6


def published_sums(
    columns: Mapping[str, npt.ArrayLike], tables: Sequence[Sequence[str]]
) -> csr_array:
    """Which inner cells each published figure is the sum of.

    Parameters
    ----------
    columns
        Codes of every inner cell: of each variable, and of each level that nests it, as counties
        do municipalities.
    tables
        The columns that each table is by; none: the total of all.

    Returns
    -------
    scipy.sparse.csr_array
        A row for each figure of each table in turn, in the order of its codes.

    Examples
    --------
    >>> codes = {"place": ["a", "a", "b"], "sex": [1, 2, 1]}
    >>> published_sums(codes, [["place"], ["sex"], []]).toarray().tolist()
    [[1, 1, 0], [0, 0, 1], [1, 0, 1], [0, 1, 0], [1, 1, 1]]
    """
    from scipy.sparse import csr_array, vstack

    check_arguments(published_sums, locals())
    given = table_of(columns, "published_sums")
    for name, there in (("tables", tables), ("columns", given.names)):
        if not len(there):
            raise UsageError("are not said", where="published_sums", column=name)
    places = {name: read.categories(given.column(name)).codes for name in given.names}
    size = len(next(iter(places.values())))
    parts = []
    for by in tables:
        number = np.zeros(size, np.int64)
        for name in by:
            if name not in places:
                raise UsageError("is no column", where="tables", value=name, allowed=tuple(places))
            number = number * (int(places[name].max(initial=0)) + 1) + places[name]
        figure = np.unique(number, return_inverse=True)[1]
        shape = (int(figure.max(initial=-1)) + 1, size)
        parts.append(csr_array((np.ones(size, np.int64), (figure, np.arange(size))), shape))
    return csr_array(vstack(parts))


def round_linked(
    counts: npt.ArrayLike,
    published: Any,
    base: int,
    *,
    max_round: int | None = None,
    zero_candidates: bool = False,
    identify_new: bool = True,
    leverage_check: bool = False,
) -> Counts:
    """Counts of inner cells with those rounded that small published sums are of.

    The options are those of R's package SmallCountRounding, by its names.

    Parameters
    ----------
    counts
        Counts of the inner cells.
    published
        A sparse matrix with a row for each published figure and a column for each cell: which
        cells it is the sum of.
    base
        The base.
    max_round
        Published sums up to this become multiples of the base; None: those below the base.
    zero_candidates
        Whether cells of 0, or of another multiple of the base, may go up as well.
    identify_new
        Whether sums that are small only once others are rounded are rounded too.
    leverage_check
        Whether small cells are rounded too that follow from the published sums, as a large sum
        less others. Takes the memory of a matrix of all sums by all cells.

    Returns
    -------
    numpy.ndarray
        Rounded counts; `published @` them are the figures, none of them small and no multiple of
        the base, unless these were not to be identified.

    Examples
    --------
    >>> cells = published_sums({"a": [0, 0, 1, 1], "b": [0, 1, 0, 1]}, [["a", "b"], ["a"], ["b"]])
    >>> round_linked([1, 2, 2, 9], cells, 3).tolist()
    [0, 3, 3, 9]
    """
    from scipy.sparse import csr_array

    check_arguments(round_linked, locals())
    original = read.occurrences(read.column_of(counts, "counts", "round_linked"))
    if base < 1:
        raise UsageError("is no base", where="round_linked, base", value=base, allowed="1, 2, 3 …")
    most = base - 1 if max_round is None else max_round
    if most < base - 1:
        raise UsageError(
            "leaves sums below the base as they are", where="round_linked, max_round",
            value=most, allowed="the base less 1, or more",
        )  # fmt: skip
    try:
        sums = csr_array(published)
    except (TypeError, ValueError) as error:
        raise InputRefused(
            "is no matrix of figures by cells", where="round_linked", column="published"
        ) from error
    if sums.ndim != 2 or sums.dtype.kind not in "iub" or (sums.data < 0).any():
        raise InputRefused(
            "is no matrix of figures by cells", where="round_linked", column="published"
        )
    sums = sums.astype(np.int64)
    if sums.shape[1] != len(original):
        raise InputRefused(
            f"is of {sums.shape[1]} cells, and there are {len(original)}",
            where="round_linked", column="published",
        )  # fmt: skip
    rest = original % base
    candidate = (rest > 0) | zero_candidates
    rounded, chosen = original, np.zeros(len(original), np.bool_)
    while True:
        figures = sums @ rounded
        small = (figures > 0) & (figures <= most) & (figures % base > 0)
        more = (sums.T @ small.astype(np.int64) > 0) & candidate
        if leverage_check:
            more |= _determined(sums, figures) & (original <= most) & (rest > 0)
        # Figures that were not small before may be so when others are rounded.
        if not (more & ~chosen).any():
            return rounded.copy()
        chosen |= more
        rounded = original.copy()
        rounded[chosen] -= rest[chosen]
        rounded[chosen] += np.where(_ups(rest[chosen], sums[:, chosen], base), base, 0)
        if not identify_new:
            return rounded


def _determined(sums: csr_array, figures: Counts) -> npt.NDArray[np.bool_]:
    """Cells that follow from the figures: those of leverage 1, in sums that are not 0."""
    unknown = ~(sums.T @ (figures == 0).astype(np.int64) > 0)
    matrix = sums[:, unknown].toarray().astype(np.float64)
    found = np.zeros(sums.shape[1], np.bool_)
    _, values, rows = np.linalg.svd(matrix, full_matrices=False)
    kept = rows[values > values.max(initial=0.0) * _RANK]
    found[unknown] = (kept**2).sum(axis=0) > 1 - _LEVERAGE
    return found


def _ups(values: Counts, sums: csr_array, base: int) -> npt.NDArray[np.bool_]:
    """Which cells go up."""
    # Imported here: who rounds nothing need not wait for a compiler.
    from scipy.sparse import csr_array

    from folkestrom.disclosure.tables.rounding_kernel import improve, start

    sums.sort_indices()
    turned = csr_array(sums.T)
    turned.sort_indices()
    first, of = turned.indptr.astype(np.int64), turned.indices.astype(np.int64)
    begin, cells = sums.indptr.astype(np.int64), sums.indices.astype(np.int64)
    random = np.random.default_rng(len(values))
    best, worth = np.zeros(len(values), np.bool_), np.inf
    for number in range(_BEGINNINGS if len(of) < _SMALL else 1):
        order = random.permutation(len(values)) if number else np.arange(len(values))
        up, off = np.zeros(len(values), np.bool_), np.zeros(sums.shape[0], np.int64)
        start(order, values, base, first, of, up, off)
        improve(order, base, first, of, begin, cells, up, off, _WORK // _BEGINNINGS)
        squares = float((off**2).sum())
        if squares < worth:
            best, worth = up, squares
    return best
