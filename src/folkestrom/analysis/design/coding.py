"""Which levels of the factors of a formula's terms get coefficients, so that none is superfluous.

A factor's coefficients compare levels with a reference only where the terms before it already
describe the reference; the rules are those of S and R (Chambers and Hastie 1992, section 2.4), in
the form that patsy gave them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

#: Factors of a product, each with whether all its levels have coefficients.
Chosen = frozenset[tuple[str, bool]]


@dataclass(frozen=True)
class CodedTerm:
    """A product of factors and numbers.

    Attributes
    ----------
    label
        The term of the formula that it belongs to.
    factors
        Names of factors, each with whether its reference has coefficients too.
    numbers
        Labels of what is continuous.
    order
        All of them, as they are written.
    """

    label: str
    factors: tuple[tuple[str, bool], ...]
    numbers: tuple[str, ...]
    order: tuple[str, ...]


def code(terms: Sequence[tuple[str, Sequence[str], Sequence[str]]]) -> list[CodedTerm]:
    """Products with coefficients, for terms in their order.

    Parameters
    ----------
    terms
        For each term its label, its factors, and what is continuous in it.

    Examples
    --------
    >>> [c.factors for c in code([("a", ["a"], []), ("a:b", ["a", "b"], [])])]
    [(('a', False),), (('a', True), ('b', False))]
    >>> [c.factors for c in code([("a:x", ["a"], ["x"])])]
    [(('a', True),)]
    """
    described: dict[frozenset[str], set[frozenset[str]]] = {frozenset(): {frozenset()}}
    out = []
    for label, factors, numbers in terms:
        known = described.setdefault(frozenset(numbers), set())
        fresh = [s for s in _subsets(factors) if s not in known]
        known.update(fresh)
        for product in _joined(fresh):
            names = {name for name, _ in product}
            kept = tuple((f, (f, True) in product) for f in factors if f in names)
            order = tuple(
                p for p in _written(label, factors, numbers) if p not in factors or p in names
            )
            out.append(CodedTerm(label, kept, tuple(numbers), order))
    return out


def _written(label: str, factors: Sequence[str], numbers: Sequence[str]) -> list[str]:
    """Factors and numbers in the order in which the label has them."""
    return sorted([*factors, *numbers], key=label.find)


def _subsets(factors: Sequence[str]) -> list[frozenset[str]]:
    sizes = range(len(factors) + 1)
    return [frozenset(chosen) for size in sizes for chosen in combinations(factors, size)]


def _joined(subsets: list[frozenset[str]]) -> list[Chosen]:
    """Two products of which one has a factor more are one, in which that factor has all levels."""
    products: list[Chosen] = [frozenset((name, False) for name in s) for s in subsets]
    while True:
        pair = next(
            (
                (short, long)
                for short in products
                for long in products
                if len(long) == len(short) + 1 and short < long
                and not next(iter(long - short))[1]
            ),
            None,
        )  # fmt: skip
        if pair is None:
            return products
        short, long = pair
        [(name, _)] = long - short
        products[products.index(long)] = short | {(name, True)}
        products.remove(short)
