"""Commands that feed the store: intake, quarantine, seal, store."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
