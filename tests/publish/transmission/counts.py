"""True counts of every cell that is protected, straight from the statistics, by its key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import product
from pathlib import Path

import duckdb

from folkestrom.residence.usual import usual_residence
from folkestrom.statistics.changes import changes
from folkestrom.statistics.periods import year
from folkestrom.statistics.population import population
from tests.publish.transmission.attacks import Key

_KNOWN, _START, _END = date(2021, 2, 1), date(2020, 1, 1), date(2021, 1, 1)
_SEXES = {"male": "M", "female": "F"}
_NUTS = {"03": "NO081", "11": "NO0A1", "15": "NO0A3", "18": "NO071", "30": "NO082", "34": "NO020",
         "38": "NO091", "42": "NO092", "46": "NO0A2", "50": "NO060", "54": "NO074"}  # fmt: skip
_STATUSES = {
    "never_married": "S", "married": "M", "widowed": "W", "divorced": "D", "separated": "L",
    "registered_partner": "P", "separated_partner": "P", "divorced_partner": "E",
    "surviving_partner": "Q",
}  # fmt: skip


def _group(age: str) -> str:
    if age == "unknown":
        return "_U"
    first = int(age) // 5 * 5
    return f"Y{first}T{first + 4}" if first < 100 else "Y_GE100"


def _country(code: str) -> str:
    return {"XS": "STLS", "unknown": "_U"}.get(code, code)


#: By variable of the vocabulary: the dimension, and its code.
_COUNTRIES = {
    "citizenship": ("CITIZENSHIP", _country),
    "country_of_birth": ("COUNTRY_BIRTH", _country),
}
_CODES: Mapping[str, tuple[str, Callable[[str], str]]] = {
    **_COUNTRIES,
    "county": ("REF_AREA", lambda code: _NUTS[code]),
    "sex": ("SEX", lambda code: _SEXES.get(code, "_U")),
    "marital_status": ("CIVIL_STATUS", lambda code: _STATUSES.get(code, "_U")),
    "age": ("AGE", _group),
    "mother_age": (
        "AGE_MOTHER",
        lambda age: "Y_LT20" if int(age) < 20 else "Y_GE45" if int(age) >= 45
        else _group(age),
    ),
}  # fmt: skip
_STOCKS = {
    "registered": (("citizenship", "sex", "age"), ("country_of_birth", "sex", "age")),
    "usual": (("citizenship", "sex", "age"), ("country_of_birth", "sex", "age"),
              ("marital_status", "sex", "age"), ("county", "sex", "age")),
}  # fmt: skip
_FLOWS = (
    (("county", "mother_age"), ("births",)),
    (("county", "sex", "age"), ("deaths",)),
    (("citizenship", "sex", "age"), ("immigration", "emigration")),
)


def true_counts(connection: duckdb.DuckDBPyConnection, stays: Path) -> Counter[Key]:
    """Counts of all cells of the protected data sets of 2020, totals included."""
    found: Counter[Key] = Counter()
    for by in _STOCKS["registered"]:
        _add(found, "registered", by, population(connection, _END, by).data.to_pylist())
    for by, measures in _FLOWS:
        rows = changes(connection, [year(2020)], by).data.to_pylist()
        _add(found, "registered", by, rows, measures)
    with usual_residence(connection, stays, [(_END, _KNOWN)]):
        for by in _STOCKS["usual"]:
            rows = population(connection, _END, by).data.to_pylist()
            _add(found, "usual", by, rows, single=by[0] == "county")
    return found


def _add(
    found: Counter[Key], base: str, by: Sequence[str], rows: Sequence[Mapping[str, object]],
    measures: Sequence[str] = ("persons",), *, single: bool = False,
) -> None:  # fmt: skip
    counted: Counter[Key] = Counter()
    for row in rows:
        told = [
            (name, of(str(row[variable]))) for variable in by for name, of in [_CODES[variable]]
        ]
        if single and str(row["age"]) not in ("unknown", *map(str, range(100, 130))):
            told[-1] = "AGE", f"Y{row['age']}"
        for measure in measures:
            indicator = "POPULATION" if measure == "persons" else measure.upper()
            for kept in product((True, False), repeat=len(told)):
                cell = frozenset(one for one, k in zip(told, kept, strict=True) if k)
                counted[(base, indicator), cell] += int(str(row[measure]))
    # The same cell in two data sets is counted once.
    for key, count in counted.items():
        assert found.get(key, count) == count, key
        found[key] = count
