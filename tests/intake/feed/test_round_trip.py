"""A country's reports as the national register delivers them give the same tables."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.dataset as ds
import pytest

import folkestrom
from folkestrom.app.office.api import Store
from folkestrom.app.office.deliveries import feed
from folkestrom.twin import create
from tests.intake.feed.register import Register
from tests.intake.feed.service import Answer, Service, serving

EVERYTHING = "municipality,sex,age,citizenship,marital_status,country_of_birth,immigrant_group"
#: Of the twin: enough that everything is reported late, corrected and annulled.
SCALE = 0.001


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Store]:
    """The reports taken in directly; and pulled, with faults, read, and taken in."""
    work = tmp_path_factory.mktemp("feed")
    twin = create(work / "twin", scale=SCALE, variables=False, truth=False)
    direct, fed = folkestrom.open(work / "direct"), folkestrom.open(work / "fed")
    direct.intake(twin.report_folder)
    rows = ds.dataset(twin.report_folder).to_table().to_pylist()
    register = Register()
    register.take(sorted(rows, key=lambda row: (row["received_at"], row["source_report_id"])))
    faults = {17, 1_000, 12_345}
    service = Service(register, lambda _, before: Answer(500) if before in faults else None)
    with serving(service) as url:
        pulled = feed.pull(url, work / "saved")
    assert (pulled.events, pulled.gone) == (len(rows), 0)
    feed.make_key(work / "key")
    read = feed.read(work / "saved", key=work / "key", reports=work / "reports", source="twin")
    assert (read.events, read.reports, read.quarantined) == (len(rows), len(rows), 0)
    assert fed.intake(work / "reports").total.accepted == len(rows)
    return direct, fed


@pytest.mark.parametrize(
    "ask",
    [
        lambda s: s.population("2021-01-01", by=EVERYTHING),
        lambda s: s.population("2010-07-01", by=EVERYTHING, known_at="latest"),
        lambda s: s.changes("2000-01-01", "2021-01-01", every="year", by="municipality"),
        lambda s: s.changes("2000-01-01", "2021-01-01", every="quarter"),
        lambda s: s.moves("2000-01-01", "2021-01-01"),
        lambda s: s.rates("2000-01-01", "2021-01-01", by="sex,age_group"),
        lambda s: s.table("key-figures", 2021),
        lambda s: s.table("marital-status", 2021),
    ],
)
def test_the_same_tables_to_the_cell(
    ask: Callable[[Store], pa.Table], stores: tuple[Store, Store]
) -> None:
    direct, fed = map(ask, stores)
    assert direct.num_rows > 0
    assert fed.equals(direct)


def test_every_unit_of_the_adjustment_is_explained_alike(stores: tuple[Store, Store]) -> None:
    def explained(store: Store) -> list[tuple[object, ...]]:
        found = store.explain("2020-01-01", "2021-01-01").to_pylist()
        own = {"person", "source_report_id", "report", "position"}
        return sorted(tuple(str(v) for k, v in row.items() if k not in own) for row in found)

    direct, fed = map(explained, stores)
    assert direct
    assert fed == direct


def test_pseudonyms_are_no_persons_of_the_source(stores: tuple[Store, Store]) -> None:
    def persons(store: Store) -> set[int]:
        files = ds.dataset(sorted((store.path.parent / "reports").glob("*.ndjson")), format="json")
        return set(files.to_table(columns=["person"])["person"].to_pylist())

    found = persons(stores[1])
    assert min(found) > 10**9
    assert len(found) > 5_000
