"""The mobility model: stay, another municipality, or abroad, with person random effects."""

from folkestrom.analysis.design.terms import (
    Factor,
    Number,
    Term,
    factor,
    interaction,
    number,
)
from folkestrom.analysis.mobility.estimation.covariance import STRUCTURES
from folkestrom.analysis.mobility.from_table import MobilityGroups, mobility
from folkestrom.analysis.mobility.model import fit_mobility
from folkestrom.analysis.mobility.panel.batches import panel_from_batches
from folkestrom.analysis.mobility.panel.panel import Panel, make_panel
from folkestrom.analysis.mobility.results.comparison import compare, vuong_test
from folkestrom.analysis.mobility.results.figures import coefficient_plot, profile_plot
from folkestrom.analysis.mobility.results.regression_table import regression_table
from folkestrom.analysis.mobility.results.result import MobilityFit

__all__ = [
    "STRUCTURES",
    "Factor",
    "MobilityFit",
    "MobilityGroups",
    "Number",
    "Panel",
    "Term",
    "coefficient_plot",
    "compare",
    "factor",
    "fit_mobility",
    "interaction",
    "make_panel",
    "mobility",
    "number",
    "panel_from_batches",
    "profile_plot",
    "regression_table",
    "vuong_test",
]
