"""The command of future older immigrants."""

from __future__ import annotations

from typing import Annotated

import typer

from folkestrom.app.cli.context import settings
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
    option,
)
from folkestrom.app.cli.statistics import shown
from folkestrom.model.knowledge import PUBLISHED


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("older-immigrants")(older_immigrants)


def older_immigrants(
    ctx: typer.Context,
    first: Annotated[int, typer.Option("--from", help="Year at whose beginning it starts.")],
    last: Annotated[int, typer.Option("--to", help="Last year that is shown.")],
    by: Annotated[
        str,
        typer.Option(
            "--by", help="immigrant_group, duration or sex, several with commas between them."
        ),
    ] = "immigrant_group",
    ages: Annotated[
        str, typer.Option("--ages", help="Ages from which they are older, with commas between.")
    ] = "67,80",
    years: Annotated[
        int, typer.Option("--years", min=1, help="Years before the start that rates are of.")
    ] = 5,
    every: Annotated[
        int, typer.Option("--every", min=1, help="Years between those that are shown.")
    ] = 1,
    level: Level = 0.95,
    draws: Annotated[
        int, typer.Option("--draws", min=1, help="Draws that intervals are of.")
    ] = 200,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the draws.")] = 1,
    known_at: KnownAt = PUBLISHED,
    extraction: Extraction = None,
    order: Order = None,
    top: Top = None,
    wide: Wide = None,
    labels: Labels = False,
    wait: Wait = None,
    output: Output = None,
) -> None:
    """Carry the register's immigrants forward to old ages, with intervals."""
    from folkestrom.app.office.demography.older import OlderImmigrantsQuestion

    given = settings(ctx)
    given.check_output(output)
    question = OlderImmigrantsQuestion.asked(
        option, from_=first, to_=last, by=by, ages=ages, years=years, every=every, level=level,
        draws=draws, seed=seed, known_at=known_at, extraction_months=extraction,
        shown=shown(order=order, top=top, wide=wide, labels=labels, lang=given.lang),
    )  # fmt: skip
    given.write(given.answer(question, wait), output)
