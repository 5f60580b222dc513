"""Options that several commands have, and how their names are typed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from folkestrom.model.specification import Language
from folkestrom.model.time import EXTRACTION_MONTHS

DAY: Final = "YYYY-MM-DD"

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
    str, typer.Option("--to", metavar=DAY, help="The day after the last one of the period.")
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
        metavar=f"{DAY}|published|latest",
        help="What was known: on a day; at the extraction a month after the date, or the period, "
        "when figures are published; or all that is known.",
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
Publish = Annotated[
    str | None,
    typer.Option(
        "--publish",
        metavar="research|statistics|rounded",
        help="Protect the result for publication by these rules.",
    ),
]
Level = Annotated[float, typer.Option("--level", help="Level of the intervals.")]
StudyFile = Annotated[Path, typer.Argument(help="The study: a TOML file.", dir_okay=False)]

#: Options that are not called as the parameter is in Python.
_TYPED: Final = {"dates": "--date", "extraction_months": "--extraction"}


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
