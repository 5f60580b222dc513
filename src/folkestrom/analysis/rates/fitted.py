"""Rates by single year of age with a curve through them: smooth, or of a model schedule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import polars as pl

from folkestrom.analysis.inference.distributions import chi2_tail, critical_value
from folkestrom.analysis.rates.cells import comma, in_order
from folkestrom.analysis.rates.occurrence import Occurrences
from folkestrom.analysis.rates.rates import Rates
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.cells import Cells, code_text
from folkestrom.model.names import check_code
from folkestrom.model.specification import Text
from folkestrom.projection.rates.schedules import SCHEDULES, FittedSchedule, fit_schedule
from folkestrom.projection.rates.smoothing import Smooth, smoothed

Curve = Literal["smooth", "gompertz-makeham", "siler", "hadwiger", "rogers-castro"]
AGE: Final = "age"
#: Where chance alone has it more seldom, the counts are said to vary more than the curve lets them.
_SELDOM: Final = 0.001

_WHAT: Final = Text(
    "Fitted rates, with {percent} % intervals, are {how}.",
    "Tilpassede rater, med {percent} %-intervaller, er {how}.",
)
_SMOOTH: Final = Text(
    "smooth: P-splines (Eilers and Marx 1996), whose penalty the Bayesian information criterion "
    "chooses",
    "glattet: P-splines (Eilers og Marx 1996), med straff valgt etter det bayesianske "
    "informasjonskriteriet",
)
_OF_SCHEDULE: Final = Text(
    "those of the model schedule {name} that makes the events likeliest; its parameters are per "
    "person-year, with standard errors in brackets",
    "de etter modellen {name} som gjør hendelsene mest sannsynlige; parametrene er per personår, "
    "med standardfeil i parentes",
)


@dataclass(frozen=True, slots=True)
class Fits:
    """Curves of groups.

    Parameters
    ----------
    curve
        "smooth", or the name of a schedule.
    by
        Variables that tell the groups apart.
    found
        The fit of each group, by its codes, and its first age.
    too_few
        Groups that have too few events for a curve.
    left_out
        Events at an unknown age, or at an age with nobody.
    """

    curve: Curve
    by: tuple[str, ...]
    found: Mapping[tuple[object, ...], tuple[int, Smooth | FittedSchedule]]
    too_few: Sequence[tuple[object, ...]]
    left_out: int


def check_curve(curve: str, by: Sequence[str], standardise_by: Sequence[str]) -> None:
    """Refuse curves that there are not, and rates that no curve is drawn through.

    Parameters
    ----------
    curve
        "smooth", or the name of a schedule.
    by, standardise_by
        As of rates.
    """
    if curve != "smooth":
        check_code(curve, SCHEDULES, "is not a schedule", where="schedule")
    if AGE not in by or standardise_by:
        raise UsageError(
            "is through rates by single year of age, and standardised for nothing",
            where="by, standardise_by", value=curve,
            next_step="Say by age, such as age,sex, and leave standardise_by out",
        )  # fmt: skip


def fitted(found: Rates, curve: Curve) -> Fits:
    """A curve through the rates of each group.

    Parameters
    ----------
    found
        Rates by single year of age and any other variables.
    curve
        "smooth", or the name of a schedule.

    Raises
    ------
    InputRefused
        Too few events for a curve in every group.

    Examples
    --------
    >>> cells = {"age": range(40, 90), "events": [5 * 1.1**n for n in range(50)],
    ...          "person_years": 1000.0}
    >>> made = fitted(Rates(("age",), pl.DataFrame(cells), 1000, 0.95), "smooth")
    >>> made.found[()][1].rates[[0, 40]].round(4).tolist()
    [0.005, 0.2263]
    """
    groups = tuple(name for name in found.by if name != AGE)
    there = pl.col(AGE).is_not_null() & (pl.col("person_years") > 0)
    kept = found.data.filter(there)
    made, few = {}, []
    parts = kept.partition_by(groups, as_dict=True) if groups else {(): kept}
    for key, rows in parts.items():
        ages = rows[AGE].to_numpy().astype(np.intp)
        first = int(ages.min(initial=200))
        events, lived = (
            np.bincount(ages - first, rows[name].to_numpy()).astype(np.float64)
            for name in ("events", "person_years")
        )
        try:
            made[key] = first, (
                smoothed(events, lived) if curve == "smooth"
                else fit_schedule(curve, events, lived, first)
            )  # fmt: skip
        except InputRefused:
            few.append(key)
    if not made:
        raise InputRefused(
            "finds too few events for a curve in every group", where="rates", value=curve,
            next_step="Take more years, larger groups, or another curve",
        )  # fmt: skip
    left_out = found.data.filter(~there)["events"].sum()
    return Fits(curve, groups, made, few, int(left_out))


def with_curve(found: Rates, fits: Fits) -> Rates:
    """Rates with the fitted ones, and the ends of their intervals.

    Parameters
    ----------
    found
        The rates.
    fits
        The curves through them.
    """
    z, frames = critical_value(found.level), []
    for key, (first, fit) in fits.found.items():
        margin = np.exp(np.minimum(z * fit.errors, 500))
        ages = np.arange(first, first + fit.rates.size)
        rate = found.per * fit.rates
        frames.append(pl.DataFrame(
            {name: [code] * len(ages) for name, code in zip(fits.by, key, strict=True)}
            | {AGE: ages, "fitted": rate, "fitted_lower": rate / margin,
               "fitted_upper": rate * margin},
        ))  # fmt: skip
    kinds = [pl.col(name).cast(found.data.schema[name]) for name in found.by]
    curves = pl.concat(frame.with_columns(kinds) for frame in frames)
    joined = found.data.join(curves, on=list(found.by), how="left", nulls_equal=True)
    return replace(found, data=joined)


def said_of_curve(cells: Cells, counted: Occurrences, fits: Fits, level: float) -> Cells:
    """Cells with footnotes of the curves: parameters, how well they fit, what is not told.

    Parameters
    ----------
    cells
        Rates with a curve.
    counted
        What they are of.
    fits
        The curves.
    level
        Of the intervals.
    """
    notes = (*cells.specification.footnotes, *_notes(counted, fits, level))
    return replace(cells, specification=replace(cells.specification, footnotes=notes))


def _notes(counted: Occurrences, fits: Fits, level: float) -> Iterator[Text]:
    how = _SMOOTH if fits.curve == "smooth" else _OF_SCHEDULE.fill(name=fits.curve)
    percent = f"{100 * level:g}"
    yield Text(_WHAT.en.format(how=how.en, percent=percent),
               _WHAT.no.format(how=how.no, percent=comma(percent)))  # fmt: skip
    for key in _ordered(counted, fits):
        first, fit = fits.found[key]
        name, ages = _name(counted, fits.by, key), f"{first}-{first + fit.rates.size - 1}"
        said = Text(f"ages {ages}", f"alder {ages}")
        group = Text(*(f"{n}, {s}" if n else s.capitalize()
                       for n, s in ((name.en, said.en), (name.no, said.no))))  # fmt: skip
        yield from _of_fit(group, fit)
    if fits.too_few:
        names = [_name(counted, fits.by, key) for key in fits.too_few]
        yield Text(f"Too few events for a curve: {'; '.join(n.en for n in names)}.",
                   f"For få hendelser til en kurve: {'; '.join(n.no for n in names)}.")  # fmt: skip
    if fits.left_out:
        yield Text(
            f"{fits.left_out} events at an unknown age, or at an age with nobody, are in no curve.",
            f"{fits.left_out} hendelser med ukjent alder, eller i en alder uten noen, er ikke med "
            "i noen kurve.",
        )


def _ordered(counted: Occurrences, fits: Fits) -> list[tuple[object, ...]]:
    """The groups in the order of their categories."""
    if not fits.by:
        return [*fits.found]
    table = pl.DataFrame([*fits.found], schema=list(fits.by), orient="row")
    return in_order(table, [counted.variable(name) for name in fits.by]).rows()


def _of_fit(group: Text, fit: Smooth | FittedSchedule) -> Iterator[Text]:
    """Parameters of one fit, how well it fits, and what the counts do not tell."""
    parameters = ""
    if isinstance(fit, FittedSchedule):
        parameters = "; ".join(
            f"{name} {value:.4g} ({fit.standard_errors[name]:.2g})"
            for name, value in fit.parameters.items()
        ) + "; "  # fmt: skip
    fits = f"{fit.deviance:.1f}", f"{fit.freedom:.{0 if parameters else 1}f}"
    badly = fit.freedom >= 1 and chi2_tail(fit.deviance, round(fit.freedom)) < _SELDOM
    yield Text(
        f"{group.en}: {parameters}deviance {fits[0]}, degrees of freedom {fits[1]}."
        + " Counts vary more about the curve than chance alone lets them." * badly,
        f"{group.no}: {comma(f'{parameters}devians {fits[0]}, frihetsgrader {fits[1]}')}."
        + " Tallene varierer mer om kurven enn tilfeldigheter alene tilsier." * badly,
    )
    if isinstance(fit, FittedSchedule) and fit.wild:
        named = ", ".join(fit.wild)
        yield Text(
            f"{group.en}: {fit.remark}",
            f"{group.no}: tallene bestemmer ikke {named} i modellen {fit.schedule}: bruk ratene, "
            "ikke disse parametrene, eller en modell med færre.",
        )


def _name(counted: Occurrences, by: Sequence[str], key: Sequence[object]) -> Text:
    """What a group is called."""
    labels = []
    for name, code in zip(by, map(code_text, key), strict=True):
        dimension = counted.variable(name).dimension
        known = {category.code: category.label for category in dimension.categories}
        labels.append(known.get(code) or dimension.labels(code))
    return Text(*(", ".join(one.of(lang) for one in labels) for lang in ("en", "no")))
