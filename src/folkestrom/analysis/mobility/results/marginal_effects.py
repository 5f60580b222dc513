"""Average marginal effects: what a covariate does to the probabilities, in the mean over rows.

Probabilities are averaged over the effects of the population first. Errors are by the delta method,
the rows being taken as they are (Cameron and Trivedi 2005, section 15.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from folkestrom.analysis.design.term_design import CovariateDesign
from folkestrom.analysis.design.terms import Factor, Number, Term
from folkestrom.analysis.inference.distributions import critical_value, delta_errors, two_sided
from folkestrom.analysis.mobility.panel.observations import Sample
from folkestrom.analysis.mobility.results.integration import Averaged, Model, average, predictor_of
from folkestrom.columns import check_arguments
from folkestrom.errors import UsageError
from folkestrom.model.names import unknown

Array = NDArray[np.float64]

#: Half of the step of a numeric derivative: in spans of the covariate, and in logits at most.
_STEP, _MOST_LOGITS = 1e-5, 1e-4


@dataclass(frozen=True, eq=False)
class _Varied:
    """Rows in which one column takes other values; the rest is computed once."""

    model: Model
    design: CovariateDesign
    sample: Sample
    column: str
    still: Sequence[Term]
    predictor: Array

    def moved(self, value: Term) -> list[Term]:
        """Covariates that the column is part of, at other values."""
        columns = {**self.sample.columns, self.column: value}
        return self.design.terms(columns, self.design.touching(self.column))

    def averaged(self, value: Term, by: Array) -> Averaged:
        """Probabilities at other values of the column."""
        moved = self.moved(value)
        predictor = self.predictor + predictor_of(self.model, moved, by.size, constant=False)
        return average(self.model, [*self.still, *moved], predictor, by)


def marginal_effects(
    model: Model,
    vcov: Array,
    design: CovariateDesign,
    sample: Sample,
    names: Sequence[str] | None,
    level: float,
) -> pl.DataFrame:
    """Average marginal effects: of a level against the reference, of a number's derivative.

    Parameters
    ----------
    model, vcov
        The fitted model, and the covariance of its parameters.
    design
        Makes covariates out of columns.
    sample
        The rows.
    names
        Columns concerned; all if not given.
    level
        Coverage of the intervals.
    """
    check_arguments(marginal_effects, locals())
    known = [*design.categories, *design.spans]
    for name in names or ():
        if name not in known:
            raise unknown(name, known, "is no covariate of the model")
    rows: list[dict[str, object]] = []
    for name in known if names is None else names:
        varied = _vary(model, design, sample, name)
        found = _levels(varied) if name in design.categories else [_derivative(varied)]
        for what, effect, slopes, noise in found:
            errors = delta_errors(slopes, vcov)
            rows += _lines(model, name, what, effect, errors, noise, sample, level)
    return pl.DataFrame(rows, schema_overrides={"level": pl.String, "reference": pl.String})


#: What is compared, effects by outcome, their derivatives, and the error of drawing rows.
_Found = tuple[tuple[str | None, str | None], Array, Array, Array]


def _vary(model: Model, design: CovariateDesign, sample: Sample, column: str) -> _Varied:
    others = set(range(design.products)) - design.touching(column)
    still = design.terms(sample.columns, others)
    predictor = predictor_of(model, still, sample.weight.size)
    return _Varied(model, design, sample, column, still, predictor)


def _levels(varied: _Varied) -> list[_Found]:
    held = varied.design.categories[varied.column]
    weight = varied.sample.weight
    base = varied.averaged(_at_level(varied, held.reference), weight)
    out: list[_Found] = []
    for k, name in enumerate(held.names):
        value = _at_level(varied, k)
        if k == held.reference or not _is_known(varied, k):
            continue
        there = varied.averaged(value, weight)
        noise = _noise(varied.sample, there.rows - base.rows)
        what = (name, held.names[held.reference])
        out.append(
            (what, there.probabilities - base.probabilities, there.slopes - base.slopes, noise)
        )
    return out


def _derivative(varied: _Varied) -> _Found:
    term = varied.sample.columns[varied.column]
    if not isinstance(term, Number):
        raise UsageError("is no number", column=varied.column)
    behind, ahead = _around(varied, term.values)
    by = varied.sample.weight / (ahead - behind)
    one = varied.averaged(Number(varied.column, behind), by)
    other = varied.averaged(Number(varied.column, ahead), by)
    per_row = (other.rows - one.rows) / (ahead - behind)[:, None]
    noise = _noise(varied.sample, per_row)
    return (None, None), other.probabilities - one.probabilities, other.slopes - one.slopes, noise


def _around(varied: _Varied, values: Array) -> tuple[Array, Array]:
    """Values just below and above those of the rows."""
    low, high = varied.design.spans[varied.column]
    step = _STEP * (high - low if high > low else max(abs(high), 1.0))

    def around(step: float) -> tuple[Array, Array]:
        # No less than numbers of this size can be told apart by.
        steps = np.maximum(step, 4 * np.spacing(np.abs(values)))
        behind, ahead = values - steps, values + steps
        if high > low:
            # Functions such as splines may not be defined beyond what was seen; of values that lie
            # beyond, the function says so itself.
            behind = np.where(values >= low, np.maximum(behind, low), behind)
            ahead = np.where(values <= high, np.minimum(ahead, high), ahead)
        return behind, ahead

    one, other = (
        predictor_of(
            varied.model, varied.moved(Number(varied.column, side)), values.size, constant=False
        )
        for side in around(step)
    )
    moved = float(np.abs(other - one).max(initial=0.0))
    return around(step * min(1.0, _MOST_LOGITS / moved) if moved > 0 else step)


def _at_level(varied: _Varied, k: int) -> Factor:
    held = varied.design.categories[varied.column]
    codes = np.full(varied.sample.weight.size, k, dtype=np.uint16)
    return Factor(varied.column, codes, held.names, held.reference)


def _is_known(varied: _Varied, k: int) -> bool:
    """Whether the level had rows, and so a coefficient, wherever the sample would use one."""
    free, places = set(varied.model.free.tolist()), varied.model.places()
    try:
        moved = varied.moved(_at_level(varied, k))
    except UsageError:
        return False
    used = [
        places[t.name] + int(c) for t in moved if isinstance(t, Factor) for c in np.unique(t.codes)
    ]
    return all(p in free or varied.model.positions[p].reference for p in used)


def _noise(sample: Sample, effects: Array) -> Array:
    """Standard error from drawing rows; none where all rows were taken."""
    n = sample.weight.size
    if n >= sample.of:
        return np.zeros(effects.shape[1])
    off = effects - sample.weight @ effects
    share = 1 - n / sample.of
    return np.sqrt(share * ((sample.weight[:, None] * off) ** 2).sum(axis=0))


def _lines(
    model: Model,
    name: str,
    what: tuple[str | None, str | None],
    effect: Array,
    errors: Array,
    noise: Array,
    sample: Sample,
    level: float,
) -> list[dict[str, object]]:
    reach = critical_value(level)
    out: list[dict[str, object]] = []
    for j, outcome in enumerate(model.outcomes):
        value, error = float(effect[j]), float(errors[j])
        z = value / error if error > 0 else None
        out.append(
            {
                "covariate": name,
                "level": what[0],
                "reference": what[1],
                "outcome": outcome,
                "effect": value,
                "standard_error": error,
                "z": z,
                "p": None if z is None else two_sided(z),
                "low": value - reach * error,
                "high": value + reach * error,
                "rows": sample.weight.size,
                "of_rows": sample.of,
                "sampling_error": float(noise[j]),
            }
        )
    return out
