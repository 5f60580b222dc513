"""The commands extract and store erase: how long what is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table

from folkestrom.app.cli.context import Settings, settings
from folkestrom.app.cli.intake import store_app
from folkestrom.app.cli.options import DAY, Quarter, Wait, Year, option

extract_app = typer.Typer(
    help="Individual files behind published figures: draw, list and expire them.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.add_typer(extract_app, name="extract")
    store_app.command("erase")(erase)


@extract_app.command("make")
def make(
    ctx: typer.Context,
    year: Year = None,
    quarter: Quarter = None,
    estimate: Annotated[
        str | None,
        typer.Option("--estimate", metavar=DAY, help="Turn of a year that is estimated."),
    ] = None,
    known_at: Annotated[
        str | None,
        typer.Option("--known-at", metavar=DAY, help="With --estimate: when it is made."),
    ] = None,
    wait: Wait = None,
) -> None:
    """Draw the individual file of a year, a quarter or an estimate, or draw it again."""
    from folkestrom.app.office.deliveries import retention as office

    given = settings(ctx)
    made = office.make(
        given.store, given.waiting(wait), option, year=year, quarter=quarter, estimate=estimate,
        known_at=known_at,
    )  # fmt: skip
    _show(given, office.listed([made], given.store))


@extract_app.command("list")
def list_extracts(ctx: typer.Context, wait: Wait = None) -> None:
    """List what was drawn: its retention class, when it is due, and whether its file is kept."""
    from folkestrom.app.office.deliveries import retention as office

    given = settings(ctx)
    found = office.extracts(given.store, given.waiting(wait))
    listed = office.listed([*found.values()], given.store)
    _show(given, listed, hidden=("file",), none="No extract has been drawn.")


@extract_app.command("expire")
def expire(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME…", help="Only these, which must be due.")
    ] = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar=DAY, help="Due by this day; without it, today.")
    ] = None,
    wait: Wait = None,
) -> None:
    """Delete files that are due by their retention class, and log it."""
    from folkestrom.app.office import arguments
    from folkestrom.app.office.deliveries import retention as office

    given = settings(ctx)
    day = None if on is None else arguments.day(on, "--on")
    gone = office.expire(given.store, given.waiting(wait), names or (), day)
    _show(given, [{"name": one.name, "due": one.due} for one in gone], none="No extract is due.")


@extract_app.command("log")
def log(ctx: typer.Context, wait: Wait = None) -> None:
    """Show what was drawn, deleted and erased; each line has a checksum with the one before."""
    from folkestrom.app.office.deliveries import retention as office

    given = settings(ctx)
    lines = office.log(given.store, given.waiting(wait))
    if given.as_json:
        given.result().print_json_of(lines)
        return
    for line in lines:
        # Figures that were lost are many: their number here, all of them as JSON.
        told = {k: len(v) if isinstance(v, list) else v for k, v in line.items()}
        given.result().print(", ".join(f"{name} {value}" for name, value in told.items()))


def erase(
    ctx: typer.Context,
    person: Annotated[int, typer.Argument(help="Pseudonym of the person.")],
    order: Annotated[
        str, typer.Option("--order", metavar="REFERENCE", help="The legal order, such as its case.")
    ],
    remove_reports: Annotated[
        bool,
        typer.Option(
            "--remove-reports",
            help="Remove the person's reports too, and list the figures that are lost by it.",
        ),
    ] = False,
    wait: Wait = None,
) -> None:
    """Erase a person's identity on a legal order: a random number takes the pseudonym's place."""
    from folkestrom.app.office.deliveries import retention as office

    given = settings(ctx)
    with given.progress().status("Erasing …"):
        done = office.erase(
            given.store, given.waiting(wait), person, order, remove_reports=remove_reports
        )
    if given.as_json:
        given.result().print_json_of(asdict(done))
        return
    given.result().print(
        f"{done.reports} reports of the person, {done.named_by_others} that name the person, "
        f"{done.records} records that were not accepted; {len(done.extracts)} extracts drawn anew"
    )
    given.result().print(f"{len(done.figures)} published figures can no longer be derived")
    if done.figures:
        _show(given, [asdict(figure) for figure in done.figures])


def _show(
    given: Settings, rows: Sequence[Mapping[str, Any]], hidden: Sequence[str] = (), none: str = ""
) -> None:
    if given.as_json:
        given.result().print_json_of(list(rows))
        return
    if not rows:
        given.progress().print(none)
        return
    shown = [name for name in (rows[0] if rows else ()) if name not in hidden]
    table = Table(*(name.replace("_", " ") for name in shown), box=None, pad_edge=False)
    for row in rows:
        table.add_row(*("" if row[name] is None else str(row[name]) for name in shown))
    given.result().print(table)
