"""Designs: tables, formulas and terms as covariates, and whether data determine coefficients."""
