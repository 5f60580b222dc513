"""The command line in Norwegian: one catalogue, `no.csv`, and the doors where it is used."""
