"""Where the command begins: whoever interrupts it while it is still loading is told no more."""

from __future__ import annotations

import errno
import os
import signal
import sys

from folkestrom.errors import EXIT_INTERRUPTED, EXIT_RESOURCE

_MANY_FILES = os.strerror(errno.EMFILE).lower()


def main() -> None:
    """Load the application, and run it."""
    # Whoever ends the process by a signal finds as little left behind as with Ctrl-C.
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
            signal.signal(number, signal.default_int_handler)
    try:
        # Imported here: loading takes some tenths of a second, in which Ctrl-C may come.
        from folkestrom.app.cli.main import app

        app()
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)
    except (OSError, ImportError) as error:
        # What the application meets is told by itself; this is about loading it.
        if _MANY_FILES not in str(error).lower():
            raise
        print(f"Error: {_MANY_FILES}. Next: Raise the limit (ulimit -n).", file=sys.stderr)
        sys.exit(EXIT_RESOURCE)
