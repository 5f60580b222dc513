"""Regression tables for publication: coefficients of what enough persons are and do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa

from folkestrom.analysis.design.design import Design
from folkestrom.analysis.mobility import MobilityFit
from folkestrom.disclosure import Rules
from folkestrom.disclosure.records import DisclosureRecord, disclosure_note
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.specification import Dimension, Measure, TableSpecification, Text, same
from folkestrom.outputs.rules import refuse_rounding

#: Person-years beyond the parameters, below which a model may repeat its data.
LEAST_FREEDOM: Final = 10

_MEASURES: Final = tuple(
    Measure(id, Text(en, no), same(""), decimals=4, empty=None)
    for id, en, no in (
        ("estimate", "Estimate", "Estimat"),
        ("standard_error", "Standard error", "Standardfeil"),
        ("z", "z", "z"),
        ("p", "p", "p"),
        ("low", "Lower", "Nedre"),
        ("high", "Upper", "Øvre"),
    )
)
_SPECIFICATION: Final = TableSpecification(
    id="mobility-model",
    title=Text("Multinomial logit of mobility", "Multinomisk logit for mobilitet"),
    dimensions=(
        Dimension("outcome", Text("Outcome", "Utfall")),
        Dimension("coefficient", Text("Coefficient", "Koeffisient")),
    ),
    measures=_MEASURES,
)
#: Codes of what is no outcome's coefficient: variances and covariances of effects.
_EFFECTS: Final = "random effects"

_INTERCEPT: Final = "(intercept)"
#: Numbers with as many different values, or fewer, are looked at as levels are.
_FEW_VALUES: Final = 20

_Combination = tuple[tuple[str, str], ...]
Labels = Sequence[tuple[tuple[str, ...], Mapping[str, _Combination]]]


def published(fit: MobilityFit, panel: Path, person: str, rules: Rules) -> Cells:
    """What may be shown to anybody of a mobility model.

    A coefficient of a level, or of a combination of levels, is shown where enough persons of that
    level had each outcome; and so is what is compared with it. Numbers with few values are held to
    the same. Coefficients of other numbers, and variances of effects, are of everybody; variances
    between groups are shown where there are as many groups as a cell must have persons.

    Parameters
    ----------
    fit
        The model.
    panel
        The Parquet file that it was fitted to.
    person
        Its column of persons.
    rules
        The rules.

    Raises
    ------
    UsageError
        Rules that round; a model of fewer persons than the rules' minimum population, or with
        hardly more person-years than parameters.

    Notes
    -----
    After the rules of thumb of Eurostat's guidelines for the checking of output based on microdata
    research (ESSnet SDC, 2009): a model is safe that has 10 degrees of freedom at least, and of
    which no coefficient stands for a group that could not be shown in a table.
    """
    refuse_rounding(rules, "estimates are")
    _check_size(fit, rules)
    few = _of_few(fit, pl.scan_parquet(panel), person, rules) if rules.minimum_cell else set()
    rows, within = fit.coefficients(), fit.covariance.within
    few_groups = fit.groups is not None and fit.groups < rules.minimum_cell
    slopes = len(fit.outcomes[1:]) * len(fit.free)
    estimates, hidden = [], []
    for n, row in enumerate(rows.iter_rows(named=True)):
        equation, place = divmod(n, len(fit.free))
        outcome = fit.outcomes[equation + 1] if n < slopes else _EFFECTS
        label = fit.positions[fit.free[place]].label if n < slopes else row["name"]
        gone = label in few or (few_groups and n >= slopes and label.endswith(f"[{within}]"))
        hidden.append(gone)
        shown = {m.id: None if gone else row[m.id] for m in _MEASURES}
        estimates.append({"outcome": outcome, "coefficient": label} | shown)
    schema = {"outcome": pl.String, "coefficient": pl.String} | {
        m.id: pl.Float64 for m in _MEASURES
    }
    data = pl.DataFrame(estimates, schema=schema).with_columns(
        pl.col(m.id).round(m.decimals) for m in _MEASURES
    )
    note = disclosure_note(rules, (_suppressed(rules, sum(hidden)),))
    made = replace(_SPECIFICATION, footnotes=(*_facts(fit), note))
    return Cells(made, data.to_arrow(), pa.array(hidden))


def _check_size(fit: MobilityFit, rules: Rules) -> None:
    if fit.persons < rules.minimum_population:
        raise UsageError(
            f"shows nothing of fewer than {rules.minimum_population} persons, and the model is of "
            f"{fit.persons}",
            where="publish",
            value=rules.name,
        )
    if fit.rows - fit.theta.size < LEAST_FREEDOM:
        raise UsageError(
            f"has {fit.rows} person-years for {fit.theta.size} parameters, which may repeat them",
            where="formula",
            allowed=f"{LEAST_FREEDOM} person-years more than parameters",
        )


def _facts(fit: MobilityFit) -> Iterator[Text]:
    yield Text(
        f"{fit.rows} person-years of {fit.persons} persons; outcomes are compared with "
        f"{fit.outcomes[0]}.",
        f"{fit.rows} personår for {fit.persons} personer; utfallene er sammenlignet med "
        f"{fit.outcomes[0]}.",
    )
    if fit.groups is not None:
        yield Text(
            f"Persons are nested within {fit.groups} groups of {fit.covariance.within}.",
            f"Personene er nøstet i {fit.groups} grupper av {fit.covariance.within}.",
        )
    if not fit.converged_:
        yield Text("Not converged.", "Har ikke konvergert.")


def _of_few(fit: MobilityFit, panel: pl.LazyFrame, person: str, rules: Rules) -> set[str]:
    """Labels of coefficients that tell of levels which too few persons with some outcome have."""
    if fit.design is None:
        return set()
    design, found = fit.design, set[str]()
    if design.roles.weight is not None:
        panel = panel.filter(pl.col(design.roles.weight) > 0)
    references = {n: of.names[of.reference] for n, of in design.categories.items()}
    every = list(_labels(design))
    for factors, labels in every:
        persons = _persons(panel, factors, design.roles.outcome, person)
        for combination in labels.values():
            levels = tuple(level for _, level in combination)
            if min(persons.get((*levels, o), 0) for o in fit.outcomes) < rules.minimum_cell:
                found |= set(_told(combination, every, references))
    for name in design.spans:
        # A number that has a few values only tells as much as levels do.
        many = panel.select(pl.col(name).n_unique()).collect().item()
        if many <= _FEW_VALUES:
            persons = _persons(panel, [name], design.roles.outcome, person)
            values = {key[0] for key in persons}
            few = any(
                persons.get((v, o), 0) < rules.minimum_cell for v in values for o in fit.outcomes
            )
            named = re.compile(rf"\b{re.escape(name)}\b")
            told = {p.label for p in fit.positions if named.search(p.label)}
            found |= {*told, _INTERCEPT} if few else set()
    return found


def _persons(
    panel: pl.LazyFrame, names: Sequence[str], outcome: str, person: str
) -> dict[tuple[str, ...], int]:
    """Distinct persons by codes, and by what they did."""
    keys = [pl.col(name).cast(pl.String) for name in (*names, outcome)]
    counted = panel.group_by(keys).agg(pl.col(person).n_unique()).collect()
    return {tuple(row[:-1]): row[-1] for row in counted.iter_rows()}


def _told(small: _Combination, every: Labels, references: Mapping[str, str]) -> Iterator[str]:
    """Labels of coefficients that tell of a combination of levels.

    Those of a level that it has, alone or combined; and where it is what others are compared with,
    all that is, and the intercept.
    """
    compared = all(references[name] == level for name, level in small)
    names = {name for name, _ in small}
    if compared:
        yield _INTERCEPT
    for factors, labels in every:
        for label, levels in labels.items():
            if set(levels) & set(small) or (compared and names & set(factors)):
                yield label


def _labels(design: Design) -> Iterator[tuple[tuple[str, ...], dict[str, _Combination]]]:
    """Of each term with factors: these, and the levels that each label stands for."""
    for term in design.coded:
        factors = tuple(name for name, _ in term.factors)
        if not factors:
            continue
        levels = [design.categories[name].names for name in factors]
        combinations = [tuple(zip(factors, chosen, strict=True)) for chosen in product(*levels)]
        yield factors, {_label(term.label, term.order, one): one for one in combinations}


def _label(term: str, order: tuple[str, ...], combination: _Combination) -> str:
    """The label of the coefficient of a combination, of a factor or of a slope within levels."""
    levels = dict(combination)
    if all(name in levels for name in order):
        return f"{term}[{':'.join(levels[name] for name in order)}]"
    return ":".join(f"{name}[{levels[name]}]" if name in levels else name for name in order)


def _suppressed(rules: Rules, hit: int) -> DisclosureRecord:
    least = rules.minimum_cell
    text = Text(
        f"coefficients that tell of levels which fewer than {least} persons with some outcome "
        "have, suppressed",
        f"koeffisienter som røper nivåer som færre enn {least} personer med et av utfallene "
        "har, er skjult",
    )
    return DisclosureRecord("minimum_cell", text, hit)
