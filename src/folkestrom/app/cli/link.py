"""The command that links a researcher's own variables."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from folkestrom.app.cli.context import Settings, settings
from folkestrom.app.cli.options import Wait, option
from folkestrom.errors import EXIT_INPUT_REFUSED, UsageError
from folkestrom.model.names import without_effect

if TYPE_CHECKING:
    from folkestrom.engine.store import Waiting
    from folkestrom.linkage.counts import LinkCount, LinkResult

_WRITE_OUT = "Write them out with: folkestrom link --as"


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("link")(link)


def link(
    ctx: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Parquet, CSV or NDJSON files with person, value, from and to."),
    ] = None,
    variable: Annotated[
        str | None, typer.Option("--as", help="What the variable is called, such as income.")
    ] = None,
    known_from: Annotated[
        str | None,
        typer.Option(
            "--known-from",
            metavar="YYYY-MM-DD",
            help="The first day on which the values were known; without it, tomorrow.",
        ),
    ] = None,
    add: Annotated[
        bool,
        typer.Option(
            "--add", help="Add to what was linked before, instead of replacing the variable."
        ),
    ] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the linked variables.")] = False,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export-held",
            help="Write the rows of --as that were not accepted to this file, to be mended.",
            dir_okay=False,
        ),
    ] = None,
    wait: Wait = None,
) -> None:
    """Link a variable of your own: its files become a history in the store."""
    given = settings(ctx)
    as_json = given.as_json
    waiting = given.waiting(wait)
    if listed:
        _refuse(FILES=files, as_=variable, known_from=known_from, add=add, export_held=export)
        _list(given, waiting, as_json)
        return
    if variable is None:
        raise UsageError(
            "is missing",
            where="--as",
            next_step="Say what the variable is called: folkestrom link FILE --as income",
        )
    if export is not None:
        _refuse(FILES=files, known_from=known_from, add=add)
        _export(given, variable, export, waiting)
        return
    if not files:
        raise UsageError("are missing", where="FILES", next_step="Name the files to link")
    _link(given, files, variable, known_from, waiting, add=add)


def _refuse(**others: object) -> None:
    """Refuse what lists and exports have no use for."""
    for name, value in others.items():
        if value:
            where = name if name.isupper() else option(name)
            raise without_effect(where, None, "nothing is linked", "Leave it out")


def _link(
    given: Settings,
    files: list[Path],
    variable: str,
    known_from: str | None,
    waiting: Waiting,
    *,
    add: bool,
) -> None:
    from folkestrom.app.office import arguments, linkage

    day = None if known_from is None else arguments.day(known_from, option("known_from"))
    console = given.progress()
    with console.status("Reading and checking …"):
        result = linkage.link(given.store, files, variable, waiting, adds=add, known_from=day)
    if given.as_json:
        given.result().print_json_of(result.as_dict())
    else:
        _print_words_whole(given.result(), _counts(result))
        for text in _remarks(result):
            console.print(text, soft_wrap=True)
        if day is None and result.delivery is not None:
            console.print(_remark_on_day(result), soft_wrap=True)
    if result.waiting:
        raise typer.Exit(EXIT_INPUT_REFUSED)


def _counts(result: LinkResult) -> Table:
    table = Table(box=None, pad_edge=False)
    names = ("file", "read", "accepted", "refused", "unknown", "repeats")
    for name in names:
        table.add_column(name, justify="left" if name == "file" else "right", no_wrap=True)
    for one in (*result.files, result.total):
        table.add_row(*_row(one))
    return table


def _row(one: LinkCount) -> list[str]:
    numbers = (one.read, one.accepted, one.refused, one.unknown, one.repeats)
    return [one.file, *(f"{number:,}" for number in numbers)]


def _remarks(result: LinkResult) -> list[str]:
    if result.delivery is None:
        since = f"known from {result.known_from} on"
        said = [f"{result.variable}: this delivery stands already, {since}; nothing was changed."]
        if result.waiting:
            said.append(f"{result.waiting:,} of its rows were refused, and are still held.")
            said.append(
                f"{_WRITE_OUT} {result.variable} --export-held FILE, and link the mended rows "
                "with --add"
            )
        return said
    said = [f"{result.variable}: values are a {result.kind}, known from {result.known_from} on."]
    if result.closed or result.kept:
        said.append(
            f"{result.opened:,} values are new, {result.closed:,} are no longer what is known, "
            f"{result.kept:,} go on."
        )
    if result.mended:
        said.append(f"{result.mended:,} rows that were held are mended by this delivery.")
    said += result.examples
    if result.reasons:
        said.append(f"{_WRITE_OUT} {result.variable} --export-held FILE")
    return said


def _remark_on_day(result: LinkResult) -> str:
    """What the day on which files are linked means for figures of the past."""
    day = result.known_from
    return (
        f"No --known-from was given: figures as known before {day}, as published ones of earlier "
        f"years are, refuse {result.variable}. Ask them with --known-at {day}; or, if the values "
        "were to be had earlier, link the files by another name with --known-from DAY."
    )


def _list(given: Settings, waiting: Waiting, as_json: bool) -> None:
    from folkestrom.app.office import linkage

    found = [asdict(info) for info in linkage.linked(given.store, waiting)]
    if as_json:
        given.result().print_json_of(found)
        return
    if not found:
        given.result().print("No variable is linked.")
        return
    _print_words_whole(given.result(), _listing(found))


def _listing(found: list[dict[str, object]]) -> Table:
    table = Table(box=None, pad_edge=False)
    numbers = ("levels", "values", "held", "deliveries")
    for name in ("name", "kind", *numbers, "known from", "last\nknown from"):
        right = name in numbers
        table.add_column(name, justify="right" if right else "left", no_wrap=name != "kind")
    for info in found:
        place = "" if info["of"] == "person" else f", of a {info['of']}"
        cells = {**info, "kind": f"{info['kind']}{place}"}
        del cells["of"]
        table.add_row(*(_text(value) for value in cells.values()))
    return table


def _print_words_whole(console: Console, table: Table) -> None:
    """Print a table at least as wide as its words: a name that is cut is another name."""
    from folkestrom.app.output.console import WIDEST

    wide = console.options.update(width=WIDEST, max_width=WIDEST)
    console.width = max(console.width, Measurement.get(console, wide, table).minimum)
    console.print(table, soft_wrap=False)


def _export(given: Settings, variable: str, file: Path, waiting: Waiting) -> None:
    from folkestrom.app.office import linkage

    many = linkage.export(given.store, variable, file, waiting)
    if given.as_json:
        given.result().print_json_of({"file": str(file), "rows": many})
    else:
        given.result().print(f"{many} rows written to {file}")


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else str(value)
