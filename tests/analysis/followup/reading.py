"""Results of R and the data behind them, as columns.

`lung.csv` and `veteran.csv` hold the columns that the results need of two trials whose data come
with R's package survival: Loprinzi et al. (1994), J. Clin. Oncol. 12; Kalbfleisch & Prentice
(1980), The Statistical Analysis of Failure Time Data.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np

from folkestrom.analysis.followup import FollowUp, follow_up

HERE = Path(__file__).parent


def columns(path: Path) -> dict[str, list[str]]:
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: [row[name] for row in rows] for name in rows[0]}


def numbers(values: list[Any]) -> np.ndarray:
    """What R printed; NA is not a number."""
    return np.array([np.nan if v == "NA" else float(v) for v in values])


def trial(name: str) -> dict[str, np.ndarray]:
    return {
        key: np.array([int(v) if v else -1 for v in values])
        for key, values in columns(HERE / f"{name}.csv").items()
    }


class Cases:
    """The folder of results."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def result(self, name: str) -> Any:
        path = self.folder / "r_fixtures" / f"{name}.json"
        return json.loads(path.read_text(encoding="utf-8"))

    def gammopathy(self) -> dict[str, np.ndarray]:
        """Months from diagnosis to progression (ptime, pstat) and to death or the last visit."""
        found = columns(self.folder / "survival_mgus2.csv")
        whole = {k: np.array(found[k], int) for k in ("age", "ptime", "pstat", "futime", "death")}
        return whole | {"sex": np.array(found["sex"])}

    def competing(self, group: np.ndarray | None = None) -> FollowUp:
        """First of progression and death."""
        d = self.gammopathy()
        free = d["pstat"] == 0
        return follow_up(
            np.where(free, d["futime"], d["ptime"]),
            np.where(free, 2 * d["death"], 1),
            causes=["pcm", "death"],
            group=group,
        )
