"""What variables there are, and their codes, for whoever wants to look them up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import polars as pl
import pyarrow as pa

from folkestrom.classifications.areas import listed_day
from folkestrom.classifications.code_lists import (
    UNKNOWN_CODE,
    country_code,
    county_code,
    long_list,
    municipality_code,
)
from folkestrom.classifications.tables import county_names, municipality_names
from folkestrom.linkage.catalogue import Linked
from folkestrom.model.cells import Cells
from folkestrom.model.countries import COUNTRY_CODES, UNKNOWN
from folkestrom.model.names import check_code, without_effect
from folkestrom.model.specification import (
    Dimension,
    Language,
    Measure,
    TableSpecification,
    Text,
    same,
)
from folkestrom.variables.linked import of_linked
from folkestrom.variables.registry import VARIABLES
from folkestrom.variables.variable import Use, Variable

#: What each use is called where it is asked for.
USES: Final[dict[Use, str]] = {
    "stock": "population",
    "flow": "changes",
    "exposure": "rates",
    "panel": "panel",
    "episode": "episodes",
}

#: Names, with their days, of the units that a decoder gives the codes of.
_SPELLS: Final[dict[Any, Callable[[], pl.DataFrame]]] = {
    municipality_code: municipality_names,
    county_code: county_names,
}
#: The variable whose long list is that of all that a decoder gives the codes of.
_LISTS: Final[dict[Any, str]] = {
    municipality_code: "municipality",
    county_code: "county",
    country_code: "citizenship",
}

#: Classifications in Norwegian; a name or a standard is the same.
_CLASSIFICATIONS: Final = {
    "Age": "Alder",
    "Calendar year": "Kalenderår",
    "Completed years": "Fylte år",
    "Completed years since the first immigration": "Fylte år siden første innvandring",
    "Counties (first two digits of the municipality)": "Fylker (kommunens to første sifre)",
    "Immigrant category, and groups of countries of birth":
        "Innvandringskategori, og grupper av fødeland",
    "Immigrant category, by own and parents' country of birth":
        "Innvandringskategori, etter eget og foreldrenes fødeland",
    "Marital status": "Sivilstand",
    "Municipalities as reported": "Kommuner som meldt",
    "Own resident children": "Egne barn som er bosatt",
    "Parts of town, and whole municipalities that have none":
        "Bydeler, og hele kommuner som ikke har noen",
    "Sex": "Kjønn",
    "Stated reason for migration": "Oppgitt innvandringsgrunn",
    "Year": "År",
    "Year of the first immigration": "År for første innvandring",
    "Year of the last immigration": "År for siste innvandring",
}  # fmt: skip
_LABEL: Final = Text("Label", "Navn")
_CODES: Final = Measure("codes", Text("Codes", "Koder"), Text("codes", "koder"), empty=None)


@dataclass(frozen=True, slots=True)
class Code:
    """One code of a variable.

    Parameters
    ----------
    code
        As results have it.
    label
        What readers see.
    number
        The number that stands for it in the register's tables.
    valid_from, valid_to
        The days that it is called so, `[valid_from, valid_to)`; None: always.
    """

    code: str
    label: Text
    number: int | None = None
    valid_from: date | None = None
    valid_to: date | None = None


def codes_of(variable: Variable) -> list[Code]:
    """The codes of a variable, in their order; none where any number is one.

    Parameters
    ----------
    variable
        A variable of every store, or a linked one.

    Examples
    --------
    >>> [code.code for code in codes_of(VARIABLES["sex"])], len(codes_of(VARIABLES["county"]))
    (['male', 'female', 'unknown'], 12)
    """
    dimension = variable.dimension
    if dimension.categories:
        numbers = dict(zip(variable.levels, variable.numbers, strict=False))
        return [Code(c.code, c.label, numbers.get(c.code)) for c in dimension.categories]
    listed = long_list(_LISTS.get(variable.decode, variable.name))
    if variable.decode in _SPELLS:
        names = _SPELLS[variable.decode]().select("code", "name", "valid_from", "valid_to")
        found = [Code(c, same(name), listed[c], *days) for c, name, *days in names.iter_rows()]
    else:
        found = [Code(c, dimension.labels(c), number) for c, number in listed.items()]
    if found and variable.coded and variable.unknown is not None:
        unknown = COUNTRY_CODES[UNKNOWN] if variable.decode is country_code else None
        found.append(Code(UNKNOWN_CODE, dimension.labels(UNKNOWN_CODE), unknown))
    return found


def uses_of(variable: Variable) -> dict[str, str]:
    """By what a variable is asked for, "yes" where it may be; in changes, for what.

    Examples
    --------
    >>> uses_of(VARIABLES["country"])["changes"], uses_of(VARIABLES["county"])["changes"]
    ('flows', 'accounts')
    """
    said: dict[Use, str] = {"flow": "accounts" if variable.closes else "flows"}
    return {
        name: said.get(use, "yes") if use in variable.uses else "" for use, name in USES.items()
    }


def known_variables(linked: Mapping[str, Linked]) -> dict[str, Variable]:
    """The variables of every store, then the linked ones of one.

    Parameters
    ----------
    linked
        What is linked.
    """
    return VARIABLES | {name: of_linked(one) for name, one in linked.items()}


def variable_cells(known: Mapping[str, Variable], language: Language) -> Cells:
    """A row a variable: what it is called, what it may be asked for, how many codes it has.

    Parameters
    ----------
    known
        The variables, by name.
    language
        Language of the labels.
    """
    rows = [
        {
            "variable": name,
            "label": variable.dimension.label.of(language),
            **uses_of(variable),
            "codes": len({code.code for code in codes_of(variable)}) or None,
        }
        for name, variable in known.items()
    ]
    headings = {"variable": Text("Variable", "Variabel"), "label": _LABEL}
    headings |= {name: same(name) for name in USES.values()}
    return _listed("variables", Text("Variables", "Variabler"), headings, (_CODES,), rows)


def code_cells(variable: Variable, language: Language, day: date | None = None) -> Cells:
    """A row a code of a variable.

    Parameters
    ----------
    variable
        The variable.
    language
        Language of the labels.
    day
        Of places, those of this day only, under their names of then; None: all, with their days.

    Raises
    ------
    UsageError
        A day where codes have none.
    """
    codes, dated = codes_of(variable), variable.decode in _SPELLS
    if day is not None:
        if not dated:
            raise without_effect(
                "date", day, f"the codes of {variable.name} hold at all times", "Leave it out"
            )
        at = listed_day(day)
        codes = [c for c in codes if c.valid_from is None or _holds(c, at)]
        dated = False
    rows = [_row(code, language, dated=dated) for code in codes]
    headings = {"code": Text("Code", "Kode"), "label": _LABEL}
    if dated:
        headings |= {"valid_from": Text("From", "Fra"), "valid_to": Text("To", "Til")}
    label, said = variable.dimension.label, variable.dimension.classification
    title = Text(f"Codes of {variable.name}: {label.en}", f"Koder for {variable.name}: {label.no}")
    named = Text(said, _CLASSIFICATIONS.get(said, said)) if said else None
    notes = (variable.note, named, None if codes else _open(variable))
    made = _listed("codes", title, headings, (), rows)
    footnotes = tuple(note for note in notes if note is not None)
    return replace(made, specification=replace(made.specification, footnotes=footnotes))


def _holds(code: Code, day: date) -> bool:
    starts, ends = code.valid_from, code.valid_to
    return starts is not None and ends is not None and starts <= day < ends


def _row(code: Code, language: Language, *, dated: bool) -> dict[str, str]:
    row = {"code": code.code, "label": code.label.of(language)}
    if dated:
        days = {"valid_from": code.valid_from, "valid_to": code.valid_to}
        row |= {name: "" if day is None else str(day) for name, day in days.items()}
    return row


def _open(variable: Variable) -> Text:
    if variable.coded:
        return Text("Codes are as in the files.", "Kodene er som i filene.")
    return Text("Codes are numbers, and not listed.", "Kodene er tall, og er ikke listet.")


def _listed(
    id: str,
    title: Text,
    headings: Mapping[str, Text],
    measures: tuple[Measure, ...],
    rows: Sequence[Mapping[str, Any]],
) -> Cells:
    dimensions = tuple(Dimension(name, label) for name, label in headings.items())
    types = [(name, pa.string()) for name in headings] + [(m.id, pa.int32()) for m in measures]
    made = TableSpecification(id, title, dimensions, measures, listing=True)
    return Cells(made, pa.Table.from_pylist(list(rows), pa.schema(types)))


def one_of(known: Mapping[str, Variable], name: str, where: str) -> Variable:
    """The variable of a name.

    Raises
    ------
    UsageError
        No variable is called so; the nearest one is suggested.
    """
    return known[check_code(name, tuple(known), "is not a variable", where=where)]


@dataclass(frozen=True, slots=True)
class CodeTable:
    """Every code of several variables as a table, made when it is read.

    Engines read it through Arrow's C data interface; whoever opens a store and does not ask for it
    waits for nothing.

    Parameters
    ----------
    variables
        Whose codes.
    """

    variables: tuple[Variable, ...]

    #: Its columns, with their types and what they say.
    COLUMNS = (
        ("variable", pa.string(), "Name of the variable."),
        ("code", pa.string(), "Code, as results have it."),
        ("label_en", pa.string(), "Label in English."),
        ("label_no", pa.string(), "Label in Norwegian."),
        ("number", pa.int32(), "The number that stands for it in tables that have the variable."),
        ("valid_from", pa.date32(), "First day on which the label held; NULL: always."),
        ("valid_to", pa.date32(), "First day on which it no longer held; NULL: always."),
    )

    @property
    def schema(self) -> pa.Schema:
        """Columns and types."""
        return pa.schema([(name, type) for name, type, _ in self.COLUMNS])

    def rows(self) -> Iterator[tuple[object, ...]]:
        """The rows."""
        for variable in self.variables:
            for c in codes_of(variable):
                labels = (c.label.en, c.label.no)
                yield variable.name, c.code, *labels, c.number, c.valid_from, c.valid_to

    def __arrow_c_schema__(self) -> object:
        """The schema, for engines."""
        return self.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows, for engines."""
        columns: Iterable[Any] = zip(*self.rows(), strict=True)
        arrays = [pa.array(c, type) for c, type in zip(columns, self.schema.types, strict=True)]
        table = pa.table(dict(zip(self.schema.names, arrays, strict=True)))
        return table.__arrow_c_stream__(requested_schema)
