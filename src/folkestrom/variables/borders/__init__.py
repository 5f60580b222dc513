"""Places in the borders of a day, or of each day."""
