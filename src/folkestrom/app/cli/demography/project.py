"""The command of projections."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from folkestrom.app.cli.context import has_places, settings
from folkestrom.app.cli.demography.answering import answered, question_of
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
from folkestrom.model.names import without_effect

#: Over how many years before the start rates are taken, if nothing else is said.
BASE_YEARS = 5
#: Completed years since immigration that groups are told apart by.
DURATIONS = 10

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
First = Annotated[int, typer.Option("--from", help="Year at whose beginning it starts.")]
Last = Annotated[int, typer.Option("--to", help="Last year that is shown.")]
Every = Annotated[int, typer.Option("--every", min=1, help="Years between those that are shown.")]
BaseYears = Annotated[
    int, typer.Option("--years", min=1, help="Years before the start that rates are of.")
]


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("project")(project)


@has_places
def project(
    ctx: typer.Context,
    from_: First,
    to_: Last,
    scenarios: Annotated[
        list[str] | None,
        typer.Option(
            "--scenario",
            help="What changes, beside rates as they were: a file, a name that is built in, the "
            "letters of an alternative such as MMM, or several with + in between. May be given "
            "again.",
        ),
    ] = None,
    tables: Annotated[
        Path | None,
        typer.Option(
            "--tables",
            help="Folder of published tables to start from, instead of a store.",
            file_okay=False,
        ),
    ] = None,
    indicator: Annotated[
        str,
        typer.Option("--indicator", help="Figures to show, with commas between them."),
    ] = "",
    needs: Annotated[
        Path | None,
        typer.Option(
            "--needs",
            help="CSV file of needs per head, whose totals are shown as well.",
            dir_okay=False,
        ),
    ] = None,
    equivalent: Annotated[
        str | None,
        typer.Option(
            "--equivalent",
            help="Component by whose change alone the figure would be the same in the last year.",
        ),
    ] = None,
    decompose: Annotated[
        bool,
        typer.Option("--decompose", help="Take the difference of the figure apart by component."),
    ] = False,
    years: BaseYears = BASE_YEARS,
    every: Every = 1,
    areas: Areas = "",
    by: Annotated[
        str,
        typer.Option("--by", help="Some of immigrant_group, sex and age, with commas between."),
    ] = "",
    durations: Durations = DURATIONS,
    smooth: Annotated[
        bool,
        typer.Option("--smooth", help="Smooth rates, by single year of age: for small groups."),
    ] = False,
    draws: Annotated[
        int | None,
        typer.Option("--draws", min=2, help="Draws of what may come, for medians and intervals."),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="The same seed gives the same draws.")
    ] = 1,
    interval: Annotated[
        str,
        typer.Option(
            "--interval",
            help="Per cent of draws between lower and upper; several with commas: 50,80,95.",
        ),
    ] = "80",
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
    extraction_months: Extraction = None,
    order: Order = None,
    top: Top = None,
    wide: Wide = None,
    labels: Labels = False,
    wait: Wait = None,
    output: Output = None,
) -> None:
    """Project the population by age, sex and group, with scenarios of emigration and the rest."""
    given = {name: value for name, value in locals().items() if name != "tables"}
    from folkestrom.app.office.demography.projection import ProjectionQuestion

    if tables is not None:
        said = {
            "--known-at": known_at != PUBLISHED, "--extraction": extraction_months is not None,
            "--years": years != BASE_YEARS, "--wait": wait is not None, "--areas": bool(areas),
            "--durations": durations != DURATIONS, "--borders": settings(ctx).borders is not None,
        }  # fmt: skip
        _check_of_tables(said)
    if tables is None:
        answered(ProjectionQuestion.asked, given)
    else:
        found = question_of(ProjectionQuestion.asked, given).answer_of_tables(tables)
        settings(ctx).write(found, output)


def _check_of_tables(said: dict[str, bool]) -> None:
    """Refuse options that are of a store."""
    for where, is_said in said.items():
        if is_said:
            raise without_effect(
                where, None, "the tables say what is known, of whom and of which years",
                "Leave it out",
            )  # fmt: skip
