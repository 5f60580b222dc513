"""Messages of SDMX: structures, figures and what there is, written by pysdmx."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd
from pysdmx.io import write_sdmx
from pysdmx.io.format import Format
from pysdmx.io.pd import PandasDataset
from pysdmx.model import AvailabilityConstraint, Organisation, Schema
from pysdmx.model.__base import MaintainableArtefact
from pysdmx.model.constraint import ConstraintAttachment, CubeKeyValue, CubeRegion, CubeValue
from pysdmx.model.message import Header

from folkestrom.publish.sdmx.names import AGENCY, TIME_PERIOD, TOTAL, VERSION
from folkestrom.publish.sdmx.query import KeyQuery, asked
from folkestrom.publish.sdmx.structure import STATUS, STATUSES, VALUE, Structure, structures
from folkestrom.publish.statbank.dataset import Published, answered
from folkestrom.publish.statbank.problems import Problem
from folkestrom.publish.statbank.selection import Chosen, chosen
from folkestrom.publish.tables.figures import THERE

__all__ = [
    "AVAILABILITY", "DATA", "STRUCTURES", "KeyQuery", "availability_message", "data_message",
    "selected", "structure_message", "structures", "written",
]  # fmt: skip

#: Most cells of one message: writing XML takes some 0.1 ms a cell, and CSV a tenth of that.
_MOST_CELLS: Final = 50_000
_FLOW: Final = "urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow="
#: That an attribute is of the only measure there is: optional, and sdmx1 cannot read it.
_TIE: Final = re.compile(rb"<str:MeasureRelationship>.*?</str:MeasureRelationship>", re.DOTALL)
_ANYTHING: Final = ("", "*/*", "application/*", "application/xml", "text/xml", "text/html")


class Formats:
    """What is written, and what whoever accepts anything gets in each version.

    Parameters
    ----------
    first, second
        The formats that are the default in SDMX 2.1 and in SDMX 3.0.
    *others
        Others.
    """

    def __init__(self, first: Format, second: Format, *others: Format) -> None:
        self._default = {"2.1": first, "3.0": second}
        self._known = {one.value: one for one in (first, second, *others)}

    def of(self, accepted: str, version: str) -> Format:
        """The format that is asked for.

        Parameters
        ----------
        accepted
            Types of media with commas between them, as in the header `Accept`.
        version
            Of SDMX.
        """
        for one in "".join(accepted.split()).lower().split(","):
            media = one.partition(";q=")[0]
            if media in self._known:
                return self._known[media]
            if media in _ANYTHING:
                return self._default[version]
        raise Problem(
            "Not Acceptable", f"what is accepted is not written: {', '.join(self._known)}.", 406
        )


STRUCTURES: Final = Formats(
    Format.STRUCTURE_SDMX_ML_2_1, Format.STRUCTURE_SDMX_ML_3_0, Format.STRUCTURE_SDMX_JSON_2_0_0
)
DATA: Final = Formats(
    Format.DATA_SDMX_ML_2_1_GEN, Format.DATA_SDMX_ML_3_0, Format.DATA_SDMX_ML_2_1_STR,
    Format.DATA_SDMX_CSV_1_0_0, Format.DATA_SDMX_CSV_2_0_0,
)  # fmt: skip
AVAILABILITY: Final = Format.STRUCTURE_SDMX_JSON_2_0_0


@dataclass(frozen=True, slots=True)
class Selected:
    """Cells of a table.

    Parameters
    ----------
    table, structure, cells
        The table, its structure in SDMX, and which of its cells.
    """

    table: Published
    structure: Structure
    cells: Chosen

    def along(self) -> dict[str, list[str]]:
        """By dimension in their order, time last, the codes of the cells."""
        codes = [[c.code for c in one.values] for one in self.cells.along]  # noqa: PD011
        codes.insert(-1, [content.code for content in self.cells.contents])
        found = dict(zip(self.structure.codes, codes, strict=True))
        own = {
            name: {code: id for id, code in known.items()}
            for name, known in self.structure.codes.items()
        }
        return {name: [own[name][c] for c in codes] or [TOTAL] for name, codes in found.items()}


def selected(table: Published, query: KeyQuery, most: int | None) -> Selected:
    """The cells that a key asks for.

    Parameters
    ----------
    table, query
        The table, and the key.
    most
        The most cells that an answer of the statistics bank has; None: they are only counted.
    """
    structure = Structure(table.definition)
    question = asked(structure, query)
    found = chosen(table.definition, question, most and min(most, _MOST_CELLS))
    return Selected(table, structure, found)


def structure_message(
    found: Sequence[MaintainableArtefact], format: Format, prepared: datetime
) -> bytes:
    """Structures as a message.

    Parameters
    ----------
    found
        The artefacts.
    format
        How it is written.
    prepared
        The instant that it says it was made at.
    """
    return _TIE.sub(b"", written(list(found), format, prepared))


def data_message(found: Selected, format: Format, across: str, *, status: bool) -> bytes:
    """Cells as a message.

    Parameters
    ----------
    found
        The cells.
    format
        How it is written.
    across
        The dimension that the observations of a series differ in, in XML.
    status
        Whether it is said of each cell why it has a figure, or has none.
    """
    if across not in (*found.structure.codes, "AllDimensions"):
        raise Problem(
            "Parameter error",
            f"dimensionAtObservation is one of {', '.join(found.structure.codes)}, AllDimensions.",
        )
    frame = _frame(found)
    if not status:
        del frame[STATUS]
    schema = Schema(
        context="dataflow", agency=AGENCY, id=found.table.definition.id, version=VERSION,
        components=found.structure.components,
    )  # fmt: skip
    more = {"dimension_at_observation": across} if "xml" in format.value else {}
    data = PandasDataset(structure=schema, data=frame)
    return written([data], format, found.table.updated, **more)


def availability_message(found: Selected, *, related: bool) -> bytes:
    """How many cells there are, and by which codes.

    Parameters
    ----------
    found
        The cells.
    related
        With the table's structure.
    """
    along = found.along()
    size = found.cells.size
    constraint = AvailabilityConstraint(
        constraint_attachment=ConstraintAttachment(
            None, dataflows=[f"{_FLOW}{AGENCY}:{found.table.definition.id}({VERSION})"]
        ),
        cube_region=CubeRegion(
            [CubeKeyValue(name, [CubeValue(c) for c in codes]) for name, codes in along.items()]
        ),
        series_count=size // len(along[TIME_PERIOD]), obs_count=size,
    )  # fmt: skip
    what = [*(found.structure.artefacts if related else ()), constraint]
    return written(what, AVAILABILITY, found.table.updated)


def written(what: Any, format: Format, prepared: datetime, **more: Any) -> bytes:
    """Anything as a message; the same has the same bytes, whenever it is written.

    Parameters
    ----------
    what, format
        What is written, and how.
    prepared
        The instant that it says it was made at.
    **more
        Options of pysdmx.
    """
    if "csv" not in format.value:
        header = Header(
            id=f"{AGENCY}{prepared:%Y%m%d%H%M%S}", prepared=prepared,
            sender=Organisation(id=AGENCY),
        )  # fmt: skip
        more |= {"header": header, "prettyprint": False}
    return (write_sdmx(what, format, **more) or "").encode()


def _frame(found: Selected) -> pd.DataFrame:
    """A row for each cell, with the codes of every dimension."""
    along = found.along()
    sizes = [len(codes) for codes in along.values()]
    columns: dict[str, Any] = {}
    for n, (name, codes) in enumerate(along.items()):
        places = np.arange(sizes[n]).reshape(-1, *[1] * (len(sizes) - n - 1))
        columns[name] = np.array(codes, object)[np.broadcast_to(places, sizes).ravel()]
    # Contents are the last but time.
    _, parts, statuses = zip(*answered(found.table.figures, found.cells), strict=True)
    why = np.stack(statuses, axis=-2).ravel()
    values = pd.array(np.stack(parts, axis=-2).ravel())
    values[why != THERE] = pd.NA
    columns[VALUE] = values
    columns[STATUS] = np.array([STATUSES[n] for n in range(len(STATUSES))], object)[why]
    return pd.DataFrame(columns)
