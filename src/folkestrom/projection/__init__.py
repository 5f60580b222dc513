"""Projections: pure numbers, of no person and no store, so that a public page may use them."""
