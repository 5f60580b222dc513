"""Differences between groups taken apart: composition against propensity.

Rates by factors: `kitagawa`. Propensities by a regression: `oaxaca`. What the components mean is in
the manual: `docs/explanation/rates.md`.
"""

from folkestrom.analysis.decomposition.components import Decomposition
from folkestrom.analysis.decomposition.kitagawa import kitagawa
from folkestrom.analysis.decomposition.oaxaca import oaxaca

__all__ = ["Decomposition", "kitagawa", "oaxaca"]
