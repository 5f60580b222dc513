"""The command office: pages for whoever approves releases and answers for a register."""

from __future__ import annotations

from typing import Annotated

import typer

from folkestrom.app.cli.context import settings
from folkestrom.app.cli.language.catalogue import asked
from folkestrom.app.cli.publish.releases import FOLDER, Releases
from folkestrom.app.cli.publish.serve import require_server


def register(app: typer.Typer) -> None:
    """Add this module's command to the application."""
    app.command("office")(office)


def office(
    ctx: typer.Context,
    releases: Releases = FOLDER,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0: one that is free.")
    ] = 0,
    idle: Annotated[
        float, typer.Option(min=0.1, help="Minutes without a question after which it ends.")
    ] = 60,
) -> None:
    """Show releases in review, quarantine and delays in a browser on this machine."""
    require_server()
    from folkestrom.app.office.web.server import serve

    given = settings(ctx)
    norwegian = asked(["--lang", "no"])
    serve(given.store, releases, given.lang, port, idle * 60, given.result().print, norwegian)
