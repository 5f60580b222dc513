"""How much of a difference between two rates is composition, and how much is the rates themselves.

With shares c and rates r of two populations by cells of the factors, the difference Σ c₁r₁ − Σ c₂r₂
is Σ (c₁ − c₂)(r₁ + r₂)/2, the composition, plus Σ (r₁ − r₂)(c₁ + c₂)/2, the rates (Kitagawa 1955,
*JASA* 50). The composition is divided between factors as in `dasgupta`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from folkestrom import columns
from folkestrom.analysis.decomposition.components import (
    EVERYBODY,
    OTHERS,
    Decomposition,
    bootstrapped,
    check_between,
    components,
)
from folkestrom.analysis.decomposition.dasgupta import composition_changes
from folkestrom.analysis.decomposition.design import parts_of
from folkestrom.analysis.rates.rates import Unit, counted
from folkestrom.columns import check_arguments, lazy_column, lazy_table, names_of
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.names import check_columns, without_effect

Floats: TypeAlias = npt.NDArray[np.float64]

_WHERE = "kitagawa"
#: Columns of what cells contribute and of what that is made of.
_COLUMNS: Final = frozenset(
    {
        *("events", "exposure", "person_years", "share_1", "share_2", "rate_1", "rate_2"),
        *("composition", "rates", "_person", "_cell"),
    }
)
#: Orders of more factors than this are too many to average over.
MOST_FACTORS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Populations:
    """Two populations by cells.

    Parameters
    ----------
    codes
        For each factor the code of every cell.
    events, exposure
        2 × cells.
    nested
        Whether the first population is part of the second.
    """

    codes: tuple[npt.NDArray[np.int64], ...]
    events: Floats
    exposure: Floats
    nested: bool


def kitagawa(
    table: Any,
    group: str,
    between: tuple[str, str],
    factors: str | Sequence[str],
    *,
    events: str = "events",
    exposure: str = "days",
    outcome: str | None = None,
    unit: Unit = "days",
    per: float = 1000.0,
    level: float = 0.95,
    intervals: Literal["poisson", "bootstrap"] = "poisson",
    person: str | None = None,
    replicates: int | None = None,
    seed: int | None = None,
) -> Decomposition:
    """Decompose the difference between the rates of two groups.

    Parameters
    ----------
    table, events, exposure, outcome, unit, per, level
        As for `rates`.
    group, between
        The column of the groups, and two of its codes. One of them may be "nation", everybody in
        the table, or "others", everybody else.
    factors
        Columns that make up the composition; `"wealth:immigrant"` is one factor, the
        combinations of two.
    intervals
        "poisson": the delta method, with independent events and the composition as it is; too
        narrow where a group has few events, and a point for a group that has none.
        "bootstrap": persons are drawn anew, and with them the composition.
    person, replicates, seed
        Of the bootstrap: the column of persons ("person" by default), how many draws (500), and
        from which seed (1).

    Returns
    -------
    Decomposition
        "difference", "composition" and "rates", and the "composition" of every factor. In a cell
        with nobody of one group, that group's rate is taken to be the other's.

    Examples
    --------
    >>> table = pl.DataFrame({"area": ["a", "a", "b", "b"], "age": ["0", "1", "0", "1"],
    ...                       "events": [10, 5, 10, 10], "days": [365_242.5] * 3 + [730_485.0]})
    >>> found = kitagawa(table, "area", ("a", "b"), "age")
    >>> [round(found.of(name)["estimate"], 3) for name in ("difference", "composition", "rates")]
    [0.833, 0.833, 0.0]
    """
    check_arguments(kitagawa, locals())
    listed = names_of(factors, "factors")
    joint = [parts_of(factor) for factor in listed]
    parts = list(dict.fromkeys(name for parts in joint for name in parts))
    _check(group, parts, len(listed))
    _check_intervals(intervals, person=person, replicates=replicates, seed=seed)
    who = person or "person"
    keys = [who] if intervals == "bootstrap" else []
    if keys:
        frame = lazy_table(table, _WHERE, keys)
        columns.refuse_persons(frame, lazy_column(frame, who, _WHERE))
    by = [*keys, group, *parts]
    cells = counted(table, events, exposure, by, outcome=outcome, unit=unit, where=_WHERE)
    if outcome is None and len(cells) and not cells["events"].sum():
        raise InputRefused("is 0 in every row", where=_WHERE, column=events)
    cells = cells.with_columns(pl.col(group).cast(pl.String))
    _check_groups(cells, group, between)
    labels = cells.select(parts).unique(maintain_order=True).sort(parts, nulls_last=True)
    codes = tuple(_codes(labels, parts) for parts in joint)
    found = _populations(cells, labels, codes, group, between)
    estimates, coefficients = _effects(found)
    named = _component_names(listed)
    if intervals == "bootstrap":
        many, first = (500 if replicates is None else replicates), (1 if seed is None else seed)
        draws = _draws(cells, labels, codes, (group, who), between, many, first)
        data = bootstrapped(named, estimates * per, draws * per, level)
    else:
        data = components(named, estimates * per, _covariance(found, coefficients) * per**2, level)
    return Decomposition(
        between,
        (_rate(found, 0) * per, _rate(found, 1) * per),
        data,
        _contributions(labels, found, per),
        f"Kitagawa by {', '.join(listed)}",
        level,
        _unmatched(found),
        _sizes(found.events, found.exposure),
    )


def _component_names(factors: Sequence[str]) -> list[tuple[str, str | None]]:
    """Component and term of each of `_effects`; a single factor has no part of its own."""
    parts = factors if len(factors) > 1 else ()
    whole: list[tuple[str, str | None]] = [
        (component, None) for component in ("difference", "composition", "rates")
    ]
    return [*whole, *(("composition", factor) for factor in parts)]


def _check_intervals(
    intervals: str, *, person: str | None, replicates: int | None, seed: int | None
) -> None:
    of_bootstrap = {"person": person, "replicates": replicates, "seed": seed}
    for name, value in of_bootstrap.items():
        if value is not None and intervals != "bootstrap":
            raise without_effect(
                name, value, "nobody is drawn", "Leave it out, or say intervals='bootstrap'"
            )
    if replicates is not None and replicates < 2:
        raise UsageError(
            "are too few", where="kitagawa, replicates", value=replicates, allowed="2 and more"
        )
    check_columns([person] if person else [], _COLUMNS, "person")
    if seed is not None and seed < 0:
        raise UsageError("is negative", where="seed", value=seed, allowed="0 and more")


def _check(group: str, parts: Sequence[str], factors: int) -> None:
    check_columns([group], _COLUMNS, "group")
    check_columns(parts, _COLUMNS, "factors")
    if not factors or factors > MOST_FACTORS:
        raise UsageError(
            "is not a number of factors",
            where="factors",
            value=factors,
            allowed=f"1 to {MOST_FACTORS}",
        )
    if group in parts:
        raise UsageError("tells the groups apart already", where="factors", value=group)


def _check_groups(cells: pl.DataFrame, group: str, between: tuple[str, str]) -> None:
    known = cells[group].drop_nulls().unique().sort().to_list()
    for code in between:
        check_between(code, known, (EVERYBODY, OTHERS), group)
    if between[0] == between[1] or set(between) == {EVERYBODY, OTHERS}:
        raise UsageError(
            "are no two groups",
            where="between",
            column=group,
            value=" ".join(between),
            allowed=f"two codes, or one of them and {EVERYBODY} or {OTHERS}",
        )


def _codes(labels: pl.DataFrame, parts: Sequence[str]) -> npt.NDArray[np.int64]:
    # Ranks of structs tell all combinations apart, missing values included.
    return labels.select(pl.struct(parts).rank("dense")).to_series().to_numpy().astype(np.int64) - 1


def _populations(
    cells: pl.DataFrame,
    labels: pl.DataFrame,
    codes: tuple[npt.NDArray[np.int64], ...],
    group: str,
    between: tuple[str, str],
) -> Populations:
    parts = [_counts(members(cells, group, code, between), labels) for code in between]
    events, exposure = (np.stack([part[n] for part in parts]) for n in (0, 1))
    for code, years in zip(between, exposure, strict=True):
        if not years.sum() > 0:
            raise UsageError("has nobody exposed", where="between", value=code)
    return Populations(codes, events, exposure, EVERYBODY in between)


def members(cells: pl.DataFrame, group: str, code: str, between: tuple[str, str]) -> pl.DataFrame:
    """The cells of one of two groups.

    Parameters
    ----------
    cells
        Any cells, with the groups' codes as texts.
    group, between
        As for `kitagawa`.
    code
        Which group: a code, "nation" or "others".

    Examples
    --------
    >>> cells = pl.DataFrame({"county": ["03", "11", None], "events": [5, 6, 7]})
    >>> members(cells, "county", "others", ("03", "others"))["events"].to_list()
    [6, 7]
    """
    if code == EVERYBODY:
        return cells
    if code == OTHERS:
        (named,) = (other for other in between if other not in (OTHERS, EVERYBODY))
        return cells.filter(pl.col(group).ne_missing(pl.lit(named)))
    return cells.filter(pl.col(group) == code)


def _counts(cells: pl.DataFrame, labels: pl.DataFrame) -> tuple[Floats, Floats]:
    by = labels.columns
    sums = cells.group_by(by).agg(pl.col("events", "person_years").sum())
    placed = labels.join(sums, on=by, how="left", nulls_equal=True, maintain_order="left")
    filled = placed.select(pl.col("events", "person_years").fill_null(0).cast(pl.Float64))
    return filled["events"].to_numpy(), filled["person_years"].to_numpy()


def _rate(found: Populations, which: int) -> float:
    return float(found.events[which].sum() / found.exposure[which].sum())


def _effects(found: Populations) -> tuple[Floats, Floats]:
    """Components, and their coefficients of the cells' rates: k × 2 × cells."""
    n = found.exposure
    shares = n / n.sum(axis=1, keepdims=True)
    half = (shares[0] - shares[1]) / 2
    mean = shares.mean(axis=0)
    rows = [(shares[0], -shares[1]), (half, half), (mean, -mean)]
    if len(found.codes) > 1:
        rows += [(part / 2, part / 2) for part in composition_changes(found.codes, n[0], n[1])]
    coefficients = np.array(rows)
    # Where a group has nobody, its rate is the other's.
    for one, other in ((0, 1), (1, 0)):
        empty = n[one] == 0
        coefficients[:, other, empty] += coefficients[:, one, empty]
        coefficients[:, one, empty] = 0.0
    rates = np.divide(found.events, n, out=np.zeros_like(n), where=n > 0)
    return np.einsum("kgc,gc->k", coefficients, rates), coefficients


def _covariance(found: Populations, coefficients: Floats) -> Floats:
    n = found.exposure
    per_event = np.divide(
        coefficients,
        n,
        out=np.zeros_like(coefficients),
        where=np.broadcast_to(n > 0, coefficients.shape),
    )
    if not found.nested:
        return np.einsum("kgc,gc,lgc->kl", per_event, found.events, per_event)
    # The smaller population's events are in the larger one too, and count for both rates.
    larger = int(found.exposure[1].sum() > found.exposure[0].sum())
    both, rest = per_event.sum(axis=1), per_event[:, larger]
    inside = found.events[1 - larger]
    outside = found.events[larger] - inside
    return (both * inside) @ both.T + (rest * outside) @ rest.T


def _draws(
    cells: pl.DataFrame,
    labels: pl.DataFrame,
    codes: tuple[npt.NDArray[np.int64], ...],
    named: tuple[str, str],
    between: tuple[str, str],
    replicates: int,
    seed: int,
) -> Floats:
    """Components of tables of persons drawn with replacement."""
    group, person = named
    persons = cells[person].rank("dense").to_numpy().astype(np.int64) - 1
    numbered = cells.with_columns(_person=persons).join(
        labels.with_row_index("_cell"), on=labels.columns, how="left", nulls_equal=True
    )
    both = [members(numbered, group, code, between) for code in between]
    arrays = [
        tuple(m[name].to_numpy() for name in ("_cell", "_person", "events", "person_years"))
        for m in both
    ]
    generator = np.random.default_rng(seed)
    size = int(persons.max()) + 1
    found = []
    for _ in range(replicates):
        weight = np.bincount(generator.integers(0, size, size), minlength=size).astype(np.float64)
        sums = np.array([
            [np.bincount(cell, weight[who] * value, labels.height) for value in (events, years)]
            for cell, who, events, years in arrays
        ])  # fmt: skip
        if (sums[:, 1].sum(axis=1) > 0).all():
            drawn = Populations(codes, sums[:, 0], sums[:, 1], EVERYBODY in between)
            found.append(_effects(drawn)[0])
    if len(found) < 2:
        raise UsageError(
            f"{len(found)} of {replicates} draws have both groups, and intervals are of many",
            where="replicates", next_step="Draw more often, or take intervals='poisson'",
        )  # fmt: skip
    return np.array(found)


def _contributions(labels: pl.DataFrame, found: Populations, per: float) -> pl.DataFrame:
    n = found.exposure
    shares = n / n.sum(axis=1, keepdims=True)
    rates = np.divide(found.events, n, out=np.zeros_like(n), where=n > 0) * per
    known = np.where(n > 0, rates, rates[::-1])
    values = {
        "share_1": shares[0], "share_2": shares[1],
        "rate_1": np.where(n[0] > 0, rates[0], np.nan),
        "rate_2": np.where(n[1] > 0, rates[1], np.nan),
        "composition": (shares[0] - shares[1]) * known.mean(axis=0),
        "rates": (known[0] - known[1]) * shares.mean(axis=0),
    }  # fmt: skip
    return labels.with_columns(pl.Series(k, v).fill_nan(None) for k, v in values.items())


def _unmatched(found: Populations) -> tuple[float, float]:
    n = found.exposure
    first, second = (float(n[one][n[1 - one] == 0].sum() / n[one].sum()) for one in (0, 1))
    return first, second


def _sizes(events: Floats, exposure: Floats) -> tuple[tuple[float, float], tuple[float, float]]:
    (a, b), (c, d) = events.sum(axis=1).tolist(), exposure.sum(axis=1).tolist()
    return (a, b), (c, d)
