"""When a report can have been received, and how that is written."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from folkestrom.errors import InputRefused
from folkestrom.intake.quarantine import export
from tests.intake.desk import Desk, record, write

RIGHT = {
    "2021-01-05T10:00:00Z": "2021-01-05 10:00:00",
    "2021-01-05 10:00:00Z": "2021-01-05 10:00:00",
    "2021-01-05T11:00:00+01:00": "2021-01-05 10:00:00",
    "2021-01-05T11:00:00+0100": "2021-01-05 10:00:00",
    "2021-01-05 11:00:00+01": "2021-01-05 10:00:00",
    "2021-01-05T10:00Z": "2021-01-05 10:00:00",
    "2021-01-05T10:00:00.123456789Z": "2021-01-05 10:00:00.123456",
    "2021-03-02T11:59:59Z": "2021-03-02 11:59:59",  # a clock ahead by less than a day
    "1964-10-01T00:00:00Z": "1964-10-01 00:00:00",
}

WRONG = {
    "infinity": "broken_type",
    "-infinity": "broken_type",
    "epoch": "broken_type",
    "now": "broken_type",
    "2021-01-05": "broken_type",
    "2021-01-05T10:00:00": "broken_type",
    "2021-01-05 10:00:00 Europe/Oslo": "broken_type",
    " 2021-01-05T10:00:00Z": "broken_type",
    "2021-1-5T10:00:00Z": "broken_type",
    "2021-01-05T25:00:00Z": "broken_type",
    "2021-02-30T10:00:00Z": "broken_type",
    "2021-01-05T10:00:00+99:00": "broken_type",
    "290000-01-01T00:00:00Z": "broken_type",
    "2120-03-02T10:00:00Z": "future_date",
    "9999-12-31T23:30:00-14:00": "future_date",
    "2021-03-02T12:00:01Z": "future_date",
    "1899-12-31T23:59:59Z": "impossible_date",
    "0000-01-01T22:30:00Z": "impossible_date",
}


@pytest.mark.parametrize("ending", ["csv", "ndjson"])
def test_how_a_moment_is_written(desk: Desk, ending: str) -> None:
    written = [record(at, received_at=at, event_date="1950-01-01") for at in [*RIGHT, *WRONG]]
    desk.take_records(written, f"r.{ending}")
    assert desk.reasons() == WRONG
    assert dict(desk.rows("SELECT source_report_id, received_at::VARCHAR FROM report")) == RIGHT
    assert {column for _, column, _ in desk.quarantined()} == {"received_at"}


NEVER = {
    2**63 - 1: "broken_type",  # infinity
    1 - 2**63: "broken_type",
    2**62: "broken_type",  # the year 148108
    -(2**62): "broken_type",
    2**63 - 2: "broken_type",  # an hour later there is no moment
    4_738_903_200_000_000: "future_date",  # 2120
    -2_300_000_000_000_000: "impossible_date",  # 1897
}


@pytest.mark.parametrize("zone", ["UTC", None])
def test_typed_moments(desk: Desk, tmp_path: Path, zone: str | None) -> None:
    numbers = [0, *NEVER]
    file = write(tmp_path / "r.parquet", [record(n, event_date="1950-01-01") for n in numbers])
    _set_moments(file, pa.array(numbers, pa.timestamp("us", zone)))
    assert desk.take(file).total.accepted == 1
    assert desk.reasons() == {str(number): reason for number, reason in NEVER.items()}


def _set_moments(file: Path, moments: pa.Array) -> None:
    table = pq.read_table(file)
    place = table.schema.get_field_index("received_at")
    pq.write_table(table.set_column(place, "received_at", moments), file)


def test_a_number_that_is_no_moment(desk: Desk, tmp_path: Path) -> None:
    good = write(tmp_path / "a.csv", [record(1)])
    file = write(tmp_path / "r.parquet", [record(2)])
    _set_moments(file, pa.array([2**62], pa.timestamp("ms", "UTC")))
    with pytest.raises(InputRefused, match=r"r\.parquet, column received_at: holds a number"):
        desk.take(good, file)
    assert desk.rows("SELECT count(*) FROM report") == [(0,)]


def test_a_moment_without_zone_goes_out_as_utc_and_comes_back(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path / "r.parquet", [record(1, kind="deth")])
    _set_moments(file, pa.array([datetime(2021, 1, 5, 10)], pa.timestamp("us")))  # noqa: DTZ001
    desk.take(file)
    mend = tmp_path / "mend.csv"
    with desk.open() as connection:
        export(connection, mend)
    mend.write_text(mend.read_text("utf-8").replace("deth", "death"), "utf-8")
    assert desk.take(mend, retake=True).total.accepted == 1
    found = desk.rows("SELECT received_at::VARCHAR FROM report")
    assert found == [("2021-01-05 10:00:00",)]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", None])
def test_moments_of_any_precision(desk: Desk, tmp_path: Path, unit: str, zone: str | None) -> None:
    """Pandas writes nanoseconds."""
    file = write(tmp_path / "r.parquet", [record(1), record(2, kind="deth")])
    moments = pa.array([datetime(2021, 1, 5, 10)] * 2, pa.timestamp("us"))  # noqa: DTZ001
    _set_moments(file, moments.cast(pa.timestamp(unit)).cast(pa.timestamp(unit, zone)))
    assert desk.take(file).total.accepted == 1
    found = desk.rows("SELECT received_at::VARCHAR FROM report")
    assert found == [("2021-01-05 10:00:00",)]
