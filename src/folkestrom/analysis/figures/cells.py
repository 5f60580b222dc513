"""Charts and maps of what a store answers, or of a file of it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from folkestrom.analysis.figure_style import Language, write_picture
from folkestrom.columns import check_arguments
from folkestrom.model.described import cells_of
from folkestrom.model.specification import Language as Texts
from folkestrom.pictures import charts, maps
from folkestrom.pictures.charts import Chart
from folkestrom.pictures.maps import Classes

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def chart(
    result: Any,
    file: Path | str | None = None,
    *,
    measures: str | Iterable[str] = (),
    compare: Any = None,
    lang: Language = "en",
) -> Figure:
    """A chart of a result: its dimensions say which kind it is.

    Sex by age is a pyramid; days, periods and single ages are lines; all else is bars, with
    intervals where there are some.

    Parameters
    ----------
    result
        What a store answered, as it came: an Arrow table, or a data frame of Polars or pandas.
    file
        Where to: a name that ends in .svg, .pdf or .png.
    measures
        The measures to draw: one, or several counts or of one unit. By default the first with an
        interval, or the first.
    compare
        Of a pyramid: another population by the same variables, which is drawn as an outline.
    lang
        en or no: the language of words and numbers; titles and labels are in the result's.

    Examples
    --------
    >>> from folkestrom.model.cells import with_description
    >>> import pyarrow as pa
    >>> told = {"title": "Residents", "dimensions": [{"id": "sex", "label": "Sex"}],
    ...         "measures": [{"id": "n", "label": "Persons", "unit": "persons"}]}
    >>> table = with_description(pa.table({"sex": ["F", "M"], "n": [4, 3]}), told)
    >>> [text.get_text() for text in chart(table).axes[0].get_yticklabels()]
    ['F', 'M']
    """
    check_arguments(chart, locals())
    drawn = charts.chart(
        cells_of(result), Texts(lang), measures=_names(measures),
        compare=None if compare is None else cells_of(compare, "compare"),
    )  # fmt: skip
    return _written(drawn, file)


def map_chart(
    result: Any,
    file: Path | str | None = None,
    *,
    borders: str | os.PathLike[str] | None = None,
    measures: str | Iterable[str] = (),
    classes: Classes = "quantiles",
    count: int = 5,
    lang: Language = "en",
) -> Figure:
    """A map of a result by municipality, county or basic unit.

    Parameters
    ----------
    result, file, lang
        As of `chart`.
    borders
        A file of GeoJSON or TopoJSON, one of whose properties has the codes. None: counties, as
        tiles.
    measures
        The measure to draw.
    classes
        "quantiles": as many areas in each; "equal": steps of one size.
    count
        How many classes, from 2 to 6.
    """
    check_arguments(map_chart, locals())
    drawn = maps.map_chart(
        cells_of(result), None if borders is None else Path(borders), Texts(lang),
        measures=_names(measures), classes=classes, count=count,
    )  # fmt: skip
    return _written(drawn, file)


def _names(measures: str | Iterable[str]) -> tuple[str, ...]:
    given = measures.split(",") if isinstance(measures, str) else measures
    return tuple(name.strip() for name in given if name.strip())


def _written(drawn: Chart, file: Path | str | None) -> Figure:
    write_picture(drawn.figure, file, drawn.title, drawn.description, drawn.lang)
    return drawn.figure
