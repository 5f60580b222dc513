"""How much memory is free, so that what cannot fit is refused rather than killed."""

from __future__ import annotations

from pathlib import Path

from folkestrom.errors import ResourceError

_MEMINFO = Path("/proc/meminfo")
_GROUP = Path("/sys/fs/cgroup")


def check_memory(needed: int, what: str, next_step: str) -> None:
    """Refuse what needs more memory than is free, where the system says what is free.

    Parameters
    ----------
    needed
        Bytes.
    what
        What needs them.
    next_step
        What to do instead.
    """
    free = free_memory()
    if free is not None and needed > free:
        raise ResourceError(
            f"{what} needs {needed / 2**30:.1f} GiB of memory",
            allowed=f"{free / 2**30:.1f} GiB that are free",
            next_step=next_step,
        )


def free_memory() -> int | None:
    """Bytes that this process may still take; None where the system does not say."""
    if not _MEMINFO.exists():
        return None
    [line] = [t for t in _MEMINFO.read_text().splitlines() if t.startswith("MemAvailable")]
    free = int(line.split()[1]) * 1024
    limit = _GROUP / "memory.max"
    if not limit.exists() or limit.read_text().strip() == "max":
        return free
    # A container's own limit; files that are only kept in memory make room.
    used = int((_GROUP / "memory.current").read_text())
    kept = dict(t.split() for t in (_GROUP / "memory.stat").read_text().splitlines())
    return min(free, int(limit.read_text()) - used + int(kept.get("inactive_file", 0)))
