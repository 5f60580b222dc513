"""The command that writes a synthetic country."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from folkestrom.app.cli.context import Settings, has_places, settings
from folkestrom.classifications.reported import AS_IT_WAS
from folkestrom.errors import UsageError

if TYPE_CHECKING:
    from folkestrom.twin.output.creation import Result

_FROM = re.compile(r"(\d{4})(?:-01-01)?")
_TO = re.compile(r"(\d{4})(?:-02-01)?")


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("twin")(twin)


@has_places
def twin(
    ctx: typer.Context,
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="Folder to write; it appears when all is written.")
    ],
    scale: Annotated[
        float, typer.Option("--scale", help="Size: 1 is the whole country, 0.01 one in a hundred.")
    ] = 1.0,
    seed: Annotated[
        int, typer.Option("--seed", help="Same seed, same country; another, other people.")
    ] = 1,
    start: Annotated[
        str, typer.Option("--from", metavar="YYYY[-01-01]", help="1 January of the first stock.")
    ] = "2000-01-01",
    end: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="YYYY[-02-01]",
            help="1 February a month after the last stock, when its figures are drawn.",
        ),
    ] = "2021-02-01",
    reference: Annotated[
        Path | None,
        typer.Option(
            "--reference",
            help="Folder of published series to meet in every year; without it, the sources' "
            "own tables are met.",
            file_okay=False,
            exists=True,
        ),
    ] = None,
    uncalibrated: Annotated[
        bool,
        typer.Option(
            "--uncalibrated",
            help="Draw every event from the known model; published margins are not met.",
        ),
    ] = False,
    panel: Annotated[
        bool | None,
        typer.Option(
            "--panel/--no-panel",
            help="Write the mobility truth's panel; by default with --uncalibrated.",
            show_default=False,
        ),
    ] = None,
    variables: Annotated[
        bool,
        typer.Option(
            "--variables/--no-variables",
            help="Write files of income, wealth, education and the like.",
        ),
    ] = True,
    dwellings: Annotated[
        bool,
        typer.Option(
            "--dwellings/--no-dwellings",
            help="Say which dwelling people live in, and who truly lives with whom.",
        ),
    ] = False,
    stays: Annotated[
        bool,
        typer.Option(
            "--stays",
            help="Write the stays of those who came or left as well, for the rules of residence.",
        ),
    ] = False,
    signs: Annotated[
        bool,
        typer.Option(
            "--signs",
            help="Write signs of life as well, and who truly lives here unregistered.",
        ),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a folder that is not empty.")
    ] = False,
) -> None:
    """Write a synthetic country: report files, and apart from them the truth that made them."""
    given = settings(ctx)
    as_json = given.as_json
    years = _year(start, _FROM, "--from", "1 January"), _year(end, _TO, "--to", "1 February")
    # Imported here: the simulation brings a compiler along, which no other command needs.
    from folkestrom.twin.output.creation import create

    given.lighten()
    with _progress(given) as bar:
        task = bar.add_task("targets", total=None)
        done = create(
            out,
            scale=scale,
            seed=seed,
            reference=reference,
            calibrated=not uncalibrated,
            first_year=years[0],
            last_year=years[1],
            variables=variables,
            panel=panel,
            dwellings=dwellings,
            stays=stays,
            signs=signs,
            overwrite=overwrite,
            as_it_was=_as_it_was(given.borders),
            progress=lambda name, step, steps: bar.update(
                task, description=name, completed=step, total=steps
            ),
        )
    if as_json:
        given.result().print_json_of(_facts(done))
    else:
        _tell(given, done)


def _as_it_was(borders: str | None) -> bool:
    if borders not in (None, "2020", AS_IT_WAS):
        raise UsageError(
            "is not a set of borders that the synthetic country can be in",
            where="--borders",
            value=borders,
            allowed=("2020", AS_IT_WAS),
        )
    return borders == AS_IT_WAS


def _progress(given: Settings) -> Progress:
    columns = (TextColumn("{task.description:>10}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=given.progress(), transient=True, disable=given.quiet)


def _tell(given: Settings, done: Result) -> None:
    given.result().print(
        f"{done.reports:,} reports of {done.persons:,} persons written to {done.report_folder}"
    )
    console = given.progress()
    console.print("Synthetic: every person is invented. The truth is in the folder truth beside.")
    for note in done.notes:
        console.print(f"Not exact: {note}")


def _facts(done: Result) -> dict[str, object]:
    return {
        "folder": str(done.folder),
        "reports": done.reports,
        "persons": done.persons,
        "person_years": done.person_years,
        "scale": done.targets.scale,
        "seed": done.seed,
        "mode": "calibrated" if done.calibrated else "uncalibrated",
        "from": f"{done.targets.years[0]}-01-01",
        "to": f"{done.targets.years[-1]}-02-01",
        "not_exact": list(done.notes),
        "synthetic": True,
    }


def _year(text: str, pattern: re.Pattern[str], option: str, day: str) -> int:
    found = pattern.fullmatch(text)
    if found is None:
        raise UsageError(
            "is not a day that the country can begin or end on",
            where=option,
            value=text,
            allowed=f"{day} of a year, such as {'2000-01-01' if day[2] == 'J' else '2021-02-01'}",
        )
    return int(found[1])
