"""Tables of a country whose population stays as it is, so that its rates are known."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from folkestrom.app.office.catalogue.tables import TABLES
from folkestrom.disclosure.tables.sums import with_sums
from folkestrom.model.specification import Category, Text, same
from folkestrom.publish.releases.release import write_release
from folkestrom.publish.releases.shelf import put_out
from folkestrom.publish.tables.definition import Content, Definition, Variable
from folkestrom.publish.tables.figures import Figures
from tests.publish.small_bank import DECISION

OUT = datetime(2021, 2, 19, 7, tzinfo=UTC)
AGES = np.arange(106)
#: Natives, Norwegian-born, and two groups of immigrants by duration.
GROUPS = ("native", "norwegian_born", "nordic", "other")
SHARES = np.array([0.8, 0.05, *[0.05 / 11] * 11, *[0.1 / 11] * 11])
#: Emigration is a factor of the group times one of sex and age.
LEAVING = np.array([0.5, 0.6, *np.linspace(8, 2, 11), *np.linspace(4, 1, 11)])
BY_AGE = np.where(AGES // 5 * 5 < 45, 0.01, 0.002) * np.array([[1.2], [1.0]])
DYING = np.minimum(np.exp(-10.2 + 0.1 * AGES), 0.9) * np.array([[1.3], [1.0]])
#: Births per woman's year of those born here and of immigrants.
BEARING = np.where((AGES >= 20) & (AGES < 40), 0.08, 0.0) * np.array([[1.0], [1.2]])
BACK = 0.05


def persons(thousands: float = 1.0) -> NDArray[np.float64]:
    """By sex and single year of age."""
    alive = np.exp(-np.cumsum(DYING, axis=1))
    return np.round(1000 * thousands * alive) + 3


def _fives(by_age: NDArray[Any]) -> NDArray[Any]:
    return np.add.reduceat(by_age, np.arange(0, 105, 5), axis=-1)


def _by_groups(counts: NDArray[Any]) -> NDArray[Any]:
    """By group, duration, sex and five years of age: those born here never immigrated."""
    found = np.zeros((len(GROUPS), 12, *counts.shape[1:]))
    found[0, 11], found[1, 11] = counts[:2]
    found[2, :11], found[3, :11] = counts[2:13], counts[13:]
    return found


def _table(
    id: str, names: tuple[str, ...], values: dict[str, NDArray[Any]], times: tuple[str, ...]
) -> tuple[Definition, Figures]:
    declared = TABLES[id]
    variables = []
    for column in declared.columns:
        if column.id not in names:
            continue
        listed = column.values or tuple(Category(c, Text(c, c)) for c in GROUPS)
        variables.append(Variable(column.id, column.label, listed, "", "*"))
    if id == "B1001":
        nation = (Category("0", same("Hele landet")),)
        variables.insert(0, Variable("Region", same("region"), nation, "geo", "0"))
    year = Variable("Tid", same("year"), tuple(Category(y, same(y)) for y in times), "time")
    exact = declared.policy.kind == "none"
    made = Definition(
        id, declared.title, "be", same("Population"), (*variables, year),
        tuple(Content(c, same(c), same("persons")) for c in values), additive=exact,
    )  # fmt: skip
    arrays = {c: np.repeat(one[..., None], len(times), axis=-1) for c, one in values.items()}
    if not exact:
        sums = [variable.sums for variable in made.variables]
        arrays = {c: with_sums(one, sums) for c, one in arrays.items()}
    return made, Figures(arrays)


def _swinging(table: tuple[Definition, Figures], swing: float) -> tuple[Definition, Figures]:
    """Each event of each year times a factor of its own, but in the years that rates are of."""
    made, figures = table
    factors = np.exp(np.random.default_rng(7).normal(0, swing, (4, len(made.time.values))))
    factors[:, -4:] = 1
    swung = zip(figures.values.items(), factors, strict=True)
    return made, Figures({content: values * of for (content, values), of in swung})


def tables(
    thousands: float = 1.0, first: int = 2017, swing: float = 0.0
) -> list[tuple[Definition, Figures]]:
    """Every table that a projection is made of; events swing from year to year, if they do."""
    stocks = tuple(str(year) for year in range(first, 2022))
    flows = stocks[:-1]
    all_, shares = persons(thousands), SHARES[:, None, None]
    of_groups = all_ * shares
    leaving = of_groups * LEAVING[:, None, None] * BY_AGE
    abroad = np.stack([100 * _fives(all_) / 1000, 10 * _fives(all_) / 1000]) * thousands
    back = BACK * abroad
    coming = np.zeros((24, 2, 21))
    coming[:2], coming[[2, 13], :, 4:8] = back, 20 * thousands
    women = of_groups[:, 1]
    born = np.stack([w.sum(axis=0) * b for w, b in
                     zip((women[:2], women[2:]), BEARING, strict=True)])  # fmt: skip
    births = np.zeros_like(coming)
    sexes = np.array([0.5, 0.5]) * born.sum()
    births[1, :, 0] = born[1].sum() * 0.8 / 2
    births[0, :, 0] = sexes - births[1, :, 0]
    newborn = np.zeros((2, 106))
    newborn[:, 0] = sexes
    mothers = born[:, 15:51]
    by_mother = np.stack([mothers[0] * 0.94, mothers[0] * 0.06, mothers[1] / 3, 2 * mothers[1] / 3])
    events = {
        "Levendefodte": newborn, "Dode": all_ * DYING,
        "Innvandring": np.concatenate([np.repeat(coming.sum(axis=0) / 5, 5, axis=1),
                                       np.zeros((2, 1))], axis=1),
        "Utvandring": leaving.sum(axis=0),
    }  # fmt: skip
    people = ("Kjonn", "Alder")
    grouped = ("Landbakgrunn", "Botid", *people)
    moves = {"Levendefodte": _by_groups(births), "Innvandring": _by_groups(coming),
             "Utvandring": _by_groups(_fives(leaving))}  # fmt: skip
    away = np.zeros((len(GROUPS), 2, 21))
    away[:2] = abroad
    return [
        _table("B1001", people, {"Personer1": all_[None]}, stocks),
        _swinging(_table("B1008", people, events, flows), swing),
        _table("B1015", grouped, {"Personer": _by_groups(_fives(of_groups))}, stocks),
        _table("B1016", grouped, moves, flows),
        _table("B1017", ("Landbakgrunn", *people), {"Personer": away}, stocks),
        _table("B1018", ("Landbakgrunn", "AlderMor"), {"Levendefodte": by_mother}, flows),
    ]


def release(parent: Path, thousands: float = 1.0, first: int = 2017, swing: float = 0.0) -> Path:
    """The tables as a release."""
    decided = [(*table, DECISION) for table in tables(thousands, first, swing)]
    return write_release(
        parent, decided, made_at=OUT, made_by="Ada", program="1", log_position=1
    )  # fmt: skip


def put(
    folder: Path, thousands: float = 1.0, since: datetime = OUT, first: int = 2017,
    swing: float = 0.0,
) -> Path:  # fmt: skip
    """A public folder with the tables."""
    put_out(folder / "public", release(folder / "drafts", thousands, first, swing), since)
    return folder / "public"
