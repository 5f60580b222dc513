"""A small, plain reading of report files, with no help from the program that wrote them.

It follows the rules of the manual for what the twin writes: which reports count at a day of
knowledge, who lives where at the end of a day, and which flows a year has. It knows nothing of the
simulation.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

OSLO = ZoneInfo("Europe/Oslo")
STARTS = {"first_registration", "birth", "immigration"}
RANK = {
    kind: rank
    for rank, kind in enumerate(
        "first_registration birth immigration attribute_correction move marital_change "
        "citizenship_change emigration death".split()
    )
}
FLOWS = ("birth", "death", "immigration", "emigration")


@dataclass(slots=True)
class Report:
    """What the tests need of one record."""

    id: str
    person: int
    kind: str
    day: dt.date
    known: dt.date
    received: dt.datetime
    annuls: str | None
    corrects: str | None
    row: dict[str, object] = field(repr=False)


@dataclass(slots=True)
class State:
    """A person at the end of a day."""

    resident: bool
    sex: str
    birth: dt.date
    municipality: str
    marital: str
    partner: int | None
    citizenship: str
    country_of_birth: str
    mother: int | None


class Log:
    """All reports of a folder, by person.

    Parameters
    ----------
    folder
        Where the Parquet files are.
    """

    def __init__(self, folder: Path) -> None:
        frame = pl.read_parquet(sorted(folder.glob("*.parquet")))
        self.frame = frame
        self.reports = [_report(row) for row in frame.iter_rows(named=True)]
        self.by_person: dict[int, list[Report]] = defaultdict(list)
        for report in self.reports:
            self.by_person[report.person].append(report)
        self._known: dict[tuple[int, int], list[Report]] = {}

    def effective(self, person: int, known_at: dt.date) -> list[Report]:
        """A person's reports that count at a day of knowledge, in the order of their events."""
        mine = [r for r in self.by_person[person] if r.known <= known_at]
        key = person, len(mine)  # reports come in order, so their number tells which they are
        if key not in self._known:
            self._known[key] = self._standing(mine)
        return self._known[key]

    def cohort(self, person: int) -> tuple[str, int]:
        """Sex and year of birth; the twin's reports never disagree about them."""
        row = next(r.row for r in self.by_person[person] if r.row["birth_date"])
        return row["sex"], row["birth_date"].year  # type: ignore[return-value, attr-defined]

    def _standing(self, mine: list[Report]) -> list[Report]:
        gone: set[str] = set()
        latest: dict[str, Report] = {}
        for report in mine:  # no annulment is annulled, no correction corrected, in the twin
            if report.annuls:
                gone.add(report.annuls)
            elif report.corrects:
                latest[report.corrects] = report
        standing = [r for r in mine if r.id not in gone and r.id not in latest and not r.annuls]
        return sorted(standing, key=lambda r: (r.day, RANK[r.kind], r.received, r.id))

    def life(self, person: int, known_at: dt.date, day: dt.date) -> State | None:
        """A person's state at the beginning of `day`, or None if no record has begun."""
        state: State | None = None
        for report in self.effective(person, known_at):
            if report.day >= day:
                break
            state = _after(state, report)
        return state

    def stock(self, day: dt.date, known_at: dt.date) -> dict[int, State]:
        """Residents on a day as known at another."""
        states = ((p, self.life(p, known_at, day)) for p in self.by_person)
        return {p: state for p, state in states if state is not None and state.resident}

    def flows(self, year: int) -> list[Report]:
        """Births, deaths and migrations of a year as published: see the manual."""
        opens, closes = dt.date(year, 2, 1), dt.date(year + 1, 2, 1)
        found = []
        for person in self.by_person:
            found += [
                report
                for report in self.effective(person, closes)
                if report.kind in FLOWS
                and (
                    report.day.year == year
                    or (report.day.year < year and opens < report.known <= closes)
                )
            ]
        return found


def completed_age(birth: dt.date, year: int) -> int:
    """Age on 1 January, 105 for 105 and older."""
    return min(year - 1 - birth.year, 105)


def count(states: Iterable[State], year: int) -> Counter[tuple[str, int]]:
    """Residents by sex and age."""
    return Counter((s.sex, completed_age(s.birth, year)) for s in states)


def _report(row: dict[str, object]) -> Report:
    received = row["received_at"]
    assert isinstance(received, dt.datetime)
    known = received.astimezone(OSLO).date() + dt.timedelta(days=1)
    return Report(
        row["source_report_id"], row["person"], row["kind"], row["event_date"], known, received,
        row["annuls"], row["corrects"], row,
    )  # type: ignore[arg-type]  # fmt: skip


def _after(state: State | None, report: Report) -> State | None:
    row = report.row
    if report.kind in STARTS:
        assert state is None or not state.resident, "an immigrant who lives here, or a second birth"
        if state is None:
            return State(
                True, row["sex"], row["birth_date"], row["municipality"], row["marital_status"],
                row["partner"], row["citizenship"], row["country_of_birth"], row["mother"],
            )  # type: ignore[arg-type]  # fmt: skip
        state.resident = True
        state.municipality = row["municipality"]  # type: ignore[assignment]
        state.marital = row["marital_status"]  # type: ignore[assignment]
        state.partner = row["partner"]  # type: ignore[assignment]
        state.citizenship = row["citizenship"]  # type: ignore[assignment]
        return state
    assert state is not None, "something before the first record"
    if report.kind == "move":
        assert state.resident, "a move of a person who does not live here"
        state.municipality = row["municipality"]  # type: ignore[assignment]
    elif report.kind in ("emigration", "death"):
        assert state.resident, "a leaving of a person who does not live here"
        state.resident = False
    elif report.kind == "marital_change":
        state.marital, state.partner = row["marital_status"], row["partner"]  # type: ignore[assignment]
    elif report.kind == "citizenship_change":
        state.citizenship = row["citizenship"]  # type: ignore[assignment]
    return state
