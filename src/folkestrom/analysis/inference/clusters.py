"""Clusters of robust standard errors: how many there must be, and how many are few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import InputRefused, UsageError

Floats = NDArray[np.float64]

#: A standard error by clusters below this part of the one from the information is rounding.
_NOTHING: Final = 1e-4


def check_clusters(clusters: int, column: str) -> None:
    """Refuse one cluster: what varies between clusters cannot be told from it.

    The scores of all rows add up to zero at the estimates, so that the errors of one cluster would
    be zero, and every estimate significant.

    Parameters
    ----------
    clusters
        How many clusters there are.
    column
        What they are told apart by.

    Examples
    --------
    >>> check_clusters(1, "county")
    Traceback (most recent call last):
    ...
    folkestrom.errors.InputRefused: column county: makes one cluster of all rows, and robust \
standard errors are of what varies between clusters.
    Allowed: two clusters or more.
    Next: Take standard errors without clusters, or a column that tells more of them apart.
    """
    if clusters < 2:
        raise InputRefused(
            "makes one cluster of all rows, and robust standard errors are of what varies between "
            "clusters",
            column=column,
            allowed="two clusters or more",
            next_step="Take standard errors without clusters, or a column that tells more of them "
            "apart",
        )


def check_sandwich(robust: Floats, naive: Floats, names: Sequence[str]) -> None:
    """Refuse errors of nothing: clusters in each of which the scores of an estimate cancel.

    That is so where few clusters coincide with levels of a covariate.

    Parameters
    ----------
    robust, naive
        The covariance by clusters, and that from the information.
    names
        Of the estimates.

    Examples
    --------
    >>> check_sandwich(np.array([[1e-20]]), np.array([[0.1]]), ["sex[m]"])
    Traceback (most recent call last):
    ...
    folkestrom.errors.InputRefused: column cluster: says nothing of the error of an estimate, \
'sex[m]': what its scores add up to is zero in every cluster.
    Next: Take standard errors without clusters, or smaller clusters.
    """
    own, other = (np.sqrt(np.abs(np.diag(matrix))) for matrix in (robust, naive))
    nothing = np.flatnonzero(own < _NOTHING * other)
    if nothing.size:
        raise InputRefused(
            f"says nothing of the error of an estimate, {names[int(nothing[0])]!r}: what its "
            "scores add up to is zero in every cluster",
            column="cluster",
            next_step="Take standard errors without clusters, or smaller clusters",
        )


def check_rank(clusters: int | None, parameters: int) -> None:
    """Refuse a test of more parameters together than clusters can tell apart.

    Parameters
    ----------
    clusters
        How many there are; None: standard errors are not by clusters.
    parameters
        How many are tested together.

    Examples
    --------
    >>> check_rank(None, 10), check_rank(3, 2)
    (None, None)
    """
    if clusters is not None and parameters >= clusters:
        raise UsageError(
            f"are too many to be tested together with standard errors from {clusters} clusters",
            where="names",
            value=parameters,
            allowed=f"up to {clusters - 1} parameters",
            next_step="Test fewer of them at a time, or take standard errors without clusters",
        )


def note_of_clusters(clusters: int, parameters: int) -> tuple[str, ...]:
    """What to say where clusters are too few for all parameters to be tested together.

    A sum over clusters of products of scores, which add up to zero, has a rank below their number.

    Parameters
    ----------
    clusters, parameters
        How many there are.

    Examples
    --------
    >>> note_of_clusters(3, 5)
    ('standard errors are from 3 clusters, too few for 5 parameters: they are too small, and at \
most 2 can be tested together',)
    >>> note_of_clusters(50, 5)
    ()
    """
    if clusters > parameters:
        return ()
    said = (
        f"standard errors are from {clusters} clusters, too few for {parameters} parameters: they "
        f"are too small, and at most {clusters - 1} can be tested together"
    )
    return (said,)
