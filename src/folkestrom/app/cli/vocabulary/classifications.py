"""The commands under classifications: load, pull, and convert totals."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from folkestrom.app.cli.context import Settings, settings
from folkestrom.app.cli.options import Output, Wait, option

if TYPE_CHECKING:
    from folkestrom.app.office.vocabulary.classifications import ClassificationsResult

classifications_app = typer.Typer(
    help="Classifications of the store: basic units, parts of town, centrality, municipalities.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.add_typer(classifications_app, name="classifications")


@classifications_app.command("load")
def load(
    ctx: typer.Context,
    files: Annotated[
        Path, typer.Option("--from", help="Folder of the lists, as CSV files, or one file.")
    ],
    wait: Wait = None,
) -> None:
    """Load classifications from files, in place of those that the store has."""
    from folkestrom.app.office.vocabulary import classifications as office

    given = settings(ctx)
    _tell(given, office.load(given.store, files, given.waiting(wait)))


@classifications_app.command("pull")
def pull(
    ctx: typer.Context,
    files: Annotated[
        Path | None,
        typer.Option("--from", help="Folder of the lists, as CSV files, instead of the service."),
    ] = None,
    wait: Wait = None,
) -> None:
    """Pull classifications from Statistics Norway's service, in place of those of the store."""
    if files is not None:
        load(ctx, files, wait)
        return
    from folkestrom.app.office.vocabulary import classifications as office

    given = settings(ctx)
    _tell(given, office.pull(given.store, given.waiting(wait)))


@classifications_app.command("convert")
def convert(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="Totals by municipality, CSV or Parquet.", dir_okay=False)
    ],
    from_: Annotated[
        str, typer.Option("--from", metavar="YEAR", help="Year whose borders the totals are in.")
    ],
    to_: Annotated[str, typer.Option("--to", metavar="YEAR", help="Year whose borders to have.")],
    places: Annotated[
        str, typer.Option("--places", help="The file's column of municipalities.")
    ] = "municipality",
    measure: Annotated[
        str, typer.Option("--measure", help="Its columns of totals, with commas between them.")
    ] = "persons",
    weights: Annotated[
        Path | None,
        typer.Option(
            "--weights", dir_okay=False,
            help="Weights of your own, CSV or Parquet: code_from, code_to, weight. Without it, "
            "shares of basic units.",
        ),
    ] = None,
    output: Output = None,
    wait: Wait = None,
) -> None:  # fmt: skip
    """Convert a file of totals to other borders, and mark what is estimated."""
    from folkestrom.app.office.vocabulary import conversion

    given = settings(ctx)
    given.check_output(output, listing=True)
    question = conversion.ConversionQuestion.asked(
        option, file=file, from_=from_, to_=to_, places=places, measure=measure, weights=weights
    )
    given.write(conversion.convert(given.store, given.waiting(wait), question), output)


def _tell(given: Settings, done: ClassificationsResult) -> None:
    if given.as_json:
        given.result().print_json_of(asdict(done))
        return
    for name, many in done.codes.items():
        given.result().print(f"{name}: {many:,} codes")
    for fault in done.faults:
        given.progress().print(f"Found in the lists: {fault}")
    if done.released or done.waiting:
        given.result().print(f"Released from quarantine: {done.released:,} reports")
    if done.waiting:
        given.progress().print(
            f"{done.waiting:,} with these numbers wait still: `folkestrom quarantine list` says why"
        )
