"""Municipalities and counties with the borders and names of their time."""
