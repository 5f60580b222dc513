"""Lists with days of validity: municipalities and counties, age groups, countries, codes."""
