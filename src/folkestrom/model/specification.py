"""What a table is, apart from its figures: titles, dimensions, contents, footnotes, method.

A specification is written once, in English and Norwegian, and travels with the cells to the last
renderer. Nothing here computes or renders.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class Language(StrEnum):
    """Languages that every text of a table exists in."""

    EN = "en"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Text:
    """One text in both languages; `{name}` marks what a year or a date fills in.

    Examples
    --------
    >>> Text("Population. 1 January {year}", "Folkemengde. 1. januar {year}").fill(year=2021).no
    'Folkemengde. 1. januar 2021'
    """

    en: str
    no: str

    def of(self, language: Language | str) -> str:
        """The text in one language."""
        if language is Language.EN:
            return self.en
        return self.no if language is Language.NO else self.of(Language(language))

    def fill(self, **values: object) -> Text:
        """The text with its marks filled in."""
        return Text(self.en.format(**values), self.no.format(**values))


def same(text: str) -> Text:
    """A text that reads the same in both languages: a code, a name."""
    return Text(text, text)


@dataclass(frozen=True, slots=True)
class Category:
    """One value of a dimension.

    Parameters
    ----------
    code
        As it stands in long formats.
    label
        What readers see.
    """

    code: str
    label: Text


@dataclass(frozen=True, slots=True)
class Dimension:
    """What cells are told apart by.

    Parameters
    ----------
    id
        Name of the column in long formats.
    label
        Heading.
    categories
        Values in their order. Empty: those that the cells have, in the order of their codes.
    classification
        The code list and its version.
    labels
        What a code is called, where `categories` is empty.
    total
        Code of the category that sums the others, if there is one.
    """

    id: str
    label: Text
    categories: tuple[Category, ...] = ()
    classification: str = ""
    labels: Callable[[str], Text] = same
    total: str | None = None

    def printed(self, category: Category) -> Text:
        """What a category is called in a table that shows no column of codes.

        Names of places are not unique, so that they stand after the code; so does what else has
        numbers for codes, and names that the table does not list.
        """
        code, label = category.code, category.label
        if not code[:1].isdigit() or label.en[:1].isdigit() or label != self.labels(code):
            return label
        return Text(f"{code} {label.en}", f"{code} {label.no}")


@dataclass(frozen=True, slots=True)
class Measure:
    """One content: what the figures count.

    Parameters
    ----------
    id
        Name of the column in long formats.
    label
        Heading.
    unit
        Unit of the figures.
    decimals
        Decimals that are shown; the figures are rounded to them already.
    empty
        What it is of a combination that does not occur: 0 of counts; None of rates, shares and
        means, which are undefined there.
    """

    id: str
    label: Text
    unit: Text
    decimals: int = 0
    empty: int | None = 0


@dataclass(frozen=True, slots=True)
class Wide:
    """Categories that went across, each with a measure of its own for each of `measures`.

    Parameters
    ----------
    categories
        What the categories are called.
    measures
        The measures that there are of each.
    """

    categories: tuple[Text, ...]
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class TableSpecification:
    """Everything about a table but its figures.

    Parameters
    ----------
    id
        Stable name.
    title
        Title, with its reference time.
    dimensions, measures
        What tells cells apart, and what they count.
    columns
        Dimensions that go across in a printed table; the others go down. The measures go across
        when there are several.
    footnotes
        Notes under the table, in order.
    contents
        What is counted, in a sentence or two.
    reference_time
        The day or the period of the figures.
    time
        Its code, where it is one day or period and no dimension has it: "2021-01-01", "2020".
    method
        How they come about, and what was known.
    knowledge_time
        The day on which that was known; of several, the first and the last.
    vintage
        What knowledge that is: "as published", "all that is known"; empty for a day of choice.
    listing
        The rows are a list of single things, not the cells of a cube.
    wide
        What was asked to go across: of the measures, the first of it has the first ones.
    """

    id: str
    title: Text
    dimensions: tuple[Dimension, ...]
    measures: tuple[Measure, ...]
    columns: tuple[str, ...] = ()
    footnotes: tuple[Text, ...] = ()
    contents: Text = Text("", "")
    reference_time: Text = Text("", "")
    time: str = ""
    method: Text = Text("", "")
    knowledge_time: Text = Text("", "")
    vintage: Text = Text("", "")
    listing: bool = False
    wide: Wide | None = None

    def dimension(self, id: str) -> Dimension:
        """The dimension of that name."""
        return next(dimension for dimension in self.dimensions if dimension.id == id)

    def fill(self, **values: object) -> TableSpecification:
        """The specification with the marks in its texts filled in.

        Labels of measures are filled in too, since they may name years.
        """
        measures = tuple(replace(m, label=m.label.fill(**values)) for m in self.measures)
        return replace(
            self,
            title=self.title.fill(**values),
            measures=measures,
            footnotes=tuple(note.fill(**values) for note in self.footnotes),
            contents=self.contents.fill(**values),
            reference_time=self.reference_time.fill(**values),
            time=self.time.format(**values),
            method=self.method.fill(**values),
            knowledge_time=self.knowledge_time.fill(**values),
        )

    def described(self, language: Language = Language.EN) -> dict[str, Any]:
        """All that it says, in one language, as plain data that figures carry along."""
        return {
            "id": self.id,
            "title": self.title.of(language),
            "language": language.value,
            "reference_time": self.reference_time.of(language),
            "knowledge_time": self.knowledge_time.of(language),
            "vintage": self.vintage.of(language),
            "contents": self.contents.of(language),
            "method": self.method.of(language),
            "dimensions": [
                {"id": d.id, "label": d.label.of(language), "classification": d.classification}
                | ({"total": d.total} if d.total else {})
                for d in self.dimensions
            ],
            "measures": [
                {
                    "id": m.id,
                    "label": m.label.of(language),
                    "unit": m.unit.of(language),
                    "decimals": m.decimals,
                    "empty": m.empty,
                }
                for m in self.measures
            ],
            "footnotes": [note.of(language) for note in self.footnotes],
            **({"listing": True} if self.listing else {}),
        }
