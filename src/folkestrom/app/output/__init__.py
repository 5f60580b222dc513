"""Cells as people and programs read them: on the terminal, and in files of several formats."""
