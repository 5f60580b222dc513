"""The truth behind the reports: who the persons are, what was bent, what was reported wrongly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.model.codes import Kind
from folkestrom.model.countries import COUNTRIES
from folkestrom.twin.lives.mobility import EDUCATIONS, GROUPS
from folkestrom.twin.lives.people import DEAD, LATE_MOVE, LEAVE, MOVE, RESIDENT, VOID
from folkestrom.twin.output import parquet_tables
from folkestrom.twin.receipt import reports as r
from folkestrom.twin.receipt.reports import Rows
from folkestrom.twin.years.calibration import ENLARGEMENT
from folkestrom.twin.years.cells import AGES, NEWBORN
from folkestrom.twin.years.country import Country
from folkestrom.twin.years.simulation import Observer
from folkestrom.twin.years.window import Window

_KINDS = [kind.name.lower() for kind in Kind]
_CHUNK = 1_000_000
RELATIONS = ("annuls", "corrects", "adds")
_REVISIONS = pa.schema(
    [
        ("window", pa.int16()),
        ("relation", parquet_tables.TEXT),
        ("kind", parquet_tables.TEXT),
        ("source_report_id", pa.string()),
        ("target", pa.string()),
        ("received_at", parquet_tables.MOMENT),
        ("person", pa.int64()),
        ("event_date", parquet_tables.DATE),
        ("corrected_date", parquet_tables.DATE),
        ("adjustment", pa.int8()),
    ]
)
_OFFSETS = pa.schema(
    [
        ("year", pa.int16()),
        ("event", parquet_tables.TEXT),
        ("sex", parquet_tables.TEXT),
        ("age", pa.int16()),
        ("drawn", pa.int64()),
        ("expected", pa.float64()),
        ("log_offset", pa.float64()),
    ]
)
_PERSONS = pa.schema(
    [
        ("person", pa.int64()),
        ("sex", parquet_tables.TEXT),
        ("birth_date", parquet_tables.DATE),
        ("group", parquet_tables.TEXT),
        ("country_of_birth", parquet_tables.TEXT),
        ("arrival_year", pa.int16()),
        ("mother", pa.int64()),
        ("father", pa.int64()),
        ("intercept_another_municipality", pa.float32()),
        ("intercept_abroad", pa.float32()),
        ("final_education", parquet_tables.TEXT),
        ("employment_effect", pa.float32()),
        ("income_effect", pa.float32()),
        ("registered_status", parquet_tables.TEXT),
    ]
)
EVENTS = ("death", "emigration", "another_municipality", "immigration")
STATUSES = ("resident", "abroad", "dead", "never_was")
_SEXES = ("male", "female")


class RevisionsTruth(Observer):
    """Writes which reports annul, correct or add what an earlier extraction had counted otherwise.

    `adjustment` is what each contributes to its window's: an annulled immigration is one person
    less that no flow tells of; a corrected one is counted as a flow twice, and so takes one too.
    """

    def __init__(self, path: Path) -> None:
        self._sheet = parquet_tables.ParquetTable(path, _REVISIONS)
        self._earlier: Rows | None = None

    def opened(self, country: Country, w: Window) -> None:
        """Remember the reports that can have been revised."""
        self._earlier = country.earlier if w.revised is not None else None

    def written(self, _country: Country, w: Window, rows: Rows) -> None:
        """Write the window's revisions of earlier windows."""
        if self._earlier is None:
            return
        self._write(w, *_match(rows, self._earlier))
        added = np.flatnonzero((rows.kind == r.FIRST_REGISTRATION) & (rows.relation == 0))
        self._write_added(w, rows.take(added))

    def finished(self, _country: Country) -> None:
        """Finish the file."""
        self._sheet.close()

    def _write(self, w: Window, revising: Rows, target: Rows) -> None:
        annuls = revising.relation == r.ANNULS
        plus = np.isin(target.kind, (r.EMIGRATION, r.DEATH))
        effect = np.where(target.kind == r.MOVE, 0, np.where(plus, 1, -1))
        self._sheet.add(
            {
                **_common(w, revising, np.where(annuls, 0, 1)),
                "kind": parquet_tables.labelled(target.kind - 1, _KINDS),
                "target": parquet_tables.report_ids(target.number),
                "event_date": parquet_tables.dates(target.day),
                "corrected_date": parquet_tables.dates(revising.day, annuls),
                "adjustment": pa.array(effect.astype(np.int8)),
            }
        )

    def _write_added(self, w: Window, added: Rows) -> None:
        none = np.ones(len(added), np.bool_)
        self._sheet.add(
            {
                **_common(w, added, np.full(len(added), 2)),
                "kind": parquet_tables.labelled(added.kind - 1, _KINDS),
                "target": pa.nulls(len(added), pa.string()),
                "event_date": parquet_tables.dates(added.day),
                "corrected_date": parquet_tables.dates(added.day, none),
                "adjustment": pa.array(none.astype(np.int8)),
            }
        )


def _common(w: Window, rows: Rows, relation: NDArray[Any]) -> dict[str, pa.Array]:
    return {
        "window": pa.array(np.full(len(rows), w.year, np.int16)),
        "relation": parquet_tables.labelled(relation, RELATIONS),
        "source_report_id": parquet_tables.report_ids(rows.number),
        "received_at": parquet_tables.moments(rows.received),
        "person": parquet_tables.persons(rows.person),
    }


def _match(rows: Rows, earlier: Rows) -> tuple[Rows, Rows]:
    """Return the rows that revise one of the earlier ones, and those, in the same order."""
    order = np.argsort(earlier.number)
    numbers = earlier.number[order]
    at = np.searchsorted(numbers, rows.target)
    hit = (rows.relation > 0) & (np.append(numbers, -1)[at] == rows.target)
    index = np.flatnonzero(hit)
    return rows.take(index), earlier.take(order[at[index]])


class Offsets(Observer):
    """Writes how far calibration bends the model: drawn against expected, by cell and year.

    `age` is the completed age at the end of the year; 105 is 105 and older. The offset is the
    logarithm of drawn over expected, missing where either is 0.
    """

    def __init__(self, path: Path) -> None:
        self._sheet = parquet_tables.ParquetTable(path, _OFFSETS)
        self._listed = np.zeros((2, AGES))

    def opened(self, _country: Country, w: Window) -> None:
        """Count who is there."""
        self._listed = np.diff(w.start).reshape(2, AGES).astype(float)

    def closed(self, country: Country, w: Window, _rows: Rows) -> None:
        """Write the year's cells."""
        if w.plan is None:
            return
        born = np.zeros((2, AGES))
        born[:, NEWBORN] = w.real_births
        death, _, arriving, _ = country.schedules(w.year)
        share = arriving / arriving.sum()
        left = _by_cell(w, w.true_outcome == LEAVE)
        left[:, NEWBORN] = w.plan.emigration[:, NEWBORN]
        people = country.people
        listed = w.order[: w.start[-1]]
        moved = (people.outcome[listed] == MOVE) | (people.pending[listed] == LATE_MOVE)
        expected = w.expected.reshape(2, AGES, 2)
        pairs = (
            (w.plan.deaths, death * (self._listed + born)),
            (left, expected[:, :, 1]),
            (_by_cell(w, moved), expected[:, :, 0]),
            (w.plan.immigration, share * w.plan.immigration.sum()),
        )
        for event, (drawn, wanted) in enumerate(pairs):
            self._write(w.year, event, drawn, wanted)

    def finished(self, _country: Country) -> None:
        """Finish the file."""
        self._sheet.close()

    def _write(
        self, year: int, event: int, drawn: NDArray[np.int64], expected: NDArray[np.float64]
    ) -> None:
        flat, wanted = drawn.reshape(-1), expected.reshape(-1)
        row = np.arange(2 * AGES) % AGES
        with np.errstate(divide="ignore", invalid="ignore"):
            offset = np.log(flat / wanted)
        self._sheet.add(
            {
                "year": pa.array(np.full(len(flat), year, np.int16)),
                "event": parquet_tables.labelled(np.full(len(flat), event), EVENTS),
                "sex": parquet_tables.labelled(np.arange(2 * AGES) // AGES, _SEXES),
                "age": pa.array(np.where(row == NEWBORN, 0, row + 1).astype(np.int16)),
                "drawn": pa.array(flat.astype(np.int64)),
                "expected": pa.array(wanted),
                "log_offset": pa.array(offset, mask=~np.isfinite(offset)),
            }
        )


def _by_cell(w: Window, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count the chosen of those listed by cell."""
    total = np.concatenate([[0], np.cumsum(chosen)])
    return np.diff(total[w.start]).reshape(2, AGES)


class Persons(Observer):
    """Writes the persons and what stays with them, at the end."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def finished(self, country: Country) -> None:
        """Write everybody who ever was in a report."""
        with parquet_tables.ParquetTable(self._path, _PERSONS) as sheet:
            for low in range(0, country.size, _CHUNK):
                sheet.add(_persons(country, slice(low, min(low + _CHUNK, country.size))))


def _persons(country: Country, part: slice) -> dict[str, pa.Array]:
    people = country.people
    arrived = people.arrival_year[part]
    status = people.status[part]
    order = np.full(max(RESIDENT, DEAD, VOID) + 1, 1, np.int8)
    order[RESIDENT], order[DEAD], order[VOID] = 0, 2, 3
    return {
        "person": parquet_tables.persons(np.arange(part.start, part.stop)),
        "sex": parquet_tables.labelled(people.sex[part], _SEXES),
        "birth_date": parquet_tables.dates(people.birth[part]),
        "group": parquet_tables.labelled(people.group[part], GROUPS),
        "country_of_birth": parquet_tables.labelled(
            people.birth_country[part] - 1, list(COUNTRIES)
        ),
        "arrival_year": pa.array(arrived, mask=arrived == 0),
        "mother": parquet_tables.persons(people.mother[part]),
        "father": parquet_tables.persons(people.father[part]),
        "intercept_another_municipality": pa.array(people.taste_move[part]),
        "intercept_abroad": pa.array(people.taste_abroad[part]),
        "final_education": parquet_tables.labelled(people.education[part], EDUCATIONS),
        "employment_effect": pa.array(people.work_taste[part]),
        "income_effect": pa.array(people.income_taste[part]),
        "registered_status": parquet_tables.labelled(order[status], STATUSES),
    }


def write_model(
    path: Path, country: Country, facts: dict[str, object], parameters: Sequence[dict[str, object]]
) -> None:
    """Write model.json: the mobility truth, every parameter with its source, and what is synthetic.

    Parameters
    ----------
    path
        The file.
    country
        What was simulated.
    facts
        Scale, seed, mode and the like.
    parameters
        Name, value and source of each.
    """
    text = {
        "synthetic": "Every person and every event is invented. No figure here describes anybody.",
        **facts,
        "mobility": country.truth.describe(),
        "parameters": list(parameters),
        "offsets_by_origin": {
            "what": "added to the logarithm of the chance of leaving of persons born in Poland, "
            "Latvia, Lithuania, Estonia, Czechia, Slovakia, Hungary or Slovenia who came in "
            f"{ENLARGEMENT} or later, before a year's leavers are drawn",
            "years": country.calibration.log,
        },
        "targets": {"source": country.targets.source, "notes": list(country.targets.notes)},
        "not_exact": country.notes,
    }
    path.write_text(json.dumps(text, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
