"""Every parameter of the twin with its value and where it comes from."""

from __future__ import annotations


def describe_parameters() -> list[dict[str, object]]:
    """Name, value and source of each parameter, as plain data."""
    return []
