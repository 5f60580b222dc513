"""The country that is simulated: its persons, its targets, its truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from folkestrom.model.countries import COUNTRY_CODES
from folkestrom.twin.lives import pairing, stock
from folkestrom.twin.lives.mobility import Mobility, age_level
from folkestrom.twin.lives.outcomes import Tables
from folkestrom.twin.lives.people import LATE_EMIGRATION, NEVER, RESIDENT, People, allocate
from folkestrom.twin.receipt import reports as r
from folkestrom.twin.receipt.channels import DAY
from folkestrom.twin.targets.citizenship import (
    Migrants,
    immigrant_targets,
    migrant_targets,
    regions,
)
from folkestrom.twin.targets.definition import Targets
from folkestrom.twin.targets.schedules import (
    death_probabilities,
    emigration_rates,
    fertility_rates,
    immigration_shares,
)
from folkestrom.twin.years.calibration import ENLARGEMENT, Calibration
from folkestrom.twin.years.cells import count_citizens, count_origins, count_places
from folkestrom.twin.years.settlement import immigrant_attraction

Cells = NDArray[np.float64]


def by_row(by_end_age: Cells) -> Cells:
    """Turn (2, 106) by age at the window's end into rows by age at its start (see `cells`)."""
    out = np.empty_like(by_end_age)
    out[:, :105] = by_end_age[:, 1:]
    out[:, 105] = by_end_age[:, 0]
    return out


@dataclass
class Country:
    """Everything that the windows of the simulation share.

    Attributes
    ----------
    people, size
        The state of persons and how many there are.
    codes
        Country codes of the targets' citizenships, Norway first.
    units
        Number of basic units of each municipality.
    county
        County index of each municipality.
    immigrant_attraction
        How strongly each municipality draws immigrants, for its size.
    region, immigrants
        Region of each country code, -1 for Norway; (T+1, 2, R) immigrants and Norwegian-born.
    migrants
        Who came and left by citizenship in the year of which that is known.
    earlier
        Reports of the window before that can still be annulled or corrected.
    erroneous
        Persons whose leaving or move the window before has reported although it did not happen.
    partner_reports
        Marital changes that are reported in the next window: persons, statuses, days.
    """

    targets: Targets
    seed: int
    calibrated: bool
    truth: Mobility
    people: People
    size: int
    codes: NDArray[np.int64]
    units: NDArray[np.int16]
    county: NDArray[np.int64]
    immigrant_attraction: NDArray[np.float64]
    tables: Tables
    region: NDArray[np.int8]
    immigrants: NDArray[np.int64]
    migrants: Migrants
    earlier: r.Rows | None = None
    partner_reports: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]] = field(
        default_factory=list
    )
    erroneous: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    threads: int = 2
    next_number: int = 1
    calibration: Calibration = field(default_factory=lambda: Calibration(ENLARGEMENT))
    notes: list[str] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)

    @property
    def last_year(self) -> int:
        """Year of the last 1 January with a target."""
        return self.targets.years[-1]

    def schedules(self, year: int) -> tuple[Cells, Cells, Cells, NDArray[np.float64]]:
        """Return death probabilities, emigration rates, immigration shares (rows), fertility."""
        return (
            by_row(death_probabilities(year)), by_row(emigration_rates()),
            by_row(immigration_shares()), fertility_rates(year),
        )  # fmt: skip

    def residents(self) -> NDArray[np.int64]:
        """Return the residents by municipality."""
        people = self.people
        out = np.zeros(len(self.units), np.int64)
        count_places(people.status, people.municipality, self.size, out)
        return out

    def origins(self) -> NDArray[np.int64]:
        """Return (2, R) residents: immigrants and Norwegian-born to immigrant parents by region."""
        out = np.zeros(self.immigrants.shape[1:], np.int64)
        count_origins(self.people, self.size, self.region, out)
        return out

    def columns(self) -> NDArray[np.int64]:
        """Return the place of each country code among the targets' citizenships."""
        out = np.zeros(1024, np.int64)
        out[self.codes] = np.arange(len(self.codes))
        return out

    def citizens(self) -> NDArray[np.int64]:
        """Return residents by sex and the targets' citizenships, (2, C)."""
        people, out = self.people, np.zeros((2, len(self.codes)), np.int64)
        count_citizens(
            people.status, people.sex, people.citizenship, self.size, self.columns(), out
        )
        return out

    def overdue(self, year: int) -> NDArray[np.int64]:
        """Return persons who left earlier and whose leaving is reported this year."""
        people, n = self.people, self.size
        due = (people.pending[:n] == LATE_EMIGRATION) & (people.pending_due[:n] <= year)
        return np.flatnonzero(due & (people.status[:n] == RESIDENT))


def capacity(targets: Targets, calibrated: bool) -> int:
    """Return how many persons there can be at most."""
    need = targets.population[0].sum() + targets.births.sum() + targets.immigration.sum()
    margin = 1.01 if calibrated else 1.05
    return int(need * margin) + 3_000 + int(0.05 * targets.immigration[-1])


def basic_units(population: NDArray[np.int64]) -> NDArray[np.int16]:
    """Return the number of synthetic basic units: one for about 350 residents, at most 9 999."""
    return np.clip(population // 350, 1, 9_999).astype(np.int16)


def new_country(targets: Targets, seed: int, calibrated: bool) -> Country:
    """Create the country with its stock of the first 1 January."""
    truth = Mobility()
    people = allocate(capacity(targets, calibrated))
    _, county = np.unique(targets.county, return_inverse=True)
    units = basic_units(targets.municipality_population[-1])
    codes = np.array([COUNTRY_CODES[c] for c in targets.citizenship_codes], np.int64)
    tables = Tables(
        age_level(), truth.person_table(), truth.work_table(), truth.standing_table(),
        truth.covid_table(county.astype(np.int16)),
        truth.place_table(targets.centrality, county.astype(np.int16)),
        truth.first_place_table(targets.centrality),
    )  # fmt: skip
    year = targets.years[0]
    size = stock.create_stock(
        people, targets.population[0], targets.municipality_population[0], units, year, seed
    )
    stock.give_marital_status(people, size, targets.marital[0], targets.years[-1], seed, year)
    drawn, region, citizens = immigrant_attraction(targets), regions(), targets.citizenship[0]
    immigrants = immigrant_targets(targets.years, targets.scale)
    stock.give_citizenship(people, size, codes, citizens, drawn, seed, year)
    shares = citizens.sum(axis=0).astype(np.float64)
    stock.give_birthplaces(
        people, size, (codes, region), shares, immigrants[0, 0], drawn, seed, year
    )
    stock.give_partners(people, size, seed, year)
    pairing.live_together(people, size, pairing.COHABITING, year, seed)
    stock.give_parents(people, size, len(units), region, immigrants[0, 1], year, seed)
    stock.finish_stock(people, size, truth, seed, year)
    return Country(
        targets, seed, calibrated, truth, people, size, codes, units, county.astype(np.int64),
        drawn, tables, region, immigrants,
        migrant_targets(targets.citizenship_codes, targets.scale),
        calibration=Calibration(ENLARGEMENT if year <= ENLARGEMENT else NEVER),
    )  # fmt: skip


def place_columns(country: Country, persons: NDArray[np.int64], suffix: str = "") -> dict[str, Any]:
    """Return municipality and basic unit of persons as report columns (`suffix` "_from")."""
    people = country.people
    here = people.municipality[persons].astype(np.int64)
    code = country.targets.municipality_codes[here].astype(np.int64) * 10_000
    return {f"municipality{suffix}": here, f"unit{suffix}": code + people.unit[persons]}


def record_columns(country: Country, persons: NDArray[np.int64]) -> dict[str, Any]:
    """Return what starts a record: place, sex, birth, citizenship, marital status, parents."""
    people = country.people
    return {
        **place_columns(country, persons),
        "sex": people.sex[persons] + 1,
        "birth": people.birth[persons],
        "citizenship": people.citizenship[persons],
        "birth_country": people.birth_country[persons],
        "marital": people.marital[persons],
        "mother": people.mother[persons],
        "father": people.father[persons],
        "dwelling": people.dwelling[persons],
    }


def report_stock(country: Country) -> r.Rows:
    """Return the first registrations, received in order through a day."""
    persons, out = np.arange(country.size), r.Collector()
    out.add(
        r.FIRST_REGISTRATION, persons, stock.day_number(country.targets.years[0]) - 1,
        **record_columns(country, persons), partner=country.people.partner[persons], origin=3,
    )  # fmt: skip
    rows = out.rows()
    size = len(rows)
    begin = (rows.day[0] if size else 0) * DAY
    rows.received = begin + 3600 * 6 + np.arange(size, dtype=np.int64) * 43_200 // max(size, 1)
    rows.number = country.next_number + np.arange(size)
    country.next_number += size
    country.earlier = rows
    return rows
