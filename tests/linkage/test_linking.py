"""Linking: every row accounted for, and two times kept apart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64decode
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from folkestrom.analysis.study import Panel, Study
from folkestrom.app.office.api import Store
from folkestrom.errors import InputRefused, UsageError
from tests.analysis.study.country import make_store, write_rows

OPEN = date(9999, 12, 31)
DAY = date(2020, 1, 1)


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return make_store(tmp_path_factory.mktemp("register"))


@pytest.fixture
def store(register: Store, tmp_path: Path) -> Store:
    """A copy of the register, without anything linked."""
    folder = tmp_path / "store"
    folder.mkdir()
    file = "folkestrom.duckdb"
    (folder / file).write_bytes((register.path / file).read_bytes())
    return Store(folder)


def history(store: Store, name: str) -> list[tuple[Any, ...]]:
    with store.reading() as connection:
        return connection.execute(f"SELECT * FROM linked_{name} ORDER BY ALL").fetchall()


def test_a_history_like_the_register_s_own(store: Store, tmp_path: Path) -> None:
    file = write_rows(tmp_path / "a.csv", "11,3.5,2010-01-01,2011-01-01", "11,4,2011-01-01,")
    done = store.link(file, "income", known_from=DAY)
    assert done.kind == "number"
    assert history(store, "income") == [
        (11, 3.5, date(2010, 1, 1), date(2011, 1, 1), DAY, OPEN),
        (11, 4.0, date(2011, 1, 1), OPEN, DAY, OPEN),
    ]
    with store.reading() as connection:
        columns = [r[0] for r in connection.execute("DESCRIBE linked_income").fetchall()]
    assert columns == ["person", "value", "valid_from", "valid_to", "known_from", "known_to"]


def test_every_row_is_accepted_or_refused_with_a_reason(store: Store, tmp_path: Path) -> None:
    file = write_rows(
        tmp_path / "a.csv",
        "11,5,2010-01-01,2012-01-01",
        "11,6,2011-01-01,2013-01-01",
        "12,nan,2010-01-01,2011-01-01",
        "12,inf,2011-01-01,2012-01-01",
        "13,7.5,2010-01-01,2010-01-01",
        "999,7,2010-01-01,2011-01-01",
        "14,7,2010-02-30,2011-01-01",
        "15,8,2010-01-01,",
        "15,8,2010-01-01,",
        "x,8,2010-01-01,",
        "16,,2010-01-01,",
        "16,abc,2011-01-01,",
        "16,9,2012-01-01,2013-01-01,more,than,there,is",
        "17,9,,2013-01-01",
    )
    done = store.link(file, "pay")
    total = done.total
    assert (total.read, total.accepted, total.refused, total.unknown, total.repeats) == (
        14, 1, 11, 1, 1,
    )  # fmt: skip
    assert total.accepted + total.refused + total.unknown + total.repeats == total.read
    assert done.reasons == {
        "broken_date": 2, "not_finite": 2, "overlaps": 2, "broken_key": 1, "broken_record": 1,
        "from_not_before_to": 1, "missing_value": 1, "not_a_number": 1, "unknown_person": 1,
    }  # fmt: skip
    assert sum(done.reasons.values()) == total.refused + total.unknown
    said = "\n".join(done.examples)
    assert (
        f"{file}, row 1: another row of the person has some of the same days: "
        f"[2010-01-01, 2012-01-01) and [2011-01-01, 2013-01-01) of {file}, row 2"
    ) in said
    assert "999" not in said.replace("9999", "")
    assert "from the register" not in said
    assert [row[0] for row in history(store, "pay")] == [15]


def test_what_was_not_accepted_can_be_mended_and_added(store: Store, tmp_path: Path) -> None:
    file = write_rows(tmp_path / "a.csv", "11,5,2010-01-01,", "12,6,2010-01-01,2009-01-01")
    assert store.link(file, "pay").total.refused == 1
    held = tmp_path / "held.csv"
    assert store.export_held("pay", held) == 1
    text = held.read_text()
    assert text.splitlines()[0] == "reason,file,row,person,value,from,to,quarantine_bytes"
    held.write_text(text.replace("2009", "2011"))
    done = store.link(held, "pay", add=True)
    assert (done.total.accepted, done.total.refused) == (1, 0)
    assert [row[0] for row in history(store, "pay")] == [11, 12]
    with pytest.raises(UsageError, match="Did you mean 'pay'"):
        store.export_held("pey", held)


@pytest.mark.parametrize("suffix", [".csv", ".ndjson", ".parquet"])
def test_every_format_gives_the_same(store: Store, tmp_path: Path, suffix: str) -> None:
    rows = [(11, "a", date(2010, 1, 1), date(2011, 1, 1)), (12, "b", date(2010, 1, 1), None)]
    file = tmp_path / f"file{suffix}"
    names = ("person", "value", "from", "to")
    if suffix == ".parquet":
        columns = zip(*rows, strict=True)
        pq.write_table(pa.table(dict(zip(names, map(list, columns), strict=True))), file)
    elif suffix == ".ndjson":
        lines = [json.dumps(dict(zip(names, row, strict=True)), default=str) for row in rows]
        file.write_text("\n".join(lines) + "\n")
    else:
        lines = [",".join("" if v is None else str(v) for v in row) for row in rows]
        write_rows(file, *lines)
    assert store.link(file, "kind", known_from=DAY).kind == "text"
    assert history(store, "kind") == [
        (11, 1, date(2010, 1, 1), date(2011, 1, 1), DAY, OPEN),
        (12, 2, date(2010, 1, 1), OPEN, DAY, OPEN),
    ]
    table = store.study(Study("x", panel=Panel(2010, 2010, variables=["kind"]))).panel()
    assert table["kind"].chunk(0).dictionary.to_pylist() == ["a", "b", "unknown"]


def test_the_same_file_twice_changes_nothing(store: Store, tmp_path: Path) -> None:
    file = write_rows(tmp_path / "a.csv", "11,5,2010-01-01,", "12,6,2010-13-01,")
    file2 = write_rows(tmp_path / "b.csv", "13,6,2010-01-01,")
    first = store.link([file, file2], "pay", known_from=DAY)
    before = history(store, "pay")
    again = store.link([file2, file], "pay")
    assert again.delivery is None
    assert again.total.repeats == again.total.read == first.total.read
    assert history(store, "pay") == before
    assert store.link(file, "pay", add=True).delivery is None
    assert store.linked()[0].deliveries == 1


def test_the_day_of_what_is_linked_is_never_rewritten(store: Store, tmp_path: Path) -> None:
    file = write_rows(tmp_path / "a.csv", "11,5,2010-01-01,")
    store.link(file, "pay", known_from=DAY)
    before = history(store, "pay")
    for other in ("2019-06-01", "2020-06-01"):
        with pytest.raises(UsageError) as refused:
            store.link(file, "pay", known_from=other)
        assert f"--known-from: '{other}' is not the day since when pay is known" in str(
            refused.value
        )
        assert "linked already, known from 2020-01-01 on" in str(refused.value)
        assert "link the files under another name" in str(refused.value)
    assert history(store, "pay") == before
    # The same day, or none, is no other day; neither is another name.
    assert store.link(file, "pay", known_from=DAY).delivery is None
    assert store.link(file, "pay").known_from == DAY
    assert store.link(file, "pay_again", known_from="2019-06-01").known_from == date(2019, 6, 1)


def test_a_file_that_was_added_has_a_day_of_its_own(store: Store, tmp_path: Path) -> None:
    first = write_rows(tmp_path / "a.csv", "11,5,2010-01-01,")
    second = write_rows(tmp_path / "b.csv", "12,6,2010-01-01,")
    store.link(first, "pay", known_from=DAY)
    store.link(second, "pay", add=True, known_from="2020-06-01")
    assert store.link(second, "pay", add=True, known_from="2020-06-01").delivery is None
    with pytest.raises(UsageError, match="known from 2020-06-01 on"):
        store.link(second, "pay", add=True, known_from=DAY)
    with pytest.raises(UsageError, match="known from 2020-01-01 and 2020-06-01 on"):
        store.link([first, second], "pay", known_from=DAY)
    assert store.link([first, second], "pay").known_from == date(2020, 6, 1)


def test_a_new_delivery_closes_what_it_replaces(store: Store, tmp_path: Path) -> None:
    first = write_rows(tmp_path / "a.csv", "11,5,2010-01-01,", "12,6,2010-01-01,")
    second = write_rows(
        tmp_path / "b.csv", "11,5,2010-01-01,", "12,7,2010-01-01,", "13,8,2010-01-01,"
    )
    store.link(first, "pay", known_from="2015-01-01")
    done = store.link(second, "pay", known_from="2020-01-01")
    assert (done.opened, done.closed, done.kept) == (2, 1, 1)
    day, then = date(2010, 1, 1), date(2015, 1, 1)
    assert history(store, "pay") == [
        (11, 5, day, OPEN, then, OPEN),
        (12, 6, day, OPEN, then, DAY),
        (12, 7, day, OPEN, DAY, OPEN),
        (13, 8, day, OPEN, DAY, OPEN),
    ]
    for known, value in (("2019-12-31", 6), ("2020-01-01", 7)):
        study = Study("x", known, panel=Panel(2016, 2016, variables=["pay"]))
        found = store.study(study).panel().to_pylist()
        assert {r["person"]: r["pay"] for r in found}[12] == value
    # What nobody could have known on any day leaves.
    done = store.link(first, "pay", known_from="2020-01-01")
    assert (done.opened, done.closed, done.kept) == (1, 2, 1)
    assert (12, 7, day, OPEN, DAY, OPEN) not in history(store, "pay")
    with pytest.raises(UsageError, match="is before what is known by then"):
        store.link(second, "pay", known_from="2019-01-01")


def test_a_delivery_may_add(store: Store, tmp_path: Path) -> None:
    store.link(write_rows(tmp_path / "a.csv", "11,a,2010-01-01,2011-01-01"), "kind", known_from=DAY)
    more = write_rows(
        tmp_path / "b.csv",
        "11,a,2010-01-01,2011-01-01",
        "11,c,2010-06-01,2012-01-01",
        "12,b,2010-01-01,",
    )
    done = store.link(more, "kind", add=True, known_from="2020-06-01")
    assert (done.total.accepted, done.total.refused, done.total.repeats) == (1, 1, 1)
    assert done.reasons == {"overlaps_earlier": 1}
    assert "[2010-06-01, 2012-01-01) and [2010-01-01, 2011-01-01)" in done.examples[0]
    assert (done.opened, done.closed, done.kept) == (1, 0, 1)
    (info,) = store.linked()
    assert (info.values, info.levels, info.deliveries, info.held) == (2, 2, 2, 1)


def test_in_the_end_order_of_files_and_rows_does_not_matter(store: Store, tmp_path: Path) -> None:
    rows = ["11,a,2010-01-01,2011-01-01", "11,b,2010-05-01,2012-01-01", "12,c,2010-01-01,",
            "11,d,2012-01-01,2013-01-01", "12,c,2010-01-01,"]  # fmt: skip
    store.link(write_rows(tmp_path / "a.csv", *rows), "one", known_from=DAY)
    store.link(write_rows(tmp_path / "b.csv", *rows[::-1]), "two", known_from=DAY)
    assert history(store, "one") == history(store, "two")


def test_an_error_in_the_middle_changes_nothing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.link(write_rows(tmp_path / "a.csv", "11,5,2010-01-01,"), "pay", known_from=DAY)
    before = history(store, "pay"), store.linked()

    def break_off(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("folkestrom.linkage.delivery._record", break_off)
    with pytest.raises(KeyboardInterrupt):
        store.link(write_rows(tmp_path / "b.csv", "11,6,2010-01-01,"), "pay")
    assert (history(store, "pay"), store.linked()) == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a process")
def test_killed_in_the_middle_the_store_is_as_it_was(store: Store, tmp_path: Path) -> None:
    store.link(write_rows(tmp_path / "a.csv", "11,5,2010-01-01,"), "pay", known_from=DAY)
    before = history(store, "pay")
    code = f"""
import os, signal
import folkestrom
from folkestrom.linkage import delivery
delivery._record = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
folkestrom.open({str(store.path)!r}).link({str(tmp_path / "b.csv")!r}, "pay")
"""
    write_rows(tmp_path / "b.csv", "11,6,2010-01-01,")
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == -9
    assert history(store, "pay") == before
    assert store.link(tmp_path / "b.csv", "pay").closed == 1


def test_variables_of_municipalities(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("municipality,value,from,to\n0301,1,2000-01-01,\n9999,2,2000-01-01,\n")
    done = store.link(file, "centrality")
    assert done.reasons == {"unknown_code": 1}
    assert history(store, "centrality")[0][0] == 301


def test_known_from_is_tomorrow_unless_said_otherwise(store: Store, tmp_path: Path) -> None:
    from folkestrom.app.office import linkage

    file = write_rows(tmp_path / "a.csv", "11,5,2010-01-01,")
    at = datetime(2021, 3, 1, 12, tzinfo=UTC)
    done = linkage.link(store.path, [file], "pay", store.waiting, linked_at=at)
    assert done.known_from == date(2021, 3, 2)
    with pytest.raises(UsageError, match="was linked as known from 2021-03-02") as raised:
        store.study(Study("x", "2020-12-01", panel=Panel(2010, 2010, variables=["pay"])))
    # What it says to do works: by another name, with the day of the question.
    assert "`folkestrom link FILE --as pay_by_then --known-from 2020-12-01`" in str(raised.value)
    store.link(file, "pay_by_then", known_from="2020-12-01")
    store.study(Study("x", "2020-12-01", panel=Panel(2010, 2010, variables=["pay_by_then"])))
    asked = {"from_": "2010-01-01", "to_": "2011-01-01", "by": "pay", "known_at": "2020-12-01"}
    with pytest.raises(UsageError, match="--known-at 2021-03-02"):
        store.rates(**asked)
    store.rates(**asked | {"known_at": "2021-03-02"})


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        ("persn,value,from,to\n11,5,2010-01-01,\n", "pay", "Is it 'persn'"),
        ("person,value,valid_from,to\n11,5,2010-01-01,\n", "pay", "Is it 'valid_from'"),
        ("person,from,to\n11,2010-01-01,\n", "pay", "has no column 'value'"),
        ("person,municipality,value,from,to\n11,0301,5,2010-01-01,\n", "pay", "is of one of them"),
        ("person,value,from,to\n", "pay", "no row that can be accepted"),
        ("person,value,from,to\n999,5,2010-01-01,\n", "pay", "1 unknown_person"),
        ("person,value,from,to\n11,5,2010-01-01,\n", "age", "Call yours otherwise"),
        ("person,value,from,to\n11,5,2010-01-01,\n", "person", "Call yours otherwise"),
        ("person,value,from,to\n11,5,2010-01-01,\n", "Pay day", "Call it 'pay_day'"),
    ],
)
def test_what_is_refused_as_a_whole(
    store: Store, tmp_path: Path, text: str, name: str, says: str
) -> None:
    file = tmp_path / "a.csv"
    file.write_text(text)
    with pytest.raises((InputRefused, UsageError), match=says):
        store.link(file, name)
    assert store.linked() == []


def test_too_many_texts_are_no_variable(store: Store, tmp_path: Path) -> None:
    rows = [f"11,level {n} NOK,{1000 + n // 10}-01-0{n % 9 + 1}," for n in range(10_001)]
    with pytest.raises(InputRefused, match="has 10,001 different texts"):
        store.link(write_rows(tmp_path / "a.csv", *rows), "pay")


def test_another_kind_of_value_is_refused(store: Store, tmp_path: Path) -> None:
    store.link(write_rows(tmp_path / "a.csv", "11,5,2010-01-01,"), "pay")
    with pytest.raises(InputRefused, match="has values that are a text"):
        store.link(write_rows(tmp_path / "b.csv", "11,five,2010-01-01,"), "pay", add=True)
    places = tmp_path / "c.csv"
    places.write_text("municipality,value,from,to\n0301,1,2000-01-01,\n")
    with pytest.raises(InputRefused, match="is of a municipality"):
        store.link(places, "pay")


def test_texts_with_leading_zeros_and_months_of_parquet(store: Store, tmp_path: Path) -> None:
    assert store.link(write_rows(tmp_path / "a.csv", "11,0301,2010-01-01,"), "code").kind == "text"
    few = [
        f"11,{code},201{n}-01-01,201{n + 1}-01-01"
        for n, code in enumerate(("3024", "1103", "0301", "4601"))
    ]
    assert store.link(write_rows(tmp_path / "c.csv", *few), "place").kind == "text"
    counts = [
        f"11,{many},201{n}-01-01,201{n + 1}-01-01"
        for n, many in enumerate(("3024", "103", "7", "460"))
    ]
    assert store.link(write_rows(tmp_path / "d.csv", *counts), "many").kind == "whole number"
    table = pa.table(
        {
            "person": pa.array([11, None], pa.int32()),
            "value": pa.array([1.5, float("nan")]),
            "from": pa.array([datetime(2010, 1, 1)] * 2, pa.timestamp("us")),  # noqa: DTZ001
            "to": pa.nulls(2, pa.timestamp("us")),
            "note": ["not read", ""],
        }
    )
    pq.write_table(table, tmp_path / "b.parquet")
    done = store.link(tmp_path / "b.parquet", "wealth")
    assert done.kind == "number"
    assert done.reasons == {"broken_key": 1}


@pytest.mark.parametrize("unit", ["us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Oslo", "+01:00", "America/St_Johns"])
def test_days_of_moments_are_those_that_are_written(
    store: Store, tmp_path: Path, zone: str | None, unit: str
) -> None:
    """Midnights in winter and in summer time; in UTC they are of the day before."""
    written_days = ["2010-01-01", "2010-03-29", "2010-07-01"]
    moments = pa.array([datetime.fromisoformat(day) for day in written_days], pa.timestamp(unit))
    written = moments if zone is None else pc.assume_timezone(moments, zone)
    table = pa.table({
        "person": [11, 12, 13], "value": [1.5, 2.5, 3.5], "from": written,
        "to": pa.nulls(3, pa.timestamp(unit, zone)),
    })  # fmt: skip
    pq.write_table(table, tmp_path / "b.parquet")
    assert not store.link(tmp_path / "b.parquet", "wealth").reasons
    assert [row[2] for row in history(store, "wealth")] == [m.date() for m in moments.to_pylist()]


def test_sealed_days_take_no_later_delivery(store: Store, tmp_path: Path) -> None:
    store.link(write_rows(tmp_path / "a.csv", "11,5,2010-01-01,"), "pay", known_from="2019-01-01")
    store.seal("2020-06-30")
    other = write_rows(tmp_path / "b.csv", "11,6,2010-01-01,")
    with pytest.raises(UsageError, match="is before what is sealed"):
        store.link(other, "pay", known_from="2020-06-30")
    assert store.link(other, "pay", known_from="2020-07-01").closed == 1


@pytest.mark.parametrize("suffix", [".csv", ".ndjson", ".parquet"])
def test_what_is_held_goes_when_it_is_mended(store: Store, tmp_path: Path, suffix: str) -> None:
    """Whatever was wrong with it: the person, the days, or the whole line."""
    rows = ["11,5,2010-01-01,", "12,6,2010-01-01,2009-01-01", "x,6,2010-01-01,", "13,7",
            "14,8,2010-13-01,"]  # fmt: skip
    store.link(write_rows(tmp_path / "a.csv", *rows), "pay")
    store.export_held("pay", tmp_path / f"held{suffix}")
    read = {".csv": pl.read_csv, ".ndjson": pl.read_ndjson, ".parquet": pl.read_parquet}[suffix]
    held = read(tmp_path / f"held{suffix}").sort("row")
    assert held["row"].to_list() == [2, 3, 4, 5]
    mended = held.with_columns(
        person=pl.Series([12, 13, 14, 15]), value=pl.Series(["6", "6", "7", "x"]),
        **{"from": pl.lit("2010-01-01"), "to": pl.lit("2011-01-01")},
    )  # fmt: skip
    mended.write_csv(tmp_path / "mended.csv")
    assert store.link(tmp_path / "mended.csv", "pay", add=True).mended == 3
    assert _held(store) == [(str(tmp_path / "a.csv"), 5)]
    assert store.link(tmp_path / "a.csv", "pay", add=True).waiting == 1


def test_bytes_of_a_line_that_is_no_record_are_kept(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"person,value,from,to\n11,5,2010-01-01,\n12,a\xe6b\n")
    store.link(file, "pay")
    store.export_held("pay", tmp_path / "held.parquet")
    (row,) = pl.read_parquet(tmp_path / "held.parquet").to_dicts()
    assert row["value"] == "12,a\\xe6b"
    assert b64decode(row["quarantine_bytes"]) == b"12,a\xe6b"


def test_a_file_mended_as_a_whole_closes_what_it_brings_right(store: Store, tmp_path: Path) -> None:
    """Rows of which nobody could say whose they are, too; not one that another file has there."""
    wrong = ["11,5,2010-01-01,", "12,6", "x,6,2010-01-01,", "13,7,2010-13-01,"]
    store.link(write_rows(tmp_path / "a.csv", *wrong), "pay")
    (tmp_path / "new").mkdir()
    right = [wrong[0], "12,6,2010-01-01,", "14,6,2010-01-01,", "15,7,2010-01-01,"]
    new = write_rows(tmp_path / "new" / "a.csv", *right)
    assert store.link(new, "pay", add=True).mended == 2
    assert _held(store) == [(str(tmp_path / "a.csv"), 4)]


def _held(store: Store) -> list[tuple[Any, ...]]:
    with store.reading() as connection:
        return connection.execute('SELECT file, "row" FROM linkage_held ORDER BY ALL').fetchall()


def test_delivered_again_and_mended(store: Store, tmp_path: Path) -> None:
    """What is still held is said; what a delivery that adds has mended is held no more."""
    rows = [
        "11,5,2010-01-01,2011-01-01",
        "12,x,2010-01-01,2011-01-01",
        "13,6,2010-13-01,2011-01-01",
    ]
    file = write_rows(tmp_path / "a.csv", *rows, "999,7,2010-01-01,2011-01-01")
    assert store.link(file, "pay").waiting == 0
    assert store.link(file, "pay").waiting == 2
    code = "from folkestrom.app.cli.main import app; app()"
    command = ["--store", str(store.path), "link", str(file), "--as", "pay"]
    again = subprocess.run(
        [sys.executable, "-c", code, *command], capture_output=True, text=True, check=False
    )
    assert again.returncode == 3
    assert "2 of its rows were refused, and are still held" in again.stderr
    (tmp_path / "new").mkdir()
    new = write_rows(
        tmp_path / "new" / "a.csv", rows[0], "12,5,2010-01-01,2011-01-01", "13,6,2010-01-01,"
    )
    assert store.link(new, "pay", add=True).mended == 2
    assert _held(store) == [(str(file), 4)]
    assert store.link(new, "pay", add=True).waiting == 0
    assert not (store.path / "staging").exists()
    store.export_held("pay", tmp_path / "held.csv")
    assert (tmp_path / "held.csv").stat().st_mode & 0o777 == 0o600
