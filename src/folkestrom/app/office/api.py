"""The Python interface: one `Store` object that answers questions."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from folkestrom.app.office.store.deliveries import Deliveries
from folkestrom.app.office.store.demography import Demography
from folkestrom.app.office.store.notebook import show_answers
from folkestrom.app.office.store.quality import Quality
from folkestrom.app.office.store.research import Research
from folkestrom.app.office.store.residence import Residence
from folkestrom.app.office.store.statistics import Statistics
from folkestrom.app.office.store.transmission import Transmission


@dataclass(frozen=True, slots=True)
class Store(Deliveries, Statistics, Demography, Residence, Research, Quality, Transmission):
    """A report log with everything that is derived from it.

    Nothing is held open between calls, so that others can write in the meantime.

    Parameters
    ----------
    path
        The store's folder.
    waiting
        How long to wait while another process writes, and where to say so.
    """


def open_store(path: str | os.PathLike[str]) -> Store:
    """Open the store in a folder."""
    show_answers()
    return Store(Path(path))
