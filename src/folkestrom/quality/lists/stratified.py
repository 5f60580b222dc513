"""Several lists in strata in which persons are alike: the same models in each, added up."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from folkestrom.errors import UsageError
from folkestrom.quality.lists.log_linear import (
    FAR,
    Lists,
    Model,
    Term,
    fitted,
    hierarchical,
    lists_of,
    model_name,
    shared,
)


def best_terms(
    names: Sequence[str], strata: Sequence[Mapping[Term, float]], *, most: int = 5
) -> dict[tuple[Term, ...], float]:
    """The best models of lists by BIC, each fitted in every stratum, with their weights.

    Parameters
    ----------
    names
        What the lists are called.
    strata
        Of each stratum, persons by combination of lists.
    most
        How many.

    Raises
    ------
    UsageError
        Too few or too many lists; lists that say nothing of one another.
    """
    whole: dict[Term, float] = {}
    for counts in strata:
        for pattern, number in counts.items():
            whole[pattern] = whole.get(pattern, 0) + number
    every = lists_of(names, whole)  # refuses what says nothing in all strata together
    found = {}
    for terms in hierarchical(len(names)):
        if not all(shared(every, term) for term in terms):
            continue
        model = stratified(names, strata, terms, level=None)
        if model.total < FAR * every.observed:
            found[terms] = model.bic
    least = min(found.values())
    shares = {terms: math.exp((least - bic) / 2) for terms, bic in found.items()}
    whole_share = sum(shares.values())
    best = sorted(shares, key=lambda terms: -shares[terms])[:most]
    return {terms: shares[terms] / whole_share for terms in best}


def stratified(
    names: Sequence[str],
    strata: Sequence[Mapping[Term, float]],
    terms: Sequence[Term] = (),
    *,
    level: float | None = 0.95,
) -> Model:
    """One model of lists, fitted in every stratum.

    Estimates of the strata are added up, and their intervals by the distances of their ends (MOVER:
    Zou & Donner 2008, *Statistics in Medicine* 27, 1693-1702). In a stratum, a list that has nobody
    there, or nobody whom another has not, is left out, and so is the dependence of two lists that
    share nobody.

    Parameters
    ----------
    names, strata
        As for `best_terms`.
    terms
        Lists that depend on one another, by number.
    level
        Of the interval; None: there is none.

    Examples
    --------
    >>> both = {(1, 1): 50.0, (1, 0): 150.0, (0, 1): 200.0}
    >>> found = stratified(["a", "b"], [both, both])
    >>> round(found.total), found.lower < 1800, found.upper > 2200
    (2000, True, True)
    """
    parts = [_present(names, counts) for counts in strata if sum(counts.values()) > 0]
    models = [fitted(lists, _within(lists, used, terms), level=level) for lists, used in parts]
    return _added(names, terms, models)


def _present(names: Sequence[str], counts: Mapping[Term, float]) -> tuple[Lists, Term]:
    """The lists that have persons in a stratum, and their numbers among all."""
    used = tuple(
        n
        for n in range(len(names))
        if sum(count for on, count in counts.items() if on[n])
        and not any(_inside(counts, n, other) for other in range(len(names)) if other != n)
    )
    if len(used) < 2:
        raise UsageError(
            "have a group of which only one has anybody: nothing says whom it misses",
            where="lists", value=", ".join(names[n] for n in used),
            allowed="two or more lists in every group", next_step="Ask for larger groups",
        )  # fmt: skip
    kept: dict[Term, float] = {}
    for on, count in counts.items():
        pattern = tuple(on[n] for n in used)
        if any(pattern):
            kept[pattern] = kept.get(pattern, 0) + count
    return lists_of([names[n] for n in used], kept), used


def _inside(counts: Mapping[Term, float], inner: int, outer: int) -> bool:
    """Whether all of one list are on another; of two that are the same, the later is inside."""
    alone = sum(count for on, count in counts.items() if on[inner] and not on[outer])
    rest = sum(count for on, count in counts.items() if on[outer] and not on[inner])
    return not alone and (rest > 0 or inner > outer)


def _within(lists: Lists, used: Term, terms: Sequence[Term]) -> list[Term]:
    """The terms of a model that a stratum can have."""
    place = {n: at for at, n in enumerate(used)}
    mine = [tuple(place[n] for n in term) for term in terms if set(term) <= place.keys()]
    return [
        term for term in mine
        if len(term) < len(used) and lists.counts[lists.patterns[:, term].all(axis=1)].sum()
    ]  # fmt: skip


def _added(names: Sequence[str], terms: Sequence[Term], models: Sequence[Model]) -> Model:
    total = sum(model.total for model in models)
    down = math.sqrt(sum((model.total - model.lower) ** 2 for model in models))
    up = math.sqrt(sum((model.upper - model.total) ** 2 for model in models))
    sums = (sum(getattr(m, what) for m in models) for what in ("deviance", "freedom", "aic", "bic"))
    deviance, freedom, aic, bic = sums
    return Model(
        model_name(names, terms), total, total - down, total + up, deviance, int(freedom), aic, bic
    )
