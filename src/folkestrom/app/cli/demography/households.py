"""The command of households, families, couples and children."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from folkestrom.app.cli.completion.words import names_of
from folkestrom.app.cli.context import has_places, settings
from folkestrom.app.cli.options import (
    DAY,
    Extraction,
    KnownAt,
    Labels,
    Only,
    Order,
    Output,
    Population,
    Publish,
    Top,
    Totals,
    Wait,
    Wide,
    option,
)
from folkestrom.app.cli.statistics import shown
from folkestrom.model.knowledge import PUBLISHED


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("households")(households)


@has_places
def households(
    ctx: typer.Context,
    date: Annotated[str, typer.Option("--date", metavar=DAY, help="Day of the stock.")],
    count: Annotated[
        Literal["households", "families", "couples", "children"],
        typer.Option(help="What is counted."),
    ] = "households",
    by: Annotated[
        str,
        typer.Option(
            "--by",
            help="Variables that all members share: household_type,county; without it, the types.",
            autocompletion=names_of("stock"),
        ),
    ] = "",
    population: Population = "register",
    rule: Annotated[
        Literal["NO", "DK", "SE", "FI"],
        typer.Option(help="Whose rule for cohabitants without a common child."),
    ] = "NO",
    least_age: Annotated[
        int | None, typer.Option(help="Least age of such cohabitants, instead of the rule's.")
    ] = None,
    age_difference: Annotated[
        int | None, typer.Option(help="So many years apart are too many, instead of the rule's.")
    ] = None,
    largest: Annotated[
        int | None,
        typer.Option(help="Most persons of a private household; 50 without it."),
    ] = None,
    known_at: KnownAt = PUBLISHED,
    extraction: Extraction = None,
    only: Only = None,
    totals: Totals = False,
    order: Order = None,
    top: Top = None,
    wide: Wide = None,
    labels: Labels = False,
    publish: Publish = None,
    wait: Wait = None,
    output: Output = None,
) -> None:
    """Count households, families, couples, or children by whether their parents live together."""
    from folkestrom.app.office.demography.households import HouseholdsQuestion

    given = settings(ctx)
    given.check_output(output)
    question = HouseholdsQuestion.asked(
        option, date=date, by=by, known_at=known_at, count=count, population=population,
        rule=rule, least_age=least_age, age_difference=age_difference, largest=largest,
        extraction_months=extraction, only=only, totals=totals,
        shown=shown(
            order=order, top=top, wide=wide, labels=labels, publish=publish, lang=given.lang,
        ),
    )  # fmt: skip
    given.write(given.answer(question, wait), output)
