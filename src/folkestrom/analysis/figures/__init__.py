"""Pictures of results, curves, states and flows; they need matplotlib (the extra `figures`).

Words are English or Norwegian. Colours have a contrast of at least 4.5 to 1 on white (WCAG 2.2,
AA), and nothing is told by colour alone: lines differ in dashes, areas and places carry their
names. The same data give the same file.
"""

from folkestrom.analysis.figures.cells import chart, map_chart
from folkestrom.analysis.figures.chord import chord_plot
from folkestrom.analysis.figures.curves import curve_plot, state_plot
from folkestrom.analysis.figures.rates import rate_plot
from folkestrom.analysis.figures.sankey import sankey_plot

__all__ = [
    "chart", "chord_plot", "curve_plot", "map_chart", "rate_plot", "sankey_plot", "state_plot",
]  # fmt: skip
