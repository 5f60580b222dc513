"""The commands residence decide, audit, bridge and rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from folkestrom.app.cli.context import has_places, settings
from folkestrom.app.cli.demography.answering import answered
from folkestrom.app.cli.options import (
    DAY,
    End,
    KnownAt,
    Labels,
    Order,
    Output,
    Publish,
    Start,
    Top,
    Totals,
    Wait,
    Wide,
    option,
)
from folkestrom.app.cli.residence.explain import Base, Reading
from folkestrom.model.knowledge import PUBLISHED
from folkestrom.model.specification import Text

residence_app = typer.Typer(
    help="What the rules of residence make of stays: reports, an audit, two population bases.",
    no_args_is_help=True,
)
_HEADINGS = {
    "rule": Text("rule", "regel"), "part": Text("part", "del"), "base": Text("base", "begrep"),
    "reading": Text("reading", "lesemåte"), "from": Text("from", "fra"), "to": Text("to", "til"),
    "text": Text("text", "tekst"), "citation": Text("citation", "kilde"),
}  # fmt: skip
StaysFile = Annotated[
    Path, typer.Argument(help="File of stays: Parquet, CSV or NDJSON.", dir_okay=False)
]


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.add_typer(residence_app, name="residence")


@residence_app.command("decide")
def decide(
    ctx: typer.Context,
    stays: StaysFile,
    reports: Annotated[
        Path,
        typer.Option(
            "--reports", help="File of reports to write: .parquet, .csv or .ndjson.", dir_okay=False
        ),
    ],
    known_at: Annotated[
        str | None,
        typer.Option(
            "--known-at",
            metavar=DAY,
            help="What was known on a day; without it, what is known now.",
        ),
    ] = None,
    base: Base = "registered",
    reading: Reading = "law",
) -> None:
    """Decide stays by the rules, and write the reports that a register takes in."""
    from folkestrom.app.office import arguments
    from folkestrom.app.office.residence.decide import decide
    from folkestrom.app.office.residence.questions import book_of

    given = settings(ctx)
    known = None if known_at is None else arguments.day(known_at, option("known_at"))
    read, written = decide(stays, reports, book_of(base, reading, option), known)
    if given.as_json:
        given.result().print_json_of({"stays": read, "reports": written})
    else:
        given.result().print(f"{read} stays, {written} reports")


@residence_app.command("audit")
@has_places
def audit(
    ctx: typer.Context,
    stays: StaysFile,
    date: Annotated[str, typer.Option("--date", metavar=DAY, help="Day of the population.")],
    by: Annotated[str, typer.Option("--by", help="municipality, or nothing.")] = "",
    known_at: KnownAt = PUBLISHED,
    base: Base = "registered",
    reading: Reading = "law",
    totals: Totals = False,
    order: Order = None,
    top: Top = None,
    wide: Wide = None,
    labels: Labels = False,
    publish: Publish = None,
    wait: Wait = None,
    output: Output = None,
) -> None:
    """Count whom the register has against the rules, and whom it lacks, by rule."""
    given = dict(locals())
    from folkestrom.app.office.residence.questions import AuditQuestion

    answered(AuditQuestion.asked, given)


@residence_app.command("bridge")
def bridge(
    ctx: typer.Context,
    stays: StaysFile,
    from_: Start,
    to_: End,
    known_at: KnownAt = PUBLISHED,
    reading: Reading = "law",
    totals: Totals = False,
    order: Order = None,
    wide: Wide = None,
    labels: Labels = False,
    publish: Publish = None,
    wait: Wait = None,
    output: Output = None,
) -> None:
    """Count migration by the law and by usual residence, and the rule that makes the difference."""
    given = dict(locals())
    from folkestrom.app.office.residence.questions import BridgeQuestion

    answered(BridgeQuestion.asked, given)


@residence_app.command("rules")
def rules(ctx: typer.Context) -> None:
    """List the rules, with their days, source and reading."""
    from folkestrom.residence.law import rules

    given = settings(ctx)
    rows = [
        {"rule": one.name, "part": one.part, "base": "/".join(one.bases),
         "reading": "/".join(one.readings),
         "from": str(one.valid_from) if one.valid_from.year > 1 else "",
         "to": str(one.valid_to) if one.valid_to.year < 9999 else "",
         "text": one.text.of(given.lang), "citation": one.citation.of(given.lang), "mark": one.mark}
        for one in rules()
    ]  # fmt: skip
    if given.as_json:
        given.result().print_json_of(rows)
        return
    table = Table(box=None, pad_edge=False)
    for heading in _HEADINGS.values():
        table.add_column(heading.of(given.lang), overflow="fold")
    for row in rows:
        table.add_row(*(row[name] for name in _HEADINGS))
    given.result().print(table)
