"""The command transmit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from folkestrom.app.cli.context import has_places, settings
from folkestrom.app.cli.options import DAY, KnownAt, Wait, option
from folkestrom.app.cli.publish.releases import Keys
from folkestrom.model.knowledge import PUBLISHED


def register(app: typer.Typer) -> None:
    """Add this module's command to the application."""
    app.command("transmit")(transmit)


@has_places
def transmit(
    ctx: typer.Context,
    year: Annotated[int, typer.Option("--year", help="Year of the figures.")],
    out: Annotated[
        Path,
        typer.Option("--out", help="Folder to write, empty or not there yet.", file_okay=False),
    ],
    data_set: Annotated[
        str,
        typer.Option("--data-set", help="Data sets, with commas between them; without it, all."),
    ] = "",
    published: Annotated[
        str | None,
        typer.Option(
            "--published",
            metavar=DAY,
            help="Day of national publication, from which the time limit runs; without it, today.",
        ),
    ] = None,
    known_at: KnownAt = PUBLISHED,
    stays: Annotated[
        Path | None,
        typer.Option(
            "--stays",
            help="File of stays: who is usually resident for twelve months.",
            dir_okay=False,
        ),
    ] = None,
    revision_of: Annotated[
        Path | None,
        typer.Option(
            "--revision-of", help="Folder of the transmission that is revised.", file_okay=False
        ),
    ] = None,
    provisional: Annotated[
        bool,
        typer.Option("--provisional", help="Send what is not sealed, marked as provisional."),
    ] = False,
    status: Annotated[
        str,
        typer.Option(
            "--status",
            metavar="NAME=B|E|P|D",
            help="What is known of data sets, with commas between them: B for a break in the "
            "series, E for estimated.",
        ),
    ] = "",
    structure: Annotated[
        Path | None,
        typer.Option(
            "--structure",
            help="SDMX file of data structures to write by, such as Eurostat's own.",
            dir_okay=False,
        ),
    ] = None,
    metadata: Annotated[
        Path | None,
        typer.Option(
            "--metadata",
            help="TOML file of what the office says in the metadata report.",
            dir_okay=False,
        ),
    ] = None,
    keys: Keys = None,
    wait: Wait = None,
) -> None:
    """Write data sets of a year for Eurostat, as SDMX files with a metadata report."""
    from folkestrom.app.office.transmission.question import TransmitQuestion

    given = settings(ctx)
    given.check_output(None)
    question = TransmitQuestion.asked(
        option, year=year, out=out, data_set=data_set, published=published, known_at=known_at,
        stays=stays, revision_of=revision_of, provisional=provisional, status=status,
        structure=structure, metadata=metadata, keys=keys, store=given.store,
    )  # fmt: skip
    given.write(given.answer(question, wait), None)
