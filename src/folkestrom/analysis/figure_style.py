"""Pictures of analyses: the style of all pictures, and their files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from folkestrom.engine.failures import path_errors
from folkestrom.model.file_format import format_of
from folkestrom.pictures.style import (
    COLOURS,
    DASHES,
    GREY,
    GRID,
    INK,
    MARKERS,
    PICTURES,
    WORDS,
    Language,
    canvas,
    foot,
    head,
    in_legend,
    keep_plain,
    legend_beside,
    name_rows,
    number_text,
    panels,
    picture,
    tick_text,
    word,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "COLOURS", "DASHES", "GREY", "GRID", "INK", "MARKERS", "PICTURES", "WORDS", "Language",
    "canvas", "finish", "foot", "in_legend", "legend_beside", "name_rows", "number_text", "panels",
    "tick_text", "word",
]  # fmt: skip


def finish(
    figure: Figure, file: Path | str | None, title: str | None = None, lang: Language = "en"
) -> Figure:
    """Put the title on, and write the file, if one is asked for.

    Parameters
    ----------
    figure
        The picture.
    file
        A name that ends in .svg, .pdf or .png.
    title
        Of the picture.
    lang
        en or no: the language of its texts.
    """
    head(figure, title)
    keep_plain(figure)
    write_picture(figure, file, title or "", "", lang)
    return figure


def write_picture(
    figure: Figure, file: Path | str | None, title: str, description: str, lang: Language
) -> None:
    """Write the file of a picture, if one is asked for.

    Parameters
    ----------
    figure, title, description, lang
        As of `pictures.style.picture`.
    file
        As of `finish`.
    """
    if file is None:
        return
    made = picture(figure, format_of(file, PICTURES, "file"), title, description, lang)
    with path_errors():
        Path(file).write_bytes(made)
