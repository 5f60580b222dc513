"""The command that shows the whole way, from reports to published tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from folkestrom.app.cli.context import settings
from folkestrom.errors import EXIT_FIGURE_DIFFERS, UsageError
from folkestrom.model.file_format import format_of


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("demo")(demo)


def demo(
    ctx: typer.Context,
    scale: Annotated[float, typer.Option(help="Size of the country beside Norway's.")] = 1.0,
    seed: Annotated[
        int, typer.Option(help="Another seed gives other people, and the same tables.")
    ] = 1,
    reference: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, help="Folder of published series to make the country of."
        ),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write everything that was found as JSON.")
    ] = None,
    page: Annotated[
        Path | None, typer.Option(help="Where the page goes; by default into the store's folder.")
    ] = None,
    keep_reports: Annotated[
        bool, typer.Option("--keep-reports", help="Keep the report files, beside the store.")
    ] = False,
) -> None:
    """Make a country, build its register, and print its tables beside the published ones.

    The country is synthetic: nobody in it exists. The store stays, to be asked further. The command
    ends with exit code 1 if any figure differs from the published one.
    """
    # Imported here: `folkestrom --help` needs no simulation.
    from folkestrom.app.demo.page.write import html
    from folkestrom.app.demo.run import Order, demonstrate
    from folkestrom.app.demo.terminal import show
    from folkestrom.app.output.place import is_document
    from folkestrom.engine.store import Waiting

    given = settings(ctx)
    for file, where, format in ((json_file, "--json", "json"), (page, "--page", "html")):
        if file is not None and is_document(file):
            format_of(file, {f".{format}": format}, where)
    as_json = given.as_json
    console = given.progress()
    order = Order(given.store, scale, seed, reference, keep_reports)
    with _Progress(console) as watched:
        outcome = demonstrate(order, Waiting(say=console.print), watched.watch)
    page = page or given.store / "demo.html"
    _write(page, html(outcome))
    record = json.dumps(outcome.as_dict(), indent=1)
    if json_file:
        _write(json_file, record)
    if as_json:
        print(record)
    else:
        show(outcome, given.result())
    console.print(f"The page: {page}")
    console.print(f"The store: {given.store}")
    if keep_reports:
        console.print(f"The reports: {order.reports}")
    if outcome.differing:
        raise typer.Exit(EXIT_FIGURE_DIFFERS)


class _Progress:
    """Says on the terminal which step is under way; nothing of it stays there."""

    def __init__(self, console: Console) -> None:
        from folkestrom.app.demo.run import Watch

        self._status = console.status("")
        self.watch = Watch(self._begins, self._moves)
        self._step = ""

    def __enter__(self) -> _Progress:
        self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def _begins(self, step: str) -> None:
        from folkestrom.app.demo.cost import STEPS

        self._step = STEPS[step].en
        self._status.update(f"{self._step} …")

    def _moves(self, what: str, done: int, of: int) -> None:
        self._status.update(f"{self._step}: {what} ({done} of {of})")


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except (NotADirectoryError, IsADirectoryError, PermissionError) as error:
        raise UsageError(
            "cannot be written",
            where=str(file),
            next_step="Name a file in a folder that you may write to; the store is complete.",
        ) from error
