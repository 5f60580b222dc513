"""Linked variables: files become histories in the store, with the checks of reports."""
