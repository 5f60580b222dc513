"""The panel of the mobility model: person-years as arrays, and the rows that they came from."""
