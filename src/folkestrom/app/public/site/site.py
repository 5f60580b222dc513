"""What the pages are made with: what is out, templates, pictures, and answers that are kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from folkestrom.app.pages.kept import Kept, Made, kept_or_made
from folkestrom.app.pages.page import MEDIA, Pages, sent
from folkestrom.app.public.site.questions import Question
from folkestrom.app.public.site.texts import text
from folkestrom.app.public.statbank import PREFIX, Bank, cache_control
from folkestrom.errors import FolkestromError, InputRefused
from folkestrom.model.specification import Language, Text
from folkestrom.publish.statbank.charts import Chart, drawn, mapped
from folkestrom.publish.statbank.problems import Problem
from folkestrom.publish.statbank.selection import Chosen

#: Cells of a picture; more of them nobody can tell apart.
_MOST_DRAWN: Final = 20_000
_MENU: Final = (
    "population", "emigration", "places", "projection", "tables", "calendar", "about",
)  # fmt: skip
PAGES: Final = Pages(
    __package__, text, [(name, "places-short" if name == "places" else name) for name in _MENU]
)


@dataclass(frozen=True, slots=True)
class Site:
    """What the pages are made with.

    Parameters
    ----------
    bank
        The statistics bank.
    borders
        Borders of municipalities, for maps; None: maps are of counties, as tiles.
    kept
        Answers that were made.
    """

    bank: Bank
    borders: Path | None = None
    kept: Kept[Made] = field(default_factory=Kept)
    drawing: threading.Lock = field(default_factory=threading.Lock)

    def state(self) -> object:
        """What answers are made of: another as soon as anything comes out, or is announced."""
        return self.bank.shelf.state(), self.bank.shelf.notice()

    def answer(self, request: Request, key: object, make: Callable[[], Made]) -> Response:
        """An answer, made now or before, which no cache keeps past the next release."""
        base = f"{request.base_url}"
        made = kept_or_made(self.kept, self.state(), (base, key), make)
        return sent(request, made, cache_control(self.bank))

    def picture(
        self, question: Question, language: Language, kind: str, form: str, size: str = ""
    ) -> Made:
        """A chart or map of a question's cells, as a file.

        Parameters
        ----------
        question
            The question.
        language
            Of all texts.
        kind
            "chart" or "map".
        form
            "svg" or "png".
        size
            "page" and "phone": without what a page says in text; empty: whole, to be kept.

        Raises
        ------
        UsageError
            Cells that no picture is to be had of.
        """

        def make() -> Made:
            asked = question.chosen(_MOST_DRAWN)
            # One at a time: what draws has settings that all threads share.
            with self.drawing:
                if kind == "map":
                    chart = self._map(question, asked, language)
                else:
                    chart = drawn(question.table, asked, language, question.compared(_MOST_DRAWN))
                if size:
                    chart = chart.bare(narrow=size == "phone")
                return Made(chart.file(form), MEDIA[form], chart.description)

        of = (question.table.definition.id, question.table.release)
        key = (kind, form, size, language, of, question.picture_query())
        return kept_or_made(self.kept, self.state(), key, make)

    def _map(self, question: Question, asked: Chosen, language: Language) -> Chart:
        try:
            return mapped(question.table, asked, language, self.borders, question.per)
        except InputRefused:
            # Borders of municipalities alone: counties are tiles.
            return mapped(question.table, asked, language, None, question.per)

    def described(self, question: Question, language: Language, kind: str) -> str | None:
        """What a picture shows, in words; None: there is none."""
        try:
            return self.picture(question, language, kind, "svg", "page").said
        except (FolkestromError, Problem):
            return None

    def page(
        self, request: Request, language: Language, template: str, *, status: int = 200,
        **shown: Any,
    ) -> Made:  # fmt: skip
        """A page.

        Parameters
        ----------
        request
            What is asked.
        language
            Of the page.
        template
            Which.
        status
            Of HTTP.
        **shown
            What it shows.
        """
        return PAGES.page(
            request, language, template, status=status, notice=self._notice(language), api=PREFIX,
            **shown,
        )  # fmt: skip

    def _notice(self, language: Language) -> str:
        notice: Text | None = self.bank.shelf.notice()
        return "" if notice is None else notice.of(language)
