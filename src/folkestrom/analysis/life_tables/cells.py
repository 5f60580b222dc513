"""Life tables, and what a difference between two is made of, as cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
import polars as pl

from folkestrom.analysis.indicators.indicators import LEAST_PERSON_YEARS
from folkestrom.analysis.inference.distributions import critical_value
from folkestrom.analysis.life_tables.design import (
    DURATION,
    NATION,
    OTHERS,
    Counts,
    LifeTableDesign,
    alike,
    observed_of,
    pair,
    too_small,
)
from folkestrom.analysis.rates.cells import comma, in_order, variable_notes, when
from folkestrom.analysis.rates.occurrence import Occurrences
from folkestrom.classifications.code_lists import SEX
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.specification import (
    Category,
    Dimension,
    Measure,
    TableSpecification,
    Text,
    same,
)
from folkestrom.projection.rates.differences import contributions
from folkestrom.projection.rates.life_table import SEXES, Floats, without
from folkestrom.projection.rates.period import (
    Choices,
    Observed,
    decrements,
    ever_errors,
    expectation_errors,
)
from folkestrom.statistics.year_sums import number
from folkestrom.variables.selection import Only
from folkestrom.variables.variable import Variable

#: Draws of the events that intervals of contributions are of, and where they begin.
DRAWS, _SEED = 500, 1
_YEARS: Final = Text("years", "år")
_PERSONS: Final = Text("of 100 000", "av 100 000")
_SHARE: Final = Text("per cent", "prosent")
_CHANCE: Final = Text("probability", "sannsynlighet")
_TOTAL: Final = "total"
_LEAVING: Final = {
    "death": (Text("Deaths", "Døde"), Text("Probability of dying", "Dødssannsynlighet")),
    "emigration": (Text("Emigrations", "Utvandringer"),
                   Text("Probability of emigrating", "Utvandringssannsynlighet")),
}  # fmt: skip
_FORMULAS: Final = {
    "andreev-kingkade": Text("Andreev and Kingkade 2015", "Andreev og Kingkade 2015"),
    "coale-demeny": Text("Coale and Demeny 1983, West", "Coale og Demeny 1983, West"),
}
#: So many groups that are too small are named.
_NAMED: Final = 10
_OF: Final = {
    "death": Text("deaths", "dødsfall"),
    "emigration": Text("emigration", "utvandring"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, and what was counted for it."""

    design: LifeTableDesign
    found: Mapping[str, Occurrences]
    only: Only
    log_years: int
    left_out: int = 0

    @property
    def first(self) -> Occurrences:
        """What was counted of the first way out."""
        return self.found[self.design.exits[0]]

    @property
    def groups(self) -> tuple[str, ...]:
        """What tables are told apart by, sex not among them."""
        return tuple(name for name in self.design.by if name != "sex")

    def choices(self, sex: str) -> Choices:
        """How the table of a sex is made."""
        return self.design.choices("female" if sex == "female" else "male", self.log_years)


def life_tables(made: Counts, asked: Asked) -> tuple[TableSpecification, pl.DataFrame]:
    """A life table for each group and sex, one after the other, not rounded."""
    frames, small = [], []
    for (*key, sex), (events, lived) in made.items():
        choices = asked.choices(sex)
        counted = observed_of(events, lived, choices)
        if counted is None:
            small.append(" ".join((*key, sex)))
            continue
        columns = _columns(counted, choices, asked.design)
        told = dict(zip((*asked.groups, "sex"), (*key, sex), strict=True))
        ages = pl.DataFrame({asked.design.axis: _codes(counted.age, choices.abridged)} | columns)
        whole = ages.with_columns(pl.lit(code).alias(name) for name, code in told.items())
        # What is followed since arrival has ended where the last group begins.
        frames.append(whole.head(-1) if asked.design.since_arrival else whole)
    if not frames:
        raise too_small()
    data = pl.concat(frames)
    data, said = _shown(data, asked.design), tuple(_too_small(small))
    spec = _specification(asked, data[asked.design.axis], _measures(asked), said)
    return spec, data.select(*(d.id for d in spec.dimensions), *(m.id for m in spec.measures))


def _columns(counted: Observed, choices: Choices, design: LifeTableDesign) -> dict[str, Floats]:
    """The columns of one table."""
    exits, z = design.exits, critical_value(design.level)
    made = decrements(counted.age, counted.rate, choices)
    table, together = made.table, counted.events.sum(axis=0)
    margin = z * expectation_errors(table, together)
    columns = {f"{name}s": counted.events[n].astype(np.int64) for n, name in enumerate(exits)}
    columns |= {"person_years": counted.exposure, "rate": 1000 * table.rate,
                "years_of_dying": table.years_of_dying}  # fmt: skip
    columns |= {f"probability_{name}": made.probability[n] for n, name in enumerate(exits)}
    columns |= {
        "survivors": 1e5 * table.survivors, "years_lived": 1e5 * table.person_years,
        "expectation": table.expectation,
        "expectation_lower": np.maximum(table.expectation - margin, 0),
        "expectation_upper": table.expectation + margin,
    }  # fmt: skip
    if "emigration" in exits:
        at = exits.index("emigration")
        margin = z * ever_errors(made, counted.events)[at]
        columns |= {
            "ever_emigrating": 100 * made.ever[at],
            "ever_emigrating_lower": 100 * np.maximum(made.ever[at] - margin, 0),
            "ever_emigrating_upper": 100 * np.minimum(made.ever[at] + margin, 1),
        }
        share = np.divide(counted.rate[at], table.rate, out=np.zeros_like(table.rate),
                          where=table.rate > 0)  # fmt: skip
        rest = without(table, share).expectation if share[-1] < 1 else np.full_like(margin, np.nan)
        columns["expectation_without_emigration"] = rest
    return columns


def differences(made: Counts, asked: Asked) -> tuple[TableSpecification, pl.DataFrame]:
    """What ages and ways out add to a difference of two expectations, not rounded."""
    between = asked.design.between or ("", "")
    frames = []
    if not asked.groups:
        two = [made.get((code,)) for code in between]
        if None in two:
            raise UsageError(
                "are not the two sexes", where="between", value=" ".join(between), allowed=SEXES
            )
        pairs = [("", [n for n in two if n is not None], [asked.choices(c) for c in between])]
    else:
        sexes = [sex for sex in SEXES if any(key[-1] == sex for key in made)]
        pairs = [(sex, pair(made, between, sex), [asked.choices(sex)] * 2) for sex in sexes]
    for sex, two_groups, choices in pairs:
        one, other = alike(two_groups, choices)
        frame = _difference(one, other, choices, asked.design)
        frames.append(frame.with_columns(sex=pl.lit(sex)) if sex else frame)
    data = pl.concat(frames)
    names = ("sex",) if asked.groups else ()
    exits = ("exit",) if len(asked.design.exits) > 1 else ()
    spec = _specification(asked, data[asked.design.axis], _CONTRIBUTION, ())
    dimensions = [d for d in spec.dimensions if d.id in (*names, asked.design.axis)]
    if exits:
        categories = [Category(name, _LEAVING[name][0]) for name in asked.design.exits]
        way = Dimension("exit", Text("Way out", "Avgangsårsak"), (*categories, _ALL_OF_THEM))
        dimensions.insert(len(names), way)
    spec = _of_difference(spec, asked, tuple(dimensions))
    return spec, data.select(*(d.id for d in dimensions), *(m.id for m in _CONTRIBUTION))


def _difference(
    one: Observed, other: Observed, choices: Sequence[Choices], design: LifeTableDesign
) -> pl.DataFrame:
    """Contributions by way out and age, and their sums, with intervals by drawing the events."""
    ages = one.age
    found = _contributions((one, other), (one.rate, other.rate), choices, design)
    parts = found.shape[1]
    at = _first_ages(ages[:parts], design)
    found = np.add.reduceat(found, at, axis=1)
    chance = np.random.default_rng(_SEED)
    drawn = []
    for _ in range(DRAWS):
        rates = [_drawn(each, chance) for each in (one, other)]
        each_age = _contributions((one, other), (rates[0], rates[1]), choices, design)
        drawn.append(np.add.reduceat(each_age, at, axis=1))
    tail = 100 * (1 - design.level) / 2
    starts = np.concatenate([ages[at], ages[parts:]])
    codes = [*_codes(starts, choices[0].abridged or bool(design.ages))[: len(at)], _TOTAL]
    whole, limits = _with_sums(found), np.percentile(
        [_with_sums(each) for each in drawn], [tail, 100 - tail], axis=0
    )  # fmt: skip
    names = [*design.exits, _TOTAL] if len(design.exits) > 1 else [_TOTAL]
    first = len(whole) - len(names)
    return pl.concat(
        pl.DataFrame(
            {"exit": [name] * len(codes), design.axis: codes, "contribution": whole[n],
             "contribution_lower": limits[0][n], "contribution_upper": limits[1][n]}
        )
        for n, name in enumerate(names, first)
    )  # fmt: skip


def _contributions(
    two: tuple[Observed, Observed],
    rates: tuple[Floats, Floats],
    choices: Sequence[Choices],
    design: LifeTableDesign,
) -> Floats:
    within = [
        decrements(each.age, rate, choice).table.years_of_dying
        for each, rate, choice in zip(two, rates, choices, strict=True)
    ]
    found = contributions(two[0].age, rates, (within[0], within[1]))
    # The end of what is followed since arrival is no way out, and adds nothing.
    return found[: len(design.exits), : -1 if design.since_arrival else None]


def _first_ages(ages: Floats, design: LifeTableDesign) -> list[int]:
    """Where the groups begin that ages are added up to: at each age, unless some are asked for."""
    there, wanted = [int(age) for age in ages], design.ages
    if design.open_age and not design.since_arrival:
        there = [age for age in there if age <= design.open_age]
    if not wanted:
        return list(range(len(there)))
    if not set(wanted) <= set(there):
        raise _begin_no_group(wanted, there)
    return sorted({0, *map(there.index, wanted)})


def _drawn(one: Observed, chance: np.random.Generator) -> Floats:
    """Rates as they might have been: events are gamma-distributed, so that none becomes 0."""
    drawn = chance.gamma(np.maximum(one.events, 1e-300))
    return one.rate * np.divide(drawn, one.events, out=np.ones_like(drawn), where=one.events > 0)


def _with_sums(parts: Floats) -> Floats:
    """With a row of all ways out, and a column of all ages."""
    rows = np.concatenate([parts, parts.sum(axis=0, keepdims=True)])
    return np.concatenate([rows, rows.sum(axis=1, keepdims=True)], axis=1)


def _codes(age: Floats, abridged: bool) -> list[str]:
    """Codes of age groups: "0", "1-4", "100+"."""
    starts = [int(x) for x in age]
    closed = [
        f"{one}-{after - 1}" if abridged and after > one + 1 else str(one)
        for one, after in pairwise(starts)
    ]
    return [*closed, f"{starts[-1]}+"]


def _ages(codes: pl.Series, design: LifeTableDesign) -> Dimension:
    """The dimension of ages or durations, with the codes that occur."""
    there = sorted(codes.unique().to_list(), key=_place)
    categories = tuple(Category(c, _ALL_AGES if c == _TOTAL else same(c)) for c in there)
    if design.since_arrival:
        label = Text("Years since immigration", "År siden innvandring")
        return Dimension(DURATION, label, categories, "Completed years")
    return Dimension("age", Text("Age", "Alder"), categories, "Completed years")


_ALL_AGES: Final = Text("All together", "I alt")
_ALL_OF_THEM: Final = Category(_TOTAL, _ALL_AGES)


def _place(code: str) -> tuple[int, bool]:
    """Where an age group stands: by its first age, all together last."""
    first = code.partition("-")[0].rstrip("+")
    return (10**6, True) if code == _TOTAL else (int(first), "+" in code)


def _shown(data: pl.DataFrame, design: LifeTableDesign) -> pl.DataFrame:
    """The ages that were asked for."""
    if not design.ages:
        return data
    ages = data[design.axis].map_elements(lambda code: _place(code)[0], return_dtype=pl.Int64)
    kept = data.filter(ages.is_in(list(design.ages)))
    if kept.is_empty():
        raise _begin_no_group(design.ages, sorted(set(ages.to_list())))
    return kept


def _begin_no_group(ages: Sequence[int], there: Sequence[int]) -> UsageError:
    return UsageError(
        "begin no age group of the tables", where="ages",
        value=",".join(map(str, ages)), allowed=there,
    )  # fmt: skip


def _measures(asked: Asked) -> tuple[Measure, ...]:
    design = asked.design
    listed = [
        *(Measure(f"{name}s", _LEAVING[name][0], Text("events", "hendelser"))
          for name in design.exits),
        Measure("person_years", Text("Person-years", "Personår"), _YEARS, 1),
        _undefined("rate", "Rate", "Rate", Text("per 1 000 person-years", "per 1 000 personår"), 3),
        _undefined("years_of_dying", "a", "a", _YEARS, 3),
        *(_undefined(f"probability_{name}", *_both(_LEAVING[name][1]), _CHANCE, 5)
          for name in design.exits),
        _undefined("survivors", "Survivors", "Levende", _PERSONS, 0),
        _undefined("years_lived", "Person-years lived", "Levde personår", _PERSONS, 0),
        _undefined("expectation", *_both(_expected(asked)), _YEARS, 2),
        _undefined("expectation_lower", "Lower", "Nedre", _YEARS, 2),
        _undefined("expectation_upper", "Upper", "Øvre", _YEARS, 2),
    ]  # fmt: skip
    if "emigration" in design.exits:
        listed += [
            _undefined("ever_emigrating", *_both(_ever(asked)), _SHARE, 2),
            _undefined("ever_emigrating_lower", "Lower", "Nedre", _SHARE, 2),
            _undefined("ever_emigrating_upper", "Upper", "Øvre", _SHARE, 2),
        ]
    if "emigration" in design.exits and "death" in design.exits:
        listed.append(_undefined("expectation_without_emigration", "Years without emigration",
                                 "År uten utvandring", _YEARS, 2))  # fmt: skip
    return tuple(listed)


def _undefined(id: str, en: str, no: str, unit: Text, decimals: int) -> Measure:
    return Measure(id, Text(en, no), unit, decimals, None)


def _both(text: Text) -> tuple[str, str]:
    return text.en, text.no


def _ever(asked: Asked) -> Text:
    if asked.design.since_arrival:
        years = asked.design.followed(asked.log_years)
        return Text(f"Emigrating in the first {years}", f"Utvandrer i de første {years}")
    return Text("Ever emigrating", "Utvandrer noen gang")


def _expected(asked: Asked) -> Text:
    if asked.design.since_arrival:
        years = asked.design.followed(asked.log_years)
        return Text(f"Years, of the first {years}", f"År, av de første {years}")
    if "emigration" in asked.design.exits:
        return Text("Years in the country", "År i landet")
    return Text("Life expectancy", "Forventet levetid")


_CONTRIBUTION: Final = (
    _undefined("contribution", "Years", "År", _YEARS, 3),
    _undefined("contribution_lower", "Lower", "Nedre", _YEARS, 3),
    _undefined("contribution_upper", "Upper", "Øvre", _YEARS, 3),
)


def _specification(
    asked: Asked, ages: pl.Series, measures: tuple[Measure, ...], said: tuple[Text, ...]
) -> TableSpecification:
    counted, design = asked.first, asked.design
    period, known = when(counted.period), counted.known_at
    ways = [_OF[name] for name in design.exits]
    of = Text(" and ".join(t.en for t in ways), " og ".join(t.no for t in ways))
    dimensions = [counted.variable(name).dimension for name in asked.groups]
    shown = [c for c in SEX.categories if c.code in SEXES]
    return TableSpecification(
        id="life-table",
        title=Text(f"Life table of {of.en}. {period}", f"Levetidstabell for {of.no}. {period}"),
        dimensions=(*dimensions, Dimension(SEX.id, SEX.label, tuple(shown)),
                    _ages(ages, design)),
        measures=measures,
        footnotes=(*_notes(asked), *said, *counted.said(design.only(asked.only)),
                   *variable_notes(counted)),
        contents=Text(
            "Life at the rates of the period: who would live and stay, how long.",
            "Livet med periodens rater: hvem som ville leve og bli, og hvor lenge.",
        ),
        reference_time=same(period),
        time=period,
        method=Text(f"As known on {known}.", f"Slik det var kjent {known}."),
        knowledge_time=same(str(known)),
        vintage=counted.vintage,
    )  # fmt: skip


def _of_difference(
    spec: TableSpecification, asked: Asked, dimensions: tuple[Dimension, ...]
) -> TableSpecification:
    variable = asked.first.variable(asked.design.by[0]).dimension
    names = [_group(variable, code) for code in asked.design.between or ()]
    period = when(asked.first.period)
    expected = _expected(asked)
    note = Text(
        "What each age adds to the difference, stepwise from the youngest and back (Andreev, "
        f"Shkolnikov and Begun 2002); intervals of {DRAWS} draws of the events.",
        "Det hver alder bidrar med til forskjellen, skrittvis fra den yngste og tilbake (Andreev, "
        f"Shkolnikov og Begun 2002); intervaller av {DRAWS} trekninger av hendelsene.",
    )
    return replace(
        spec,
        id="life-table-difference",
        title=Text(
            f"{expected.en}: {names[1].en} less {names[0].en}. {period}",
            f"{expected.no}: {names[1].no} minus {names[0].no}. {period}",
        ),
        dimensions=dimensions,
        footnotes=(note, *spec.footnotes[1:]),
    )


def _group(dimension: Dimension, code: str) -> Text:
    if code == NATION:
        return Text("the nation", "hele landet")
    if code == OTHERS:
        return Text("the others", "de øvrige")
    known = {category.code: category.label for category in dimension.categories}
    return known.get(code) or dimension.labels(code)


def _notes(asked: Asked) -> Iterator[Text]:
    design = asked.design
    percent = f"{100 * design.level:g}"
    yield Text(
        f"{percent} % intervals by Chiang (1984), to which ages without events add nothing.",
        f"{comma(percent)} %-intervaller etter Chiang (1984), som alder uten hendelser ikke bidrar "
        "til.",
    )
    if not design.since_arrival:
        yield Text(
            "Who dies in an age group has lived half of it, but for infants (a0 by "
            f"{_FORMULAS[design.infants].en}).",
            "Den som dør i en aldersgruppe, har levd halvparten av den, bortsett fra spedbarn (a0 "
            f"etter {_FORMULAS[design.infants].no}).",
        )
    if design.closing == "kannisto":
        yield Text(
            "Death rates from 85 on are by Kannisto's model, fitted to ages 80-99.",
            "Dødsrater fra 85 år er etter Kannistos modell, tilpasset alder 80-99.",
        )
    if "emigration" in design.exits:
        yield Text(
            "Years until the first way out: later returns are not among them. Without emigration: "
            "if nobody left, the rates of death being the same within each group.",
            "År til den første avgangen, død eller utvandring: senere tilbakeflyttinger er ikke "
            "med. Uten utvandring: om ingen dro, med samme dødsrater i hver gruppe.",
        )
    if design.since_arrival:
        years = design.followed(asked.log_years)
        yield Text(
            f"Of those born abroad, in the first {years} years since their last immigration; who "
            "came before the log is not among them.",
            f"Av dem som er født i utlandet, i de første {years} årene siden siste innvandring; "
            "den som kom før loggen, er ikke med.",
        )
    if asked.left_out:
        yield Text(
            f"{asked.left_out} events of unknown sex or age are left out.",
            f"{asked.left_out} hendelser med ukjent kjønn eller alder er ikke med.",
        )


def _too_small(groups: Sequence[str]) -> Iterator[Text]:
    if groups:
        listed, more = ", ".join(groups[:_NAMED]), len(groups) - _NAMED
        others = Text(f" and {more} others", f" og {more} andre") if more > 0 else Text("", "")
        least = number(LEAST_PERSON_YEARS)
        yield Text(
            f"Too small for a life table: {listed}{others.en}. They have fewer than {least} "
            "person-years (Eayres and Williams 2004), or nobody at some of the ages.",
            f"For små til en levetidstabell: {listed}{others.no}. De har færre enn {least} "
            "personår (Eayres og Williams 2004), eller ingen i noen av aldrene.",
        )


def cells_of(spec: TableSpecification, data: pl.DataFrame, asked: Asked) -> tuple[Cells, Cells]:
    """Cells in order: rounded as they are shown, and as they were computed."""
    groups = [asked.first.variable(name) for name in asked.groups if name in data.columns]
    others = [Variable(d, "") for d in spec.dimensions[len(groups) :]]
    data = in_order(data, [*groups, *others])
    shown = [
        pl.col(m.id).round(m.decimals) if m.decimals else pl.col(m.id).round().cast(pl.Int64)
        for m in spec.measures
    ]
    return Cells(spec, data.with_columns(shown).to_arrow()), Cells(spec, data.to_arrow())
