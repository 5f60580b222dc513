"""Examples as small text tables, as the manual shows them: reports, and all rows that come of them.

A table's first column names its rows: the report. Cells lie under their headings, an empty one is
none, `.` is the end of time.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from folkestrom.model.codes import Kind
from folkestrom.register.flags import FlagReason
from folkestrom.register.tables import BY_NAME
from tests.reference.register import OPEN, Report, Row, Tables

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "histories-by-example.md"
_EXAMPLE = re.compile(r"<!-- example -->\n```text\n(.*?)```", re.DOTALL)
_HEADINGS = {
    "stay": ("position", "municipality", "valid_from", "valid_to", "known_from", "known_to"),
    "event": (
        "position",
        "kind",
        "event_date",
        "municipality_from",
        "municipality_to",
        "known_from",
        "known_to",
    ),
    "flag": ("position", "reason_code", "known_from", "known_to"),
    "identity": ("position", "survivor", "known_from", "known_to"),
}


def examples() -> list[str]:
    """The examples of the manual's page."""
    return _EXAMPLE.findall(PAGE.read_text(encoding="utf-8"))


def read(example: str) -> tuple[list[Report], Tables]:
    """The reports of an example, and the rows that it says come of them."""
    first, *others = example.strip().split("\n\n")
    reports = [_report(number, cells) for number, cells in enumerate(_rows(first), 1)]
    tables: Tables = {name: set() for name in _HEADINGS}
    for text in others:
        name = text.split(maxsplit=1)[0]
        tables[name] = {tuple(map(_value, cells.values())) for cells in _rows(text)}
    return reports, tables


def shown(tables: Tables, name: str) -> set[Row]:
    """Rows of a table, with the columns that examples show."""
    wanted = [BY_NAME[name].index(column) for column in _HEADINGS[name]]
    return {tuple(row[i] for i in wanted) for row in tables.get(name, set())}


def _rows(text: str) -> list[dict[str, str]]:
    heading, *lines = text.splitlines()
    starts = [match.start() for match in re.finditer(r"\S+", heading)]
    names = heading.split()
    cuts = list(zip(names, starts, [*starts[1:], None], strict=True))
    return [{name: line[a:b].strip() for name, a, b in cuts} for line in lines]


def _report(number: int, cells: dict[str, str]) -> Report:
    received = date.fromisoformat(cells["received"])
    aim = cells.get("annuls") or cells.get("corrects")
    place = _value(cells["place"])
    return Report(
        position=number,
        person=int(cells.get("person", "1")),
        kind=Kind[cells["kind"].upper()],
        received_at=datetime(received.year, received.month, received.day, 12, tzinfo=UTC),
        known_from=received + timedelta(days=1),
        key_hash=number,
        event_date=_value(cells["event"]),
        birth_date=_value(cells.get("birth", "")),
        municipality=place,
        basic_unit=place,
        survivor=_value(cells.get("survivor", "")),
        target=_value(aim) if aim else None,
        aims=bool(aim),
    )


def _value(text: str) -> object:
    if text == ".":
        return OPEN
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return date.fromisoformat(text)
    if re.fullmatch(r"[A-Z]", text):
        return ord(text) - ord("A") + 1
    if text.isdecimal():
        return int(text)
    if not text:
        return None
    name = text.upper()
    return int(Kind[name] if name in Kind.__members__ else FlagReason[name])
