"""Over-coverage between a and b, carried on to what is counted of the registered.

Who is gone is exposed to nothing, and shows no event: of persons without an event, as many are left
out as are thought to be gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.specification import Text

Floats = NDArray[np.float64]
_ENDS: Final = ("share_low", "share_high")
_ALLOWED: Final = "shares such as 0-0.03, or the file of `folkestrom over-coverage -o FILE.csv`"


@dataclass(frozen=True, slots=True)
class Gone:
    """Shares of the registered who are gone: the least and the most.

    Parameters
    ----------
    by
        Variables whose groups have shares of their own.
    ends
        The two shares of each group, by its codes.
    """

    by: tuple[str, ...]
    ends: Mapping[tuple[str, ...], tuple[float, float]]

    def of(self, frame: pl.DataFrame) -> tuple[Floats, Floats]:
        """The two shares of each row of a table.

        Parameters
        ----------
        frame
            Columns of codes, `by` among them.

        Raises
        ------
        UsageError
            A group without shares.

        Examples
        --------
        >>> low, high = gone_of("0-0.03").of(pl.DataFrame({"sex": ["male", "female"]}))
        >>> low.tolist(), high.tolist()
        ([0.0, 0.0], [0.03, 0.03])
        """
        codes = frame.select(pl.col(self.by).cast(pl.String).fill_null("")) if self.by else None
        rows = [()] * len(frame) if codes is None else codes.rows()
        missing = next((row for row in rows if row not in self.ends), None)
        if missing is not None:
            raise UsageError(
                "has no share of persons who are gone", where="over_coverage",
                value=", ".join(missing), allowed=[", ".join(group) for group in self.ends],
                next_step=f"Make the file by {', '.join(self.by)} for the same persons",
            )  # fmt: skip
        ends = np.array([self.ends[row] for row in rows]).reshape(-1, 2)
        return ends[:, 0], ends[:, 1]

    @property
    def note(self) -> Text:
        """What is said of the bounds."""
        low, high = (f"{100 * pick(end) :.3g}" for pick, end in (
            (min, [e[0] for e in self.ends.values()]), (max, [e[1] for e in self.ends.values()])
        ))  # fmt: skip
        by = f" by {', '.join(self.by)}" if self.by else ""
        etter = f" etter {', '.join(self.by)}" if self.by else ""
        return Text(
            f"Low and high: bounds if {low} to {high} per cent of the registered{by} are gone, of "
            "rates and incidences with their intervals. Who left unreported is not among events.",
            f"Lav og høy: grenser om {low} til {high} prosent av de registrerte{etter} er borte, "
            "for rater og andeler med intervallene deres. De som reiste umeldt, er ikke med blant "
            "hendelsene.",
        )


def gone_of(given: str, where: str = "over_coverage") -> Gone:
    """Shares as they are typed, or as a file of over-coverage has them.

    Of a file with several methods or models, each group has the least and the most of all.

    Parameters
    ----------
    given
        One share, two with a hyphen between them, or the name of a CSV file: columns of codes,
        then `share_low` and `share_high` in per cent.
    where
        The argument.

    Raises
    ------
    UsageError
        Neither shares nor a file.
    InputRefused
        A file that does not have them.
    """
    path = Path(given)
    if path.suffix == ".csv":
        return _read(path)
    try:
        low, _, high = given.partition("-")
        ends = float(low), float(high or low)
    except ValueError:
        ends = 1.0, 0.0
    _check(ends, where, given)
    return Gone((), {(): ends})


def _check(ends: tuple[float, float], where: str, given: object) -> None:
    if not 0 <= ends[0] <= ends[1] < 1:
        raise UsageError(
            "is no range of shares below 1", where=where, value=given, allowed=_ALLOWED
        )


def _read(path: Path) -> Gone:
    if not path.is_file():
        raise UsageError("is no file", where="over_coverage", value=path, allowed=_ALLOWED)
    table = pl.read_csv(path, infer_schema=False).fill_null("")
    columns = table.columns
    if not {*_ENDS} <= set(columns) or not len(table):
        raise InputRefused(
            "has no shares", where=str(path), column=" and ".join(_ENDS), allowed=_ALLOWED
        )
    first = next(n for n, name in enumerate(columns) if name in ("method", "persons", *_ENDS))
    by = tuple(columns[:first])
    if "method" in columns:
        table = table.filter(~pl.col("method").is_in(["unregistered", "net"]))
    ends: dict[tuple[str, ...], tuple[float, float]] = {}
    for row in table.select(*by, *_ENDS).rows():
        try:
            low, high = (float(value) / 100 for value in row[-2:])
        except ValueError:
            continue  # a group of which a method says nothing
        group = tuple(row[:-2])
        known = ends.get(group, (low, high))
        ends[group] = min(low, known[0]), max(high, known[1])
    for found in ends.values():
        _check(found, str(path), f"{found[0]:g}-{found[1]:g}")
    return Gone(by, ends)
