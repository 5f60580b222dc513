"""A table beside the one before: what changed, what is new, what is gone, what does not add up.

A release is looked at with this before it is approved, and it is what a revision says of itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from folkestrom.model.specification import Language
from folkestrom.publish.formats.layout import number_text
from folkestrom.publish.tables.definition import CONTENTS, CodeList, Content, Definition, Variable
from folkestrom.publish.tables.figures import THERE, Axis, Figures, taken

#: So many of the largest changes are listed.
LISTED: Final = 10

Table = tuple[Definition, Figures]


@dataclass(frozen=True, slots=True)
class Codes:
    """Codes of a variable that are new, and that are gone.

    Parameters
    ----------
    variable
        The variable.
    new, gone
        Codes.
    """

    variable: str
    new: tuple[str, ...]
    gone: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A cell whose figure is another.

    Parameters
    ----------
    content
        The content.
    codes
        The cell, by variable.
    before, after
        The figures.
    """

    content: str
    codes: dict[str, str]
    before: float
    after: float


def printed(
    change: Change, definition: Definition, language: Language
) -> tuple[str, str, str, str]:
    """Which cell it is, in words; its figure before and after, and the difference.

    Parameters
    ----------
    change, definition, language
        The cell, its table, and the language.
    """
    content = next(one for one in definition.contents if one.code == change.content)
    found = [content.label.of(language)]
    for variable in definition.variables:
        code = change.codes[variable.id]
        labels = {value.code: value.label.of(language) for value in variable.values}
        # A county and a town may have one name.
        shared = sum(label == labels[code] for label in labels.values()) > 1
        found.append(f"{labels[code]} ({code})" if shared else labels[code])
    figures = (change.before, change.after, change.after - change.before)
    was, now, difference = (number_text(one, content.decimals, language) for one in figures)
    return ", ".join(found), was, now, difference


@dataclass(frozen=True, slots=True)
class Sum:
    """Values of one level that do not add up to their total.

    Parameters
    ----------
    content, variable, level
        The content, the variable, and the list of values whose sum it is.
    cells, of
        In how many cells they do not, of how many.
    largest
        The largest difference: the sum less the total.
    """

    content: str
    variable: str
    level: str
    cells: int
    of: int
    largest: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A table beside the one before it.

    Parameters
    ----------
    cells, changed
        Cells that both have, and how many of them have other figures.
    largest
        The cells that changed most, the largest first.
    codes
        By variable, codes that are new or gone; the contents are a variable too.
    hidden, shown
        Cells that had a figure and have none now, and the other way round.
    """

    cells: int
    changed: int
    largest: tuple[Change, ...]
    codes: tuple[Codes, ...]
    hidden: int
    shown: int


def compare(before: Table, after: Table) -> Comparison | None:
    """What is different in a table.

    Parameters
    ----------
    before, after
        The table as it was, and as it is; both with their figures.

    Returns
    -------
    Comparison or None
        None where the two have other variables, so that no cell is the other's.
    """
    old, new = before[0], after[0]
    if [v.id for v in old.variables] != [v.id for v in new.variables]:
        return None
    pairs = list(zip(old.variables, new.variables, strict=True))
    codes = [_codes(a.id, _of(a), _of(b)) for a, b in pairs]
    contents = [c.code for c in old.contents], [c.code for c in new.contents]
    codes.append(_codes(CONTENTS, *contents))
    common = [[code for code in _of(a) if code in set(_of(b))] for a, b in pairs]
    both = [content for content in new.contents if content.code in contents[0]]
    parts = [
        _changes(content, common, [v.id for v in new.variables], before, after) for content in both
    ]
    largest = sorted((c for part in parts for c in part.largest), key=_size, reverse=True)
    return Comparison(
        sum(part.cells for part in parts),
        sum(part.changed for part in parts),
        tuple(largest[:LISTED]),
        tuple(one for one in codes if one.new or one.gone),
        sum(part.hidden for part in parts),
        sum(part.shown for part in parts),
    )


def _of(variable: Variable) -> list[str]:
    return [value.code for value in variable.values]


def _codes(name: str, old: list[str], new: list[str]) -> Codes:
    was, now = set(old), set(new)
    return Codes(
        name, tuple(code for code in new if code not in was),
        tuple(code for code in old if code not in now),
    )  # fmt: skip


def _size(change: Change) -> float:
    return abs(change.after - change.before)


def _at(table: Table, codes: list[list[str]], content: Content) -> tuple[Any, NDArray[np.bool_]]:
    """Figures of cells, and which of them there are."""
    axes = []
    for variable, wanted in zip(table[0].variables, codes, strict=True):
        place = {value.code: n for n, value in enumerate(variable.values)}
        axes.append(Axis.of([[place[code]] for code in wanted]))
    values, status = taken(table[1], axes, content.code, adds=content.adds)
    there = np.ones(values.shape, np.bool_) if status is None else status == THERE
    return values, there & np.isfinite(values)


def _changes(
    content: Content, codes: list[list[str]], names: list[str], before: Table, after: Table
) -> Comparison:
    if not all(codes):
        return Comparison(0, 0, (), (), 0, 0)
    old, was = _at(before, codes, content)
    new, now = _at(after, codes, content)
    both = was & now
    moved = np.where(both, np.abs(np.where(both, new, 0) - np.where(both, old, 0)), 0)
    # What is rounded when it is shown is no change before that.
    moved[moved < 0.5 * 10.0**-content.decimals] = 0
    size = min(LISTED, moved.size)
    first = np.argpartition(moved.ravel(), -size)[-size:]
    largest = tuple(
        Change(
            content.code,
            {name: of[n] for name, of, n in zip(names, codes, place, strict=True)},
            old[place].item(),
            new[place].item(),
        )
        for place in (np.unravel_index(at, moved.shape) for at in first)
        if moved[place]
    )
    return Comparison(
        both.size, int(np.count_nonzero(moved)), largest, (), int((was & ~now).sum()),
        int((now & ~was).sum()),
    )  # fmt: skip


def sums(table: Table) -> list[Sum]:
    """Levels of a table whose values do not add up to the value that stands for them all.

    Parameters
    ----------
    table
        The table with its figures. Levels are code lists that take values as they are; their total
        is the value that whoever leaves the variable out gets.
    """
    definition, figures = table
    if not definition.additive:
        return []  # each figure has noise of its own
    every = [Axis.of([[n] for n in range(len(v.values))]) for v in definition.variables]
    found = []
    for at, variable in enumerate(definition.variables):
        levels = [one for one in variable.code_lists if not one.adds]
        if variable.eliminated_by in ("", "*") or not levels:
            continue
        total = [n for n, v in enumerate(variable.values) if v.code == variable.eliminated_by]
        for content in (one for one in definition.contents if one.adds):
            axes = [*every]
            axes[at] = Axis.of([total])
            whole, _ = taken(figures, axes, content.code, adds=True)
            for level in levels:
                axes[at] = Axis.of([[place] for place in _places(variable, level)])
                parts, status = taken(figures, axes, content.code, adds=True)
                known = np.ones(whole.shape, np.bool_)
                if status is not None:
                    known = (status == THERE).all(axis=at, keepdims=True)
                differ = np.where(known, parts.sum(axis=at, keepdims=True) - whole, 0)
                if differ.any():
                    largest = differ.ravel()[np.abs(differ).argmax()].item()
                    found.append(
                        Sum(content.code, variable.id, level.id, int(np.count_nonzero(differ)),
                            differ.size, largest)
                    )  # fmt: skip
    return found


def _places(variable: Variable, level: CodeList) -> list[int]:
    place = {value.code: n for n, value in enumerate(variable.values)}
    return [place[group.of[0]] for group in level.groups]
