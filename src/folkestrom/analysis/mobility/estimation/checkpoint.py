"""How far a long fit has come, on disk, so that one that is interrupted can go on."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.mobility.panel.panel import Panel
from folkestrom.engine.failures import path_errors, shortage
from folkestrom.errors import InputRefused

Array = NDArray[np.float64]

_FORMAT = 2
#: Values hashed at a time.
_PART = 1 << 24


@dataclass(frozen=True)
class Progress:
    """Where a fit stands.

    Attributes
    ----------
    theta, information
        Parameters of the standardised panel, and the information by which the next step is taken.
    reached, order
        Order of quadrature at which the whole panel's likelihood is maximised; the order that
        suffices.
    gradient_correction
        By how much the gradient at the order that suffices differs from that at the lowest.
    """

    theta: Array
    information: Array
    reached: int
    order: int
    gradient_correction: Array


@dataclass(frozen=True)
class Checkpoint:
    """A file that says how far a fit has come, for one panel and one model.

    Attributes
    ----------
    path
        The file.
    fingerprint
        Of the panel and of what is fitted to it.
    """

    path: Path
    fingerprint: str

    def write(self, held: Progress) -> None:
        """Replace the file; whoever reads it finds the old state or the new one, never half."""
        part = self.path.with_name(self.path.name + ".part")
        with path_errors(), part.open("wb") as file:
            np.savez(
                file, format=_FORMAT, fingerprint=self.fingerprint, theta=held.theta,
                information=held.information, reached=held.reached, order=held.order,
                tilt=held.gradient_correction,
            )  # fmt: skip
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.path)

    def read(self) -> Progress | None:
        """What was written last; None where there is no file."""
        if not self.path.exists():
            return None
        try:
            with self.path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                found = {name: kept[name] for name in kept.files}
            held = Progress(
                found["theta"], found["information"], int(found["reached"]), int(found["order"]),
                found["tilt"],
            )  # fmt: skip
            same = (int(found["format"]), str(found["fingerprint"])) == (_FORMAT, self.fingerprint)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise shortage(error) or InputRefused(
                "is no checkpoint of a fit", where=str(self.path),
                next_step="Remove the file, or name another one",
            ) from error  # fmt: skip
        if not same:
            raise InputRefused(
                "is the checkpoint of a fit of other data, or of another model",
                where=str(self.path),
                next_step="Fit what it belongs to, remove the file, or name another one",
            )
        return held

    def remove(self) -> None:
        """There is nothing left to resume."""
        self.path.unlink(missing_ok=True)


def fingerprint(panel: Panel, options: dict[str, object]) -> str:
    """A digest of all that decides what a fit finds.

    Parameters
    ----------
    panel
        The rows.
    options
        What is fitted to them, as texts and numbers.
    """
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.dumps([options, panel.outcomes], sort_keys=True, default=str).encode())
    digest.update("\n".join(p.label for p in panel.positions).encode())
    rows = panel.rows
    columns = [*rows.codes8, *rows.codes16, *rows.numbers]
    for column in [rows.start, rows.outcome, rows.weight, *(c[: panel.size] for c in columns)]:
        for first in range(0, column.size, _PART):
            digest.update(column[first : first + _PART].tobytes())
    return digest.hexdigest()
