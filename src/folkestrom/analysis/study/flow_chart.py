"""The flow chart of a study: how many began, how many were left out at each step, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

import pyarrow as pa

#: What a step's rows are called, one and many.
EPISODES: Final = "episodes"
PERSON_YEARS: Final = "person-years"


@dataclass(frozen=True, slots=True)
class FlowStep:
    """One box of the chart.

    Parameters
    ----------
    text
        What the box says.
    rows
        Episodes or person-years that are left after it.
    persons
        Persons they are of.
    dropped
        Rows that were left out at this step.
    """

    text: str
    rows: int
    persons: int
    dropped: int


@dataclass(frozen=True, slots=True)
class FlowChart:
    """How the rows of a study came about.

    Parameters
    ----------
    title
        What the study is about.
    unit
        "episodes" or "person-years".
    steps
        The boxes in order: the first is where it begins.
    outcomes
        Rows that are left, by what came of them.
    """

    title: str
    unit: str
    steps: tuple[FlowStep, ...]
    outcomes: tuple[tuple[str, int], ...]

    @property
    def rows(self) -> int:
        """Rows that are left."""
        return self.steps[-1].rows

    @property
    def persons(self) -> int:
        """Persons that are left."""
        return self.steps[-1].persons

    @property
    def table(self) -> pa.Table:
        """The chart as a table: `step`, `rows`, `persons`, `dropped`; outcomes below."""
        lines = [*self.steps, *(FlowStep(name, many, 0, 0) for name, many in self.outcomes)]
        many = len(self.outcomes)
        persons = [s.persons for s in self.steps] + [None] * many
        dropped = [s.dropped for s in self.steps] + [None] * many
        return pa.table(
            {
                "unit": pa.array([self.unit] * len(lines), pa.string()),
                "step": pa.array([line.text for line in lines], pa.string()),
                "rows": pa.array([line.rows for line in lines], pa.int64()),
                "persons": pa.array(persons, pa.int64()),
                "dropped": pa.array(dropped, pa.int64()),
            }
        )

    def as_dict(self) -> dict[str, object]:
        """The same for machines."""
        return {
            "unit": self.unit,
            "steps": [
                {"step": s.text, "rows": s.rows, "persons": s.persons, "dropped": s.dropped}
                for s in self.steps
            ],
            "outcomes": dict(self.outcomes),
        }

    def __str__(self) -> str:
        lines = [self.title]
        first, *rest = self.steps
        lines.append(f"{first.rows:,} {self.unit} of {first.persons:,} persons: {first.text}")
        for one in rest:
            lines.append(f"│   └─ {one.dropped:,} left out: {one.text}")
            lines.append(f"├─ {one.rows:,} {self.unit} of {one.persons:,} persons")
        for number, (name, many) in enumerate(self.outcomes, start=1):
            turn = "└" if number == len(self.outcomes) else "├"
            lines.append(f"    {turn}─ {name}: {many:,}")
        return "\n".join(lines)

    def to_svg(self) -> str:
        """The chart as a picture that any browser shows."""
        boxes: list[str] = []
        height = 0
        for number, one in enumerate(self.steps):
            if number:
                boxes += _arrow(height - _GAP, height)
                text = (f"{one.dropped:,} left out", one.text)
                boxes += _box(_RIGHT, height - _GAP // 2 - _BOX // 2, text, dashed=True)
            text = (f"{one.rows:,} {self.unit}", f"{one.persons:,} persons")
            if not number:
                text = (one.text, f"{one.rows:,} {self.unit} of {one.persons:,} persons")
            boxes += _box(_LEFT, height, text)
            height += _BOX + _GAP
        ends = [f"{name}: {many:,}" for name, many in self.outcomes]
        boxes += _box(_LEFT, height, ends, tall=_LINE * len(ends) + 16)
        boxes += _arrow(height - _GAP, height)[:1]  # nobody is left out any more
        height += _LINE * len(ends) + 20
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
            f'font-family="sans-serif" font-size="13" role="img">'
            f"<title>{escape(self.title)}</title>{''.join(boxes)}</svg>"
        )


_WIDTH: Final = 860
_LEFT: Final = 4
_RIGHT: Final = 470
_BOX_WIDTH: Final = 380
_BOX: Final = 48
_GAP: Final = 64
_LINE: Final = 18


def _box(
    x: int, y: int, lines: Sequence[str], *, dashed: bool = False, tall: int = _BOX
) -> list[str]:
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    frame = f'<rect x="{x}" y="{y + 2}" width="{_BOX_WIDTH}" height="{tall}" rx="4"'
    made = [f'{frame} fill="white" stroke="#456"{dash}/>']
    made += [
        f'<text x="{x + 12}" y="{y + 20 + number * _LINE}">{escape(line)}</text>'
        for number, line in enumerate(lines)
    ]
    return made


def _arrow(start: int, end: int) -> list[str]:
    x = _LEFT + _BOX_WIDTH // 2
    middle = (start + end) // 2 + 2
    return [
        f'<path d="M{x} {start + 2}V{end}" stroke="#456" fill="none"/>',
        f'<path d="M{x} {middle}H{_RIGHT}" stroke="#456" stroke-dasharray="4 3"/>',
    ]


class Tally:
    """Rows, persons and outcomes, added up part by part."""

    def __init__(self, texts: Sequence[str], outcomes: Sequence[str]) -> None:
        self._texts = tuple(texts)
        self._outcomes = tuple(outcomes)
        self._dropped = [0] * len(texts)
        self._persons = [0] * len(texts)
        self._ended = [0] * len(outcomes)

    def add(self, counts: Sequence[tuple[int, int]], ended: dict[int, int]) -> None:
        """Add a part: rows dropped at and persons left after each step, and rows by outcome."""
        for number, (dropped, persons) in enumerate(counts):
            self._dropped[number] += dropped
            self._persons[number] += persons
        for number, many in ended.items():
            self._ended[number] += many

    def chart(self, title: str, unit: str) -> FlowChart:
        """The chart of all parts."""
        left = sum(self._ended) + sum(self._dropped)
        steps = []
        for text, dropped, persons in zip(self._texts, self._dropped, self._persons, strict=True):
            left -= dropped
            steps.append(FlowStep(text, left, persons, dropped))
        ended = tuple(zip(self._outcomes, self._ended, strict=True))
        return FlowChart(title, unit, tuple(steps), ended)
