"""Cells as the observations of a data set: a row each, in the codes that are transmitted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from folkestrom.model.cells import Cells
from folkestrom.publish.transmission.declared import TOTAL, DataSet, name_of, tables, translated

NATION: Final = "NO"
#: Codes of SDMX's CL_OBS_STATUS, those that go before others first.
STATUSES: Final[Mapping[str, str]] = {
    "B": "Time series break", "E": "Estimated value", "P": "Provisional value",
    "D": "Definition differs", "A": "Normal value", "Q": "Missing value; suppressed",
}  # fmt: skip
_CONFIDENTIALITY: Final = {"F": "Free (free for publication)", "C": "Confidential"}
_FREQUENCY: Final = {"A": "Annual"}


@dataclass(frozen=True, slots=True)
class Observations:
    """What is sent of a data set.

    Parameters
    ----------
    data_set
        The data set.
    frame
        A row an observation: its dimensions, value, status and confidentiality.
    names
        By component, what its codes are called.
    statuses
        All that the observations are, the first of which they say.
    footnotes
        What is said of the figures.
    """

    data_set: DataSet
    frame: pd.DataFrame
    names: Mapping[str, Mapping[str, str]]
    statuses: tuple[str, ...]
    footnotes: tuple[str, ...]

    @property
    def suppressed(self) -> int:
        """How many observations have no figure, for confidentiality."""
        return int((self.frame["OBS_STATUS"] == "Q").sum())

    @property
    def suppressed_totals(self) -> int:
        """How many of these are totals that the data sets counted exactly tell all the same."""
        stock = "POPULATION" in self.data_set.contents.values()
        told = {"FREQ", "INDICATOR", "TIME_PERIOD", "REF_AREA", *(("SEX", "AGE") if stock else ())}
        found = self.frame["OBS_STATUS"] == "Q"
        for name in set(self.data_set.dimensions) - told:
            found &= self.frame[name] == TOTAL
        return int(found.sum())


def observations(
    data_set: DataSet, cells: Cells, year: int, statuses: Iterable[str], notes: Iterable[str]
) -> Observations:
    """The observations of a data set.

    Parameters
    ----------
    data_set
        The data set.
    cells
        Its figures with totals, protected where it has rules.
    year
        The year that they are of.
    statuses
        What they are, apart from suppressed: codes of `STATUSES`.
    notes
        What is said of them.

    Raises
    ------
    UsageError
        A code that has no translation.
    """
    ordered = tuple(code for code in STATUSES if code in statuses) or ("A",)
    columns: dict[str, Any] = {"FREQ": "A", "REF_AREA": NATION}
    names: dict[str, Mapping[str, str]] = {"FREQ": _FREQUENCY}
    for variable in data_set.by:
        component = tables()["dimensions"][variable]
        columns[component], names[component] = _coded(cells, variable)
    names.setdefault("REF_AREA", {NATION: "Norway"})
    found = _stacked(cells, data_set, columns)
    found["TIME_PERIOD"] = str(year)
    found["hidden"] = found["OBS_VALUE"].isna()
    # Several codes may have one translation; a sum with a suppressed part is none.
    found = found.groupby(list(data_set.dimensions), sort=False, as_index=False).sum()
    if data_set.ask != "account":
        found = found[(found["hidden"] > 0) | (found["OBS_VALUE"] != 0)]
    hidden = found.pop("hidden") > 0
    found["OBS_VALUE"] = found["OBS_VALUE"].mask(hidden)
    found = found.assign(
        OBS_STATUS=hidden.map({True: "Q", False: ordered[0]}),
        CONF_STATUS=hidden.map({True: "C", False: "F"}),
    ).reset_index(drop=True)
    measures = {m.id: m.label.en for m in cells.specification.measures}
    names["INDICATOR"] = {code: measures[m] for m, code in data_set.contents.items()}
    names |= {"OBS_STATUS": STATUSES, "CONF_STATUS": _CONFIDENTIALITY}
    return Observations(data_set, found, names, ordered, tuple(notes))


def _coded(cells: Cells, variable: str) -> tuple[pd.Series, dict[str, str]]:
    """A variable's column in the codes that are transmitted, and what these are called."""
    dimension = cells.specification.dimension(variable)
    labels = {c.code: c.label.en for c in cells.categories(variable)}
    own: pa.ChunkedArray = cells.data[variable]
    codes = own.to_pylist()
    translations = {code: translated(variable, code) for code in dict.fromkeys(codes)}
    called = {
        new: name_of(variable, str(old), labels.get(str(old), new))
        for old, new in translations.items()
    }
    if variable == "age":
        called = {new: dimension.label.en + " " + new for new in called} | {"_T": "Total"}
    return pd.Series([translations[code] for code in codes], dtype=object), called


def _stacked(cells: Cells, data_set: DataSet, columns: Mapping[str, Any]) -> pd.DataFrame:
    """One measure under another."""
    parts = []
    for measure, code in data_set.contents.items():
        values = pd.array(cells.data[measure].to_pylist(), dtype="Int64")
        parts.append(pd.DataFrame({**columns, "INDICATOR": code, "OBS_VALUE": values}))
    return pd.concat(parts, ignore_index=True)
