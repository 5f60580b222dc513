"""What is assumed of families: as it was in the register's years before."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from folkestrom.analysis.microsimulation.families import ADULT, Donors, Families
from folkestrom.analysis.microsimulation.family_kernel import MARRIED, NEVER, Probabilities
from folkestrom.analysis.prospects.families.register import (
    DIVORCE,
    MARRIAGE,
    STATUS_OF,
    WIDOWHOOD,
    gone,
    left_with,
    with_partners,
)
from folkestrom.analysis.rates.event_rows import StatusChange, status_changes
from folkestrom.analysis.rates.events import Event, event_steps
from folkestrom.analysis.rates.occurrence import occurrences
from folkestrom.analysis.rates.rates import DAYS_PER_YEAR
from folkestrom.engine.steps import Step, compose, parameters_of
from folkestrom.model.codes import Kind, MaritalStatus, Sex
from folkestrom.model.countries import NO_CODE
from folkestrom.model.specification import same
from folkestrom.projection.assumptions import Assumptions, Floats, of_cohorts
from folkestrom.projection.structure import SEXES, Structure
from folkestrom.statistics.flows import counted_events
from folkestrom.statistics.periods import Period
from folkestrom.statistics.population import coded, fetch
from folkestrom.variables.registry import VARIABLES

_BY: Final = tuple(VARIABLES[name] for name in ("sex", "age", "marital_status"))
_STATUSES: Final = 4


def families_of(
    connection: duckdb.DuckDBPyConnection, day: date, known: date, years: int,
    persons: dict[str, NDArray[Any]], cells: Structure, assumed: Assumptions,
) -> Families:  # fmt: skip
    """What is assumed of families.

    Parameters
    ----------
    connection
        An open store.
    day, known, years
        The start, its knowledge date, and of how many years before it rates are.
    persons
        Individuals of the start, with their families.
    cells, assumed
        The groups, and what is assumed of them.
    """
    base = Period(date(day.year - years, 1, 1), day)
    values = {"start": base.start, "end": day, "known_start": known, "known_end": known}

    def rows(*steps: Step) -> pl.DataFrame:
        return pl.DataFrame(fetch(connection, steps, parameters_of(compose(steps), values)))

    def happened(of: StatusChange) -> Floats:
        steps = event_steps(Event(same(""), "TRUE", rows=status_changes(of)), _BY)
        found = fetch(connection, steps, parameters_of(compose(steps), values))
        return _counted(pl.DataFrame(coded(found, _BY, {"events": pa.int64()})), cells)

    names = tuple(variable.name for variable in _BY)
    exposure = occurrences(connection, base, names, "emigration", known_at=known).data
    lived = np.maximum(_counted(exposure, cells, "days") / DAYS_PER_YEAR, 1e-9)
    changed = [status_changes(one).named("flow_rows") for one in (MARRIAGE, WIDOWHOOD)]
    weddings = rows(changed[0], with_partners("flow_rows"))
    bereaved = rows(changed[1], with_partners("flow_rows", before=True))
    left = rows(counted_events((Kind.EMIGRATION,)), gone(), left_with()).row(0, named=True)
    couples, children = _together(persons, cells, assumed, left)
    marriage, divorce = happened(MARRIAGE) / lived, (happened(DIVORCE) / lived)[MARRIED]
    probabilities = Probabilities(
        _probability(marriage, cells), _outside(weddings), _probability(divorce, cells),
        _probability(_widowhood(bereaved, persons, cells, years), cells),
        leaving_home(persons, cells), couples, children, cells.resident,
    )  # fmt: skip
    return Families(
        probabilities, _weddings(weddings), _newcomers(persons, cells), _mothers(persons),
        cells.part("immigrants").astype(np.intp),
    )  # fmt: skip


def _counted(frame: pl.DataFrame, cells: Structure, measure: str = "events") -> Floats:
    array = np.zeros((_STATUSES, *cells.shape[1:]))
    shown = frame.with_columns(pl.col("sex", "marital_status").cast(pl.String))
    for sex, age, status, number in shown.select(*(v.name for v in _BY), measure).rows():
        if sex in SEXES and age is not None:
            place = STATUS_OF[MaritalStatus[status.upper()]]
            array[place, SEXES.index(sex), min(age, cells.ages - 1)] += number
    return array


def _probability(rates: Floats, cells: Structure) -> Floats:
    """Probabilities of a year, by age at its end, of rates by age."""
    return np.ascontiguousarray(-np.expm1(-of_cohorts(rates, cells)[..., :-1]))


def _outside(weddings: pl.DataFrame) -> Floats:
    """Share of those of each sex who marry whose spouse is not resident."""
    here = [weddings.filter(pl.col("sex") == int(Sex[sex.upper()]))["here"] for sex in SEXES]
    return np.array([1 - one.sum() / len(one) if len(one) else 0.0 for one in here])


def _widowhood(
    bereaved: pl.DataFrame, persons: dict[str, NDArray[Any]], cells: Structure, years: int
) -> Floats:
    """Rates of being widowed of a spouse who is not here, by sex and ten years of age."""
    of_none = bereaved.filter(~pl.col("here"))
    ages = np.minimum(of_none["days"].to_numpy() // DAYS_PER_YEAR, cells.ages - 1).astype(int)
    events = _by_tens(of_none["sex"].to_numpy() - int(Sex.MALE), ages, cells)
    away = (persons["marital"] == MARRIED) & (persons["spouse"] < 0)
    away &= cells.resident[persons["group"]]
    alone = _by_tens(persons["sex"][away], persons["age"][away], cells)
    return np.asarray(events / np.maximum(alone * years, 1))


def _by_tens(sex: NDArray[Any], age: NDArray[Any], cells: Structure) -> Floats:
    """Persons of the same ten years of age, by sex and age: (2, ages)."""
    known = (sex >= 0) & (sex < len(SEXES))
    tens = np.bincount(age[known] // 10 + cells.ages * sex[known], minlength=2 * cells.ages)
    return np.asarray(tens.reshape(2, -1)[:, np.arange(cells.ages) // 10].astype(float))


def leaving_home(persons: dict[str, NDArray[Any]], cells: Structure) -> Floats:
    """Probability of leaving the parents' household, by sex and age at the end of the year.

    Of those who have not married, have a parent in the country and no child with them, the share
    that live with a parent is taken as falling from 17 years on (isotonic regression): who leaves
    is by how much it falls from one age to the next.

    Parameters
    ----------
    persons
        Individuals with their families.
    cells
        The groups.
    """
    found = np.zeros((len(SEXES), cells.ages))
    single = (persons["marital"] == NEVER) & persons["has_parent"]
    single &= cells.resident[persons["group"]]
    single[persons["parent"][persons["parent"] >= 0]] = False
    for sex in range(len(SEXES)):
        of_sex = single & (persons["sex"] == sex)
        ages = persons["age"]
        home = np.bincount(ages[of_sex & (persons["parent"] >= 0)], minlength=cells.ages)
        whole = np.bincount(ages[of_sex], minlength=cells.ages)
        share = (home / np.maximum(whole, 1))[ADULT - 1 :]
        falling = isotonic_regression(
            share, weights=whole[ADULT - 1 :] + 1e-9, increasing=False
        ).x.clip(0, 1)
        found[sex, ADULT:] = 1 - falling[1:] / np.where(falling[:-1] > 0, falling[:-1], 1)
        found[sex, ADULT:][falling[:-1] == 0] = 0
    return found


def _together(
    persons: dict[str, NDArray[Any]], cells: Structure, assumed: Assumptions, left: dict[str, int]
) -> tuple[float, float]:
    """With what share of couples and children leaving is drawn together.

    So large that as many of those who leave do so with the other as did. Two that are drawn
    together both leave with the lesser of their probabilities.
    """
    here = cells.resident[persons["group"]]
    leave = assumed.checked(cells).leave[0, persons["group"], persons["sex"], persons["age"] + 1]
    found = []
    young = persons["age"] < ADULT
    for name, many, both, who in (
        ("spouse", "spouses", "couples", here), ("parent", "children", "followers", here & young),
    ):  # fmt: skip
        one = np.flatnonzero((persons[name] >= 0) & who)
        other = persons[name][one]
        one, other = one[here[other]], other[here[other]]
        least = np.minimum(leave[one], leave[other]).sum()
        share = left[both] / left[many] if left[many] else 0.0
        found.append(min(1.0, share * leave[one].sum() / least) if least else 0.0)
    return found[0], found[1]


def _weddings(weddings: pl.DataFrame) -> Donors:
    """By the wife's kind and age: the husband's kind, and years that he is older."""
    both = weddings.filter(
        (pl.col("sex") == int(Sex.FEMALE)) & (pl.col("other_sex") == int(Sex.MALE)) & pl.col("here")
    ).drop_nulls(["days", "other_days"])
    kinds = [
        both[name].fill_null(NO_CODE).to_numpy() != NO_CODE
        for name in ("country_of_birth", "other_country_of_birth")
    ]
    days, other = both["days"].to_numpy(), both["other_days"].to_numpy()
    older = (other - days) / DAYS_PER_YEAR
    return Donors.of(kinds[0], days / DAYS_PER_YEAR, np.column_stack([kinds[1], older]))


def _newcomers(persons: dict[str, NDArray[Any]], cells: Structure) -> Donors | None:
    """Families of immigrants who came lately, by sex and age."""
    recent = np.flatnonzero(persons["recent"] & cells.part("immigrants")[persons["group"]])
    if not len(recent):
        return None
    together = (persons["spouse"] >= 0) & (persons["apart"] == 0)
    values = np.column_stack([persons["marital"], together, persons["parent"] >= 0])[recent]
    return Donors.of(persons["sex"][recent], persons["age"][recent], values.astype(np.int8))


def _mothers(persons: dict[str, NDArray[Any]]) -> Donors:
    """By the age of who lives with a parent: years that the parent is older."""
    child = np.flatnonzero(persons["parent"] >= 0)
    age = persons["age"]
    return Donors.of(0 * child, age[child], (age[persons["parent"][child]] - age[child]))
