"""The population of a day before it is known: what is reported, and estimates of the rest."""
