"""The Python interface takes what people write, and says what it cannot take."""

from __future__ import annotations

import contextlib
import inspect
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import folkestrom
from folkestrom.app.office.api import Store
from folkestrom.errors import UsageError, UserError
from folkestrom.model.time import local_day
from tests.app.cli.test_statistics import store
from tests.columns.doors import nasty_arguments

__all__ = ["store"]

DAY = date(2021, 1, 1)
NAIVE = datetime.combine(DAY, time())


@pytest.mark.parametrize(
    "day",
    ["2021-01-01", NAIVE, NAIVE.replace(tzinfo=UTC), np.datetime64(DAY)],
)
def test_a_day_may_be_said_in_several_ways(store: Path, day: Any) -> None:
    opened = folkestrom.open(store)
    assert opened.population(day, "sex").equals(opened.population(DAY, ["sex"]))
    assert opened.population(dates=day).equals(opened.population(dates=[DAY]))
    assert opened.population(DAY, known_at=day).equals(opened.population(DAY, known_at=DAY))
    assert opened.changes("2020-01-01", day).equals(opened.changes(date(2020, 1, 1), DAY))
    assert opened.explain("2020-01-01", day).num_rows == 1
    assert opened.table("key-figures", 2021, known_at=day).num_rows == 10


@pytest.mark.parametrize("borders", [None, "2024", "as-it-was"])
def test_a_moment_lies_between_two_days(store: Path, borders: str | None) -> None:
    opened = folkestrom.open(store)
    with opened.reading() as connection:
        ((received,),) = connection.execute(
            "SELECT min(received_at) FROM report WHERE kind = 2 AND event_date > DATE '2020-01-01'"
        ).fetchall()
    opened = opened if borders is None else opened.in_borders(borders)
    at = received.replace(tzinfo=UTC)
    day, one = local_day(at), timedelta(microseconds=1)
    moments = [at, at + one, f"{(at + one).isoformat()}"]
    known = [day, *moments, day + timedelta(days=1)]
    found = [opened.population(DAY, known_at=k)["persons"][0].as_py() for k in known]
    assert found[0] <= found[1] == found[2] - 1 == found[3] - 1 <= found[-1]
    listed = opened.vintages("population", DAY, known_at=known, extraction_months=0)
    assert listed["persons"].to_pylist() == sorted(found[:2]) + [found[2], found[-1]]
    assert listed["known_at"][1].as_py().startswith(f"{day}T")


def test_names_may_stand_in_one_text(store: Path) -> None:
    opened = folkestrom.open(store)
    assert opened.population(DAY, "sex").column_names == ["sex", "persons"]
    assert opened.population(DAY, "sex, age").column_names == ["sex", "age", "persons"]
    assert opened.changes("2020-01-01", DAY, by="sex").column_names[1] == "sex"


def test_what_is_kept_may_be_said_as_in_a_terminal(store: Path) -> None:
    opened = folkestrom.open(store)
    oslo = opened.population(DAY, only={"county": "03", "sex": "female"})
    assert opened.population(DAY, only="county=03,sex=female").equals(oslo)
    assert opened.population(DAY, only=["county=03", "sex=female"]).equals(oslo)
    with pytest.raises(UsageError, match=r"only: 'county' is not a variable with codes[\s\S]*=03"):
        opened.rates("2020-01-01", DAY, only="county")


def test_published_is_what_accounts_and_tables_are_anyhow(store: Path) -> None:
    opened = folkestrom.open(store)
    assert opened.changes("2020-01-01", DAY, known_at="published").equals(
        opened.changes("2020-01-01", DAY)
    )
    assert opened.table("key-figures", "2021", known_at="published").equals(
        opened.table("key-figures", 2021)
    )


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda s: s.population(DAY, known_at="publishd"), "Did you mean 'published'"),
        (lambda s: s.population(DAY, known_at="2021-02-30"), "Did you mean '2021-02-28'"),
        (lambda s: s.population("2021-02-30"), "Did you mean '2021-02-28'"),
        (lambda s: s.population("1.4.2021"), "Did you mean '2021-04-01'"),
        (lambda s: s.population(2021), "Did you mean '2021-01-01'"),
        (lambda s: s.population(NAIVE.replace(hour=12)), "is not midnight"),
        (lambda s: s.population(), "no date was given"),
        (lambda s: s.population(DAY, dates=[DAY]), "give one of them"),
        (lambda s: s.population(dates=20210101), "is not a list of days"),
        (lambda s: s.population(DAY, "sexx"), "Did you mean 'sex'"),
        (lambda s: s.population(DAY, 7), "by: is a whole number"),
        (lambda s: s.population(DAY, [7]), "by: is a list of 1"),
        (lambda s: s.population(DAY, known_at="published", extraction_months=-3), "0, 1, 2"),
        (lambda s: s.changes("2020-01-01", DAY, extraction_months=1.5), "a whole number"),
        (lambda s: s.explain("2020-01-01", DAY, extraction_months=-1), "0, 1, 2"),
        (lambda s: s.changes("2020-01-01", None), "'None' is not a calendar date"),
        (lambda s: s.changes("2020-01-01", DAY, known_at="lately"), "Did you mean 'latest'"),
        (lambda s: s.table("key-figures", "2021-01-01"), "Did you mean 2021"),
        (lambda s: s.table("key-figures", 21), "whole numbers from 1800"),
        (lambda s: s.seal("yesterday"), "is not a calendar date"),
        (lambda s: s.rates("2020-01-01", DAY, level=1 - 1e-16), "is not a level"),
        (lambda s: s.study("a\0b"), "is no path"),
        (lambda s: s.intake("x" * 300), "is no path"),
    ],
)
def test_what_cannot_be_meant_is_said(store: Path, ask: Callable[[Store], Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        ask(folkestrom.open(store))


#: For each method of a store arguments that it takes.
PERIOD: dict[str, Any] = {"from_": "2020-01-01", "to_": "2021-01-01"}
FIGURES: dict[str, Any] = {"known_at": None, "extraction_months": 3, "to": "arrow"}
ARRANGED: dict[str, Any] = {"order": None, "top": 3, "wide": None, "labels": "no"}
SHOWN: dict[str, Any] = {
    **ARRANGED, "only": {"sex": "female"}, "totals": True, "order": "sex", "publish": None,
}  # fmt: skip
METHODS: dict[str, dict[str, Any]] = {
    "intake": {"files": "none.csv", "taken_at": None},
    "retake": {"files": "none.csv", "taken_at": None},
    "quarantine": {"limit": 3},
    "export_quarantine": {"file": "quarantine.csv"},
    "seal": {"until": "1900-01-01"},
    "info": {},
    "transmit": {
        "year": 2020, "out": "sent", "data_set": "BALANCE", "published": "2021-02-19",
        "known_at": "latest", "stays": None, "revision_of": None, "provisional": True,
        "status": "BALANCE=B", "structure": None, "metadata": None, "keys": None, "to": "arrow",
    },
    "population": {
        "date": "2021-01-01", "by": ["sex"], "dates": (), "compare_known": None, **SHOWN, **FIGURES,
    },
    "changes": {
        "by": ["sex"], "every": None, "quarters": "summation", "quarter": None,
        "year": None, "so_far": False, "preliminary": False, "regime": None, **SHOWN, **PERIOD,
        **FIGURES,
    },
    "households": {
        "date": "2021-01-01", "by": ["county"], "count": "households", "population": "register",
        "rule": "NO", "least_age": 20, "age_difference": 10, "largest": 40, "only": None,
        "totals": True, **ARRANGED, **FIGURES,
    },
    "check": {},
    "deliveries": {"to": "arrow"},
    "quality_of_delivery": {"delivery": 1, "days": 3, "alarms": True, "to": "arrow"},
    "impossible_families": {"known_at": "latest", "to": "arrow"},
    "wrong_residence": {
        "date": "2021-01-01", "survey": "138/2500", "known_at": "latest", "to": "arrow",
    },
    "under_coverage": {
        "date": "2021-01-01", "by": ["kind"], "known_at": "latest", **ARRANGED, "to": "arrow",
    },
    "duplicates": {
        "known_at": "latest", "pairs": None, "least": 5, "linkage": False, "to": "arrow",
    },
    "estimate": {
        "date": "2021-01-01", "known_at": "2020-12-05", "by": ["county"], "method": "delays",
        "years": 2, "interval": 80.0, "draws": 10, "seed": 2, "round": 1,
        "delays_by": "sex", "extraction_months": 1,
        **ARRANGED, "to": "arrow",
    },
    "over_coverage": {
        "date": "2021-01-01", "by": ["sex"], "method": ("late",), "signs": ("work",),
        "weights": {"work": 1.0}, "decay": 0.5, "stability": 0.5, "threshold": 0.6,
        "strata": ("sex",), "models": 1, "clean_ups": (2015,), "late_after": 2, "shrink": True,
        "unregistered": False, "level": 0.9, "draws": 10, "seed": 2, "only": None,
        "publish": None, **ARRANGED, **FIGURES,
    },
    "redated": {
        "clean_ups": "2015", "late_after": 2, "known_at": None, "order": None, "top": 2,
        "labels": None, **PERIOD, "to": "arrow",
    },
    "flags": {"by": ["kind"], "known_at": "latest", "reports": None, **PERIOD, "to": "arrow"},
    "explain_person": {
        "person": 10000001, "date": "2021-01-01", "stays": None, "base": "usual",
        "reading": "page", "known_at": "latest",
    },
    "residence_audit": {
        "stays": "none.csv", "date": "2021-01-01", "by": "municipality", "base": "registered",
        "reading": "law", **ARRANGED, "totals": True, "publish": None, "known_at": "latest",
    },
    "residence_bridge": {"stays": "none.csv", "reading": "law", **PERIOD},
    "explain": {
        "area": "nation", "quarters": "summation", "extraction_months": 3, "quarter": None,
        "year": None, "known_at": "published", "regime": None, **PERIOD,
    },
    "vintages": {
        "figure": "births", "date": None, "quarter": "2020Q1", "year": None, "from_": None,
        "to_": None, "known_at": (), "every": "year", "until": "2021-01-01",
        "only": {"sex": "female"}, "extraction_months": 1, "order": None, "top": 2, "labels": None,
    },
    "revisions": {
        "every": "quarter", "delays": (0, 1), "kind": "births", "measures": True, **ARRANGED,
        **PERIOD,
    },
    "variables": {"name": "county", "date": "2021-01-01", "language": "no", "to": "polars"},
    "indicators": {"by": ["county"], **ARRANGED, **PERIOD, **FIGURES},
    "project": {
        "from_": 2021, "to_": 2023, "scenarios": (), "years": 1, "every": 1,
        "indicator": (), "by": ["sex"], "needs": None, "equivalent": None, "decompose": False,
        "areas": "county", "durations": 1, "smooth": True, "draws": None, "seed": 1,
        "interval": 80.0, "series": None, "limits": None, "difference": False, **ARRANGED,
        **FIGURES,
    },
    "simulate": {
        "from_": 2021, "to_": 2022, "by": ["sex"], "seed": 1, "scenario": None, "areas": "county",
        "households": False, "every": None, "runs": 1,
        "durations": 1, "years": 1, **ARRANGED, **FIGURES,
    },
    "abroad": {
        "date": "2021-01-01", "by": ["sex"], "mortality": 1, "over_coverage": "0-0.02",
        "left_before": (0, 100), "mirror": None, "only": {"sex": "female"}, "publish": None,
        **ARRANGED, **FIGURES,
    },
    "older_immigrants": {
        "from_": 2021, "to_": 2023, "by": "sex", "ages": (67,), "years": 1, "every": 2,
        "level": 0.5, "draws": 4, "seed": 2,
        **ARRANGED, **FIGURES,
    },
    "moves": {"by": ["sex"], "every": None, "abroad": True, **PERIOD, **FIGURES},
    "table": {"name": "key-figures", "year": 2021, "unknown": "published", **FIGURES},
    "link": {"files": "none.csv", "as_": "income", "known_from": None, "add": False},
    "linked": {},
    "load_classifications": {"folder": "none"},
    "pull_classifications": {},
    "convert_totals": {
        "file": "none.csv", "from_": 2020, "to_": 2024, "places": "municipality",
        "measure": "persons", "weights": None, "to": "polars",
    },
    "in_borders": {"of": "2024"},
    "export_held": {"variable": "income", "file": "held.csv"},
    "study": {"study": "none.toml"},
    "rates": {
        "by": ["sex"], "event": "emigration", "destination": None, "only": None,
        "standardise_by": (), "against": None, "method": "direct", "smooth": False,
        "schedule": None, "over_coverage": None, "known_at": None,
        "level": 0.95, "groups": None, "publish": None, "to": "polars", **ARRANGED, **PERIOD,
    },
    "life_table": {
        "by": ["county"], "exits": ["death"], "between": None, "since_arrival": False,
        "abridged": True, "infants": "coale-demeny", "open_age": 80, "closing": "none",
        "ages": [0], "only": None, "groups": None, "level": 0.95, "known_at": None, **ARRANGED,
        **PERIOD, "to": "polars",
    },
    "decompose": {"by": "sex", "between": ("male", "female"), "factors": ["age"], **PERIOD},
    "reading": {},
    "make_extract": {"year": 2020, "quarter": None, "estimate": None, "known_at": None},
    "extracts": {},
    "expire_extracts": {"names": (), "on": "2021-01-01"},
    "retention_log": {},
    "erase": {"person": 1, "order": "2026/17", "remove_reports": True},
}  # fmt: skip


def test_more_records_than_there_can_be(store: Path) -> None:
    assert folkestrom.open(store).quarantine(limit=10**30).num_rows == 0


def test_every_method_of_a_store_is_tried() -> None:
    found = {name for name, _ in inspect.getmembers(Store, inspect.isfunction)}
    assert set(METHODS) == {name for name in found if not name.startswith("_")}


@pytest.mark.parametrize("name", sorted(METHODS))
def test_a_result_or_an_error_of_ours(
    name: str, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    opened = folkestrom.open(shutil.copytree(store, tmp_path / "store"))
    for argument in METHODS[name]:
        for nasty in nasty_arguments().values():
            with contextlib.suppress(UserError):
                getattr(opened, name)(**METHODS[name] | {argument: nasty})
