"""Where immigrants settle: how much more a municipality draws them than its size says.

One attraction holds for the immigrants of the first stock, for those who come later and for those
who move. Norwegian-born children of immigrants are born where their mothers live, and are drawn
alike when they move.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from folkestrom.twin.lives.people import People
from folkestrom.twin.targets.definition import Targets

OSLO = 301
OSLO_ATTRACTION = 2.7
ATTRACTION = (1.75, 1.2, 0.85, 0.62, 0.62, 0.65)
"""Of municipalities by centrality class 1 to 6, and of Oslo (assumptions): chosen so that the
concentration of 2021 comes near that of the Directorate of Integration and Diversity's (IMDi) table
of immigrants by municipality. Of the nation 14.8 per cent are immigrants, of Oslo 25.4; of the six
classes, Oslo apart, 20.0, 16.2, 12.6, 9.8, 9.8 and 10.8."""


def immigrant_attraction(targets: Targets) -> NDArray[np.float64]:
    """Return how strongly each municipality draws immigrants, for its size.

    Parameters
    ----------
    targets
        Municipality codes and centrality.

    Returns
    -------
    array
        float64[M], a factor of a municipality's size.
    """
    by_class = np.array(ATTRACTION)[targets.centrality - 1]
    return np.where(targets.municipality_codes == OSLO, OSLO_ATTRACTION, by_class)


def drawn_as_immigrants(people: People, persons: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return 1 for immigrants and Norwegian-born children of immigrants, 0 for all others."""
    return (people.group[persons] > 0).astype(np.int64)
