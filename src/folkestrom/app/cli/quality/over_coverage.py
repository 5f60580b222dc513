"""The commands of over-coverage: who is registered and gone, and when they left."""

from __future__ import annotations

from typing import Annotated

import typer

from folkestrom.app.cli.completion.words import names_of
from folkestrom.app.cli.context import has_places
from folkestrom.app.cli.demography.answering import answered
from folkestrom.app.cli.options import (
    DAY,
    End,
    Extraction,
    KnownAt,
    Labels,
    Level,
    Only,
    Order,
    Output,
    Publish,
    Start,
    Top,
    Wait,
    Wide,
)
from folkestrom.model.knowledge import PUBLISHED

CleanUpYears = Annotated[
    str,
    typer.Option(
        "--clean-ups",
        metavar="YYYY,YYYY…",
        help="Years of clean-ups; without it, all in which a report became known that late.",
    ),
]
LateAfter = Annotated[
    int,
    typer.Option("--late-after", help="Years after which only a clean-up finds who has left."),
]


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("over-coverage")(over_coverage)
    app.command("redated")(redated)


@has_places
def over_coverage(
    ctx: typer.Context,
    date: Annotated[str, typer.Option("--date", metavar=DAY, help="Day of the stock.")],
    by: Annotated[
        str,
        typer.Option(
            "--by", help="Variables, with commas between them: county,sex.",
            autocompletion=names_of("stock"),
        ),
    ] = "",
    method: Annotated[
        str,
        typer.Option(
            "--method",
            help="Some of signs, lists, late and clean-ups; without it, all that can be asked.",
        ),
    ] = "",
    signs: Annotated[
        str,
        typer.Option("--signs", help="Linked variables whose rows are signs of life: work,tax."),
    ] = "",
    weights: Annotated[
        str | None,
        typer.Option(
            "--weights", metavar="NAME=WEIGHT,…",
            help="Weights of signs; without it, by a logistic regression.",
        ),
    ] = None,
    decay: Annotated[
        float, typer.Option("--decay", help="What is left of last year's residency index.")
    ] = 0.8,
    stability: Annotated[
        float, typer.Option("--stability", help="What this year's signs count in it.")
    ] = 0.2,
    threshold: Annotated[
        float, typer.Option("--threshold", help="Index of those who are taken to be here.")
    ] = 0.7,
    strata: Annotated[
        str,
        typer.Option(
            "--strata",
            help="Variables in whose groups persons show signs alike.",
            autocompletion=names_of("stock"),
        ),
    ] = "age_group",
    models: Annotated[
        int, typer.Option("--models", min=1, help="How many models of lists are shown.")
    ] = 5,
    clean_ups: CleanUpYears = "",
    late_after: LateAfter = 3,
    shrink: Annotated[
        bool, typer.Option("--shrink", help="Draw small groups to the mean of all.")
    ] = False,
    unregistered: Annotated[
        bool,
        typer.Option(
            "--unregistered",
            help="Beside them, who is here and not registered, and whether the two cancel.",
        ),
    ] = False,
    level: Level = 0.95,
    draws: Annotated[
        int, typer.Option("--draws", min=2, help="Draws that intervals are taken from.")
    ] = 2_000,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="The same seed gives the same draws.")
    ] = 1,
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
    """Estimate how many are registered and gone, by several methods, with intervals."""
    given = dict(locals())
    from folkestrom.app.office.quality.over_coverage import OverCoverageQuestion

    answered(OverCoverageQuestion.asked, given)


def redated(
    ctx: typer.Context,
    start: Start,
    end: End,
    clean_ups: CleanUpYears = "",
    late_after: LateAfter = 3,
    known_at: KnownAt = PUBLISHED,
    order: Order = None,
    top: Top = None,
    labels: Labels = False,
    wait: Wait = None,
    output: Output = None,
) -> None:
    """Emigrations as clean-ups found them, and spread over the years in which they happened."""
    given = dict(locals())
    from folkestrom.app.office.quality.over_coverage import RedatedQuestion

    given["from_"], given["to_"] = given.pop("start"), given.pop("end")
    answered(RedatedQuestion.asked, given)
