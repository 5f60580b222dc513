"""The command that makes a study: its flow chart, and its microdata inside the wall."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from folkestrom.app.cli.context import OutputFormat, Settings, settings
from folkestrom.app.cli.options import Publish, StudyFile, Wait
from folkestrom.app.output.write import send

if TYPE_CHECKING:
    from folkestrom.app.office.studies import Made


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("study")(study)


def study(
    ctx: typer.Context,
    file: StudyFile,
    episodes: Annotated[
        Path | None,
        typer.Option(
            "--episodes",
            help="File to write the episodes to, .parquet, .csv or .arrow: rows of persons, for "
            "the office.",
            dir_okay=False,
        ),
    ] = None,
    panel: Annotated[
        Path | None,
        typer.Option(
            "--panel",
            help="File to write the person-years to, .parquet, .csv or .arrow: rows of persons, "
            "for the office.",
            dir_okay=False,
        ),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option("--flow-chart", help="SVG file to write the flow chart to.", dir_okay=False),
    ] = None,
    publish: Publish = None,
    wait: Wait = None,
) -> None:
    """Make a study: print who is in it, who was left out why, and its fingerprint."""
    from folkestrom.analysis.study.toml_file import read_study
    from folkestrom.app.office.studies import StudyQuestion, write_picture
    from folkestrom.outputs.rules import rules_of

    given = settings(ctx)
    given.check_format(OutputFormat.TABLE, OutputFormat.JSON, OutputFormat.CSV)
    question = StudyQuestion(read_study(file), episodes, panel, picture, rules_of(publish))
    with given.asking(wait) as connection, given.progress().status("Counting …") as status:
        made = question.answer(connection, lambda rows: status.update(f"{rows:,} rows written …"))
    _print(given, made)
    if picture is not None:
        write_picture(made, picture)


def _print(given: Settings, made: Made) -> None:
    if given.format == OutputFormat.JSON:
        given.result().print_json_of(made.as_dict())
        return
    if given.format == OutputFormat.CSV:
        from folkestrom.app.office.studies import chart_csv

        send(chart_csv(made))
        for note in dict.fromkeys(n for c in made.charts for n in (c.known, c.note) if n):
            given.progress().print(note)
        return
    console = given.result()
    for chart in made.charts:
        console.print(str(chart))
    console.print(f"fingerprint {made.fingerprint}")
    for path, rows in made.written.items():
        given.progress().print(f"{rows:,} rows written to {path}")
