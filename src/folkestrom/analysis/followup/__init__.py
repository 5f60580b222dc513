"""Follow-up of cohorts in whole days: who left, when, for what, and who still might.

Everything starts from `follow_up`, which takes the days and checks them; `transitions` does so
for persons who move between states. The estimators take what they return. What the figures mean,
and by which formulas, is in the manual: `docs/explanation/follow-up.md`.
"""

from folkestrom.analysis.followup.comparison import Comparison, gray_test, log_rank
from folkestrom.analysis.followup.counting import Counts, count
from folkestrom.analysis.followup.curves import Curve, Curves
from folkestrom.analysis.followup.differences import (
    Differences,
    difference_at,
    restricted_mean_difference,
)
from folkestrom.analysis.followup.incidence import aalen_johansen
from folkestrom.analysis.followup.multistate import (
    state_occupation,
    transition_probabilities,
    transitions,
)
from folkestrom.analysis.followup.shares import incidence_and_shares
from folkestrom.analysis.followup.subjects import FollowUp, follow_up
from folkestrom.analysis.followup.summaries import quantile, restricted_mean
from folkestrom.analysis.followup.survival import kaplan_meier, nelson_aalen

__all__ = [
    "Comparison",
    "Counts",
    "Curve",
    "Curves",
    "Differences",
    "FollowUp",
    "aalen_johansen",
    "count",
    "difference_at",
    "follow_up",
    "gray_test",
    "incidence_and_shares",
    "kaplan_meier",
    "log_rank",
    "nelson_aalen",
    "quantile",
    "restricted_mean",
    "restricted_mean_difference",
    "state_occupation",
    "transition_probabilities",
    "transitions",
]
