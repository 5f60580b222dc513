"""Pages of the manual that are one list of rules: the feed's events, and regimes of figures."""

from __future__ import annotations

from typing import Any

from folkestrom.intake.feed.event_types import event_types
from folkestrom.intake.feed.reasons import DESCRIPTIONS as FEED_REASONS
from folkestrom.statistics.regimes.regime import regimes

NOTE = "<!-- Made by docs/generate.py; change the code, not this page. -->"


def table(header: list[str], rows: Any) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
            for row in lines]  # fmt: skip


def regime_table() -> str:
    """The regimes of official figures, with what the source says and how else it can be read."""
    lines = [
        "# Regimes",
        NOTE,
        "",
        "How quarterly and preliminary figures were made at the time, by",
        '[`changes --regime`](../how-to/figures-as-published.md). Citations are of "About the',
        "statistics\" of Statistics Norway's page *Population*, as of 2021.",
    ]
    for regime in regimes():
        until = "" if regime.valid_to.year == 9999 else f"–{regime.valid_to.year - 1}"
        lines += [
            "",
            f"## {regime.id}{until or '–'}",
            "",
            regime.text.en,
            "",
            f"> {regime.citation}",
        ]
        for reading in regime.readings:
            lines += ["", f"Another reading of what it says of {reading.about}: {reading.text}"]
    return "\n".join([*lines, ""])


def feed_events() -> str:
    """Types of events of the national register's feed, and what becomes of them."""
    listed = {"schema": "schema", "documents": "documents only"}
    events = (
        [f"`{e.type}`", listed[e.listed_in], e.what or f"**{e.treatment}**", e.why]
        for e in event_types().values()
    )
    heads = ["type", "listed in", "becomes", "why not, or not all of it"]
    reasons = ([f"`{reason}`", said] for reason, said in FEED_REASONS.items())
    types = "\n".join(table(heads, events))
    why = "\n".join(table(["reason", "what is wrong"], reasons))
    return f"""# Events of the national register
{NOTE}

What [`feed read`](../how-to/read-the-national-feed.md) makes of each type of event. Listed: in the
schema of event documents, version 1.4, or only in the list of events in the register's
description, version 1.8.

{types}

A type that is not in this table is **quarantined**; intake of the others goes on.

## Reasons

Why an event stands in `quarantine.tsv`:

{why}
"""
