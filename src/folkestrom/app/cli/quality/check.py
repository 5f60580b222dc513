"""The command store check."""

from __future__ import annotations

from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING

import typer
from rich.table import Table

from folkestrom.app.cli.context import settings
from folkestrom.app.cli.intake import store_app
from folkestrom.app.cli.options import Wait
from folkestrom.errors import EXIT_FIGURE_DIFFERS

if TYPE_CHECKING:
    from folkestrom.app.office.quality.checks import Check


def register(_app: typer.Typer) -> None:
    """Add this module's command to those of `store`."""
    store_app.command("check")(check)


def check(ctx: typer.Context, wait: Wait = None) -> None:
    """Check the log in itself, and the tables against the log; changes nothing.

    Ends with exit code 1 if a check failed.
    """
    from folkestrom.app.office.quality import checks

    given = settings(ctx)
    as_json = given.as_json
    with given.progress().status("Checking …") as status:
        found = checks.check(
            given.store, given.waiting(wait), lambda part: status.update(f"Checking {part} …")
        )
    failed = [one for one in found if one.result == "failed"]
    if as_json:
        given.result().print_json_of([asdict(one) for one in found])
    else:
        table = Table(box=None, pad_edge=False)
        for name in ("part", "result", "rule", "tables", "rows"):
            table.add_column(name, justify="right" if name == "rows" else "left", overflow="fold")
        for (part, result, rule, rows), same in groupby(found, key=_shown):
            table.add_row(part, result, rule, ", ".join(one.table for one in same), rows)
        given.result().print(table)
        given.result().print(f"{len(found)} checks, {len(failed)} failed")
    if failed:
        raise typer.Exit(EXIT_FIGURE_DIFFERS)


def _shown(one: Check) -> tuple[str, str, str, str]:
    """What tables share that one line is for."""
    rule = one.rule.split(". ")[0].rstrip(".")
    return one.part, one.result, rule, f"{one.rows:,}" if one.rows else ""
