"""The cases on the manual's page are what the rules decide, and every rule is on it."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from folkestrom.engine.steps import run
from folkestrom.residence.deciding import Rulebook, standing_steps, verdict_steps
from folkestrom.residence.law import rules
from tests.reference.residence import Stay
from tests.residence.test_deciding import put

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "residence-rules.md"
TEXT = PAGE.read_text(encoding="utf-8")
CASES = re.findall(r"<!-- case -->\n```text\n(.*?)\n=> (.*?)\n```", TEXT, re.DOTALL)
DEFAULTS = {"day": "2021-01-01", "known": "2021-02-01", "base": "registered", "reading": "law"}


def _value(name: str, text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return date.fromisoformat(text)
    return int(text) if text.isdecimal() else text


def _pairs(words: list[str]) -> dict[str, str]:
    return dict(word.split("=") for word in words)


def _stay(line: str) -> Stay:
    country, place, begins, ground, *more = line.split()
    told = {name: _value(name, text) for name, text in _pairs(more).items()}
    municipality = None if place == "-" else int(place)
    return Stay(1, country, date.fromisoformat(begins), ground, municipality, **told)


@pytest.mark.parametrize(("told", "expected"), CASES)
def test_case(told: str, expected: str) -> None:
    lines = told.splitlines()
    asked = DEFAULTS | (_pairs(lines.pop(0).split()) if "=" in lines[0].split()[0] else {})
    book = Rulebook(asked["base"], asked["reading"])  # type: ignore[arg-type]
    dates = {"day": date.fromisoformat(asked["day"]),
             "known_at": date.fromisoformat(asked["known"])}  # fmt: skip
    with duckdb.connect() as connection:
        put(connection, [_stay(line) for line in lines])
        cursor = run(connection, standing_steps(book), dates)
        names = [column[0] for column in cursor.description or ()]
        rows = cursor.fetchall()
        found = dict(zip(names, rows[0], strict=True)) if rows else {}
        last = run(connection, [*verdict_steps(book)], dates).fetchall()
    assert _said(found, _last_rule(last, names_of_verdicts(book)), expected) == expected


def names_of_verdicts(book: Rulebook) -> list[str]:
    with duckdb.connect() as connection:
        put(connection, [Stay(1, "NO", date(2020, 1, 1), "work", 301)])
        cursor = run(connection, verdict_steps(book), {"known_at": date(2021, 1, 1)})
        return [column[0] for column in cursor.description or ()]


def _last_rule(rows: list[tuple[Any, ...]], names: list[str]) -> int:
    stays = [dict(zip(names, row, strict=True)) for row in rows]
    stays = [s for s in stays if s["ground"] != "unknown" or s["outcome"] != "unchanged"]
    last = max(stays, key=lambda stay: stay["from_date"])
    return int(last["rule"])


def _said(found: dict[str, Any], last: int, expected: str) -> str:
    """What the rules say, as far as the page says it."""
    resident = found.get("outcome") == "resident"
    said = f"resident {found['municipality']:04d}" if resident else "not resident"
    if found.get("since") is not None and "since" in expected:
        said += f" since {found['since']}"
    said += f" by {rules()[last].name}"
    if ", where" in expected:
        said += f", where {rules()[found['where_rule']].name}"
    return said


def test_every_rule_stands_on_the_page_as_it_is_and_decides_a_case() -> None:
    decided = " ".join(expected for _, expected in CASES)
    for rule in rules():
        assert f"### `{rule.name}`\n\n{rule.text.en} *{rule.citation.en}* ({rule.mark}" in TEXT
        assert re.search(rf"(by|where) {rule.name}\b", decided), rule.name
