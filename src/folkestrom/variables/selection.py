"""Which codes of which variables are kept, of cells by more variables than are asked for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.classifications.areas import municipality_codes
from folkestrom.classifications.code_lists import UNKNOWN_CODE, long_list
from folkestrom.classifications.reported import FIXED
from folkestrom.errors import MOST_LISTED, UsageError
from folkestrom.model.names import check_code, suggestion
from folkestrom.model.specification import Category, Language, Text, same
from folkestrom.variables.codes import codes_of
from folkestrom.variables.variable import Variable
from folkestrom.variables.vocabulary import Setting, chosen

#: Which codes of which variables to keep.
Only = Mapping[str, str | Iterable[str]]
#: The same as a user may say it: in texts such as `county=03,11,sex=female` too.
Kept = Only | str | Iterable[str]

#: A number, or the first and the last of several.
_RANGE: Final = re.compile(r"(\d{1,4})(?:\s*[-\N{EN DASH}]\s*(\d{1,4})|(\+))?")
_LARGEST: Final = 9999
#: So many codes are named in a note.
_MOST_NAMED: Final = 12
#: What else codes are called, where it is suggested.
_ALSO: Final = {"woman": "female", "women": "female", "man": "male", "men": "male"}
#: So many codes whose names are near to what was given are suggested.
_MOST_NEAR: Final = 3


def codes_kept(only: Kept, where: str = "only") -> dict[str, tuple[str, ...]]:
    """The codes of every variable as texts.

    Parameters
    ----------
    only
        Codes to keep, by variable; or texts that say so.
    where
        The argument that they were given for.

    Examples
    --------
    >>> codes_kept({"county": "03", "age": [17, 18]})
    {'county': ('03',), 'age': ('17', '18')}
    >>> codes_kept("county=03,11,sex=female")
    {'county': ('03', '11'), 'sex': ('female',)}
    """
    if not isinstance(only, Mapping):
        only = _said([only] if isinstance(only, str) else only, where)
    found = {}
    for name, codes in only.items():
        listed = [codes] if isinstance(codes, str) or not isinstance(codes, Iterable) else codes
        found[name] = tuple(str(code) for code in listed)
        if not found[name]:
            raise UsageError(
                "keeps nothing", where=where, value=name, allowed="codes of the variable"
            )
    return found


def _said(texts: Iterable[str], where: str) -> dict[str, list[str]]:
    """Codes by variable, from texts such as `county=03,11,sex=female`."""
    kept: dict[str, list[str]] = {}
    for text in texts:
        name = ""
        for part in text.split(","):
            before, equals, after = part.partition("=")
            name, code = (before.strip(), after) if equals else (name, before)
            if not name or not code.strip() or "=" in code:
                raise UsageError(
                    "is not a variable with codes",
                    where=where,
                    value=text,
                    allowed="such as county=03, county=03,11 or county=03,sex=female",
                    next_step=_separated(text),
                )
            kept.setdefault(name, []).append(code.strip())
    return kept


def _separated(text: str) -> str | None:
    """What was meant where several variables stand in one word."""
    _, *parts = re.split(r"([a-z_]+)\s*=", text)
    pairs = [(n, c.strip(" ,;&+")) for n, c in zip(parts[::2], parts[1::2], strict=True)]
    if len(pairs) < 2 or not all(code for _, code in pairs):
        return None
    meant = ",".join(f"{name}={code}" for name, code in pairs)
    return f"Did you mean {meant}?"


def listed_codes(variable: Variable) -> frozenset[str]:
    """Codes that a variable's list has, whether they occur or not; none where it has no list.

    Parameters
    ----------
    variable
        The variable.
    """
    codes = {c.code for c in variable.dimension.categories} | long_list(variable.name).keys()
    return frozenset({*codes, UNKNOWN_CODE} if codes else ())


def codes_meant(
    only: Only | None, variables: Iterable[Variable], where: str = "only"
) -> dict[str, tuple[str, ...]]:
    """The codes to keep, where numbers were given as ranges and codes by their labels.

    Parameters
    ----------
    only, where
        As for `codes_kept`. A number of an age or a year may be a range, `20-39` (ends included)
        or `67+`;
        a code may be given by its label in either language, if no other has it.
    variables
        The variables, all those of `only` among them.

    Returns
    -------
    dict of str to tuple of str
        Codes by variable.

    Raises
    ------
    UsageError
        What is no code, label or range, before anything is counted; a label of several codes.

    Examples
    --------
    >>> from folkestrom.variables.registry import VARIABLES
    >>> known = [VARIABLES["county"], VARIABLES["age"]]
    >>> codes_meant({"county": ["Oslo", "11"], "age": "18-20"}, known)
    {'county': ('03', '11'), 'age': ('18', '19', '20')}
    """
    named = {variable.name: variable for variable in variables}
    found = {}
    for name, codes in codes_kept(only or {}, where).items():
        read = (code for given in codes for code in _read(given, named[name], where))
        found[name] = tuple(dict.fromkeys(read))
    return found


def _read(given: str, variable: Variable, where: str) -> Iterable[str]:
    """The codes that were meant, of one variable."""
    listed = listed_codes(variable)
    if given in listed or given == UNKNOWN_CODE:
        return [given]
    if not variable.coded:
        span = _RANGE.fullmatch(given.strip())
        first, last = (int(span[1]), int(span[2] or span[1])) if span else (1, 0)
        if span and span[3]:
            last = int(_last_of(variable))
        if span and last < first:
            raise UsageError(
                "is a range from the larger to the smaller number", where=where,
                column=variable.name, value=given, next_step=f"Did you mean {last}-{first}?",
            )  # fmt: skip
        numbers = map(str, range(first, last + 1))
        # A number that nobody has is no mistake, unless none of a list has it.
        found = [number for number in numbers if number in listed or not listed]
        if found:
            return found
        raise UsageError(
            "is no number that it has", where=where, column=variable.name, value=given,
            allowed="numbers, and ranges such as 20-39 or 67+",
        )  # fmt: skip
    labels: dict[str, set[str]] = {}
    for code in codes_of(variable):
        for label in _called(code.label):
            labels.setdefault(label.casefold(), set()).add(code.code)
    meant = _of_today(labels.get(given.casefold().strip(), ()), variable)
    if len(meant) > 1:
        raise UsageError(
            "is what several are called", where=where, column=variable.name, value=given,
            allowed=meant, next_step="Give the code",
        )  # fmt: skip
    if listed and not meant:
        raise _no_code(given, variable, labels, listed, where)
    return meant or [given]


def _of_today(codes: Iterable[str], variable: Variable) -> list[str]:
    """Of places that are called the same at different times, those of the borders asked for.

    If none are asked for, those of the borders of 2020, if there is one.
    """
    several = sorted(codes)
    if variable.area and len(several) > 1:
        labels = variable.dimension.labels
        several = [code for code in several if labels(code).en != code] or several
        now = {code[: len(several[0])] for code in municipality_codes(FIXED)}
        several = [code for code in several if code in now] or several
    return several


def _no_code(
    given: str,
    variable: Variable,
    labels: Mapping[str, set[str]],
    listed: Collection[str],
    where: str,
) -> UsageError:
    """What to raise for a code or a label that is not known, with those that are near."""
    word = given.casefold().strip()
    near = get_close_matches(word, labels, n=_MOST_NEAR)
    codes = [code for label in near for code in _of_today(labels[label], variable)][:_MOST_NEAR]
    if _ALSO.get(word) in listed:
        codes = [_ALSO[word]]
    called = {code.code: code.label.en for code in codes_of(variable)}
    named = ", ".join(f"{code} ({called[code]})" for code in dict.fromkeys(codes))
    next_step = (None if word in _ALSO else suggestion(given, listed)) or (
        f"Did you mean {named}?"
        if named
        else f"`folkestrom variables {variable.name}` lists them, with their names"
    )
    # Bare codes of a long list say nothing to anybody.
    few = len(listed) <= MOST_LISTED
    return UsageError(
        f"is not a code of {variable.name}", where=where, column=variable.name, value=given,
        allowed=sorted(listed) if few else "a code, or a name, of its list", next_step=next_step,
    )  # fmt: skip


def _called(label: Text) -> set[str]:
    """What a code is called: a place with several names by each, and without its county."""
    whole = {label.en, label.no}
    parts = {part for text in whole for part in text.split(" - ")}
    return whole | parts | {part.partition(" (")[0] for part in parts}


def chosen_with(
    setting: Setting, by: Iterable[str], only: Only | None, where: str = "only"
) -> tuple[tuple[Variable, ...], tuple[Variable, ...], dict[str, tuple[str, ...]]]:
    """The variables that are asked for, with them those of which codes are kept, and the codes.

    Parameters
    ----------
    setting
        Where they are looked up.
    by
        What was asked for.
    only, where
        As for `codes_meant`.

    Raises
    ------
    UsageError
        An unknown name or code, with the nearest known one, before anything is counted.
    """
    named = chosen(setting, by)
    mine = {variable.name for variable in named}
    others = chosen(setting, [name for name in only or {} if name not in mine], where)
    both = (*named, *others)
    return named, both, codes_meant(only, both, where)


def kept(
    data: pa.Table,
    only: Only,
    variables: Sequence[Variable],
    named: Sequence[str],
    where: str = "only",
) -> pa.Table:
    """Cells with some codes, added up to fewer variables.

    Parameters
    ----------
    data
        Columns of codes, one a variable, and of counts; in the order of the variables.
    only, where
        As for `codes_kept`.
    variables
        The variables of the cells.
    named
        What the result is by: columns that are no counts.

    Raises
    ------
    UsageError
        A code that does not occur, of a variable without a list; places, or ages, of which nobody
        has both.
    """
    if not only:
        return data
    texts = {name: _texts(data[name]) for name in only}
    wanted = codes_kept(only, where)
    masks = {}
    for variable in variables:
        name = variable.name
        if name in wanted:
            occur = sorted(pc.unique(texts[name]).to_pylist())
            for code in wanted[name] if data.num_rows and variable.coded else ():
                if code not in listed_codes(variable):
                    check_code(code, occur, "does not occur", where=where, column=name)
            masks[name] = pc.is_in(texts[name], pa.array(wanted[name]))
    _check_together(masks, variables, wanted, where)
    mask: Any = pa.scalar(True)
    for one in masks.values():
        mask = pc.and_(mask, one)
    data = data.filter(mask)
    codes = {*named, *(v.name for v in variables)}
    counts = [n for n in data.column_names if n not in codes]
    summed = data.group_by(list(named), use_threads=False).aggregate([(n, "sum") for n in counts])
    columns = [summed[f"{n}_sum"].cast(data.schema.field(n).type) for n in counts]
    if not named:
        columns = [pc.fill_null(column, 0) for column in columns]
    return pa.table([*(summed[n] for n in named), *columns], names=[*named, *counts])


def _check_together(
    masks: Mapping[str, Any],
    variables: Iterable[Variable],
    wanted: Mapping[str, Sequence[str]],
    where: str,
) -> None:
    """Refuse a county with a municipality of another one, or an age outside its group."""
    of_kind: dict[str, list[str]] = {"area": [], "age": []}
    for variable in variables:
        if variable.name in masks and (variable.area or variable.ages):
            of_kind["area" if variable.area else "age"].append(variable.name)
    for names in of_kind.values():
        alone = all(pc.any(masks[name]).as_py() for name in names)
        both: Any = pa.scalar(True)
        for name in names:
            both = pc.and_(both, masks[name])
        if len(names) > 1 and alone and not pc.any(both).as_py():
            raise UsageError(
                "contradict each other: nobody has both",
                where=where,
                value=" and ".join(f"{name}={','.join(wanted[name])}" for name in names),
                next_step=f"Leave one of {' and '.join(names)} out",
            )


def _texts(column: pa.ChunkedArray) -> pa.Array:
    texts = column.combine_chunks().cast(pa.string())
    return pc.fill_null(texts, UNKNOWN_CODE)


def kept_notes(only: Only, variables: Iterable[Variable]) -> tuple[Text, ...]:
    """Notes of who the figures are of, where not all were kept.

    Parameters
    ----------
    only
        Codes to keep, by variable.
    variables
        The variables.
    """
    named = {variable.name: variable for variable in variables}
    found = []
    for name, codes in codes_kept(only).items():
        variable = named[name]
        label = variable.dimension.label
        few = variable.coded and len(codes) <= _MOST_NAMED
        texts = list(_named(variable, codes) if few else _spans(codes, _last_of(variable)))
        en, no = (", ".join(text.of(language) for text in texts) for language in Language)
        found.append(Text(f"Only {label.en}: {en}.", f"Bare {label.no}: {no}."))
    return tuple(found)


def _named(variable: Variable, codes: Iterable[str]) -> Iterable[Text]:
    """Codes as printed tables have them: names, of places after the code."""
    dimension = variable.dimension
    labels = {category.code: category.label for category in dimension.categories}
    for code in codes:
        yield dimension.printed(Category(code, labels.get(code) or dimension.labels(code)))


def _last_of(variable: Variable) -> str:
    """The number up to which a range without an end is read; none where codes are no numbers."""
    if variable.coded:
        return ""
    return str(max(map(int, listed_codes(variable) - {UNKNOWN_CODE}), default=_LARGEST))


def _spans(codes: Sequence[str], last: str) -> Iterable[Text]:
    """Codes, with one text for numbers that follow each other."""
    span: list[str] = []
    for code in (*codes, ""):
        if span and not (_follows(span[-1], code)):
            if len(span) > 1 and span[-1] == last:
                yield Text(f"{span[0]} and over", f"{span[0]} og over")
            else:
                ends = dict.fromkeys((span[0], span[-1]))
                yield same("\N{EN DASH}".join(ends))
            span = []
        span.append(code)


def _follows(before: str, code: str) -> bool:
    return before.isdecimal() and code == str(int(before) + 1)
