"""The methods: each says of every group how many are gone, and between what bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from folkestrom.analysis.over_coverage.registered import (
    YEARS,
    People,
    Signs,
    Times,
    weights_of,
)
from folkestrom.analysis.over_coverage.reports import Reports
from folkestrom.analysis.over_coverage.rows import presence_steps, unregistered
from folkestrom.engine.rows import is_table
from folkestrom.engine.steps import compose, parameters_of, run
from folkestrom.errors import UsageError
from folkestrom.quality.lists.log_linear import Term, model_name
from folkestrom.quality.lists.stratified import best_terms, stratified
from folkestrom.quality.presence.misclassification import (
    LEAST_GONE,
    Estimates,
    Share,
    averaged,
    corrected,
    share_below,
)

Floats = NDArray[np.float64]
Method = str
#: Names of the methods, in the order in which they are shown.
METHODS: Final = ("signs", "lists", "late", "clean-ups")
#: What stands beside them: who is here and not registered.
UNREGISTERED: Final = "unregistered"
#: What the models of a set say together.
ALL_MODELS: Final = "all, by weight"
#: Of methods without models.
_NONE: Final = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What a method says, or one model of it.

    Parameters
    ----------
    method, model
        Names; of methods without models, the second is empty.
    estimates
        Persons by group.
    weight
        Share of the model in its set.
    """

    method: Method
    model: str
    estimates: Estimates
    weight: float = float("nan")


def by_signs(people: People, signs: Signs, level: float) -> list[Found]:
    """By the residency index, with the errors of its threshold among those known later.

    Parameters
    ----------
    people
        The registered.
    signs
        What was asked for.
    level
        Of the intervals.
    """
    audited = people.audited
    persons = len(np.unique(audited.person[audited.gone]))
    if persons < LEAST_GONE:
        raise UsageError(
            "are too few who are known to have left without a report: nothing shows how often "
            "they seem to be here", where="date", value=persons, allowed=f"from {LEAST_GONE}",
            next_step="Ask for a later day, or for the method of lists",
        )  # fmt: skip
    weights = weights_of(signs, audited)
    below = audited.below(signs.index, weights)
    strata, here = people.strata, ~audited.gone
    present = share_below(below[here], audited.person[here], audited.stratum[here], strata)
    now, everybody = _counted(people, people.now.below(signs.index, weights)), _counted(people)
    who = people.everybody
    whole = np.bincount(who.stratum, minlength=strata)
    more = float(who.below(signs.index, weights).sum() - whole @ present.value)
    gone, held_up = _absent(
        people, below, more, memory=signs.index.decay > 0,
        apart=len(everybody) > 1 or everybody.sum() < whole.sum(),
    )  # fmt: skip
    found = corrected(now, everybody, present, gone, level=level, held_up=held_up)
    return [Found("signs", _NONE, found)]


def _absent(
    people: People, below: NDArray[np.bool_], more: float, *, memory: bool, apart: bool
) -> tuple[Share, tuple[float, float]]:
    """Share of those who are gone that is below, and how many are held up besides.

    An index with a memory holds up who left lately, within two years, and who is never reported
    left long ago. Of who left lately as many are taken as were hidden on a day of the years before;
    the others are so many that all of them make up for `more`, those below beyond the present.
    Groups, which are told `apart`, have the share of all.
    """
    audited, gone = people.audited, people.audited.gone
    left, days = audited.left[gone] - 1, len(people.hidden)
    if not memory:
        return share_below(below[gone], audited.person[gone], 0 * left, 1), (0.0, 0.0)
    share = share_below(below[gone], audited.person[gone], left, 3)
    hidden = people.hidden.mean(axis=0)
    lately, missed = hidden[:2], share.value[2] - share.value[:2]
    rest = (more - lately @ share.value[:2]) / max(share.value[2], 1e-9)
    hidden[2] = max(rest, hidden[2])
    weight = hidden / hidden.sum()
    # Those of a day vary as they do from day to day, and no less than a Poisson count.
    held_up = people.hidden[:, :2] @ missed
    spread = max(held_up.var(ddof=1) if days > 1 else 0.0, lately @ missed**2)
    if apart:
        variance = weight**2 @ share.variance + spread / days / hidden.sum() ** 2
        return Share(np.array([weight @ share.value]), np.array([variance])), (0.0, 0.0)
    variance = spread * (1 + 1 / days) + lately**2 @ share.variance[:2]
    long_ago = Share(share.value[2:], share.variance[2:])
    return long_ago, (float(held_up.mean()), float(variance))


def _counted(people: People, which: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """Persons by group and stratum."""
    shape = len(people.groups), people.strata
    place = people.now.group * shape[1] + people.now.stratum
    place = place if which is None else place[which]
    return np.bincount(place, minlength=shape[0] * shape[1]).reshape(shape)


def by_lists(people: People, signs: Signs, level: float) -> list[Found]:
    """By who is on none of several lists of those who are here: a set of models.

    Some who are gone are on a list all the same: how many, is seen of those known later.

    Parameters
    ----------
    people, signs, level
        As for `by_signs`.
    """
    counts = _patterns(people, signs)
    registered = _counted(people).sum(axis=1).astype(float)
    strata = [stratum for group in counts for stratum in group]
    whole = [
        {term: sum(group[n].get(term, 0) for group in counts) for term in strata[0]}
        for n in range(people.strata)
    ]
    # Every group has the models that are the best of all.
    best = best_terms(signs.sources, whole, most=signs.models)
    listed, error = _listed_and_gone(people)
    normal = float(norm.ppf((1 + level) / 2))
    found = []
    for terms, weight in best.items():
        ends = np.full((3, len(registered)), np.nan)
        for group, own in enumerate(counts):
            with suppress(*([UsageError] if len(counts) > 1 else [])):
                model = stratified(signs.sources, own, terms, level=level)
                here = np.array([model.total, model.upper, model.lower])
                ends[:, group] = _of_all((registered[group] - here) / (1 - listed), error * normal)
        ends = np.clip(ends, 0, registered)
        found.append(Found("lists", model_name(signs.sources, terms), Estimates(*ends), weight))
    return with_all(found, level)


def with_all(found: list[Found], level: float) -> list[Found]:
    """A set of models, and if there are several, what they say together.

    Parameters
    ----------
    found
        One method's.
    level
        Of the intervals.
    """
    if len(found) < 2:
        return found
    weights = [one.weight for one in found]
    together = averaged([one.estimates for one in found], weights, level=level)
    return [*found, Found(found[0].method, ALL_MODELS, together, sum(weights))]


def _listed_and_gone(people: People) -> tuple[float, float]:
    """Share of those who are gone that is on a list, and its error by that of all others."""
    audited = people.audited
    gone = audited.gone
    if len(np.unique(audited.person[gone])) < LEAST_GONE:
        return 0.0, 0.0
    one = np.zeros(int(gone.sum()), np.int64)
    listed = np.asarray(audited.last[gone].any(axis=1))
    found = share_below(listed, audited.person[gone], one, 1)
    share = min(float(found.value[0]), 0.9)
    return share, float(np.sqrt(found.variance[0])) / (1 - share)


def _of_all(ends: Floats, error: float) -> Floats:
    """An estimate with its ends, which are as far apart again as the share on lists is unsure."""
    total, more = ends[0], error * ends[0]
    return np.array([total, total - np.hypot(total - ends[1], more),
                     total + np.hypot(ends[2] - total, more)])  # fmt: skip


def _patterns(people: People, signs: Signs) -> list[list[dict[Term, float]]]:
    """Persons of each group and stratum by the lists that they are on."""
    now, many = people.now, len(signs.sources)
    if not many >= 2:
        raise UsageError(
            "is one list, which says nothing of whom it misses", where="signs",
            value=", ".join(signs.sources), allowed="two lists and more",
            next_step="Name another linked variable, or ask for another method",
        )  # fmt: skip
    number = now.last @ (1 << np.arange(many))
    place = (now.group * people.strata + now.stratum) * 2**many + number
    size = len(people.groups) * people.strata * 2**many
    table = np.bincount(place, minlength=size).reshape(len(people.groups), people.strata, -1)
    terms = [tuple(int(n >> bit & 1) for bit in range(many)) for n in range(2**many)]
    return [
        [{term: float(n) for term, n in zip(terms[1:], row[1:], strict=True)} for row in group]
        for group in table
    ]


def by_reports(
    reports: Reports, method: Method, groups: Sequence[tuple[int | None, ...]], level: float
) -> list[Found]:
    """By what is still to be reported: late reports, or what clean-ups find.

    Parameters
    ----------
    reports
        Emigrations by when they happened and became known.
    method
        "late" or "clean-ups".
    groups
        Numbers of the variables of each group.
    level
        Of the intervals.
    """
    total = reports.late_reports() if method == "late" else reports.after_clean_ups()
    if not total.any():
        raise UsageError(
            "has no report as late as those still to come: nothing shows how many they are",
            where="method", value=method,
            next_step="Ask for an earlier knowledge date, a later day, or another method",
        )  # fmt: skip
    draws = reports.shared(total, groups)
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    # Medians of groups would not add up.
    middle = np.median(total) * draws.mean(axis=0) / total.mean()
    return [Found(method, _NONE, Estimates(middle, low, np.maximum(high, middle)))]


def not_registered(
    connection: duckdb.DuckDBPyConnection, times: Times, people: People, signs: Signs, level: float,
) -> list[Found]:  # fmt: skip
    """Persons who are here and not registered, of lists that have some of them: a set of models.

    Parameters
    ----------
    connection
        An open store.
    times
        The day.
    people
        The registered.
    signs
        What was asked for.
    level
        Of the intervals.
    """
    tables = [linked.table for linked in people.sources]
    steps = presence_steps((), tables, YEARS)[:-2]
    held = is_table(connection, "linkage_held")
    steps.append(unregistered(signs.sources, held=held))
    values = parameters_of(compose(steps), times.values(YEARS))
    counts = {tuple(row[:-1]): float(row[-1]) for row in run(connection, steps, values).fetchall()}
    some = [n for n in range(len(tables)) if any(on[n] for on in counts)]
    if len(some) < 2:
        raise UsageError(
            "have nobody, or one of them has, who is not registered", where="signs",
            value=", ".join(signs.sources[n] for n in some),
            allowed="two lists and more of persons whom the register does not know",
            next_step="Link lists that have them; they are kept apart, and counted here",
        )  # fmt: skip
    kept: dict[Term, float] = {}
    for on, count in counts.items():
        pattern = tuple(on[n] for n in some)
        kept[pattern] = kept.get(pattern, 0) + count
    names = [signs.sources[n] for n in some]
    return unregistered_by(names, kept, signs.models, level)


def unregistered_by(
    names: Sequence[str], counts: Mapping[Term, float], most: int, level: float
) -> list[Found]:
    """Persons who are here and not registered, by models of the lists that they are on.

    Parameters
    ----------
    names
        What the lists are called.
    counts
        Persons by combination of lists.
    most
        How many models.
    level
        Of the intervals.
    """
    found = []
    for terms, weight in best_terms(names, [counts], most=most).items():
        model = stratified(names, [counts], terms, level=level)
        ends = (np.array([end]) for end in (model.total, model.lower, model.upper))
        found.append(Found(UNREGISTERED, model.name, Estimates(*ends), weight))
    return with_all(found, level)
