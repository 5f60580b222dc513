"""Options that several commands have, and how their names are typed."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from folkestrom.app.cli.completion.words import kept_codes
from folkestrom.app.cli.context import settings
from folkestrom.errors import UsageError
from folkestrom.model.specification import Text
from folkestrom.model.time import EXTRACTION_MONTHS

DAY: Final = "YYYY-MM-DD"


def _remark_on_end(ctx: typer.Context, given: str) -> str:
    """Say what is in a period whose end is typed as if it were its last day."""
    with suppress(ValueError, OverflowError):
        end = date.fromisoformat(given)
        after = end + timedelta(days=1)
        if after.day == 1:
            said = Text(
                f"Note: --to is the day after the period, so that {end} is not in it. "
                f"With that day: --to {after}.",
                f"Merk: --to er dagen etter perioden, så {end} er ikke med i den. "
                f"Med den dagen: --to {after}.",
            )
            run = settings(ctx)
            run.progress().print(said.of(run.lang), soft_wrap=True)
    return given


def _level_that_can_be(level: float) -> float:
    """Refuse a level before the method does, which would name itself."""
    from folkestrom.columns import is_level

    if not is_level(level):
        raise UsageError(
            "is not a level of confidence", where="--level", value=level,
            allowed="between 0 and 1, such as 0.95",
        )  # fmt: skip
    return level


Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="File to write; its name decides the format unless --format does.",
        dir_okay=False,
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
Start = Annotated[str, typer.Option("--from", metavar=DAY, help="First day of the period.")]
End = Annotated[
    str,
    typer.Option(
        "--to", metavar=DAY, help="The day after the last one of the period.",
        callback=_remark_on_end,
    ),
]  # fmt: skip
SomeStart = Annotated[
    str | None, typer.Option("--from", metavar=DAY, help="First day of the period.")
]
SomeEnd = Annotated[
    str | None,
    typer.Option(
        "--to", metavar=DAY, help="The day after the last one of the period.",
        callback=lambda ctx, given: given and _remark_on_end(ctx, given),
    ),
]  # fmt: skip
Quarter = Annotated[
    str | None,
    typer.Option("--quarter", metavar="YYYYQN", help="A quarter instead, such as 1997Q3."),
]
Year = Annotated[int | None, typer.Option("--year", help="A year instead.")]
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
        metavar=f"{DAY}|published|latest",
        help="What was known: on a day, or at a moment such as 2018-05-23T09:31; at the extraction "
        "a month after the date, or the period, when figures are published; or all that is known.",
    ),
]
CompareKnown = Annotated[
    str | None,
    typer.Option(
        "--compare-known",
        metavar=f"{DAY},{DAY}…",
        help="The same stock by several knowledge dates, and the difference; published and latest "
        "may stand among them.",
    ),
]
Population = Annotated[
    Literal["register", "actual"],
    typer.Option(
        help="By registered addresses, or by where persons live: the linked variables "
        "actual_dwelling and actual_municipality."
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
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="NAME=CODE[,CODE][,NAME=CODE]",
        help="Keep these codes: county=03,11 or municipality=Oslo,sex=female,age=20-39.",
        autocompletion=kept_codes,
    ),
]
OverCoverage = Annotated[
    str | None,
    typer.Option(
        "--over-coverage",
        metavar="LOW-HIGH|FILE.csv",
        help="Bounds if such a share of the registered is gone, or as a file of `over-coverage` "
        "has them.",
    ),
]
Totals = Annotated[
    bool, typer.Option("--totals", help="A total along every variable, beside its codes.")
]
ShareOf = Annotated[
    str | None,
    typer.Option(
        "--share-of",
        metavar="NAME|FIGURE/FIGURE",
        help="Figures in per cent too: of all codes of this variable together, or one figure of "
        "another, such as growth/population_start.",
    ),
]
Order = Annotated[
    str | None,
    typer.Option("--order", help="Largest first of this figure; or by this variable's codes."),
]
Top = Annotated[
    int | None,
    typer.Option("--top", metavar="N", help="The first N rows: the largest, without --order."),
]
Wide = Annotated[
    str | None, typer.Option("--wide", metavar="NAME", help="A variable whose codes go across.")
]
Labels = Annotated[
    bool, typer.Option("--labels", help="Labels beside codes, in CSV and other long formats.")
]
Level = Annotated[
    float, typer.Option("--level", help="Level of the intervals.", callback=_level_that_can_be)
]
StudyFile = Annotated[Path, typer.Argument(help="The study: a TOML file.", dir_okay=False)]

#: Options that are not called as the parameter is in Python.
_TYPED: Final = {
    "dates": "--date",
    "extraction_months": "--extraction",
}


def option(name: str) -> str:
    """How the name of an argument is typed in a terminal.

    Parameters
    ----------
    name
        The parameter in Python.

    Examples
    --------
    >>> option("known_at"), option("from_"), option("extraction_months")
    ('--known-at', '--from', '--extraction')
    """
    return _TYPED.get(name) or f"--{name.strip('_').replace('_', '-')}"
