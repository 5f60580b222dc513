"""Drawings as SVG, written out by hand: nothing to install, nothing to load."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

from markupsafe import Markup

from folkestrom.model.specification import Text
from folkestrom.model.text import printable

Point = tuple[float, float]

#: Steps between the marks of an axis, times a power of ten.
_STEPS: Final = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values to places along an axis.

    Parameters
    ----------
    low, high
        Values at the two ends.
    start, end
        Places of the two ends.
    """

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Place of a value."""
        span = self.high - self.low or 1
        return self.start + (value - self.low) / span * (self.end - self.start)

    def marks(self, about: int = 5) -> list[float]:
        """Round values between the ends."""
        step = nice_step((self.high - self.low) / about)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [n * step for n in range(first, last + 1)]


def nice_step(step: float) -> float:
    """The round number next above.

    Examples
    --------
    >>> nice_step(3.1), nice_step(12_000)
    (5.0, 20000.0)
    """
    if step <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(step))
    return float(next(s * power for s in _STEPS if s * power >= step * (1 - 1e-9)))


def nice_end(value: float, about: int = 4) -> float:
    """A round end of an axis that holds a value.

    Examples
    --------
    >>> nice_end(38_100)
    40000.0
    """
    step = nice_step(value / about)
    return max(math.ceil(value / step - 1e-9), 1) * step


@dataclass(slots=True)
class Drawing:
    """A picture that grows part by part.

    Parameters
    ----------
    width, height
        Size in its own units; the page scales it.
    named_by
        Identifiers of the elements that say what it shows.
    """

    width: float
    height: float
    named_by: str
    parts: list[str] = field(default_factory=list)

    def rectangle(self, corner: Point, size: Point, style: str) -> None:
        """Add a rectangle."""
        (x, y), (w, h) = corner, size
        place = f'x="{_n(x)}" y="{_n(y)}" width="{_n(w)}" height="{_n(h)}"'
        self.parts.append(f'<rect {place} class="{style}"/>')

    def line(self, one: Point, other: Point, style: str) -> None:
        """Add a straight line."""
        (x1, y1), (x2, y2) = one, other
        place = f'x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"'
        self.parts.append(f'<line {place} class="{style}"/>')

    def path(self, points: Sequence[Point], style: str) -> None:
        """Add a line through points."""
        text = "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
        self.parts.append(f'<path d="M{text}" class="{style}"/>')

    def circle(self, centre: Point, radius: float, style: str) -> None:
        """Add a dot."""
        x, y = centre
        self.parts.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" class="{style}"/>')

    def text(self, place: Point, text: Text | str, style: str = "") -> None:
        """Add a text; in both languages where they differ."""
        x, y = place
        at = f'x="{_n(x)}" y="{_n(y)}"'
        self.parts += [
            f'<text {at} class="{style}{name}">{escape(printable(words))}</text>'
            for name, words in _languages(text)
        ]

    def markup(self) -> Markup:
        """The whole picture."""
        size = f'viewBox="0 0 {_n(self.width)} {_n(self.height)}"'
        head = f'<svg role="img" aria-labelledby="{self.named_by}" {size}>'
        return Markup(f"{head}{''.join(self.parts)}</svg>")  # noqa: S704 - every text is escaped


def _languages(text: Text | str) -> Iterable[tuple[str, str]]:
    if isinstance(text, str):
        return [("", text)]
    return [("", text.en)] if text.en == text.no else [(" en", text.en), (" nb", text.no)]


def steps(places: Sequence[Point], depth: float) -> Iterator[Point]:
    """The outline of bars: each place (length, top) held over the depth of a bar."""
    for length, top in places:
        yield length, top
        yield length, top + depth


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
