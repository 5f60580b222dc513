"""The command of life tables."""

from __future__ import annotations

from typing import Annotated

import typer

from folkestrom.analysis.life_tables.design import Closing, LifeTableDesign
from folkestrom.app.cli.completion.words import names_of
from folkestrom.app.cli.context import has_places, settings
from folkestrom.app.cli.options import (
    End,
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
    option,
)
from folkestrom.app.cli.rates import GroupsOf
from folkestrom.app.cli.statistics import shown
from folkestrom.model.knowledge import PUBLISHED
from folkestrom.projection.rates.life_table import Infants


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("life-table")(life_table)


@has_places
def life_table(
    ctx: typer.Context,
    start: Start,
    end: End,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            help="Variables, with commas between them, beside sex: county or immigrant_group.",
            autocompletion=names_of("exposure"),
        ),
    ] = "",
    exits: Annotated[
        str,
        typer.Option("--exits", help="Ways out: death, emigration, or death,emigration."),
    ] = "death",
    between: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--between",
            metavar="CODE CODE|nation|others",
            help="What ages add to the difference between two groups, the second less the first; "
            "with --by sex: male female.",
        ),
    ] = None,
    since_arrival: Annotated[
        bool,
        typer.Option(
            "--since-arrival", help="Years since immigration instead of ages; of those born abroad."
        ),
    ] = False,
    abridged: Annotated[
        bool, typer.Option("--abridged", help="Ages 0, 1-4, 5-9 … instead of single years.")
    ] = False,
    infants: Annotated[
        Infants, typer.Option("--infants", help="Whose formula of how long infants live who die.")
    ] = "andreev-kingkade",
    open_age: Annotated[
        int | None,
        typer.Option("--open-age", help="First age of the open group; without it, 100."),
    ] = None,
    closing: Annotated[
        Closing,
        typer.Option("--closing", help="kannisto: death rates from 85 on are by Kannisto's model."),
    ] = "none",
    ages: Annotated[
        str,
        typer.Option(
            "--ages",
            metavar="AGE[,AGE]",
            help="Ages that are shown, such as 0,65; of a difference, first ages of the groups "
            "that it is added up to.",
        ),
    ] = "",
    only: Only = None,
    groups: GroupsOf = None,
    level: Level = 0.95,
    known_at: KnownAt = PUBLISHED,
    order: Order = None,
    top: Top = None,
    wide: Wide = None,
    labels: Labels = False,
    publish: Publish = None,
    output: Output = None,
    wait: Wait = None,
) -> None:
    """Life tables by sex and any variables; years in the country; what differences are made of."""
    from folkestrom.app.office import group_definitions
    from folkestrom.app.office.arguments import names, whole_numbers
    from folkestrom.app.office.demography.life_table import LifeTableQuestion
    from folkestrom.app.office.rates import EventQuestion

    given = settings(ctx)
    given.check_output(output)
    design = LifeTableDesign(
        names(by), names(exits), between, since_arrival, abridged, infants, open_age, closing,
        whole_numbers(ages, option("ages")), level,
    )  # fmt: skip
    events = EventQuestion.asked(
        option, from_=start, to_=end, event=design.exits[0], destination=None, only=only,
        known_at=known_at, level=level, groups=group_definitions.groups_of(groups or []),
        publish=None,
    )  # fmt: skip
    question = LifeTableQuestion(
        events,
        design,
        shown(order=order, top=top, wide=wide, labels=labels, publish=publish, lang=given.lang),
    )
    given.write(given.answer(question, wait).cells, output)
