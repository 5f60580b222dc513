"""The variables that stocks and flows can be broken down by.

A variable is an SQL expression over described persons: rows with a person's place, sex, birth
date, country of birth and, where a variable needs it, age, marital status, citizenship or
mother. The expression gives small numbers; `decode` turns them into the codes of long formats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.classifications.age_groups import FIVE_YEAR, PUBLISHED, AgeGroups
from folkestrom.classifications.areas import county_name, municipality_name
from folkestrom.classifications.code_lists import (
    CITIZENS,
    IMMIGRANT_CATEGORY,
    IMMIGRANT_NOTE,
    MARITAL_STATUS,
    REASON,
    SEX,
    UNKNOWN_CODE,
    age_label,
    basic_unit_code,
    country_code,
    country_label,
    county_code,
    municipality_code,
    named,
)
from folkestrom.errors import UsageError
from folkestrom.model.codes import MaritalStatus, Reason, Sex
from folkestrom.model.countries import COUNTRY_CODES, NO_CODE, UNKNOWN
from folkestrom.model.names import check_code
from folkestrom.model.specification import Category, Dimension, Text

Decoder = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable.

    Parameters
    ----------
    dimension
        How it is shown.
    sql
        Expression over the described persons.
    decode
        Number to code; None where the number is the code, as with ages.
    needs
        What must be joined or computed first: "age", "marital", "citizenship", "birthplace",
        "parents", "mother".
    of
        What it can break down: "stock", "flow".
    fixed
        A person keeps the value through life, so that accounts by it close.
    area
        Level of a place; moves inside one unit of the finest level asked for are not counted.
        0: not a place.
    groups
        Where it groups ages: how.
    note
        What readers of a table by it should know.
    """

    dimension: Dimension
    sql: str
    decode: Decoder | None = None
    needs: frozenset[str] = field(default_factory=frozenset)
    of: frozenset[str] = frozenset({"stock", "flow"})
    fixed: bool = False
    area: int = 0
    groups: AgeGroups | None = None
    note: Text | None = None

    @property
    def id(self) -> str:
        """Name of the variable and of its column."""
        return self.dimension.id

    @property
    def ages(self) -> bool:
        """Whether it is an age or a group of ages."""
        return "age" in self.needs

    def column(self, numbers: pa.Array | pa.ChunkedArray) -> pa.Array:
        """Numbers as they come from the engine, as codes."""
        if isinstance(numbers, pa.ChunkedArray):
            numbers = numbers.combine_chunks()
        if self.decode is None:
            return numbers.cast(pa.int16())
        encoded = numbers.dictionary_encode("encode")
        return self._dictionary(encoded.indices, encoded.dictionary.to_pylist())

    def places(self, places: NDArray[np.integer[Any]], numbers: list[int | None]) -> pa.Array:
        """Codes of the numbers that stand at places of a list."""
        if self.decode is None:
            return pa.array(numbers, pa.int16()).take(pa.array(places))
        return self._dictionary(pa.array(places.astype(np.int32)), numbers)

    def _dictionary(self, places: pa.Array, numbers: list[int | None]) -> pa.Array:
        decode = self.decode or str
        codes = [UNKNOWN_CODE if number is None else decode(number) for number in numbers]
        return pa.DictionaryArray.from_arrays(places, pa.array(codes, pa.string()))


def _category_sql() -> str:
    """Number of the immigrant category.

    An immigrant is born abroad, and no known parent in Norway: a parent who is not in the
    register has as a rule never lived here. Norwegian-born to immigrant parents are born in
    Norway, and both parents are known to be born abroad. Who is born in Norway to no parent
    known to be born here, one of them unknown, may be either, and is a category of its own.
    Grandparents are not in the log.
    """
    own, mother, father = (
        f"nullif({column}, {COUNTRY_CODES[UNKNOWN]})"
        for column in ("country_of_birth", "mother_born", "father_born")
    )
    return f"""CASE WHEN {own} IS NULL THEN 4
      WHEN {mother} = {NO_CODE} OR {father} = {NO_CODE} THEN 2
      WHEN {own} <> {NO_CODE} THEN 0
      WHEN {mother} IS NULL OR {father} IS NULL THEN 3
      ELSE 1 END"""


def _grouped(groups: AgeGroups, label: Text) -> Variable:
    unknown = Category(UNKNOWN_CODE, Text("Unknown", "Uoppgitt"))
    codes = tuple(category.code for category in groups.categories)
    return Variable(
        Dimension(groups.name, label, (*groups.categories, unknown), classification="Age"),
        groups.sql(),
        codes.__getitem__,
        frozenset({"age"}),
        groups=groups,
    )


def _country(id: str, label: Text, column: str, **more: object) -> Variable:
    dimension = Dimension(id, label, classification="ISO 3166-1 alpha-2", labels=country_label)
    known = f"coalesce({column}, {COUNTRY_CODES[UNKNOWN]})"
    return Variable(dimension, known, country_code, **more)  # type: ignore[arg-type]


_FLOW: Final = frozenset({"flow"})
_CITIZENSHIP: Final = frozenset({"citizenship"})
_MOTHER: Final = frozenset({"mother"})

_ALL: Final = (
    Variable(SEX, "sex", lambda n: Sex(n).name.lower(), fixed=True),
    Variable(
        Dimension("age", Text("Age", "Alder"), classification="Completed years", labels=age_label),
        "age",
        needs=frozenset({"age"}),
    ),
    _grouped(FIVE_YEAR, Text("Age", "Alder")),
    _grouped(PUBLISHED, Text("Age", "Alder")),
    Variable(
        Dimension("birth_year", Text("Year of birth", "Fødselsår"), classification="Year"),
        "year(birth_date)",
        fixed=True,
    ),
    Variable(
        MARITAL_STATUS,
        "marital_status",
        lambda n: MaritalStatus(n).name.lower(),
        frozenset({"marital"}),
    ),
    _country(
        "citizenship", Text("Citizenship", "Statsborgerskap"), "citizenship", needs=_CITIZENSHIP
    ),
    Variable(
        Dimension("foreign_citizen", Text("Citizenship", "Statsborgerskap"), CITIZENS),
        f"CASE WHEN citizenship = {NO_CODE} THEN 0 ELSE 1 END",
        lambda n: CITIZENS[n].code,
        _CITIZENSHIP,
    ),
    _country(
        "country_of_birth",
        Text("Country of birth", "Fødeland"),
        "country_of_birth",
        needs=frozenset({"birthplace"}),
        fixed=True,
    ),
    Variable(
        IMMIGRANT_CATEGORY,
        _category_sql(),
        lambda n: IMMIGRANT_CATEGORY.categories[n].code,
        frozenset({"birthplace", "parents"}),
        fixed=True,
        note=IMMIGRANT_NOTE,
    ),
    Variable(
        Dimension(
            "county",
            Text("County", "Fylke"),
            classification="Counties (first two digits of the municipality)",
            labels=named(county_name),
        ),
        "municipality // 100",
        county_code,
        area=1,
    ),
    Variable(
        Dimension(
            "municipality",
            Text("Municipality", "Kommune"),
            classification="Municipalities as reported",
            labels=named(municipality_name),
        ),
        "municipality",
        municipality_code,
        area=2,
    ),
    Variable(
        Dimension("basic_unit", Text("Basic statistical unit", "Grunnkrets")),
        "basic_unit",
        basic_unit_code,
        area=3,
    ),
    _country(
        "country",
        Text("Country of origin or destination", "Fra- eller tilflyttingsland"),
        "country",
        of=_FLOW,
    ),
    Variable(REASON, "reason", lambda n: Reason(n).name.lower(), of=_FLOW),
    Variable(
        Dimension("mother_age", Text("Age of the mother", "Mors alder"), labels=age_label),
        "mother_age",
        needs=_MOTHER,
        of=_FLOW,
    ),
    _country(
        "mother_country_of_birth",
        Text("Mother's country of birth", "Mors fødeland"),
        "mother_country_of_birth",
        needs=_MOTHER,
        of=_FLOW,
    ),
)

#: Every variable by name.
VARIABLES: Final[dict[str, Variable]] = {variable.id: variable for variable in _ALL}


def variables(names: Iterable[str], of: str) -> tuple[Variable, ...]:
    """The variables of those names, for a stock or a flow.

    Parameters
    ----------
    names
        What was asked for.
    of
        "stock" or "flow".

    Raises
    ------
    UsageError
        An unknown name, with the nearest known one; a name given twice.
    """
    known = {id: variable for id, variable in VARIABLES.items() if of in variable.of}
    wanted = list(names)
    for name in wanted:
        kind = "the population" if of == "stock" else "changes"
        check_code(name, tuple(known), f"is not a dimension of {kind}", where="by")
        if wanted.count(name) > 1:
            raise UsageError("is asked for twice", where="by", value=name)
    return tuple(known[name] for name in wanted)


def notes(chosen: Iterable[Variable]) -> tuple[Text, ...]:
    """Footnotes of a table by those variables."""
    return tuple(variable.note for variable in chosen if variable.note is not None)


def int32(values: np.ndarray[tuple[int], np.dtype[np.signedinteger]]) -> pa.Array:
    """Counts as the type that every measure of counts has."""
    return pa.array(values.astype(np.int32, copy=False), pa.int32())
