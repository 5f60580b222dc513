"""The command of estimates at the turn of the year."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from folkestrom.app.cli.completion.words import names_of
from folkestrom.app.cli.context import has_places
from folkestrom.app.cli.demography.answering import answered
from folkestrom.app.cli.options import DAY, Extraction, Labels, Order, Output, Top, Wait, Wide


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("estimate")(estimate)


@has_places
def estimate(
    ctx: typer.Context,
    date: Annotated[
        str, typer.Option("--date", metavar=DAY, help="Day that the estimate is of: 2020-01-01.")
    ],
    known_at: Annotated[
        str,
        typer.Option("--known-at", metavar=DAY, help="Day on which it is made: 2019-12-05."),
    ],
    by: Annotated[
        str, typer.Option("--by", help="county or municipality; without it, the nation.")
    ] = "",
    method: Annotated[
        Literal["delays", "recent-decembers", "relative-growth", "last-december"],
        typer.Option(
            "--method",
            help="How: by reporting delays and remaining days, or as was the practice once.",
        ),
    ] = "delays",
    years: Annotated[
        int | None,
        typer.Option(
            "--years",
            min=1,
            help="Past years that are looked at; without it, 5 of delays, 3 of recent Decembers.",
        ),
    ] = None,
    interval: Annotated[
        float, typer.Option("--interval", help="Per cent of draws between lower and upper.")
    ] = 90.0,
    draws: Annotated[
        int, typer.Option("--draws", min=2, help="Draws that intervals are taken from.")
    ] = 1_000,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="The same seed gives the same draws.")
    ] = 1,
    round: Annotated[
        int, typer.Option("--round", min=1, help="Estimates of practices in multiples of this: 5.")
    ] = 1,
    delays_by: Annotated[
        str | None,
        typer.Option(
            "--delays-by",
            help="A variable of persons whose groups are estimated apart: immigrant_group.",
            autocompletion=names_of("flow"),
        ),
    ] = None,
    extraction_months: Extraction = None,
    order: Order = None,
    top: Top = None,
    wide: Wide = None,
    labels: Labels = False,
    wait: Wait = None,
    output: Output = None,
) -> None:
    """Estimate the population of a day before it is known, by what is reported and what is not."""
    given = dict(locals())
    from folkestrom.app.office.demography.estimate import EstimateQuestion

    answered(EstimateQuestion.asked, given)
