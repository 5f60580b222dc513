"""Commands of the national register's feed: key, pull, read, rotate."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from folkestrom.app.cli.context import settings
from folkestrom.errors import EXIT_INPUT_REFUSED, UsageError

_FOLDER = "The folder that was pulled into."
KeyFile = Annotated[
    Path,
    typer.Option("--key", envvar="FOLKESTROM_KEY", help="File of the key of pseudonyms."),
]

feed_app = typer.Typer(
    help="The national register's feed: pull it, and make reports of it.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.add_typer(feed_app, name="feed")


@feed_app.command("key")
def key(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="File to write; it must not exist.")],
) -> None:
    """Make a key of pseudonyms, in a file that only you may read."""
    from folkestrom.app.office.deliveries import feed

    given = settings(ctx)
    fingerprint = feed.make_key(file)
    if given.as_json:
        given.result().print_json_of({"file": str(file), "fingerprint": fingerprint})
    else:
        given.result().print(f"A new key, with the fingerprint {fingerprint}, is in {file}")


@feed_app.command("pull")
def pull(
    ctx: typer.Context,
    to: Annotated[
        Path,
        typer.Option(
            "--to", help="Folder to save into. It holds identity numbers.", file_okay=False
        ),
    ],
    url: Annotated[
        str | None,
        typer.Option("--url", help="Address of the register's service, up to its rights package."),
    ] = None,
    from_: Annotated[
        Path | None,
        typer.Option("--from", help="Folder of saved JSON: pages and documents.", file_okay=False),
    ] = None,
    start: Annotated[
        int | None,
        typer.Option("--start", min=1, help="First number to ask for, where it is not the next."),
    ] = None,
    patience: Annotated[
        float,
        typer.Option("--patience", min=0, help="Seconds to keep trying while it doesn't answer."),
    ] = 900,
) -> None:
    """Save what is new in the feed, and the documents that are needed."""
    from folkestrom.app.office.deliveries import feed

    if (url is None) == (from_ is None):
        raise UsageError(
            "are alternatives", where="--url, --from", next_step="Say one of them, and not both."
        )
    given = settings(ctx)
    with given.progress().status("Pulling …") as status:
        done = feed.pull(
            url or str(from_), to, start=start, patience=patience,
            progress=lambda number: status.update(f"up to number {number:,} …"),
        )  # fmt: skip
    if given.as_json:
        given.result().print_json_of(asdict(done))
        return
    given.result().print(
        f"{done.events:,} events saved, up to number {done.last}; {done.documents:,} documents"
    )
    if done.gone:
        given.progress().print(
            f"Of {done.gone:,} events a document is gone; feed read lists them, and the next pull "
            "asks again."
        )
    if done.ignored:
        given.progress().print(
            f"{done.ignored:,} events are of types that are ignored; their documents were not "
            "asked for."
        )


@feed_app.command("read")
def read(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(help=_FOLDER, file_okay=False)],
    key: KeyFile,
    reports: Annotated[
        Path, typer.Option("--reports", help="Folder of the report files.", file_okay=False)
    ],
    source: Annotated[
        str,
        typer.Option("--source", help="What the source is called; twin: all persons are invented."),
    ] = "folkeregisteret",
) -> None:
    """Make report records of what is new; identity numbers become pseudonyms."""
    from folkestrom.app.office.deliveries import feed

    given = settings(ctx)
    with given.progress().status("Reading …") as status:
        done = feed.read(
            folder, key=key, reports=reports, source=source,
            progress=lambda events: status.update(f"{events:,} events read …"),
        )  # fmt: skip
    if given.as_json:
        given.result().print_json_of(done.as_dict())
    else:
        table = Table(box=None, pad_edge=False)
        names = ("events", "reports", "ignored", "quarantined")
        for name in names:
            table.add_column(name, justify="right")
        table.add_row(*(f"{done.as_dict()[name]:,}" for name in names))
        given.result().print(table)
        if done.waiting:
            given.progress().print(f"{done.waiting:,} events wait: see quarantine.tsv in {reports}")
    if done.is_refused:
        raise typer.Exit(EXIT_INPUT_REFUSED)


@feed_app.command("rotate")
def rotate(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(help=_FOLDER, file_okay=False)],
    new_key: Annotated[Path, typer.Option("--new-key", help="File of the new key.")],
    key: Annotated[
        Path | None, typer.Option("--key", help="File of the old key, if it is not lost.")
    ] = None,
    pseudonyms: Annotated[
        Path | None,
        typer.Option("--pseudonyms", help="CSV file to write: old and new pseudonyms."),
    ] = None,
) -> None:
    """Give a folder another key: the next reading makes all reports anew."""
    from folkestrom.app.office.deliveries import feed

    given = settings(ctx)
    rows = feed.rotate(folder, new_key=new_key, key=key, pseudonyms_=pseudonyms)
    if given.as_json:
        given.result().print_json_of({"pseudonyms": rows})
        return
    given.result().print("The folder has the new key: read it into a new folder of reports.")
    if pseudonyms:
        given.result().print(f"{rows:,} pseudonyms, old and new, are in {pseudonyms}")
