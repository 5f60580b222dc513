"""The catalogue of statistics: which tables are made for the public, and how."""
