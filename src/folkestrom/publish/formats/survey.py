"""Files of Stata and SPSS: numbers with labels, as both programs keep classifications.

A column of codes becomes one of whole numbers, each labelled with the code and what it is called.
A code that is a number keeps it ("0301" is 301); others are numbered from 1 in the order of the
table; what is unknown is -1 everywhere, and a total -2. Where nothing is known, a
figure is missing; where it is not shown, for confidentiality, it is missing with a code of its own:
`.s` of Stata, and a negative number of SPSS that no figure reaches.
"""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells, code_text
from folkestrom.model.specification import Language
from folkestrom.model.text import printable
from folkestrom.publish.formats.cube import STATUS
from folkestrom.publish.formats.layout import SUPPRESSED, headed

#: Numbers of codes that are no category among others.
_SPECIAL: Final = {"unknown": -1, "total": -2}
_NUMBER: Final = re.compile(r"(\d{1,9})\+?")
#: Stata's letter of what is not shown.
_LETTER: Final = "s"
#: Beyond it, a number of a double-precision column is not exact: it is written as text.
_EXACT: Final = 2**53
#: Stata's whole numbers end here.
_LONG: Final = 2_147_483_000
#: The version of the files: every Stata from 14 on reads them.
_STATA_14: Final = 14
#: Bytes of a line of SPSS's notes.
_SPSS_LINE: Final = 80
_STATA_WORDS: Final = (
    "_all _b _coef _cons _n _pi _pred _rc _skip byte double float if in int long strl using with"
)


@dataclass(frozen=True, slots=True)
class Program:
    """What the files of a program allow.

    Parameters
    ----------
    writer
        The function of the library.
    name, label, value_label, title
        Most letters, or bytes, of each.
    size
        What is counted of a text.
    number, fixed
        Format of a figure: what stands before, and behind, its width and decimals.
    reserved
        Names that no variable may have, in small letters.
    made
        The time of writing in a file's first bytes, and what stands there instead, so that the same
        cells give the same file.
    """

    writer: str
    name: int
    label: int
    value_label: int
    title: int
    size: Callable[[str], int]
    number: str
    fixed: str
    reserved: frozenset[str]
    made: tuple[re.Pattern[bytes], bytes]


def _bytes(text: str) -> int:
    return len(text.encode())


STATA: Final = Program(
    "write_dta", 32, 80, 8_000, 80, len, "%", "f", frozenset(_STATA_WORDS.split()),
    (re.compile(rb"(?<=<timestamp>\x11).{17}"), b"01 Jan 2000 00:00"),
)  # fmt: skip
SPSS: Final = Program(
    "write_sav", 64, 256, 120, 64, _bytes, "F", "",
    frozenset("all and by eq ge gt le lt ne not or to with".split()),
    (re.compile(rb"(?s)(?<=^.{92}).{17}"), b"01 Jan 0000:00:00"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Variable:
    """One column of a file.

    Parameters
    ----------
    label
        What it is.
    column
        Its values: numbers, days or texts.
    labels
        What its numbers are called; empty: they are numbers, or it has none.
    decimals
        Decimals of its figures; None of all else.
    hidden
        Rows whose figure is not shown.
    """

    label: str
    column: pa.Array
    labels: Mapping[int, str] = field(default_factory=dict)
    decimals: int | None = None
    hidden: pa.Array | None = None


def require_writer() -> Any:
    """The library that writes the files, or what to do where it is missing."""
    try:
        import pyreadstat
    except ModuleNotFoundError as error:
        raise UsageError(
            "files of Stata and SPSS need pyreadstat, which is not installed",
            where="--format",
            next_step="Install folkestrom[survey-formats], or ask for --format csv",
        ) from error
    return pyreadstat


def survey_file(cells: Cells, language: Language, program: Program) -> bytes:
    """Cells as the bytes of a file; the same cells give the same bytes.

    Parameters
    ----------
    cells
        Figures with their specification.
    language
        Language of labels and notes.
    program
        `STATA` or `SPSS`.
    """
    spec = cells.specification
    variables = {}
    for dimension in spec.dimensions:
        column = cells.data[dimension.id].combine_chunks()
        names = {}
        if not _is_number(column.type) and not pa.types.is_date(column.type):
            found = cells.categories(dimension.id)
            names = {c.code: _named(c.code, c.label.of(language)) for c in found}
        label = dimension.label.of(language)
        variables[dimension.id] = variable(label, column, names, dimension.total)
    for measure in spec.measures:
        column = cells.data[measure.id].combine_chunks()
        hidden = None if cells.suppressed is None else pc.and_(cells.suppressed, column.is_null())
        label = f"{measure.label.of(language)} ({measure.unit.of(language)})"
        variables[measure.id] = Variable(label, column, {}, measure.decimals, hidden)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cells"
        write_survey(path, variables, program, [*headed(spec, language)], language)
        return path.read_bytes()


def variable(
    label: str, column: pa.Array, names: Mapping[str, str], total: str | None = None
) -> Variable:
    """A column as it is, or a classification as labelled numbers.

    Parameters
    ----------
    label
        What it is.
    column
        Its values, or codes.
    names
        Codes in their order, and what each is called; empty: it is no classification.
    total
        The code that sums the others.

    Examples
    --------
    >>> found = variable("County", pa.array(["03", "unknown"]), {"03": "03 Oslo", "unknown": "?"})
    >>> found.column.to_pylist(), found.labels
    ([3, -1], {3: '03 Oslo', -1: '?'})
    """
    if not names:
        return Variable(label, column)
    numbers = _numbers(list(names), total)
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode("encode")
    of_levels = [numbers[code_text(code)] for code in column.dictionary.to_pylist()]
    values = pa.array(of_levels, pa.int32()).take(column.indices)
    return Variable(label, values, {numbers[code]: name for code, name in names.items()})


def write_survey(
    path: Path,
    variables: Mapping[str, Variable],
    program: Program,
    notes: Sequence[str],
    language: Language = Language.EN,
) -> None:
    """Write columns to a file.

    Parameters
    ----------
    path
        Where to.
    variables
        The columns by their names; a name that the program does not allow is changed, see `names`.
    program
        `STATA` or `SPSS`.
    notes
        The title, and what else there is to say; Stata has room for the title only.
    language
        Language of what marks a figure that is not shown.
    """
    import pandas as pd

    library = require_writer()
    called = names(variables, program)
    columns: dict[str, Any] = {}
    labels: dict[str, dict[str | int, str]] = {}
    missing: dict[str, list[str | int]] = {}
    for name, one in variables.items():
        columns[called[name]], code = _values(one, program)
        cut = {n: _cut(text, program, program.value_label) for n, text in one.labels.items()}
        labels[called[name]] = dict(cut.items())
        if code is not None:
            missing[called[name]] = [code]
            labels[called[name]][code] = STATUS[SUPPRESSED].of(language)
    try:
        getattr(library, program.writer)(
            pd.DataFrame(columns),
            path,
            file_label=_cut(notes[0] if notes else "", program, program.title),
            column_labels={
                called[n]: _cut(v.label, program, program.label) for n, v in variables.items()
            },
            variable_value_labels={name: found for name, found in labels.items() if found},
            variable_format={
                called[n]: f"{program.number}{v.decimals + 12}.{v.decimals}{program.fixed}"
                for n, v in variables.items()
                if v.decimals is not None
            },
            **_options(program, missing, notes),
        )
    except library.ReadstatError as error:
        raise UsageError(f"cannot be written: {error}", where=program.writer) from error
    pattern, instead = program.made
    with path.open("r+b") as file:
        head = pattern.sub(instead, file.read(1024), count=1)
        file.seek(0)
        file.write(head)


def _options(
    program: Program, missing: dict[str, list[str | int]], notes: Sequence[str]
) -> dict[str, Any]:
    """Arguments of one program's writer."""
    if program is STATA:
        return {"version": _STATA_14, "missing_user_values": missing}
    lines = [line for note in notes for line in _lines(note, _SPSS_LINE)]
    return {"note": lines, "missing_ranges": missing}


def names(wanted: Iterable[str], program: Program) -> dict[str, str]:
    """Names that a program allows, by those that were wanted; no two are the same.

    Letters that it does not know become `_`; what is no name for it gets `v_` before it or `_`
    behind it; a name that is too long, or would be there already, ends in a number.

    Examples
    --------
    >>> names(["sex", "if", "2nd", "a" * 40, "a" * 41], STATA)["a" * 41]
    'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_2'
    >>> names(["if", "to", "2nd"], STATA), names(["to"], SPSS)
    ({'if': 'if_', 'to': 'to', '2nd': 'v_2nd'}, {'to': 'to_'})
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in wanted:
        text = re.sub(r"[^A-Za-z0-9_]", "_", name)
        text = text if re.match("[A-Za-z]", text) else f"v_{text}"
        reserved = text.lower() in program.reserved or re.fullmatch(r"str\d+", text)
        first = f"{text}_" if reserved else text
        text, number = first[: program.name], 2
        while text.lower() in taken:
            text = f"{first[: program.name - len(str(number)) - 1]}_{number}"
            number += 1
        taken.add(text.lower())
        found[name] = text
    return found


def _values(one: Variable, program: Program) -> tuple[Any, str | int | None]:
    """A column as the library takes it, and the code of what is not shown in it."""
    values = one.column
    if pa.types.is_integer(values.type) or pa.types.is_boolean(values.type):
        values = _whole(values)
    elif pa.types.is_dictionary(values.type) or not (
        _is_number(values.type) or pa.types.is_date(values.type)
    ):
        values = values.cast(pa.string())
    made = values.to_pandas()
    if pa.types.is_string(values.type):
        return made.fillna("").map(printable), None
    if one.hidden is None or not pc.any(one.hidden).as_py():
        return made, None
    hidden = one.hidden.to_numpy(zero_copy_only=False)
    if program is STATA:
        made = made.astype(object)
        made[hidden] = _LETTER
        return made, _LETTER
    least = min(0, math.floor(pc.min(values).as_py() or 0))
    code = -(10 ** len(str(least)) - 1)
    made[hidden] = code
    return made, code


def _whole(values: pa.Array) -> pa.Array:
    """Whole numbers in a type that both programs have, or as text where they would not be exact."""
    bounds = pc.min_max(values.cast(pa.int64()))
    most = max(abs(bound or 0) for bound in bounds.as_py().values())
    if most < _LONG:
        return values.cast(pa.int32())
    return values.cast(pa.float64() if most <= _EXACT else pa.string())


def _numbers(codes: Sequence[str], total: str | None = None) -> dict[str, int]:
    """The number of each code: its own where all have one, else its place from 1 on.

    Examples
    --------
    >>> _numbers(["0301", "1103", "unknown"]), _numbers(["99", "100+"])
    ({'0301': 301, '1103': 1103, 'unknown': -1}, {'99': 99, '100+': 100})
    >>> _numbers(["total", "male", "female"]), _numbers(["1", "01"])
    ({'total': -2, 'male': 1, 'female': 2}, {'1': 1, '01': 2})
    """
    special = _SPECIAL | ({} if total is None else {total: _SPECIAL["total"]})
    others = [code for code in codes if code not in special]
    own = [int(found[1]) for code in others if (found := _NUMBER.fullmatch(code))]
    if len(set(own)) < len(others):
        own = list(range(1, len(others) + 1))
    of = dict(zip(others, own, strict=True)) | special
    return {code: of[code] for code in codes}


def _named(code: str, label: str) -> str:
    # Where names are not unique, as those of municipalities, the code tells them apart.
    return f"{code} {label}" if code[:1].isdigit() and not label[:1].isdigit() else label


def _is_number(type: pa.DataType) -> bool:
    kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    return any(is_kind(type) for is_kind in kinds)


def _cut(text: str, program: Program, most: int) -> str:
    """A text on one line, that ends in … where it would be too long."""
    text = printable(text).replace("\n", " ").strip()
    if program.size(text) <= most:
        return text
    while program.size(text) > most - 3:
        text = text[:-1]
    return f"{text}…"


def _lines(text: str, most: int) -> list[str]:
    """A text in lines of so many bytes at most, broken between words where it can be."""
    lines = [""]
    for word in printable(text).split():
        for piece in (word[at : at + most // 4] for at in range(0, len(word), most // 4)):
            joined = f"{lines[-1]} {piece}".strip()
            lines[-1:] = [joined] if _bytes(joined) <= most else [lines[-1], piece]
    return lines
