"""The explorer of a table: values are chosen, turned, drawn, downloaded and called elsewhere."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from folkestrom.app.public.site.questions import Question, question, written
from folkestrom.model.specification import Language
from folkestrom.publish.formats.cube import CONTENTS_LABEL
from folkestrom.publish.statbank.dataset import Published
from folkestrom.publish.statbank.files import MEDIA
from folkestrom.publish.statbank.grid import Grid, grid
from folkestrom.publish.statbank.problems import ILLEGAL_PLACEMENT, Problem
from folkestrom.publish.statbank.selection import Asked, Chosen
from folkestrom.publish.statbank.vintages import compared, vintage
from folkestrom.publish.tables.comparison import Comparison, printed
from folkestrom.publish.tables.definition import CONTENTS, Variable

#: Cells that a page shows; files have all.
MOST_CELLS = 1500
#: Columns that a page has room for.
MOST_COLUMNS = 400
_PYTHON = """\
import pandas as pd

table = pd.read_csv({address})
print(table)
"""
_R = """\
table <- read.csv({address}, check.names = FALSE)
print(table)
"""


@dataclass(frozen=True, slots=True)
class Option:
    """A value that may be chosen."""

    code: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Control:
    """What is chosen of one variable.

    Parameters
    ----------
    id, label
        The variable.
    options
        Its values, or those of the list that is chosen.
    every
        Whether all of them are asked for by a star.
    lists
        Other lists of its values.
    across
        Whether it goes across.
    needed
        Whether something must be chosen of it.
    """

    id: str
    label: str
    options: tuple[Option, ...]
    every: bool
    lists: tuple[Option, ...]
    across: bool
    needed: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the interface, as a program has it."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Vintage:
    """A vintage of a table beside the one before it.

    Parameters
    ----------
    table
        The vintage.
    before
        The vintage before; None: it is the first.
    changes
        What it changed; None: nothing can be compared.
    largest
        The largest changes: which cell, as it was, as it is, as they are printed.
    """

    table: Published
    before: Published | None = None
    changes: Comparison | None = None
    largest: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Explorer:
    """The page of a table.

    Parameters
    ----------
    table
        The table, in the vintage that is shown.
    vintage
        It beside the vintage before.
    vintages
        Every vintage, the newest first.
    controls
        What is chosen of each variable.
    question
        The question; None: it cannot be answered.
    grid
        Its figures; None: they have more columns than a page has room for.
    size
        How many cells there are.
    turned
        The same question with rows and columns exchanged, as parameters.
    problem
        Why there is no answer.
    """

    table: Published
    vintage: Vintage
    vintages: tuple[Published, ...]
    controls: tuple[Control, ...]
    question: Question | None = None
    grid: Grid | None = None
    size: int = 0
    turned: str = ""
    problem: str = ""


def explorer(
    vintages: Sequence[Published],
    parameters: Iterable[tuple[str, str]],
    language: Language,
    most: int,
) -> Explorer:
    """The page of a table.

    Parameters
    ----------
    vintages
        The table's vintages, from the first on; at least one.
    parameters
        Of the address.
    language
        Of all texts.
    most
        The most cells that may be asked for.
    """
    listed = [(name, value) for name, value in parameters if value]
    table, newest_first = vintages[-1], tuple(reversed(vintages))
    try:
        table = vintage(vintages, dict(listed).get("vintage", table.release))
        asked = question(table, listed, explicit=True)
        asked, found = _placed(asked, most)
    except Problem as problem:
        plain = question(table, [], explicit=True)
        controls = _controls(plain, plain.chosen(), language)
        shown_as = _vintage(vintages, table, language)
        return Explorer(table, shown_as, newest_first, controls, problem=problem.detail)
    turned = Asked(
        asked.asked.values, asked.asked.code_lists, found.stub or found.heading[:0], found.heading
    )
    total = table.definition.title.of(language)
    sizes = {one.variable.id: len(one.values) for one in found.shown}
    sizes[CONTENTS] = len(found.contents)
    shown = None
    if math.prod(sizes[name] for name in found.heading) <= MOST_COLUMNS:
        shown = grid(table, found, language, most=MOST_CELLS, total=total)
    controls = _controls(asked, found, language)
    return Explorer(
        table, _vintage(vintages, table, language), newest_first, controls, asked, shown,
        found.size, written(turned, asked.vintage),
    )  # fmt: skip


def _vintage(vintages: Sequence[Published], table: Published, language: Language) -> Vintage:
    at = next(n for n, one in enumerate(vintages) if one.release == table.release)
    if at == 0:
        return Vintage(table)
    before = vintages[at - 1]
    found = compared(before, table)
    largest = tuple(
        printed(one, table.definition, language)[:3] for one in (found.largest if found else ())
    )
    return Vintage(table, before, found, largest)


def _placed(asked: Question, most: int) -> tuple[Question, Chosen]:
    """The question, its placement without variables that are summed over."""
    try:
        return asked, asked.chosen(most)
    except Problem as problem:
        if problem.title != ILLEGAL_PLACEMENT:
            raise
    there = {*asked.asked.values, CONTENTS}
    heading = [n for n in dict.fromkeys(asked.asked.heading or ()) if n in there]
    plain = Asked(asked.asked.values, asked.asked.code_lists, heading)
    kept = Question(asked.table, plain, {}, vintage=asked.vintage)
    return kept, kept.chosen(most)


def _controls(asked: Question, found: Chosen, language: Language) -> tuple[Control, ...]:
    made = asked.table.definition
    by_name: Mapping[str, list[str]] = {k: [*v] for k, v in asked.asked.values.items()}
    controls = []
    for one in found.along:
        variable = one.variable
        groups = one.code_list.groups if one.code_list is not None else variable.values
        chosen = {value.code for value in one.values}
        options = tuple(Option(v.code, v.label.of(language), v.code in chosen) for v in groups)
        controls.append(
            Control(
                variable.id, variable.label.of(language), options,
                by_name.get(variable.id) == ["*"],
                _lists(variable, one.code_list.id if one.code_list else "", language),
                variable.id in found.heading, not variable.eliminated_by,
            )
        )  # fmt: skip
    codes = {content.code for content in found.contents}
    contents = tuple(Option(c.code, c.label.of(language), c.code in codes) for c in made.contents)
    label = CONTENTS_LABEL.of(language).lower()
    every = by_name.get(CONTENTS) == ["*"]
    controls.append(
        Control(CONTENTS, label, contents, every, (), CONTENTS in found.heading, needed=True)
    )
    return tuple(controls)


def _lists(variable: Variable, chosen: str, language: Language) -> tuple[Option, ...]:
    return tuple(
        Option(one.id, one.label.of(language), one.id == chosen) for one in variable.code_lists
    )


def downloads(base: str, asked: Question, language: Language) -> tuple[tuple[str, str], ...]:
    """Every format of the interface, and the address that has the cells in it.

    Parameters
    ----------
    base
        Address of the interface.
    asked, language
        The question, and the language of its texts.
    """
    return tuple((form, data_address(base, asked, language, form)) for form in MEDIA)


def data_address(base: str, asked: Question, language: Language, form: str) -> str:
    """The address of the interface that has the cells of a question."""
    path = f"{base}/tables/{asked.table.definition.id}/data"
    return f"{path}?lang={language.value}&outputFormat={form}&{asked.query()}"


def calls(base: str, asked: Question, language: Language) -> tuple[Call, ...]:
    """The call of the interface as programs write it.

    Parameters
    ----------
    base
        Address of the interface.
    asked, language
        The question, and the language of its texts.
    """
    # Written out, for not every program takes brackets and stars in an address.
    address = data_address(base, asked, language, "csv")
    for sign in "[]*()":
        address = address.replace(sign, f"%{ord(sign):02X}")
    string = json.dumps(address, ensure_ascii=True)
    return (
        Call("curl", f"curl {shlex.quote(address)}\n"),
        Call("Python", _PYTHON.format(address=string)),
        Call("R", _R.format(address=string)),
    )
