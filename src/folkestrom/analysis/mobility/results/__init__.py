"""Results of the mobility model: estimates, predictions, effects, fit, tables and figures."""
