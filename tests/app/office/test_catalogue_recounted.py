"""Tables of households, births, marriages, background and ages, counted again by another route.

From the register's tables, in plain Python, as another person would.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from csv import DictReader
from datetime import date
from importlib.resources import files
from itertools import pairwise
from typing import Any

import duckdb
import pytest

import folkestrom
import folkestrom.twin
from folkestrom.app.office.catalogue.tables import TABLES
from folkestrom.app.office.session import asking
from folkestrom.households.homes import LARGEST
from folkestrom.households.rules import cohabitation_rule
from folkestrom.model.codes import Kind, MaritalStatus
from folkestrom.model.countries import COUNTRY_CODES
from tests.reference.households import Answer, Lodger, PlainRule, completed_years, families

DAY, START, KNOWN, KNOWN_BEFORE = (
    date(2020, 1, 1), date(2019, 1, 1), date(2020, 2, 1), date(2019, 2, 1)
)  # fmt: skip
EVE = date(2019, 12, 31)
NORWAY = COUNTRY_CODES["NO"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A small country, opened to be asked."""
    folder = tmp_path_factory.mktemp("recount")
    folkestrom.twin.create(folder / "twin", scale=0.001, first_year=2017, last_year=2021,
                           dwellings=True, variables=False, truth=False)  # fmt: skip
    opened = folkestrom.open(folder / "store")
    opened.intake(folder / "twin" / "reports")
    with asking(folder / "store", opened.waiting) as connection:
        yield connection


def _known(store: duckdb.DuckDBPyConnection, table: str, on: date = KNOWN) -> list[dict[str, Any]]:
    """A table of the register as known on a day."""
    every = store.sql(f"SELECT * FROM {table}").to_arrow_table().to_pylist()
    return [row for row in every if row["known_from"] <= on < row["known_to"]]


def _on(rows: list[dict[str, Any]], day: date) -> dict[int, dict[str, Any]]:
    return {r["person"]: r for r in rows if r["valid_from"] <= day < r["valid_to"]}


def _table(
    store: duckdb.DuckDBPyConnection, id: str, by: list[str], *, year: bool = False
) -> list[dict[str, Any]]:
    times = [START, DAY] if year else [DAY]
    rows: list[dict[str, Any]] = TABLES[id].ask(store, times, by).data.to_pylist()
    return rows


def _counts(rows: list[dict[str, Any]], by: list[str], measure: str) -> Counter[tuple[str, ...]]:
    counted = Counter[tuple[str, ...]]()
    for row in rows:
        if row[measure]:
            codes = ("unknown" if row[name] is None else str(row[name]) for name in by)
            counted[tuple(codes)] += row[measure]
    return counted


@pytest.fixture(scope="module")
def at_home(store: duckdb.DuckDBPyConnection) -> dict[int, tuple[Answer, dict[str, Any]]]:
    """What everybody is in household and family, dwelling by dwelling, and where they live."""
    fixed = {row["person"]: row for row in _known(store, "attribute")}
    wed = _on(_known(store, "marital"), EVE)
    here = _on(_known(store, "residence"), EVE)
    married = (MaritalStatus.MARRIED, MaritalStatus.REGISTERED_PARTNER)
    lodgers: dict[int, list[Lodger]] = {}
    for person, row in here.items():
        if row["dwelling"] is None:
            continue
        a, m = fixed[person], wed.get(person)
        is_married = m is not None and m["marital_status"] in married
        spouse = m["partner"] if m is not None and is_married else None
        who = Lodger(
            person, a["birth_date"], a["sex"], a["mother"], a["father"], is_married, spouse
        )
        lodgers.setdefault(row["dwelling"], []).append(who)
    rule = cohabitation_rule("NO", DAY)
    plain = PlainRule(
        rule.least_age, rule.age_difference, rule.no_other_adult, rule.same_sex_with_child
    )
    found: dict[int, Answer] = {}
    for together in lodgers.values():
        found |= families(together, DAY, plain, LARGEST)
    return {person: (answer, here[person]) for person, answer in found.items()}


def test_households_families_and_couples(store: Any, at_home: Any) -> None:
    """B1019 to B1023."""
    counts: dict[str, Counter[tuple[str, ...]]] = {
        id: Counter() for id in ("B1019", "B1020", "B1021", "persons", "B1022", "B1023")
    }
    for person, (one, row) in at_home.items():
        place = f"{row['municipality']:04d}"
        if one.household_type != "other":
            counts["persons"][place,] += 1
            if one.household == person:
                counts["B1019"][place, one.household_type] += 1
                counts["B1020"][place, str(one.size)] += 1
                counts["B1021"][place,] += 1
        if one.family == person and one.family_type != "other":
            counts["B1022"][place, one.family_type] += 1
        if one.role == 1 and one.couple != "no":
            counts["B1023"][place, one.couple] += 1
    for id, by, measure in (
        ("B1019", ["municipality", "household_type"], "households"),
        ("B1020", ["municipality", "household_size"], "households"),
        ("B1022", ["municipality", "family_type"], "families"),
        ("B1023", ["municipality", "cohabiting"], "couples"),
    ):
        assert _counts(_table(store, id, by), by, measure) == counts[id], id
    found = _table(store, "B1021", ["municipality", "place_of_residence"])
    assert {row["place_of_residence"] for row in found} == {"register"}
    for measure, id in (("households", "B1021"), ("private_persons", "persons")):
        assert _counts(found, ["municipality"], measure) == counts[id]


def test_children(store: Any, at_home: Any) -> None:
    """B1024 and B1025."""
    fixed = {row["person"]: row["birth_date"] for row in _known(store, "attribute")}
    children_of = Counter(one.family for one, _ in at_home.values() if one.role == 3)
    by_place, by_siblings = Counter[tuple[Any, ...]](), Counter[tuple[Any, ...]]()
    for person, (one, row) in at_home.items():
        age = completed_years(fixed[person], EVE)
        if age is None or age >= 18:
            continue
        place = f"{row['municipality']:04d}"
        by_place[place, str(age), one.parents] += 1
        siblings = str(children_of[one.family] - 1) if one.role == 3 else "unknown"
        by_siblings[str(age), one.parents, siblings] += 1
    by = ["municipality", "age", "parents_living_together"]
    assert _counts(_table(store, "B1024", by), by, "children") == by_place
    by = ["age", "parents_living_together", "siblings_at_home"]
    assert _counts(_table(store, "B1025", by), by, "children") == by_siblings


def _births(store: Any) -> list[dict[str, Any]]:
    """Births of the year, and late ones of earlier years, as known at the extraction."""
    return [
        e for e in _known(store, "event")
        if e["kind"] == Kind.BIRTH
        and (START <= e["event_date"] < DAY
             or (e["event_date"] < START and e["first_known"] > KNOWN_BEFORE))
    ]  # fmt: skip


def test_births(store: Any) -> None:
    """B1026 and B1027, but for how the parents live."""
    fixed = {row["person"]: row for row in _known(store, "attribute")}
    marital = _known(store, "marital")
    order, status = Counter[tuple[Any, ...]](), Counter[tuple[Any, ...]]()
    for birth in _births(store):
        child, day = fixed[birth["person"]], birth["event_date"]
        mother = child["mother"]
        before = [
            p for p, row in fixed.items()
            if mother is not None and row["mother"] == mother
            and (row["birth_date"], p) <= (child["birth_date"], birth["person"])
        ]  # fmt: skip
        county = f"{birth['municipality_to'] // 100:02d}"
        order[county, str(len(before)) if before else "unknown"] += 1
        had = _on([m for m in marital if m["person"] == mother], day).get(mother)
        known = had is not None and had["marital_status"]
        name = MaritalStatus(had["marital_status"]).name.lower() if had and known else "unknown"
        age = completed_years(fixed[mother]["birth_date"], day) if mother in fixed else None
        status[name, "unknown" if age is None else str(age)] += 1
    by = ["county", "birth_order"]
    assert _counts(_table(store, "B1026", by, year=True), by, "births") == order
    by = ["mother_marital_status", "mother_age"]
    assert _counts(_table(store, "B1027", by, year=True), by, "births") == status


def test_marriages_and_divorces(store: Any) -> None:
    """B1028 and B1029."""
    married = {MaritalStatus.MARRIED, MaritalStatus.REGISTERED_PARTNER}
    wed = {*married, MaritalStatus.SEPARATED, MaritalStatus.SEPARATED_PARTNER}
    divorced = {MaritalStatus.DIVORCED, MaritalStatus.DIVORCED_PARTNER}
    here = _known(store, "residence")
    spells = sorted(_known(store, "marital"), key=lambda m: (m["person"], m["valid_from"]))
    persons: dict[str, Counter[tuple[str, str]]] = {"marriages": Counter(), "divorces": Counter()}
    couples: dict[str, set[Any]] = {"marriages": set(), "divorces": set()}
    for one, other in pairwise(spells):
        day, person = other["valid_from"], other["person"]
        if one["person"] != person or one["valid_to"] != day or not START <= day < DAY:
            continue
        home = [r for r in here if r["person"] == person and r["valid_from"] < day <= r["valid_to"]]
        if not home:
            continue
        was, now = one["marital_status"], other["marital_status"]
        if now in married and was not in wed:
            what = "marriages"
        elif now in divorced and was not in divorced:
            what = "divorces"
        else:
            continue
        sex = ("unknown", "male", "female")[home[0]["sex"]]
        persons[what][f"{home[0]['municipality'] // 100:02d}", sex] += 1
        named = [
            m["partner"] for m in spells
            if m["person"] == person and m["partner"] is not None
            and (m["valid_from"] <= day if what == "divorces" else m["valid_from"] == day)
        ]  # fmt: skip
        couples[what].add((day, *sorted((person, named[-1] if named else person))))
    by = ["county", "sex"]
    found, pairs = _table(store, "B1028", by, year=True), _table(store, "B1029", [], year=True)
    for what, pair in (("marriages", "couples_married"), ("divorces", "couples_divorced")):
        assert _counts(found, by, what) == persons[what]
        assert sum(row[pair] for row in pairs) == len(couples[what]) > 0


def test_background(store: Any) -> None:
    """B1030."""
    lists = files("folkestrom.classifications") / "data" / "country_background.csv"
    lines = [line for line in lists.read_text().splitlines() if not line.startswith("#")]
    part = {COUNTRY_CODES[row["code"]]: row["group"] for row in DictReader(lines)}
    fixed = {row["person"]: row for row in _known(store, "attribute")}
    unknown = COUNTRY_CODES["XX"]

    def born(person: int | None) -> int | None:
        country = fixed[person]["country_of_birth"] if person in fixed else None
        return None if country == unknown else country

    counted = Counter[tuple[str, str]]()
    for person in _on(_known(store, "residence"), EVE):
        own = born(person)
        parents = [born(fixed[person][parent]) for parent in ("mother", "father")]
        if own is None:
            kind, background = "unknown", "unknown"
        elif NORWAY in parents:
            kind, background = "other", "none"
        elif own != NORWAY:
            kind, background = "immigrant", part.get(own, "")
        elif None in parents:
            kind, background = "parents_unknown", "none"
        else:
            kind, background = "norwegian_born", part.get(parents[0] or 0, "")
        counted[kind, background] += 1
    by = ["immigrant_category", "country_background"]
    found = _counts(_table(store, "B1030", ["county", *by]), by, "persons")
    assert found == counted


def test_fertility_and_mean_ages(store: Any) -> None:
    """B1031 and B1032, but for life tables."""
    fixed = {row["person"]: row for row in _known(store, "attribute")}
    days = Counter[int]()
    for row in (row for row in _known(store, "residence") if row["sex"] == 2):
        low, high = max(row["valid_from"], START), min(row["valid_to"], DAY)
        for ordinal in range(low.toordinal(), high.toordinal()):
            days[completed_years(row["birth_date"], date.fromordinal(ordinal)) or 0] += 1
    ages = Counter[int]()
    # Late reports about earlier years are in the account, and in no rate.
    own = [birth for birth in _births(store) if birth["event_date"] >= START]
    assert len(own) < len(_births(store))
    for birth in own:
        mother = fixed[birth["person"]]["mother"]
        if mother in fixed:
            ages[completed_years(fixed[mother]["birth_date"], birth["event_date"]) or 0] += 1
    births = len(own)
    rates = {a: ages[a] * births / ages.total() / (days[a] / 365.25) for a in range(15, 50)}
    at_birth = sum((a + 0.5) * r for a, r in rates.items()) / sum(rates.values())
    stock = _on(_known(store, "residence", KNOWN_BEFORE), date(2018, 12, 31))
    mean = sum(START.year - row["birth_date"].year - 1 + 0.5 for row in stock.values()) / len(stock)
    (found,) = _table(store, "B1031", [], year=True)
    assert found["total_fertility"] == pytest.approx(sum(rates.values()), abs=0.002)
    assert found["mean_age_at_childbearing"] == pytest.approx(at_birth, abs=0.01)
    assert found["mean_age"] == pytest.approx(mean, abs=0.006)
