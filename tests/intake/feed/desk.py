"""A small register, pulled and read: what a test of the feed begins with."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from folkestrom.intake.feed.folder import FeedFolder
from folkestrom.intake.feed.pull import Pulled, pull
from folkestrom.intake.feed.read import FeedRead, read
from folkestrom.intake.identities.pseudonyms import Key
from tests.intake.feed.register import Register

KEY = Key(bytes(range(32)), "the.key")
MARY, JOHN, CHILD = 11, 12, 13
AT = datetime(2020, 6, 8, 8, tzinfo=UTC)


class Direct:
    """A register, asked without a network."""

    tag = None

    def __init__(self, register: Register) -> None:
        self._register = register

    def page(self, number: int) -> bytes | None:
        return self._register.page(number)

    def event_document(self, name: str) -> bytes | None:
        return self._register.documents.get(name)

    def person_document(self, name: str) -> bytes | None:
        found = name in self._register.persons
        return self._register.person_document(name) if found else None


def start(person: int = MARY, kind: str = "immigration", **other: Any) -> dict[str, Any]:
    """A report record that starts a record in Oslo on 20 January 2020."""
    born = date(2020, 1, 20) if kind == "birth" else date(1980, 5, 10)
    return {
        "source_report_id": f"start-{person}", "person": person, "kind": kind,
        "received_at": datetime(2020, 2, 3, 9, tzinfo=UTC), "event_date": date(2020, 1, 20),
        "municipality": "0301", "basic_unit": "03010101", "country": "PL", "reason": "work",
        "country_of_birth": "PL", "citizenship": "PL", "sex": "female", "birth_date": born,
        "marital_status": "never_married",
    } | other  # fmt: skip


def move(
    to: str = "1103", on: date = date(2020, 6, 1), at: datetime = AT, **other: Any
) -> dict[str, Any]:
    """A report record of a move."""
    return {
        "source_report_id": f"move-{to}-{on}", "person": MARY, "kind": "move", "received_at": at,
        "event_date": on, "municipality": to, "basic_unit": f"{to}0001",
    } | other  # fmt: skip


def changed(
    entity: str, payload: dict[str, Any] | None, what: str = "registrereNy"
) -> dict[str, Any]:
    """A change of an entity in an event document."""
    return {"entitet": entity, "entitetsendring": what} | ({entity: payload} if payload else {})


def pulled(register: Register, folder: Path) -> Pulled:
    return pull(Direct(register), FeedFolder(folder), patience=0)


def reading(folder: Path, reports: Path, key: Key = KEY) -> FeedRead:
    return read(FeedFolder(folder), key, reports)


def records(reports: Path) -> list[dict[str, Any]]:
    """All report records that were written."""
    files = sorted(reports.glob("*.ndjson"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def waiting(reports: Path) -> list[dict[str, str]]:
    """What is in quarantine."""
    with (reports / "quarantine.tsv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def told(register: Register, work: Path) -> list[dict[str, Any]]:
    """The records that come of a register."""
    pulled(register, work / "feed")
    reading(work / "feed", work / "reports")
    return records(work / "reports")


def person(register: Register, number: int) -> int:
    """The pseudonym of a person."""
    return KEY.pseudonym("person", register.number(number))[0]


def reasons(work: Path) -> list[str]:
    """Why events are in quarantine."""
    return [row["reason"] for row in waiting(work / "reports")]
