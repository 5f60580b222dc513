"""Where the register begins, in reference dates and in knowledge dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pytest

from folkestrom.analysis.rates import occurrences
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.codes import Kind
from folkestrom.model.knowledge import KnownAt
from folkestrom.model.specification import Text
from folkestrom.statistics.changes import changes
from folkestrom.statistics.coverage import Coverage, coverage
from folkestrom.statistics.periods import Period, year
from folkestrom.statistics.population import population
from folkestrom.statistics.published.tables import TABLES, Edition, table
from tests.reference.register import Report
from tests.statistics.small_store import hand_made, store_of


def report(person: int, kind: Kind, event_date: date, known_from: date, **more: Any) -> Report:
    return Report(
        position=person,
        person=person,
        kind=kind,
        received_at=datetime(known_from.year, known_from.month, known_from.day, tzinfo=UTC),
        known_from=known_from,
        key_hash=person,
        event_date=event_date,
        municipality=301,
        basic_unit=3010001,
        sex=1,
        birth_date=event_date if kind == Kind.BIRTH else date(1980, 1, 1),
        **more,
    )


#: A stock that is registered in full, and an immigration before it that was told late.
STOCK = [report(n, Kind.FIRST_REGISTRATION, date(1999, 12, 31), date(2000, 1, 1)) for n in (1, 2)]
LATE = report(3, Kind.IMMIGRATION, date(1999, 12, 7), date(2000, 2, 10))
NEWEST = report(4, Kind.BIRTH, date(2021, 1, 30), date(2021, 2, 1))


def store(*reports: Report) -> duckdb.DuckDBPyConnection:
    return store_of(reports)


def test_the_register_begins_when_its_stock_is_registered() -> None:
    opened = store(*STOCK, LATE, NEWEST)
    assert coverage(opened) == Coverage(date(2000, 1, 1), date(2000, 1, 1), date(2021, 2, 1))
    with pytest.raises(UsageError, match="its first stock is that of 2000-01-01"):
        population(opened, date(1999, 12, 31))
    day = date(2000, 1, 1)
    assert population(opened, day, known_at="latest").data["persons"].to_pylist() == [3]
    assert population(opened, day).data["persons"].to_pylist() == [2], "as published"


def test_without_first_registrations_it_begins_with_the_first_resident() -> None:
    found = coverage(store(LATE, NEWEST))
    assert (found.first, found.first_known) == (date(1999, 12, 8), date(2000, 2, 10))


def test_knowledge_before_anything_was_known_is_refused() -> None:
    opened = store(*STOCK, NEWEST)
    early, day = date(1990, 1, 1), date(2021, 1, 1)
    with pytest.raises(UsageError, match="the first stock became known on 2000-01-01"):
        population(opened, day, ["sex"], early)
    with pytest.raises(UsageError, match="before anything was known"):
        changes(opened, [year(2020)], known_at=early)
    with pytest.raises(UsageError, match="before anything was known"):
        table(Edition(opened, 2021, early), "age-groups")


def test_what_was_published_before_anything_was_known_is_refused() -> None:
    stock = [report(1, Kind.FIRST_REGISTRATION, date(1999, 12, 31), date(2005, 6, 1))]
    opened = store(*stock, NEWEST)
    day, period = date(2003, 1, 1), year(2003)
    asked: list[Callable[[KnownAt], object]] = [
        lambda known: population(opened, day, known_at=known),
        lambda known: changes(opened, [period], known_at=known),
        lambda known: table(Edition(opened, 2003, known), "citizenship"),
        lambda known: occurrences(opened, period, known_at=known),
    ]
    for ask in asked:
        with pytest.raises(UsageError, match=r"stock became known on 2005-06-01[^$]*latest"):
            ask("published")
        assert ask("latest")
    assert population(opened, date(2006, 1, 1)).data["persons"].to_pylist() == [1]


def test_change_from_a_year_of_which_nothing_was_published_is_not_known() -> None:
    stock = [report(1, Kind.FIRST_REGISTRATION, date(1999, 12, 31), date(2005, 6, 1))]
    found = table(Edition(store(*stock, NEWEST), 2006), "age-groups").data
    assert found["change_1_year"].null_count == found.num_rows
    latest = table(Edition(store(*stock, NEWEST), 2006, "latest"), "age-groups").data
    assert latest["change_1_year"][0].as_py() == 0.0


def notes(cells: Cells) -> list[Text]:
    return list(cells.specification.footnotes)


def test_a_day_that_was_still_to_come_is_said_in_a_footnote() -> None:
    opened = store(*STOCK, NEWEST)
    day, before = date(2021, 1, 1), date(2020, 6, 1)
    (note,) = notes(population(opened, day, known_at=before))
    assert "2021-01-01 was still to come on 2020-06-01" in note.en
    assert "2021-01-01 lå ennå fram i tid 2020-06-01" in note.no
    (note,) = notes(population(opened, [date(2020, 1, 1), day], known_at=before))
    assert note.en.startswith("2021-01-01")
    assert notes(population(opened, day, known_at=day)) == []
    (note,) = notes(changes(opened, [Period(date(2020, 1, 1), day)], known_at=before))
    assert note.en.startswith("2021-01-01 was still to come on 2020-06-01")
    assert notes(changes(opened, [Period(date(2020, 1, 1), day)], known_at=day)) == []


def test_what_is_not_published_yet_is_preliminary() -> None:
    opened = store(*STOCK, NEWEST)
    day = date(2021, 2, 1)
    for cells in (population(opened, day), changes(opened, [Period(date(2021, 1, 1), day)])):
        (note,) = notes(cells)
        assert note.en.startswith("Preliminary: the log's last reports became known on 2021-02-01")
        assert note.no.startswith("Foreløpig: de siste meldingene i loggen ble kjent 2021-02-01")
        assert cells.specification.vintage.en == "as published"
    assert notes(population(opened, date(2021, 1, 1))) == []


def test_one_default_for_all_and_every_figure_says_it() -> None:
    opened = store(*STOCK, LATE, NEWEST)
    day, period = date(2020, 1, 1), year(2019)

    def said(known: tuple[KnownAt, ...]) -> list[tuple[str, str]]:
        specifications = [
            population(opened, day, (), *known).specification,
            population(opened, [day], (), *known).specification,
            changes(opened, [period], (), *known).specification,
            *(table(Edition(opened, 2020, *known), name).specification for name in TABLES),
        ]
        counted = occurrences(opened, period, known_at=known[0] if known else "published")
        of_rates = (str(counted.known_at), counted.vintage.en)
        return [*((s.knowledge_time.en, s.vintage.en) for s in specifications), of_rates]

    assert set(said(())) == {("2020-02-01", "as published")}
    assert set(said(("latest",))) == {("2021-02-01", "all that is known")}
    assert set(said((date(2020, 6, 1),))) == {("2020-06-01", "")}


def test_figures_of_invented_persons_say_so_and_those_of_others_do_not() -> None:
    store = hand_made([{"person": 1}])
    cells = population(store, date(2021, 1, 1))
    assert not any("Synthetic" in note.en for note in cells.specification.footnotes)
    store.execute("UPDATE source SET name = 'twin'")
    cells = population(store, date(2021, 1, 1))
    assert any("Synthetic data" in note.en for note in cells.specification.footnotes)
    assert any("Syntetiske data" in note.no for note in cells.specification.footnotes)


def test_the_end_of_time_is_no_knowledge_date() -> None:
    """Nothing is known on the day that stands for an end that is not known: not a figure of 0."""
    opened = store(*STOCK)
    day = date(2000, 1, 1)
    assert population(opened, day, known_at=date(9999, 12, 30)).data["persons"].to_pylist() == [2]
    with pytest.raises(UsageError, match="stands for an end that is not known"):
        population(opened, day, known_at=date(9999, 12, 31))
