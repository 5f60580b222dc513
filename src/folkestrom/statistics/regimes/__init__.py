"""Regimes of official figures: which rules made a figure when it was published."""
