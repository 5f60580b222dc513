"""The command of demographic indicators."""

from __future__ import annotations

from typing import Annotated

import typer

from folkestrom.app.cli.completion.words import names_of
from folkestrom.app.cli.context import settings
from folkestrom.app.cli.options import (
    End,
    Extraction,
    KnownAt,
    Labels,
    Order,
    Output,
    Start,
    Top,
    Wait,
    Wide,
    option,
)
from folkestrom.app.cli.statistics import shown
from folkestrom.model.knowledge import PUBLISHED


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("indicators")(indicators)


def indicators(
    ctx: typer.Context,
    start: Start,
    end: End,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            help="Places: county or municipality, or linked classes of municipalities.",
            autocompletion=names_of("stock"),
        ),
    ] = "",
    extraction: Extraction = None,
    known_at: KnownAt = PUBLISHED,
    order: Order = None,
    top: Top = None,
    wide: Wide = None,
    labels: Labels = False,
    wait: Wait = None,
    output: Output = None,
) -> None:
    """Fertility, life expectancy, ages and crude rates, for each year from --from to --to."""
    from folkestrom.app.office.demography.indicators import IndicatorsQuestion

    given = settings(ctx)
    given.check_output(output)
    question = IndicatorsQuestion.asked(
        option, from_=start, to_=end, by=by, known_at=known_at, extraction_months=extraction,
        shown=shown(order=order, top=top, wide=wide, labels=labels, lang=given.lang),
    )  # fmt: skip
    given.write(given.answer(question, wait), output)
