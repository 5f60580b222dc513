"""Values as JSON, the same wherever a command writes it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any


def json_text(value: Any, indent: int | None = None) -> str:
    """A value as JSON: letters of every language as they are, days in the form of ISO 8601.

    Parameters
    ----------
    value
        Plain data, days and paths.
    indent
        How far each level is indented; None: all of it stands on one line.

    Examples
    --------
    >>> json_text({"known_from": date(2021, 2, 1), "where": "Tromsø"})
    '{"known_from": "2021-02-01", "where": "Tromsø"}'
    """
    return json.dumps(value, ensure_ascii=False, indent=indent, default=_as_text)


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
