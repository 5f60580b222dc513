"""Commands that feed the store: intake, quarantine, seal, store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from folkestrom.app.cli.context import Settings, has_places, settings
from folkestrom.app.cli.options import Wait
from folkestrom.errors import EXIT_INPUT_REFUSED

if TYPE_CHECKING:
    from folkestrom.intake.counts import FileCount, IntakeResult

#: Files that are listed one by one; of more, only those that hold something to look at.
_LISTED = 30

quarantine_app = typer.Typer(
    help="Records that were not accepted: look at them, write them out, take them in again.",
    no_args_is_help=True,
)
store_app = typer.Typer(help="The store itself.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("intake")(intake)
    app.command("seal")(seal)
    app.add_typer(quarantine_app, name="quarantine")
    app.add_typer(store_app, name="store")


@has_places
def intake(
    ctx: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(help="Parquet, CSV or NDJSON files, folders that hold some, or patterns."),
    ],
    wait: Wait = None,
) -> None:
    """Take report files into the log; what is not right waits in quarantine."""
    _take_in(settings(ctx), files, wait, retake=False)


@quarantine_app.command("list")
def list_records(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="How many records to list.")] = 50,
    wait: Wait = None,
) -> None:
    """List what waits in quarantine: where it came from, and what is wrong with it."""
    from folkestrom.app.office import intake as office

    given = settings(ctx)
    waiting = given.waiting(wait)
    rows = office.list_quarantine(given.store, waiting, limit).to_pylist()
    counts = office.count_quarantine(given.store, waiting)
    if given.as_json:
        given.result().print_json_of({"by_reason": counts, "records": rows})
        return
    names = ("id", "file", "row", "reason", "column", "value", "allowed")
    given.result().print(_table(names, ([_text(row[name]) for name in names] for row in rows)))
    total = sum(counts.values())
    by_reason = ", ".join(f"{many} {reason}" for reason, many in counts.items())
    given.result().print(f"{total} in quarantine{': ' if total else ''}{by_reason}")


@quarantine_app.command("export")
def export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A .csv, .ndjson or .parquet file to write.")],
    wait: Wait = None,
) -> None:
    """Write the quarantined records themselves to a file, to be mended."""
    from folkestrom.app.office import intake as office

    given = settings(ctx)
    many = office.export_quarantine(given.store, file, given.waiting(wait))
    if given.as_json:
        given.result().print_json_of({"file": str(file), "records": many})
    else:
        given.result().print(f"{many} records written to {file}")


@quarantine_app.command("retake")
def retake(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Mended files from quarantine export.")],
    wait: Wait = None,
) -> None:
    """Take mended records in again; what is still wrong goes back to quarantine."""
    _take_in(settings(ctx), files, wait, retake=True)


def seal(
    ctx: typer.Context,
    day: Annotated[
        datetime, typer.Argument(formats=["%Y-%m-%d"], help="The last knowledge date to seal.")
    ],
    wait: Wait = None,
) -> None:
    """Seal what has been published: later deliveries become known when they are taken in."""
    from folkestrom.app.office import intake as office

    given = settings(ctx)
    until = office.seal(given.store, day.date(), given.waiting(wait))
    if given.as_json:
        given.result().print_json_of({"sealed_until": until.isoformat()})
    else:
        given.result().print(f"sealed until {until}")


@store_app.command("info")
def info(ctx: typer.Context, wait: Wait = None) -> None:
    """Say what the store holds."""
    from folkestrom.app.office import intake as office

    given = settings(ctx)
    found = asdict(office.info(given.store, given.waiting(wait)))
    if given.as_json:
        given.result().print_json_of(found)
        return
    lines = ([name.replace("_", " "), _text(value)] for name, value in found.items())
    given.result().print(_table(("", str(given.store)), lines))


def _take_in(given: Settings, files: list[Path], wait: float | None, *, retake: bool) -> None:
    from folkestrom.app.office import intake as office

    as_json = given.as_json
    console = given.progress()
    with console.status("Reading …") as status:
        result = office.intake(
            given.store,
            files,
            given.waiting(wait),
            retake=retake,
            progress=lambda rows: status.update(f"{rows:,} records read …"),
            borders=given.borders,
        )
    if as_json:
        given.result().print_json_of(result.as_dict())
    else:
        given.result().print(_counts(result))
        for text in _remarks(result):
            console.print(text)
    if result.is_refused:
        raise typer.Exit(EXIT_INPUT_REFUSED)


def _counts(result: IntakeResult) -> Table:
    files = list(result.files)
    if len(files) > _LISTED:
        files = [f for f in files if f.quarantined or f.repeats][:_LISTED]
    left_out = len(result.files) - len(files)
    rows = [_count_row(file) for file in files]
    if left_out:
        rows.append([f"{left_out} more files", "", "", "", ""])
    names = ("file", "read", "accepted", "quarantined", "repeats")
    return _table(names, [*rows, _count_row(result.total)])


def _count_row(count: FileCount) -> list[str]:
    numbers = (count.read, count.accepted, count.quarantined, count.repeats)
    return [count.file, *(f"{number:,}" for number in numbers)]


def _remarks(result: IntakeResult) -> Iterable[str]:
    if result.batch is None:
        yield "Every file had been taken in before; nothing was changed."
    if result.withdrawn:
        yield f"{result.withdrawn} earlier reports left the log for quarantine."
    if result.reinstated:
        yield f"{result.reinstated} earlier records left quarantine for the log."
    if result.closed:
        yield f"Mended by this delivery, and closed in quarantine: {_numbers(result.closed)}."
    if result.waiting:
        yield (
            "Delivered before, and still waiting in quarantine, under the numbers "
            f"{_numbers(result.waiting)}."
        )
    if main := result.main_reason:
        column = f"{main.column}: " if main.column else ""
        yield (
            f"{main.records:,} of {result.total.read:,} records wait for one reason, "
            f"{main.reason}. {column}{main.meaning}. {main.next_step}"
        )
    if result.total.quarantined or result.withdrawn or result.waiting:
        yield "Look at them with: folkestrom quarantine list"
    if result.waiting:
        yield (
            "Mend them with: folkestrom quarantine export FILE and quarantine retake FILE, or "
            "take in a file in which the source has mended them."
        )


def _numbers(numbers: Sequence[int]) -> str:
    listed = ", ".join(map(str, numbers[:_LISTED]))
    left_out = len(numbers) - _LISTED
    return f"{listed} and {left_out:,} more" if left_out > 0 else listed


def _table(names: Iterable[str], rows: Iterable[list[str]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in names:
        numeric = name in {"id", "row", "read", "accepted", "quarantined", "repeats"}
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{many} {reason}" for reason, many in value.items())
    return str(value)
