"""Probabilities for profiles, averaged over the effects of the population."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit, logsumexp

from folkestrom.analysis.design.design import Design
from folkestrom.analysis.design.tables import Table, read_table
from folkestrom.analysis.design.terms import Factor, Term, factor, number
from folkestrom.analysis.inference.distributions import critical_value, delta_errors
from folkestrom.analysis.mobility.results.integration import Model, population_nodes
from folkestrom.columns import check_arguments, text_of
from folkestrom.errors import UsageError
from folkestrom.model.names import check_code, unknown, without_effect

Array = NDArray[np.float64]
Profile = Mapping[str, Any]
Intervals = Literal["delta", "simulated"]

#: Sets of parameters drawn at a time.
_DRAWN = 200


def rows_of(model: Model, design: Design | None, profiles: Any) -> Array:
    """Values of the free positions: profiles × positions.

    Parameters
    ----------
    model
        The fitted model.
    design
        How a formula reads a table; None for a model of terms.
    profiles
        A level or a number for each covariate, one mapping a profile; or a table, if there is a
        design.
    """
    if isinstance(profiles, Mapping) and not any(np.ndim(v) for v in profiles.values()):
        profiles = [profiles]
    if isinstance(profiles, Sequence) and not all(isinstance(p, Mapping) for p in profiles):
        kinds = sorted({type(p).__name__ for p in profiles})
        raise UsageError(
            f"are of {', '.join(kinds)}", where="profiles",
            allowed="mappings of covariates to levels and numbers, or a table",
        )  # fmt: skip
    if design is None:
        return np.array([_row(model, profile) for profile in profiles])
    if isinstance(profiles, Sequence):
        columns = _columns(design, profiles)
        count = len(profiles)
    else:
        table: Table = read_table(profiles, design.columns)
        columns, count = design.read(table), table.size
    return _dense(model, design.terms(columns), count)


def _columns(design: Design, profiles: Sequence[Profile]) -> dict[str, Term]:
    for profile in profiles:
        _check_names(profile, design.columns)
    out: dict[str, Term] = {}
    for name, held in design.categories.items():
        codes = []
        for profile in profiles:
            level = text_of(profile[name])
            check_code(level, held.names, "is not a level", where="profile", column=name)
            codes.append(held.names.index(level))
        out[name] = factor(name, codes, levels=held.names)
    for name in design.spans:
        out[name] = number(name, [_finite(name, profile[name]) for profile in profiles])
    return out


def _dense(model: Model, terms: Sequence[Term], count: int) -> Array:
    values = np.zeros((count, len(model.positions)))
    values[:, 0] = 1.0
    places = model.places()
    for term in terms:
        at = places[term.name]
        if isinstance(term, Factor):
            values[np.arange(count), at + term.codes.astype(np.int64)] = 1.0
        else:
            values[:, at] = term.values
    _check_known(model, np.flatnonzero(values.any(axis=0)))
    return values[:, model.free]


def _row(model: Model, profile: Profile) -> Array:
    """The values of a profile for a model of terms."""
    values = np.zeros(len(model.positions))
    values[0] = 1.0
    known: dict[str, Any] = dict(profile)
    terms = list(dict.fromkeys(p.term for p in model.positions[1:]))
    asked = [t for t in terms if t not in model.parents]
    asked += [n for t in terms for n in _names_of(model.parents.get(t, ())) if n not in terms]
    _check_names(profile, list(dict.fromkeys(asked)))
    # What interactions are made of comes before them.
    for term in sorted(terms, key=lambda t: t.count(":")):
        places = [k for k, p in enumerate(model.positions) if p.term == term]
        if model.positions[places[0]].level:
            level = _level(model, term, places, known)
            values[next(k for k in places if model.positions[k].level == level)] = 1.0
        else:
            values[places[0]] = _product(model, term, known)
    _check_known(model, np.flatnonzero(values))
    return values[model.free]


def _check_known(model: Model, used: NDArray[np.intp]) -> None:
    free = set(model.free.tolist())
    left_out = [
        model.positions[k].label
        for k in used.tolist()
        if k not in free and not model.positions[k].reference
    ]
    if left_out:
        raise UsageError(
            "was left out of the fit: nothing is known of it", value=", ".join(left_out)
        )


def _check_names(profile: Profile, asked: Sequence[str]) -> None:
    for name in profile:
        if name not in asked:
            raise unknown(name, asked, "is no covariate of the model")
    missing = [name for name in asked if name not in profile]
    if missing:
        raise UsageError(f"the profile says nothing of {', '.join(missing)}")


def _level(model: Model, term: str, places: list[int], known: dict[str, Any]) -> str:
    levels = [model.positions[k].level for k in places]
    if term in model.parents:
        one, other = model.parents[term]
        level = f"{text_of(known[one])}:{text_of(known[other])}"
        known[term] = level if level in levels else levels[0]
    level = text_of(known[term])
    return check_code(level, levels, "is not a level", where="profile", column=term)


def _product(model: Model, term: str, known: dict[str, Any]) -> float:
    product = 1.0
    for name, level in model.parents.get(term, ((term, ""),)):
        if level:
            product *= float(text_of(known[name]) == level)
        else:
            product *= _finite(name, known[name])
    known[term] = product
    return product


def _finite(name: str, value: object) -> float:
    if not isinstance(value, int | float | np.number) or not np.isfinite(value):
        raise UsageError("is not a number", column=name, value=value)
    return float(value)


def _names_of(parents: Sequence[Any]) -> list[str]:
    return [p if isinstance(p, str) else p[0] for p in parents]


def predict(
    model: Model,
    vcov: Array,
    rows: Array,
    level: float,
    intervals: Intervals,
    draws: int | None = None,
    seed: int | None = None,
) -> pl.DataFrame:
    """Probabilities of each outcome for profiles, with errors and intervals.

    Parameters
    ----------
    model
        The fitted model.
    vcov
        Covariance of its parameters.
    rows
        Profiles' values of the free positions.
    level
        Coverage of the intervals.
    intervals
        delta: by the delta method on the logit scale. simulated: quantiles over parameters drawn
        from their distribution (Krinsky and Robb 1986).
    draws, seed
        How many sets of parameters are drawn, and where the draws begin.
    """
    check_arguments(predict, locals())
    if intervals not in ("delta", "simulated"):
        raise UsageError("are no intervals", value=intervals, allowed=["delta", "simulated"])
    reach = critical_value(level)
    for name, given in (("draws", draws), ("seed", seed)):
        if given is not None and intervals != "simulated":
            raise without_effect(name, given, f"intervals are {intervals}", "Leave it out")
    for name, given, least in (("draws", draws, 2), ("seed", seed, 0)):
        if given is not None and given < least:
            raise UsageError("is too small", where=name, value=given, allowed=f"{least} and more")
    many, first = (1_000 if draws is None else draws), (1 if seed is None else seed)
    drawn = _draw(model, vcov, many, first) if intervals == "simulated" else None
    lines: list[dict[str, object]] = []
    for k, row in enumerate(rows):
        found = average_of_profile(model, row)
        probabilities, rest = np.exp(found.logs), np.exp(found.logs_of_rest)
        widths = delta_errors(found.slopes, vcov)
        errors = widths * probabilities * rest
        logits = found.logs - found.logs_of_rest
        low, high = (expit(logits + s * reach * widths) for s in (-1, 1))
        if drawn is not None:
            among = simulated(model, row, drawn)
            errors = among.std(axis=0, ddof=1)
            low, high = np.quantile(among, [0.5 - level / 2, 0.5 + level / 2], axis=0)
        for j, outcome in enumerate(model.outcomes):
            line = (k, outcome, probabilities[j], errors[j], low[j], high[j])
            lines.append(dict(zip(_COLUMNS, line, strict=True)))
    return pl.DataFrame(lines)


_COLUMNS = ("profile", "outcome", "chance", "standard_error", "low", "high")


def contrast(model: Model, vcov: Array, rows: Array, level: float) -> pl.DataFrame:
    """Difference and ratio of two profiles' probabilities: the first against the second.

    Parameters
    ----------
    model, vcov
        As of `predict`.
    rows
        Two profiles' values of the free positions.
    level
        Coverage of the intervals, by the delta method; for ratios on the log scale.
    """
    check_arguments(contrast, locals())
    reach = critical_value(level)
    a, b = (average_of_profile(model, row) for row in rows)
    one, other = np.exp(a.logs), np.exp(b.logs)
    # Of the logarithm of a probability: the logit's derivatives times that of all the rest.
    one_slopes, other_slopes = (f.slopes * np.exp(f.logs_of_rest)[:, None] for f in (a, b))
    apart = one_slopes * one[:, None] - other_slopes * other[:, None]
    errors, log_errors = (
        delta_errors(slopes, vcov) for slopes in (apart, one_slopes - other_slopes)
    )
    with np.errstate(over="ignore"):
        ratio, low, high = (
            np.exp(a.logs - b.logs + s * reach * log_errors) for s in (0.0, -1.0, 1.0)
        )
    return pl.DataFrame(
        {
            "outcome": model.outcomes,
            "chance_a": one,
            "chance_b": other,
            "difference": one - other,
            "standard_error": errors,
            "low": one - other - reach * errors,
            "high": one - other + reach * errors,
            "ratio": ratio,
            "ratio_low": low,
            "ratio_high": high,
        }
    )


def simulated(model: Model, row: Array, drawn: Array) -> Array:
    """A profile's probabilities at sets of parameters: sets × outcomes.

    Parameters
    ----------
    model
        The fitted model.
    row
        The profile's values of the free positions.
    drawn
        Parameters, a set a row.
    """
    z, weight = population_nodes(model.covariance.effects, model.spread)
    equations, out = model.equations, []
    for first in range(0, drawn.shape[0], _DRAWN):
        some = drawn[first : first + _DRAWN]
        beta = some[:, : model.coefficients].reshape(len(some), equations, -1)
        predictor = np.repeat((beta @ row)[:, :, None], weight.size, axis=2)
        if z.shape[0]:
            roots = [model.covariance.root(one) for one in some[:, model.coefficients :]]
            predictor += np.array(roots) @ z
        top = np.maximum(predictor.max(axis=1, keepdims=True), 0.0)
        powers = np.concatenate([np.exp(-top), np.exp(predictor - top)], axis=1)
        out.append((powers / powers.sum(axis=1, keepdims=True)) @ weight)
    return np.concatenate(out)


def _draw(model: Model, vcov: Array, draws: int, seed: int) -> Array:
    if draws < 2:
        raise UsageError("is too few draws", value=draws, allowed="2 or more")
    rng = np.random.default_rng(seed)
    # Units of covariates differ by many powers of ten; correlations do not.
    errors = np.sqrt(np.diag(vcov))
    scale = np.where(errors > 0, errors, 1.0)
    correlation = vcov / np.outer(scale, scale)
    moved = rng.multivariate_normal(np.zeros(errors.size), correlation, draws, method="eigh")
    return np.asarray(model.theta + moved * scale)


@dataclass(frozen=True)
class Probabilities:
    """A profile's probabilities, however small, averaged over the effects.

    Attributes
    ----------
    logs, logs_of_rest
        Logarithms of each outcome's probability, and of that of all others together.
    slopes
        Derivatives of the outcomes' logits in the parameters: outcomes × parameters.
    """

    logs: Array
    logs_of_rest: Array
    slopes: Array


def average_of_profile(model: Model, row: Array) -> Probabilities:
    """Probabilities averaged over the effects, and their derivatives in the parameters.

    Parameters
    ----------
    model
        The fitted model.
    row
        The profile's values of the free positions.
    """
    equations, n = model.equations, model.covariance.effects
    coefficients = equations * row.size
    beta = model.theta[:coefficients].reshape(equations, -1)
    z, weight = population_nodes(n, model.spread)
    predictor = np.repeat((beta @ row)[:, None], weight.size, axis=1)
    if n:
        predictor = predictor + model.root @ z
    logits = np.vstack([np.zeros(weight.size), predictor])
    log_p = logits - logsumexp(logits, axis=0)
    log_q = np.array([logsumexp(np.delete(log_p, j, axis=0), axis=0) for j in range(equations + 1)])
    logs, logs_of_rest = (logsumexp(part, axis=1, b=weight) for part in (log_p, log_q))
    slopes = np.zeros((equations + 1, model.theta.size))
    for j in range(equations + 1):
        # Derivatives of the logit of the mean probability in the predictors, as each node adds to
        # them: weight × p_j (1 − p_j), and −p_j p_i, over the mean probability times that of the
        # rest.
        others, sign = log_p[1:].copy(), -np.ones((equations, 1))
        if j > 0:
            others[j - 1], sign[j - 1] = log_q[j], 1.0
        bent = sign * np.exp(np.log(weight) + log_p[j] - logs[j] - logs_of_rest[j] + others)
        slopes[j, :coefficients] = np.outer(bent.sum(axis=1), row).ravel()
        if n:
            slopes[j, coefficients:] = (bent @ z.T).ravel() @ model.root_slopes
    return Probabilities(logs, logs_of_rest, slopes)
