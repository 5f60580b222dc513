"""Any order of records and files, in any number of intakes, gives the same log."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from folkestrom.engine.store import transaction
from folkestrom.intake.batch import IntakeOrder, take_in
from folkestrom.intake.counts import FileCount
from folkestrom.intake.reading.files import find_files
from tests.intake.desk import TAKEN_AT, Record, log_rows, new_store, record, write

_TIMES = [f"2021-01-0{day}T10:00:00Z" for day in (5, 6, 7)]
_NUMBERS = ["1", "2", "3", "4", "5"]


@st.composite
def _records(draw: st.DrawFn) -> Record:
    """Few keys, persons and moments, so that everything collides with everything."""
    number = draw(st.sampled_from(_NUMBERS))
    base = record(
        number,
        person=draw(st.sampled_from(["77", "88"])),
        received_at=draw(st.sampled_from(_TIMES)),
        value=draw(st.sampled_from([None, "a"])),
    )
    target = draw(st.sampled_from(_NUMBERS))
    how = draw(st.sampled_from(["plain", "annuls", "corrects", "corrects", "bad"]))
    if how == "annuls":
        return {**base, "kind": "annulment", "event_date": None, "value": None, "annuls": target}
    if how == "corrects":
        return {**base, "corrects": target}
    return {**base, "kind": "deth"} if how == "bad" else base


def _outcome(deliveries: list[list[Record]]) -> tuple[object, ...]:
    """Take deliveries in, twice; the log and the quarantine afterwards."""
    with tempfile.TemporaryDirectory() as folder, closing(new_store()) as store:
        for n, records in enumerate(deliveries):
            total = _take(store, Path(folder) / f"{n}.csv", records)
            assert total.accepted + total.quarantined + total.repeats == total.read == len(records)
        first = _seen(store)
        for n, records in enumerate(deliveries):
            total = _take(store, Path(folder) / f"again-{n}.ndjson", records)
            assert total.repeats == total.read
        assert _seen(store) == first
        return first


def _take(store: duckdb.DuckDBPyConnection, file: Path, records: list[Record]) -> FileCount:
    files = find_files([write(file, records)])
    with transaction(store):
        return take_in(store, IntakeOrder(files, file.parent / "staging", taken_at=TAKEN_AT)).total


def _seen(store: duckdb.DuckDBPyConnection) -> tuple[object, ...]:
    crossed = store.execute(
        "SELECT count(*) FROM report r JOIN report t ON t.position = r.target "
        "WHERE r.person <> t.person"
    ).fetchone()
    assert crossed == (0,)
    held = store.execute("SELECT reason, record FROM quarantine WHERE closed_by IS NULL").fetchall()
    links = store.execute(
        "SELECT key_hash, target_hash, target IS NULL, state FROM link"
    ).fetchall()
    return log_rows(store), sorted(held), sorted(links)


# An example is a dozen intakes, so there are fewer of them than elsewhere.
@settings(max_examples=max(5, settings().max_examples // 15))
@given(st.lists(_records(), min_size=4, max_size=9), st.data())
def test_any_order_gives_the_same_log(records: list[Record], data: st.DataObject) -> None:
    expected = _outcome([records])
    shuffled = data.draw(st.permutations(records))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(records)), max_size=3)))
    pieces = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(records)], strict=True)]
    assert _outcome([piece for piece in pieces if piece]) == expected
