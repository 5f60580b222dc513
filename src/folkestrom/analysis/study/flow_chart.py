"""The flow chart of a study: how many began, how many were left out at each step, and why."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

import pyarrow as pa

from folkestrom.model.cells import with_description
from folkestrom.model.text import printable

#: What stands for a number that is not shown.
HIDDEN: Final = ".."
#: What a step's rows are called, one and many.
EPISODES: Final = "episodes"
PERSON_YEARS: Final = "person-years"


@dataclass(frozen=True, slots=True)
class FlowStep:
    """One box of the chart; a number that is not shown is None.

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
    losing
        Persons that those were of, who may have others.
    """

    text: str
    rows: int | None
    persons: int | None
    dropped: int | None
    losing: int | None = None


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
    note
        What a reader should know of the numbers.
    ended
        Persons that the rows of each outcome are of; empty where that is not to be known.
    known
        What was known: "as known on …".
    """

    title: str
    unit: str
    steps: tuple[FlowStep, ...]
    outcomes: tuple[tuple[str, int | None], ...]
    note: str = ""
    ended: tuple[int, ...] = ()
    known: str = ""

    @property
    def rows(self) -> int | None:
        """Rows that are left."""
        return self.steps[-1].rows

    @property
    def persons(self) -> int | None:
        """Persons that are left."""
        return self.steps[-1].persons

    def showing(
        self,
        rows: Sequence[int | None],
        persons: Sequence[int | None],
        dropped: Sequence[int | None],
        outcomes: Sequence[int | None],
        note: str,
    ) -> FlowChart:
        """The chart with other numbers: those that may be shown.

        Parameters
        ----------
        rows, persons, dropped
            Numbers of each step; None: not shown.
        outcomes
            Rows by outcome.
        note
            Why they are others; it comes after the chart's own.
        """
        numbers = zip(self.steps, rows, persons, dropped, strict=True)
        steps = tuple(FlowStep(s.text, r, p, d) for s, r, p, d in numbers)
        named = zip(self.outcomes, outcomes, strict=True)
        ended = tuple((name, many) for (name, _), many in named)
        said = f"{self.note} {note}".strip()
        return FlowChart(self.title, self.unit, steps, ended, said, known=self.known)

    @property
    def table(self) -> pa.Table:
        """The chart as a table: `step`, `rows`, `persons`, `dropped`; outcomes below."""
        lines = [*self.steps, *(FlowStep(name, many, None, None) for name, many in self.outcomes)]
        many = len(self.outcomes)
        persons = [s.persons for s in self.steps] + [None] * many
        dropped = [s.dropped for s in self.steps] + [None] * many
        data = pa.table(
            {
                "unit": pa.array([self.unit] * len(lines), pa.string()),
                "step": pa.array([line.text for line in lines], pa.string()),
                "rows": pa.array([line.rows for line in lines], pa.int64()),
                "persons": pa.array(persons, pa.int64()),
                "dropped": pa.array(dropped, pa.int64()),
            }
        )
        return with_description(data, {"title": self.title, "footnotes": self._notes})

    def as_dict(self) -> dict[str, object]:
        """The same for machines."""
        return {
            "unit": self.unit,
            "steps": [
                {"step": s.text, "rows": s.rows, "persons": s.persons, "dropped": s.dropped}
                for s in self.steps
            ],
            "outcomes": dict(self.outcomes),
            **({"known": self.known} if self.known else {}),
            **({"note": self.note} if self.note else {}),
        }

    def __str__(self) -> str:
        lines = [self.title]
        first, *rest = self.steps
        lines.append(f"{self._box_text(first)}: {first.text}")
        for one in rest:
            lines.append(f"│   └─ {_text(one.dropped)} left out: {one.text}")
            lines.append(f"├─ {self._box_text(one)}")
        for number, (name, many) in enumerate(self.outcomes, start=1):
            turn = "└" if number == len(self.outcomes) else "├"
            lines.append(f"    {turn}─ {name}: {_text(many)}")
        return "\n".join([*lines, *self._notes])

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return self.to_svg()

    @property
    def _notes(self) -> list[str]:
        return [note for note in (self.known, self.note) if note]

    def _box_text(self, step: FlowStep) -> str:
        return f"{_text(step.rows)} {self.unit} of {_text(step.persons)} persons"

    def to_svg(self) -> str:
        """The chart as a picture that any browser shows."""
        boxes: list[str] = []
        height = 0
        for number, one in enumerate(self.steps):
            if number:
                boxes += _arrow(height - _GAP, height)
                text = (f"{_text(one.dropped)} left out", one.text)
                boxes += _box(_RIGHT, height - _GAP // 2 - _BOX // 2, text, dashed=True)
            text = (f"{_text(one.rows)} {self.unit}", f"{_text(one.persons)} persons")
            if not number:
                text = (one.text, self._box_text(one))
            boxes += _box(_LEFT, height, text)
            height += _BOX + _GAP
        ends = [f"{name}: {_text(many)}" for name, many in self.outcomes]
        boxes += _box(_LEFT, height, ends, tall=_LINE * len(ends) + 16)
        boxes += _arrow(height - _GAP, height)[:1]  # nobody is left out any more
        height += _LINE * len(ends) + 20
        notes = [line for one in self._notes for line in textwrap.wrap(one, _NOTE_WIDTH)]
        for line in notes:
            height += _LINE
            boxes.append(f'<text x="{_LEFT}" y="{height}" font-size="11">{escape(line)}</text>')
        height += _LINE if notes else 0
        return printable(
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
#: Letters of a note in a line.
_NOTE_WIDTH: Final = 130


def _text(number: int | None) -> str:
    return HIDDEN if number is None else f"{number:,}"


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


@dataclass(frozen=True, slots=True)
class RangeCounts:
    """Rows and persons of a part.

    Parameters
    ----------
    dropped, losing
        Rows left out at each step, and the persons that they are of.
    persons
        Persons left after each step.
    outcomes, ended
        Rows by number of the outcome, and the persons that they are of.
    """

    dropped: Mapping[int, int]
    losing: Mapping[int, int]
    persons: Sequence[int]
    outcomes: Mapping[int, int]
    ended: Mapping[int, int]


class FlowCounts:
    """Rows, persons and outcomes, added up part by part."""

    def __init__(self, texts: Sequence[str], outcomes: Sequence[str]) -> None:
        self._texts = tuple(texts)
        self._names = tuple(outcomes)
        self._dropped: Counter[int] = Counter()
        self._losing: Counter[int] = Counter()
        self._persons = [0] * len(texts)
        self._outcomes: Counter[int] = Counter()
        self._ended: Counter[int] = Counter()

    def add(self, part: RangeCounts) -> None:
        """Add a part; no person is in two of them."""
        self._dropped.update(part.dropped)
        self._losing.update(part.losing)
        self._persons = [a + b for a, b in zip(self._persons, part.persons, strict=True)]
        self._outcomes.update(part.outcomes)
        self._ended.update(part.ended)

    def chart(self, title: str, unit: str, note: str = "") -> FlowChart:
        """The chart of all parts."""
        left = sum(self._outcomes.values()) + sum(self._dropped.values())
        steps = []
        for number, (text, persons) in enumerate(zip(self._texts, self._persons, strict=True)):
            left -= self._dropped[number]
            dropped, losing = self._dropped[number], self._losing[number]
            steps.append(FlowStep(text, left, persons, dropped, losing))
        places = range(len(self._names))
        outcomes = tuple((name, self._outcomes[k]) for k, name in enumerate(self._names))
        ended = tuple(self._ended[k] for k in places)
        return FlowChart(title, unit, tuple(steps), outcomes, note, ended)
