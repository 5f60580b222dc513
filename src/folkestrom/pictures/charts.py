"""A chart of any result: its dimensions say which kind it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from textwrap import fill
from typing import TYPE_CHECKING, Final

import numpy as np

from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.specification import Language
from folkestrom.pictures import bars, lines, pyramid
from folkestrom.pictures.cube import Axis, Cube, cube_of, stock_of
from folkestrom.pictures.style import Language as Lang
from folkestrom.pictures.style import (
    foot,
    foot_text,
    head,
    head_text,
    height_of,
    keep_plain,
    make_room,
    picture,
    word,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Letters of what stands below the title that have room beside a legend.
_FIXED_LETTERS_AN_INCH: Final = 8
#: Inches across a telephone, and marks along an axis that have room there.
_NARROW: Final = 4.4
_NARROW_MARKS: Final = 6
#: A curve, and what it is fitted to.
_CURVE: Final = ("fitted", "rate")


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture with what is said of it.

    Parameters
    ----------
    figure
        The picture.
    title, description
        Of the picture, in words.
    lang
        Language of all texts.
    note
        What has to be said of how it is drawn.
    """

    figure: Figure
    title: str
    description: str
    lang: Lang
    note: str = ""

    def file(self, form: str) -> bytes:
        """The file of the picture.

        Parameters
        ----------
        form
            svg, pdf or png.
        """
        return picture(self.figure, form, self.title, self.description, self.lang)

    def bare(self, *, narrow: bool = False) -> Chart:
        """The picture for a page that has its title, values and footnotes as text.

        Parameters
        ----------
        narrow
            For a telephone: less wide, what is explained above the data.
        """
        figure = self.figure
        axes = figure.axes[0]
        gone = height_of((figure.get_suptitle(), 11.0), (figure.get_supxlabel(), 8.0))
        fixed = axes.get_title(loc="left")
        gone += height_of((fixed, 9.5), ("\n" if fixed else "", 6.0))
        figure.suptitle("")
        axes.set_title("", loc="left")
        if narrow:
            gone -= _narrow(figure)
        note = foot_text(figure, self.note)
        figure.supxlabel("")
        foot(figure, note)
        figure.set_figheight(figure.get_figheight() - gone + height_of((note, 8.0)))
        return self


def _narrow(figure: Figure) -> float:
    """Make a picture less wide; the inches that its legend needs above the data."""
    figure.set_figwidth(_NARROW)
    axes = figure.axes[0]
    ticks, labels = axes.get_xticks(), [label.get_text() for label in axes.get_xticklabels()]
    if len(ticks) > _NARROW_MARKS and any(labels):
        step = -(-len(ticks) // _NARROW_MARKS)
        axes.set_xticks(ticks[::step], labels[::step])
    high = 0.0
    for legend in figure.legends:
        legend.set_loc("outside upper left")
        texts = [legend.get_title(), *legend.get_texts()]
        high += height_of(*((text.get_text(), 10.0) for text in texts))
    return high


def chart(
    cells: Cells,
    language: Language = Language.EN,
    *,
    measures: Sequence[str] = (),
    compare: Cells | None = None,
) -> Chart:
    """A chart of a result.

    Sex by age is a pyramid. What has days, periods or single ages is lines over them, and points
    where a curve is fitted to them; all else is bars, and points with their ends where there are
    intervals. Dimensions of one category are
    named below the title, and totals left out.

    Parameters
    ----------
    cells
        The result.
    language
        Of all texts.
    measures
        Names of the measures to draw; by default the first with an interval, or the first, or
        what follows a population, as of `cube.cube_of`; of a pyramid the population.
    compare
        Of pyramids: another population by the same dimensions, which is the outline.

    Raises
    ------
    UsageError
        A result that is no table by dimensions, has none that varies, or too many.
    """
    first = pyramid.sides(cells)
    if compare is not None and (first is None or pyramid.sides(compare) != first):
        raise _unlike()
    if first is not None:
        sided = measures or stock_of(cells)
        whole = cube_of(cells, language, sided, first)
        if compare is not None:
            whole = _beside(cube_of(compare, language, sided, first), whole)
        whole = whole.moved(first)
        if pyramid.fits(whole):
            figure, note = pyramid.draw(whole)
            return titled(figure, whole, "pyramid", note)
        if compare is not None:
            raise _unlike()
    names = {measure.id for measure in cells.specification.measures}
    if not measures and names >= {*_CURVE}:
        line, points = (cube_of(cells, language, (name,)) for name in _CURVE)
        return _plain(line, points)
    return _plain(cube_of(cells, language, measures))


def _plain(cube: Cube, points: Cube | None = None) -> Chart:
    """Lines, with points of what they are fitted to, or bars."""
    if np.isnan(cube.values).all():
        raise UsageError("has no figure that can be drawn", where="result")
    ordered = [a for a in cube.axes if a.is_time] or [a for a in cube.axes if a.numeric]
    _check(cube, ordered)
    if ordered:
        first = (ordered[0].id,)
        observed = None if points is None else points.moved(first).values
        figure, note = lines.draw(cube.moved(first), observed)
        return titled(figure, cube, "lines", note)
    longest = max(cube.axes, key=lambda axis: (axis.id != "measure", len(axis.codes)))
    figure, note = bars.draw(cube.moved((longest.id,)))
    return titled(figure, cube, "points" if cube.bands else "bars", note)


def _check(cube: Cube, ordered: Sequence[Axis]) -> None:
    names = ", ".join(axis.id for axis in cube.axes)
    if not cube.axes:
        raise UsageError(
            "has no dimension that varies, and one figure is no picture", where="result",
            next_step="Ask by a variable, for several dates, or for several measures",
        )  # fmt: skip
    if len(cube.axes) > (3 if ordered else 2):
        raise UsageError(
            "has too many dimensions for one picture", where="result", value=names,
            allowed="two, and time", next_step="Ask by fewer variables",
        )  # fmt: skip


def _beside(before: Cube, now: Cube) -> Cube:
    """Two populations by the same dimensions, as one with a further dimension."""
    if [a.id for a in before.axes] != [a.id for a in now.axes]:
        raise _unlike()
    names = _told_apart(before, now)
    axes = []
    for one, other in zip(before.axes, now.axes, strict=True):
        named = dict(zip((*one.codes, *other.codes), (*one.names, *other.names), strict=True))
        codes = sorted(named, key=_as_number) if one.numeric else list(named)
        axes.append(replace(other, codes=tuple(codes), names=tuple(named[c] for c in codes)))
    pair = Axis("compared", "", ("before", "now"), names)
    return replace(
        now,
        title=_titled_both(before, now),
        axes=(*axes, pair),
        values=np.stack([_on(one, axes, one.values) for one in (before, now)], axis=-1),
        hidden=np.stack([_on(o, axes, o.hidden) for o in (before, now)], axis=-1).astype(np.bool_),
        known="; ".join(dict.fromkeys((now.known, before.known))),
        notes=tuple(dict.fromkeys((*now.notes, *before.notes))),
    )


def _unlike() -> UsageError:
    return UsageError(
        "cannot be compared", where="compare",
        allowed="populations by sex, one variable of ages, and nothing else",
    )  # fmt: skip


def _as_number(code: str) -> tuple[bool, int]:
    return (code == "unknown", 0 if code == "unknown" else int(code))


def _on(cube: Cube, axes: Sequence[Axis], values: np.ndarray) -> np.ndarray:
    """Figures at their places among the categories of both."""
    whole = np.zeros([len(axis.codes) for axis in axes])
    places = [
        [axis.codes.index(c) for c in own.codes] for own, axis in zip(cube.axes, axes, strict=True)
    ]
    whole[np.ix_(*places)] = values
    return whole


def _titled_both(before: Cube, now: Cube) -> str:
    """The title with both days, where they differ."""
    if before.time == now.time:
        return now.title
    both = word("both", now.language).format(before=before.time, now=now.time)
    if now.time and now.time in now.title:
        return now.title.replace(now.time, both)
    return f"{now.title}. {both}"


def _told_apart(before: Cube, now: Cube) -> tuple[str, str]:
    """What two populations are called: by what differs, the day or what was known."""
    if before.time != now.time:
        return before.time, now.time
    return before.known, now.known


def titled(figure: Figure, cube: Cube, kind: str, note: str = "") -> Chart:
    """A chart with its title above, and what was known, and its footnotes, below.

    Parameters
    ----------
    figure
        The picture.
    cube
        Its figures.
    kind
        What kind of picture that is: a key of the words.
    note
        What else is said below it.
    """
    lang = cube.language
    fixed = fill(cube.fixed, round(_FIXED_LETTERS_AN_INCH * figure.get_figwidth()))
    if fixed:
        figure.axes[0].set_title(fixed, loc="left", fontsize=9.5, pad=16)
    head(figure, cube.title)
    source = ". ".join(text for text in (cube.known, word("source", lang)) if text)
    notes = (note, *(f"{n} {text}" for n, text in enumerate(cube.notes, 1)), f"{source}.")
    foot(figure, *notes)
    above = (head_text(figure, cube.title), 11.0), (fixed, 9.5), ("\n" if fixed else "", 6.0)
    make_room(figure, *above, (foot_text(figure, *notes), 8.0))
    keep_plain(figure)
    axes = ", ".join(f"{axis.label} ({len(axis.codes)})" for axis in cube.axes if axis.label)
    said = (f"{word(kind, lang)}: {cube.unit}; {axes}", cube.fixed, source)
    description = ". ".join(text for text in said if text) + "."
    return Chart(figure, cube.title, description, lang, note)
