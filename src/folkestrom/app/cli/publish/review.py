"""What whoever approves a release looks at: what changed, and how its tables are protected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from folkestrom.app.cli.context import Settings

if TYPE_CHECKING:
    from folkestrom.publish.releases.release import Manifest
    from folkestrom.publish.releases.review import Reviewed


def show_review(given: Settings, manifest: Manifest, tables: Sequence[Reviewed]) -> None:
    """Print what a release changes, how it is protected, and what is inferred from its tables.

    Parameters
    ----------
    given
        Settings of the command.
    manifest, tables
        The release's, and its tables beside those that are out.
    """
    import msgspec

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
    differences = [msgspec.to_builtins(one) for one in manifest.differences]
    if given.as_json:
        told = {"corrects": manifest.corrects, "why": manifest.why,
                "changes": msgspec.to_builtins(tables)}  # fmt: skip
        told |= {"decisions": decisions, "meetings": meetings, "differences": differences}
        given.result().print_json_of(told)
        return
    if manifest.corrects:
        given.result().print(f"Corrects {manifest.corrects}: {manifest.why}")
    _show_changes(given, tables)
    names = ("table", "policy", "cells", "share_changed", "mean_change", "largest_change", "hidden")
    given.result().print(_table(decisions, names))
    given.result().print()
    for reason, listed in _by_reason(decisions).items():
        given.result().print(f"{', '.join(listed)}: {reason}")
    for one in decisions:
        if one["other_noise"]:
            given.result().print(f"{one['table']}, other noise: {one['other_noise']}")
    for rows in (meetings, differences):
        if rows:
            given.result().print()
            given.result().print(_table(rows, tuple(rows[0])))


def _show_changes(given: Settings, tables: Sequence[Reviewed]) -> None:
    """What is different from what is out, and what does not add up."""
    rows = [_change(one) for one in tables]
    given.result().print(_table(rows, tuple(rows[0])))
    given.result().print()
    for one in tables:
        for change in one.comparison.largest[:3] if one.comparison else ():
            codes = " ".join(f"{name}={code}" for name, code in change.codes.items())
            given.result().print(
                f"{one.table} {change.content} {codes}: {change.before:g} → {change.after:g}"
            )
        for found in one.sums:
            given.result().print(
                f"{one.table} {found.content}: {found.level} differs from its total in "
                f"{found.cells} of {found.of} cells, by {found.largest:g} at most"
            )
    given.result().print()


def _change(one: Reviewed) -> dict[str, Any]:
    found = one.comparison
    codes = {} if found is None else {c.variable: c for c in found.codes}
    return {
        "table": one.table,
        "before": one.before or "–",
        "compared": found.cells if found else 0,
        "changed": found.changed if found else 0,
        "hidden": found.hidden if found else 0,
        "shown": found.shown if found else 0,
        "new": ", ".join(f"{name} {_few(c.new)}" for name, c in codes.items() if c.new),
        "gone": ", ".join(f"{name} {_few(c.gone)}" for name, c in codes.items() if c.gone),
    }


def _few(codes: Sequence[str]) -> str:
    """One code, or the first and the last of several."""
    return codes[0] if len(codes) == 1 else f"{codes[0]} … {codes[-1]} ({len(codes)})"


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
