"""A mother whose identity was merged is the mother still, by the number that stays."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from folkestrom.analysis.prospects.families.register import statuses
from folkestrom.app.office.api import Store
from folkestrom.engine.steps import run
from folkestrom.variables.past import stays_of_children
from tests.app.cli.asking import ask, rows

HEADER = (
    "source,source_report_id,received_at,person,kind,event_date,municipality,basic_unit,"
    "marital_status,sex,birth_date,citizenship,country_of_birth,mother,father,origin,survivor"
)
#: A mother with two numbers, 2 and 3, and a child of each; 3 is merged, and later split again.
LINES = """
1,2010-01-01T09:00:00Z,1,first_registration,1999-12-31,0301,03010101,married,male,1975-01-01,NO,NO,,,first_registration,
2,2010-01-01T09:00:00Z,2,first_registration,1999-12-31,0301,03010101,married,female,1977-01-01,NO,NO,,,first_registration,
3,2010-01-01T09:00:00Z,3,first_registration,1999-12-31,0301,03010101,never_married,female,1977-01-01,NO,NO,,,first_registration,
4,2018-04-02T09:00:00Z,4,birth,2018-04-01,0301,03010101,,female,2018-04-01,NO,NO,2,,birth,
5,2020-04-02T09:00:00Z,5,birth,2020-04-01,0301,03010101,,female,2020-04-01,NO,NO,3,,birth,
6,2020-06-02T09:00:00Z,3,merge,2020-06-01,,,,,,,,,,,2
7,2021-06-02T09:00:00Z,3,split,2021-06-01,,,,,,,,,,,
8,2022-06-02T09:00:00Z,1,death,2022-06-01,,,,,,,,,,,
"""
YEAR = ("--from", "2020-01-01", "--to", "2021-01-01")


@pytest.fixture(scope="module", params=[1, -1], ids=["in order", "the last first"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports taken in one file each."""
    folder = tmp_path_factory.mktemp("kin")
    for line in LINES.split()[:: request.param]:
        (folder / "one.csv").write_text(f"{HEADER}\nfolk,{line}\n")
        taken = ask(folder / "store", "--quiet", "intake", str(folder / "one.csv"))
        assert taken.exit_code == 0, taken.output
    return folder / "store"


def asked(store: Path, *arguments: str) -> list[dict[str, str]]:
    return rows(ask(store, "--quiet", "--format", "csv", *arguments))


@pytest.mark.parametrize(
    ("known", "residents"), [("2020-05-01", 5), ("2021-02-01", 4), ("2021-07-01", 5)]
)
def test_the_child_keeps_its_category(store: Path, known: str, residents: int) -> None:
    """Its mother was born in Norway, by whichever number the register knows her."""
    by = ("--date", "2020-05-01", "--known-at", known, "--by", "immigrant_category")
    found = {
        row["immigrant_category"]: int(row["persons"]) for row in asked(store, "population", *by)
    }
    assert found == {"other": 2, "parents_unknown": residents - 2}


@pytest.mark.parametrize(("known", "order", "status"), [
    ("2020-05-01", "1", "never_married"), ("2021-02-01", "2", "married"),
    ("2021-07-01", "1", "never_married"),
])  # fmt: skip
def test_the_birth_is_the_mothers(store: Path, known: str, order: str, status: str) -> None:
    for variable, value in {
        "mother_age": "43", "birth_order": order, "mother_marital_status": status,
    }.items():  # fmt: skip
        found = asked(store, "changes", *YEAR, "--by", variable, "--known-at", known)
        assert [row[variable] for row in found if row["births"] == "1"] == [value]


@pytest.mark.parametrize(("known", "children"), [
    ("2020-05-01", {"1": 2}), ("2021-02-01", {"2": 1}), ("2021-07-01", {"1": 2}),
])  # fmt: skip
def test_the_children_are_the_mothers(store: Path, known: str, children: dict[str, int]) -> None:
    by = ("--date", "2020-05-01", "--known-at", known, "--by", "children")
    found = {row["children"]: int(row["persons"]) for row in asked(store, "population", *by)}
    assert {number: many for number, many in found.items() if number != "0"} == children


def test_the_birth_is_in_her_rate(store: Path) -> None:
    found = asked(store, "rates", "--event", "childbirth", *YEAR, "--known-at", "2021-02-01")
    assert [row["events"] for row in found] == ["1"]


def test_who_is_merged_is_told_what_would_differ(store: Path) -> None:
    found = ask(store, "explain", "3", "--date", "2021-01-01", "--known-at", "2021-02-01")
    assert "continued as another person" in found.output
    assert "a split of the identity" in " ".join(found.output.split())
    known = ask(store, "explain", "3", "--date", "2021-01-01", "--known-at", "2021-07-01")
    assert "registered as resident 0301" in known.output


def test_the_adjustment_is_owed_to_the_merge(store: Path) -> None:
    ask_for = ("changes", *YEAR, "--explain")
    assert "In all -1: merge of two identities -1." in ask(store, *ask_for).output
    told = ask(store, "--lang", "no", *ask_for).output
    assert "I alt -1: sammenslåing av to identiteter -1." in told


#: A couple, 1 and 2; 5 is 2 by another number, and so is 6 by way of 5. 7 is a child.
CHAIN = """
1,2010-01-01T09:00:00Z,1,first_registration,1999-12-31,0301,03010101,married,male,1975-01-01,NO,NO,,,first_registration,,6
2,2010-01-01T09:00:00Z,2,first_registration,1999-12-31,0301,03010101,married,female,1977-01-01,NO,NO,,,first_registration,,1
5,2010-01-01T09:00:00Z,5,first_registration,1999-12-31,0301,03010101,never_married,female,1977-01-01,NO,NO,,,first_registration,,
6,2010-01-01T09:00:00Z,6,first_registration,1999-12-31,0301,03010101,never_married,female,1977-01-01,NO,NO,,,first_registration,,
7,2018-04-02T09:00:00Z,7,birth,2018-04-01,0301,03010101,,female,2018-04-01,NO,NO,6,1,birth,,
8,2020-06-02T09:00:00Z,6,merge,2020-06-01,,,,,,,,,,,5,
9,2020-09-02T09:00:00Z,5,merge,2020-09-01,,,,,,,,,,,2,
"""


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chain")
    lines = [f"folk,{line}" for line in CHAIN.split()]
    (folder / "all.csv").write_text("\n".join([f"{HEADER},partner", *lines]))
    assert ask(folder / "store", "--quiet", "intake", str(folder / "all.csv")).exit_code == 0
    return folder / "store"


@pytest.mark.parametrize(("known", "mother"), [
    ("2020-03-01", 6), ("2020-07-01", 5), ("2020-10-01", 2),
])  # fmt: skip
def test_a_chain_leads_to_the_mother_and_the_wife(chain: Path, known: str, mother: int) -> None:
    """On one knowledge date, and where rows have knowledge dates of their own."""
    values = {"known_at": date.fromisoformat(known), "eve": date(2020, 2, 29)}
    always = values | {
        "described_first": values["eve"], "known_first": date(2020, 1, 1),
        "known_last": date(2021, 1, 1),
    }  # fmt: skip
    with Store(chain).reading() as connection:
        wed = {row[0]: row[2] for row in run(connection, [statuses()], values).fetchall()}
        stays = run(connection, [stays_of_children()], always).fetchall()
    assert wed[1] == mother
    told = {(r[0], r[4], r[5]) for r in stays}
    at = values["known_at"]
    assert {parent for parent, since, until in told if since <= at < until} == {1, mother}
    assert len(told) == 4


def test_the_child_at_the_end_of_the_chain_is_hers(chain: Path) -> None:
    by = ("--date", "2020-05-01", "--by", "children")
    found = {
        row["children"]: int(row["persons"])
        for row in asked(chain, "population", *by, "--known-at", "2020-10-01")
    }
    assert {number: many for number, many in found.items() if number == "1"} == {"1": 2}
