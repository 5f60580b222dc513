"""The command of demographic indicators."""

from __future__ import annotations

from typing import Annotated

import typer

from folkestrom.app.cli.completion.words import names_of
from folkestrom.app.cli.context import has_places
from folkestrom.app.cli.demography.answering import answered
from folkestrom.app.cli.options import (
    End,
    Extraction,
    KnownAt,
    Labels,
    Order,
    Output,
    Publish,
    Start,
    Top,
    Wait,
    Wide,
)
from folkestrom.model.knowledge import PUBLISHED


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("indicators")(indicators)


@has_places
def indicators(
    ctx: typer.Context,
    from_: Start,
    to_: End,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            help="Places: county or municipality, or linked classes of municipalities.",
            autocompletion=names_of("stock"),
        ),
    ] = "",
    extraction_months: Extraction = None,
    known_at: KnownAt = PUBLISHED,
    order: Order = None,
    top: Top = None,
    wide: Wide = None,
    labels: Labels = False,
    publish: Publish = None,
    wait: Wait = None,
    output: Output = None,
) -> None:
    """Fertility, life expectancy, ages and crude rates, for each year from --from to --to."""
    given = dict(locals())
    from folkestrom.app.office.demography.indicators import IndicatorsQuestion

    answered(IndicatorsQuestion.asked, given)
