"""Regressions of hazards: Cox's, Fine and Gray's, and by periods.

Spells are rows over (start, stop]. Covariates are columns, or the terms of `analysis.mobility`;
factors stay integer codes. What the models are, and what they were compared with, is in the
manual: `docs/explanation/hazard-regression.md`.
"""

from folkestrom.analysis.inference.distributions import Chi2
from folkestrom.analysis.regression.adjusted.curves import (
    AdjustedCurves,
    adjusted_incidence,
    adjusted_survival,
)
from folkestrom.analysis.regression.cox import CoxFit, cox
from folkestrom.analysis.regression.discrete_time import hazards_by_period
from folkestrom.analysis.regression.fine_gray import fine_gray
from folkestrom.analysis.regression.person_periods import PersonPeriods, person_periods
from folkestrom.analysis.regression.proportionality import proportionality_test
from folkestrom.analysis.regression.result import HazardFit

__all__ = [
    "AdjustedCurves",
    "Chi2",
    "CoxFit",
    "HazardFit",
    "PersonPeriods",
    "adjusted_incidence",
    "adjusted_survival",
    "cox",
    "fine_gray",
    "hazards_by_period",
    "person_periods",
    "proportionality_test",
]
