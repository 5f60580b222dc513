"""Lines and pyramids of a page, as shapes in a drawing of 360 by 260; a template has the rest."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from folkestrom.projection.assumptions import Floats

#: The drawing, and what is around the shapes.
WIDTH, HEIGHT = 360, 260
LEFT, RIGHT, TOP, BOTTOM = 60, 18, 10, 24
Printed = Callable[[float], str]
#: Half of the room between the sides of a pyramid.
_MIDDLE: Final = 20
#: Room at the sides of a pyramid, for half of a number.
_SIDE: Final = 28


@dataclass(frozen=True, slots=True)
class Tick:
    """A value on an axis, as it is printed, and where it is."""

    said: str
    at: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing.

    Parameters
    ----------
    before, after
        Paths of the baseline and of what is changed.
    across, up
        The axes.
    mark
        Where the year is that is looked at.
    bands
        Of what may come: of which of the two, which interval, and its path; the widest first.
    """

    before: str
    after: str
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    mark: float = 0.0
    bands: tuple[tuple[str, int, str], ...] = ()


def ticks(most: float, wanted: int = 4) -> list[float]:
    """Round values from 0 to the first that is not below the largest.

    Examples
    --------
    >>> ticks(0.437), ticks(5_900_000)
    ([0.0, 0.2, 0.4, 0.6], [0.0, 2000000.0, 4000000.0, 6000000.0])
    """
    step = 10.0 ** math.floor(math.log10(most / wanted)) if most > 0 else 1.0
    step *= next((n for n in (1, 2, 5) if n * step * wanted >= most), 10)
    return [round(n * step, 10) for n in range(math.ceil(round(most / step, 9)) + 1)]


def lines(
    years: Sequence[int], before: Floats, after: Floats, year: int, printed: Printed,
    bands: Mapping[str, Sequence[tuple[Floats, Floats]]] | None = None,
) -> Drawing:  # fmt: skip
    """Two series over time, from 0.

    Parameters
    ----------
    years, before, after
        The years, and the two series.
    year
        The year that is looked at.
    printed
        Prints a value.
    bands
        Lower and upper ends of intervals, the widest first, of "before" and "after".
    """
    bands = bands or {}
    ends = [upper for several in bands.values() for _, upper in several]
    values = ticks(max(one.max() for one in (before, after, *ends)))
    x = [LEFT + (WIDTH - LEFT - RIGHT) * n / (len(years) - 1) for n in range(len(years))]

    def up(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / values[-1]

    def path(series: Floats) -> str:
        return "M" + "L".join(f"{a:.1f} {up(b):.1f}" for a, b in zip(x, series, strict=True))

    def area(lower: Floats, upper: Floats) -> str:
        back = "L".join(f"{a:.1f} {up(b):.1f}" for a, b in zip(x[::-1], lower[::-1], strict=True))
        return f"{path(upper)}L{back}Z"

    areas = tuple((name, n, area(*one)) for name, of in bands.items() for n, one in enumerate(of))
    across = tuple(Tick(f"{y}", a) for y, a in zip(years, x, strict=True) if y % 20 == 0)
    return Drawing(
        path(before), path(after), across, tuple(Tick(printed(v), up(v)) for v in values),
        x[years.index(year)], areas,
    )  # fmt: skip


def pyramid(before: Floats, after: Floats, ages: Sequence[int], printed: Printed) -> Drawing:
    """Two populations by sex and age groups: males to the left, the oldest on top.

    Parameters
    ----------
    before, after
        Persons: (2, ages).
    ages
        First ages of the groups.
    printed
        Prints a value.
    """
    values = ticks(max(before.max(), after.max()), 2)
    half = WIDTH / 2 - _MIDDLE - _SIDE
    height = (HEIGHT - TOP - BOTTOM) / len(ages)

    def x(side: int, value: float) -> float:
        return WIDTH / 2 + (-1, 1)[side] * (_MIDDLE + half * value / values[-1])

    def path(persons: Floats) -> str:
        shapes = []
        for side, of in enumerate(persons):
            shape = f"M{x(side, 0):.1f} {HEIGHT - BOTTOM}"
            for n, value in enumerate(of, start=1):
                shape += f"H{x(side, value):.1f}V{HEIGHT - BOTTOM - n * height:.1f}"
            shapes.append(f"{shape}H{x(side, 0):.1f}Z")
        return "".join(shapes)

    across = tuple(Tick(printed(v), x(side, v)) for side in (0, 1) for v in (0, values[-1]))
    up = tuple(
        Tick(f"{age}", HEIGHT - BOTTOM - height * (n + 0.5))
        for n, age in enumerate(ages) if age % 20 == 0
    )  # fmt: skip
    return Drawing(path(before), path(after), across, up)
