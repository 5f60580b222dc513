"""Commands about what came: the quality report of a delivery, and the list of all."""

from __future__ import annotations

from typing import Annotated

import typer

from folkestrom.app.cli.context import has_places, settings
from folkestrom.app.cli.demography.answering import answered
from folkestrom.app.cli.options import DAY, Labels, Order, Output, Top, Wait, Wide, option
from folkestrom.model.knowledge import LATEST

quality_app = typer.Typer(
    help="How good what came is: deliveries, who is not known yet, places, families.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.add_typer(quality_app, name="quality")


@quality_app.command("deliveries")
def deliveries(ctx: typer.Context, output: Output = None, wait: Wait = None) -> None:
    """List every delivery: when it was taken in, and what it brought."""
    from folkestrom.app.office.quality.deliveries import DeliveriesQuestion

    given = settings(ctx)
    given.check_output(output, listing=True)
    given.write(given.answer(DeliveriesQuestion(), wait), output)


@quality_app.command("delivery")
def delivery(
    ctx: typer.Context,
    delivery: Annotated[
        int | None,
        typer.Argument(help="Number of the delivery; without it, the last one."),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option(
            "--days",
            help="Days of receipt to look back on; without it, those that the delivery brought, "
            "at most 30.",
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            "--until",
            metavar="YYYY-MM-DD",
            help="Last day of which there should be reports; without it, the last of which there "
            "are any.",
        ),
    ] = None,
    alarms: Annotated[bool, typer.Option("--alarms", help="Alarms only.")] = False,
    output: Output = None,
    wait: Wait = None,
) -> None:
    """Report the quality of a delivery, with alarms, as of its intake."""
    from folkestrom.app.office.quality.deliveries import DeliveryQuestion

    given = settings(ctx)
    given.check_output(output, listing=True)
    question = DeliveryQuestion.asked(
        option, delivery=delivery, days=days, until=until, alarms=alarms
    )
    given.write(given.answer(question, wait), output)


@quality_app.command("under-coverage")
@has_places
def under_coverage(
    ctx: typer.Context,
    date: Annotated[str, typer.Option("--date", metavar=DAY, help="Whose residents.")],
    by: Annotated[
        str,
        typer.Option(
            "--by", help="Any of kind, sex, county and municipality, with commas between them."
        ),
    ] = "",
    known_at: Annotated[
        str, typer.Option("--known-at", metavar=f"{DAY}|latest", help="What was known.")
    ] = LATEST,
    order: Order = None,
    top: Top = None,
    wide: Wide = None,
    labels: Labels = False,
    output: Output = None,
    wait: Wait = None,
) -> None:
    """Count residents of a day who were not known yet, with those who are still to come."""
    given = dict(locals())
    from folkestrom.app.office.quality.under_coverage import UnderCoverageQuestion

    answered(UnderCoverageQuestion.asked, given)


@quality_app.command("families")
def families(
    ctx: typer.Context,
    known_at: Annotated[
        str, typer.Option("--known-at", metavar=f"{DAY}|latest", help="What was known.")
    ] = LATEST,
    output: Output = None,
    wait: Wait = None,
) -> None:
    """Count persons with parents, siblings or a spouse that cannot be, by rule."""
    from folkestrom.app.office.quality.duplicates import FamiliesQuestion

    given = settings(ctx)
    given.check_output(output, listing=True)
    given.write(given.answer(FamiliesQuestion.asked(option, known_at=known_at), wait), output)


@quality_app.command("residence")
@has_places
def residence(
    ctx: typer.Context,
    date: Annotated[str, typer.Option("--date", metavar=DAY, help="Whose residents.")],
    survey: Annotated[
        str | None,
        typer.Option(
            "--survey", metavar="WRONG/ASKED",
            help="Result of a survey: persons registered elsewhere, and persons asked.",
        ),
    ] = None,
    known_at: Annotated[
        str, typer.Option("--known-at", metavar=f"{DAY}|latest", help="What was known.")
    ] = LATEST,
    output: Output = None,
    wait: Wait = None,
) -> None:  # fmt: skip
    """Count residents who are registered elsewhere than they live."""
    from folkestrom.app.office.quality.residence import WrongResidenceQuestion

    given = settings(ctx)
    given.check_output(output, listing=True)
    question = WrongResidenceQuestion.asked(option, date=date, known_at=known_at, survey=survey)
    given.write(given.answer(question, wait), output)
