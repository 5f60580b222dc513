"""Where the command begins: whoever interrupts it while it is still loading is told no more."""

from __future__ import annotations

import errno
import os
import signal
import sys
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from folkestrom.errors import EXIT_INTERRUPTED, EXIT_RESOURCE

_MANY_FILES = os.strerror(errno.EMFILE).lower()
#: Loaded when something of them is used: most questions need neither, and each takes a while.
_WHEN_USED: Final = ("polars", "xlsxwriter")


class _Later(ModuleType):
    """A module that loads when something of it is asked for.

    (The standard library's lazy loader loads when a second module imports it, used or not.)
    """

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def load_when_used(name: str) -> None:
    """Let a module load no sooner than something of it is asked for, whoever imports it.

    Parameters
    ----------
    name
        The module; one that is loaded stays so.
    """
    sys.modules.setdefault(name, _Later(name))


def main() -> None:
    """Load the application, and run it."""
    # Whoever ends the process by a signal finds as little left behind as with Ctrl-C.
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
            signal.signal(number, signal.default_int_handler)
    try:
        for name in _WHEN_USED:
            load_when_used(name)
        # Imported here: loading takes some tenths of a second, in which Ctrl-C may come.
        from folkestrom.app.cli.context import Settings
        from folkestrom.app.cli.main import app

        Settings.alone = True
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
