"""The public server as a program: `python -m folkestrom.app.public FOLDER`."""

from __future__ import annotations

import argparse
import os
import sys

from folkestrom.app.public.server import FOLDER_VARIABLE
from folkestrom.errors import EXIT_USAGE


def main() -> None:
    """Listen, and answer from the folder of what is out."""
    reader = argparse.ArgumentParser(prog="folkestrom serve")
    reader.add_argument("folder", help="the public folder of the releases")
    reader.add_argument("--host", default="127.0.0.1")
    reader.add_argument("--port", type=int, default=8000)
    reader.add_argument("--workers", type=int, default=1)
    asked = reader.parse_args()
    try:
        import uvicorn
    except ModuleNotFoundError:
        print("Error: the public server is not installed.", file=sys.stderr)
        print("Next: Install folkestrom[public].", file=sys.stderr)
        sys.exit(EXIT_USAGE)
    os.environ[FOLDER_VARIABLE] = asked.folder
    uvicorn.run(
        "folkestrom.app.public.server:from_environment", factory=True, host=asked.host,
        port=asked.port, workers=asked.workers, log_level="warning", server_header=False,
    )  # fmt: skip


if __name__ == "__main__":
    main()
