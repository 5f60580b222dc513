"""Suppression of small counts, and of others so that no total gives them away."""
