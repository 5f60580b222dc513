"""Which cells a question asks for: expressions over codes become places along the variables."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from folkestrom.model.specification import Category
from folkestrom.publish.statbank.problems import (
    ILLEGAL_EXPRESSION,
    ILLEGAL_PLACEMENT,
    NO_CODE_LIST,
    NO_SELECTION,
    NO_VALUE,
    NO_VARIABLE,
    TOO_MANY_CELLS,
    Problem,
    quoted,
)
from folkestrom.publish.tables.definition import (
    CONTENTS,
    TIME,
    CodeList,
    Content,
    Definition,
    Variable,
)
from folkestrom.publish.tables.figures import Axis

#: How many of the newest times a question gets that names none.
DEFAULT_TIMES: Final = 13
_COUNTED: Final = re.compile(r"(top|bottom)\(\s*(\d{1,9})\s*(?:,\s*(\d{1,9})\s*)?\)", re.IGNORECASE)
_SPAN: Final = re.compile(r"(range|from|to)\((.*)\)", re.IGNORECASE)
_LOOKS_LIKE_ONE: Final = re.compile(r"(top|bottom|range|from|to)\(.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about one table.

    Parameters
    ----------
    values
        By variable, codes and expressions.
    code_lists
        By variable, the list that its codes are of.
    heading, stub
        Variables that go across, and those that go down; None: as the table has them.
    """

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    code_lists: Mapping[str, str] = field(default_factory=dict)
    heading: Sequence[str] | None = None
    stub: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Along:
    """What is asked for along one variable.

    Parameters
    ----------
    variable
        The variable.
    values
        The values of the answer; none where the variable is left out.
    axis
        Their places among the variable's values.
    code_list
        The list that they are of.
    """

    variable: Variable
    values: tuple[Category, ...]
    axis: Axis
    code_list: CodeList | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The cells that a question asks for.

    Parameters
    ----------
    along
        Every variable of the table, in its order.
    contents
        The contents.
    heading, stub
        Variables of the answer that go across, and down.
    """

    along: tuple[Along, ...]
    contents: tuple[Content, ...]
    heading: tuple[str, ...]
    stub: tuple[str, ...]

    @property
    def shown(self) -> tuple[Along, ...]:
        """The variables that the answer has."""
        return tuple(one for one in self.along if one.values)

    @property
    def size(self) -> int:
        """How many cells there are."""
        return math.prod(len(one.values) for one in self.shown) * len(self.contents)


def chosen(definition: Definition, asked: Asked, most: int | None = None) -> Chosen:
    """The cells that a question asks for.

    Parameters
    ----------
    definition
        The table.
    asked
        The question. Without values of any variable it is answered by a part of the table that is
        easily looked at.
    most
        The most cells that may be asked for.

    Raises
    ------
    Problem
        What the table does not have, what must be chosen and is not, or too much.
    """
    names = _names(definition)
    values: Mapping[str, Sequence[str]] = {
        _named(names, name): codes for name, codes in asked.values.items()
    }
    lists = {_named(names, name): id for name, id in asked.code_lists.items()}
    if not values:
        values = default_values(definition)
    contents = _contents(definition, values.get(CONTENTS))
    along = tuple(
        _along(definition, v, values.get(v.id), lists.get(v.id)) for v in definition.variables
    )
    heading, stub = _placed(names, along, asked)
    found = Chosen(along, contents, heading, stub)
    if most is not None and found.size > most:
        raise Problem(
            TOO_MANY_CELLS,
            f"{found.size:,} cells are asked for, and an answer has {most:,} at most. Ask for "
            "fewer values, or in several questions.",
        )
    return found


def default_values(definition: Definition) -> dict[str, list[str]]:
    """What is shown of a table to whoever asks for nothing in particular.

    Parameters
    ----------
    definition
        The table.
    """
    found = {
        variable.id: [variable.values[0].code]
        for variable in definition.variables
        if not variable.eliminated_by
    }
    times = [value.code for value in definition.time.values[-DEFAULT_TIMES:]]
    return found | {CONTENTS: [definition.contents[0].code], definition.time.id: times}


def _names(definition: Definition) -> dict[str, str]:
    ids = [*(variable.id for variable in definition.variables), CONTENTS]
    names = {id.casefold(): id for id in ids}
    for other in (TIME.casefold(), "time"):
        names.setdefault(other, definition.time.id)
    return names


def _named(names: Mapping[str, str], name: str) -> str:
    found = names.get(name.casefold())
    if found is None:
        known = ", ".join(dict.fromkeys(names.values()))
        raise Problem(NO_VARIABLE, f"{quoted(name)} is no variable of the table: {known}.")
    return found


def _contents(definition: Definition, codes: Sequence[str] | None) -> tuple[Content, ...]:
    if not codes:
        if len(definition.contents) > 1:
            raise _must_be_chosen(CONTENTS)
        return definition.contents
    known = {content.code.casefold(): n for n, content in enumerate(definition.contents)}
    places = _places(CONTENTS, known, codes, time=False)
    return tuple(definition.contents[place] for place in places)


def _along(
    made: Definition, variable: Variable, codes: Sequence[str] | None, list_id: str | None
) -> Along:
    if codes is None or not codes:
        return _left_out(made, variable)
    time = variable.role == "time"
    if not list_id:
        places = _places(variable.id, variable.folded, codes, time=time)
        axis = _axis(made, variable, [[place] for place in places])
        return Along(variable, tuple(variable.values[place] for place in places), axis)
    code_list = _code_list(variable, list_id)
    folded = {group.code.casefold(): n for n, group in enumerate(code_list.groups)}
    kept = [code_list.groups[n] for n in _places(variable.id, folded, codes, time=time)]
    groups = [[variable.places[code] for code in group.of] for group in kept]
    values = tuple(Category(group.code, group.label) for group in kept)
    return Along(variable, values, _axis(made, variable, groups), code_list)


def _axis(made: Definition, variable: Variable, groups: Sequence[Sequence[int]]) -> Axis:
    """Places of values to add up; or, where figures do not add up, those of stored sums."""
    if made.additive:
        return Axis.of(groups)
    stored = variable.stored
    return Axis.of(
        [group if len(group) == 1 else [stored[tuple(sorted(group))]] for group in groups]
    )


def _left_out(made: Definition, variable: Variable) -> Along:
    if not variable.eliminated_by:
        raise _must_be_chosen(variable.id)
    by = variable.eliminated_by
    places = range(len(variable.values)) if by == "*" else [variable.places[by]]
    return Along(variable, (), _axis(made, variable, [places]))


def _must_be_chosen(name: str) -> Problem:
    return Problem(NO_SELECTION, f"{name} must be chosen: valuecodes[{name}]=*, or codes of it.")


def _code_list(variable: Variable, id: str) -> CodeList:
    # Clients name a list by its id, with the letters `vs_` or `agg_` in front or without.
    for found in variable.code_lists:
        if id.casefold() in {found.id.casefold(), found.id.partition("_")[2].casefold()}:
            return found
    known = ", ".join(found.id for found in variable.code_lists) or "none"
    raise Problem(NO_CODE_LIST, f"{quoted(id)} is no code list of {variable.id}: {known}.")


def _places(name: str, known: Mapping[str, int], wanted: Sequence[str], *, time: bool) -> list[int]:
    """Places among codes that codes and expressions mean, in the order of the codes."""
    found: set[int] = set()
    for text in wanted:
        exact = known.get(text.casefold())
        found |= {exact} if exact is not None else _meant(name, list(known), text, time=time)
    if not found:
        raise Problem(NO_VALUE, f"no value of {name} is among {quoted(', '.join(wanted))}.")
    return sorted(found)


def _meant(name: str, codes: Sequence[str], text: str, *, time: bool) -> set[int]:
    """Places that an expression means."""
    every = range(len(codes))
    if counted := _COUNTED.fullmatch(text):
        kind, many, offset = counted[1].casefold(), int(counted[2]), int(counted[3] or 0)
        # The first times are the newest.
        ordered = every[::-1] if time == (kind == "top") else every
        return set(ordered[offset : offset + many])
    if span := _SPAN.fullmatch(text):
        return _within(name, codes, span[1].casefold(), span[2])
    if _LOOKS_LIKE_ONE.fullmatch(text):
        raise _illegal(name, text)
    if "*" in text or "?" in text:
        matches = _pattern(name, text)
        return {n for n in every if matches(codes[n])}
    raise Problem(
        NO_VALUE,
        f"{quoted(text)} is no value of {name}. Its values are in the table's metadata, and "
        "expressions such as *, TOP(3), FROM(code) and RANGE(code,code) are allowed.",
    )


def _within(name: str, codes: Sequence[str], kind: str, inside: str) -> set[int]:
    ends = [part.strip().casefold() for part in inside.split(",")]
    if len(ends) != (2 if kind == "range" else 1):
        raise _illegal(name, f"{kind}({inside})")
    for end in ends:
        if end not in codes:
            raise Problem(NO_VALUE, f"{quoted(end)} in {kind} is no value of {name}.")
    places = sorted(codes.index(end) for end in ends)
    first = 0 if kind == "to" else places[0]
    last = len(codes) - 1 if kind == "from" else places[-1]
    return set(range(first, last + 1))


def _pattern(name: str, text: str) -> Callable[[str], object]:
    inner = text.removeprefix("*").removesuffix("*") if len(text) > 1 else ""
    if "*" in inner:
        raise _illegal(name, text)
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in text.casefold())
    return re.compile("".join(parts), re.DOTALL).fullmatch


def _illegal(name: str, text: str) -> Problem:
    return Problem(
        ILLEGAL_EXPRESSION,
        f"{quoted(text)} of {name}: allowed are codes, *, a*, *a, *a*, ?, TOP(n), TOP(n,offset), "
        "BOTTOM(n), FROM(code), TO(code) and RANGE(code,code).",
    )


def _placed(
    names: Mapping[str, str], along: Sequence[Along], asked: Asked
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Variables that go across, and down."""
    shown = [one.variable.id for one in along if one.values]
    own = [*shown[:-1], CONTENTS, *shown[-1:]] if along[-1].values else [*shown, CONTENTS]
    if asked.heading is None and asked.stub is None:
        across = tuple(own[own.index(CONTENTS) :])
        return across, tuple(name for name in own if name not in across)
    heading = [_named(names, name) for name in asked.heading or ()]
    stub = [_named(names, name) for name in asked.stub or ()]
    both = [*stub, *heading]
    if len(set(both)) < len(both) or set(both) - set(own):
        raise Problem(
            ILLEGAL_PLACEMENT,
            f"heading and stub name each variable of the answer once at most: {', '.join(own)}.",
        )
    rest = [name for name in own if name not in both]
    if asked.heading is None:
        return tuple(rest), tuple(stub)
    return tuple(heading), (*stub, *rest)
