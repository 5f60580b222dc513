"""Register reports in, population statistics out.

Every figure is a pure function of the report log, a reference date, a knowledge date and a
published method. `folkestrom.open` is the way in from Python; the command `folkestrom` is
the same thing in a terminal.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from folkestrom.app.office.api import Store

__version__ = "0.1.0"
__all__ = ["__version__", "open"]


def open(store: str | os.PathLike[str]) -> Store:
    """Open a store, the folder that holds a report log and all that is derived from it.

    Parameters
    ----------
    store
        The store's folder.

    Returns
    -------
    Store
        Its methods answer questions and take in reports.
    """
    # Imported here so that `import folkestrom` stays instant and pulls in no engine.
    from folkestrom.app.office.api import open_store
    from folkestrom.columns import check_arguments

    check_arguments(open, {"store": store})
    return open_store(store)
