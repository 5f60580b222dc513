"""What is sent to Eurostat, read back by two clients, against the store that it is counted in."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import re
from collections import defaultdict
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
import sdmx
import sdmx.reader.xml.v30  # before any message is read: it fails after one of SDMX 2.1
from pysdmx.io import get_datasets, read_sdmx
from typer.testing import CliRunner, Result

import folkestrom
from folkestrom.app.cli.main import app
from folkestrom.model.codes import Kind
from folkestrom.publish.releases.release import read_manifest, table_folders
from folkestrom.publish.tables.folder import read_table
from folkestrom.publish.transmission.metadata import concepts
from tests.publish.transmission.attacks import Key, Known, Read, known_of, read_all
from tests.publish.transmission.counts import true_counts

_TABLES = ("B1001", "B1005", "B1008", "B1013")
Figures = dict[tuple[str, ...], tuple[int | None, str]]
SIGNS = {
    "POP_START": 1, "BIRTHS": 1, "DEATHS": -1, "IMMIGRATION": 1, "EMIGRATION": -1,
    "INTERNAL_IN": 1, "INTERNAL_OUT": -1, "BORDERS": 1, "ADJUSTMENT": 1, "POP_END": -1,
}  # fmt: skip


def run(folder: Path, *arguments: str) -> Result:
    command = ["--quiet", "--store", str(folder / "store"), *arguments]
    return CliRunner().invoke(app, command, env={"FOLKESTROM_KEYS": str(folder / "secret")})


def transmit(folder: Path, out: str, *arguments: str) -> Path:
    found = run(folder, "transmit", "--year", "2020", "--out", str(folder / out), *arguments)
    assert found.exit_code == 0, found.output
    return folder / out


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small country's store, sealed at the extraction of 2020."""
    folder = tmp_path_factory.mktemp("office")
    for command in (
        ("twin", "--scale", "0.001", "--stays", str(folder / "twin")),
        ("intake", str(folder / "twin/reports")),
        ("seal", "2021-02-01"),
    ):
        assert run(folder, *command).exit_code == 0
    (folder / "secret").write_text("5e" * 32)
    (folder / "secret").chmod(0o600)
    return folder


@pytest.fixture(scope="module")
def sent(office: Path) -> Path:
    stays = ("--stays", str(office / "twin/stays.parquet"))
    return transmit(office, "sent", "--published", "2021-02-19", *stays)


@pytest.fixture(scope="module")
def told(sent: Path) -> dict[str, dict[str, object]]:
    found = json.loads((sent / "transmission.json").read_text("utf-8"))
    return {one["id"]: one for one in found["data_sets"]}


def figures(folder: Path, id: str) -> Figures:
    """The figures of a file of CSV, by the codes of its dimensions but for FREQ and time."""
    with (folder / f"{id}.csv").open(encoding="utf-8") as stream:
        read = list(csv.DictReader(stream))
    names = [n for n in list(read[0])[3:] if n not in ("FREQ", "TIME_PERIOD")][:-3]
    assert {(row["FREQ"], row["TIME_PERIOD"]) for row in read} == {("A", "2020")}
    found = {
        tuple(row[n] for n in names): (
            int(row["OBS_VALUE"]) if row["OBS_VALUE"] else None, row["OBS_STATUS"]
        )
        for row in read
    }  # fmt: skip
    assert len(found) == len(read)
    return found


@pytest.mark.parametrize("id", ["POP", "MIGRATION", "BALANCE", "UR_POP_CIVIL_STATUS"])
def test_two_clients_read_what_was_written(sent: Path, id: str) -> None:
    wanted = figures(sent, id)
    structures = sdmx.read_sdmx(BytesIO((sent / "structure.xml").read_bytes()))
    dsd = structures.structure[f"DSD_{id}"]
    names = [d.id for d in dsd.dimensions if d.id not in ("FREQ", "TIME_PERIOD")]
    by_sdmx1: Figures = {}
    message = BytesIO((sent / f"{id}.xml").read_bytes())  # of a path, it leaves the file open
    for one in sdmx.read_sdmx(message, structure=dsd).data[0].obs:
        codes = {name: str(value.value) for name, value in one.key.values.items()}
        status = str(one.attached_attribute["OBS_STATUS"].value)
        value = None if status == "Q" else int(float(one.value))
        by_sdmx1[tuple(codes[name] for name in names)] = value, status
    assert by_sdmx1 == wanted
    (data,) = get_datasets(sent / f"{id}.xml", sent / "structure.xml")
    by_pysdmx = {
        tuple(row[name] for name in names): (
            None if row["OBS_STATUS"] == "Q" else int(row["OBS_VALUE"]), row["OBS_STATUS"]
        )
        for row in data.data.to_dict("records")
    }  # fmt: skip
    assert by_pysdmx == wanted
    (table,) = read_sdmx(sent / f"{id}.csv").get_datasets()
    assert len(table.data) == len(wanted)


def test_codes_are_all_in_the_code_lists(sent: Path, told: dict[str, dict[str, object]]) -> None:
    lists = {
        one.id: {code.id for code in one.items}
        for one in read_sdmx(sent / "structure.xml").get_codelists()
    }
    for id in told:
        with (sent / f"{id}.csv").open(encoding="utf-8") as stream:
            for row in csv.DictReader(stream):
                for name in [*row][3:]:
                    if name not in ("TIME_PERIOD", "OBS_VALUE"):
                        assert row[name] in lists[f"CL_{name}"]


def test_the_population_is_that_of_the_register(office: Path, sent: Path) -> None:
    with folkestrom.open(office / "store").reading() as connection:
        ((residents,),) = connection.sql(
            "SELECT count(*) FROM residence WHERE valid_from < DATE '2021-01-01' "
            "AND valid_to >= DATE '2021-01-01' AND known_from <= DATE '2021-02-01' "
            "AND known_to > DATE '2021-02-01'"
        ).fetchall()
    found = figures(sent, "POP")
    assert found["NO", "_T", "_T", "POPULATION"] == (residents, "A")
    assert figures(sent, "BALANCE")["NO", "POP_END"][0] == residents


def test_usual_residents_are_the_registered_but_for_whom_the_audit_finds(
    office: Path, sent: Path
) -> None:
    audit = folkestrom.open(office / "store").residence_audit(
        office / "twin/stays.parquet", "2021-01-01", base="usual"
    )
    found: dict[str, int] = defaultdict(int)
    for row in audit.to_pylist():  # type: ignore[union-attr]
        found[row["finding"]] += row["persons"]
    assert found["against"] + found["missing"]
    registered = figures(sent, "POP")["NO", "_T", "_T", "POPULATION"][0] or 0
    usual, status = figures(sent, "UR_POP")["NO", "_T", "_T", "POPULATION"]
    assert (usual, status) == (registered - found["against"] + found["missing"], "A")


def test_without_stays_every_figure_says_that_the_definition_differs(office: Path) -> None:
    folder = transmit(office, "national", "--data-set", "POP,UR_POP,UR_BALANCE")
    pop, usual = figures(folder, "POP"), figures(folder, "UR_POP")
    assert {key: value for key, (value, _) in usual.items()} == {
        key: value for key, (value, _) in pop.items()
    }
    statuses = {s for id in ("UR_POP", "UR_BALANCE") for _, s in figures(folder, id).values()}
    assert statuses == {"D"}
    manifest = (folder / "transmission.json").read_text("utf-8")
    assert "six months, in place of usual residence" in manifest


@pytest.mark.parametrize("id", ["BALANCE", "UR_BALANCE"])
def test_the_balance_closes_in_every_region(sent: Path, id: str) -> None:
    found = figures(sent, id)
    regions = {region for region, _ in found}
    assert len(regions) == 12
    for region in regions:
        terms = {name: found[region, name][0] for name in SIGNS}
        assert sum(SIGNS[name] * (value or 0) for name, value in terms.items()) == 0
    for name in SIGNS:
        parts = [value or 0 for (region, n), (value, _) in found.items()
                 if n == name and region != "NO"]  # fmt: skip
        assert sum(parts) == found["NO", name][0]


def test_who_comes_and_leaves_is_by_the_rules_where_stays_are_told(office: Path) -> None:
    store, stays = folkestrom.open(office / "store"), office / "twin/stays.parquet"
    known = ("--known-at", "2021-02-01", "--published", "2021-02-19")
    folder = transmit(office, "by-rules", "--data-set", "UR_BALANCE", "--stays", str(stays), *known)
    found = {name: value or 0 for (place, name), (value, _) in figures(folder, "UR_BALANCE").items()
             if place == "NO"}  # fmt: skip
    bridge = store.residence_bridge(stays, "2020-01-01", "2021-01-01", known_at="2021-02-01")
    crossed: dict[str, int] = defaultdict(int)
    for row in bridge.to_pylist():  # type: ignore[union-attr]
        crossed[row["event"].upper()] += row["usual"]
    with store.reading() as connection:
        others = dict(connection.sql(
            "SELECT kind, count(*) FROM event WHERE known_from <= DATE '2021-02-01' "
            "AND known_to > DATE '2021-02-01' AND event_date BETWEEN '2020-01-01' AND '2020-12-31' "
            f"AND person NOT IN (SELECT person FROM '{stays}') GROUP BY kind"
        ).fetchall())  # fmt: skip
    for name, kind in (("IMMIGRATION", Kind.IMMIGRATION), ("EMIGRATION", Kind.EMIGRATION)):
        assert found[name] == crossed[name] + others.get(kind, 0) > 0
    # Births and deaths are as many as the register has; nearly nothing is left to adjust.
    registered = figures(transmit(office, "by-law", "--data-set", "BALANCE", *known), "BALANCE")
    assert [found[n] for n in ("BIRTHS", "DEATHS")] == [
        registered["NO", n][0] for n in ("BIRTHS", "DEATHS")
    ]
    assert abs(found["ADJUSTMENT"]) <= 2
    assert found["POP_END"] != registered["NO", "POP_END"][0]


def test_sums_of_what_is_as_counted_are_the_totals(sent: Path) -> None:
    found = figures(sent, "POP")
    for axis, total in enumerate(("NO", "_T", "_T")):
        sums: dict[tuple[str, ...], int] = defaultdict(int)
        for key, (value, _) in found.items():
            if key[axis] != total:
                sums[(*key[:axis], total, *key[axis + 1 :])] += value or 0
        assert sums == {key: value for key, (value, _) in found.items() if key[axis] == total}


def test_no_file_holds_a_person(office: Path, sent: Path) -> None:
    with folkestrom.open(office / "store").reading() as connection:
        persons = {str(one) for (one,) in connection.sql("SELECT person FROM residence").fetchall()}
    for file in sent.iterdir():
        numbers = set(re.findall(r"(?<![\w])\d{6,}(?![\w])", file.read_text("utf-8")))
        assert not numbers & persons, file.name


def test_the_due_date_is_thirty_days_after_publication(sent: Path) -> None:
    found = json.loads((sent / "transmission.json").read_text("utf-8"))
    assert (found["due"], found["revision_of"], found["known_at"]) == (
        str(date(2021, 2, 19).replace(month=3, day=21)), None, "2021-02-01",
    )  # fmt: skip


def test_a_revision_has_fourteen_days_and_says_what_changed(office: Path, sent: Path) -> None:
    edited = office / "edited"
    edited.mkdir()
    for name in ("transmission.json", "POP.csv"):
        (edited / name).write_bytes((sent / name).read_bytes())
    before = figures(sent, "POP")["NO081", "M", "Y30", "POPULATION"][0] or 0
    text = (edited / "POP.csv").read_text("utf-8")
    line = f"A,NO081,M,Y30,POPULATION,2020,{before},A,F"
    assert line in text
    other = line.replace(f",{before},A,F", f",{before + 5},A,F")
    (edited / "POP.csv").write_text(text.replace(line, other), "utf-8")
    manifest = json.loads((edited / "transmission.json").read_text("utf-8"))
    manifest["data_sets"] = [one for one in manifest["data_sets"] if one["id"] == "POP"]
    (edited / "transmission.json").write_text(json.dumps(manifest), "utf-8")
    folder = transmit(
        office, "revised", "--data-set", "POP", "--revision-of", str(edited), "--published",
        "2021-04-06",
    )  # fmt: skip
    found = json.loads((folder / "transmission.json").read_text("utf-8"))
    earlier = hashlib.sha256((edited / "transmission.json").read_bytes()).hexdigest()
    assert (found["due"], found["days"], found["revision_of"]) == ("2021-04-20", 14, earlier)
    with (folder / "revisions.csv").open(encoding="utf-8") as stream:
        (row,) = csv.DictReader(stream)
    total = str(figures(sent, "POP")["NO", "_T", "_T", "POPULATION"][0])
    assert row == {
        "data_set": "POP", "compared": str(len(figures(sent, "POP"))), "changed": "1",
        "total_before": total, "total": total, "largest_change": "5",
    }  # fmt: skip
    page = (folder / "metadata-en.html").read_text("utf-8")
    assert f"POP: 1/{row['compared']}; ≤ 5; {total} → {total}" in page
    assert "Due 2021-04-20, 14 days after national publication (2021-04-06)" in page


def test_what_is_not_sealed_is_refused_or_provisional(office: Path) -> None:
    asked = ("--data-set", "BALANCE", "--known-at", "2021-03-01")
    found = run(office, "transmit", "--year", "2020", "--out", str(office / "open"), *asked)
    assert found.exit_code == 2
    assert "as known on 2021-03-01, may still change" in found.output
    folder = transmit(office, "open", *asked, "--provisional")
    assert {status for _, status in figures(folder, "BALANCE").values()} == {"P"}


def test_of_several_statuses_a_figure_says_the_first(office: Path) -> None:
    said = ("--data-set", "BALANCE,UR_BALANCE", "--status", "UR_BALANCE=E,UR_BALANCE=B")
    folder = transmit(office, "broken", *said)
    assert {status for _, status in figures(folder, "UR_BALANCE").values()} == {"B"}
    assert {status for _, status in figures(folder, "BALANCE").values()} == {"A"}
    found = json.loads((folder / "transmission.json").read_text("utf-8"))
    assert [one["statuses"] for one in found["data_sets"]] == [["A"], ["B", "E", "D"]]


def test_the_metadata_report_says_what_the_log_and_the_office_know(
    office: Path, sent: Path
) -> None:
    texts = office / "texts.toml"
    texts.write_text(
        'CONTACT_ORGANISATION = "The office"\nUSER_NEEDS = { en = "Plans", no = "Planer <b>" }\n'
    )
    folder = transmit(office, "texts", "--data-set", "BALANCE", "--metadata", str(texts))
    english, norwegian = (
        (folder / f"metadata-{language}.html").read_text("utf-8") for language in ("en", "no")
    )
    assert "The office" in english
    assert "The office" in norwegian
    assert "Planer &lt;b&gt;" in norwegian
    assert "Plans" in english
    (report,) = read_sdmx(folder / "metadata.xml").get_reports()
    assert report["RELEVANCE.USER_NEEDS"].value == "Plans"
    assert len(report) == len(concepts())
    adjustment, end = (
        figures(folder, "BALANCE")["NO", name][0] or 0 for name in ("ADJUSTMENT", "POP_END")
    )
    said = report["ACCURACY.NONSAMPLING_ERR.COVERAGE_ERR"].value
    assert f"2020: {adjustment} persons, {adjustment / end:.4%} of" in said
    reports = folkestrom.open(office / "store").info().reports
    assert f"0 of {reports} received" in report["STAT_PROCESS.DATA_VALIDATION"].value
    assert english.count("To be filled in by the office") == 38
    assert norwegian.count("Fylles ut av kontoret") == 38


def test_a_structure_of_others_is_written_by_or_refused(office: Path, sent: Path) -> None:
    structure = (sent / "structure.xml").read_text("utf-8")
    other = office / "other.xml"
    other.write_text(structure.replace("FOLKESTROM", "ESTAT"), "utf-8")
    asked = ("--data-set", "BALANCE", "--structure", str(other))
    folder = transmit(office, "theirs", *asked)
    (data,) = get_datasets(folder / "BALANCE.xml", other)
    assert len(data.data) == 120
    assert "ESTAT:DSD_BALANCE(1.0.0)" in (folder / "BALANCE.csv").read_text("utf-8")
    for old, new, says in (
        ("NO081", "NO999", "is a code of BALANCE that the code list lacks"),
        ("INDICATOR", "INDIC_DE", "is a dimension that BALANCE does not have"),
    ):
        other.write_text(structure.replace(old, new), "utf-8")
        found = run(office, "transmit", "--year", "2020", "--out", str(office / "never"), *asked)
        assert found.exit_code == 3, found.output
        assert says in found.output
        assert not (office / "never").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--data-set", "BALANC"], "Did you mean 'BALANCE'"),
        (["--status", "POP=X"], "is no status that the office gives"),
        (["--status", "POPP=B"], "is no data set that is sent"),
        (["--data-set", "POP", "--status", "BALANCE=B"], "is no data set that is sent"),
        (["--year", "2030"], "is later than what the log knows"),
        (["--revision-of", "nowhere"], "is no folder of a transmission that can be read"),
        (["--structure", "nowhere.xml"], "is not a file of data structures that can be read"),
        (["--metadata", "nowhere.toml"], "nowhere.toml"),
        (["--stays", "nowhere.parquet"], "is not a file of stays that can be read"),
        (["--published", "yesterday"], "is not a calendar date"),
        (["--published", "2021-01-15"], "is before 2021-02-01, when the figures are known"),
        (["--keys", "nowhere"], "cannot be read as a secret"),
    ],
)
def test_what_cannot_be_sent_is_said(office: Path, arguments: list[str], says: str) -> None:
    given = ["--year", "2020", "--out", str(office / "never"), *arguments]
    found = run(office, "transmit", *given)
    assert found.exit_code in (2, 3)
    assert says in found.output
    assert not (office / "never").exists()


def test_a_revision_of_another_year_is_refused(office: Path, sent: Path) -> None:
    other = office / "other_year"
    other.mkdir()
    (other / "transmission.json").write_text('{"year": 2019, "keys": "", "data_sets": []}')
    found = run(
        office, "transmit", "--year", "2020", "--out", str(office / "never"), "--revision-of",
        str(other),
    )  # fmt: skip
    assert found.exit_code == 3
    assert "is of another year" in found.output


def test_what_was_sent_is_not_overwritten(office: Path, sent: Path) -> None:
    before = {file.name: file.read_bytes() for file in sent.iterdir()}
    found = run(office, "transmit", "--year", "2020", "--out", str(sent))
    assert found.exit_code == 2
    assert "is not empty, and what was sent is not overwritten" in found.output
    assert {file.name: file.read_bytes() for file in sent.iterdir()} == before


def test_half_a_transmission_is_never_there(
    office: Path, sent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, written = Path.write_bytes, []

    def full(path: Path, data: bytes) -> int:
        written.append(path)
        if len(written) == 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    before = {*office.iterdir()}
    found = run(office, "transmit", "--year", "2020", "--out", str(office / "half"),
                "--data-set", "BALANCE")  # fmt: skip
    assert found.exit_code
    assert len(written) == 4
    assert {*office.iterdir()} == before


def test_noise_is_of_one_secret(office: Path, sent: Path) -> None:
    asked = ("transmit", "--year", "2020", "--out", str(office / "never"), "--data-set", "DEATHS")
    command = ["--quiet", "--store", str(office / "store"), *asked]
    found = CliRunner().invoke(app, command)
    assert found.exit_code == 2
    assert "are protected by cell keys, and no secret is named" in found.output
    assert run(office, "publish", "keys", str(office / "other")).exit_code == 0
    found = run(office, *asked, "--keys", str(office / "other"), "--revision-of", str(sent))
    assert found.exit_code == 3
    assert "has the noise of another secret" in found.output
    assert not (office / "never").exists()


# --- What all data sets tell together, with published tables of the same secret ---


@pytest.fixture(scope="module")
def read(office: Path, sent: Path) -> list[Read]:
    releases = ("--releases", str(office / "releases"))
    found = run(office, "publish", "build", *_TABLES, "--from-year", "2020", *releases)
    assert found.exit_code == 0, found.output
    (release,) = (office / "releases/drafts").iterdir()
    folders = table_folders(release, read_manifest(release))
    return read_all(sent, [read_table(folders[id]) for id in _TABLES], 2020)


def test_a_cell_is_the_same_figure_wherever_it_stands(read: list[Read]) -> None:
    exact = {one.key(codes) for one in read if one.exact for codes in one.cells}
    figures_of: dict[Key, set[str]] = defaultdict(set)
    for one in read:
        for codes, figure in one.cells.items():
            # Totals of published tables with noise have noise of their own where others tell them.
            if figure is not None and not (one.id in _TABLES and one.key(codes) in exact):
                figures_of[one.key(codes)].add(figure)
    assert sum(len(found) for found in figures_of.values()) > 5000
    assert {key for key, found in figures_of.items() if len(found) > 1} == set()


def test_no_small_count_follows_from_all_data_sets_and_published_tables(
    office: Path, read: list[Read]
) -> None:
    with folkestrom.open(office / "store").reading() as connection:
        counts = true_counts(connection, office / "twin/stays.parquet")
    known = known_of([one.completed(counts) for one in read])
    exact = {one.key(codes) for one in read if one.exact for codes in one.cells}
    found = known.narrowed()
    for key, count in counts.items():
        low, high = found.bounds.get(key, (count, count))
        assert low <= count <= high, key
    protected = {key for key in counts if key in found.bounds and key not in exact}
    # Whatever counts anybody has another value that agrees with all that is shown.
    widths = {key: found.bounds[key][1] - found.bounds[key][0] for key in protected}
    assert [key for key, width in widths.items() if not width and counts[key]] == []
    small = {key for key in protected if 1 <= counts[key] <= 2}
    assert len(small) > 500
    for key in sorted(small, key=lambda key: (widths[key], sorted(key[1])))[:10]:
        low, high = found.programmed(key)
        assert low < high
    # The same attack on the same counts, of which those of one and two are left out.
    counted = {(family, frozenset(name for name, _ in cell)) for family, cell in counts}
    naive = known.bounds | {
        key: (1.0, 2.0) if key in small else (counts[key], counts[key])
        for key in known.bounds
        if key not in exact and (key[0], frozenset(name for name, _ in key[1])) in counted
    }
    told = Known(naive, known.sums).narrowed().bounds
    assert sum(told[key][0] == told[key][1] for key in small) > len(small) / 10


def test_places_without_a_code_are_refused(office: Path) -> None:
    asked = ["transmit", "--year", "2020", "--out", str(office / "never"), "--data-set", "BALANCE"]
    command = ["--quiet", "--store", str(office / "store"), "--borders", "2024", *asked]
    found = CliRunner().invoke(app, command)
    assert found.exit_code == 2
    assert "Ask for figures in the borders of 2020, with --borders 2020" in found.output
    stays = ["--stays", str(office / "twin/stays.parquet")]
    secret = ["--keys", str(office / "secret")]
    found = CliRunner().invoke(app, [*command[:-1], "UR_POP", *stays, *secret])
    assert "are in the codes of their own day" in found.output
