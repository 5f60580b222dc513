"""Clusters of robust standard errors: how many there must be, and how many are few."""

from __future__ import annotations

from folkestrom.errors import InputRefused


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
    ('standard errors are from 3 clusters, too few for 5 parameters: they are too small, and no \
more than 2 parameters can be tested together',)
    >>> note_of_clusters(50, 5)
    ()
    """
    if clusters > parameters:
        return ()
    said = (
        f"standard errors are from {clusters} clusters, too few for {parameters} parameters: they "
        f"are too small, and no more than {clusters - 1} parameters can be tested together"
    )
    return (said,)
