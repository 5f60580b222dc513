"""How figures change as more becomes known: vintages, triangles, and the reports behind them."""
