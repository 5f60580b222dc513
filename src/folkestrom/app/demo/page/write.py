"""Writes the page: one file, nothing to load, nobody to be found in it."""

from __future__ import annotations

import re
from importlib import resources
from typing import Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from folkestrom.app.demo import numbers
from folkestrom.app.demo.comparison import NUMBERED
from folkestrom.app.demo.outcome import Outcome
from folkestrom.app.demo.page import charts, view
from folkestrom.app.office.quality.delays import CLASS_LABELS
from folkestrom.model.specification import Text

_FOLDER: Final = resources.files("folkestrom.app.demo.page")
#: Notes about targets that fit on a page; there may be one for every municipality.
_NOTES: Final = 12

#: What the tables are called in headings.
_SUBJECTS: Final = {
    "key-figures": Text("Key figures", "Nøkkeltall"),
    "age-groups": Text("population by age", "folkemengde etter alder"),
    "marital-status": Text("sex, age and marital status", "kjønn, alder og sivilstand"),
    "citizenship": Text("foreign citizens", "utenlandske statsborgere"),
}

#: Sections after the tables.
_SECTIONS: Final = (
    ("pyramid", Text("Pyramid", "Pyramide")),
    ("account", Text("Account and adjustment", "Regnskap og korreksjon")),
    ("delays", Text("Delays", "Forsinkelser")),
    ("time", Text("Over time", "Over tid")),
    ("countries", Text("In and out", "Inn og ut")),
    ("cost", Text("Cost", "Kostnad")),
    ("about", Text("About", "Om siden")),
)

#: Columns of the accounts' table.
_TERMS: Final = (
    Text("Population 1 January", "Folkemengde 1. januar"),
    Text("Births", "Fødte"),
    Text("Deaths", "Døde"),
    Text("Immigration", "Innvandring"),
    Text("Emigration", "Utvandring"),
    Text("Moved in", "Innflyttet"),
    Text("Moved out", "Utflyttet"),
    Text("Adjustment", "Korreksjon"),
    Text("Population 31 December", "Folkemengde 31. desember"),
)

_SOURCES: Final = {
    "embedded": Text("the published page's own tables", "den publiserte sidens egne tabeller"),
    "reference": Text("published series", "publiserte serier"),
}


def html(outcome: Outcome) -> str:
    """The page of a run.

    Parameters
    ----------
    outcome
        What the demonstration found.
    """
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(
        n=numbers.grouped,
        signed=numbers.signed,
        mb=numbers.megabytes,
        t=bilingual,
        breakable=breakable,
    )
    names = {name: _name(name) for name in _SUBJECTS}
    template = environment.from_string(_read("template.html.jinja"))
    return template.render(
        outcome=outcome,
        run=outcome.run,
        figures=outcome.figures,
        factor=_decimal(f"{outcome.run.scale:g}"),
        source=_SOURCES[outcome.run.source],
        names=names,
        sections=[*_links(), *_SECTIONS],
        terms=_TERMS,
        notes_of_targets=outcome.run.notes[:_NOTES],
        class_labels=CLASS_LABELS,
        pictures={**view.pictures(outcome.figures), "cost": charts.costs(outcome.costs)},
        view=view,
        numbers=numbers,
        text=Text,
        tt=lambda en, nb: bilingual(Text(en, nb)),
        # The project's own files, written into the page as they are.
        style=Markup(_read("style.css")),  # noqa: S704
        script=Markup(_read("script.js")),  # noqa: S704
    )


def bilingual(text: Text | str) -> Markup:
    """A text in both languages, of which the page shows one.

    Examples
    --------
    >>> print(bilingual(Text("Age < 5", "Alder")))
    <span class="en" lang="en">Age &lt; 5</span><span class="nb" lang="nb">Alder</span>
    """
    if isinstance(text, str):
        return escape(text)
    if text.en == text.no:
        return escape(text.en)
    pattern = Markup('<span class="en" lang="en">{}</span><span class="nb" lang="nb">{}</span>')
    return pattern.format(text.en, text.no)


def breakable(text: Markup) -> Markup:
    """A heading that may break after a stroke, and not inside a span of years.

    Examples
    --------
    >>> print(breakable(Markup("Widows/widowers")))
    Widows/<wbr>widowers
    """
    whole = text.replace(" - ", "\u00a0-\u00a0")
    return Markup(re.sub(r"(?<=\w)/(?=\w)", "/<wbr>", whole))  # noqa: S704 - it is safe already


def _decimal(number: str) -> Text:
    return Text(number, number.replace(".", ","))


def _name(table: str) -> Text:
    subject = _SUBJECTS[table]
    if table not in NUMBERED:
        return subject
    number = NUMBERED[table]
    return Text(f"Table {number}: {subject.en}", f"Tabell {number}: {subject.no}")


def _links() -> list[tuple[str, Text]]:
    return [
        (name, Text(f"Table {NUMBERED[name]}", f"Tabell {NUMBERED[name]}"))
        if name in NUMBERED
        else (name, subject)
        for name, subject in _SUBJECTS.items()
    ]


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
