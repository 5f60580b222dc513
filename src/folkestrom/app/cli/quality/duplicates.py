"""The command duplicates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from folkestrom.app.cli.context import settings
from folkestrom.app.cli.options import DAY, Output, Wait, option
from folkestrom.model.knowledge import LATEST


def register(app: typer.Typer) -> None:
    """Add this module's command to the application."""
    app.command("duplicates")(duplicates)


def duplicates(
    ctx: typer.Context,
    known_at: Annotated[
        str, typer.Option("--known-at", metavar=f"{DAY}|latest", help="What was known.")
    ] = LATEST,
    pairs: Annotated[
        Path | None,
        typer.Option(
            "--pairs",
            help="File to write the pairs to, .parquet, .csv, .arrow, .dta or .sav: rows of "
            "persons, for the office.",
            dir_okay=False,
        ),
    ] = None,
    least: Annotated[
        int | None, typer.Option("--least", min=0, max=100, help="Least score of these pairs.")
    ] = None,
    linkage: Annotated[
        bool,
        typer.Option(
            "--linkage",
            help="By a model of probabilistic linkage, which allows mistyped dates and missing "
            "parents, instead of rules.",
        ),
    ] = False,
    output: Output = None,
    wait: Wait = None,
) -> None:
    """Count pairs of numbers that may be one person's, by what agrees of them."""
    from folkestrom.app.office.quality.duplicates import DuplicatesQuestion

    given = settings(ctx)
    given.check_output(output, listing=True)
    question = DuplicatesQuestion.asked(
        option, known_at=known_at, pairs=pairs, least=least, linkage=linkage
    )
    given.write(given.answer(question, wait), output)
    if pairs is not None:
        given.progress().print(f"The pairs: {pairs}")
