"""Every parameter of the twin with its value and where it comes from, for the truth and the manual."""

from __future__ import annotations

from typing import Any


def describe_parameters() -> list[dict[str, object]]:
    """Name, value and source of each parameter, as plain data."""
    return []
