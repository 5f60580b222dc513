"""Figures as the observations of a data set: a row each, in the codes that are transmitted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from folkestrom.publish.protection.meetings import UNKNOWN as UNKNOWN_FIGURE
from folkestrom.publish.protection.meetings import Exact, told_by
from folkestrom.publish.protection.shield import Shielded, whole_place
from folkestrom.publish.releases.decision import Decision
from folkestrom.publish.tables.definition import Variable
from folkestrom.publish.transmission.declared import TOTAL, DataSet, name_of, tables, translated

NATION: Final = "NO"
#: Codes of SDMX's CL_OBS_STATUS, those that go before others first.
STATUSES: Final[Mapping[str, str]] = {
    "B": "Time series break", "E": "Estimated value", "P": "Provisional value",
    "D": "Definition differs", "A": "Normal value", "Q": "Missing value; suppressed",
}  # fmt: skip
_CONFIDENTIALITY: Final = {"F": "Free (free for publication)", "C": "Confidential"}
_FREQUENCY: Final = {"A": "Annual"}
_ByContent = dict[str, NDArray[Any]]


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
    decision
        How they are protected.
    """

    data_set: DataSet
    frame: pd.DataFrame
    names: Mapping[str, Mapping[str, str]]
    statuses: tuple[str, ...]
    footnotes: tuple[str, ...]
    decision: Decision

    @property
    def suppressed(self) -> int:
        """How many observations have no figure, for confidentiality."""
        return int((self.frame["OBS_STATUS"] == "Q").sum())


def observations(
    data_set: DataSet, table: Shielded, exact: Sequence[Exact], year: int,
    statuses: Iterable[str], notes: Iterable[str],
) -> Observations:  # fmt: skip
    """The observations of a data set.

    Parameters
    ----------
    data_set
        The data set.
    table
        Its figures with all sums, as they may be shown.
    exact
        Tables that stand as they are counted: what they tell is sent as they tell it.
    year
        The year that they are of.
    statuses
        What they are, apart from suppressed: codes of `STATUSES`.
    notes
        What is said of them beside what the table says of itself.

    Raises
    ------
    UsageError
        A code that has no translation.
    """
    ordered = tuple(code for code in STATUSES if code in statuses) or ("A",)
    shown, hidden = _agreeing(table, exact)
    coded = [
        _codes(name, variable)
        for name, variable in zip(data_set.by, table.definition.variables, strict=False)
    ]
    places = np.ix_(*([place for place, _ in codes] for codes, _ in coded), [0])
    at = np.indices([len(codes) for codes, _ in coded]).reshape(len(coded), -1)
    columns: dict[str, Any] = {"FREQ": "A", "REF_AREA": NATION}
    names: dict[str, Mapping[str, str]] = {"FREQ": _FREQUENCY, "REF_AREA": {NATION: "Norway"}}
    for variable, along, (codes, called) in zip(data_set.by, at, coded, strict=True):
        component = tables()["dimensions"][variable]
        columns[component] = np.array([code for _, code in codes], object)[along]
        names[component] = called
    parts = [
        pd.DataFrame({**columns, "INDICATOR": code, "TIME_PERIOD": str(year),
                      "OBS_VALUE": shown[code][places].ravel(),
                      "hidden": hidden[code][places].ravel()})
        for code in data_set.contents.values()
    ]  # fmt: skip
    found = pd.concat(parts, ignore_index=True)
    if data_set.ask != "account":
        found = found[found["hidden"] | (found["OBS_VALUE"] != 0)]
    # A code of which no figure is shown would show that it occurs.
    for id in data_set.dimensions:
        found = found[found[id].isin(found.loc[~found["hidden"], id])]
    gone = found.pop("hidden")
    found["OBS_VALUE"] = found["OBS_VALUE"].astype("Int64").mask(gone)
    found = found[[*data_set.dimensions, "OBS_VALUE"]].assign(
        OBS_STATUS=gone.map({True: "Q", False: ordered[0]}),
        CONF_STATUS=gone.map({True: "C", False: "F"}),
    )
    names["INDICATOR"] = {c.code: c.label.en for c in table.definition.contents}
    names = {
        id: {code: name for code, name in called.items() if code in set(found[id])}
        for id, called in names.items()
    } | {"OBS_STATUS": STATUSES, "CONF_STATUS": _CONFIDENTIALITY}
    said = [*(note.en for note in table.definition.notes), *notes]
    return Observations(
        data_set, found.reset_index(drop=True), names, ordered, tuple(said), table.decision
    )


def _agreeing(table: Shielded, exact: Iterable[Exact]) -> tuple[_ByContent, _ByContent]:
    """Figures with all sums, and which are hidden: what other tables tell is as these have it."""
    shown: _ByContent = dict(table.shown)
    hidden: _ByContent = dict.fromkeys(shown, table.hidden)
    if table.counted.policy.kind != "none":
        for other in exact:
            for code, told in told_by(table, other).items():
                known = told != UNKNOWN_FIGURE
                shown[code] = np.where(known, told, shown[code])
                hidden[code] = hidden[code] & ~known
    return shown, hidden


def _codes(name: str, variable: Variable) -> tuple[list[tuple[int, str]], dict[str, str]]:
    """Places of values and of the total, with their codes, and what these are called."""
    codes = [(place, translated(name, v.code)) for place, v in enumerate(variable.values)]
    called = {
        code: name_of(name, value.code, value.label.en)
        for (_, code), value in zip(codes, variable.values, strict=True)
    }
    if variable.eliminated_by == "*" and (whole := whole_place(variable)) is not None:
        codes.append((whole, TOTAL))
        called[TOTAL] = "Total"
    return codes, called
