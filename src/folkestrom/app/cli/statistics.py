"""Commands that answer: population, changes, table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from folkestrom.app.cli.completion.words import names_of
from folkestrom.app.cli.context import OutputFormat, has_places, settings
from folkestrom.app.cli.options import (
    DAY,
    CompareKnown,
    Every,
    Extraction,
    KnownAt,
    Labels,
    Only,
    Order,
    Output,
    Population,
    Publish,
    Quarter,
    ShareOf,
    SomeEnd,
    SomeStart,
    Top,
    Totals,
    Wait,
    Wide,
    Year,
    option,
)
from folkestrom.errors import FolkestromError, UsageError
from folkestrom.model.knowledge import LATEST, PUBLISHED
from folkestrom.model.specification import Language

if TYPE_CHECKING:
    from folkestrom.app.office.presentation import Presentation
    from folkestrom.model.cells import Cells

By = Annotated[
    str,
    typer.Option(
        "--by",
        help="Variables, with commas between them: municipality,sex,age; linked ones too.",
        autocompletion=names_of("stock", "flow"),
    ),
]


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("population")(population)
    app.command("changes")(changes)
    app.command("table")(table)


@has_places
def population(
    ctx: typer.Context,
    dates: Annotated[
        list[str] | None,
        typer.Option("--date", metavar=DAY, help="Day of the stock; may be given several times."),
    ] = None,
    by: By = "",
    known_at: KnownAt = PUBLISHED,
    start: Annotated[
        str | None, typer.Option("--from", metavar=DAY, help="First day of a series of stocks.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar=DAY, help="Last day of a series of stocks.")
    ] = None,
    every: Every = None,
    extraction: Extraction = None,
    only: Only = None,
    population: Population = "register",
    totals: Totals = False,
    share_of: ShareOf = None,
    order: Order = None,
    top: Top = None,
    wide: Wide = None,
    labels: Labels = False,
    publish: Publish = None,
    compare_known: CompareKnown = None,
    output: Output = None,
    wait: Wait = None,
) -> None:
    """Count residents on a day, or on several, by any dimensions."""
    from folkestrom.app.office.quality.vintages import VintagesQuestion
    from folkestrom.app.office.statistics import PopulationQuestion

    given = settings(ctx)
    given.check_output(output)
    days = _days(dates or [], start, end, every)
    question = PopulationQuestion.asked(
        option, date=days if isinstance(days, str) else None,
        dates=() if isinstance(days, str) else days, by=by, known_at=known_at,
        extraction_months=extraction, only=only, population=population,
        shown=shown(totals, order, top, wide, labels, publish, given.lang, share_of),
    )  # fmt: skip
    if compare_known is not None:
        vintages = VintagesQuestion.asked(option, question, compare_known)
        given.write(given.answer(vintages, wait), output)
        return
    given.write(given.answer(question, wait), output)


@has_places
def changes(
    ctx: typer.Context,
    start: SomeStart = None,
    end: SomeEnd = None,
    by: By = "",
    quarter: Quarter = None,
    year: Year = None,
    so_far: Annotated[
        bool, typer.Option("--so-far", help="With --quarter: the year so far, to its end.")
    ] = False,
    preliminary: Annotated[
        bool,
        typer.Option("--preliminary", help="With --year: the figures before the final ones."),
    ] = False,
    revised: Annotated[
        bool | None,
        typer.Option(
            "--revised/--as-published",
            help="All that is known now; or as published, which it is without either.",
        ),
    ] = None,
    regime: Annotated[
        str | None,
        typer.Option(
            "--regime",
            metavar="1985|2000|2005",
            help="Rules of a quarter, or of a preliminary year: without it, those of its day.",
        ),
    ] = None,
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
        bool,
        typer.Option(
            "--explain",
            help="List the adjustment report by report; with --revised, what was revised.",
        ),
    ] = False,
    extraction: Extraction = None,
    only: Only = None,
    totals: Totals = False,
    share_of: ShareOf = None,
    order: Order = None,
    top: Top = None,
    wide: Wide = None,
    labels: Labels = False,
    publish: Publish = None,
    output: Output = None,
    wait: Wait = None,
) -> None:
    """Account for the changes of a period: births, deaths, migration, and the adjustment."""
    from folkestrom.app.office.session import answered
    from folkestrom.app.office.statistics import ChangesQuestion, ExplanationQuestion

    given = settings(ctx)
    known_at = _known(known_at, revised)
    question = ChangesQuestion.asked(
        option, from_=start, to_=end, by=by, known_at=known_at, every=every, quarters=quarters,
        extraction_months=extraction, only=only, quarter=quarter, year=year, so_far=so_far,
        preliminary=preliminary, regime=regime, explained=explain,
        shown=shown(totals, order, top, wide, labels, publish, given.lang, share_of),
    )  # fmt: skip
    explanation = ExplanationQuestion.asked(option, question) if explain else None
    given.check_output(output, listing=explain)
    with given.asking(wait) as connection:
        account = answered(connection, question)
        units = None if explanation is None else answered(connection, explanation)
    if units is None:
        given.write(account, output)
        return
    if known_at == PUBLISHED:
        _check_sums(account, units, question.by)
    if output is None and given.format is OutputFormat.TABLE:
        given.write(account, None)
        given.result().print()
    given.write(units, output)


@has_places
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
    wide: Wide = None,
    labels: Labels = False,
    publish: Publish = None,
    output: Output = None,
    wait: Wait = None,
) -> None:
    """Make one of the published tables for a year."""
    from folkestrom.app.office.statistics import TableQuestion

    given = settings(ctx)
    given.check_output(output)
    question = TableQuestion.asked(
        option, name=name, year=year, known_at=known_at, extraction_months=extraction,
        unknown=unknown, shown=shown(wide=wide, labels=labels, publish=publish, lang=given.lang),
    )  # fmt: skip
    given.write(given.answer(question, wait), output)


def shown(
    totals: bool = False,
    order: str | None = None,
    top: int | None = None,
    wide: str | None = None,
    labels: bool = False,
    publish: str | None = None,
    lang: Language = Language.EN,
    share_of: str | None = None,
) -> Presentation:
    """How a table is shown, from what was typed."""
    from folkestrom.app.office.presentation import Presentation

    return Presentation.asked(
        totals=totals, publish=publish, order=order, top=top, wide=wide,
        labels=lang if labels else None, share_of=share_of,
    )  # fmt: skip


class UnexplainedError(FolkestromError):
    """An explanation that does not add up; a fault of the program."""


def _known(known_at: str, revised: bool | None) -> str:
    """The knowledge date, where it is said by a word of its own."""
    if revised is None:
        return known_at
    if known_at != PUBLISHED:
        raise UsageError(
            "say both what was known: give one of them",
            where="--revised, --as-published, --known-at", value=known_at,
        )  # fmt: skip
    return LATEST if revised else PUBLISHED


def _check_sums(account: Cells, units: Cells, by: Sequence[str]) -> None:
    """Refuse an explanation that does not add up to the adjustment of every place."""
    rest: Counter[tuple[str, ...]] = Counter()
    for cells, measure, sign in ((account, "adjustment", 1), (units, "units", -1)):
        for row in cells.data.select([*by, measure]).to_pylist():
            rest[tuple(row[name] for name in by)] += sign * row[measure]
    left = {place: many for place, many in rest.items() if many}
    if left:
        raise UnexplainedError(f"the adjustment less its explanation is {left}")


def _days(
    dates: list[str], start: str | None, end: str | None, every: str | None
) -> str | Sequence[str | date]:
    """One day, or a list of days, from what was said."""
    if start is None and end is None and every is None:
        if not dates:
            raise UsageError("is missing", where="--date", next_step="Give a day, or a series")
        return dates[0] if len(dates) == 1 else dates
    if dates or start is None or end is None or every is None:
        raise UsageError(
            "go together, and not with --date",
            where="--from, --to, --every",
            allowed="--date DAY, or --from DAY --to DAY --every quarter",
        )
    return _series(start, end, every)


def _series(start: str, end: str, every: str) -> list[date]:
    from folkestrom.app.office import arguments
    from folkestrom.model.time import add_months

    first, last = arguments.day(start, option("from_")), arguments.day(end, option("to_"))
    months = {"year": 12, "quarter": 3, "month": 1}[every]
    days: list[date] = []
    day = first
    while day <= last:
        days.append(day)
        day = add_months(first, months * len(days))
    if not days:
        raise UsageError(
            "is after the last day", where="--from", value=first, next_step="Swap the two days"
        )
    return days
