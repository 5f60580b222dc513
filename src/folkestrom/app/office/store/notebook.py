"""What notebooks show of answers: Arrow tables that say what they are, as tables with titles."""

from __future__ import annotations

import sys
from typing import Any

import pyarrow as pa

from folkestrom.model.described import description_of
from folkestrom.model.html_table import table_html


def show_answers() -> None:
    """In a notebook, show an answer with its title, what was known, its units and its notes.

    Only Arrow tables that carry a description are shown so; all others stay as they are. Outside
    of IPython nothing happens.
    """
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is not None:
        shell.display_formatter.formatters["text/html"].for_type(pa.Table, _html)


def _html(table: Any) -> str | None:
    told = description_of(table)
    return table_html(table, told) if told else None
