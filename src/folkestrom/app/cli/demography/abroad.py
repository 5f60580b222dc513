"""The command of emigrants living abroad."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from folkestrom.app.cli.context import has_places
from folkestrom.app.cli.demography.answering import answered
from folkestrom.app.cli.options import (
    DAY,
    Extraction,
    KnownAt,
    Labels,
    Only,
    Order,
    Output,
    Publish,
    Top,
    Wait,
    Wide,
)
from folkestrom.model.knowledge import PUBLISHED


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("abroad")(abroad)


@has_places
def abroad(
    ctx: typer.Context,
    date: Annotated[str, typer.Option("--date", metavar=DAY, help="Day of the stock.")],
    by: Annotated[
        str,
        typer.Option(
            "--by",
            help="Variables, with commas between them: country, sex, age_group, duration_abroad, "
            "country_of_birth, citizenship …",
        ),
    ] = "",
    mortality: Annotated[
        str,
        typer.Option(
            "--mortality", metavar="LOW-HIGH",
            help="Death rates abroad, as a share of those of residents.",
        ),
    ] = "0-1",
    over_coverage: Annotated[
        str,
        typer.Option(
            "--over-coverage", metavar="LOW-HIGH",
            help="Share of resident immigrants who in truth have left, or a CSV file of "
            "`over-coverage` that has it.",
        ),
    ] = "0-0.0229",
    left_before: Annotated[
        str | None,
        typer.Option(
            "--left-before", metavar="LOW-HIGH",
            help="Persons abroad who left before the register began; without it, up to as many as "
            "if its first years had always been.",
        ),
    ] = None,
    mirror: Annotated[
        Path | None,
        typer.Option(
            "--mirror", help="File of what other countries count, to stand beside it.",
            dir_okay=False,
        ),
    ] = None,
    known_at: KnownAt = PUBLISHED,
    extraction_months: Extraction = None,
    only: Only = None,
    order: Order = None,
    top: Top = None,
    wide: Wide = None,
    labels: Labels = False,
    publish: Publish = None,
    wait: Wait = None,
    output: Output = None,
) -> None:  # fmt: skip
    """Estimate how many emigrants live abroad: as registered, and between what bounds."""
    given = dict(locals())
    from folkestrom.app.office.demography.abroad import AbroadQuestion

    answered(AbroadQuestion.asked, given)
