"""Older immigrants: intervals that hold what they say, where everything else is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from folkestrom.analysis.prospects.groups import IMMIGRANTS, place, structure
from folkestrom.analysis.prospects.older import drawn_futures, older_immigrants
from folkestrom.analysis.prospects.projected import projected
from folkestrom.errors import UsageError
from folkestrom.model.countries import COUNTRY_CODES
from folkestrom.projection.assumptions import Floats, Rates
from folkestrom.projection.counts import Counts
from folkestrom.projection.groups import DURATIONS, OPEN_AGE
from folkestrom.projection.start import Start
from folkestrom.projection.structure import SEXES
from tests.analysis.prospects.test_counted import people
from tests.reference.register import Report
from tests.statistics.small_store import store_of

YEARS, LATER = 5, 6
CELLS = structure(0.8)
AGE = np.arange(OPEN_AGE + 1)


def immigrants() -> list[Report]:
    """Persons who are born in Poland, of whom some leave and return, and some die."""
    return [replace(one, country_of_birth=COUNTRY_CODES["PL"]) for one in people()]


def true_rates() -> Rates:
    """Deaths by a logistic model; immigrants leave by group and duration times sex and age."""
    level = np.exp(-11 + 0.105 * AGE + np.log([[1.3], [0.9]]))
    emigration, coming = np.zeros(CELLS.shape), np.zeros(CELLS.shape)
    for n, code in enumerate(IMMIGRANTS):
        coming[place(code, 0)] = 6.0 * (AGE > 20) * (AGE < 75)
        for duration in range(DURATIONS + 1):
            by_age = np.where(AGE // 5 * 5 < 60, 1.0, 0.4) * np.array([[1.0], [0.8]])
            emigration[place(code, duration)] = 0.08 / (1 + n) / (1 + duration) * by_age
    none = np.zeros((1, len(CELLS.groups), len(AGE)))
    return Rates((level / (1 + level))[None, None], emigration[None], none, coming[None])


def population() -> Floats:
    found = np.zeros(CELLS.shape)
    found[0] = 2_000.0 * (AGE < 100)
    for code in IMMIGRANTS:
        for duration in range(DURATIONS + 1):
            found[place(code, duration)] = (30 + 200 * (duration == DURATIONS)) * (AGE < 95)
    return found


def begun(true: Rates, chance: np.random.Generator) -> Start:
    """Events of five years as they may have come out."""
    persons, lived = population(), YEARS * population()
    deaths, left, came = (
        chance.poisson(np.broadcast_to(rate, CELLS.shape)).astype(float)
        for rate in (true.mortality[0] * lived, true.emigration[0] * lived,
                     YEARS * true.immigration[0])
    )  # fmt: skip
    counts = Counts(
        CELLS, YEARS, lived, deaths, left, came, np.zeros((len(CELLS.groups), len(AGE)))
    )
    return Start(CELLS, persons, counts, counts.rates(), 0)


def lived_on(true: Rates, chance: np.random.Generator) -> Floats:
    """Persons of every cell some years on, one year after the other."""
    assumed, after = true.assumptions(CELLS), CELLS.places("next")
    persons = population().astype(np.int64)
    for _ in range(LATER):
        first, last = chance.poisson(np.broadcast_to(true.immigration[0] / 2, (2, *CELLS.shape)))
        stayed = chance.binomial(persons + first, assumed.stay[0, ..., 1:])
        persons = np.zeros(CELLS.shape, np.int64)
        for group, to in enumerate(after):
            persons[to, :, 1:] += stayed[group, :, :-1]
            persons[to, :, -1] += stayed[group, :, -1]
        persons += last
    return persons.astype(float)


def test_intervals_hold_as_often_as_they_say() -> None:
    true, chance, inside = true_rates(), np.random.default_rng(8), []
    older = [(place(code, 0), place(code, DURATIONS) + 1, sex, age)
             for code in IMMIGRANTS for sex in range(len(SEXES)) for age in (67, 80)]  # fmt: skip
    for world in range(25):
        start = begun(true, chance)
        drawn = np.array([
            [one[0, low:high, sex, age:].sum() for low, high, sex, age in older]
            for one in drawn_futures(start, [LATER], 80, world)
        ])  # fmt: skip
        low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
        now = lived_on(true, chance)
        happened = [now[first:last, sex, age:].sum() for first, last, sex, age in older]
        inside.append((low <= happened) & (happened <= high))
    assert 0.85 <= np.mean(inside) <= 0.96


def test_the_start_is_certain_and_the_projection_the_middle() -> None:
    store = store_of(immigrants())
    found = list(older_immigrants(store, 2021, 2030, (), ages=(1,), every=9, draws=40).rows())
    assert [row["year"] for row in found] == ["2021", "2030"]
    first, last = found
    assert first["persons"] == first["low"] == first["high"]
    assert last["low"] <= last["persons"] <= last["high"]
    whole = {row["year"]: row for row in projected(store, 2021, 2030, every=9).rows()}
    for row in found:
        shown = whole[row["year"]]
        assert row["persons"] == pytest.approx(
            shown["population"] * shown["immigrants"] / 100, abs=1
        )


def test_the_start_alone_is_who_is_there() -> None:
    store = store_of(immigrants())
    found = older_immigrants(store, 2021, 2021, (), ages=(1,), draws=40)
    later = older_immigrants(store, 2021, 2030, (), ages=(1,), every=9, draws=40)
    assert list(found.rows()) == list(later.rows())[:1]


def test_groups_durations_and_sexes_add_up_to_all() -> None:
    store = store_of(immigrants())
    by = ("immigrant_group", "duration", "sex")
    parts = list(older_immigrants(store, 2021, 2024, by, draws=4, level=0.5, ages=(40,)).rows())
    whole = older_immigrants(store, 2021, 2024, (), draws=4, level=0.5, ages=(40,)).rows()
    for row in whole:
        of_year = [one["persons"] for one in parts if one["year"] == row["year"]]
        assert len(of_year) == 4 * 3 * 2
        assert sum(of_year) == pytest.approx(row["persons"], abs=len(of_year) / 2)


def test_seeds_say_what_is_drawn() -> None:
    store = store_of(immigrants())

    def drawn(seed: int) -> list[dict[str, Any]]:
        return list(
            older_immigrants(store, 2021, 2031, ages=(30,), draws=9, level=0.5, seed=seed).rows()
        )

    assert drawn(1) == drawn(1) != drawn(2)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"by": ["group"]}, "is not a dimension of older immigrants"),
        ({"last": 2020}, "are no years of a projection"),
        ({"first": 2003}, "years: '5' are more years than the log has"),
        ({"ages": (0.5,)}, "ages"),
        ({"ages": ()}, "are no ages"),
        ({"ages": (400,)}, "ages: '400' is no number that can be"),
        ({"draws": 0}, "draws: '0' is no number that can be"),
        (
            {"draws": 1},
            "draws: '1' are too few draws for an interval of that level.\nAllowed: 40 or",
        ),
        ({"draws": 19, "level": 0.9}, "20 or more"),
        ({"level": 95.0}, "is not a level of confidence"),
    ],
)
def test_what_cannot_be(asked: dict[str, Any], said: str) -> None:
    given: dict[str, Any] = {"first": 2021, "last": 2030} | asked
    with pytest.raises(UsageError) as error:
        older_immigrants(store_of(immigrants()), **given)
    assert said in str(error.value)
