"""The commands serve, which becomes the public server, and export, which copies what it answers."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from folkestrom.app.cli.context import settings
from folkestrom.app.cli.publish.releases import FOLDER, Releases, publish_app
from folkestrom.errors import UsageError

Borders = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="GeoJSON or TopoJSON of areas, for maps."),
]


def register(app: typer.Typer) -> None:
    """Add this module's command to the application."""
    app.command("serve")(serve)


def serve(
    ctx: typer.Context,
    releases: Releases = FOLDER,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes that answer.")] = 1,
    cells: Annotated[int, typer.Option(min=1, help="Most cells of one answer.")] = 800_000,
    calls: Annotated[
        int, typer.Option(min=0, help="Most calls of a client in the window; 0: any number.")
    ] = 0,
    window: Annotated[int, typer.Option(min=1, help="Length of the window, in seconds.")] = 60,
    borders: Borders = None,
) -> None:
    """Answer the public: a web site, and the interface of the statistics bank, from what is out."""
    require_server()
    # Another program, and not a function of this one: it must not hold what reads the store.
    command = [
        sys.executable, "-m", "folkestrom.app.public", str(releases / "public"),
        "--host", host, "--port", str(port), "--workers", str(workers),
        "--cells", str(cells), "--calls", str(calls), "--window", str(window if calls else 0),
    ]  # fmt: skip
    if borders is not None:
        command += ["--boundaries", str(borders)]
    settings(ctx).progress().print(f"http://{host}:{port}/")
    os.execv(sys.executable, command)  # noqa: S606


@publish_app.command("export")
def export(
    ctx: typer.Context,
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="New folder, or an earlier export.", file_okay=False),
    ],
    releases: Releases = FOLDER,
    address: Annotated[
        str,
        typer.Option(metavar="ADDRESS", help="Where the files will be, for feeds and catalogues."),
    ] = "http://127.0.0.1:8000",
    borders: Borders = None,
) -> None:
    """Write the public site and its data as files, for any web server."""
    require_server()
    from folkestrom.app.public.export import export as written

    given = settings(ctx)
    with given.progress().status("Writing …") as status:
        made = written(
            releases / "public", folder, address, borders,
            lambda done, known: status.update(f"Writing {done} of {known} …"),
        )  # fmt: skip
    if given.as_json:
        given.result().print_json_of(
            {"files": made.files, "bytes": made.size, "pictures_drawn": made.drawn}
        )
        return
    given.result().print(f"{made.files} files, {made.size / 1e6:.1f} MB")


def require_server() -> None:
    """Refuse a command that answers browsers where what it needs is not installed."""
    if find_spec("starlette") is None or find_spec("uvicorn") is None:
        raise UsageError(
            "is not installed", where="the public server", next_step="Install folkestrom[public]"
        )
