"""Colours, words and files of the pictures: what all of them share.

Colours have a contrast of at least 4.5 to 1 on white (WCAG 2.2, AA). The same picture gives the
same file.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import partial
from hashlib import sha256
from html import escape
from textwrap import fill
from typing import TYPE_CHECKING, Any, Final, Literal

from folkestrom.errors import ResourceError
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
#: Lines behind the data that figures are read off by.
GRID: Final[Any] = {"color": "#d9d9d9", "linewidth": 0.6}
#: What must not be shown: hatched, in no colour of a figure.
HIDDEN: Final[Any] = {
    "facecolor": "#f2f2f2", "edgecolor": "#8c8c8c", "hatch": "////", "linewidth": 0.0,
}  # fmt: skip
#: Formats of pictures by the ends of file names.
PICTURES: Final = {".svg": "svg", ".pdf": "pdf", ".png": "png"}
#: Fonts as wide as the one that texts were measured in, where a reader has not got it.
_FONTS: Final = "'DejaVu Sans', Verdana, sans-serif"
#: Letters that have room: of titles, of notes, in a line of a legend.
_BOLD_LETTERS_AN_INCH: Final = 11
_LETTERS_AN_INCH: Final = 15
_LEGEND_LETTERS: Final = 26
#: Inches that a legend may take.
_LEGEND_WIDTH: Final = 2.3
#: Of a letter's height, with the space between lines.
_LINE_HEIGHT: Final = 1.35
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
    "unknown country": ("unknown country", "uoppgitt land"),
    "died": ("died", "død"),
    "returned": ("returned", "returnert"),
    "moved on": ("moved on", "reist videre"),
    "left, unknown country": ("left, unknown country", "reist, uoppgitt land"),
    "left": ("left", "reist"),
    "survival": ("survival", "overlevelse"),
    "unknown": ("unknown", "uoppgitt"),
    "pyramid": ("Population pyramid", "Befolkningspyramide"),
    "lines": ("Lines", "Linjer"),
    "bars": ("Bars", "Stolper"),
    "unknown left out": (
        "{n} of unknown sex or age are left out.",
        "{n} med uoppgitt kjønn eller alder er utelatt.",
    ),
    "a year": ("per year of age", "per ettårig aldersgruppe"),
    "areas": (
        "Areas are numbers of persons: groups are as high as they are wide in years.",
        "Flatene er antall personer: gruppene er like høye som de er brede i år.",
    ),
    "open group": ("{name}: drawn as {years} years.", "{name}: tegnet som {years} år."),
    "points": ("Points with intervals", "Punkter med intervaller"),
    "map": ("Map", "Kart"),
    "hidden": ("Not shown, for confidentiality", "Vises ikke, av hensyn til personvernet"),
    "no figure": ("No figure", "Ingen tall"),
    "no borders": ("Without borders in the file: {codes}.", "Uten grenser i filen: {codes}."),
    "interval": ("{level} per cent interval", "{level} prosents intervall"),
    "both": ("{before} and {now}", "{before} og {now}"),
    "source": ("Computed by folkestrom", "Beregnet med folkestrom"),
    "curve": (
        "Points are what was counted, lines what is fitted.",
        "Punktene er det som ble talt, linjene det som er tilpasset.",
    ),
    "not_from_0": ("The axis does not begin at 0.", "Aksen begynner ikke på 0."),
    "largest": ("The {shown} largest of {all}.", "De {shown} største av {all}."),
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


def level_text(level: str, lang: Language) -> str:
    """What a legend calls an interval.

    Parameters
    ----------
    level
        Per cent that lie in it.
    lang
        en or no.

    Examples
    --------
    >>> level_text("97.5", "no")
    '97,5 prosents intervall'
    """
    said = level.replace(".", ",") if lang == "no" else level
    return word("interval", lang).format(level=said)


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
        figure._repr_svg_ = partial(_drawing, figure)  # type: ignore[attr-defined]
        return figure, list(figure.subplots(1, count, sharey=True, squeeze=False)[0])


def _drawing(figure: Figure) -> str:
    """What a notebook shows of a picture."""
    return picture(figure, "svg").decode()


def make_room(figure: Figure, *texts: tuple[str, float]) -> None:
    """Make a picture higher by what is written above and below its data.

    Parameters
    ----------
    figure
        The picture, as high as its data and their axis need.
    *texts
        Each with its size, in points.
    """
    figure.set_figheight(figure.get_figheight() + height_of(*texts))


def height_of(*texts: tuple[str, float]) -> float:
    """Inches that texts below each other take, each with its size in points."""
    lines = ((text.count("\n") + 1) * size for text, size in texts if text)
    return sum(_LINE_HEIGHT * size + 2 for size in lines) / 72


def head(figure: Figure, title: str | None) -> None:
    """Put the title on, in as many lines as it needs.

    Parameters
    ----------
    figure
        The picture.
    title
        Of the picture.
    """
    if title:
        wide = head_text(figure, title)
        figure.suptitle(wide, x=0.01, ha="left", fontsize=11, fontweight="bold", color=INK)


def head_text(figure: Figure, title: str) -> str:
    """A title in as many lines as the picture's width makes it."""
    room = figure.get_figwidth() - (_LEGEND_WIDTH if figure.legends else 0)
    return fill(title, round(_BOLD_LETTERS_AN_INCH * room))


def foot_text(figure: Figure, *notes: str) -> str:
    """Notes in as many lines as the picture's width makes them, each begun on a line of its own."""
    wide = round(_LETTERS_AN_INCH * figure.get_figwidth())
    return "\n".join(fill(note, wide) for note in notes if note)


def foot(figure: Figure, *notes: str) -> None:
    """Put notes under the picture.

    Parameters
    ----------
    figure
        The picture.
    *notes
        Each begins a line of its own.
    """
    if lines := foot_text(figure, *notes):
        figure.supxlabel(lines, x=0.01, ha="left", fontsize=8, color=GREY)


def legend_beside(
    figure: Figure, handles: Any, names: Iterable[str], title: str | None = None
) -> None:
    """A legend to the right of all data, which it can never cover.

    Parameters
    ----------
    figure
        The picture.
    handles, names
        What is explained, from the top down.
    title
        Of the legend.
    """
    from matplotlib.legend_handler import HandlerTuple

    figure.legend(
        handles, [fill(in_legend(name), _LEGEND_LETTERS) for name in names],
        loc="outside right upper", frameon=False, fontsize=9, title=title, title_fontsize=9,
        alignment="left",
        # What is of several colours shows them side by side.
        handler_map={tuple: HandlerTuple(ndivide=None, pad=0)},
    )  # fmt: skip


def picture(
    figure: Figure, form: str, title: str = "", description: str = "", lang: Language = "en"
) -> bytes:
    """The file of a picture.

    Parameters
    ----------
    figure
        The picture.
    form
        One of `PICTURES`.
    title, description
        What a screen reader says of an SVG, before its texts.
    lang
        en or no: the language of its texts.
    """
    import matplotlib as mpl

    made = io.BytesIO()
    with mpl.rc_context(_SETTINGS):
        keep_plain(figure)
        figure.savefig(made, format=form, metadata=_DATES[form], dpi=200)
    if form != "svg":
        return made.getvalue()
    return _spoken(made.getvalue().decode(), title, description, lang).encode()


def _spoken(svg: str, title: str, description: str, lang: Language) -> str:
    """A drawing that a screen reader can announce, without what browsers do not read."""
    start = svg.index("<svg ")
    end = svg.index(">", start) + 1
    # Several pictures may stand on one page.
    name = sha256(svg.encode()).hexdigest()[:12]
    said = {"title": printable(title), "desc": printable(description)}
    parts = [f'<{k} id="{k}-{name}">{escape(v)}</{k}>' for k, v in said.items() if v]
    by = " ".join(f"{k}-{name}" for k, v in said.items() if v)
    spoken = f' aria-labelledby="{by}"' if by else ""
    language = "nb" if lang == "no" else "en"
    opening = f'{svg[start : end - 1]} role="img" lang="{language}"{spoken}>'
    drawn = svg[end:].replace("'DejaVu Sans'", _FONTS)
    return f"{svg[:start]}{opening}{''.join(parts)}{drawn}"


def keep_plain(figure: Figure) -> None:
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


def number_text(value: float, lang: Language, decimals: int | None = None) -> str:
    r"""A number with its thousands apart, as in tables, and the language's decimal mark.

    Parameters
    ----------
    value
        The number.
    lang
        en or no.
    decimals
        How many; None: two, and none of whole numbers.

    Examples
    --------
    >>> number_text(12345.0, "en"), number_text(12345.0, "no"), number_text(0.25, "no")
    ('12\u202f345', '12\u202f345', '0,25')
    """
    if decimals is None:
        decimals = 0 if value == round(value) else 2
    written = f"{value:z,.{decimals}f}".replace(",", "\u202f")
    return written if lang == "en" else written.replace(".", ",")


def tick_text(value: float, lang: Language) -> str:
    r"""A number along an axis, with no more decimals than it has.

    Examples
    --------
    >>> tick_text(2.5, "no"), tick_text(0.125, "en"), tick_text(5000.0, "en")
    ('2,5', '0.125', '5\u202f000')
    """
    places = len(f"{value:.6f}".rstrip("0").partition(".")[2])
    return number_text(value, lang, places)
