"""Options that several commands have, and how their names are typed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from folkestrom.app.cli.completion.words import kept_codes
from folkestrom.errors import UsageError
from folkestrom.model.time import EXTRACTION_MONTHS

DAY: Final = "YYYY-MM-DD"

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
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="NAME=CODE[,CODE][,NAME=CODE]",
        help="Keep these codes: county=03,11 or municipality=Oslo,sex=female,age=20-39.",
        autocompletion=kept_codes,
    ),
]
Totals = Annotated[
    bool, typer.Option("--totals", help="A total along every variable, beside its codes.")
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
Level = Annotated[float, typer.Option("--level", help="Level of the intervals.")]
StudyFile = Annotated[Path, typer.Argument(help="The study: a TOML file.", dir_okay=False)]

#: Options that are not called as the parameter is in Python.
_TYPED: Final = {"dates": "--date", "extraction_months": "--extraction"}


def codes_kept(only: list[str] | None) -> dict[str, list[str]]:
    """Codes to keep by variable, from texts such as `county=03,11,sex=female`.

    Parameters
    ----------
    only
        What was typed after `--only`, each time that it was.

    Examples
    --------
    >>> codes_kept(["county=03,11,sex=female"])
    {'county': ['03', '11'], 'sex': ['female']}
    """
    kept: dict[str, list[str]] = {}
    for text in only or []:
        name = ""
        for part in text.split(","):
            before, equals, after = part.partition("=")
            name, code = (before.strip(), after) if equals else (name, before)
            if not name or not code.strip() or "=" in code:
                raise UsageError(
                    "is not a variable with codes",
                    where="--only",
                    value=text,
                    allowed="such as county=03, county=03,11 or county=03,sex=female",
                    next_step=_separated(text),
                )
            kept.setdefault(name, []).append(code.strip())
    return kept


def _separated(text: str) -> str | None:
    """What was meant where several variables stand in one word."""
    _, *parts = re.split(r"([a-z_]+)\s*=", text)
    pairs = [(n, c.strip(" ,;&+")) for n, c in zip(parts[::2], parts[1::2], strict=True)]
    if len(pairs) < 2 or not all(code for _, code in pairs):
        return None
    return f"Did you mean --only {','.join(f'{name}={code}' for name, code in pairs)}?"


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
