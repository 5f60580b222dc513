"""Rates of emigration and of other events: exposure, intervals, standardisation, propensities.

From a store: `occurrences` gives events and person-days by cells. From any table of cells or
episodes: `rates`; from a panel of person-years: `propensities`. What the figures mean, and by which
formulas, is in the manual: `docs/explanation/rates.md`.
"""

from folkestrom.analysis.inference.intervals import gamma_interval, poisson_interval, share_interval
from folkestrom.analysis.rates.lexis import lexis
from folkestrom.analysis.rates.occurrence import Occurrences, occurrences
from folkestrom.analysis.rates.propensities import Propensities, propensities
from folkestrom.analysis.rates.rates import Rates, rates

__all__ = [
    "Occurrences",
    "Propensities",
    "Rates",
    "gamma_interval",
    "lexis",
    "occurrences",
    "poisson_interval",
    "propensities",
    "rates",
    "share_interval",
]
