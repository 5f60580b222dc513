"""Each check finds what it is for, in every format, and says where."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.intake.desk import Desk, Record, annulment, move, record, write

START: Record = {
    "kind": "first_registration",
    "municipality": "0301",
    "basic_unit": "03010101",
    "sex": "female",
    "birth_date": "1980-02-29",
    "citizenship": "NO",
    "country_of_birth": "PL",
    "origin": "first_registration",
}
IMMIGRATION = {
    **START,
    "kind": "immigration",
    "origin": "immigration",
    "country": "PL",
    "reason": "work",
}

BIRTH = {
    **START,
    "kind": "birth",
    "origin": "birth",
    "event_date": "2021-01-02",
    "birth_date": "2021-01-02",
    "country_of_birth": "NO",
    "mother": "5",
}

GOOD = {
    "death": record(1),
    "move": move(1),
    "first registration": record(1, **START),
    "immigration": record(1, **IMMIGRATION),
    "birth": record(1, **BIRTH),
    "birth abroad": record(1, **{**BIRTH, "country_of_birth": "SE"}),
    "a return": record(1, **{**IMMIGRATION, "origin": "birth"}),
    "emigration": record(1, kind="emigration", country="SE"),
    "marriage": record(1, kind="marital_change", marital_status="married", partner="9"),
    "citizenship": record(1, kind="citizenship_change", citizenship="XS"),
    "attribute": record(1, kind="attribute_correction", sex="male"),
    "annulment": annulment(1, 5),
    "merge": record(1, kind="merge", survivor="8"),
    "split": record(1, kind="split"),
    "a dwelling": move(1, dwelling="123456789012345"),
    "correction": record(1, corrects="5"),
    "on the day of receipt": record(1, event_date="2021-01-05"),
    "Norwegian day of receipt": record(
        1, received_at="2021-01-05T23:30:00Z", event_date="2021-01-06"
    ),
}

BAD: dict[str, tuple[Record, str, str]] = {
    "30 February": (record(1, event_date="2021-02-30"), "impossible_date", "event_date"),
    "a day and a time": (record(1, event_date="2021-01-02T00"), "impossible_date", "event_date"),
    "before all registers": (record(1, event_date="1721-01-02"), "impossible_date", "event_date"),
    "slashes": (record(1, event_date="2020/05/30"), "impossible_date", "event_date"),
    "a space for a zero": (record(1, event_date=" 2020-5-30"), "impossible_date", "event_date"),
    "a space behind": (record(1, event_date="2020-05-3 "), "impossible_date", "event_date"),
    "tomorrow": (record(1, event_date="2021-01-06"), "future_date", "event_date"),
    "born tomorrow": (
        record(1, **{**START, "birth_date": "2021-01-06"}), "future_date", "birth_date",
    ),
    "no such kind": (record(1, kind="deth"), "unknown_kind", "kind"),
    "a merge into nobody": (record(1, kind="merge"), "missing_value", "survivor"),
    "a merge into itself": (record(1, kind="merge", survivor="77"), "contradiction", "survivor"),
    "a merge that says more": (
        record(1, kind="merge", survivor="8", municipality="0301"), "unexpected_value",
        "municipality",
    ),
    "a split that merges": (record(1, kind="split", survivor="8"), "unexpected_value", "survivor"),
    "a dwelling that is none": (move(1, dwelling="-1"), "broken_type", "dwelling"),
    "no kind": (record(1, kind=None), "missing_value", "kind"),
    "no source": (record(1, source=None), "missing_value", "source"),
    "no number": (record("", kind="death"), "missing_value", "source_report_id"),
    "no day": (record(1, event_date=None), "missing_value", "event_date"),
    "text for a person": (record(1, person="abc"), "broken_type", "person"),
    "a fraction": (record(1, person="1.5"), "broken_type", "person"),
    "an exponent": (record(1, person="1e3"), "broken_type", "person"),
    "nobody": (record(1, person="0"), "broken_type", "person"),
    "a mother who is nobody": (record(1, **{**BIRTH, "mother": "0"}), "broken_type", "mother"),
    "a partner who is less": (
        record(1, kind="marital_change", marital_status="married", partner="-5"),
        "broken_type", "partner",
    ),
    "no moment": (record(1, received_at="yesterday"), "broken_type", "received_at"),
    "a municipality that is none": (
        move(1, municipality="9876", basic_unit="98760101"), "unknown_code", "municipality",
    ),
    "left a municipality that is none": (
        move(1, municipality_from="9999"), "unknown_code", "municipality_from",
    ),
    "a basic unit of no municipality": (
        record(1, basic_unit="98760101"), "unknown_code", "basic_unit",
    ),
    "a short municipality": (move(1, municipality="301"), "unknown_code", "municipality"),
    "a signed municipality": (move(1, municipality="+301"), "unknown_code", "municipality"),
    "a basic unit of letters": (move(1, basic_unit="0301010A"), "unknown_code", "basic_unit"),
    "no such country": (record(1, kind="emigration", country="QQ"), "unknown_code", "country"),
    "a lower-case country": (record(1, kind="emigration", country="se"), "unknown_code", "country"),
    "no such status": (
        record(1, kind="marital_change", marital_status="single"), "unknown_code", "marital_status",
    ),
    "a move to nowhere": (move(1, municipality=None), "missing_value", "municipality"),
    "an immigration from nowhere": (
        record(1, **{**IMMIGRATION, "country": None}), "missing_value", "country",
    ),
    "a correction of nothing": (record(1, kind="attribute_correction"), "missing_value", "sex"),
    "an annulment of nothing": (record(1, kind="annulment"), "missing_value", "annuls"),
    "an annulment that says more": (annulment(1, 5, sex="male"), "unexpected_value", "sex"),
    "a death that annuls": (record(1, annuls="5"), "unexpected_value", "annuls"),
    "both": (annulment(1, 5, corrects="6"), "annuls_and_corrects", "corrects"),
    "itself": (annulment(1, 1), "self_target", "annuls"),
    "a basic unit elsewhere": (move(1, basic_unit="11030101"), "contradiction", "basic_unit"),
    "left a basic unit elsewhere": (
        move(1, municipality_from="0301", basic_unit_from="11030101"),
        "contradiction", "basic_unit_from",
    ),
    "a birth on another day": (
        record(1, **{**BIRTH, "birth_date": "2021-01-01"}), "contradiction", "birth_date",
    ),
    "a birth that is an immigration": (
        record(1, **{**BIRTH, "origin": "immigration"}), "contradiction", "origin",
    ),
    "her own mother": (record(1, **{**BIRTH, "mother": "77"}), "contradiction", "mother"),
    "his own father": (record(1, **{**BIRTH, "father": "77"}), "contradiction", "father"),
    "married alone": (
        record(1, kind="marital_change", marital_status="married", partner="77"),
        "contradiction", "partner",
    ),
    "an emigration to Norway": (
        record(1, kind="emigration", country="NO"), "contradiction", "country",
    ),
    "an immigration from Norway": (
        record(1, **{**IMMIGRATION, "country": "NO"}), "contradiction", "country",
    ),
}  # fmt: skip


@pytest.mark.parametrize("ending", ["csv", "ndjson", "parquet"])
def test_good(desk: Desk, ending: str) -> None:
    result = desk.take_records([{**r, "source": name} for name, r in GOOD.items()], f"r.{ending}")
    assert result.total.accepted == len(GOOD), desk.rows("SELECT record, reason FROM quarantine")


@pytest.mark.parametrize("ending", ["csv", "ndjson"])
def test_bad(desk: Desk, ending: str) -> None:
    # A source for each case keeps their keys apart.
    records = [{**r, "source": r["source"] and name} for name, (r, *_) in BAD.items()]
    result = desk.take_records([*records, record(1)], f"r.{ending}")
    assert (result.total.accepted, result.total.quarantined) == (1, len(BAD))
    rows = desk.rows('SELECT "row", reason, column_name, allowed IS NOT NULL FROM quarantine')
    found = {name: rows[n][1:] for n, name in enumerate(BAD) if rows[n][0] == n + 1}
    assert found == {name: (reason, column, True) for name, (_, reason, column) in BAD.items()}


def test_values_of_persons_are_not_listed(desk: Desk) -> None:
    desk.take_records([record(1, person="12a"), record(2, kind="deth")])
    assert desk.quarantined() == [("broken_type", "person", None), ("unknown_kind", "kind", "deth")]


def test_typed_parquet_is_checked_too(desk: Desk, tmp_path: Path) -> None:
    bad = [record(1, event_date="2021-01-06"), move(2, municipality="03"), record(3)]
    result = desk.take(write(tmp_path / "r.parquet", bad))
    assert result.total.accepted == 1
    assert desk.quarantined() == [
        ("future_date", "event_date", "2021-01-06"), ("unknown_code", "municipality", "03"),
    ]  # fmt: skip


KNOWN = {
    "2021-01-31T22:59:59.999999Z": "2021-02-01",
    "2021-01-31T23:00:00Z": "2021-02-02",
    "2021-06-30T21:59:59Z": "2021-07-01",
    "2021-06-30T22:00:00Z": "2021-07-02",
    # The clock goes forward on 28 March 2021 and back on 31 October 2021, at 01:00 UTC.
    "2021-03-27T22:30:00Z": "2021-03-28",
    "2021-03-28T22:30:00Z": "2021-03-30",
    "2021-10-30T22:30:00Z": "2021-11-01",
    "2021-10-31T22:30:00Z": "2021-11-01",
    "1979-07-01T22:30:00Z": "1979-07-02",
    "2021-01-31T23:59:00+01:00": "2021-02-01",
}


def test_known_from(desk: Desk) -> None:
    desk.taken_at = datetime(2022, 1, 1, tzinfo=UTC)
    desk.take_records(
        [record(at, received_at=at, event_date="1979-01-01", value=at) for at in KNOWN]
    )
    assert dict(desk.rows("SELECT value, known_from::VARCHAR FROM report")) == KNOWN


def test_codes_are_stored_as_numbers(desk: Desk) -> None:
    desk.take_records([record(1, **IMMIGRATION, marital_status="unknown")])
    found = desk.rows(
        "SELECT kind, municipality, basic_unit, sex, origin, reason, marital_status FROM report"
    )
    assert found == [(3, 301, 3010101, 2, 2, 1, 0)]


def test_rows_of_broken_lines(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path / "r.csv", [record(n) for n in range(1, 5)])
    lines = file.read_text("utf-8").splitlines()
    lines[2] = "reg,2"
    lines.append("reg,5,2021-01-05,77,death,2021-01-02,1,2,3")
    file.write_text("\n".join(lines), "utf-8")
    result = desk.take(file)
    assert (result.total.read, result.total.accepted, result.total.quarantined) == (5, 3, 2)
    found = desk.rows('SELECT "row", reason, record FROM quarantine ORDER BY id')
    assert [row[:2] for row in found] == [(2, "broken_record"), (5, "broken_record")]
    assert found[0][2] == "reg,2"


def test_broken_lines_of_ndjson(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path / "r.ndjson", [record(1), record(2)])
    whole = file.read_text("utf-8").splitlines()
    file.write_text("\n".join([whole[0], '{"source": ', "[1]", whole[1]]), "utf-8")
    assert desk.take(file).total.accepted == 2
    found: list[tuple[Any, ...]] = desk.rows('SELECT "row", reason FROM quarantine ORDER BY id')
    assert found == [(2, "broken_record"), (3, "broken_record")]
