"""Wrong registered residence: of the linked municipality, and of a survey."""

from __future__ import annotations

from pathlib import Path

import pytest

import folkestrom
from folkestrom.errors import UsageError
from folkestrom.model.time import OPEN
from tests.register.test_families import HEAD, _person


def test_who_lives_elsewhere_is_counted_and_a_survey_has_its_interval(tmp_path: Path) -> None:
    rows = [f"{_person(n, f'19{60 + n}-01-01')},," for n in range(1, 21)]
    (tmp_path / "reports.csv").write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
    store = folkestrom.open(tmp_path / "store")
    store.intake(tmp_path / "reports.csv")
    with pytest.raises(UsageError, match="is not linked, and no survey was given"):
        store.wrong_residence("2021-01-02")
    # One lives in Bergen, one in the municipality of registration, one no longer elsewhere.
    (tmp_path / "actual.csv").write_text(
        f"person,value,from,to\n1,4601,2020-01-01,{OPEN}\n2,0301,2020-01-01,{OPEN}\n"
        "3,4601,2020-01-01,2020-06-01\n", encoding="utf-8",
    )  # fmt: skip
    store.link(tmp_path / "actual.csv", as_="actual_municipality", known_from="2020-01-01")

    found = store.wrong_residence("2021-01-02", survey="138/2500", to="polars").rows()

    assert found[0][:4] == ("linked", 20, 1, 5.0)
    source, residents, persons, *shares = found[1]
    assert (source, residents, persons) == ("survey", 20, 1)
    p, n, z = 0.0552, 2500, 1.959964  # Wilson (1927)
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    expected = [100 * p, 100 * (middle - half), 100 * (middle + half)]
    assert shares == pytest.approx(expected, abs=1e-5)
    for wrong in ("3", "3/0", "5/4"):
        with pytest.raises(UsageError, match="no result of a survey"):
            store.wrong_residence("2021-01-02", survey=wrong)
