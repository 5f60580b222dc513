"""The commands of the feed; and that nothing but its folder ever holds an identity number."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

import folkestrom
from folkestrom.app.cli.main import app
from folkestrom.app.office.deliveries import feed
from folkestrom.intake.identities import pseudonyms
from folkestrom.intake.identities.numbers import kind_of_number
from tests.intake.feed import desk
from tests.intake.feed.register import Register
from tests.intake.feed.service import Answer, Service, serving


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def saved(work: Path, register: Register) -> None:
    """A register's JSON in files."""
    folder = work / "saved"
    folder.mkdir(exist_ok=True)
    (folder / "page.json").write_bytes(register.page(1, 10_000))
    for name, raw in register.documents.items():
        (folder / f"{name}.json").write_bytes(raw)
        (folder / f"{name[::-1]}.json").write_bytes(register.person_document(name[::-1]))


def run(*command: str, code: int = 0) -> str:
    """What a command says, on both streams."""
    result = CliRunner().invoke(app, command)
    assert result.exit_code == code, result.output
    return result.output


def test_pull_read_and_take_in(work: Path) -> None:
    register = Register()
    register.take([desk.start(), desk.move()])
    register.tell(desk.MARY, "endringINavn", desk.AT, [])
    saved(work, register)
    assert "fingerprint" in run("feed", "key", "the.key")
    said = run("feed", "pull", "--from", "saved", "--to", "feed", "--format", "json")
    asked = {"events": 3, "documents": 3, "gone": 0, "ignored": 1, "last": 3}
    assert json.loads(said) == asked
    read = ("feed", "read", "feed", "--key", "the.key", "--reports", "reports")
    assert re.search(r"3\s+2\s+1\s+0", run(*read))
    assert "accepted" in run("--store", "store", "intake", "reports")
    again = json.loads(run(*read, "--format", "json"))
    assert (again["events"], again["waiting"]) == (0, 0)
    population = folkestrom.open("store").population("2020-06-09", known_at="latest")
    assert population["persons"].to_pylist() == [1]


def test_one_source_is_named(work: Path) -> None:
    assert "are alternatives" in run("feed", "pull", "--to", "feed", code=2)
    both = ("--url", "https://x", "--from", "saved")
    assert "are alternatives" in run("feed", "pull", *both, "--to", "feed", code=2)


def test_only_what_waits_ends_with_a_code(work: Path) -> None:
    register = Register()
    register.tell(desk.MARY, "endringIAltMulig", desk.AT, [])
    saved(work, register)
    run("feed", "key", "the.key")
    run("feed", "pull", "--from", "saved", "--to", "feed")
    read = ("feed", "read", "feed", "--key", "the.key", "--reports", "reports")
    assert "1 events wait: see quarantine.tsv in reports" in run(*read, code=3)


@pytest.fixture
def read_once(work: Path) -> Path:
    register = Register()
    register.take([desk.start(), desk.move()])
    desk.pulled(register, work / "feed")
    feed.make_key("the.key")
    feed.make_key("other.key")
    feed.read("feed", key="the.key", reports="reports")
    return work


def content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_wrong_or_lost_key_is_refused_and_nothing_is_lost(read_once: Path) -> None:
    before = content(read_once)
    for key, says in (("other.key", "is not the key that this folder"), ("no.key", "is no file")):
        read = ("feed", "read", "feed", "--key", key, "--reports", "reports-2")
        assert says in run(*read, code=2)
    assert content(read_once) == before
    read = ("feed", "read", "feed", "--key", "the.key", "--reports", "reports", "--format", "json")
    assert json.loads(run(*read))["waiting"] == 0


def test_reports_stay_apart_from_the_feed_and_the_key(read_once: Path) -> None:
    read = ("feed", "read", "feed", "--key", "the.key", "--reports")
    assert "lies in the folder of the feed" in run(*read, "feed/reports", code=2)
    assert "kept apart" in run(*read, ".", code=2)
    assert "for another source" in run(*read, "reports", "--source", "twin", code=2)
    none = ("feed", "read", "none", "--key", "the.key", "--reports", "reports")
    assert "is no folder of a feed" in run(*none, code=2)


def test_a_key_is_rotated(read_once: Path) -> None:
    old = desk.records(Path("reports"))
    rotate = ("feed", "rotate", "feed", "--new-key", "other.key")
    table = ("--pseudonyms", "old-to-new.csv")
    assert "needs the old key" in run(*rotate, *table, code=2)
    assert "does not end" in run(*rotate, "--key", "the.key", table[0], "both.xlsx", code=2)
    assert "is not the key" in run(*rotate, *table, "--key", "other.key", code=2)
    assert "1 pseudonyms" in run(*rotate, *table, "--key", "the.key")
    read = ("feed", "read", "feed", "--key")
    assert "is not the key" in run(*read, "the.key", "--reports", "reports", code=2)
    assert "another key" in run(*read, "other.key", "--reports", "reports", code=2)
    run(*read, "other.key", "--reports", "reports-2")
    new = desk.records(Path("reports-2"))
    assert Path("old-to-new.csv").stat().st_mode & 0o777 == 0o600
    with Path("old-to-new.csv").open(newline="") as lines:
        [pair] = csv.DictReader(lines)
    assert {(a["person"], b["person"]) for a, b in zip(old, new, strict=True)} == {
        (int(pair["old"]), int(pair["new"]))
    }
    for record in old + new:
        del record["person"]
    assert old == new


def test_a_store_is_of_one_key(read_once: Path) -> None:
    """Reports of another key are refused, whole; after a rotation they fill a new store."""
    run("--store", "store", "intake", "reports")
    run("feed", "rotate", "feed", "--new-key", "other.key")
    run("feed", "read", "feed", "--key", "other.key", "--reports", "reports-2")
    before = content(Path("store"))
    said = " ".join(run("--store", "store", "intake", "reports-2", code=3).split())
    assert "has pseudonyms of another key than those in the store" in said
    assert pseudonyms.read_key(Path("the.key")).fingerprint in said
    assert "new store" in said
    assert content(Path("store")) == before
    both = ("reports", "reports-2")
    assert "another key" in run("--store", "both", "intake", *both, code=3)
    run("--store", "store-2", "intake", "reports-2")
    secrets = [Path(name).read_text().strip() for name in ("the.key", "other.key")]
    for file, bytes_ in (content(Path("store")) | content(Path("store-2"))).items():
        assert not any(one.encode() in bytes_ or bytes.fromhex(one) in bytes_ for one in secrets), (
            file
        )
    # The key of before goes on filling the store of before.
    assert "repeats" in run("--store", "store", "intake", "reports")


def test_a_lost_key_is_replaced_without_a_table(read_once: Path) -> None:
    Path("the.key").unlink()
    run("feed", "rotate", "feed", "--new-key", "other.key")
    run("feed", "read", "feed", "--key", "other.key", "--reports", "reports-2")
    assert len(desk.records(Path("reports-2"))) == 2


def spoiled(register: Register) -> None:
    """Bad input of every sort, with identity numbers where none belong."""
    number = register.number(desk.MARY)
    for at, (type, entity, payload) in enumerate(
        [
            (number, "bostedsadresse", None),
            ("endringIBostedsadresse", number, None),
            ("endringIBostedsadresse", "bostedsadresse", {"flyttedato": number}),
            ("endringIBostedsadresse", "bostedsadresse", {"grunnkrets": int(number)}),
            ("endringIBostedsadresse", "bostedsadresse",
             {"flyttedato": "2020-06-01", "grunnkrets": int(number), "vegadresse":
              {"kommunenummer": "0301", "bruksenhetsnummer": number}}),
            ("endringIBostedsadresse", "bostedsadresse", {"vegadresse": {"kommunenummer": number}}),
            ("endringISivilstand", "sivilstand", {"sivilstand": number}),
            ("endringISivilstand", "sivilstand",
             {"sivilstand": "gift", "sivilstandsdato": "2020-05-01",
              "relatertVedSivilstand": number}),
            ("endringIKjoenn", "kjoenn", {"kjoenn": number}),
            ("endringIStatsborgerskap", "statsborgerskap",
             {"statsborgerskap": number, "ervervsdato": "2020-05-02"}),
            ("personErUtflyttet", "utflytting",
             {"tilflyttingsland": number, "utflyttingsdato": "2020-05-03", "aarsak": number}),
            ("personErDoed", "doedsfall", {"doedsdato": "2999-01-01"}),
        ]
    ):  # fmt: skip
        change: dict[str, Any] = {"entitet": entity, "entitetsendring": "registrereNy"}
        register.tell(desk.MARY, type, desk.AT, [change | ({entity: payload} if payload else {})])
        register.tell(desk.MARY, type, desk.AT, [change | {"entitetsendring": number}], str(at))
    changed = register.tell(desk.MARY, "endringIBostedsadresse", desk.AT, [])
    document = json.loads(register.documents.pop(changed))
    register.documents[changed] = json.dumps(document | {"dokumentidentifikator": number}).encode()
    register.events[-1]["hendelse"]["hendelsesdokument"] = number
    register.documents[number] = register.documents[changed]
    register.persons[number[::-1]] = register.persons[changed[::-1]]


def rows_of(file: Path) -> bytes:
    """All rows of a database as text: files compress what they hold, and write numbers as bytes."""
    if file.suffix == ".db":
        with closing(sqlite3.connect(file)) as index:
            tables = index.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            return "\n".join(
                str(index.execute(f"SELECT * FROM {name}").fetchall()) for (name,) in tables
            ).encode()
    if file.suffix != ".duckdb":
        return b""
    with duckdb.connect(str(file), read_only=True) as store:
        names = [name for (name,) in store.execute("SHOW TABLES").fetchall()]
        assert {"report", "quarantine"} < set(names)
        return "\n".join(str(store.sql(f"FROM {name}").fetchall()) for name in names).encode()


def pulled_with_faults(register: Register, folder: Path) -> str:
    """What pulls say whose answers are broken where they hold numbers."""
    said = ""
    number = register.number(desk.MARY)
    bodies = (f'[{{"sekvensnummer": "{number}"}}]', f'[{{"hendelse": {{"x": "{number}"', number)
    for status in (200, 400, 500):
        for body in bodies:
            for of in ("hendelser/feed", "hendelser/", "personer/"):

                def fault(path: str, _: int, of: str = of, status: int = status,
                          body: str = body) -> Answer | None:  # fmt: skip
                    return Answer(status, body.encode()) if path.startswith(of) else None

                with serving(Service(register, fault)) as url:
                    pull = ("feed", "pull", "--url", url, "--to", str(folder), "--patience", "0")
                    result = CliRunner().invoke(app, [*pull, "--debug"])
                    said += result.output + str(result.exception)
    with serving(Service(register)) as url:
        said += run("feed", "pull", "--url", url, "--to", str(folder), "--debug")
    assert "broken or cut off" in said
    return said


def test_nothing_beyond_the_feeds_folder_ever_holds_an_identity_number(work: Path) -> None:
    register = Register()
    persons = (desk.MARY, desk.JOHN, desk.CHILD)
    register.take([desk.start(one, mother=101) for one in persons] + [desk.move("9999")])
    spoiled(register)
    register.tell(desk.JOHN, "personErOpphoertSomDublett", desk.AT, [])
    desk.pulled(register, work / "outside" / "feed")
    (work / "inside").mkdir()
    said = run("feed", "key", "inside/the.key")
    keyed = ("--key", "inside/the.key")
    read = ("feed", "read", "outside/feed", *keyed, "--reports", "inside/reports", "--debug")
    said += run(*read)
    store = ("--store", "inside/store")
    said += run(*store, "intake", "inside/reports", "--debug")
    said += run(*store, "quarantine", "list")
    said += run(*store, "quarantine", "export", "inside/mend.csv")
    said += run(*store, "quarantine", "retake", "inside/mend.csv", "--debug", code=3)
    said += run(*store, "flags", "--reports", "inside/flags.csv")
    said += pulled_with_faults(register, work / "outside" / "again")
    said += run("feed", "key", "inside/new.key")
    keys = (*keyed, "--new-key", "inside/new.key", "--pseudonyms", "inside/old-to-new.csv")
    said += run("feed", "rotate", "outside/feed", *keys)
    said += run(*read, code=2)
    renewed = ("--key", "inside/new.key", "--reports", "inside/reports-2", "--debug")
    said += run("feed", "read", "outside/feed", *renewed)
    said += run(*store, "intake", "inside/reports-2", "--debug", code=3)
    said += run("--store", "inside/store-2", "intake", "inside/reports-2", "--debug")
    # What is broken below the feed's folder says where, and not whose.
    file = next((work / "outside" / "feed" / "pages").glob("*.json"))
    file.write_text(file.read_text()[:-20])
    said += run("feed", "rotate", "outside/feed", "--new-key", "inside/the.key")
    read = ("feed", "read", "outside/feed", *keyed, "--reports", "inside/again", "--debug")
    said += run(*read, code=3)

    numbers = {number.encode() for number in register.numbers.values()}
    assert len(numbers) >= 4
    files = [p for p in (work / "inside").rglob("*") if p.is_file()]
    written = {str(p.relative_to(work)): p.read_bytes() for p in files}
    written |= {f"rows of {p.relative_to(work)}": rows_of(p) for p in files if rows_of(p)}
    # Of the folder of the feed: what the pull remembers, and the names of all files.
    outside = [p for p in (work / "outside").rglob("*") if p.is_file()]
    written |= {str(p): p.read_bytes() for p in outside if p.name == "settings.json"}
    written["names"] = "\n".join(map(str, [*files, *outside])).encode()
    assert {"inside/reports/quarantine.tsv", "inside/mend.csv", "inside/flags.csv"} < set(written)
    assert len([name for name in written if "rows of" in name]) >= 4
    assert len([name for name in written if "settings.json" in name]) == 2
    assert any(name.startswith("inside/store/") for name in written)
    for name, content in {**written, "what was said": said.encode()}.items():
        assert [n for n in numbers if n in content] == [], name
        # Not by halves either: birthday and individual number apart, as numbers are often written.
        assert [n for n in numbers if n[:6] + b" " + n[6:] in content] == [], name
    texts = " ".join(c.decode("utf-8", "replace") for n, c in written.items() if "/store/" not in n)
    found = set(re.findall(r"(?<!\d)\d{11}(?!\d)", texts + said))
    assert [number for number in found if kind_of_number(number)] == []
    # They are there where they may be.
    assert any(number in p.read_bytes() for number in numbers for p in outside)


def test_merged_identities_are_one_person_until_they_are_split(work: Path) -> None:
    register = Register()
    register.take([desk.start(), desk.start(desk.JOHN)])
    statuses = {desk.MARY: "iBruk", desk.JOHN: "opphoert"}
    numbers = [{"status": status, "foedselsEllerDNummer": register.number(one)}
               for one, status in statuses.items()]  # fmt: skip
    changes = [desk.changed("identifikasjonsnummer", number) for number in numbers]
    survives = "personErViderefoertSomGjeldendeVedSammenslaaing"
    register.tell(desk.MARY, survives, desk.AT, changes)
    restored = "personErGjenopprettetVedSplitting"
    register.tell(desk.JOHN, restored, desk.AT + timedelta(30), [])
    desk.pulled(register, work / "feed")
    feed.make_key("the.key")
    feed.read("feed", key="the.key", reports="reports")
    store = folkestrom.open("store")
    assert store.intake("reports").total.accepted == 4
    known = ("2020-06-08", "2020-06-09", "2020-07-09")
    found = [store.population("2020-06-01", known_at=day)["persons"].to_pylist() for day in known]
    assert found == [[2], [1], [2]]
