"""What becomes of events: the rules, and the feed's traps."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.intake.feed.desk import (
    AT,
    CHILD,
    JOHN,
    KEY,
    MARY,
    changed,
    move,
    person,
    pulled,
    reading,
    reasons,
    records,
    start,
    told,
    waiting,
)
from tests.intake.feed.register import Register


def registered(*rows: dict[str, Any]) -> Register:
    register = Register()
    register.take(rows)
    return register


@pytest.mark.parametrize("who", [MARY, JOHN])
@pytest.mark.parametrize("kind", ["immigration", "birth", "first_registration"])
def test_a_start_of_a_record(kind: str, who: int, tmp_path: Path) -> None:
    # Of one of the two persons some values are in the person document only.
    row = start(who, kind, mother=101, father=102)
    register = registered(row)
    [record] = told(register, tmp_path)
    is_immigration = {"country": "PL", "reason": "work"} if kind == "immigration" else {}
    assert record == {
        "source": "folkeregisteret", "source_report_id": record["source_report_id"],
        "received_at": "2020-02-03T09:00:00Z", "person": person(register, who), "kind": kind,
        "event_date": "2020-01-20", "municipality": "0301", "basic_unit": "03010101",
        "country_of_birth": "PL", "citizenship": "PL", "marital_status": "never_married",
        "sex": "female", "birth_date": str(row["birth_date"]), "origin": kind,
        "mother": person(register, 101), "father": person(register, 102), **is_immigration,
    }  # fmt: skip


def test_the_day_of_a_decision_is_never_the_day_of_what_happened(tmp_path: Path) -> None:
    """`gyldighetstidspunkt` of a status is when the case was decided."""
    left = {"source_report_id": "out", "person": MARY, "kind": "emigration", "country": "SE",
            "event_date": date(2020, 3, 1), "received_at": AT}  # fmt: skip
    dead = {"source_report_id": "dead", "person": JOHN, "kind": "death",
            "event_date": date(2020, 4, 30), "received_at": AT}  # fmt: skip
    register = registered(start(), start(JOHN), left, dead)
    for raw in register.documents.values():
        decided = json.loads(raw)["hendelse"]["egenskapshendelse"][0]["status"]
        assert decided["gyldighetstidspunkt"][:10] in ("2020-02-03", "2020-06-08")
    days = [record["event_date"] for record in told(register, tmp_path)]
    assert days == ["2020-01-20", "2020-01-20", "2020-03-01", "2020-04-30"]


def test_the_day_of_leaving_is_the_one_that_the_person_states(tmp_path: Path) -> None:
    stated = {"utflyttingsdato": "2019-11-30", "tilflyttingsland": "DNK",
              "gyldighetstidspunkt": "2020-06-05T00:00:00+02:00"}  # fmt: skip
    register = registered(start())
    register.tell(MARY, "personErUtflyttet", AT, [changed("utflytting", stated)])
    del stated["utflyttingsdato"]
    register.tell(MARY, "personErUtflyttet", AT + timedelta(1), [changed("utflytting", stated)])
    days = [(r["kind"], r["event_date"], r["country"]) for r in told(register, tmp_path)[1:]]
    assert days == [("emigration", "2019-11-30", "DK"), ("emigration", "2020-06-05", "DK")]


@pytest.mark.parametrize("code", ["XXX", None])
def test_an_unknown_destination_is_a_country_of_its_own(code: str | None, tmp_path: Path) -> None:
    """So are emigrations decided after two years of unknown whereabouts."""
    left = {"utflyttingsdato": "2020-05-01", "aarsak": "Utvandret etter vedtak"}
    register = registered(start())
    gone = {"status": "forsvunnet", "gyldighetstidspunkt": "2018-05-01T00:00:00+02:00"}
    register.tell(MARY, "endringIStatus", AT - timedelta(700), [changed("status", gone)])
    payload = left | ({"tilflyttingsland": code} if code else {})
    register.tell(MARY, "personErUtflyttet", AT, [changed("utflytting", payload)])
    start_of, left_of = told(register, tmp_path)
    assert start_of["kind"] == "immigration"
    assert (left_of["kind"], left_of["country"], left_of["event_date"]) == (
        "emigration", "XX", "2020-05-01",
    )  # fmt: skip


def test_a_familys_move_is_as_many_moves(tmp_path: Path) -> None:
    family = (MARY, JOHN, CHILD)
    moves = [move(person=one, source_report_id=f"m{one}") for one in family]
    register = registered(*(start(one) for one in family), *moves)
    found = told(register, tmp_path)[3:]
    assert [r["person"] for r in found] == [person(register, one) for one in family]
    assert {(r["kind"], r["municipality"], r["event_date"]) for r in found} == {
        ("move", "1103", "2020-06-01")
    }


@pytest.mark.parametrize(
    "type",
    ["endringIBostedsadresseVedKommuneregulering", "endringIBostedsadresseUtenFlytting",
     "endringIAdressebeskyttelse", "endringIIdentitetsgrunnlag"],
)  # fmt: skip
def test_mass_changes_are_no_moves(type: str, tmp_path: Path) -> None:
    """New numbers of municipalities, keys on addresses, protection, the basis of identities."""
    register = registered(start())
    address = {"flyttedato": "2020-01-20", "grunnkrets": 101, "adressegradering": "fortrolig",
               "adresseIdentifikatorFraMatrikkelen": "200000001",
               "vegadresse": {"kommunenummer": "3005", "bruksenhetsnummer": "H0101"}}  # fmt: skip
    for _ in range(20):
        register.tell(MARY, type, AT, [changed("bostedsadresse", address)])
    assert [r["kind"] for r in told(register, tmp_path)] == ["immigration"]
    assert reasons(tmp_path) == []


def test_what_comes_without_a_payload_tells_nothing(tmp_path: Path) -> None:
    """62 000 events came so in one day."""
    register = registered(start())
    register.tell(MARY, "endringIBostedsadresse", AT, [])
    register.tell(MARY, "endringIBostedsadresse", AT, [changed("bostedsadresse", None)])
    pulled(register, tmp_path / "feed")
    done = reading(tmp_path / "feed", tmp_path / "reports")
    assert (done.reports, done.ignored, done.quarantined) == (1, 2, 0)


def test_stragglers_move_into_numbers_that_are_gone(tmp_path: Path) -> None:
    """0602 Drammen became 3005 on 1 January 2020."""
    found = told(registered(start(), move("0602")), tmp_path)
    assert (found[1]["kind"], found[1]["municipality"]) == ("move", "0602")


def test_a_protected_address_moves_like_any_other(tmp_path: Path) -> None:
    address = {"flyttedato": "2020-06-01", "adressegradering": "strengtFortrolig",
               "ukjentBosted": {"bostedskommune": "1103"}}  # fmt: skip
    register = registered(start())
    register.tell(MARY, "endringIBostedsadresse", AT, [changed("bostedsadresse", address)])
    moved = told(register, tmp_path)[1]
    assert (moved["municipality"], moved["basic_unit"]) == ("1103", "11039999")
    assert "dwelling" not in moved


def test_corrections_leave_no_trace_in_the_person_document(tmp_path: Path) -> None:
    wrong, right = move("1103", date(2020, 6, 1)), move("4601", date(2020, 5, 31))
    right |= {"corrects": wrong["source_report_id"], "received_at": AT + timedelta(9)}
    register = registered(start(), wrong, right)
    last = json.loads(register.person_document(register.events[-1]["hendelse"]["persondokument"]))
    assert [a["vegadresse"]["kommunenummer"] for a in last["bostedsadresse"]] == ["0301", "4601"]
    _, first, corrected = told(register, tmp_path)
    assert corrected["corrects"] == first["source_report_id"]
    assert (first["municipality"], corrected["municipality"]) == ("1103", "4601")
    assert corrected["event_date"] == "2020-05-31"


def test_an_annulled_report_is_the_one_that_the_person_document_no_longer_has(
    tmp_path: Path,
) -> None:
    first, second = move("1103", date(2020, 3, 1)), move("4601", date(2020, 5, 1))
    annulled = {"source_report_id": "no", "person": MARY, "kind": "annulment",
                "received_at": AT + timedelta(9), "annuls": first["source_report_id"]}  # fmt: skip
    _, wrong, _, annulment = told(registered(start(), first, second, annulled), tmp_path)
    assert annulment["kind"] == "annulment"
    assert annulment["annuls"] == wrong["source_report_id"]
    assert set(annulment) == {
        "source", "source_report_id", "received_at", "person", "kind", "annuls",
    }  # fmt: skip


def test_a_correction_that_changes_nothing_means_what_it_repeats(tmp_path: Path) -> None:
    first, second = move("1103", date(2020, 3, 1)), move("4601", date(2020, 5, 1))
    again = first | {"source_report_id": "again", "corrects": first["source_report_id"]}
    register = registered(start(), first, second, again | {"received_at": AT + timedelta(9)})
    _, moved, _, corrected = told(register, tmp_path)
    assert corrected["corrects"] == moved["source_report_id"]
    assert (corrected["municipality"], corrected["event_date"]) == ("1103", "2020-03-01")


def test_without_a_person_document_the_current_one_is_meant(tmp_path: Path) -> None:
    register = registered(start(), move("1103", date(2020, 3, 1)), move("4601", date(2020, 5, 1)))
    register.tell(
        MARY, "endringIBostedsadresse", AT, [changed("bostedsadresse", None, "annullere")]
    )
    del register.events[-1]["hendelse"]["persondokument"]
    found = told(register, tmp_path)
    assert found[-1]["annuls"] == found[-2]["source_report_id"]


def test_one_after_the_other_is_annulled(tmp_path: Path) -> None:
    register = registered(start(), move("1103", date(2020, 3, 1)), move("4601", date(2020, 5, 1)))
    for _ in range(2):
        change = changed("bostedsadresse", None, "annullere")
        register.tell(MARY, "endringIBostedsadresse", AT, [change])
        del register.events[-1]["hendelse"]["persondokument"]
    _, first, second, *annulments = told(register, tmp_path)
    assert [a["annuls"] for a in annulments] == [
        second["source_report_id"], first["source_report_id"],
    ]  # fmt: skip


def test_what_a_record_began_with_is_corrected_as_a_whole(tmp_path: Path) -> None:
    register = registered(start())
    sex, country = {"kjoenn": "mann"}, {"fraflyttingsland": "LTU"}
    register.tell(MARY, "endringIKjoenn", AT, [changed("kjoenn", sex, "korrigere")])
    register.tell(MARY, "endringIInnflytting", AT, [changed("innflytting", country, "korrigere")])
    first, second, third = told(register, tmp_path)
    replaced = {"source_report_id", "received_at", "corrects"}
    assert {k: v for k, v in second.items() if k not in replaced} == {
        k: v for k, v in first.items() if k not in replaced
    } | {"sex": "male"}
    assert second["corrects"] == first["source_report_id"]
    assert (third["corrects"], third["country"]) == (second["source_report_id"], "LT")
    assert third["sex"] == "male"


def test_a_birth_counts_on_the_corrected_day(tmp_path: Path) -> None:
    register = registered(start(CHILD, "birth"))
    born = {"foedselsdato": "2020-01-19", "foedeland": "NOR"}
    register.tell(CHILD, "endringIFoedsel", AT, [changed("foedsel", born, "korrigere")])
    corrected = told(register, tmp_path)[1]
    assert corrected["birth_date"] == corrected["event_date"] == "2020-01-19"


def test_an_annulled_start_takes_what_else_it_told_with_it(tmp_path: Path) -> None:
    register = registered(start())
    names = ("innflytting", "status", "bostedsadresse", "statsborgerskap")
    changes = [changed(name, None, "annullere") for name in names]
    register.tell(MARY, "endringIInnflytting", AT, changes)
    first, annulment = told(register, tmp_path)
    assert annulment["annuls"] == first["source_report_id"]


def test_a_part_of_a_start_is_not_annulled_alone(tmp_path: Path) -> None:
    register = registered(start())
    change = changed("statsborgerskap", None, "annullere")
    register.tell(MARY, "endringIStatsborgerskap", AT, [change])
    assert len(told(register, tmp_path)) == 1
    assert reasons(tmp_path) == ["part_of_a_start"]


def test_a_change_of_legal_sex_is_no_correction_of_the_past(tmp_path: Path) -> None:
    register = registered(start())
    sex = {"kjoenn": "mann", "gyldighetstidspunkt": "2020-06-01T00:00:00+02:00"}
    register.tell(MARY, "endringIKjoenn", AT, [changed("kjoenn", sex)])
    found = told(register, tmp_path)[1]
    assert (found["kind"], found["sex"], found["event_date"]) == (
        "attribute_correction", "male", "2020-06-01",
    )  # fmt: skip
    assert "corrects" not in found


def test_one_update_told_by_several_types_is_one_report(tmp_path: Path) -> None:
    row = start()
    register = registered(row)
    at = row["received_at"]
    told_again = register.entities(row)
    register.tell(MARY, "endringIInnflytting", at, [changed(*e) for e in told_again[1:3]])
    for type, (name, payload) in zip(
        ("endringISivilstand", "endringIStatsborgerskap"),
        (told_again[5], told_again[6]),
        strict=False,
    ):
        register.tell(MARY, type, at, [changed(name, payload)])
    left = {"utflyttingsdato": "2020-06-01", "tilflyttingsland": "SWE"}
    for type in ("personErUtflyttet", "endringIUtflytting"):
        register.tell(MARY, type, AT, [changed("utflytting", left)])
    assert [r["kind"] for r in told(register, tmp_path)] == ["immigration", "emigration"]


def test_registered_twice_is_told_twice_and_one_is_annulled(tmp_path: Path) -> None:
    twice = [move(), move(source_report_id="again", at=AT + timedelta(minutes=30))]
    annulled = {"source_report_id": "no", "person": MARY, "kind": "annulment",
                "received_at": AT + timedelta(9), "annuls": "again"}  # fmt: skip
    found = told(registered(start(), *twice, annulled), tmp_path)
    assert [r["kind"] for r in found] == ["immigration", "move", "move", "annulment"]
    assert found[3]["annuls"] == found[2]["source_report_id"]


def test_a_norwegian_stays_one_with_a_second_citizenship(tmp_path: Path) -> None:
    register = registered(start())
    for day, code in (("2020-03-01", "NOR"), ("2020-04-01", "SWE")):
        payload = {"statsborgerskap": code, "ervervsdato": day}
        at = datetime.fromisoformat(f"{day}T12:00:00+02:00")
        register.tell(MARY, "endringIStatsborgerskap", at, [changed("statsborgerskap", payload)])
    assert [r["citizenship"] for r in told(register, tmp_path)] == ["PL", "NO"]


@pytest.mark.parametrize(
    ("code", "country"),
    [("POL", "PL"), ("XXA", "XS"), ("XXX", "XX"), ("XXK", "XK"), ("SUN", "XX"), ("QQQ", "XX")],
)
def test_countries(code: str, country: str, tmp_path: Path) -> None:
    register = registered(start())
    payload = {"statsborgerskap": code, "ervervsdato": "2020-03-01"}
    register.tell(MARY, "endringIStatsborgerskap", AT, [changed("statsborgerskap", payload)])
    assert told(register, tmp_path)[1]["citizenship"] == country


ROAD = {"kommunenummer": "0301", "adressekode": "10042", "bruksenhetsnummer": "H0101",
        "adressenummer": {"husnummer": "5", "husbokstav": "B"}}  # fmt: skip
NUMBER = {"kommunenummer": "0301", "gaardsnummer": 1, "bruksnummer": 27, "festenummer": 0}
LAND = {"matrikkelnummer": NUMBER, "undernummer": 0, "bruksenhetsnummer": "H0201"}


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ({"vegadresse": ROAD}, "0301-10042-5-B/H0101"),
        ({"vegadresse": ROAD, "adresseIdentifikatorFraMatrikkelen": "285"}, "285/H0101"),
        ({"matrikkeladresse": LAND}, "0301-1-27-0-0/H0201"),
        ({"vegadresse": {**ROAD, "bruksenhetsnummer": None}}, None),
    ],
)  # fmt: skip
def test_a_dwelling_is_its_address_and_number(
    address: dict[str, Any], key: str | None, tmp_path: Path
) -> None:
    register = registered(start())
    payload = {"flyttedato": "2020-06-01", "grunnkrets": 3010412, **address}
    register.tell(MARY, "endringIBostedsadresse", AT, [changed("bostedsadresse", payload)])
    moved = told(register, tmp_path)[1]
    assert moved["basic_unit"] == "03010412"
    assert moved.get("dwelling") == (key and KEY.pseudonym("dwelling", key)[0])


def test_merged_and_split_identities(tmp_path: Path) -> None:
    register = registered(start(), start(JOHN))
    numbers = [{"status": "iBruk", "foedselsEllerDNummer": register.number(MARY)},
               {"status": "opphoert", "foedselsEllerDNummer": register.number(JOHN)}]  # fmt: skip
    changes = [changed("identifikasjonsnummer", number) for number in numbers]
    register.tell(JOHN, "personErOpphoertSomDublett", AT, changes)
    survives = "personErViderefoertSomGjeldendeVedSammenslaaing"
    register.tell(MARY, survives, AT + timedelta(seconds=1), changes)
    register.tell(JOHN, "personErGjenopprettetVedSplitting", AT + timedelta(30), [])
    register.tell(MARY, "personErEndretVedSplitting", AT + timedelta(30), [])
    register.tell(JOHN, "personErOpphoertSomDublett", AT + timedelta(60), changes)
    found = told(register, tmp_path)[2:]
    mary, john = person(register, MARY), person(register, JOHN)
    assert [(r["kind"], r["person"], r.get("survivor"), r["event_date"]) for r in found] == [
        ("merge", john, mary, "2020-06-08"),
        ("split", john, None, "2020-07-08"),
        ("merge", john, mary, "2020-08-07"),
    ]


def test_a_merge_that_does_not_say_with_whom_waits(tmp_path: Path) -> None:
    register = registered(start(JOHN))
    register.tell(JOHN, "personErOpphoertSomDublett", AT, [])
    told(register, tmp_path)
    assert reasons(tmp_path) == ["no_survivor"]


def test_a_new_number_is_the_same_person(tmp_path: Path) -> None:
    """A birth number after a D-number, and a new birth number."""
    register = registered(start())
    old = register.number(MARY)
    register.numbers[MARY] = new = register.number(99)
    numbers = [{"status": "opphoert", "foedselsEllerDNummer": old},
               {"status": "iBruk", "foedselsEllerDNummer": new}]  # fmt: skip
    changes = [changed("identifikasjonsnummer", number) for number in numbers]
    register.tell(MARY, "endringIIdentifikasjonsnummer", AT, changes)
    register.take([move(at=AT + timedelta(1))])
    first, moved = told(register, tmp_path)
    assert moved["person"] == first["person"] == KEY.pseudonym("person", old)[0]


def test_a_number_used_before_it_is_said_whose_it_is(tmp_path: Path) -> None:
    register = registered(start())
    d_number, new = register.number(98), register.number(MARY)
    numbers = [{"status": "opphoert", "foedselsEllerDNummer": d_number},
               {"status": "iBruk", "foedselsEllerDNummer": new}]  # fmt: skip
    changes = [changed("identifikasjonsnummer", number) for number in numbers]
    register.tell(98, "endringIIdentifikasjonsnummer", AT, changes)
    register.numbers[MARY] = d_number
    register.take([move(at=AT + timedelta(1))])
    first, moved = told(register, tmp_path)
    assert moved["person"] == first["person"] == KEY.pseudonym("person", new)[0]


def test_numbers_of_two_persons_are_not_put_together(tmp_path: Path) -> None:
    register = registered(start(), start(JOHN))
    number = {"status": "opphoert", "foedselsEllerDNummer": register.number(JOHN)}
    changes = [changed("identifikasjonsnummer", number)] * 2
    register.tell(MARY, "endringIIdentifikasjonsnummer", AT, changes)
    assert len(told(register, tmp_path)) == 2
    assert reasons(tmp_path) == ["two_persons"]


def test_both_names_of_the_events_type_are_read(tmp_path: Path) -> None:
    register = registered(start(), move())
    for event in register.events:
        listed = event["hendelse"]
        listed["hendelsestype"] = listed.pop("hendelsetype")
    assert [r["kind"] for r in told(register, tmp_path)] == ["immigration", "move"]


def test_a_person_who_marries_oneself_is_left_to_intake(tmp_path: Path) -> None:
    register = registered(start())
    married = {"sivilstand": "gift", "sivilstandsdato": "2020-05-01",
               "relatertVedSivilstand": register.number(MARY)}  # fmt: skip
    register.tell(MARY, "endringISivilstand", AT, [changed("sivilstand", married)])
    found = told(register, tmp_path)[1]
    assert found["partner"] == found["person"]


OLD = [changed("bostedsadresse", None, "annullere")]


@pytest.mark.parametrize(
    ("type", "changes", "reason"),
    [
        ("endringIAltMulig", [], "unknown_event_type"),
        ("endringIAnnenIdentifikasjon", [], "unknown_event_type"),
        ("personErOpphoert", [], "left_to_people"),
        ("endringIFalskIdentitet", [], "left_to_people"),
        ("endringIBostedsadresse", [changed("bostedsadresse", None, "korrigereHistorisk")],
         "historical_change"),
        ("endringIBostedsadresse", [changed("bostedsadresse", None, "slette")],
         "historical_change"),
        ("endringIUtflytting", [changed("utflytting", None, "annullere")], "no_target"),
        ("personErDoed", [changed("doedsfall", {"gyldighetstidspunkt": None})], "missing_value"),
        ("endringIBostedsadresse", [changed("bostedsadresse", {"flyttedato": "2020-06-01"})],
         "missing_value"),
        ("endringIBostedsadresse", [changed("bostedsadresse", {"flyttedato": "2020-06-31"})],
         "broken_document"),
        ("endringIBostedsadresse",
         [changed("bostedsadresse", {"vegadresse": {"kommunenummer": "10858099914"}})],
         "unknown_code"),
        ("endringISivilstand", [changed("sivilstand", {"sivilstand": "10858099914"})],
         "unknown_code"),
    ],
)  # fmt: skip
def test_what_waits_and_why(
    type: str, changes: list[dict[str, Any]], reason: str, tmp_path: Path
) -> None:
    register = registered(start())
    name = register.tell(MARY, type, AT, changes)
    register.take([move(at=AT + timedelta(1))])
    # Intake of the rest goes on.
    assert [r["kind"] for r in told(register, tmp_path)] == ["immigration", "move"]
    [row] = waiting(tmp_path / "reports")
    assert (row["number"], row["document"], row["reason"]) == ("2", name, reason)
    assert "10858099914" not in str(row)


def test_unknown_fields_break_nothing(tmp_path: Path) -> None:
    register = registered(start(), move())
    for name, raw in register.documents.items():
        document = json.loads(raw)
        document["nytt"] = {"felt": [1]}
        document["hendelse"]["egenskapshendelse"][-1]["ukjent"] = 7
        register.documents[name] = json.dumps(document).encode()
    assert len(told(register, tmp_path)) == 2


def test_a_broken_document_waits_and_is_read_when_it_is_mended(tmp_path: Path) -> None:
    register = registered(start(), move())
    name = register.events[1]["hendelse"]["hendelsesdokument"]
    good = register.documents[name]
    register.documents[name] = good.replace(b'"2020-06-01"', b'"June"')
    assert len(told(register, tmp_path)) == 1
    [row] = waiting(tmp_path / "reports")
    assert row["reason"] == "broken_document"
    assert "flyttedato" in row["what"]
    file = next((tmp_path / "feed" / "documents").glob("*.ndjson"))
    file.write_bytes(file.read_bytes().replace(b"June", b"2020-06-01"))
    done = reading(tmp_path / "feed", tmp_path / "reports")
    assert (done.events, done.reports, done.waiting) == (1, 1, 0)
    assert [r["kind"] for r in records(tmp_path / "reports")] == ["immigration", "move"]
    assert waiting(tmp_path / "reports") == []


def test_what_is_read_once_is_not_read_again(tmp_path: Path) -> None:
    register = registered(start())
    told(register, tmp_path)
    before = sorted(path.name for path in (tmp_path / "reports").iterdir())
    assert reading(tmp_path / "feed", tmp_path / "reports").events == 0
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == before
    register.take([move()])
    pulled(register, tmp_path / "feed")
    assert reading(tmp_path / "feed", tmp_path / "reports").events == 1
    assert len(records(tmp_path / "reports")) == 2


def test_times_of_receipt_are_kept_to_the_microsecond(tmp_path: Path) -> None:
    at = datetime(2020, 6, 8, 21, 59, 59, 123456, tzinfo=UTC)
    assert told(registered(start(), move(at=at)), tmp_path)[1]["received_at"] == (
        "2020-06-08T21:59:59.123456Z"
    )
