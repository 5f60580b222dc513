"""The same records give the same log, whatever the format and the types they are delivered in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from folkestrom.intake.batch import IntakeOrder, take_in
from folkestrom.intake.reading.files import find_files
from folkestrom.model.time import local_day, summers
from tests.intake.desk import Record, new_store, record, write

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Moments before which a day, a change of the clocks or an age of the types begins.
TURNS = [
    *(turn for summer in summers() for turn in summer if turn.year < 2021),
    EPOCH,
    datetime(2020, 6, 30, 22, tzinfo=UTC),
    datetime(2020, 12, 31, 23, tzinfo=UTC),
]


@st.composite
def instants(draw: st.DrawFn) -> int:
    """Nanoseconds since 1970, mostly within some of local midnight or of a change of the clocks."""
    turn = draw(st.sampled_from(TURNS)) + timedelta(days=draw(st.integers(-1, 1)))
    turn = turn.replace(hour=draw(st.sampled_from((turn.hour, 0, 21, 22, 23))))
    near = draw(st.integers(-2_000, 2_000) | st.sampled_from((0, -1, 1, -999, -1000, -1001, 10**9)))
    return (turn - EPOCH) // timedelta(microseconds=1) * 1_000 + near


def as_text(nanoseconds: int, zone: timedelta) -> str:
    """The moment as written on a clock of a zone, with nine decimals."""
    seconds, rest = divmod(nanoseconds, 10**9)
    there = EPOCH + timedelta(seconds=seconds) + zone
    hours, minutes = divmod(abs(zone) // timedelta(minutes=1), 60)
    sign = "-" if zone < timedelta(0) else "+"
    return f"{there:%Y-%m-%dT%H:%M:%S}.{rest:09d}{sign}{hours:02d}:{minutes:02d}"


def in_arrow(path: Path, moments: Sequence[int], kind: pa.DataType, **options: Any) -> Path:
    """Records in Parquet with moments of a type; one that is coarser cuts, as its writers do."""
    per_unit = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[kind.unit]
    table = pa.table({name: [r[name] for r in _records(moments)] for name in record(0)})
    told = pa.array([m // per_unit for m in moments], pa.int64()).cast(kind)
    place = table.column_names.index("received_at")
    person = pa.array([77] * len(moments), pa.int32())
    table = table.set_column(place, "received_at", told)
    table = table.set_column(table.column_names.index("person"), "person", person)
    pq.write_table(table, path, **options)
    return path


def _records(moments: Sequence[int], zone: timedelta = timedelta(0)) -> list[Record]:
    return [
        record(n, received_at=as_text(moment, zone), event_date="1900-01-02")
        for n, moment in enumerate(moments)
    ]


def _in_pandas(path: Path, moments: Sequence[int]) -> Path:
    frame = pd.DataFrame(_records(moments))
    frame["received_at"] = pd.to_datetime(list(moments), unit="ns", utc=True)
    frame["received_at"] = frame["received_at"].dt.tz_convert("Europe/Oslo")
    frame.to_parquet(path)
    return path


def _in_polars(path: Path, moments: Sequence[int]) -> Path:
    told = pl.Series(list(moments), dtype=pl.Int64).cast(pl.Datetime("ns"))
    pl.DataFrame(_records(moments)).with_columns(received_at=told).write_parquet(path)
    return path


def _text(ending: str, zone: timedelta) -> Callable[[Path, Sequence[int]], Path]:
    return lambda path, moments: write(path.with_suffix(ending), _records(moments, zone))


def _arrow(unit: str, zone: str | None, **options: Any) -> Callable[[Path, Sequence[int]], Path]:
    return lambda path, moments: in_arrow(path, moments, pa.timestamp(unit, zone), **options)


FORMATS: dict[str, Callable[[Path, Sequence[int]], Path]] = {
    "csv": _text(".csv", timedelta(0)),
    "csv of Oslo": _text(".csv", timedelta(hours=2)),
    "ndjson": _text(".ndjson", timedelta(hours=-5, minutes=-30)),
    "arrow us": _arrow("us", None),
    "arrow us, zone": _arrow("us", "America/New_York"),
    "arrow ns": _arrow("ns", None, version="2.6"),
    "arrow ns, zone": _arrow("ns", "Europe/Oslo", version="2.6"),
    "arrow int96": _arrow("ns", None, use_deprecated_int96_timestamps=True),
    "pandas": _in_pandas,
    "polars": _in_polars,
}


@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(moments=st.lists(instants(), min_size=70, max_size=110))
def test_a_moment_is_the_same_in_every_format(
    tmp_path_factory: pytest.TempPathFactory, moments: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("formats")
    cut = [EPOCH + timedelta(microseconds=moment // 1_000) for moment in moments]
    expected = [(m.replace(tzinfo=None), local_day(m) + timedelta(days=1)) for m in cut]
    for name, make in FORMATS.items():
        file = make(folder / f"{name}.parquet", moments)
        assert _log(folder, file) == expected, name


@pytest.mark.parametrize(("unit", "step"), [("s", 10**9), ("ms", 10**6)])
def test_a_coarser_moment_is_the_same_in_every_format(tmp_path: Path, unit: str, step: int) -> None:
    moments = [m * step for m in (-1, 0, 1, 1_593_554_399, 1_609_455_600)]
    expected = _log(tmp_path, FORMATS["csv"](tmp_path / "a.csv", moments))
    for zone in (None, "Europe/Oslo"):
        file = in_arrow(
            tmp_path / f"{zone}.parquet".replace("/", ""), moments, pa.timestamp(unit, zone)
        )
        assert _log(tmp_path, file) == expected


def test_one_report_in_two_formats_is_a_repeat(tmp_path: Path) -> None:
    """Cut in one and rounded in the other, it would be known on two days, and in conflict."""
    moments = [1_609_455_599_999_999_999]
    files = [make(tmp_path / f"{n}.parquet", moments) for n, make in enumerate(FORMATS.values())]
    with new_store() as connection:
        order = IntakeOrder(find_files(files), tmp_path / "staging")
        result = take_in(connection, order)
        days = connection.execute("SELECT known_from::VARCHAR FROM report").fetchall()
    total = result.total
    assert (total.accepted, total.quarantined) == (1, 0)
    assert total.repeats == len({f.digest for f in find_files(files)}) - 1
    assert days == [("2021-01-01",)]


def _log(folder: Path, file: Path) -> list[tuple[Any, ...]]:
    with new_store() as connection:
        take_in(connection, IntakeOrder(find_files([file]), folder / "staging"))
        return connection.execute(
            "SELECT received_at, known_from FROM report ORDER BY position"
        ).fetchall()
