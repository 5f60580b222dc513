"""Cells as pictures: the chart that their dimensions call for, and a page with chart and table."""

from __future__ import annotations

from typing import Final

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.html_table import HtmlTable
from folkestrom.model.specification import Language
from folkestrom.model.text import printable
from folkestrom.pictures.charts import Chart, chart
from folkestrom.publish.formats.layout import Layout, lay_out, number_text
from folkestrom.publish.formats.output_format import OutputFormat

#: Rows of the table of a page; the formats for programs have all.
MOST_ROWS: Final = 5000
_WORDS: Final = {
    "en": {"table": "The figures", "made": "Computed by folkestrom", "code": "en"},
    "no": {"table": "Tallene", "made": "Beregnet med folkestrom", "code": "nb"},
}


def written(cells: Cells, language: Language, form: OutputFormat) -> bytes:
    """Cells as the picture that their dimensions call for.

    Parameters
    ----------
    cells, language
        The figures, and the language of all texts.
    form
        One of `PICTURES`. A page has the table alone, where no chart is to be had.
    """
    try:
        drawn = chart(cells, language)
    except UsageError:
        if form is not OutputFormat.HTML:
            raise
        return page(cells, None, language)
    return drawn_as(drawn, cells, form)


def page(cells: Cells, drawn: Chart | None, language: Language) -> bytes:
    """A page with a picture of cells and their table.

    Parameters
    ----------
    cells
        The figures.
    drawn
        Their picture; None: there is none.
    language
        Of all texts.
    """
    environment = Environment(
        loader=PackageLoader("folkestrom.publish.formats", "templates"),
        autoescape=True, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    layout = lay_out(cells, language, MOST_ROWS)
    drawing = "" if drawn is None else drawn.file("svg").decode()
    made = environment.get_template("page.html.jinja").render(
        words=_WORDS[language.value],
        title=printable(layout.title),
        known=printable(layout.known),
        description="" if drawn is None else printable(drawn.description),
        contents=printable(cells.specification.contents.of(language)),
        # What draws escapes every text, and so does what writes tables.
        drawing=Markup(drawing[drawing.find("<svg ") :]),  # noqa: S704
        table=Markup(_table(layout, language)),  # noqa: S704
    )
    return made.encode()


def drawn_as(drawn: Chart, cells: Cells, form: OutputFormat) -> bytes:
    """The file of a picture that was drawn.

    Parameters
    ----------
    drawn, cells
        The picture, and the figures in it.
    form
        One of `PICTURES`.
    """
    if form is OutputFormat.HTML:
        return page(cells, drawn, Language(drawn.lang))
    return drawn.file(form.value)


def _table(layout: Layout, language: Language) -> str:
    rows = (
        (
            row.labels,
            [
                number_text(value, row.decimals(column), language)
                for value, column in zip(row.values, layout.columns, strict=True)
            ],
        )
        for row in layout.rows
    )
    return HtmlTable(
        title="",
        lead="",
        stubs=layout.stubs,
        columns=[column.heading for column in layout.columns],
        rows=rows,
        notes=layout.notes,
        left_out=layout.left_out,
        language=language.value,
    ).markup()
