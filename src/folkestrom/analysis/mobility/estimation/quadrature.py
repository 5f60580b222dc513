"""Gauss–Hermite rules in one, two and three dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.mobility.estimation.kernels.layout import AREA, LANES, Nodes

#: Orders tried one after the other. Odd ones, so that the mode itself is a node.
ORDERS = (7, 11, 15, 21, 31, 41)
#: No more nodes than this for a person.
MOST_NODES = 25_000
#: Vectors of the machine are this long, or divide it.
_LANES = 8


@dataclass(frozen=True, slots=True)
class QuadratureRule:
    """A product rule for the weight exp(−x²), and which of its nodes are kept.

    Attributes
    ----------
    order
        Nodes in one dimension.
    points, log_weights
        The one-dimensional rule.
    index
        For every dimension and node of the product rule, the point; padded with point 0.
    nodes
        How many nodes of `index` count; the rest is padding.
    """

    order: int
    points: NDArray[np.float64]
    log_weights: NDArray[np.float64]
    index: NDArray[np.int64]
    nodes: int


@lru_cache(maxsize=64)
def product_rule(order: int, dimensions: int) -> QuadratureRule:
    """The product rule of an order, without nodes whose weight cannot matter.

    Around a person's mode the integrand falls like exp(−x²), so a node's weight is about what it
    contributes. Corners below 2·10^(1 − order) of the central weight are left out: less than the
    rule's own error, also where the posterior leans to one side and falls more slowly there.

    Parameters
    ----------
    order
        Nodes in one dimension.
    dimensions
        Number of effects, 0 to 3.

    Examples
    --------
    >>> rule = product_rule(7, 2)
    >>> rule.nodes, rule.index.shape
    (45, (2, 48))
    >>> product_rule(7, 0).nodes
    1
    """
    points, weights = np.polynomial.hermite.hermgauss(order)
    grid = np.indices((order,) * dimensions).reshape(dimensions, order**dimensions)
    relative = np.prod(weights[grid] / weights.max(), axis=0)
    kept = grid[:, relative >= 2.0 * 10.0 ** (1 - order)]
    nodes = kept.shape[1]
    padded = np.zeros((dimensions, -(-nodes // _LANES) * _LANES), dtype=np.int64)
    padded[:, :nodes] = kept
    return QuadratureRule(order, points, np.log(weights), padded, nodes)


@lru_cache(maxsize=64)
def lay_out(order: int, dimensions: int) -> Nodes:
    """The nodes of a rule as the kernels take them: lines that differ in the last dimension only.

    Parameters
    ----------
    order, dimensions
        As of `product_rule`.

    Examples
    --------
    >>> nodes = lay_out(7, 2)
    >>> nodes.packs, nodes.counts, nodes.lines[:2]
    (6, array([45]), array([[0, 1, 5, 0, 0],
           [5, 0, 7, 1, 0]]))
    """
    rule = product_rule(order, dimensions)
    width = -(-order // _LANES) * _LANES
    index = np.zeros((3, rule.nodes), dtype=np.int64)
    index[3 - dimensions :] = rule.index[:, : rule.nodes]
    # Nodes are in the order of the grid: a line begins where an earlier dimension changes.
    begins = np.flatnonzero(np.diff(index[:2], axis=1, prepend=-1).any(axis=0))
    lines, counts, where = [], [0], [np.zeros((3, LANES))]
    for first, stop in zip(begins, np.append(begins[1:], rule.nodes), strict=True):
        if counts[-1] + stop - first > LANES:
            counts.append(0)
            where.append(np.zeros((3, LANES)))
        earlier = [int(index[d, first]) for d in range(3 - dimensions, 2)] + [0, 0]
        chunk, held = len(counts) - 1, counts[-1]
        at = chunk * AREA + held
        lines.append([at, int(index[2, first]), int(stop - first), *earlier[:2]])
        points = rule.points[rule.index[:, first:stop]]
        where[-1][:dimensions, held : held + stop - first] = points
        counts[-1] += int(stop - first)
    padding = (0, width - order)
    return Nodes(
        -(-max(counts) // _LANES),
        np.pad(rule.points, padding),
        np.pad(rule.log_weights, padding),
        np.array(lines, dtype=np.int64),
        np.array(counts, dtype=np.int64),
        np.array(where).ravel(),
    )


def orders_for(dimensions: int, first: int = ORDERS[0]) -> list[int]:
    """Orders to try for a number of effects, from the first one on.

    Parameters
    ----------
    dimensions
        Number of effects.
    first
        The lowest order wanted.

    Examples
    --------
    >>> orders_for(2)
    [7, 11, 15, 21, 31, 41]
    >>> orders_for(3)
    [7, 11, 15, 21, 31]
    >>> orders_for(0)
    [7]
    """
    if dimensions == 0:
        return [ORDERS[0]]
    return [q for q in ORDERS if q >= first and product_rule(q, dimensions).nodes <= MOST_NODES]
