"""Arrays whose references are not counted.

A compiled function counts up every array that it is handed and down again when it is done, with
a locked instruction each, also where it is inlined. At a few dozen a person that was a third of a
pass, and threads waited for each other's counts.
"""

from __future__ import annotations

from typing import Any

from numba.core import cgutils
from numba.core.types import Array
from numba.core.types.containers import BaseTuple
from numba.extending import intrinsic


def _strip(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    if isinstance(kind, Array):
        held = context.make_array(kind)(context, builder, value)
        held.meminfo = cgutils.get_null_value(held.meminfo.type)
        held.parent = cgutils.get_null_value(held.parent.type)
        return held._getvalue()
    if isinstance(kind, BaseTuple):
        parts = [
            _strip(context, builder, member, builder.extract_value(value, k))
            for k, member in enumerate(kind)
        ]
        return context.make_tuple(builder, kind, parts)
    return value


@intrinsic
def uncounted(_: Any, given: Any) -> Any:
    """The same array, or tuple of arrays, for a function whose caller holds it to the end.

    A function may call it with what it was handed, never with what it made itself: that would be
    freed at its last use by name.
    """

    def generate(context: Any, builder: Any, _: Any, values: Any) -> Any:
        return _strip(context, builder, given, values[0])

    return given(given), generate
