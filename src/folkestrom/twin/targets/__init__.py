"""What a synthetic country has to add up to."""
