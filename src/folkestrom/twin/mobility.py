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
_AGE_BOUNDS = (6, 18, 25, 30, 35, 40, 50, 67)
ADULT = 18
"""The panel holds adults: a child moves with its mother, so its outcome is a copy of hers."""


def origin_levels() -> list[str]:
    """Return the names of the levels of immigrant group × duration."""
    return list(GROUPS[:2]) + [f"{g} {d}" for g in GROUPS[2:] for d in DURATIONS]


def age_level() -> NDArray[np.int8]:
    """Return the level of the age group for ages 0 … 120."""
    return np.searchsorted(_AGE_BOUNDS, np.arange(121), side="right").astype(np.int8)


_COEFFICIENTS: dict[str, tuple[list[float], list[float]]] = {
    # variable: (another municipality, abroad); the first or named level is the reference
    "constant": ([-3.55], [-6.75]),
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
        + [3.30, 2.70, 2.10, 1.30]
        + [4.20, 3.90, 3.50, 2.90]
        + [3.20, 2.60, 2.00, 1.30]
        + [2.05, 1.55, 1.15, 0.75],
    ),
    "education": ([0.0, 0.05, 0.25, 0.40], [0.0, -0.05, 0.35, 0.70]),
    "employment": ([0.0, -0.15], [0.0, -0.55]),
    "income": ([0.0, -0.05, -0.12, -0.18, -0.15], [0.0, -0.15, -0.25, -0.25, 0.05]),
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
        [0.35, 0.05, 0.0, -0.10, 0.0, -0.05, -0.05, 0.0, 0.0, -0.05, 0.0],
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

    def place_table(
        self, centrality: NDArray[np.int8], county: NDArray[np.int16]
    ) -> NDArray[np.float64]:
        """Return the predictor of residence by municipality, shape (2, municipalities)."""
        c = self.coefficients
        return np.ascontiguousarray(
            c["centrality"][:, centrality - 1] + c["county"][:, county % c["county"].shape[1]]
        )

    def first_place_table(self, centrality: NDArray[np.int8]) -> NDArray[np.float64]:
        """Return the predictor of the first municipality, shape (2, municipalities)."""
        return np.ascontiguousarray(self.coefficients["first_centrality"][:, centrality - 1])

    def describe(self) -> dict[str, object]:
        """Return the truth as plain data, for the truth folder."""
        levels = {
            "age": list(AGES),
            "sex": ["male", "female"],
            "family": list(FAMILIES),
            "origin": origin_levels(),
            "education": list(EDUCATIONS),
            "employment": ["not employed", "employed"],
            "income": [f"fifth {i}" for i in range(1, 6)],
        }
        return {
            "alternatives": ["stay", "another municipality", "abroad"],
            "coefficients": {
                name: {
                    "levels": levels.get(name, [str(i + 1) for i in range(values.shape[1])]),
                    "another municipality": values[0].tolist(),
                    "abroad": values[1].tolist(),
                }
                for name, values in self.coefficients.items()
            },
            "standard_deviations": list(self.deviations),
            "correlation": self.correlation,
            "panel": "adults (18+) resident on 1 January; first of move or emigration in the "
            "year; a year of death is left out; a child follows its mother",
            "note": "synthetic: chosen by the twin, not estimated from a register",
        }
