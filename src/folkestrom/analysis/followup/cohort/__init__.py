"""Episodes of a study followed up by groups: what is measured of them, and its tables."""
