"""A table in a folder: its definition as JSON, its figures as arrays that are not read whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import InputRefused
from folkestrom.publish.tables.definition import Definition, decoded, encoded
from folkestrom.publish.tables.figures import Figures

_DEFINITION: Final = "table.json"
_STATUS: Final = "status.npy"


def write_table(folder: Path, definition: Definition, figures: Figures) -> None:
    """Write a table into a new folder.

    Parameters
    ----------
    folder
        Where to; it must not exist.
    definition, figures
        The table.
    """
    figures.check(definition)
    folder.mkdir(parents=True)
    for n, values in enumerate(figures.values.values()):
        np.save(folder / _values(n), values, allow_pickle=False)
    if figures.status is not None and figures.status.any():
        np.save(folder / _STATUS, figures.status, allow_pickle=False)
    (folder / _DEFINITION).write_bytes(encoded(definition))


def read_table(folder: Path) -> tuple[Definition, Figures]:
    """A table whose figures stay on the disk until they are asked for.

    Parameters
    ----------
    folder
        Where it is.

    Raises
    ------
    InputRefused
        A folder that holds no whole table.
    """
    try:
        definition = decoded((folder / _DEFINITION).read_bytes(), str(folder / _DEFINITION))
        values = {
            content.code: _mapped(folder / _values(n))
            for n, content in enumerate(definition.contents)
        }
        status = None
        if (folder / _STATUS).exists():
            status = _mapped(folder / _STATUS)
    except (OSError, ValueError) as error:
        raise InputRefused(
            "holds no whole table", where=str(folder),
            next_step="Take the whole release again from where it was made",
        ) from error  # fmt: skip
    figures = Figures(values, status)
    figures.check(definition)
    return definition, figures


def _mapped(path: Path) -> NDArray[Any]:
    """An array that stays on the disk; as a plain one, of which parts are taken faster."""
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def _values(place: int) -> str:
    # Never by the content's code: a code is data, and no name of a file.
    return f"values-{place}.npy"
