"""The data sets that are transmitted, and the codes that they are in: tables of this folder."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final, Literal

from folkestrom.errors import UsageError
from folkestrom.model.names import check_code
from folkestrom.model.specification import Text

#: A total, and what is not known, in every SDMX code list.
TOTAL: Final = "_T"
UNKNOWN: Final = "_U"
#: Codes of ages in the catalogue: single years, and groups of five, of which the last is open.
_AGE: Final = re.compile(r"([FM]?)(\d{3})")
_OPEN_AGE: Final = 100


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set of a regulation.

    Parameters
    ----------
    id, title
        What it is called.
    act
        The regulation and its article.
    ask
        Which question counts it.
    by
        The variables.
    contents
        By measure, the code that it has as an indicator.
    base
        The population base that the regulation asks for.
    units
        What is protected by cell keys: the variables by which other data sets tell its figures as
        they are counted; none: it is sent as it is counted.
    """

    id: str
    title: Text
    act: str
    ask: Literal["population", "flows", "account"]
    by: tuple[str, ...]
    contents: Mapping[str, str]
    base: Literal["registered", "usual"] = "registered"
    units: tuple[tuple[str, ...], ...] = ()

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Names of its dimensions in SDMX, in the order of their key."""
        own = [tables()["dimensions"][name] for name in self.by]
        places = [] if "REF_AREA" in own else ["REF_AREA"]
        return ("FREQ", *places, *own, "INDICATOR", "TIME_PERIOD")


@cache
def tables() -> dict[str, Any]:
    """What the file of data sets declares."""
    return tomllib.loads(read("data_sets.toml"))


def read(name: str) -> str:
    """The text of a file of declarations.

    Parameters
    ----------
    name
        The file.
    """
    folder = resources.files("folkestrom.publish.transmission") / "data"
    return (folder / name).read_text("utf-8")


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a table of declarations.

    Parameters
    ----------
    name
        The file.
    """
    return list(csv.DictReader(read(name).splitlines()))


@cache
def _data_sets() -> dict[str, DataSet]:
    found = {}
    for one in tables()["data_set"]:
        said = {"contents": tables()["account"]} | one
        units = tuple(tuple(unit) for unit in said.get("units", ()))
        told = said | {"title": Text(**said["title"]), "by": tuple(said["by"]), "units": units}
        found[one["id"]] = DataSet(**told)
    return found


def data_sets(wanted: Iterable[str] = (), where: str = "data_set") -> list[DataSet]:
    """Data sets by their names, in the order in which they are declared.

    Parameters
    ----------
    wanted
        The names; none: all.
    where
        What an error is said to be in.

    Raises
    ------
    UsageError
        A name that is of none.

    Examples
    --------
    >>> [one.act for one in data_sets(["BALANCE"])]
    ['Regulation (EU) No 1260/2013, Article 3']
    """
    names = tuple(wanted)
    for name in names:
        check_code(name, list(_data_sets()), "is no data set that is transmitted", where=where)
    return [one for id, one in _data_sets().items() if id in names or not names]


@cache
def _codes() -> dict[tuple[str, str], tuple[str, str]]:
    listed = rows("codes.csv")
    return {(row["variable"], row["code"]): (row["id"], row["name"]) for row in listed}


def translated(variable: str, code: str) -> str:
    """A code of a table of the catalogue, as it is transmitted.

    Parameters
    ----------
    variable, code
        The variable of the vocabulary, and the table's code of one of its values.

    Raises
    ------
    UsageError
        A code that has no translation.

    Examples
    --------
    >>> translated("marital_status", "separated_partner"), translated("age", "007")
    ('P', 'Y7')
    >>> translated("age_five_year", "F015"), translated("age", "F100"), translated("sex", "2")
    ('Y15T19', 'Y_GE100', 'F')
    """
    known = _codes().get((variable, code))
    if known is not None:
        return known[0]
    if code == "unknown":
        return UNKNOWN
    found = _AGE.fullmatch(code) if "age" in variable else None
    if found is not None:
        group, first = found[1], int(found[2])
        if first >= _OPEN_AGE:
            return f"Y_GE{_OPEN_AGE}"
        return f"Y{first}T{first + 4}" if group else f"Y{first}"
    if variable in ("citizenship", "country_of_birth") and re.fullmatch("[A-Z]{2}", code):
        return code
    raise UsageError(
        "has no code in the files that are transmitted", where=variable, value=code,
        allowed=[own for name, own in _codes() if name == variable],
        next_step="Ask for figures in the borders of 2020, with --borders 2020",
    )  # fmt: skip


def name_of(variable: str, code: str, label: str) -> str:
    """What a code is called in the code lists that go with the files.

    Parameters
    ----------
    variable, code, label
        The variable, its own code, and what that is called.
    """
    return _codes().get((variable, code), ("", label))[1]
