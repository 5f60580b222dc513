"""What the page of projections shows, and the files of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

import numpy as np

from folkestrom.app.public.prospects.drawings import Drawing, lines, pyramid
from folkestrom.app.public.prospects.futures import AGES, DRAWS, SEED, Answer
from folkestrom.app.public.prospects.scenario import LEVERS, Lever
from folkestrom.model.specification import Language
from folkestrom.publish.formats.layout import number_text

#: Figures and the decimals that they are shown with.
FIGURES: Final = {
    "population": 0, "old_age_dependency": 3, "median_age": 1, "aged_80": 1, "immigrants": 1,
    "total_fertility": 2, "life_expectancy_male": 1, "life_expectancy_female": 1,
}  # fmt: skip
#: Those that the difference is divided of; the first is drawn over time, beside the chosen one.
DRAWN: Final = ("population", "old_age_dependency")
_SEXES: Final = ("male", "female")
_T = TypeVar("_T")


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
        Drawings; each chart has the name that it has on the page, and the figure that it is of.
    ages, tables
        The figures of these, in rows.
    fan, bands
        What may come, drawn and in rows: of each future the median, and each interval; None: it
        is not asked for, or not to be had.
    query
        What restores the page.
    """

    answer: Answer
    levers: tuple[tuple[Lever, int], ...]
    figures: tuple[Row, ...]
    effects: tuple[Row, ...]
    pyramid: Drawing
    charts: dict[tuple[str, str], Drawing]
    ages: tuple[Row, ...]
    tables: dict[str, tuple[Row, ...]]
    query: str
    fan: Drawing | None = None
    bands: tuple[Row, ...] = ()


def view(answer: Answer, language: Language) -> View:
    """What the page shows.

    Parameters
    ----------
    answer, language
        The projections, and the language of numbers.
    """
    at, years = answer.at, answer.years
    before, after = answer.baseline, answer.changed
    counted, axis = partial(_number, decimals=0, language=language), partial(_tick, language)
    figures = [_beside(name, before.series[name][at], after.series[name][at], decimals, language)
               for name, decimals in FIGURES.items()]  # fmt: skip
    pyramids = before.pyramids[at], after.pyramids[at]
    ages = (
        Row(_age(n), tuple(counted(one[sex, n]) for sex in (0, 1) for one in pyramids))
        for n in range(len(AGES))
    )
    charts, tables = {}, {}
    shown = sorted({*range(0, len(years), 10), at})
    for place, name in (("population", "population"), ("figure", answer.wanted.figure)):
        a, b = before.series[name], after.series[name]
        charts[place, name] = lines(years, a, b, answer.wanted.year, axis)
        tables[place] = tuple(
            Row(f"{years[n]}", _beside("", a[n], b[n], FIGURES[name], language).cells)
            for n in shown
        )
    return View(
        answer, tuple(zip(LEVERS, answer.wanted.levels, strict=True)), tuple(figures),
        _effects(answer, language), pyramid(*pyramids, AGES, counted), charts,
        tuple(ages), tables, answer.wanted.query(answer.start.year),
        *_fan(answer, shown, language),
    )  # fmt: skip


def _fan(
    answer: Answer, shown: Sequence[int], language: Language
) -> tuple[Drawing | None, tuple[Row, ...]]:
    """What may come with rates as they were, and as the reader has them."""
    if answer.fans is None:
        return None, ()
    wanted, years = answer.wanted, answer.years
    found = [fan.of(wanted.figure, wanted.intervals) for fan in answer.fans]
    number = partial(_number, decimals=FIGURES[wanted.figure], language=language)
    rows = []
    for n in shown:
        cells = []
        for median, *ends in found:
            texts = [number(end[n]) for end in ends]
            cells += [number(median[n]), *map(" – ".join, batched(texts))]
        rows.append(Row(f"{years[n]}", tuple(cells)))
    # Both are one where nothing is changed.
    drawn = dict(zip(("before", "after"), found, strict=True))
    bands = {name: [*batched(ends)][::-1] for name, (_, *ends) in drawn.items()
             if wanted.changed or name == "after"}  # fmt: skip
    (before, *_), (after, *_) = found
    drawing = lines(years, before, after, wanted.year, partial(_tick, language), bands)
    return drawing, tuple(rows)


def batched(ends: Sequence[_T]) -> Iterator[tuple[_T, _T]]:
    """The lower and the upper end of one interval after the other."""
    return zip(ends[::2], ends[1::2], strict=True)


def _tick(language: Language, value: float) -> str:
    """A value on an axis, with the decimals that it has."""
    return _number(value, len(f"{value:.6f}".rstrip("0").partition(".")[2]), language)


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
           for name, one in futures.items()},
        "year": wanted.year,
        "pyramid": {"ages": [_age(n) for n in range(len(AGES))]}
        | {name: {sex: _rounded(one.pyramids[at, n], 0) for n, sex in enumerate(_SEXES)}
           for name, one in futures.items()},
        "difference": {name: {"total": answer.effect(name)}
                       | {one.id: answer.effect(name, one.id) for one in wanted.changed}
                       for name in DRAWN},
        **_likely(answer),
    }  # fmt: skip


def _likely(answer: Answer) -> dict[str, Any]:
    """What may come: medians, and the ends of the intervals that are asked for."""
    if answer.fans is None:
        return {}
    names = ["median", *_ends(answer.wanted.intervals)]
    futures = {
        future: {
            figure: {end: _rounded(values, FIGURES[figure]) for end, values in
                     zip(names, fan.of(figure, answer.wanted.intervals), strict=True)}
            for figure in fan.bands
        }
        for future, fan in zip(("baseline", "changed"), answer.fans, strict=True)
    }  # fmt: skip
    return {"likely": {"draws": DRAWS, "seed": SEED, "intervals": answer.wanted.intervals,
                       "exploded": [fan.exploded for fan in answer.fans], **futures}}  # fmt: skip


def _ends(intervals: Sequence[int]) -> list[str]:
    return [f"{end}_{level}" for level in intervals for end in ("lower", "upper")]


def _rounded(values: Any, decimals: int) -> list[float | int | None]:
    found = np.round(np.asarray(values, float), decimals).tolist()
    return [None if value != value else value if decimals else int(value) for value in found]


def data_csv(answer: Answer) -> str:
    """Figures by year, a row each: the baseline, and the changed; with what may come, if asked.

    Parameters
    ----------
    answer
        The projections.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    futures = {"baseline": answer.baseline, "changed": answer.changed}
    heads = [f"{name}_{figure}" for name in futures for figure in FIGURES]
    columns = [_rounded(one.series[figure], decimals)
               for one in futures.values() for figure, decimals in FIGURES.items()]  # fmt: skip
    told = _likely(answer).get("likely", {})
    for future in futures if told else ():
        for figure, ends in told[future].items():
            heads += [f"{future}_{figure}_{end}" for end in ends]
            columns += ends.values()
    writer.writerow(["year", *heads])
    writer.writerows(zip(answer.years, *columns, strict=True))
    return text.getvalue()
