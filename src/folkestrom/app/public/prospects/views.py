"""What the page of projections shows, and the files of it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np

from folkestrom.app.public.prospects.drawings import Drawing, lines, pyramid
from folkestrom.app.public.prospects.futures import AGES, Answer
from folkestrom.app.public.prospects.scenario import LEVERS, Lever
from folkestrom.model.specification import Language
from folkestrom.publish.formats.layout import number_text

#: Figures and the decimals that they are shown with.
FIGURES: Final = {
    "population": 0, "old_age_dependency": 3, "median_age": 1, "aged_80": 1, "immigrants": 1,
}  # fmt: skip
#: Those that are drawn over time, and that the difference is divided of.
DRAWN: Final = ("population", "old_age_dependency")
_SEXES: Final = ("male", "female")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: the key or text of its head, and figures as they are printed."""

    head: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class View:
    """What the page shows.

    Parameters
    ----------
    answer
        The projections.
    levers
        Each with where it is.
    figures
        Key figures of the year: the baseline, the changed, and the difference.
    effects
        What each lever that is moved does alone, what all do together beyond that, and in all.
    pyramid, charts
        Drawings, by the figure.
    ages, tables
        The figures of these, in rows.
    query
        What restores the page.
    """

    answer: Answer
    levers: tuple[tuple[Lever, int], ...]
    figures: tuple[Row, ...]
    effects: tuple[Row, ...]
    pyramid: Drawing
    charts: dict[str, Drawing]
    ages: tuple[Row, ...]
    tables: dict[str, tuple[Row, ...]]
    query: str


def view(answer: Answer, language: Language) -> View:
    """What the page shows.

    Parameters
    ----------
    answer, language
        The projections, and the language of numbers.
    """
    at, years = answer.at, answer.years
    before, after = answer.baseline, answer.changed
    counted, share = (partial(_number, decimals=n, language=language) for n in (0, 2))
    figures = [_beside(name, before.series[name][at], after.series[name][at], decimals, language)
               for name, decimals in FIGURES.items()]  # fmt: skip
    lives = zip(_SEXES, before.life_expectancy, after.life_expectancy, strict=True)
    figures += [_beside(f"life_{sex}", a, b, 1, language) for sex, a, b in lives]
    pyramids = before.pyramids[at], after.pyramids[at]
    ages = (
        Row(_age(n), tuple(counted(one[sex, n]) for sex in (0, 1) for one in pyramids))
        for n in range(len(AGES))
    )
    charts, tables = {}, {}
    for name, axis in zip(DRAWN, (counted, share), strict=True):
        a, b = before.series[name], after.series[name]
        charts[name] = lines(years, a, b, answer.wanted.year, axis)
        tables[name] = tuple(
            Row(f"{years[n]}", _beside("", a[n], b[n], FIGURES[name], language).cells)
            for n in sorted({*range(0, len(years), 10), at})
        )
    return View(
        answer, tuple(zip(LEVERS, answer.wanted.levels, strict=True)), tuple(figures),
        _effects(answer, language), pyramid(*pyramids, AGES, counted), charts,
        tuple(ages), tables, answer.wanted.query(answer.start.year),
    )  # fmt: skip


def _number(value: float, decimals: int, language: Language) -> str:
    return number_text(float(value) if np.isfinite(value) else None, decimals, language)


def _difference(value: float, decimals: int, language: Language) -> str:
    # What is rounded to nothing has no sign.
    rounded = round(value, decimals) + 0.0
    text = _number(rounded, decimals, language)
    return f"+{text}" if rounded > 0 else text.replace("-", "\N{MINUS SIGN}")


def _beside(name: str, a: float, b: float, decimals: int, language: Language) -> Row:
    both = _number(a, decimals, language), _number(b, decimals, language)
    return Row(name, (*both, _difference(b - a, decimals, language)))


def _effects(answer: Answer, language: Language) -> tuple[Row, ...]:
    """One lever at a time; what is left is what levers do together."""
    changed = answer.wanted.changed
    total = {name: answer.effect(name) for name in DRAWN}
    rest = {name: total[name] - sum(answer.effect(name, one.id) for one in changed)
            for name in DRAWN}  # fmt: skip

    def row(head: str, level: str, effects: dict[str, float]) -> Row:
        texts = (_difference(effects[name], FIGURES[name], language) for name in DRAWN)
        return Row(head, (level, *texts))

    rows = []
    for one in changed:
        effects = {name: answer.effect(name, one.id) for name in DRAWN}
        rows.append(row(f"lever-{one.id}", f"{answer.wanted.level(one)} %", effects))
    if len(changed) > 1:
        rows.append(row("effect-together", "", rest))
    return (*rows, row("effect-total", "", total))


def _age(n: int) -> str:
    return f"{AGES[n]}+" if n == len(AGES) - 1 else f"{AGES[n]}\N{EN DASH}{AGES[n] + 4}"


def data(answer: Answer) -> dict[str, Any]:
    """Everything that is shown, as numbers.

    Parameters
    ----------
    answer
        The projections.
    """
    futures = {"baseline": answer.baseline, "changed": answer.changed}
    at, wanted = answer.at, answer.wanted
    return {
        "start": answer.start.year,
        "rates_of": answer.start.base,
        "tables": answer.start.releases,
        "assumptions": {one.id: wanted.level(one) for one in LEVERS},
        "years": [*answer.years],
        **{name: {k: _rounded(v, FIGURES[k]) for k, v in one.series.items()}
           | dict(zip(("life_male", "life_female"), _rounded(one.life_expectancy, 1), strict=True))
           for name, one in futures.items()},
        "year": wanted.year,
        "pyramid": {"ages": [_age(n) for n in range(len(AGES))]}
        | {name: {sex: _rounded(one.pyramids[at, n], 0) for n, sex in enumerate(_SEXES)}
           for name, one in futures.items()},
        "difference": {name: {"total": answer.effect(name)}
                       | {one.id: answer.effect(name, one.id) for one in wanted.changed}
                       for name in DRAWN},
    }  # fmt: skip


def _rounded(values: Any, decimals: int) -> list[float | int | None]:
    found = np.round(np.asarray(values, float), decimals).tolist()
    return [None if value != value else value if decimals else int(value) for value in found]


def data_csv(answer: Answer) -> str:
    """Figures by year, a row each: the baseline, and the changed.

    Parameters
    ----------
    answer
        The projections.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    futures = {"baseline": answer.baseline, "changed": answer.changed}
    writer.writerow(["year", *(f"{name}_{figure}" for name in futures for figure in FIGURES)])
    columns = [_rounded(one.series[figure], decimals)
               for one in futures.values() for figure, decimals in FIGURES.items()]  # fmt: skip
    writer.writerows(zip(answer.years, *columns, strict=True))
    return text.getvalue()
