"""One sweep over the packed log: every person's rows of every derived table."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from folkestrom.engine.kernels import fingerprint, kernel
from folkestrom.register.kernel.inorder import is_in_order, sweep_in_order
from folkestrom.register.kernel.memory import Memory, new_work
from folkestrom.register.kernel.ordering import BY_KNOWLEDGE, sort_reports
from folkestrom.register.kernel.rows import Integers, Reports
from folkestrom.register.kernel.sink import FULL, Sink, grown, new_sink
from folkestrom.register.kernel.timeline import sweep_any_order

_FOLDER = Path(__file__).parent
_SOURCES = fingerprint([*_FOLDER.glob("*.py"), _FOLDER.parent / "flags.py"])


@partial(kernel, sources=_SOURCES, _nrt=False)
def _sweep_persons(
    rows: Reports, starts: Integers, first: int, last: int, work: Memory, sink: Sink, plain: bool
) -> int:
    """Emit the rows of persons `first` to `last`, until the sink is full; return who is next.

    `plain` allows the short way for histories that are in order.
    """
    for person in range(first, last):
        for table in range(FULL + 1):
            work.counts[table] = sink.counts[table]
        count = starts[person + 1] - starts[person]
        for k in range(count):
            work.order[k] = starts[person] + k
        sort_reports(rows, work.order, work.spare, count, BY_KNOWLEDGE)
        if plain and is_in_order(rows, work.order, count):
            sweep_in_order(rows, work.order, count, sink)
        else:
            sweep_any_order(rows, work, count, sink)
        if sink.counts[FULL]:
            for table in range(FULL + 1):
                sink.counts[table] = work.counts[table]
            return person
    return last


def swept(rows: Reports) -> Sink:
    """Everything that reports of few persons give, at once; each person's lie side by side."""
    changes = np.flatnonzero(rows["person"][1:] != rows["person"][:-1]) + 1
    starts = np.concatenate(([0], changes, [len(rows)])).astype(np.int64)
    work, sink = new_work(int(np.diff(starts).max(initial=0))), new_sink(4 * len(rows) + 16)
    return sweep(rows, starts, (0, len(starts) - 1), work, sink)


def sweep(
    rows: Reports,
    starts: Integers,
    bounds: tuple[int, int],
    work: Memory,
    sink: Sink,
    *,
    plain: bool = True,
) -> Sink:
    """Emit the rows of a range of persons.

    Parameters
    ----------
    rows, starts
        The packed log, and where each person's rows begin.
    bounds
        First person, and the one after the last.
    work
        Working memory for the longest history.
    sink
        Where to put the rows, after those that are there.
    plain
        Whether histories that are in order may take the short way.

    Returns
    -------
    Sink
        The sink, or a larger one in its place.
    """
    first, last = bounds
    while first < last:
        first = _sweep_persons(rows, starts, first, last, work, sink, plain)
        if first < last:
            sink = grown(sink)
    return sink
