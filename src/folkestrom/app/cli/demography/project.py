"""The command of projections."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from folkestrom.app.cli.context import settings
from folkestrom.app.cli.options import (
    Extraction,
    KnownAt,
    Labels,
    Order,
    Output,
    Top,
    Wait,
    Wide,
    option,
)
from folkestrom.app.cli.statistics import shown
from folkestrom.model.knowledge import PUBLISHED


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("project")(project)


def project(
    ctx: typer.Context,
    first: Annotated[int, typer.Option("--from", help="Year at whose beginning it starts.")],
    last: Annotated[int, typer.Option("--to", help="Last year that is shown.")],
    scenarios: Annotated[
        list[Path] | None,
        typer.Option(
            "--scenario",
            help="File that says what changes, beside rates as they were. May be given again.",
            dir_okay=False,
        ),
    ] = None,
    years: Annotated[
        int, typer.Option("--years", min=1, help="Years before the start that rates are of.")
    ] = 5,
    every: Annotated[
        int, typer.Option("--every", min=1, help="Years between those that are shown.")
    ] = 1,
    draws: Annotated[
        int | None,
        typer.Option("--draws", min=2, help="Draws of what may come, for medians and intervals."),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="The same seed gives the same draws.")
    ] = 1,
    interval: Annotated[
        float, typer.Option("--interval", help="Per cent of draws between lower and upper.")
    ] = 80.0,
    series: Annotated[
        Path | None,
        typer.Option(
            "--series",
            dir_okay=False,
            help="CSV of yearly levels that draws are modelled on: component, year, sex, age, "
            "value. Without it, those of the register.",
        ),
    ] = None,
    limits: Annotated[
        Path | None,
        typer.Option(
            "--limits",
            dir_okay=False,
            help="File of experts' low, medium and high alternatives to draw from.",
        ),
    ] = None,
    difference: Annotated[
        bool, typer.Option("--difference", help="Scenarios less the baseline, draw by draw.")
    ] = False,
    known_at: KnownAt = PUBLISHED,
    extraction: Extraction = None,
    order: Order = None,
    top: Top = None,
    wide: Wide = None,
    labels: Labels = False,
    wait: Wait = None,
    output: Output = None,
) -> None:
    """Project the population by age, sex and group, with scenarios of emigration and the rest."""
    from folkestrom.app.office.demography.projection import ProjectionQuestion

    given = settings(ctx)
    given.check_output(output)
    question = ProjectionQuestion.asked(
        option, from_=first, to_=last, years=years, scenarios=scenarios or [], every=every,
        known_at=known_at, extraction_months=extraction, draws=draws, seed=seed,
        interval=interval, series=series, limits=limits, difference=difference,
        shown=shown(order=order, top=top, wide=wide, labels=labels, lang=given.lang),
    )  # fmt: skip
    given.write(given.answer(question, wait), output)
