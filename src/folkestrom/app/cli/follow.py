"""The command that follows a study's episodes: cumulative incidence, beside the crude share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from folkestrom.app.cli.context import settings
from folkestrom.app.cli.rates import Level
from folkestrom.app.cli.statistics import Lang, Output, Wait
from folkestrom.model.specification import Language


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("follow")(follow)


def follow(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The study: a TOML file.", dir_okay=False)],
    by: Annotated[
        str,
        typer.Option(
            "--by",
            help="Variables as of the entry, with commas between them: the study's own columns and "
            "groups, or any other.",
        ),
    ] = "",
    at: Annotated[
        str,
        typer.Option(
            "--at",
            metavar="1y,5y|365,1826",
            help="Times since the entry, in days, or in years (y) of 365.25 days rounded to whole "
            "days. Without it, 1, 2, 5 and 10 years, as far as anybody is followed.",
        ),
    ] = "",
    event: Annotated[
        str,
        typer.Option(
            "--event",
            help="Events to show, with commas between them; without it, all of the study.",
        ),
    ] = "",
    level: Level = 0.95,
    test: Annotated[
        bool, typer.Option("--test", help="Compare the groups by Gray's test, event by event.")
    ] = False,
    picture: Annotated[
        Path | None,
        typer.Option(
            "--picture", help="File to draw the curves in: .svg, .pdf or .png.", dir_okay=False
        ),
    ] = None,
    publish: Annotated[
        str | None,
        typer.Option(
            "--publish",
            metavar="research|statistics",
            help="Protect the result, and the picture, for publication by these rules.",
        ),
    ] = None,
    lang: Lang = Language.EN,
    output: Output = None,
    wait: Wait = None,
) -> None:
    """Follow a study's episodes: how many had left, died or returned after equal time.

    By groups, events and times since the entry: who is still at risk, events until then, their
    cumulative incidence with its interval, and the crude share beside it.
    """
    from folkestrom.app.office import arguments, studies
    from folkestrom.app.office import following as office
    from folkestrom.app.output.write import check, write
    from folkestrom.engine.store import Waiting

    given = settings(ctx)
    check(output, given.wanted)
    asked = office.Question(
        arguments.names(by),
        office.times_of(at, "--at"),
        arguments.names(event),
        level,
        test,
        publish,
    )
    found = studies.study_on(given.store, file, Waiting(wait, given.progress().print))
    drawn = None if picture is None else office.Picture(picture, lang)
    with given.progress().status("Following …") as status:
        cells = office.follow_up_cells(
            found, asked, drawn, lambda rows: status.update(f"{rows:,} episodes read …")
        )
    write(cells, given.wanted, lang, given.result(), output, given.progress())
