"""What the steps of a run cost: seconds, reports a second, peak memory."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from folkestrom.model.specification import Text

_STATUS: Final = Path("/proc/self/status")
_RESET: Final = Path("/proc/self/clear_refs")
#: Tells Linux to count the peak from here on.
_RESET_PEAK: Final = "5"

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
        Most memory that the process held during the step, or, where the system can't tell
        that, up to its end.
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

    def begin(self, name: str) -> None:
        """End the step under way, if any, and begin another."""
        self.end()
        _reset_peak()
        self._name, self._began = name, time.monotonic()

    def end(self) -> None:
        """End the step under way."""
        if self._name:
            seconds = time.monotonic() - self._began
            self.costs.append(StepCost(self._name, seconds, peak_memory()))
        self._name = ""


def with_reports(costs: list[StepCost], reports: int) -> tuple[StepCost, ...]:
    """The same costs, for so many reports in those steps that deal with every one."""
    return tuple(replace(c, reports=reports) if c.name in _OF_REPORTS else c for c in costs)


def peak_memory() -> int:
    """Most bytes that this process held since the peak was last reset, or since it began."""
    try:
        for line in _STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _reset_peak() -> None:
    try:
        _RESET.write_text(_RESET_PEAK, encoding="ascii")
    except OSError:
        return
