"""The command flags."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from folkestrom.app.cli.context import settings
from folkestrom.app.cli.options import DAY, Output, Wait, option
from folkestrom.model.knowledge import LATEST


def register(app: typer.Typer) -> None:
    """Add this module's command to the application."""
    app.command("flags")(flags)


def flags(
    ctx: typer.Context,
    by: Annotated[
        str,
        typer.Option(
            "--by", help="Any of reason, source, kind, month and year, with commas between them."
        ),
    ] = "reason,source",
    start: Annotated[
        str | None,
        typer.Option("--from", metavar=DAY, help="Flags that stand since this day or later."),
    ] = None,
    end: Annotated[
        str | None,
        typer.Option("--to", metavar=DAY, help="Flags that stand since an earlier day."),
    ] = None,
    known_at: Annotated[
        str, typer.Option("--known-at", metavar=f"{DAY}|latest", help="What was known.")
    ] = LATEST,
    reports: Annotated[
        Path | None,
        typer.Option(
            "--reports",
            help="File to write the reports to, .parquet, .csv, .arrow, .dta or .sav, for the "
            "office: source, its number and why, without persons.",
            dir_okay=False,
        ),
    ] = None,
    output: Output = None,
    wait: Wait = None,
) -> None:
    """Count reports that stand and are not applied as they are, with what would mend them."""
    from folkestrom.app.office.quality.flags import FlagQuestion

    given = settings(ctx)
    given.check_output(output)
    question = FlagQuestion.asked(
        option, by=by, from_=start, to_=end, known_at=known_at, reports=reports
    )
    given.write(given.answer(question, wait), output)
    if reports is not None:
        given.progress().print(f"The reports: {reports}")
