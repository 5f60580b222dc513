"""From a store to the public, by the commands that an office types."""

from __future__ import annotations

import errno
import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner, Result

import folkestrom
from folkestrom.analysis.prospects.counted import start
from folkestrom.app.cli.main import app
from folkestrom.app.office.catalogue.tables import TABLES
from folkestrom.app.public.prospects import released
from folkestrom.model.time import LOCAL_ZONE
from folkestrom.projection.projecting import project
from folkestrom.publish.releases import release
from folkestrom.publish.releases.shelf import Shelf
from folkestrom.publish.statbank.dataset import Published
from folkestrom.publish.tables.definition import Definition
from folkestrom.publish.tables.figures import Figures
from folkestrom.publish.tables.folder import read_table


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small country's store, and all tables of the catalogue since 2018, built by Ada."""
    folder = tmp_path_factory.mktemp("office")
    for command in (
        ["--quiet", "twin", "--scale", "0.001", "--dwellings", str(folder / "twin")],
        ["--quiet", "--store", str(folder / "store"), "intake", str(folder / "twin/reports")],
    ):
        assert CliRunner().invoke(app, command).exit_code == 0
    assert CliRunner().invoke(app, ["publish", "keys", str(folder / "secret")]).exit_code == 0
    built = build(folder)
    assert built.exit_code == 0, built.output
    return folder


def build(folder: Path, *tables: str) -> Result:
    keys = ["--keys", str(folder / "secret")]
    since = ["--from-year", "2018", "--by", "Ada"]
    return publish(folder, "build", *tables, *since, *keys, store=True)


def publish(folder: Path, *arguments: str, store: bool = False) -> Result:
    command = ["--store", str(folder / "store")] if store else []
    given = ["--releases", str(folder / "releases")]
    return CliRunner().invoke(app, ["--quiet", *command, "publish", *arguments, *given])


def status(folder: Path) -> list[dict[str, str]]:
    found = publish(folder, "status", "--format", "json")
    listed: list[dict[str, str]] = json.loads(found.stdout)
    return listed


def tables(office: Path) -> dict[str, tuple[Definition, Figures]]:
    (draft,) = (office / "releases/drafts").iterdir()
    found = (read_table(folder) for folder in (draft / "tables").iterdir())
    return {definition.id: (definition, figures) for definition, figures in found}


def test_every_table_is_built_and_nothing_is_out(office: Path) -> None:
    (row,) = status(office)
    assert row["state"] == "draft"
    assert row["tables"].split(", ") == [id for id in TABLES if id != "B1034"]
    assert not Shelf(office / "releases/public").tables()


def test_a_projection_of_tables_is_near_that_of_the_register(office: Path) -> None:
    out = {id: Published(*one, datetime.now(UTC), "a") for id, one in tables(office).items()}
    of_tables = released.start(out)
    assert of_tables is not None
    assert of_tables.base == (2018, 2020)
    with duckdb.connect(str(office / "store/folkestrom.duckdb"), read_only=True) as connection:
        of_register = start(connection, date(2021, 1, 1), date(2021, 2, 1), 3)
    cells = of_register.structure
    assert [one.code for one in cells.groups] == [one.code for one in of_tables.structure.groups]
    here = of_register.population[cells.resident].sum(axis=0)
    assert np.allclose(of_tables.population[cells.resident].sum(axis=0), here)
    found = []
    for begun in (of_register, of_tables):
        residents = project(cells, begun.population, begun.rates.assumptions(cells), steps=40)
        of_immigrants = begun.population[cells.part("immigrants")].sum()
        found.append((residents.residents[-1].sum(), of_immigrants))
    (total, immigrants), (shown, shown_immigrants) = found
    # Noise of as few as there are here.
    assert shown == pytest.approx(total, rel=0.1)
    assert shown_immigrants == pytest.approx(immigrants, rel=0.05)


def test_figures_are_those_of_the_store(office: Path) -> None:
    made = tables(office)
    store = folkestrom.open(office / "store")
    with store.reading():
        for id, dates, by in (
            ("B1001", "2021-01-01", ["sex", "age"]),
            ("B1004", "2020-01-01", ["marital_status"]),
        ):
            counted = store.population(date=dates, by=by, to="polars")
            definition, figures = made[id]
            year = [value.code for value in definition.time.values].index(dates[:4])
            (persons,) = figures.values.values()
            of_year = persons[..., year]
            if definition.variables[0].role == "geo":
                nation = of_year[0].sum()
                assert nation == counted["persons"].sum()
                lists = definition.variables[0].code_lists
                places = [value.code for value in definition.variables[0].values]
                for level in lists:
                    at = [places.index(group.code) for group in level.groups]
                    assert of_year[at].sum() == nation
        account = store.changes(from_="2020-01-01", to_="2021-01-01", to="polars")
        definition, figures = made["B1002"]
        year = [value.code for value in definition.time.values].index("2020")
        for measure, code in TABLES["B1002"].contents.items():
            assert figures.values[code][year] == account[measure][0]


def test_protected_figures_are_those_of_the_store_but_for_the_noise(office: Path) -> None:
    made = tables(office)
    store = folkestrom.open(office / "store")
    with store.reading():
        for id, by in (("B1005", ["county", "sex", "citizenship"]),
                       ("B1006", ["municipality", "sex", "immigrant_category"])):  # fmt: skip
            definition, figures = made[id]
            columns = TABLES[id].columns
            places = [[v.code for v in variable.values] for variable in definition.variables]
            (persons,) = figures.values.values()
            counted = store.population(date="2020-01-01", by=by, to="polars")
            seen = 0
            for _, *codes, count in counted.with_row_index().iter_rows():
                at = tuple(
                    n.index(code if column.levels else column.code(code))
                    for n, column, code in zip(places, columns, codes, strict=False)
                )
                at = (*at, places[-1].index("2020"))
                if figures.status is None or not figures.status[at]:
                    assert abs(persons[at] - count) <= 5
                    assert persons[at] not in (1, 2)
                    seen += 1
            assert seen > 50
        moves = store.moves(from_="2020-01-01", to_="2021-01-01", by="municipality", to="polars")
    definition, figures = made["B1009"]
    everything = (-1, -1, [v.code for v in definition.time.values].index("2020"))
    assert abs(figures.values["Flyttinger"][everything] - moves["moves"].sum()) <= 5
    migrations = made["B1010"][1].values
    net = migrations["Innvandring"] - migrations["Utvandring"]
    assert np.array_equal(migrations["Nettoinnvandring"], net)


def test_births_deaths_and_emigrations_are_those_of_the_store_but_for_the_noise(
    office: Path,
) -> None:
    made = tables(office)
    store = folkestrom.open(office / "store")
    mothers = {"015-": range(16), "030": range(30, 31), "050+": range(50, 99)}
    of = {"B1012": ("births", "mother_age", mothers),
          "B1013": ("deaths", "age", {"F080": range(80, 85), "F100": range(100, 130)}),
          "B1014": ("emigration", "age", {"F000": range(5), "F025": range(25, 30)})}  # fmt: skip
    with store.reading():
        for id, (measure, age, groups) in of.items():
            counted = store.changes(
                from_="2020-01-01", to_="2021-01-01", by=["county", age], to="polars"
            )
            definition, figures = made[id]
            content = next(iter(figures.values.values()))
            at = definition.variables[2].places
            hidden = np.zeros(content.shape, bool)
            if figures.status is not None:
                hidden = figures.status == 2
            for group, ages in groups.items():
                for place, county in enumerate(definition.variables[0].values[1:], start=1):
                    rows = counted.filter(
                        (counted["county"] == county.code) & counted[age].is_in(list(ages))
                    )
                    cell = (place, -1, at[group], -1)  # of both sexes, in 2020
                    if definition.time.values[-1].code == "2020" and not hidden[cell]:
                        assert abs(content[cell] - rows[measure].sum()) <= 5
            assert not np.isin(content, (1, 2)).any()


def test_rates_follow_from_the_figures_that_are_shown(office: Path) -> None:
    made = tables(office)
    definition, figures = made["B1014"]
    people, year = made["B1001"][1].values["Personer1"], made["B1001"][0].time.places["2020"]
    counts, mean, rate, lower, upper = figures.values.values()
    nation = (0, -1, -1, definition.time.places["2020"])
    residents = people[0].sum(axis=(0, 1))
    assert mean[nation] == (residents[year] + residents[year + 1]) / 2
    assert rate[nation] == pytest.approx(1000 * counts[nation] / mean[nation])
    shown = figures.status == 0
    assert (lower <= rate)[shown].all()
    assert (rate < upper)[shown].all()
    assert not mean[~shown].any()
    assert not upper[~shown].any()
    assert not definition.contents[2].adds


def test_the_same_people_have_the_same_noise_in_every_table_and_build(office: Path) -> None:
    made = tables(office)
    # Everybody of a region and sex, by citizenship and by immigrant category: one figure.
    by_citizenship, by_category = (made[id][1].values["Personer"] for id in ("B1005", "B1006"))
    region = [value.code for value in made["B1006"][0].variables[0].values]
    counties = [region.index(value.code) for value in made["B1005"][0].variables[0].values]
    one, other = by_citizenship[:, :, -1], by_category[counties][:, :, -1]
    shown = (one > 0) & (other > 0)  # nothing lies under what is hidden
    assert shown.sum() > 50
    assert np.array_equal(one[shown], other[shown])
    again = office.with_name("again")
    (again / "releases").mkdir(parents=True)
    for name in ("store", "secret"):
        (again / name).symlink_to(office / name)
    assert build(again, "B1006").exit_code == 0
    assert np.array_equal(tables(again)["B1006"][1].values["Personer"], by_category)


def test_decisions_are_shown_and_recorded(office: Path) -> None:
    name = status(office)[0]["release"]
    told = json.loads(publish(office, "review", name, "--format", "json").stdout)
    policies = {one["table"]: one["policy"] for one in told["decisions"]}
    assert set(policies) == {*TABLES} - {"B1034"}
    assert {policies["B1001"], policies["B1007"]} == {"none", "cell keys"}
    assert all(one["reason"] for one in told["decisions"])
    assert not any(one["told"] for one in told["meetings"])
    assert {"B1001", "B1003"} <= {id for one in told["meetings"] for id in one["others"]}
    secret = (office / "secret").read_text().strip()
    for path in (office / "releases").rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert secret.encode() not in content
        assert bytes.fromhex(secret) not in content


def test_cell_keys_need_a_secret_that_is_kept_apart(office: Path) -> None:
    refused = publish(office, "build", "B1005", store=True)
    assert (refused.exit_code, "no secret is named" in refused.stderr) == (2, True)
    again = CliRunner().invoke(app, ["publish", "keys", str(office / "secret")])
    assert (again.exit_code, "is there already" in again.stderr) == (2, True)
    inside = office / "releases" / "secret"
    inside.write_text((office / "secret").read_text())
    for mode, says in ((0o644, "may be read by others"), (0o600, "lies in the store")):
        inside.chmod(mode)
        found = publish(office, "build", "B1005", "--keys", str(inside), store=True)
        assert found.exit_code != 0
        assert says in found.stderr
    inside.unlink()


def test_a_correction_names_what_it_corrects_and_the_review_shows_what_changed(
    office: Path,
) -> None:
    folder = office.with_name("corrected")
    (folder / "releases").mkdir(parents=True)
    for name in ("store", "secret"):
        (folder / name).symlink_to(office / name)
    assert build(folder, "B1002", "B1006").exit_code == 0
    first = status(folder)[0]["release"]
    assert publish(folder, "approve", first, "--by", "Bo").exit_code == 0
    refused = build(folder, "B1002", "--corrects", first, "--why", "A year too many")
    assert (refused.exit_code, "is approved" in refused.stderr) == (2, True)
    soon = (datetime.now(LOCAL_ZONE) + timedelta(seconds=2)).isoformat()[:19]
    at = ["--at", soon, "--by", "Bo", "--why", "A trial"]
    assert publish(folder, "schedule", first, *at).exit_code == 0
    assert publish(folder, "release", "--wait").exit_code == 0
    refused = build(folder, "B1002", "--corrects", first)
    assert (refused.exit_code, "belong together" in refused.stderr) == (2, True)
    again = ["--from-year", "2019", "--by", "Ada", "--corrects", first, "--why", "A year too many"]
    again += ["--keys", str(folder / "secret")]
    built = publish(folder, "build", "B1002", "B1006", *again, store=True)
    assert built.exit_code == 0, built.stderr
    second = status(folder)[1]["release"]
    told = json.loads(publish(folder, "review", second, "--format", "json").stdout)
    assert (told["corrects"], told["why"]) == (first, "A year too many")
    (difference,) = told["differences"]
    assert (difference["table"], difference["before"]) == ("B1006", first)
    assert difference["cells"] > 1000
    assert (difference["changed"], difference["told"]) == (0, 0)
    changes = told["changes"][0]
    assert changes["before"] == first
    assert changes["comparison"]["changed"] == 0
    assert changes["comparison"]["codes"] == [{"variable": "Tid", "new": [], "gone": ["2018"]}]
    assert "Tid 2018" in publish(folder, "review", second).stdout
    CliRunner().invoke(app, ["publish", "keys", str(folder / "new")])
    other = ["B1006", "--by", "Ada", "--keys", str(folder / "new")]
    refused = publish(folder, "build", *other, store=True)
    assert (refused.exit_code, "could be averaged" in refused.stderr) == (3, True)


def test_the_catalogue_has_the_published_tables_of_the_population(office: Path) -> None:
    made = tables(office)
    store = folkestrom.open(office / "store")
    with store.reading():
        groups, marital, key_figures, citizens = (
            store.table(name, 2021, to="polars")
            for name in ("age-groups", "marital-status", "key-figures", "citizenship")
        )
    definition, figures = made["B1001"]
    age, year = definition.variables[2], definition.time.places["2021"]
    (listed,) = (one for one in age.code_lists if one.id == "agg_FolkemengdeAlder")
    sums = [
        figures.values["Personer1"][0, :, [age.places[code] for code in group.of], year].sum()
        for group in listed.groups
    ]
    assert sums == groups["population"].to_list()[1:]
    definition, figures = made["B1004"]
    year = definition.time.places["2021"]
    for status, persons in (
        marital.filter((marital["sex"] == "both") & (marital["age"] == "total"))
        .select("marital_status", "persons")
        .iter_rows()
    ):
        if status in (places := definition.variables[0].places):
            assert figures.values["Personer"][places[status], :, :, year].sum() == persons
    definition, figures = made["B1002"]
    year = definition.time.places["2020"]
    values = dict(key_figures.select("figure", "value").iter_rows())
    for code, figure in (("Korreksjon", "statistical_adjustment"), ("Utvandring", "emigration")):
        assert figures.values[code][year] == values[figure]
    definition, figures = made["B1005"]
    place, year = definition.variables[2].places["PL"], definition.time.places["2021"]
    (poles,) = citizens.filter((citizens["citizenship"] == "PL") & (citizens["sex"] == "both"))[
        "persons"
    ]
    assert abs(figures.values["Personer"][0, -1, place, year] - poles) <= 5


def figure(made: tuple[Definition, Figures], content: str, **codes: str) -> int:
    """A figure that can be asked for: of what is left out, the sum or the whole."""
    definition, figures = made
    at = []
    for variable in definition.variables:
        if variable.id in codes:
            at.append(variable.places[codes[variable.id]])
        else:
            summed = variable.eliminated_by == "*"
            whole = variable.places.get(variable.eliminated_by, 0)
            at.append(len(variable.values) if summed and len(variable.values) > 1 else whole)
    assert figures.status is None or not figures.status[tuple(at)]
    found: int = figures.values[content][tuple(at)]
    return found


def test_households_and_families_are_those_of_the_store_but_for_the_noise(office: Path) -> None:
    made = tables(office)
    store = folkestrom.open(office / "store")
    of = {"B1019": ("households", "household_type", "Husholdninger"),
          "B1020": ("households", "household_size", "Husholdninger"),
          "B1022": ("families", "family_type", "Familier"),
          "B1023": ("couples", "cohabiting", "Par"),
          "B1024": ("children", "parents_living_together", "Barn")}  # fmt: skip
    with store.reading():
        for id, (count, by, content) in of.items():
            counted = store.households("2020-01-01", by, count=count, to="polars")
            column = next(one for one in TABLES[id].columns if one.of == by)
            sums: dict[str, int] = {}
            for row in counted.filter(pl.col(count) > 0).iter_rows(named=True):
                code = column.code(str(row[by]))
                sums[code] = sums.get(code, 0) + row[count]
            assert len(sums) > 2
            for code, many in sums.items():
                shown = figure(made[id], content, Tid="2020", **{column.id: code})
                assert abs(shown - many) <= 5
                assert shown not in (1, 2)
    year = {"Tid": "2020"}
    # Records are households: the same ones have the same noise, by type, by size and in all.
    whole = figure(made["B1019"], "Husholdninger", **year)
    assert whole == figure(made["B1020"], "Husholdninger", **year)
    assert whole == figure(made["B1021"], "Husholdninger", **year)
    alone = figure(made["B1019"], "Husholdninger", HushType="living_alone", **year)
    assert alone == figure(made["B1020"], "Husholdninger", HushStr="1", **year)
    for age in ("000", "017"):
        assert figure(made["B1024"], "Barn", Alder=age, **year) == figure(
            made["B1025"], "Barn", Alder=age, **year
        )
    for id, (_, _, content) in of.items():
        assert not np.isin(made[id][1].values[content], (1, 2)).any()


def test_households_are_near_who_truly_lives_together(office: Path) -> None:
    truth = pl.read_parquet(office / "twin/truth/households.parquet")
    last = truth.filter(pl.col("date") == date(2021, 1, 1))
    private = last.filter(pl.col("household") != "institution")
    made = tables(office)["B1021"]
    households, persons = (figure(made, code, Tid="2021") for code in ("Husholdninger", "Personer"))
    # Those who left without a report are in the register, and not in the truth.
    assert households == pytest.approx(private["dwelling"].n_unique(), rel=0.02)
    assert persons == pytest.approx(private.height, rel=0.02)
    alone = last.filter(pl.col("household") == "alone").height
    shown = figure(tables(office)["B1019"], "Husholdninger", HushType="living_alone", Tid="2021")
    assert shown == pytest.approx(alone, rel=0.05)


def test_births_marriages_and_key_figures_are_those_of_the_store(office: Path) -> None:
    made = tables(office)
    store = folkestrom.open(office / "store")
    year = {"from_": "2020-01-01", "to_": "2021-01-01"}
    with store.reading():
        births = store.changes(**year, by="parents_living_together", to="polars")
        by_order = store.changes(**year, by="birth_order", to="polars")
        marriages = store.rates(**year, event="marriage", by="sex", to="polars")
        account = store.changes(**year, to="polars")
        figures = store.indicators(**year, to="polars")
    asked = {"Tid": "2020"}
    for status, many in births.select("parents_living_together", "births").iter_rows():
        if many:
            shown = figure(made["B1026"], "Levendefodte", ForeldreSamliv=status, **asked)
            assert abs(shown - many) <= 5
    first = by_order.filter(pl.col("birth_order") == 1)["births"][0]
    assert abs(figure(made["B1026"], "Levendefodte", BarnNr="1", **asked) - first) <= 5
    assert abs(figure(made["B1027"], "Levendefodte", **asked) - account["births"][0]) <= 5
    for sex, many in marriages.select("sex", "events").iter_rows():
        shown = figure(made["B1028"], "Gifter", Kjonn={"male": "1", "female": "2"}[sex], **asked)
        assert abs(shown - many) <= 5
    for id in ("B1031", "B1032"):
        definition, shown_figures = made[id]
        at = definition.time.places["2020"]
        there = [figures[measure][0] is not None for measure in TABLES[id].contents]
        missing = shown_figures.status is not None and bool(shown_figures.status[at])
        assert missing is not all(there)
        for measure, code in TABLES[id].contents.items():
            if figures[measure][0] is not None:
                assert shown_figures.values[code][at] == pytest.approx(figures[measure][0])
    # A couple of whom both are here is counted once.
    couples = figure(made["B1029"], "Ekteskap", **asked)
    persons = sum(figure(made["B1028"], "Gifter", Kjonn=sex, **asked) for sex in "12")
    assert persons / 2 - 5 <= couples <= persons + 5


def test_ages_of_105_and_more_are_one(office: Path) -> None:
    definition, figures = tables(office)["B1001"]
    ages = [value.code for value in definition.variables[2].values]
    assert ages[0] == "000"
    assert ages[105] == "105+"
    store = folkestrom.open(office / "store")
    counted = store.population(date="2021-01-01", by="age", to="polars")
    oldest = counted.filter(counted["age"] >= 100)["persons"].sum()
    assert figures.values["Personer1"][0, :, 100:106, -1].sum() == oldest


def test_quarters_of_a_region_add_up_to_its_year(office: Path) -> None:
    quarters, years = (tables(office)[id] for id in ("B1003", "B1002"))
    times = [value.code for value in quarters[0].time.values]
    assert times[0] == "2018K1"
    of_2020 = [n for n, code in enumerate(times) if code.startswith("2020")]
    year = [value.code for value in years[0].time.values].index("2020")
    for code in ("Levendefodte", "Dode"):
        assert quarters[1].values[code][0, of_2020].sum() == years[1].values[code][year]
    arrived, left = (quarters[1].values[code] for code in ("Innflytting", "Utflytting"))
    # Who moves inside the country leaves one municipality and comes to another.
    region = quarters[0].variables[0]
    places, (_, municipal) = [value.code for value in region.values], region.code_lists
    municipalities = [places.index(group.code) for group in municipal.groups]
    assert np.array_equal(arrived[municipalities].sum(axis=0), left[municipalities].sum(axis=0))


def test_the_way_out(office: Path) -> None:
    name = status(office)[0]["release"]
    refused = publish(office, "approve", name, "--by", "Ada")
    assert (refused.exit_code, "a second person approves it" in refused.stderr) == (2, True)
    assert publish(office, "approve", name, "--by", "Bo").exit_code == 0
    for wrong in ("2999-13-01", "2999-01-01T06:00Z", "2999-01-01T08:00+02:00"):
        soon = publish(office, "schedule", name, "--by", "Bo", "--at", wrong)
        assert "is no day, or day and hour" in soon.stderr
    day = date(datetime.now(UTC).year + 1, 6, 1)
    told = publish(office, "schedule", name, "--by", "Bo", "--at", str(day))
    assert told.stdout.strip() == f"{day}T08:00:00+02:00"
    assert publish(office, "release").stdout == ""
    assert status(office)[0]["state"] == "scheduled"
    assert publish(office, "withdraw", name, "--by", "Bo", "--why", "a trial").exit_code == 0
    assert publish(office, "release").stdout == ""


def test_nothing_of_a_build_stays_on_a_full_disk(
    office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted((office / "releases").rglob("*"))

    def full(folder: Path, *_: object) -> None:
        folder.mkdir(parents=True)
        (folder / "part").touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(release, "write_table", full)
    refused = publish(office, "build", "B1002", "B1004", "--by", "Ada", store=True)
    assert (refused.exit_code, "the disk is full" in refused.stderr) == (5, True)
    assert sorted((office / "releases").rglob("*")) == before


def test_what_is_no_table_is_refused_before_anything_is_counted(office: Path) -> None:
    found = publish(office, "build", "B1101", store=True)
    assert (found.exit_code, "is no table of the catalogue" in found.stderr) == (2, True)
