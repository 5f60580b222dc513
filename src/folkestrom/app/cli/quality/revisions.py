"""The commands vintages and revisions."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from folkestrom.app.cli.context import has_places
from folkestrom.app.cli.demography.answering import answered
from folkestrom.app.cli.options import (
    DAY,
    End,
    Every,
    Extraction,
    Labels,
    Only,
    Order,
    Output,
    Quarter,
    SomeEnd,
    SomeStart,
    Start,
    Top,
    Wait,
    Wide,
    Year,
)


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("vintages")(vintages)
    app.command("revisions")(revisions)


@has_places
def vintages(
    ctx: typer.Context,
    figure: Annotated[
        str,
        typer.Argument(
            help="What to show: population, births, deaths, immigration, emigration, internal_in, "
            "internal_out."
        ),
    ],
    date: Annotated[
        str | None, typer.Option("--date", metavar=DAY, help="Day of a population.")
    ] = None,
    quarter: Quarter = None,
    year: Year = None,
    from_: SomeStart = None,
    to_: SomeEnd = None,
    known_at: Annotated[
        str,
        typer.Option(
            "--known-at", metavar=f"{DAY},{DAY}…",
            help="Knowledge dates, or moments such as 2018-05-23T09:31; published and latest may "
            "stand among them. Without it, from the extraction on.",
        ),
    ] = "",
    every: Annotated[
        Literal["year", "quarter", "month"] | None,
        typer.Option(
            "--every",
            help="How far knowledge dates are apart; without it, a year.",
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar=DAY, help="The last knowledge date.")
    ] = None,
    only: Only = None,
    extraction_months: Extraction = None,
    order: Order = None,
    top: Top = None,
    labels: Labels = False,
    wait: Wait = None,
    output: Output = None,
) -> None:  # fmt: skip
    """Show one figure by knowledge date: as published, and as known on later days."""
    given = dict(locals())
    from folkestrom.app.office.quality.revisions import FigureVintagesQuestion

    answered(FigureVintagesQuestion.asked, given)


@has_places
def revisions(
    ctx: typer.Context,
    from_: Start,
    to_: End,
    every: Every = None,
    delays: Annotated[
        str,
        typer.Option(
            "--delays", metavar="MONTHS",
            help="Months after a period at which it is looked at; without it, 1,2,3,6,12,24.",
        ),
    ] = "",
    kind: Annotated[
        str,
        typer.Option(
            "--kind", help="births, deaths, immigration, emigration, internal_in; without it, all."
        ),
    ] = "",
    measures: Annotated[
        bool,
        typer.Option(
            "--measures",
            help="Mean and mean absolute revision, bias, news and noise, from the first delay to "
            "the last.",
        ),
    ] = False,
    order: Order = None,
    top: Top = None,
    wide: Wide = None,
    labels: Labels = False,
    wait: Wait = None,
    output: Output = None,
) -> None:  # fmt: skip
    """Show how figures of periods were revised: by flow, and months since."""
    given = dict(locals())
    from folkestrom.app.office.quality.revisions import RevisionsQuestion

    answered(RevisionsQuestion.asked, given)
