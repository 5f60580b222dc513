"""One table in Markdown, HTML and LaTeX."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from folkestrom.model.text import printable


@dataclass(frozen=True)
class Line:
    """A line: its label, and for each column what stands there and below it."""

    label: str
    cells: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class TextTable:
    """A table before it has a format.

    Attributes
    ----------
    caption
        Above the table.
    groups
        Names of models, each with the number of its columns.
    columns
        Names of columns.
    body
        Lines of estimates.
    foot
        Labels, with a text for each model.
    notes
        Below the table.
    """

    caption: str
    groups: Sequence[tuple[str, int]]
    columns: Sequence[str]
    body: Sequence[Line]
    foot: Sequence[tuple[str, Sequence[str]]]
    notes: Sequence[str]


def to_markdown(table: TextTable) -> str:
    """The table in Markdown; a model's name stands with each of its columns.

    Parameters
    ----------
    table
        The table.
    """
    names = [name for name, width in table.groups for _ in range(width)]
    several = len(table.groups) > 1
    heads = [
        f"{name} {column}" if several else column
        for name, column in zip(names, table.columns, strict=True)
    ]
    rows = [["", *heads], ["---", *["---:"] * len(heads)]]
    rows += [
        [line.label, *[" ".join(filter(None, cell)) for cell in line.cells]] for line in table.body
    ]
    for label, texts in table.foot:
        spread = [
            text if k == 0 else ""
            for text, (_, width) in zip(texts, table.groups, strict=True)
            for k in range(width)
        ]
        rows.append([label, *spread])
    lines = ["| " + " | ".join(_markdown(cell) for cell in row) + " |" for row in rows]
    notes = [_markdown(note) for note in table.notes]
    return "\n".join([f"**{_markdown(table.caption)}**", "", *lines, "", *notes]) + "\n"


def to_html(table: TextTable) -> str:
    """The table in HTML: one element, without styles of its own.

    Parameters
    ----------
    table
        The table.
    """
    width = len(table.columns)
    out = [f"<table>\n<caption>{_html(table.caption)}</caption>\n<thead>"]
    if len(table.groups) > 1:
        cells = "".join(
            f'<th scope="colgroup" colspan="{n}">{_html(name)}</th>' for name, n in table.groups
        )
        out.append(f"<tr><td></td>{cells}</tr>")
    heads = "".join(f'<th scope="col">{_html(name)}</th>' for name in table.columns)
    out.append(f"<tr><td></td>{heads}</tr>\n</thead>\n<tbody>")
    for line in table.body:
        cells = "".join(
            f"<td>{'<br/>'.join(_html(part) for part in cell if part)}</td>" for cell in line.cells
        )
        out.append(f'<tr><th scope="row">{_html(line.label)}</th>{cells}</tr>')
    out.append("</tbody>\n<tfoot>")
    for label, texts in table.foot:
        cells = "".join(
            f'<td colspan="{n}">{_html(text)}</td>'
            for text, (_, n) in zip(texts, table.groups, strict=True)
        )
        out.append(f'<tr><th scope="row">{_html(label)}</th>{cells}</tr>')
    notes = "<br/>".join(_html(note) for note in table.notes)
    out.append(f'<tr><td colspan="{width + 1}">{notes}</td></tr>\n</tfoot>\n</table>')
    return "\n".join(out) + "\n"


def to_latex(table: TextTable) -> str:
    """The table in LaTeX, with rules of booktabs.

    Parameters
    ----------
    table
        The table.
    """
    width = len(table.columns)
    out = [
        r"\begin{table}", r"\centering", rf"\caption{{{_latex(table.caption)}}}",
        rf"\begin{{tabular}}{{l{'r' * width}}}", r"\toprule",
    ]  # fmt: skip
    if len(table.groups) > 1:
        out.append(_row("", [_wide(name, n, "c") for name, n in table.groups]))
    out += [_row("", [_latex(name) for name in table.columns]), r"\midrule"]
    for line in table.body:
        out.append(_row(_latex(line.label), [_latex(cell[0]) for cell in line.cells]))
        out.append(_row("", [_latex(cell[1]) for cell in line.cells]))
    out.append(r"\midrule")
    for label, texts in table.foot:
        spread = [_wide(text, n, "r") for text, (_, n) in zip(texts, table.groups, strict=True)]
        out.append(_row(_latex(label), spread))
    out.append(r"\bottomrule")
    for note in table.notes:
        out.append(rf"\multicolumn{{{width + 1}}}{{l}}{{\footnotesize {_latex(note)}}} \\")
    return "\n".join([*out, r"\end{tabular}", r"\end{table}"]) + "\n"


def _row(label: str, cells: Sequence[str]) -> str:
    return " & ".join([label, *cells]) + r" \\"


def _wide(text: str, width: int, side: str) -> str:
    return rf"\multicolumn{{{width}}}{{{side}}}{{{_latex(text)}}}"


def _html(text: str) -> str:
    return html.escape(printable(text))


def _markdown(text: str) -> str:
    return re.sub(r"([|\\*_`<\[\]&~$])", r"\\\1", _line(text))


def _line(text: str) -> str:
    """A text in one line, since the end of a line ends a row of a table."""
    return printable(text).replace("\n", " ")


_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"$<$", ">": r"$>$", "−": r"$-$", "×": r"$\times$", "–": "--", "\u00a0": "~",
}  # fmt: skip


def _latex(text: str) -> str:
    line = _line(text)
    # After the end of a row LaTeX takes a bracket or a star for an argument.
    guard = "{}" if line.lstrip().startswith(("[", "*")) else ""
    return guard + "".join(_LATEX.get(letter, letter) for letter in line)


#: Writers by name of the format.
FORMATS: dict[str, Callable[[TextTable], str]] = {
    "markdown": to_markdown,
    "html": to_html,
    "latex": to_latex,
}
