"""The application: global options, and the modules that register their commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from folkestrom import __version__
from folkestrom.app.cli import (
    demo,
    fit,
    intake,
    link,
    pictures,
    rates,
    statistics,
    study,
    twin,
)
from folkestrom.app.cli.context import Settings
from folkestrom.app.cli.deliveries import feed
from folkestrom.app.cli.demography import (
    abroad,
    estimate,
    households,
    indicators,
    life_table,
    moves,
    older,
    project,
    simulate,
)
from folkestrom.app.cli.group import FolkestromGroup
from folkestrom.app.cli.language.catalogue import VARIABLE
from folkestrom.app.cli.publish import office, releases, serve, transmit
from folkestrom.app.cli.quality import check, duplicates, flags, revisions
from folkestrom.app.cli.residence import explain, rules
from folkestrom.app.cli.vocabulary import classifications, variables
from folkestrom.model.specification import Language
from folkestrom.publish.formats.output_format import OutputFormat

app = typer.Typer(
    name="folkestrom",
    cls=FolkestromGroup,
    help="A stream of register reports becomes population statistics.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"folkestrom {__version__}")
        raise typer.Exit


@app.callback()
def _global_options(
    ctx: typer.Context,
    store: Annotated[
        Path,
        typer.Option(envvar="FOLKESTROM_STORE", help="Folder of the store.", file_okay=False),
    ] = Path("folkestrom-store"),
    output_format: Annotated[
        OutputFormat, typer.Option("--format", help="How the result is written.")
    ] = OutputFormat.TABLE,
    lang: Annotated[
        Language,
        typer.Option(
            "--lang", envvar=VARIABLE, help="Language of titles, labels, help and errors."
        ),
    ] = Language.EN,
    borders: Annotated[
        str | None,
        typer.Option(
            "--borders",
            metavar="YYYY|as-it-was",
            help="Borders that places are in: of a year, or of each day. Without it, as reported.",
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Results and errors only: no progress, no remarks.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of unexpected errors.")
    ] = False,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:

    def is_typed(name: str) -> bool:
        source = ctx.get_parameter_source(name)
        return source is not None and source.name == "COMMANDLINE"

    ctx.obj = Settings(
        store=store,
        quiet=quiet,
        format=output_format,
        debug=debug,
        format_said=is_typed("output_format"),
        lang=lang,
        lang_said=is_typed("lang"),
        borders=borders,
    )


for module in (
    intake,
    feed,
    link,
    classifications,
    variables,
    check,
    statistics,
    revisions,
    moves,
    households,
    indicators,
    life_table,
    estimate,
    project,
    simulate,
    abroad,
    older,
    flags,
    duplicates,
    explain,
    rules,
    rates,
    pictures,
    study,
    fit,
    twin,
    demo,
    releases,
    transmit,
    serve,
    office,
):
    module.register(app)
