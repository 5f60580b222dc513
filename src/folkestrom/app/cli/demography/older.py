"""The command of future older immigrants."""

from __future__ import annotations

from typing import Annotated

import typer

from folkestrom.app.cli.demography.answering import answered
from folkestrom.app.cli.demography.project import BASE_YEARS, BaseYears, Every, First, Last
from folkestrom.app.cli.options import (
    Extraction,
    KnownAt,
    Labels,
    Level,
    Order,
    Output,
    Top,
    Wait,
    Wide,
)
from folkestrom.model.knowledge import PUBLISHED


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("older-immigrants")(older_immigrants)


def older_immigrants(
    ctx: typer.Context,
    from_: First,
    to_: Last,
    by: Annotated[
        str,
        typer.Option(
            "--by", help="immigrant_group, duration or sex, several with commas between them."
        ),
    ] = "immigrant_group",
    ages: Annotated[
        str, typer.Option("--ages", help="Ages from which they are older, with commas between.")
    ] = "67,80",
    years: BaseYears = BASE_YEARS,
    every: Every = 1,
    level: Level = 0.95,
    draws: Annotated[
        int, typer.Option("--draws", min=2, help="Draws that intervals are of.")
    ] = 200,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the draws.")] = 1,
    known_at: KnownAt = PUBLISHED,
    extraction_months: Extraction = None,
    order: Order = None,
    top: Top = None,
    wide: Wide = None,
    labels: Labels = False,
    wait: Wait = None,
    output: Output = None,
) -> None:
    """Carry the register's immigrants forward to old ages, with intervals."""
    given = dict(locals())
    from folkestrom.app.office.demography.older import OlderImmigrantsQuestion

    answered(OlderImmigrantsQuestion.asked, given)
