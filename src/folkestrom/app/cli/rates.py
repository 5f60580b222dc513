"""Commands about propensities: rates, and what a difference between two of them is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from folkestrom.app.cli.context import settings
from folkestrom.app.cli.statistics import KnownAt, Lang, Output, Wait
from folkestrom.errors import UsageError
from folkestrom.model.knowledge import PUBLISHED
from folkestrom.model.specification import Language

if TYPE_CHECKING:
    from folkestrom.statistics.periods import Period

_DAY = "YYYY-MM-DD"

Start = Annotated[str, typer.Option("--from", metavar=_DAY, help="First day of the period.")]
End = Annotated[
    str, typer.Option("--to", metavar=_DAY, help="The day after the last one of the period.")
]
EventName = Annotated[
    str,
    typer.Option("--event", help="emigration, out_migration, immigration, death or birth."),
]
Destination = Annotated[
    str | None,
    typer.Option(
        "--destination",
        help="Of out_migration: abroad, municipality or county (another one), or anywhere.",
    ),
]
KeptCodes = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="NAME=CODE[,CODE]", help="Keep these codes of a variable."),
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
Publish = Annotated[
    str | None,
    typer.Option(
        "--publish",
        metavar="research|statistics|rounded",
        help="Protect the result for publication by these rules.",
    ),
]
Level = Annotated[float, typer.Option("--level", help="Level of the intervals.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("rates")(rates)
    app.command("decompose")(decompose)


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
        ),
    ] = "",
    event: EventName = "emigration",
    destination: Destination = None,
    only: KeptCodes = None,
    standardise_by: Annotated[
        str,
        typer.Option("--standardise-by", help="Variables that rates are standardised for."),
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
    groups: GroupsOf = None,
    level: Level = 0.95,
    known_at: KnownAt = PUBLISHED,
    publish: Publish = None,
    lang: Lang = Language.EN,
    output: Output = None,
    wait: Wait = None,
) -> None:
    """Rates of emigration or another event per 1 000 person-years, by any variables.

    Variables are the register's, those that were linked, and groups of either.
    """
    from folkestrom.app.office import arguments, group_definitions
    from folkestrom.app.office import rates as office
    from folkestrom.app.output.write import check, write
    from folkestrom.engine.store import Waiting

    given = settings(ctx)
    check(output, given.wanted)
    asked = office.Question(
        _period(start, end),
        arguments.names(by),
        event,
        destination,
        _kept(only),
        arguments.knowledge(known_at, "--known-at"),
        arguments.names(standardise_by),
        against,
        method,
        level,
        group_definitions.groups_of(groups or []),
    )
    waiting = Waiting(wait, given.progress().print)
    if publish is None:
        cells = office.rate_cells(given.store, waiting, asked)
    else:
        cells = office.published(given.store, waiting, asked, publish).cells
    write(cells, given.wanted, lang, given.result(), output, given.progress())


def decompose(
    ctx: typer.Context,
    start: Start,
    end: End,
    by: Annotated[str, typer.Option("--by", help="Variable that tells the groups apart.")],
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
    only: KeptCodes = None,
    groups: GroupsOf = None,
    level: Level = 0.95,
    known_at: KnownAt = PUBLISHED,
    publish: Publish = None,
    lang: Lang = Language.EN,
    output: Output = None,
    wait: Wait = None,
) -> None:
    """How much of a difference between two rates is composition, and how much propensity."""
    from folkestrom.app.office import arguments, group_definitions
    from folkestrom.app.office import rates as office
    from folkestrom.app.output.write import check, write
    from folkestrom.engine.store import Waiting

    given = settings(ctx)
    check(output, given.wanted, listing=True)
    asked = office.Question(
        _period(start, end),
        (by,),
        event,
        destination,
        _kept(only),
        arguments.knowledge(known_at, "--known-at"),
        level=level,
        groups=group_definitions.groups_of(groups or []),
    )
    waiting = Waiting(wait, given.progress().print)
    cells = office.decomposition_cells(
        given.store, waiting, asked, between, arguments.names(factors), publish
    )
    write(cells, given.wanted, lang, given.result(), output, given.progress())


def _period(start: str, end: str) -> Period:
    from folkestrom.app.office import arguments
    from folkestrom.statistics import periods

    return periods.Period(arguments.day(start, "--from"), arguments.day(end, "--to"))


def _kept(only: list[str] | None) -> dict[str, list[str]]:
    """Codes to keep, from texts such as county=03,11."""
    kept: dict[str, list[str]] = {}
    for text in only or []:
        name, equals, codes = text.partition("=")
        listed = [code.strip() for code in codes.split(",") if code.strip()]
        if not equals or not listed:
            raise UsageError(
                "is not a variable with codes",
                where="--only",
                value=text,
                allowed="such as county=03 or county=03,11",
            )
        kept.setdefault(name.strip(), []).extend(listed)
    return kept
