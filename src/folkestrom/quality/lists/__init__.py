"""How many there are, of whom some are on several lists and some on none."""
