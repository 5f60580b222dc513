"""Quality as figures: each delivery's report, and who was not known yet."""
