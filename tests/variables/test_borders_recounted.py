"""Places in other borders, recounted in plain Python from the reports as they were delivered."""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

import folkestrom
from folkestrom.app.office.api import Store
from folkestrom.twin.output.creation import create

#: Made up, so that the log goes on over the change of 2024, and people move over it.
LATER = """source,source_report_id,received_at,person,kind,event_date,municipality,basic_unit,\
municipality_from,basic_unit_from,country,country_of_birth,citizenship,sex,birth_date,origin,reason
office,1,2021-07-01T12:00:00Z,900001,immigration,2021-06-15,1507,15070001,,,SE,SE,SE,female,1980-01-01,immigration,work
office,2,2023-07-01T12:00:00Z,900002,immigration,2023-06-15,1507,15070001,,,SE,SE,SE,male,1980-01-01,immigration,work
office,3,2024-07-01T12:00:00Z,900001,move,2024-06-15,3301,33010001,UNIT,PLACE,,,,,,,
office,4,2025-03-01T12:00:00Z,900003,immigration,2025-02-15,3301,33010001,,,SE,SE,SE,male,1980-01-01,immigration,work
"""
BORDERS = ["2019", "2020", "2024", "as-it-was"]
YEARS = range(2000, 2026)


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recounted")
    create(
        folder / "twin", scale=0.001, first_year=2000, last_year=2021, variables=False,
        truth=False, as_it_was=True,
    )  # fmt: skip
    unit = next(new for _, old, new in changes_of(folder) if old == "15070001")
    (folder / "later.csv").write_text(LATER.replace("UNIT,PLACE", f"{unit[:4]},{unit}"))
    store = folkestrom.open(folder / "store").in_borders("as-it-was")
    store.intake([folder / "twin" / "reports", folder / "later.csv"])
    store.load_classifications(folder / "twin" / "classifications")
    assert not store.info().quarantined
    return folder


@pytest.fixture(scope="module")
def store(country: Path) -> Store:
    return folkestrom.open(country / "store")


def changes_of(folder: Path) -> list[tuple[str, str, str]]:
    with (folder / "twin/classifications/basic_unit_changes.csv").open() as file:
        return [tuple(row) for row in csv.reader(file)][1:]  # type: ignore[misc]


class Units:
    """Where each unit is on each day, by walking along its changes one at a time."""

    def __init__(self, folder: Path) -> None:
        self.after = {(old, day): new for day, old, new in changes_of(folder)}
        self.days = sorted({day for _, day in self.after})
        self.before = {(new, day): old for (old, day), new in self.after.items()}

    def on(self, unit: str, used: str, asked: str) -> str:
        """The unit of a report of a day, on another one."""
        at, to = bisect_right(self.days, used), bisect_right(self.days, asked)
        for day in self.days[at:to]:
            unit = self.after.get((unit, day), unit)
        for day in reversed(self.days[to:at]):
            unit = self.before.get((unit, day), unit)
        return unit


@pytest.fixture(scope="module")
def units(country: Path) -> Units:
    return Units(country)


@pytest.fixture(scope="module")
def stays(country: Path) -> list[tuple[str, str, str]]:
    """Every stay, as its unit was reported: unit, first day, day after the last."""
    columns = [
        "source", "source_report_id", "received_at", "person", "kind", "event_date", "basic_unit",
        "annuls", "corrects",
    ]  # fmt: skip
    rows = pl.concat(
        pl.read_parquet(path, columns=columns).with_columns(
            pl.all().exclude("received_at").cast(pl.String)
        )
        for path in sorted((country / "twin/reports").glob("*.parquet"))
    )
    gone = set(rows["annuls"].drop_nulls()) | set(rows["corrects"].drop_nulls())
    told = defaultdict(list)
    kinds = {"birth", "first_registration", "immigration", "move", "emigration", "death"}
    rank = {"death": 2, "emigration": 1}
    for _, number, received, person, kind, day, unit, *_ in rows.iter_rows():
        if kind in kinds and number not in gone:
            told[person].append((day, rank.get(kind, 0), received, number, kind, unit))
    with (country / "later.csv").open() as file:
        for row in csv.DictReader(file):
            one = (row["event_date"], 0, row["received_at"], "", row["kind"], row["basic_unit"])
            told[f"later {row['person']}"].append(one)
    found = []
    for events in told.values():
        here: tuple[str, str] | None = None
        for day, _, _, _, kind, unit in sorted(events, key=lambda e: (e[0], e[1], str(e[2]), e[3])):
            if here is not None:
                found.append((*here, day))
            here = None if kind in ("emigration", "death") else (unit, day)
        if here is not None:
            found.append((*here, "9999-12-31"))
    return found


def _on(day: str, borders: str) -> str:
    return day if borders == "as-it-was" else f"{borders}-01-01"


def _living(stays: list[tuple[str, str, str]], day: str) -> Iterator[tuple[str, str]]:
    """Units of who is resident at the end of the day before, with the days that they are of."""
    return ((unit, begins) for unit, begins, ends in stays if begins < day <= ends)


@pytest.mark.parametrize("borders", BORDERS)
def test_populations_are_those_of_a_plain_count(
    store: Store, stays: list[tuple[str, str, str]], units: Units, borders: str
) -> None:
    days = [f"{year}-01-01" for year in YEARS]
    asked = store.in_borders(borders)
    for by, digits in (("municipality", 4), ("basic_unit", 8), ("county", 2)):
        found = asked.population(dates=days, by=by, known_at="latest", to="polars")
        counted = {
            (str(day), str(code)): persons
            for day, code, persons in found.select("date", by, "persons").iter_rows()
            if persons
        }
        plain = Counter(
            (day, units.on(unit, used, _on(day, borders))[:digits])
            for day in days
            for unit, used in _living(stays, day)
        )
        assert counted == plain


@pytest.mark.parametrize("borders", BORDERS)
def test_accounts_close_in_every_municipality_and_year(
    store: Store, stays: list[tuple[str, str, str]], units: Units, borders: str
) -> None:
    account = store.in_borders(borders).changes(
        "2000-01-01", "2025-01-01", by="municipality", every="year", known_at="latest", to="polars"
    )
    border = pl.col("border_changes")
    closes = (
        pl.col("births") - pl.col("deaths") + pl.col("immigration") - pl.col("emigration")
        + pl.col("internal_in") - pl.col("internal_out") + border + pl.col("adjustment")
        == pl.col("population_end") - pl.col("population_start")
    )  # fmt: skip
    assert account.select(closes.all()).item()
    assert account["period"].n_unique() == 25
    ended = account.filter(pl.col("population_end") > 0)
    ends = {
        (str(period), str(code)): end
        for period, code, end in ended.select("period", "municipality", "population_end").rows()
    }
    plain = Counter(
        (str(year), units.on(unit, used, _on(f"{year + 1}-01-01", borders))[:4])
        for year in range(2000, 2025)
        for unit, used in _living(stays, f"{year + 1}-01-01")
    )
    assert ends == plain
    if borders != "as-it-was":
        assert account["border_changes"].abs().sum() == 0
        return
    # What a change of borders moves: who lives where a unit gets another municipality that day.
    moved: Counter[tuple[str, str]] = Counter()
    for year in range(2000, 2025):
        day = f"{year + 1}-01-01"
        for unit, used in _living(stays, day):
            before = units.on(unit, used, f"{year}-12-31")[:4]
            after = units.on(unit, used, day)[:4]
            if before != after:
                moved[str(year), before] -= 1
                moved[str(year), after] += 1
    told = account.filter(pl.col("border_changes") != 0)
    found = {
        (str(period), str(code)): n
        for period, code, n in told.select("period", "municipality", "border_changes").iter_rows()
    }
    assert found == {key: n for key, n in moved.items() if n}
    assert {year for year, _ in found} >= {"2005", "2017", "2019", "2023"}
