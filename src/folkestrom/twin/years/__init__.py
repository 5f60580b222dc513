"""One year of the country after another, so that every published number of it is met."""
