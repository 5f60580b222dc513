"""Colours, words and files of the pictures: what those of curves, flows and models share.

Colours have a contrast of at least 4.5 to 1 on white (WCAG 2.2, AA). The same picture gives the
same file.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from folkestrom.engine.failures import path_errors
from folkestrom.errors import ResourceError
from folkestrom.model.file_format import format_of
from folkestrom.model.text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Language = Literal["en", "no"]

#: Each has a contrast of at least 4.5 to 1 on white.
COLOURS: Final = (
    "#00558c", "#a63603", "#1b6b3a", "#7a3b8f", "#5c5c00", "#404040", "#9e1f5a", "#005f5f",
    "#6b4226", "#3f3fbf",
)  # fmt: skip
MARKERS: Final = ("o", "s", "D", "^", "v", "P")
DASHES: Final = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
INK: Final = "#1a1a1a"
GREY: Final = "#595959"
#: Formats of pictures by the ends of file names.
PICTURES: Final = {".svg": "svg", ".pdf": "pdf", ".png": "png"}
_DATES: Final[dict[str, dict[str, None]]] = {
    "svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {"Software": None},
}  # fmt: skip
_SETTINGS: Final[Any] = {
    # Names come from data: a dollar sign is a dollar sign.
    "text.parse_math": False,
    "svg.hashsalt": "folkestrom",
    # Text stays text, which screen readers and searches find; journals take no fonts of type 3.
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    "font.size": 9.5,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
WORDS: Final = {
    "days": ("Days", "Dager"),
    "months": ("Months", "Måneder"),
    "years": ("Years", "År"),
    "share": ("Share, per cent", "Andel, prosent"),
    "hazard": ("Cumulative hazard", "Kumulativ intensitet"),
    "at_risk": ("At risk", "Under risiko"),
    "all": ("All", "Alle"),
    "other": ("other", "andre"),
    "moves": ("moves", "flyttinger"),
    "here": ("here", "her"),
    "origin": ("country of origin", "opprinnelsesland"),
    "third country": ("third country", "tredjeland"),
    "unknown country": ("unknown country", "ukjent land"),
    "died": ("died", "død"),
    "returned": ("returned", "returnert"),
    "moved on": ("moved on", "reist videre"),
    "left, unknown country": ("left, unknown country", "reist, ukjent land"),
    "left": ("left", "reist"),
    "survival": ("survival", "overlevelse"),
    "unknown": ("unknown", "ukjent"),
    "coefficient": ("Coefficient (log odds against {base})", "Koeffisient (log odds mot {base})"),
    "chance": ("Probability in a year, per cent", "Sannsynlighet i et år, prosent"),
}


def word(key: str, lang: Language) -> str:
    """A word in a language; what has no translation stays as it is.

    Examples
    --------
    >>> word("died", "no"), word("Oslo", "no")
    ('død', 'Oslo')
    """
    return WORDS[key][lang == "no"] if key in WORDS else key


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """An empty picture, in inches."""
    figure, axes = panels(1, width, height)
    return figure, axes[0]


def panels(count: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """An empty picture of panels beside each other that share their vertical axis.

    Parameters
    ----------
    count
        How many.
    width, height
        Of the picture, in inches.
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise ResourceError(
            "figures need matplotlib, which is not installed",
            next_step='Install it with the extra: pip install "folkestrom[figures]"',
        ) from error
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(width, height), layout="constrained")
        return figure, list(figure.subplots(1, count, sharey=True, squeeze=False)[0])


def finish(figure: Figure, file: Path | str | None, title: str | None = None) -> Figure:
    """Put the title on, and write the file, if one is asked for.

    Parameters
    ----------
    figure
        The picture.
    file
        A name that ends in .svg, .pdf or .png.
    title
        Of the picture.
    """
    import matplotlib as mpl

    with mpl.rc_context(_SETTINGS):
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold", color=INK)
        _keep_plain(figure)
        if file is None:
            return figure
        form = format_of(file, PICTURES, "file")
        picture = io.BytesIO()
        figure.savefig(picture, format=form, metadata=_DATES[form], dpi=200)
    with path_errors():
        Path(file).write_bytes(picture.getvalue())
    return figure


def _keep_plain(figure: Figure) -> None:
    """Leave every text as it is: no formula, no control character."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)
        text.set_text(printable(text.get_text()))


def name_rows(axes: Axes, names: Iterable[str]) -> None:
    """Name the places 0, 1, 2 … of the vertical axis."""
    shown = [printable(name) for name in names]
    axes.set_yticks(range(len(shown)), shown)


def in_legend(name: str) -> str:
    """A name for a legend, which leaves out names that begin with a low line.

    Examples
    --------
    >>> in_legend("_other"), in_legend("return")
    (' _other', 'return')
    """
    return f" {name}" if name.startswith("_") else name


def number_text(value: float, lang: Language) -> str:
    r"""A number with its thousands apart, as the language has it.

    Examples
    --------
    >>> number_text(12345.0, "en"), number_text(12345.0, "no"), number_text(0.25, "no")
    ('12,345', '12\u202f345', '0,25')
    """
    if value == round(value):
        written = f"{value:,.0f}"
        return written if lang == "en" else written.replace(",", "\u202f")
    written = f"{value:,.2f}"
    return written if lang == "en" else written.replace(",", "\u202f").replace(".", ",")
