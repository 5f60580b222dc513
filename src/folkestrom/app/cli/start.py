"""Where the command begins: whoever interrupts it while it is still loading is told no more."""

from __future__ import annotations

import signal
import sys

from folkestrom.errors import EXIT_INTERRUPTED


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
