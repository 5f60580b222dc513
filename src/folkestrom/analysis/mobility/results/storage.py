"""Fitted models as text, exactly, and back; knots and levels included, rows left out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from folkestrom.analysis.design.bases import Basis
from folkestrom.analysis.design.design import Design, Levels, Roles
from folkestrom.analysis.design.formula import Expression
from folkestrom.engine.failures import path_errors, shortage
from folkestrom.errors import InputRefused


def write_plain(path: Path | str, held: Mapping[str, Any]) -> None:
    """Write what the file of a fitted model holds.

    Parameters
    ----------
    path, held
        The file, and what it holds.
    """
    with path_errors():
        Path(path).write_text(json.dumps(held, indent=1), encoding="utf-8")


def read_plain(path: Path | str, format: int) -> dict[str, Any]:
    """What the file of a fitted model holds.

    Parameters
    ----------
    path
        The file.
    format
        The number of the format that it must have.
    """
    try:
        held = json.loads(Path(path).read_text(encoding="utf-8"))
        found = held["format"]
    except OSError as error:
        raise shortage(error) or InputRefused(
            "cannot be read", where=str(path), next_step="Name a file that `save` wrote"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputRefused("is not a fitted model", where=str(path)) from error
    if found != format:
        raise InputRefused("has another format", where=str(path), value=found, allowed=[format])
    return dict(held)


def design_to_plain(design: Design | None) -> dict[str, Any] | None:
    """A design as what JSON can hold.

    Parameters
    ----------
    design
        The design, or none.
    """
    if design is None:
        return None
    return {
        "formula": design.formula,
        "roles": asdict(design.roles),
        "categories": {k: [list(v.names), v.reference] for k, v in design.categories.items()},
        "spans": {k: list(v) for k, v in design.spans.items()},
        "bases": {
            k: {
                "expression": asdict(v.expression),
                "labels": list(v.labels),
                "state": _plain(v.state),
                "spans": {name: list(span) for name, span in v.spans.items()},
            }
            for k, v in design.bases.items()
        },
        "written": design.written,
        "absent": design.absent,
    }


def design_from_plain(held: Mapping[str, Any] | None) -> Design | None:
    """A design from what `design_to_plain` made.

    Parameters
    ----------
    held
        What was read.
    """
    if held is None:
        return None
    return Design(
        formula=held["formula"],
        roles=Roles(**held["roles"]),
        categories={k: Levels(tuple(names), at) for k, (names, at) in held["categories"].items()},
        spans={k: (low, high) for k, (low, high) in held["spans"].items()},
        bases={
            k: Basis(
                Expression(**v["expression"]),
                tuple(v["labels"]),
                _state(v["state"]),
                {name: (low, high) for name, (low, high) in v["spans"].items()},
            )
            for k, v in held["bases"].items()
        },
        written=tuple((label, tuple(f), tuple(n)) for label, f, n in held["written"]),
        absent=tuple(held["absent"]),
    )


def _plain(value: Any) -> Any:
    """What a function remembers, with the kind of each part."""
    if isinstance(value, Mapping):
        return {"pairs": [[_plain(k), _plain(v)] for k, v in value.items()]}
    if isinstance(value, np.ndarray):
        return {"array": value.tolist()}
    if isinstance(value, list | tuple):
        return {"list": [_plain(v) for v in value]}
    return value.item() if isinstance(value, np.generic) else value


def _state(held: Any) -> Any:
    if not isinstance(held, dict):
        return held
    if "pairs" in held:
        return {_state(k): _state(v) for k, v in held["pairs"]}
    if "array" in held:
        return np.array(held["array"])
    return [_state(v) for v in held["list"]]
