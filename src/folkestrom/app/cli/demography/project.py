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

Areas = Annotated[
    str, typer.Option("--areas", help="county or municipality, with moves between these.")
]
Durations = Annotated[
    int,
    typer.Option(
        "--durations", min=0, max=10,
        help="Years since immigration that immigrants' rates are told apart by; 0 for many areas.",
    ),
]  # fmt: skip
BaseYears = Annotated[
    int, typer.Option("--years", min=1, help="Years before the start that rates are of.")
]


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
    years: BaseYears = 5,
    every: Annotated[
        int, typer.Option("--every", min=1, help="Years between those that are shown.")
    ] = 1,
    areas: Areas = "",
    by: Annotated[
        str,
        typer.Option("--by", help="Some of immigrant_group, sex and age, with commas between."),
    ] = "",
    durations: Durations = 10,
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
        areas=areas, by=by, durations=durations, known_at=known_at, extraction_months=extraction,
        shown=shown(order=order, top=top, wide=wide, labels=labels, lang=given.lang),
    )  # fmt: skip
    given.write(given.answer(question, wait), output)
