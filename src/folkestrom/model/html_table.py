"""Tables as HTML: what a notebook shows of a result, and what stands on a page beside a picture.

Nothing in a text is interpreted: every one is escaped. Colours are the page's own, so that a table
is read on light and on dark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import islice
from typing import Any, Final

import pyarrow as pa

from folkestrom.model.text import printable

#: Rows that a notebook shows.
MOST_SHOWN: Final = 60
#: Digits of figures that nothing is known of.
_DIGITS: Final = 5
_NO_FIGURE, _HIDDEN = "..", ":"
_KNOWN: Final = {"en": "As known on {day}", "no": "Slik det var kjent {day}"}
_MORE: Final = {"en": "… {n} more rows", "no": "… {n} rader til"}
_NUMBER: Final = ' style="text-align:right;font-variant-numeric:tabular-nums"'
_TEXT: Final = ' style="text-align:left;font-weight:normal"'


@dataclass(frozen=True, slots=True)
class HtmlTable:
    """What stands in a table of HTML, as texts.

    Parameters
    ----------
    title, lead
        Above it: its title, and what was known or counted.
    stubs, columns
        Headings of labels and of figures.
    rows
        Labels and figures, in as many texts.
    notes
        Below it, each with its number.
    left_out
        Rows that are not shown.
    language
        en or no.
    """

    title: str
    lead: str
    stubs: Sequence[str]
    columns: Sequence[str]
    rows: Iterable[tuple[Sequence[str], Sequence[str]]]
    notes: Sequence[str] = ()
    left_out: int = 0
    language: str = "en"

    def markup(self) -> str:
        """The table as HTML.

        Examples
        --------
        >>> made = HtmlTable("By <sex>", "", ["Sex"], ["Persons"], [(["Males"], ["12"])]).markup()
        >>> "<strong>By &lt;sex&gt;</strong>" in made, '<th scope="row"' in made
        (True, True)
        """
        heads = [f'<th scope="col"{_TEXT}>{_shown(stub)}</th>' for stub in self.stubs]
        heads += [f'<th scope="col"{_NUMBER}>{_shown(column)}</th>' for column in self.columns]
        body = [_row(labels, figures) for labels, figures in self.rows]
        if self.left_out:
            more = _MORE[self.language].format(n=number_text(self.left_out, 0, self.language))
            body.append(f'<tr><td colspan="{len(heads)}"{_TEXT}>{more}</td></tr>')
        title = f"<strong>{_shown(self.title)}</strong>" if self.title else ""
        above = "<br>".join(text for text in (title, _shown(self.lead)) if text)
        caption = f'<caption style="text-align:left">{above}</caption>' if above else ""
        return (
            f'<table lang="{"nb" if self.language == "no" else "en"}">{caption}'
            f"<thead><tr>{''.join(heads)}</tr></thead><tbody>{''.join(body)}</tbody></table>"
            + notes_html(self.notes)
        )


def notes_html(notes: Sequence[str]) -> str:
    """Notes as a list with their numbers."""
    if not notes:
        return ""
    lines = "".join(f"<li>{_shown(note)}</li>" for note in notes)
    return f'<ol style="font-size:85%">{lines}</ol>'


def table_html(
    data: pa.Table, description: Mapping[str, Any], suppressed: Sequence[bool] = ()
) -> str:
    """A table and what it says of itself, as HTML: its first rows.

    Parameters
    ----------
    data
        The table.
    description
        As of `TableSpecification.described`, or parts of that, or nothing.
    suppressed
        Of each row, whether what is null in it is so for confidentiality.

    Examples
    --------
    >>> told = {"measures": [{"id": "n", "label": "Persons", "unit": "persons", "decimals": 0}]}
    >>> print(table_html(pa.table({"sex": ["F"], "n": [1234]}), told).split("<tbody>")[1][:88])
    <tr><th scope="row" style="text-align:left;font-weight:normal">F</th><td style="text-ali
    """
    language = description.get("language", "en")
    dimensions = {d["id"]: d for d in description.get("dimensions", ())}
    measures = {m["id"]: m for m in description.get("measures", ())}
    stubs = [n for n in data.column_names if n in dimensions or not _counts(data, n)]
    figures = [n for n in data.column_names if n not in stubs]
    shown = data.slice(0, MOST_SHOWN).to_pylist()
    hidden = [*suppressed[: len(shown)], *[False] * len(shown)]
    names = {n: _names(dimensions.get(n, {})) for n in stubs}
    rows = (
        (
            [names[n].get(str(row[n]), _text(row[n])) for n in stubs],
            [_figure(row[n], measures.get(n), language, hide) for n in figures],
        )
        for row, hide in zip(islice(shown, MOST_SHOWN), hidden, strict=False)
    )
    return HtmlTable(
        title=description.get("title", ""),
        lead=lead(description),
        stubs=[dimensions.get(n, {}).get("label") or n for n in stubs],
        columns=[_heading(n, measures.get(n)) for n in figures],
        rows=rows,
        notes=description.get("footnotes", ()),
        left_out=max(data.num_rows - MOST_SHOWN, 0),
        language=language,
    ).markup()


def lead(description: Mapping[str, Any]) -> str:
    """What a description says of the day on which that was known."""
    day, vintage = (description.get(name, "") for name in ("knowledge_time", "vintage"))
    known = _KNOWN[description.get("language", "en")].format(day=day) if day else ""
    return f"{known} ({vintage})" if known and vintage else known or vintage


def number_text(value: Any, decimals: int, language: str) -> str:
    r"""A figure in groups of three that no line breaks apart, with the language's decimal mark.

    Examples
    --------
    >>> number_text(-12345.25, 1, "no"), number_text(None, 0, "en")
    ('-12\xa0345,2', '..')
    """
    if value is None:
        return _NO_FIGURE
    text = f"{value:z,.{decimals}f}".replace(",", "\xa0")
    return text.replace(".", ",") if language == "no" else text


def _row(labels: Sequence[str], figures: Sequence[str]) -> str:
    cells = [f'<th scope="row"{_TEXT}>{_shown(label)}</th>' for label in labels]
    cells += [f"<td{_NUMBER}>{_shown(figure)}</td>" for figure in figures]
    return f"<tr>{''.join(cells)}</tr>"


def _shown(text: str) -> str:
    return escape(printable(text))


def _counts(data: pa.Table, name: str) -> bool:
    kind = data.schema.field(name).type
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _names(told: Mapping[str, Any]) -> Mapping[str, str]:
    return told.get("categories") or told.get("labels") or {}


def _heading(name: str, told: Mapping[str, Any] | None) -> str:
    if told is None:
        return name
    label, unit = told["label"], told["unit"]
    return label if not unit or unit.lower() == label.lower() else f"{label}, {unit}"


def _figure(value: Any, told: Mapping[str, Any] | None, language: str, hide: bool) -> str:
    if value is None and hide:
        return _HIDDEN
    if told is not None or value is None or isinstance(value, int):
        return number_text(value, 0 if told is None else told["decimals"], language)
    text = f"{value:.{_DIGITS}g}"
    return text.replace(".", ",") if language == "no" else text


def _text(value: object) -> str:
    return "" if value is None else str(value)
