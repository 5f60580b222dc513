"""What cannot be, from the feed to the figures: it waits, is flagged or counted, and is mended."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import folkestrom
from folkestrom.app.office.api import Store
from tests.app.cli.asking import ask
from tests.intake.feed import desk
from tests.intake.feed.desk import AT, CHILD, JOHN, MARY, changed, move, start
from tests.intake.feed.register import Register

TWIN = 14
DAY = "2020-06-05"


def taken_in(register: Register, work: Path) -> Store:
    """Pull, read and take in what a register has by now."""
    desk.told(register, work)
    store = folkestrom.open(str(work / "store"))
    store.intake(str(work / "reports"))
    return store


def residents(store: Store) -> int:
    return int(store.population(DAY, known_at="latest")["persons"][0].as_py())


def waiting(work: Path) -> list[tuple[str, str]]:
    found = folkestrom.open(str(work / "store")).quarantine().to_pylist()
    return [(row["reason"], row["column"]) for row in found]


def footnotes(work: Path, *command: str) -> str:
    found = ask(work / "store", *command)
    assert found.exit_code == 0, found.output
    return " ".join(found.output.split())


def wed(person: int, other: int, register: Register) -> dict[str, Any]:
    return changed("sivilstand", {"sivilstand": "gift", "sivilstandsdato": "2020-05-01",
                                  "relatertVedSivilstand": register.number(other)})  # fmt: skip


def test_who_marries_oneself_waits_and_the_corrected_document_is_taken(tmp_path: Path) -> None:
    register = Register()
    register.take([start(), start(JOHN), move(person=JOHN)])
    register.tell(MARY, "endringISivilstand", AT, [wed(MARY, MARY, register)])
    store = taken_in(register, tmp_path)
    assert waiting(tmp_path) == [("contradiction", "partner")]
    assert residents(store) == 2
    # The register sees it too, and corrects it.
    right = wed(MARY, JOHN, register) | {"entitetsendring": "korrigere"}
    register.tell(MARY, "endringISivilstand", AT + timedelta(9), [right])
    store = taken_in(register, tmp_path)
    found = store.population(DAY, by=["marital_status"], known_at="latest").to_pylist()
    assert {row["marital_status"]: row["persons"] for row in found}["married"] == 1


def born(person: int, mother: int, on: date = date(2020, 3, 1)) -> dict[str, Any]:
    return start(person, "birth", event_date=on, birth_date=on, mother=mother,
                 marital_status=None, received_at=AT)  # fmt: skip


def test_twins_are_two_births_of_one_mother(tmp_path: Path) -> None:
    register = Register()
    register.take([start(), born(CHILD, MARY), born(TWIN, MARY)])
    store = taken_in(register, tmp_path)
    assert (residents(store), desk.waiting(tmp_path / "reports")) == (3, [])
    assert store.flags(by=[])["reports"].to_pylist() in ([], [0])
    found = store.changes("2020-01-22", DAY, by=["birth_order"], known_at="latest").to_pylist()
    assert sorted(row["birth_order"] for row in found if row["births"]) == [1, 2]


def test_a_child_older_than_its_mother_is_counted_until_one_is_corrected(tmp_path: Path) -> None:
    register = Register()
    register.take([start(birth_date=date(2019, 5, 10)), start(CHILD, mother=MARY), move()])
    store = taken_in(register, tmp_path)
    assert residents(store) == 2
    told = "0 persons married to themselves, 1 no younger than a parent"
    for command in (("flags",), ("households", "--date", DAY, "--known-at", "latest")):
        assert told in footnotes(tmp_path, *command)
    right = changed("foedsel", {"foedselsdato": "1979-05-10", "foedeland": "POL"}, "korrigere")
    register.tell(MARY, "endringIFoedsel", AT + timedelta(9), [right])
    taken_in(register, tmp_path)
    assert "no younger than a parent" not in footnotes(tmp_path, "flags")


def test_two_households_under_one_key_are_one_household_and_told(tmp_path: Path) -> None:
    register = Register()
    couples = ((MARY, JOHN), (CHILD, TWIN))
    register.take([start(n) for pair in couples for n in pair])
    address = {
        "flyttedato": "2020-04-01",
        "grunnkrets": 101,
        "adresseIdentifikatorFraMatrikkelen": "200000001",
        "vegadresse": {"kommunenummer": "0301", "bruksenhetsnummer": "H0101"},
    }
    for pair in couples:
        for one, other in (pair, pair[::-1]):
            register.tell(one, "endringIBostedsadresse", AT, [changed("bostedsadresse", address)])
            register.tell(one, "endringISivilstand", AT, [wed(one, other, register)])
    taken_in(register, tmp_path)
    told = footnotes(tmp_path, "households", "--date", DAY, "--known-at", "latest")
    assert "one household: 1 dwellings with 4 persons have two or more married couples" in told


def test_a_municipality_before_it_existed_waits_and_the_rest_is_taken(tmp_path: Path) -> None:
    """3301 is Drammen from 2024 on."""
    register = Register()
    register.take([start(), start(JOHN), move("3301"), move("1103", person=JOHN)])
    store = taken_in(register, tmp_path)
    assert waiting(tmp_path) == [("code_not_valid", "municipality")]
    assert residents(store) == 2
    export = tmp_path / "mend.csv"
    assert ask(tmp_path / "store", "quarantine", "export", str(export)).exit_code == 0
    text = export.read_text()
    assert "3301" in text
    export.write_text(text.replace("3301", "3005"))
    found = ask(tmp_path / "store", "quarantine", "retake", str(export))
    assert found.exit_code == 0, found.output
    assert waiting(tmp_path) == []


@pytest.mark.parametrize("rounds", [2, 3])
def test_identities_that_are_merged_in_a_ring_are_counted_once(rounds: int, tmp_path: Path) -> None:
    """The register says of each that it is continued as the next; the last is flagged."""
    ring = (MARY, JOHN, CHILD)[:rounds]
    register = Register()
    register.take([start(n) for n in ring])
    for at, (ended, survivor) in enumerate(zip(ring, (*ring[1:], ring[0]), strict=True)):
        numbers = [{"status": status, "foedselsEllerDNummer": register.number(n)}
                   for n, status in ((ended, "opphoert"), (survivor, "iBruk"))]  # fmt: skip
        changes = [changed("identifikasjonsnummer", number) for number in numbers]
        register.tell(ended, "personErOpphoertSomDublett", AT + timedelta(at), changes)
    store = taken_in(register, tmp_path)
    assert residents(store) == 1
    assert store.flags(by=["reason"]).to_pylist() == [
        {"reason": "circular_merge", "reports": 1, "persons": 1}
    ]


def test_a_merge_into_a_person_who_never_was_is_flagged_and_nobody_is_lost(tmp_path: Path) -> None:
    register = Register()
    register.take([start()])
    numbers = [{"status": status, "foedselsEllerDNummer": register.number(n)}
               for n, status in ((MARY, "opphoert"), (JOHN, "iBruk"))]  # fmt: skip
    changes = [changed("identifikasjonsnummer", number) for number in numbers]
    register.tell(MARY, "personErOpphoertSomDublett", AT, changes)
    store = taken_in(register, tmp_path)
    assert residents(store) == 1
    assert store.flags(by=["reason"])["reason"].to_pylist() == ["survivor_without_record"]
    # The next run mends it: the record of the person comes.
    register.take([start(JOHN, received_at=AT + timedelta(30))])
    store = taken_in(register, tmp_path)
    assert (residents(store), store.flags(by=["reason"]).num_rows) == (1, 0)
