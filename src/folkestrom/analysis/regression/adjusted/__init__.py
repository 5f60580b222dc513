"""Curves of a regression, averaged over a population."""
