"""The command that follows a study's episodes: cumulative incidence, beside the crude share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from folkestrom.app.cli.context import settings
from folkestrom.app.cli.options import Lang, Level, Output, StudyFile, Wait, option
from folkestrom.model.specification import Language


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("follow")(follow)


def follow(
    ctx: typer.Context,
    file: StudyFile,
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
    from folkestrom.analysis.study.toml_file import read_study
    from folkestrom.app.office.followup import FollowUpQuestion, Picture

    given = settings(ctx)
    given.check_output(output)
    question = FollowUpQuestion.asked(
        option, read_study(file), by=by, at=at, events=event, level=level, test=test,
        publish=publish, picture=None if picture is None else Picture(picture, lang),
    )  # fmt: skip
    with given.asking(wait) as connection, given.progress().status("Following …") as status:
        cells = question.answer(
            connection, lambda rows: status.update(f"{rows:,} episodes read …")
        ).cells
    given.write(cells, lang, output)
