"""The public server as a program: `python -m folkestrom.app.public FOLDER`."""

from __future__ import annotations

import argparse
import os
from dataclasses import fields

import uvicorn

from folkestrom.app.public.server import BORDERS_VARIABLE, FOLDER_VARIABLE, LIMITS_VARIABLE
from folkestrom.publish.statbank.listing import Limits


def main() -> None:
    """Listen, and answer from the folder of what is out."""
    reader = argparse.ArgumentParser(prog="folkestrom serve")
    reader.add_argument("folder", help="the public folder of the releases")
    reader.add_argument("--host", default="127.0.0.1")
    reader.add_argument("--port", type=int, default=8000)
    reader.add_argument("--workers", type=int, default=1)
    reader.add_argument(
        "--boundaries", dest="borders", help="GeoJSON or TopoJSON of areas, for maps"
    )
    limits = [field.name for field in fields(Limits)]
    for name in limits:
        reader.add_argument(f"--{name}", type=int, default=getattr(Limits(), name))
    asked = reader.parse_args()
    os.environ[FOLDER_VARIABLE] = asked.folder
    if asked.borders:
        os.environ[BORDERS_VARIABLE] = asked.borders
    os.environ[LIMITS_VARIABLE] = " ".join(str(getattr(asked, name)) for name in limits)
    uvicorn.run(
        "folkestrom.app.public.server:from_environment", factory=True, host=asked.host,
        port=asked.port, workers=asked.workers, log_level="warning", server_header=False,
    )  # fmt: skip


if __name__ == "__main__":
    main()
