"""SDMX-CSV 2.0: a row an observation, with its status and whether it may be published.

Codes are those of the table; those of the columns of attributes are of SDMX's cross-domain code
lists CL_OBS_STATUS and CL_CONF_STATUS.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells, code_text
from folkestrom.model.specification import Measure
from folkestrom.publish.formats.csv_file import csv_of
from folkestrom.publish.formats.cube import TIMES, no_cube, once

#: The agency and version that the name of a table's structure has.
_STRUCTURE: Final = "FOLKESTROM:{id}(1.0.0)"
#: An ordinary figure; none, since it is undefined or not known; none, for confidentiality.
_NORMAL, _MISSING, _SUPPRESSED = "A", "O", "Q"
#: Free for publication; confidential.
_FREE, _CONFIDENTIAL = "F", "C"
_AFTER: Final = ("MEASURE", "OBS_VALUE", "OBS_STATUS", "CONF_STATUS", "UNIT_MEASURE", "DECIMALS")


def sdmx_csv(cells: Cells) -> bytes:
    """Cells as SDMX-CSV; of several measures, `MEASURE` says which a row is of.

    Parameters
    ----------
    cells
        Figures with their specification. `CONF_STATUS` says of a table that went through
        disclosure control what may be shown; of others it is empty, since nothing has decided it.

    Raises
    ------
    UsageError
        The cells are a list, or two of the columns would have one name.
    """
    spec = cells.specification
    if spec.listing:
        raise no_cube("SDMX-CSV")
    structure = _STRUCTURE.format(id=spec.id.upper().replace("-", "_"))
    shared = [("STRUCTURE", "dataflow"), ("STRUCTURE_ID", structure), ("ACTION", "I")]
    shared += [("TIME_PERIOD", _time(c.code)) for d in once(spec) for c in d.categories]
    names = [name for name, _ in shared[:3]] + [_name(d.id) for d in spec.dimensions]
    names += [name for name, _ in shared[3:]]
    if repeated := [name for name in names if [*names, *_AFTER].count(name) > 1]:
        raise UsageError(
            "is the name of two columns",
            where="SDMX-CSV",
            value=repeated[0],
            next_step="Leave one of them out of --by, or ask for --format csv",
        )
    many = len(spec.measures)
    columns: dict[str, list[str | None]] = {
        name: [text] * (cells.data.num_rows * many) for name, text in shared
    }
    for dimension in spec.dimensions:
        codes = [_code(dimension.id, code) for code in cells.data[dimension.id].to_pylist()]
        columns[_name(dimension.id)] = [*codes * many]
    after = [_measured(cells, measure) for measure in spec.measures]
    columns = {name: columns[name] for name in names}
    return csv_of(columns | {n: [v for one in after for v in one[n]] for n in _AFTER})


def _measured(cells: Cells, measure: Measure) -> dict[str, list[str | None]]:
    """The figures of one measure, and what is said of each."""
    values = cells.data[measure.id].to_pylist()
    controlled = cells.suppressed is not None
    rows = [False] * len(values) if cells.suppressed is None else cells.suppressed.to_pylist()
    hidden = [row and value is None for row, value in zip(rows, values, strict=True)]
    status = [_NORMAL if value is not None else _MISSING for value in values]
    confidential = [_CONFIDENTIAL if one else _FREE for one in hidden]
    return {
        "MEASURE": [measure.id.upper()] * len(values),
        "OBS_VALUE": [None if v is None else f"{v:z.{measure.decimals}f}" for v in values],
        "OBS_STATUS": [_SUPPRESSED if h else s for h, s in zip(hidden, status, strict=True)],
        "CONF_STATUS": [one if controlled else None for one in confidential],
        "UNIT_MEASURE": [measure.unit.en] * len(values),
        "DECIMALS": [str(measure.decimals)] * len(values),
    }


def _name(dimension: str) -> str:
    return "TIME_PERIOD" if dimension in TIMES else dimension.upper()


def _code(dimension: str, code: object) -> str:
    return _time(code_text(code)) if dimension in TIMES else code_text(code)


def _time(code: str) -> str:
    """A period as SDMX writes it: of two days, the first and how long it lasts.

    Examples
    --------
    >>> _time("2020Q1"), _time("2020M02"), _time("2020"), _time("2021-01-01")
    ('2020-Q1', '2020-02', '2020', '2021-01-01')
    >>> _time("2020-04-01/2020-04-11")
    '2020-04-01/P10D'
    """
    first, _, end = code.partition("/")
    if end:
        days = date.fromisoformat(end) - date.fromisoformat(first)
        return f"{first}/P{days.days}D"
    return re.sub(r"^(\d{4})(?:M|(?=Q))", r"\1-", code)
