"""Commands that answer: population, changes, table."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from folkestrom.app.cli.context import OutputFormat, Settings, settings
from folkestrom.errors import FolkestromError, UsageError
from folkestrom.model.knowledge import PUBLISHED
from folkestrom.model.specification import Language
from folkestrom.model.time import EXTRACTION_MONTHS

if TYPE_CHECKING:
    from folkestrom.engine.store import Waiting
    from folkestrom.model.cells import Cells

_DAY = "YYYY-MM-DD"

Lang = Annotated[Language, typer.Option("--lang", help="Language of titles and labels.")]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="File to write; its name decides the format unless --format does.",
        dir_okay=False,
    ),
]
By = Annotated[
    str, typer.Option("--by", help="Dimensions, with commas between them: municipality,sex,age.")
]
Every = Annotated[
    Literal["year", "quarter", "month"] | None,
    typer.Option("--every", help="Split the time from --from to --to into periods."),
]
Extraction = Annotated[
    int | None,
    typer.Option(
        "--extraction",
        min=0,
        help="Months from the end of a period to when its figures are drawn; without it, "
        f"{EXTRACTION_MONTHS}.",
    ),
]
KnownAt = Annotated[
    str,
    typer.Option(
        "--known-at",
        metavar=f"{_DAY}|published|latest",
        help="What was known: on a day; at the extraction a month after the date, or the period, "
        "when figures are published; or all that is known.",
    ),
]
Wait = Annotated[
    float | None,
    typer.Option(
        "--wait",
        min=0,
        help="Seconds to wait while another command writes; without it, as long as it takes.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("population")(population)
    app.command("changes")(changes)
    app.command("table")(table)


def population(
    ctx: typer.Context,
    dates: Annotated[
        list[str] | None,
        typer.Option("--date", metavar=_DAY, help="Day of the stock; may be given several times."),
    ] = None,
    by: By = "",
    known_at: KnownAt = PUBLISHED,
    start: Annotated[
        str | None, typer.Option("--from", metavar=_DAY, help="First day of a series of stocks.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar=_DAY, help="Last day of a series of stocks.")
    ] = None,
    every: Every = None,
    extraction: Extraction = None,
    lang: Lang = Language.EN,
    output: Output = None,
    wait: Wait = None,
) -> None:
    """Count residents on a day, or on several, by any dimensions."""
    from folkestrom.app.office import arguments, asking

    given = settings(ctx)
    _check_place(given, output)
    known = arguments.knowledge(known_at, "--known-at")
    cells = asking.population(
        given.store,
        _waiting(given, wait),
        _days(dates or [], start, end, every),
        arguments.names(by),
        known,
        extraction_months=arguments.months(extraction, known, "--extraction"),
    )
    _write(given, cells, lang, output)


def changes(
    ctx: typer.Context,
    start: Annotated[str, typer.Option("--from", metavar=_DAY, help="First day of the period.")],
    end: Annotated[
        str, typer.Option("--to", metavar=_DAY, help="The day after the last one of the period.")
    ],
    by: By = "",
    every: Every = None,
    known_at: KnownAt = PUBLISHED,
    quarters: Annotated[
        Literal["summation", "register"] | None,
        typer.Option(
            help="Populations at 1 April, 1 July, 1 October: by summation (without it), or from "
            "the register."
        ),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="List the adjustment report by report.")
    ] = False,
    extraction: Extraction = None,
    lang: Lang = Language.EN,
    output: Output = None,
    wait: Wait = None,
) -> None:
    """Account for the changes of a period: births, deaths, migration, and the adjustment."""
    from folkestrom.app.office import arguments, asking
    from folkestrom.statistics.periods import split

    given = settings(ctx)
    waiting = _waiting(given, wait)
    periods = split(arguments.day(start, "--from"), arguments.day(end, "--to"), every)
    known = arguments.knowledge(known_at, "--known-at")
    area = _explained_area(by, known, len(periods)) if explain else ""
    months = arguments.months(extraction, known, "--extraction")
    way = arguments.quarters(quarters, periods, known, "--quarters")
    _check_place(given, output, listing=explain)
    account = asking.changes(
        given.store,
        waiting,
        periods,
        arguments.names(by),
        known,
        quarters=way,
        extraction_months=months,
    )
    if not explain:
        _write(given, account, lang, output)
        return
    units = asking.explain(
        given.store, waiting, periods[0], area, quarters=way, extraction_months=months
    )
    _check_sum(account, units)
    if output is None and given.format is OutputFormat.TABLE:
        _write(given, account, lang, None)
    _write(given, units, lang, output)


def table(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(help="key-figures, age-groups, marital-status or citizenship.")
    ],
    year: Annotated[
        int, typer.Option("--year", min=1800, max=9998, help="The table stands on its 1 January.")
    ],
    known_at: KnownAt = PUBLISHED,
    unknown: Annotated[
        Literal["published", "category"] | None,
        typer.Option(
            help="Unknown marital status: left out as on the published page (without it), or a "
            "category."
        ),
    ] = None,
    extraction: Extraction = None,
    lang: Lang = Language.EN,
    output: Output = None,
    wait: Wait = None,
) -> None:
    """Make one of the published tables for a year."""
    from folkestrom.app.office import arguments, asking

    given = settings(ctx)
    _check_place(given, output)
    known = arguments.knowledge(known_at, "--known-at")
    cells = asking.table(
        given.store,
        _waiting(given, wait),
        name,
        year,
        known_at=known,
        extraction_months=arguments.months(extraction, known, "--extraction"),
        unknown=arguments.unknown(unknown, name, "--unknown"),
    )
    _write(given, cells, lang, output)


class UnexplainedError(FolkestromError):
    """An explanation that does not add up; a fault of the program."""


def _check_sum(account: Cells, units: Cells) -> None:
    adjustment = sum(account.data["adjustment"].to_pylist())
    explained = sum(units.data["units"].to_pylist())
    if adjustment != explained:
        raise UnexplainedError(f"the adjustment is {adjustment}, its explanation {explained}")


def _explained_area(by: str, known: date | str, periods: int) -> str:
    from folkestrom.app.office import arguments

    names = arguments.names(by) or ("nation",)
    if len(names) > 1 or names[0] not in ("nation", "county", "municipality"):
        raise UsageError(
            "is not what an adjustment is explained by",
            where="--by",
            value=by,
            allowed="county, municipality, or nothing for the nation",
        )
    if known != PUBLISHED:
        raise UsageError(
            "leaves no adjustment to explain: accounts close by themselves on one knowledge date",
            where="--known-at",
            next_step="Leave --known-at out",
        )
    if periods > 1:
        raise UsageError(
            "an adjustment is explained for one period at a time",
            where="--every",
            next_step="Leave --every out, or choose one period with --from and --to",
        )
    return names[0]


def _days(
    dates: list[str], start: str | None, end: str | None, every: str | None
) -> date | list[date]:
    """One day, or a list of days, from what was said."""
    from folkestrom.app.office import arguments

    if start is None and end is None and every is None:
        days = [arguments.day(text, "--date") for text in dates]
        if not days:
            raise UsageError("is missing", where="--date", next_step="Give a day, or a series")
        return days[0] if len(days) == 1 else days
    if dates or start is None or end is None or every is None:
        raise UsageError(
            "go together, and not with --date",
            where="--from, --to, --every",
            allowed="--date DAY, or --from DAY --to DAY --every quarter",
        )
    return _series(arguments.day(start, "--from"), arguments.day(end, "--to"), every)


def _series(first: date, last: date, every: str) -> list[date]:
    from folkestrom.model.time import add_months

    months = {"year": 12, "quarter": 3, "month": 1}[every]
    days: list[date] = []
    day = first
    while day <= last:
        days.append(day)
        day = add_months(first, months * len(days))
    if not days:
        raise UsageError("is after the last day", where="--from", value=first)
    return days


def _waiting(given: Settings, wait: float | None) -> Waiting:
    from folkestrom.engine.store import Waiting

    return Waiting(wait, given.progress().print)


def _check_place(given: Settings, to: Path | None, *, listing: bool = False) -> None:
    """Say what cannot be written, and where, before anything is counted."""
    from folkestrom.app.output.write import check

    check(to, given.wanted, listing=listing)


def _write(given: Settings, cells: Cells, language: Language, to: Path | None) -> None:
    from folkestrom.app.output.write import write

    write(cells, given.wanted, language, given.result(), to, given.progress())
