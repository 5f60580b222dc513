"""Commands about studies: study, describe, follow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from folkestrom.app.cli.completion.words import names_of
from folkestrom.app.cli.context import OutputFormat, Settings, has_places, settings
from folkestrom.app.cli.options import Level, Output, OverCoverage, Publish, StudyFile, Wait, option
from folkestrom.errors import UsageError

if TYPE_CHECKING:
    from folkestrom.app.office.studies import Made


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("study")(study)
    app.command("describe")(describe)
    app.command("follow")(follow)


@has_places
def study(
    ctx: typer.Context,
    file: StudyFile,
    episodes: Annotated[
        Path | None,
        typer.Option(
            "--episodes",
            help="File to write the episodes to, .parquet, .csv, .arrow, .dta or .sav: rows of "
            "persons, for the office.",
            dir_okay=False,
        ),
    ] = None,
    panel: Annotated[
        Path | None,
        typer.Option(
            "--panel",
            help="File to write the person-years to, .parquet, .csv, .arrow, .dta or .sav: rows of "
            "persons, for the office.",
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
        from folkestrom.app.output.write import send

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


@has_places
def describe(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="The study: a TOML file with a panel.", dir_okay=False)
    ],
    by: Annotated[
        str,
        typer.Option(
            "--by",
            help="Variables, with commas between them: immigrant_group,year. The panel need not "
            "have them.",
            autocompletion=names_of("panel"),
        ),
    ] = "",
    of: Annotated[
        str | None,
        typer.Option(
            "--of", help="A number, such as income: its mean and quantiles instead of outcomes."
        ),
    ] = None,
    quantiles: Annotated[
        str,
        typer.Option(
            "--quantiles",
            help="Which quantiles of it, with commas between them; without it, "
            "0.1,0.25,0.5,0.75,0.9.",
        ),
    ] = "",
    publish: Publish = None,
    output: Output = None,
    wait: Wait = None,
) -> None:
    """What the panel of a study shows: outcomes, or the values of a number, by any variables."""
    from folkestrom.analysis.study.toml_file import read_study
    from folkestrom.app.office.arguments import names
    from folkestrom.app.office.description import DescriptionQuestion
    from folkestrom.outputs.rules import rules_of

    given = settings(ctx)
    given.check_output(output)
    question = DescriptionQuestion(
        read_study(file), names(by), of, _shares(quantiles), rules_of(publish)
    )
    with given.progress().status("Counting …"):
        cells = given.answer(question, wait)
    given.write(cells, output)


def _shares(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(share) for share in text.split(",") if share.strip())
    except ValueError:
        raise UsageError(
            "are not numbers with commas between them",
            where="--quantiles",
            value=text,
            allowed="such as 0.25,0.5,0.75",
        ) from None


@has_places
def follow(
    ctx: typer.Context,
    file: StudyFile,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            help="Variables as of the entry, with commas between them: the study's own columns and "
            "groups, or any other.",
            autocompletion=names_of("episode"),
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
    over_coverage: OverCoverage = None,
    publish: Annotated[
        str | None,
        typer.Option(
            "--publish",
            metavar="research|statistics",
            help="Protect the result, and the picture, for publication by these rules.",
        ),
    ] = None,
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
        publish=publish, picture=None if picture is None else Picture(picture, given.lang),
        over_coverage=over_coverage,
    )  # fmt: skip
    with given.asking(wait) as connection, given.progress().status("Following …") as status:
        cells = question.answer(
            connection, lambda rows: status.update(f"{rows:,} episodes read …")
        ).cells
    given.write(cells, output)
