"""Divisions into municipalities: the one in force, and what a store adds to the program's lists."""
