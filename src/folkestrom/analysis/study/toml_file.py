"""A study as a small TOML file, and back: the same study both ways."""

from __future__ import annotations

import csv
import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from datetime import date
from pathlib import Path
from typing import Any, Final

from folkestrom.analysis.study.definition import Entry, Exit, Panel, Study, ValueAt, Who
from folkestrom.columns import check_arguments
from folkestrom.engine.failures import shortage
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.names import check_code
from folkestrom.variables.groups import Groups

#: Names that Python keeps for itself have an underscore there.
_KEYWORDS: Final = {"from": "from_", "in": "in_"}
_KEPT: Final = {field: key for key, field in _KEYWORDS.items()}


def read_study(path: str | os.PathLike[str]) -> Study:
    """Read a study from a file.

    Parameters
    ----------
    path
        A TOML file; files that it names lie beside it.

    Raises
    ------
    InputRefused
        A file that is not there, or that is not TOML.
    UsageError
        A definition that cannot be meant.
    """
    check_arguments(read_study, locals())
    path = Path(path)
    return study_of(read_table(path), path.parent)


def read_table(path: Path) -> dict[str, Any]:
    """What a TOML file holds.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    InputRefused
        A file that is not there, or that is not TOML.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise shortage(error) or InputRefused(
            "cannot be read",
            where=str(path),
            allowed="a TOML file in UTF-8",
            next_step="Look at the path; relative ones start at the current folder.",
        ) from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputRefused(
            f"is not TOML: {error}", where=str(path), next_step="Mend that line."
        ) from error


def study_of(table: Mapping[str, Any], folder: Path = Path()) -> Study:
    """The study that a TOML table says.

    Parameters
    ----------
    table
        What the file holds.
    folder
        Where files lie that it names.

    Examples
    --------
    >>> study = study_of({"title": "Years", "panel": {"from": 2010, "to": 2020}})
    >>> study_of(tomllib.loads(study_text(study))) == study
    True
    """
    given = dict(table)
    for name, kind in (("entry", Entry), ("exit", Exit), ("panel", Panel)):
        if name in given:
            given[name] = _made(kind, _table(given[name], name), name)
    if "who" in given:
        listed = given["who"] if isinstance(given["who"], list) else [given["who"]]
        given["who"] = tuple(_made(Who, _table(one, "who"), "who") for one in listed)
    variables = _table(given.get("variables", {}), "variables")
    given["variables"] = {
        name: _made(ValueAt, at, f"variables, {name}") if isinstance(at, dict) else at
        for name, at in variables.items()
    }
    given["groups"] = groups_of(_table(given.get("groups", {}), "groups"), folder)
    study: Study = _made(Study, given, "study")
    return study


def groups_of(table: Mapping[str, Any], folder: Path = Path()) -> dict[str, Groups]:
    """The groups that a TOML table says, by name.

    Parameters
    ----------
    table
        What stands under `groups`.
    folder
        Where files lie that it names.

    Examples
    --------
    >>> groups_of({"tenth": {"of": "income", "quantiles": 10}})["tenth"].quantiles
    10
    """
    return {
        name: _groups(_table(group, f"groups, {name}"), name, folder)
        for name, group in table.items()
    }


def study_text(study: Study) -> str:
    """A study as the text of a TOML file."""
    check_arguments(study_text, locals())
    return "\n".join(_lines(study)) + "\n"


def _groups(table: Mapping[str, Any], name: str, folder: Path) -> Groups:
    given = dict(table)
    if "file" in given:
        given["codes"] = _codes_of(folder / str(given.pop("file")))
    groups: Groups = _made(Groups, given, f"groups, {name}")
    return groups


def _codes_of(path: Path) -> dict[str, tuple[str, ...]]:
    """Groups of codes from a CSV file with the columns `code` and `group`."""
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(line for line in stream if not line.startswith("#")))
    except (OSError, UnicodeDecodeError) as error:
        raise shortage(error) or InputRefused(
            "cannot be read", where=str(path), allowed="a CSV file"
        ) from error
    found: dict[str, tuple[str, ...]] = {}
    for number, row in enumerate(rows, start=1):
        if not row.get("code") or not row.get("group"):
            raise InputRefused(
                "has no code, or no group",
                where=str(path),
                row=number,
                allowed="a CSV file with the columns code and group",
            )
        found[row["group"]] = (*found.get(row["group"], ()), row["code"])
    return found


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    raise UsageError("is not a table", where=where, value=value, allowed=f"[{where}]")


def _made(kind: type[Any], table: Mapping[str, Any], where: str) -> Any:
    """Something defined by a table whose keys are its fields."""
    known = {_KEPT.get(one.name, one.name): one for one in fields(kind)}
    for key in table:
        check_code(key, tuple(known), "is not a word of a study's file", where=where)
    for key, one in known.items():
        if one.default is MISSING and one.default_factory is MISSING and key not in table:
            raise UsageError("is missing", where=where, value=key, allowed=tuple(known))
    return kind(**{_KEYWORDS.get(key, key): value for key, value in table.items()})


def _lines(study: Study) -> Iterator[str]:
    yield f"title = {_value(study.title)}"
    yield f"known_at = {_value(study.known_at)}"
    for name in ("entry", "exit"):
        part = getattr(study, name)
        if part is not None:
            yield from ("", f"[{name}]", *_pairs(part))
    for who in study.who:
        yield from ("", "[[who]]", *_pairs(who))
    if study.variables:
        yield from ("", "[variables]")
        for name, value in study.variables.items():
            plain = _value(value.at)
            named = f"{{variable = {_value(value.variable)}, at = {plain}}}"
            yield f"{_key(name)} = {plain if name == value.variable else named}"
    if study.panel is not None:
        yield from ("", "[panel]", *_pairs(study.panel))
    for name, group in study.groups.items():
        yield from ("", f"[groups.{_key(name)}]", *_pairs(group))


def _pairs(part: Any) -> Iterator[str]:
    """Key and value of every field that is not as it is by default."""
    for one in fields(part):
        value = getattr(part, one.name)
        default = one.default if one.default_factory is MISSING else one.default_factory()
        if value != default:
            yield f"{_KEPT.get(one.name, one.name)} = {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, str):
        # What JSON writes is a string of TOML too, save for the one character it leaves as it is.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, date):
        return f'"{value.isoformat()}"'
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return repr(value)


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if bare else _value(name)
