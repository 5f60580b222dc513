"""Commands about propensities: rates, and what a difference between two of them is made of."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

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
    OverCoverage,
    Publish,
    Start,
    Top,
    Wait,
    Wide,
    option,
)
from folkestrom.app.cli.statistics import shown
from folkestrom.model.knowledge import PUBLISHED

_NAMES = names_of("exposure")
EventName = Annotated[
    str,
    typer.Option(
        "--event",
        help="emigration, out_migration, immigration, return, death, birth, childbirth (a birth as "
        "its mother's), marriage, divorce or naturalisation.",
    ),
]
Destination = Annotated[
    str | None,
    typer.Option(
        "--destination",
        help="Of out_migration: abroad, municipality or county (another one), anywhere, or a "
        "place, such as 03 or 0301. Of emigration: a country, such as SE.",
    ),
]
GroupsOf = Annotated[
    list[str] | None,
    typer.Option(
        "--groups",
        metavar="FILE|NAME={of=…}",
        help="Variables made of others, as in a study: a TOML file with [groups.NAME], or such as "
        "'income_tenth = {of = \"income\", quantiles = 10}'.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("rates")(rates)
    app.command("decompose")(decompose)


@has_places
def rates(
    ctx: typer.Context,
    start: Start,
    end: End,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            help="Variables, with commas between them: county,sex,year. Linked ones too, and "
            "those of --groups.",
            autocompletion=_NAMES,
        ),
    ] = "",
    event: EventName = "emigration",
    destination: Destination = None,
    only: Only = None,
    standardise_by: Annotated[
        str,
        typer.Option(
            "--standardise-by",
            help="Variables that rates are standardised for.",
            autocompletion=_NAMES,
        ),
    ] = "",
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="nation|CODE|NAME=CODE",
            help="Reference population of standardisation and ratios; by default the nation.",
        ),
    ] = None,
    method: Annotated[
        Literal["direct", "indirect"],
        typer.Option("--method", help="Direct or indirect standardisation."),
    ] = "direct",
    smooth: Annotated[
        bool, typer.Option("--smooth", help="With smooth rates, by single year of age.")
    ] = False,
    schedule: Annotated[
        str | None,
        typer.Option(
            "--schedule",
            help="With those of a model schedule, by single year of age: gompertz-makeham, siler, "
            "hadwiger or rogers-castro.",
        ),
    ] = None,
    groups: GroupsOf = None,
    over_coverage: OverCoverage = None,
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
    """Rates of emigration or another event per 1 000 person-years, by any variables.

    Variables are the register's, those that were linked, and groups of either.
    """
    from folkestrom.app.office import group_definitions
    from folkestrom.app.office.arguments import names
    from folkestrom.app.office.rates import EventQuestion, RateQuestion, curve_of, gone_asked

    given = settings(ctx)
    given.check_output(output)
    events = EventQuestion.asked(
        option, from_=start, to_=end, event=event, destination=destination, only=only,
        known_at=known_at, level=level, groups=group_definitions.groups_of(groups or []),
        publish=publish,
    )  # fmt: skip
    question = RateQuestion(
        events, names(by), names(standardise_by), against, method,
        shown(order=order, top=top, wide=wide, labels=labels, lang=given.lang),
        curve_of(smooth, schedule, option), gone_asked(over_coverage, option("over_coverage")),
    )  # fmt: skip
    given.write(given.answer(question, wait).cells, output)


@has_places
def decompose(
    ctx: typer.Context,
    start: Start,
    end: End,
    by: Annotated[
        str,
        typer.Option("--by", help="Variable that tells the groups apart.", autocompletion=_NAMES),
    ],
    between: Annotated[
        tuple[str, str],
        typer.Option(
            "--between",
            metavar="CODE CODE|nation|others",
            help="The two groups, by their codes; nation is everybody, others everybody else.",
        ),
    ],
    factors: Annotated[
        str,
        typer.Option(
            "--factors", help="Variables of the composition; a colon joins two: sex,county:year."
        ),
    ],
    event: EventName = "emigration",
    destination: Destination = None,
    only: Only = None,
    groups: GroupsOf = None,
    level: Level = 0.95,
    known_at: KnownAt = PUBLISHED,
    publish: Publish = None,
    output: Output = None,
    wait: Wait = None,
) -> None:
    """How much of a difference between two rates is composition, and how much propensity."""
    from folkestrom.app.office import group_definitions
    from folkestrom.app.office.arguments import names
    from folkestrom.app.office.rates import DecompositionQuestion, EventQuestion

    given = settings(ctx)
    given.check_output(output, listing=True)
    events = EventQuestion.asked(
        option, from_=start, to_=end, event=event, destination=destination, only=only,
        known_at=known_at, level=level, groups=group_definitions.groups_of(groups or []),
        publish=publish,
    )  # fmt: skip
    question = DecompositionQuestion(events, by, between, names(factors))
    given.write(given.answer(question, wait).cells, output)
