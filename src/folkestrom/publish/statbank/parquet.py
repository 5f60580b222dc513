"""The cells of a question as Parquet, in the columns that clients of PxWebApi know.

A column is called what its variable is called in the language that is asked for, and has codes.
Beside it stands one of the codes' texts; beside that of time, when each time begins. Figures are
in `value`, or of several contents in `ContentsCode_X`; why there are none, in `value_symbol`.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from folkestrom.model.specification import Language
from folkestrom.publish.statbank.dataset import SYMBOLS, Published, answered
from folkestrom.publish.statbank.periods import days, period
from folkestrom.publish.statbank.problems import Problem
from folkestrom.publish.statbank.selection import Chosen
from folkestrom.publish.tables.definition import CONTENTS
from folkestrom.publish.tables.figures import THERE

_VALUE: Final = "value"
_BEGINS: Final = "timestamp"


def parquet(table: Published, asked: Chosen, language: Language) -> bytes:
    """The cells of a question, a row for each combination of values.

    Parameters
    ----------
    table, asked
        The table, and the cells.
    language
        Language of names and texts.
    """
    shown = asked.shown
    sizes = [len(one.values) for one in shown]
    columns: dict[str, Any] = {}
    for n, one in enumerate(shown):
        along = np.arange(sizes[n], dtype=np.int32).reshape(-1, *[1] * (len(sizes) - n - 1))
        places = pa.array(np.broadcast_to(along, sizes).ravel())
        label = one.variable.label.of(language)
        name = one.variable.id if label in {*columns, _VALUE, _BEGINS} else label
        codes = [value.code for value in one.values]
        texts = [value.label.of(language) for value in one.values]
        columns[name] = _column(places, codes)
        if one.variable.role == "time":
            columns[_BEGINS] = pa.array([_begins(code) for code in codes]).take(places)
        elif codes != texts:
            columns[f"{name}_label"] = _column(places, texts)
    for content, values, why in answered(table.figures, asked):
        name = _VALUE if len(asked.contents) == 1 else f"{CONTENTS}_{content.code}"
        columns[name] = pa.array(values.ravel(), mask=why.ravel() != THERE)
        symbols = pa.array(why.ravel().astype(np.int32) - 1, mask=why.ravel() == THERE)
        columns[f"{name}_symbol"] = _column(symbols, [SYMBOLS[n] for n in sorted(SYMBOLS)])
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(pa.table(columns), buffer, compression="zstd")
    return buffer.getvalue()


def _column(places: pa.Array, texts: Sequence[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(places, pa.array(texts, pa.string()))


def _begins(code: str) -> datetime | None:
    try:
        return datetime.combine(days(period(code))[0], time(), UTC)
    except Problem:
        return None
