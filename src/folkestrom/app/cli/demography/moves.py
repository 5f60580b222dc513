"""The command of moves."""

from __future__ import annotations

from typing import Annotated

import typer

from folkestrom.app.cli.completion.words import names_of
from folkestrom.app.cli.context import has_places
from folkestrom.app.cli.demography.answering import answered
from folkestrom.app.cli.options import (
    End,
    Every,
    Extraction,
    KnownAt,
    Labels,
    Only,
    Order,
    Output,
    Publish,
    ShareOf,
    Start,
    Top,
    Totals,
    Wait,
    Wide,
)
from folkestrom.model.knowledge import PUBLISHED


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("moves")(moves)


@has_places
def moves(
    ctx: typer.Context,
    from_: Start,
    to_: End,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            help="The places moved between: county (without it), municipality, part_of_town or "
            "basic_unit; and other variables, with commas between them: municipality,sex.",
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
    extraction_months: Extraction = None,
    known_at: KnownAt = PUBLISHED,
    only: Only = None,
    totals: Totals = False,
    share_of: ShareOf = None,
    order: Order = None,
    top: Top = None,
    wide: Wide = None,
    labels: Labels = False,
    publish: Publish = None,
    wait: Wait = None,
    output: Output = None,
) -> None:
    """Count moves by origin and destination, or migration to and from countries."""
    given = dict(locals())
    from folkestrom.app.office.demography.moves import MovesQuestion

    answered(MovesQuestion.asked, given)
