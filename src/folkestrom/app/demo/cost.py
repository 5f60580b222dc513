"""What the steps of a run cost: seconds, reports a second, peak memory."""

from __future__ import annotations

import resource
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from folkestrom.model.specification import Text

#: Pages of memory that the process holds, the second of the numbers there.
_HELD: Final = Path("/proc/self/statm")
#: Seconds between two looks at the memory.
_PAUSE: Final = 0.02

#: The steps of a run, for machines and for readers.
STEPS: Final = {
    "twin": Text("Synthetic country", "Syntetisk land"),
    "intake": Text("Reports into the log", "Meldinger inn i loggen"),
    "register": Text("Register from the log", "Register av loggen"),
    "tables": Text("The four tables", "De fire tabellene"),
    "figures": Text("The page's other figures", "Sidens andre tall"),
}
#: Steps that deal with every report.
_OF_REPORTS: Final = frozenset({"twin", "intake", "register"})


@dataclass(frozen=True, slots=True)
class StepCost:
    """What one step cost.

    Parameters
    ----------
    name
        The step, one of `STEPS`.
    seconds
        Wall-clock time.
    peak_bytes
        Most memory that the process held during the step, as looked at fifty times a second; where
        the system can't tell that, up to the end of the step.
    reports
        Reports that it dealt with; None where that says nothing.
    """

    name: str
    seconds: float
    peak_bytes: int
    reports: int | None = None

    @property
    def label(self) -> Text:
        """The step, for readers."""
        return STEPS[self.name]

    @property
    def reports_per_second(self) -> float | None:
        """Reports dealt with in a second."""
        return None if self.reports is None else self.reports / max(self.seconds, 1e-9)


@dataclass(slots=True)
class Meter:
    """Measures one step after another; each begins where the one before ends."""

    costs: list[StepCost] = field(default_factory=list)
    _name: str = ""
    _began: float = 0.0
    _watch: _MemoryWatch | None = None

    def begin(self, name: str) -> None:
        """End the step under way, if any, and begin another."""
        self.end()
        self._name, self._began, self._watch = name, time.monotonic(), _MemoryWatch()

    def end(self) -> None:
        """End the step under way."""
        if self._watch:
            seconds = time.monotonic() - self._began
            self.costs.append(StepCost(self._name, seconds, self._watch.stop()))
        self._watch = None


class _MemoryWatch:
    """Looks at the memory that the process holds until it is stopped."""

    def __init__(self) -> None:
        self._most = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """Most bytes seen."""
        self._stopped.set()
        self._thread.join()
        return self._most

    def _look(self) -> None:
        while True:
            self._most = max(self._most, held_memory())
            if self._stopped.wait(_PAUSE):
                return


def with_reports(costs: list[StepCost], reports: int) -> tuple[StepCost, ...]:
    """The same costs, for so many reports in those steps that deal with every one."""
    return tuple(replace(c, reports=reports) if c.name in _OF_REPORTS else c for c in costs)


def held_memory() -> int:
    """Bytes that this process holds now; elsewhere than on Linux, the most it has held so far."""
    try:
        pages = int(_HELD.read_text(encoding="ascii").split()[1])
    except OSError:
        return peak_memory()
    return pages * resource.getpagesize()


def peak_memory() -> int:
    """Most bytes that this process has ever held."""
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
