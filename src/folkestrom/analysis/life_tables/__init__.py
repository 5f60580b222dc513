"""Life tables of a store's groups: counts as arrays, and tables of them as cells."""
