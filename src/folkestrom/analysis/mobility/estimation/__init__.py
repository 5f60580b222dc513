"""Estimation of the mobility model: identification, likelihood, and its maximisation."""
