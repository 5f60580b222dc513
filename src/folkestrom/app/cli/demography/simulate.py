"""The command of simulated lives."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from folkestrom.app.cli.context import has_places
from folkestrom.app.cli.demography.answering import answered
from folkestrom.app.cli.demography.project import Areas, BaseYears, Durations
from folkestrom.app.cli.options import (
    Extraction,
    KnownAt,
    Labels,
    Order,
    Output,
    Top,
    Wait,
    Wide,
)
from folkestrom.model.knowledge import PUBLISHED


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("simulate")(simulate)


@has_places
def simulate(
    ctx: typer.Context,
    from_: Annotated[int, typer.Option("--from", help="The first year that is lived through.")],
    to_: Annotated[int, typer.Option("--to", help="The last year that is lived through.")],
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            help="Some of immigrant_group, sex, birth_cohort, years_lived, emigrations, returns, "
            "moves, children and status, with commas between; of households some of "
            "household_type, household_size, age_group, age_five_year, sex, marital_status and "
            "immigrant_group.",
        ),
    ] = None,
    households: Annotated[
        bool, typer.Option("--households", help="Who lives with whom, on the first of January.")
    ] = False,
    every: Annotated[
        int | None,
        typer.Option("--every", min=1, help="Years between the households that are shown."),
    ] = None,
    runs: Annotated[
        int, typer.Option("--runs", min=1, help="How often: means, and 80 per cent intervals.")
    ] = 1,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Of the random numbers: the same, the same lives.")
    ] = 0,
    scenario: Annotated[
        Path | None,
        typer.Option("--scenario", help="File that says what changes.", dir_okay=False),
    ] = None,
    areas: Areas = "",
    durations: Durations = 10,
    years: BaseYears = 5,
    known_at: KnownAt = PUBLISHED,
    extraction_months: Extraction = None,
    order: Order = None,
    top: Top = None,
    wide: Wide = None,
    labels: Labels = False,
    wait: Wait = None,
    output: Output = None,
) -> None:
    """Simulate lives of the register's individuals by the assumptions of the projection."""
    given = dict(locals())
    from folkestrom.app.office.demography.simulation import SimulationQuestion

    answered(SimulationQuestion.asked, given)
