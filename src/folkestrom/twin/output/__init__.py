"""What is written of a country: the truth, variable files, the panel."""
