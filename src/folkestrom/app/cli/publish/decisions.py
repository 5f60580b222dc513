"""Decisions on disclosure control, shown to whoever approves a release."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from rich.table import Table

from folkestrom.app.cli.context import Settings

if TYPE_CHECKING:
    from folkestrom.publish.releases.release import Manifest


def show_decisions(given: Settings, manifest: Manifest) -> None:
    """Print how each table is protected, and what is inferred from tables together.

    Parameters
    ----------
    given
        Settings of the command.
    manifest
        The release's.
    """
    decisions = [
        {
            "table": id,
            **msgspec.to_builtins(one),
            "share_changed": one.share_changed,
            "reason": one.reason.of(given.lang),
        }
        for id, one in manifest.decisions.items()
    ]
    meetings: list[dict[str, Any]] = [msgspec.to_builtins(one) for one in manifest.meetings]
    if given.as_json:
        given.result().print_json_of({"decisions": decisions, "meetings": meetings})
        return
    names = ("table", "policy", "cells", "share_changed", "mean_change", "largest_change", "hidden")
    given.result().print(_table(decisions, names))
    given.result().print()
    for reason, tables in _by_reason(decisions).items():
        given.result().print(f"{', '.join(tables)}: {reason}")
    if meetings:
        given.result().print()
        given.result().print(_table(meetings, tuple(meetings[0])))


def _by_reason(decisions: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in decisions:
        found.setdefault(one["reason"], []).append(one["table"])
    return found


def _table(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in names:
        figures = isinstance(rows[0][name], int | float)
        table.add_column(name, overflow="fold", justify="right" if figures else "left")
    for row in rows:
        table.add_row(*(_shown(row[name]) for name in names))
    return table


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return ", ".join(value) if isinstance(value, list | tuple) else str(value)
