"""The residency index: one number a person, carried from year to year by signs of life."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import UsageError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_STEPS: Final = 100
_CLOSE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Index:
    """How the index is carried on; the defaults are Estonia's.

    Maasing, Tiit & Vähi (2017), *Acta et Commentationes Universitatis Tartuensis de Mathematica*
    21: I(t) = decay · I(t-1) + stability · (weighted sum of the year's signs), at most 1.

    Parameters
    ----------
    decay
        What is left of the index of the year before.
    stability
        What the year's signs count.
    threshold
        Who has as much is taken to be present.
    """

    decay: float = 0.8
    stability: float = 0.2
    threshold: float = 0.7

    def __post_init__(self) -> None:
        for name in ("decay", "stability", "threshold"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise UsageError("is no share", where=name, value=value, allowed="0 to 1")

    def of(self, signs: Integers, since: Integers, weights: Floats, years: int) -> Floats:
        """The index of each person after the last year.

        Parameters
        ----------
        signs
            Years with a sign, by person and source: bit 0 is the first year: (persons, sources).
        since
            Year in which the person was registered, from 0; the index begins there with 1.
        weights
            Weight of a sign of each source: (sources,).
        years
            How many.

        Examples
        --------
        >>> signs = np.array([[0b111], [0b001], [0b000]])
        >>> Index().of(signs, np.zeros(3, int), np.ones(1), 3).round(2).tolist()
        [1.0, 0.64, 0.64]
        """
        found = np.ones(len(signs))
        for year in range(years):
            shown = ((signs >> year) & 1) @ weights
            found = np.minimum(self.decay * found + self.stability * shown, 1.0)
            found[since >= year] = 1.0
        return found

    def below(self, found: Floats) -> NDArray[np.bool_]:
        """Who is taken to have left.

        Parameters
        ----------
        found
            The index by person.
        """
        # Sums of weights that are the threshold must not fall short of it by a rounding error.
        return np.asarray(found < self.threshold - 1e-9)


def sign_weights(signs: NDArray[np.bool_], present: NDArray[np.bool_]) -> Floats:
    """Weights of signs by how much each says, the most telling with weight 1.

    Coefficients of a logistic regression of presence on signs, with the penalty of Firth (1993),
    *Biometrika* 80, 27-38, which has an estimate too where a sign is never shown by those who left;
    those below 0 are 0.

    Parameters
    ----------
    signs
        Of persons who are known to be present or gone: (persons, sources).
    present
        Which: (persons,).

    Raises
    ------
    UsageError
        Signs that are not shown more often by those who are present.

    Examples
    --------
    >>> signs = np.array([[1, 1], [1, 0], [1, 1], [0, 1], [0, 1], [0, 0]], bool)
    >>> sign_weights(signs, np.array([1, 1, 1, 0, 0, 0], bool)).round(2).tolist()
    [1.0, 0.0]
    """
    patterns, place = np.unique(signs, axis=0, return_inverse=True)
    persons = np.bincount(place, minlength=len(patterns)).astype(float)
    shown = np.bincount(place, weights=present, minlength=len(patterns))
    design = np.column_stack([np.ones(len(patterns)), patterns])
    found = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-design @ found))
        information = (design * (persons * chance * (1 - chance))[:, None]).T @ design
        inverse = np.linalg.pinv(information)
        leverage = chance * (1 - chance) * np.einsum("ij,jk,ik->i", design, inverse, design)
        score = design.T @ (shown - persons * chance + persons * leverage * (0.5 - chance))
        step = np.clip(inverse @ score, -2, 2)
        found = found + step
        if np.abs(step).max() < _CLOSE:
            break
    weights = np.maximum(found[1:], 0.0)
    if not weights.max() > 0:
        raise UsageError(
            "are shown no more often by those who are here than by those who had left",
            where="signs", allowed="signs that tell them apart", next_step="Link other variables",
        )  # fmt: skip
    return np.asarray(weights / weights.max())
