"""The mobility truth of the twin: stay, another municipality, or abroad.

A trinomial logit with two correlated normal random intercepts per person, the model form of
"Try another municipality or leave the country?" (EXITNORWAY working paper, February 2024). The
coefficients are the twin's own, chosen so that the source's qualitative findings hold: immigrants
above natives, Oslo above one per cent a year, central arrivals leave more. They are labelled
synthetic wherever they are shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

GROUPS = ("native", "norwegian_born", "nordic", "eu8", "western", "other")
DURATIONS = ("0-2", "3-5", "6-10", "11+")
AGES = ("0-5", "6-17", "18-24", "25-29", "30-34", "35-39", "40-49", "50-66", "67+")
FAMILIES = ("single", "couple", "couple_with_children", "single_with_children")
EDUCATIONS = ("basic", "upper_secondary", "bachelor", "master")
EMPLOYMENTS = ("not_employed", "employed")
INCOMES = ("fifth_1", "fifth_2", "fifth_3", "fifth_4", "fifth_5")
WEALTHS = ("below_0", "0-1", "1-5", "5-20", "20-50", "50+")
"""Net wealth in million NOK, each from its first figure on to below its second."""
IMMIGRANT_WEALTHS = ("none", "20-50", "50+")
"""The interaction of wealth and immigrant: what is added for immigrants so wealthy."""
REASONS = ("none", "work", "family", "refuge", "education")
"""Reason for the first immigration; none: born here, Nordic, or here before the first report."""
COVID_YEAR = 2020
COVIDS = ("other_year", "2020_elsewhere", "2020_oslo")
CENTRALITIES = ("1", "2", "3", "4", "5", "6")
COUNTIES = ("03", "11", "15", "18", "30", "34", "38", "42", "46", "50", "54")
"""In the borders of 2020-2023."""
OUTCOMES = ("stay", "another_municipality", "abroad")
_AGE_BOUNDS = (6, 18, 25, 30, 35, 40, 50, 67)
ADULT = 18
"""The panel holds adults: a child moves with its mother, so its outcome is a copy of hers."""


def origin_levels() -> list[str]:
    """Return the names of the levels of immigrant group × duration."""
    return list(GROUPS[:2]) + [f"{g} {d}" for g in GROUPS[2:] for d in DURATIONS]


def age_level() -> NDArray[np.int8]:
    """Return the level of the age group for ages 0 … 120."""
    return np.searchsorted(_AGE_BOUNDS, np.arange(121), side="right").astype(np.int8)


def covid_level(county: NDArray[np.integer], year: int) -> NDArray[np.int8]:
    """Return the level of `COVIDS` for residents of counties, by index in `COUNTIES`."""
    return np.where(county == COUNTIES.index("03"), 2, 1).astype(np.int8) * (year == COVID_YEAR)


LEVELS: dict[str, list[str]] = {
    "age": list(AGES),
    "sex": ["male", "female"],
    "family": list(FAMILIES),
    "origin": origin_levels(),
    "education": list(EDUCATIONS),
    "employment": list(EMPLOYMENTS),
    "income": list(INCOMES),
    "wealth": list(WEALTHS),
    "immigrant_wealth": list(IMMIGRANT_WEALTHS),
    "reason": list(REASONS),
    "covid": list(COVIDS),
    "centrality": list(CENTRALITIES),
    "first_centrality": list(CENTRALITIES),
    "county": list(COUNTIES),
}
"""Names of the levels of each variable, in the order of the coefficients."""

_COEFFICIENTS: dict[str, tuple[list[float], list[float]]] = {
    # variable: (another municipality, abroad); the first or named level is the reference
    "constant": ([-3.38], [-5.60]),
    "age": (
        [0.35, 0.05, 1.05, 1.15, 0.75, 0.40, 0.0, -0.55, -1.10],
        [0.30, 0.05, 0.55, 0.75, 0.60, 0.35, 0.0, -0.60, -1.60],
    ),
    "sex": ([0.0, -0.02], [0.0, -0.12]),
    "family": ([0.0, -0.30, -0.70, -0.25], [0.0, -0.35, -0.60, -0.75]),
    "origin": (
        [0.0, 0.05]
        + [0.45, 0.35, 0.20, 0.05]
        + [0.50, 0.35, 0.15, 0.0]
        + [0.40, 0.30, 0.15, 0.0]
        + [0.75, 0.45, 0.15, -0.05],
        [0.0, 0.75]
        + [4.10, 3.75, 3.35, 2.85]
        + [3.30, 3.15, 2.95, 2.55]
        + [4.05, 3.70, 3.30, 2.85]
        + [1.90, 1.65, 1.40, 1.15],
    ),
    "education": ([0.0, 0.05, 0.25, 0.40], [0.0, -0.05, 0.35, 0.70]),
    "employment": ([0.0, -0.15], [0.0, -0.55]),
    "income": ([0.0, -0.05, -0.12, -0.18, -0.15], [0.0, -0.15, -0.25, -0.25, 0.05]),
    "wealth": ([0.05, 0.0, -0.10, -0.15, -0.15, -0.15], [0.10, 0.0, -0.05, 0.0, 0.15, 0.60]),
    "immigrant_wealth": ([0.0, 0.0, 0.0], [0.0, -0.10, -0.45]),
    "reason": ([0.0, 0.05, -0.05, 0.25, 0.20], [0.0, 0.25, -0.10, -0.40, 0.50]),
    "covid": ([0.0, 0.02, 0.20], [0.0, -0.05, 0.15]),
    "centrality": (
        [0.0, 0.10, 0.05, 0.0, 0.05, 0.15],
        [0.0, -0.15, -0.25, -0.35, -0.40, -0.45],
    ),
    "first_centrality": (
        [0.0, 0.0, 0.03, 0.05, 0.08, 0.10],
        [0.0, -0.08, -0.15, -0.20, -0.25, -0.28],
    ),
    "county": (
        [0.10, 0.0, -0.05, -0.05, 0.05, 0.05, 0.0, -0.05, -0.10, 0.0, 0.10],
        [0.40, 0.05, 0.0, -0.10, 0.0, -0.05, -0.05, 0.0, 0.0, -0.05, 0.0],
    ),
}


@dataclass(frozen=True)
class Mobility:
    """The known model: linear predictors of 'another municipality' and 'abroad' against 'stay'.

    Attributes
    ----------
    coefficients
        Name of the variable -> (2, levels) array.
    deviations
        Standard deviations of the two random intercepts.
    correlation
        Their correlation.
    """

    coefficients: dict[str, NDArray[np.float64]] = field(
        default_factory=lambda: {k: np.array(v) for k, v in _COEFFICIENTS.items()}
    )
    deviations: tuple[float, float] = (0.7, 1.0)
    correlation: float = 0.4

    def person_table(self) -> NDArray[np.float64]:
        """Return the predictor by sex × age × family × origin, shape (2, 2 * 9 * 4 * 18)."""
        c = self.coefficients
        total = (
            c["constant"][:, :, None, None, None]
            + c["sex"][:, :, None, None, None]
            + c["age"][:, None, :, None, None]
            + c["family"][:, None, None, :, None]
            + c["origin"][:, None, None, None, :]
        )
        return np.ascontiguousarray(total.reshape(2, -1))

    def work_table(self) -> NDArray[np.float64]:
        """Return the predictor by education × employment × income, shape (2, 40)."""
        c = self.coefficients
        total = (
            c["education"][:, :, None, None]
            + c["employment"][:, None, :, None]
            + c["income"][:, None, None, :]
        )
        return np.ascontiguousarray(total.reshape(2, -1))

    def standing_table(self) -> NDArray[np.float64]:
        """Return the predictor by wealth × immigrant wealth × reason, shape (2, 6 * 3 * 5)."""
        c = self.coefficients
        total = (
            c["wealth"][:, :, None, None]
            + c["immigrant_wealth"][:, None, :, None]
            + c["reason"][:, None, None, :]
        )
        return np.ascontiguousarray(total.reshape(2, -1))

    def covid_table(self, county: NDArray[np.int16]) -> NDArray[np.float64]:
        """Return what 2020 adds to the predictor by municipality, shape (2, municipalities)."""
        return np.ascontiguousarray(self.coefficients["covid"][:, covid_level(county, COVID_YEAR)])

    def place_table(
        self, centrality: NDArray[np.int8], county: NDArray[np.int16]
    ) -> NDArray[np.float64]:
        """Return the predictor of residence by municipality, shape (2, municipalities).

        Parameters
        ----------
        centrality
            Class 1 to 6 of each municipality.
        county
            Index of its county in `COUNTIES`.
        """
        c = self.coefficients
        return np.ascontiguousarray(c["centrality"][:, centrality - 1] + c["county"][:, county])

    def first_place_table(self, centrality: NDArray[np.int8]) -> NDArray[np.float64]:
        """Return the predictor of the first municipality, shape (2, municipalities)."""
        return np.ascontiguousarray(self.coefficients["first_centrality"][:, centrality - 1])

    def describe(self) -> dict[str, object]:
        """Return the truth as plain data, for the truth folder."""
        return {
            "alternatives": list(OUTCOMES),
            "reference": OUTCOMES[0],
            "coefficients": {
                name: {
                    "levels": LEVELS.get(name, ["constant"]),
                    OUTCOMES[1]: values[0].tolist(),
                    OUTCOMES[2]: values[1].tolist(),
                }
                for name, values in self.coefficients.items()
            },
            "random_intercepts": {
                "distribution": "bivariate normal, one pair a person, constant through life",
                "standard_deviations": list(self.deviations),
                "correlation": self.correlation,
            },
            "panel": "adults (18+) resident on 1 January; first of move to another municipality or "
            "emigration in the year; a year of death is left out; a child follows its mother",
            "note": "synthetic: chosen by the twin, not estimated from a register",
        }
