"""Variables made of others, as they are written: in a file of a study, or in a line."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from folkestrom.analysis.study import toml_file
from folkestrom.errors import UsageError
from folkestrom.variables.groups import Groups


def groups_of(texts: Iterable[str]) -> dict[str, Groups]:
    """Variables made of others, from TOML: files, or what stands under `groups` in one.

    Parameters
    ----------
    texts
        Names of files with tables `[groups.NAME]`, such as a study's; or lines such as
        `tenth = {of = "income", quantiles = 10}`.

    Examples
    --------
    >>> groups_of(['tenth = {of = "income", quantiles = 10}'])["tenth"].quantiles
    10
    """
    found: dict[str, Groups] = {}
    for text in texts:
        if "=" in text:
            made = toml_file.groups_of(_toml(text))
        else:
            made = toml_file.groups_of(_tables(Path(text)), Path(text).parent)
        twice = [name for name in made if name in found]
        if twice:
            raise UsageError("is defined twice", where="groups", value=twice[0])
        found |= made
    return found


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            f"is not TOML: {error}",
            where="groups",
            value=text,
            allowed='a file, or such as tenth = {of = "income", quantiles = 10}',
        ) from error


def _tables(path: Path) -> dict[str, Any]:
    found = toml_file.read_table(path).get("groups")
    if not isinstance(found, dict) or not found:
        raise UsageError(
            "has no groups", where="groups", value=str(path), allowed="tables [groups.NAME]"
        )
    return found
