"""Disclosure control: what may be shown of a table, and a note of what was done to it.

Takes plain tables of counts and knows no person. `release` is the gate.
"""

from folkestrom.disclosure.cell_keys import PerturbationTable, perturb
from folkestrom.disclosure.quantiles import USUAL_QUANTILES, mean, quantiles, winsorise
from folkestrom.disclosure.release import DisclosureRecord, Protected, release
from folkestrom.disclosure.rounding import round_small, utility
from folkestrom.disclosure.rules import RESEARCH, ROUNDED, STATISTICS, Rules, named
from folkestrom.disclosure.suppression.accounts import Account, Equal
from folkestrom.disclosure.tables.linked_rounding import published_sums, round_linked
from folkestrom.disclosure.tables.ptable import perturbation_table

__all__ = [
    "RESEARCH",
    "ROUNDED",
    "STATISTICS",
    "USUAL_QUANTILES",
    "Account",
    "DisclosureRecord",
    "Equal",
    "PerturbationTable",
    "Protected",
    "Rules",
    "mean",
    "named",
    "perturb",
    "perturbation_table",
    "published_sums",
    "quantiles",
    "release",
    "round_linked",
    "round_small",
    "utility",
    "winsorise",
]
