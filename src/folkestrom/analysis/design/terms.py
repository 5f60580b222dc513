"""Covariates: factors as integer codes, numbers, and what they do together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from folkestrom import columns
from folkestrom.columns import Column, check_arguments, column_of
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.names import check_code

#: Codes of more levels than this do not fit.
MOST_LEVELS = 65_536


@dataclass(frozen=True)
class Factor:
    """A categorical covariate: one integer code a row, never a column for each level.

    Attributes
    ----------
    name
        What it is called.
    codes
        For every row the number of its level, counted from 0.
    levels
        Names of the levels.
    reference
        The level that the others are compared with; has no coefficient.
    parents
        Of an interaction: the names of the factors.

    Examples
    --------
    >>> from folkestrom.analysis.design.terms import factor
    >>> factor("sex", ["woman", "man", "man"], reference="woman").levels
    ('man', 'woman')
    """

    name: str
    codes: NDArray[np.unsignedinteger]
    levels: tuple[str, ...]
    reference: int = 0
    parents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Number:
    """A continuous covariate.

    Attributes
    ----------
    name
        What it is called.
    values
        One number a row.
    parents
        Of an interaction: names of covariates, of a factor with the level concerned.
    """

    name: str
    values: NDArray[np.float64]
    parents: tuple[tuple[str, str], ...] = ()


Term = Factor | Number


def check_comparable(name: str, levels: Sequence[str], where: str | None = None) -> None:
    """Refuse a covariate with one level: there is nothing to compare it with.

    Parameters
    ----------
    name, levels
        The covariate, and the levels that it has.
    where
        Which function's table it is from.
    """
    if len(levels) < 2:
        raise InputRefused(
            "has one level only: there is nothing to compare it with",
            where=where, column=name, value=", ".join(levels) or None,
            next_step="Leave it out, or look at the selection of rows",
        )  # fmt: skip


def factor(
    name: str,
    values: ArrayLike,
    *,
    levels: Sequence[str] | None = None,
    reference: str | None = None,
) -> Factor:
    """A factor from codes (with `levels`), or from what has levels of its own.

    Levels have the declared order of an Enum, an Arrow dictionary or a pandas category; of texts
    that of the alphabet, of numbers that of their size.

    Parameters
    ----------
    name
        What it is called.
    values
        Codes from 0, or levels.
    levels
        Names of the codes, in their order.
    reference
        The level to compare with; the first if not given.

    Examples
    --------
    >>> factor("place", [0, 1, 1], levels=["rural", "urban"]).codes.dtype
    dtype('uint8')
    >>> factor("place", [0, 2], levels=["rural", "urban"])
    Traceback (most recent call last):
        ...
    folkestrom.errors.InputRefused: row 2, column place: '2' is not a code of a level.
    Allowed: 0 to 1.
    """
    check_arguments(factor, locals())
    column = column_of(values, name)
    if levels is None:
        found = columns.categories(column)
        given, levels = found.codes, found.levels
    else:
        given = _whole(column)
    if len(levels) > MOST_LEVELS:
        raise UsageError(f"has {len(levels)} levels", column=name, allowed=f"at most {MOST_LEVELS}")
    names = tuple(levels)
    if reference is not None:
        check_code(reference, names, "is not a level", where="reference", column=name)
    at = 0 if reference is None else names.index(reference)
    return Factor(name, _codes(name, given, len(names)), names, at)


def number(name: str, values: ArrayLike) -> Number:
    """A continuous covariate; every value must be finite.

    Parameters
    ----------
    name
        What it is called.
    values
        One number a row.

    Examples
    --------
    >>> number("income", [1, float("inf")])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    folkestrom.errors.InputRefused: row 2, column income: 'inf' is not a finite number.
    Next: Leave the row out, or make a level of a factor of what is missing...
    """
    check_arguments(number, locals())
    return Number(name, columns.numbers(column_of(values, name)))


def interaction(first: Term, second: Term) -> list[Term]:
    """What two covariates do together, beyond what each does.

    Two factors give one factor, whose level is the pair of levels; pairs with a reference level
    are its reference. A factor and a number give a number for each level but the reference,
    two numbers their product.

    Parameters
    ----------
    first, second
        Covariates of the same rows.

    Examples
    --------
    >>> a = factor("sex", [0, 1, 1], levels=["man", "woman"])
    >>> b = factor("place", [0, 0, 1], levels=["rural", "urban"])
    >>> [term] = interaction(a, b)
    >>> term.name, term.levels, term.codes
    ('sex:place', ('(reference)', 'woman:urban'), array([0, 0, 1], dtype=uint8))
    >>> [slope] = interaction(a, number("age", [30, 40, 50]))
    >>> slope.name, slope.values
    ('sex[woman]:age', array([ 0., 40., 50.]))
    """
    check_arguments(interaction, locals())
    sizes = [len(t.codes if isinstance(t, Factor) else t.values) for t in (first, second)]
    if sizes[0] != sizes[1]:
        raise UsageError(
            f"has {sizes[1]} rows, and {first.name} has {sizes[0]}", column=second.name
        )
    if isinstance(first, Factor) and isinstance(second, Factor):
        return [combined(f"{first.name}:{second.name}", [first, second], [False, False])]
    if isinstance(first, Factor) and isinstance(second, Number):
        return [
            Number(
                f"{first.name}[{level}]:{second.name}",
                (first.codes == k) * second.values,
                ((first.name, level), (second.name, "")),
            )
            for k, level in enumerate(first.levels)
            if k != first.reference
        ]
    if isinstance(first, Number) and isinstance(second, Number):
        product = first.values * second.values
        name = f"{first.name}:{second.name}"
        return [Number(name, product, ((first.name, ""), (second.name, "")))]
    return interaction(second, first)


def combined(name: str, factors: Sequence[Factor], full: Sequence[bool]) -> Factor:
    """Factors as one, whose level is the combination; code 0 where one is at its reference.

    Parameters
    ----------
    name
        What it is called.
    factors
        Of the same rows.
    full
        For each factor whether its reference is a level like the others.
    """
    if len(factors) == 1 and not full[0]:
        return replace(factors[0], name=name)
    table = np.zeros(tuple(len(f.levels) for f in factors), dtype=np.int64)
    levels = ["(reference)"]
    for chosen in product(*[range(len(f.levels)) for f in factors]):
        compared = [
            every or k != f.reference for k, f, every in zip(chosen, factors, full, strict=True)
        ]
        if all(compared):
            table[chosen] = len(levels)
            levels.append(":".join(f.levels[k] for k, f in zip(chosen, factors, strict=True)))
    if len(levels) > MOST_LEVELS:
        raise UsageError(f"has {len(levels)} levels", column=name, allowed=f"at most {MOST_LEVELS}")
    codes = table.astype(code_type(len(levels)))[tuple(f.codes for f in factors)]
    return Factor(name, codes, tuple(levels), 0, tuple(f.name for f in factors))


def term_of(column: Column) -> Term:
    """A column of texts or levels as a factor, another as a number.

    Parameters
    ----------
    column
        The column.
    """
    if column.is_category:
        found = columns.categories(column)
        return factor(column.name, found.codes, levels=found.levels)
    return number(column.name, columns.numbers(column))


def without_values(term: Term) -> Term:
    """A covariate's name, levels and parents alone.

    Parameters
    ----------
    term
        The covariate.
    """
    if isinstance(term, Factor):
        return replace(term, codes=term.codes[:0])
    return replace(term, values=term.values[:0])


def code_type(levels: int) -> type[np.unsignedinteger]:
    """The smallest type of codes of so many levels.

    Parameters
    ----------
    levels
        How many there are.
    """
    return np.uint8 if levels <= 256 else np.uint16


def _whole(column: Column) -> NDArray[np.int64]:
    whole = columns.numbers(column) if column.is_number else np.full(1, np.nan)
    if not (np.floor(whole) == whole).all():
        raise InputRefused(
            "holds something other than whole codes",
            column=column.name,
            allowed="codes from 0 in every row, or texts without `levels`",
            next_step="Make a level of its own of what is missing",
        )
    return whole.astype(np.int64)


def _codes(name: str, numbers: NDArray[np.int64], levels: int) -> NDArray[np.unsignedinteger]:
    if numbers.size and (int(numbers.min()) < 0 or int(numbers.max()) >= levels):
        bad = int(np.flatnonzero((numbers < 0) | (numbers >= levels))[0])
        raise InputRefused(
            "is not a code of a level",
            row=bad + 1,
            column=name,
            value=int(numbers[bad]),
            allowed=f"0 to {levels - 1}",
        )
    return numbers.astype(code_type(levels), copy=False)
