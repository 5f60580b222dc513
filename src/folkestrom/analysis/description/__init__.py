"""What the panel of a study shows: outcomes, or the values of a number, by cell."""
