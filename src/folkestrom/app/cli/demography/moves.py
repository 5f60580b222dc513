"""The command of moves."""

from __future__ import annotations

from typing import Annotated

import typer

from folkestrom.app.cli.completion.words import names_of
from folkestrom.app.cli.context import settings
from folkestrom.app.cli.options import (
    End,
    Every,
    Extraction,
    KnownAt,
    Labels,
    Only,
    Order,
    Output,
    ShareOf,
    Start,
    Top,
    Totals,
    Wait,
    Wide,
    option,
)
from folkestrom.app.cli.statistics import shown
from folkestrom.model.knowledge import PUBLISHED


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("moves")(moves)


def moves(
    ctx: typer.Context,
    start: Start,
    end: End,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            help="The places moved between: county (without it), municipality or basic_unit; and "
            "other variables, with commas between them: municipality,sex.",
            autocompletion=names_of("flow"),
        ),
    ] = "",
    abroad: Annotated[
        bool,
        typer.Option(
            "--abroad", help="Immigration and emigration by country, with net migration, instead."
        ),
    ] = False,
    every: Every = None,
    extraction: Extraction = None,
    known_at: KnownAt = PUBLISHED,
    only: Only = None,
    totals: Totals = False,
    share_of: ShareOf = None,
    order: Order = None,
    top: Top = None,
    wide: Wide = None,
    labels: Labels = False,
    wait: Wait = None,
    output: Output = None,
) -> None:
    """Count moves by origin and destination, or migration to and from countries."""
    from folkestrom.app.office.demography.moves import MovesQuestion

    given = settings(ctx)
    given.check_output(output)
    question = MovesQuestion.asked(
        option, from_=start, to_=end, by=by, known_at=known_at, every=every, abroad=abroad,
        extraction_months=extraction, only=only,
        shown=shown(totals, order, top, wide, labels, lang=given.lang, share_of=share_of),
    )  # fmt: skip
    given.write(given.answer(question, wait), output)
