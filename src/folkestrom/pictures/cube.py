"""The figures of a chart: one measure, or several of one unit, by the dimensions that vary."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells, code_text
from folkestrom.model.html_table import lead
from folkestrom.model.names import check_code
from folkestrom.model.specification import (
    Dimension,
    Language,
    Measure,
    TableSpecification,
    Text,
    same,
)
from folkestrom.pictures.style import Language as Lang

Floats: TypeAlias = npt.NDArray[np.float64]
Booleans: TypeAlias = npt.NDArray[np.bool_]

#: More figures than this are no picture.
LARGEST: Final = 2_000_000
#: Dimensions that are time, beside all whose codes are dates.
TIMES: Final = frozenset({"date", "period", "year", "time", "quarter", "month"})
#: Measures that stand on one picture without being asked for.
MOST_MEASURES: Final = 6
#: In the names of measures that are populations: what there is, and not what happens.
_STOCK: Final = "population"
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+)?")
_CONTENTS: Final = {"en": "Contents", "no": "Innhold"}


@dataclass(frozen=True, slots=True)
class Axis:
    """A dimension with more than one category.

    Parameters
    ----------
    id, label
        Its name, and what readers see.
    codes, names
        Its categories in their order, and what they are called.
    numeric
        Codes are numbers, such as single years of age.
    listed
        The order of the categories is that of a list.
    """

    id: str
    label: str
    codes: tuple[str, ...]
    names: tuple[str, ...]
    numeric: bool = False
    listed: bool = False

    @property
    def is_time(self) -> bool:
        """Whether it is days, moments or periods."""
        return self.id in TIMES or all(_DATE.fullmatch(code) for code in self.codes)

    @property
    def is_age(self) -> bool:
        """Whether it is ages, or groups of them."""
        return self.id == "age" or self.id.startswith("age_")

    @property
    def in_order(self) -> bool:
        """Whether categories stand in an order that means something."""
        known = [name for name in self.names if name != "unknown"]
        numbered = all(name[:1].isdigit() for name in known)
        return self.listed or self.is_time or self.is_age or numbered


@dataclass(frozen=True, slots=True)
class Band:
    """The ends of an interval.

    Parameters
    ----------
    level
        Per cent of what may be within, where there are several; empty: the only one.
    lower, upper
        Its ends, with the axes of the figures.
    """

    level: str
    lower: Floats
    upper: Floats


@dataclass(frozen=True, slots=True)
class Cube:
    """Figures by dimensions: arrays have an axis for each, in their order.

    Parameters
    ----------
    title, time, known
        What they are, of when, and what was known.
    fixed
        Dimensions with one category, in words.
    axes
        The others.
    measure
        What is counted.
    values
        Figures; NaN: there is none.
    bands
        Intervals, the widest first.
    hidden
        Where the figure is not shown, for confidentiality.
    notes
        Footnotes.
    language
        Of all texts.
    """

    title: str
    time: str
    known: str
    fixed: str
    axes: tuple[Axis, ...]
    measure: Measure
    values: Floats
    bands: tuple[Band, ...]
    hidden: Booleans
    notes: tuple[str, ...]
    language: Lang

    @property
    def unit(self) -> str:
        """What stands along the axis of figures."""
        language = Language(self.language)
        label, unit = self.measure.label.of(language), self.measure.unit.of(language)
        return label if unit.lower() in label.lower() else f"{label}, {unit}"

    def each(self, change: Callable[[Floats], Floats], axes: tuple[Axis, ...]) -> Cube:
        """The same with all arrays changed in one way.

        Parameters
        ----------
        change
            What is done to each array.
        axes
            What they are by, then.
        """
        return replace(
            self,
            axes=axes,
            values=change(self.values),
            bands=tuple(Band(b.level, change(b.lower), change(b.upper)) for b in self.bands),
            hidden=change(self.hidden.astype(np.float64)).astype(np.bool_),
        )

    def moved(self, first: Sequence[str]) -> Cube:
        """The same with the axes of those names first, in that order."""
        ids = [axis.id for axis in self.axes]
        order = [ids.index(id) for id in first] + [n for n, id in enumerate(ids) if id not in first]
        return self.each(lambda a: a.transpose(order), tuple(self.axes[n] for n in order))


def cube_of(
    cells: Cells,
    language: Language,
    measures: Sequence[str] = (),
    keep: Collection[str] = (),
    *,
    alone: bool = False,
    per_cent_of: str | None = None,
) -> Cube:
    """The figures of a chart.

    Parameters
    ----------
    cells
        A result.
    language
        Of all texts.
    measures
        Names of measures: one, or several counts or of one unit, which become a dimension. None:
        the first with an interval; else the first, and of a table that begins with a population,
        what follows it, as far as one axis has it.
    keep
        Dimensions that stay with all their categories, if only one occurs too.
    alone
        There is room for one measure only, which the title names.
    per_cent_of
        A count that the measure, a count too, is drawn in per cent of.
    """
    spec = cells.specification
    axes, place, size = _placed(cells, language, keep)
    totals = {d.id: {d.total} for d in spec.dimensions}
    varying = sum(len({*axis.codes} - totals[axis.id]) > 1 for axis in axes)
    chosen = _chosen(spec.measures, measures, 1 if alone or varying > 1 else MOST_MEASURES)
    limits = _limits(spec.measures, chosen[0]) if len(chosen) == 1 else []
    arrays = [_array(cells, measure, place, size) for measure in chosen]
    hidden = np.zeros(int(np.prod(size)), np.bool_)
    if cells.suppressed is not None:
        hidden[place] = np.asarray(cells.suppressed.to_numpy(zero_copy_only=False), np.bool_)
    values = arrays[0]
    if per_cent_of is not None:
        base = _base(spec.measures, chosen, per_cent_of)
        whole = _array(cells, base, place, size)
        values = 100 * np.divide(values, whole, np.full_like(whole, np.nan), where=whole > 0)
        chosen = [_in_per_cent(chosen[0], base)]
    if len(chosen) > 1:
        names = tuple(m.label.of(language) for m in chosen)
        codes = tuple(m.id for m in chosen)
        axes = (*axes, Axis("measure", _CONTENTS[language.value], codes, names))
        values = np.stack(arrays, axis=-1).ravel()
        hidden = np.repeat(hidden, len(chosen))
    size = [len(axis.codes) for axis in axes]
    bands = tuple(
        Band(level, *(_array(cells, end, place, size).reshape(size) for end in ends))
        for level, *ends in limits
    )
    named = alone and len(spec.measures) > 1 and not limits
    cube = Cube(
        title=_titled(spec, chosen[0], language) if named else spec.title.of(language),
        time=spec.reference_time.of(language),
        known=lead(spec.described(language)),
        fixed="",
        axes=axes,
        measure=_together(chosen, language),
        values=values.reshape(size),
        bands=bands,
        hidden=(hidden & np.isnan(values)).reshape(size),
        notes=tuple(note.of(language) for note in spec.footnotes),
        language="no" if language is Language.NO else "en",
    )
    return _varying(cells, cube, keep)


def _chosen(all_of: Sequence[Measure], wanted: Sequence[str], room: int) -> list[Measure]:
    by_name = {measure.id: measure for measure in all_of}
    if not by_name:
        raise UsageError("has no figures to draw", where="result")
    if not wanted:
        with_limits = [measure for measure in all_of if _limits(all_of, measure)]
        return with_limits[:1] or _after_stock(all_of)[:room]
    for name in wanted:
        check_code(name, by_name, "is no measure of the result", where="measure")
    chosen = [by_name[name] for name in dict.fromkeys(wanted)]
    if not _on_one_axis(chosen):
        raise UsageError(
            "have different units, which no axis can have",
            where="measure",
            value=", ".join(f"{m.id} ({m.unit.en})" for m in chosen),
            allowed="measures of one unit, or counts",
        )
    return chosen


def _base(all_of: Sequence[Measure], chosen: Sequence[Measure], name: str) -> Measure:
    by_name = {measure.id: measure for measure in all_of}
    base = by_name[check_code(name, by_name, "is no measure of the result", where="per_cent_of")]
    for measure in (*chosen, base):
        if measure.empty is None or measure.decimals or len(chosen) > 1:
            raise UsageError(
                "cannot be drawn so: per cent are of one count, by another",
                where="per_cent_of", value=name,
                allowed=[m.id for m in all_of if m.empty is not None and not m.decimals],
                next_step="Name one count with measure",
            )  # fmt: skip
    return base


def _in_per_cent(measure: Measure, base: Measure) -> Measure:
    en, no = base.label.en, base.label.no
    unit = Text(f"per cent of {en[:1].lower()}{en[1:]}", f"prosent av {no[:1].lower()}{no[1:]}")
    return replace(measure, unit=unit, decimals=2, empty=None)


def _titled(spec: TableSpecification, measure: Measure, language: Language) -> str:
    """The title, with the one measure of several that is drawn before its time."""
    title, time = spec.title.of(language), spec.reference_time.of(language)
    label = measure.label.of(language)
    if not time or not title.endswith(time):
        return f"{title}: {label}"
    return f"{title.removesuffix(time).rstrip('. ')}: {label}. {time}"


def _on_one_axis(measures: Sequence[Measure]) -> bool:
    """Whether they have one unit; what is counted may have several names: events, moves."""
    counts = all(m.empty == 0 and m.decimals == 0 for m in measures)
    return counts or len({m.unit.en for m in measures}) == 1


def stock_of(cells: Cells) -> tuple[str, ...]:
    """The name of the population that a table begins with, if it does.

    Parameters
    ----------
    cells
        A result.
    """
    return tuple(m.id for m in cells.specification.measures[:1] if _STOCK in m.id)


def _after_stock(all_of: Sequence[Measure]) -> list[Measure]:
    """The first; of a table that begins with a population, what it goes on with."""
    stock, *others = all_of
    if _STOCK not in stock.id or not others:
        return [stock]
    flows = takewhile(
        lambda m: m.unit != stock.unit and _on_one_axis((others[0], m)), others[1:]
    )  # fmt: skip
    return [others[0], *flows]


def _together(chosen: Sequence[Measure], language: Language) -> Measure:
    """Several measures on one axis, which is named by their units."""
    if len(chosen) == 1:
        return chosen[0]
    units = ", ".join(dict.fromkeys(m.unit.of(language) for m in chosen))
    return replace(chosen[0], label=same(units), unit=same(""))


def _limits(all_of: Sequence[Measure], measure: Measure) -> list[tuple[str, Measure, Measure]]:
    """The ends of a measure's intervals, the widest first.

    They are named after it, with the level where there are several, or alone and right behind it.
    """
    by_name = {m.id: m for m in all_of}
    names, found = list(by_name), []
    if names[names.index(measure.id) + 1 :][:1] == ["lower"] and "upper" in by_name:
        found.append(("", by_name["lower"], by_name["upper"]))
    for name in names:
        ends = re.fullmatch(rf"{re.escape(measure.id)}_lower((_\d+)*)", name)
        if ends and (upper := f"{measure.id}_upper{ends[1]}") in by_name:
            level = ends[1].removeprefix("_").replace("_", ".")
            found.append((level, by_name[name], by_name[upper]))
    return sorted(found, key=lambda one: -float(one[0] or 0))


def _placed(
    cells: Cells, language: Language, keep: Collection[str]
) -> tuple[tuple[Axis, ...], npt.NDArray[np.int64], list[int]]:
    """The dimensions as axes, and the place of each row among all their combinations."""
    place = np.zeros(cells.data.num_rows, np.int64)
    axes: list[Axis] = []
    many = 1
    for dimension in cells.specification.dimensions:
        axis = _axis(cells, dimension, language, whole=dimension.id in keep)
        axes.append(axis)
        many *= len(axis.codes)
        if many > LARGEST:
            raise UsageError(
                "has too many combinations for a picture",
                where="result", value=f"{many:,}", allowed=f"at most {LARGEST:,}",
                next_step="Ask for fewer variables",
            )  # fmt: skip
        numbers = {code: n for n, code in enumerate(axis.codes)}
        column = cells.data[dimension.id].combine_chunks()
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode("encode")
        of_codes = [numbers[code_text(code)] for code in column.dictionary.to_pylist()]
        indices = column.indices.to_numpy(zero_copy_only=False)
        place = place * len(axis.codes) + np.array(of_codes, np.int64)[indices]
    if len(np.unique(place)) < len(place):
        raise UsageError(
            "is a list of rows, and no table of cells by dimensions",
            where="result", next_step="Ask for a table, such as population or rates",
        )  # fmt: skip
    return tuple(axes), place, [len(axis.codes) for axis in axes]


def _axis(cells: Cells, dimension: Dimension, language: Language, *, whole: bool) -> Axis:
    seen = {code_text(code) for code in cells.data[dimension.id].unique().to_pylist()}
    categories = [c for c in cells.categories(dimension.id) if whole or c.code in seen]
    return Axis(
        dimension.id,
        dimension.label.of(language),
        tuple(category.code for category in categories),
        tuple(category.label.of(language) for category in categories),
        pa.types.is_integer(cells.data.schema.field(dimension.id).type),
        cells.specification.listing,
    )


def _array(
    cells: Cells, measure: Measure, place: npt.NDArray[np.int64], size: Sequence[int]
) -> Floats:
    empty = np.nan if measure.empty is None else float(measure.empty)
    values = np.full(int(np.prod(size)), empty)
    column = cells.data[measure.id].cast(pa.float64())
    values[place] = column.to_numpy()
    return values


def _varying(cells: Cells, cube: Cube, stay: Collection[str]) -> Cube:
    """The cube without totals, and with dimensions of one category in words."""
    totals = {d.id: d.total for d in cells.specification.dimensions}
    fixed: list[str] = []
    axes: list[Axis] = []
    keep: list[npt.NDArray[np.intp]] = []
    for axis in cube.axes:
        kept = [n for n, code in enumerate(axis.codes) if code != totals.get(axis.id)]
        if not kept or len(axis.codes) == 1:
            kept = [*range(len(axis.codes))]
        keep.append(np.array(kept, np.intp))
        if len(kept) == 1 and axis.id not in stay:
            name = axis.names[kept[0]]
            if not (axis.is_time and name in cube.title):
                fixed.append(name if axis.is_time else f"{axis.label}: {name}")
        else:
            codes, names = (tuple(all_of[n] for n in kept) for all_of in (axis.codes, axis.names))
            axes.append(replace(axis, codes=codes, names=names))
    size = [len(axis.codes) for axis in axes]

    def part(array: Floats) -> Floats:
        return array[np.ix_(*keep)].reshape(size) if keep else array

    return replace(cube.each(part, tuple(axes)), fixed=", ".join(fixed))
