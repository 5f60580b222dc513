"""How sure a projection is: draws of what may come, and how good such forecasts were."""
