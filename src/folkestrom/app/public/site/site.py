"""What the pages are made with: what is out, templates, pictures, and answers that are kept."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from folkestrom.app.public.kept import Kept, Made, kept_or_made
from folkestrom.app.public.site.questions import Question
from folkestrom.app.public.site.texts import LANGUAGES, text
from folkestrom.app.public.statbank import PREFIX, Bank, cache_control
from folkestrom.errors import FolkestromError, InputRefused
from folkestrom.model.specification import Language, Text
from folkestrom.model.text import printable
from folkestrom.model.time import LOCAL_ZONE
from folkestrom.publish.statbank.charts import Chart, drawn, mapped
from folkestrom.publish.statbank.grid import html_rows
from folkestrom.publish.statbank.problems import Problem
from folkestrom.publish.statbank.selection import Chosen

#: Pages have no script and no style but those of files, and nothing of anybody else.
_POLICY: Final = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: Shapes of a drawing have styles of their own.
_POLICY_OF_DRAWINGS: Final = "default-src 'none'; style-src 'unsafe-inline'"
#: Cells of a picture; more of them nobody can tell apart.
_MOST_DRAWN: Final = 20_000
_DAY: Final = 86_400
MEDIA: Final = {
    "html": "text/html; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
}


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

    def answer(
        self, request: Request, key: object, make: Callable[[], Made], status: int = 200
    ) -> Response:
        """An answer, made now or before, which no cache keeps past the next release."""
        base = f"{request.base_url}"
        made = kept_or_made(self.kept, self.state(), (base, key), make)
        return sent(request, made, cache_control(self.bank), status)

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

        key = (kind, form, size, language, question.table.definition.id, question.picture_query())
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

    def page(self, request: Request, language: Language, template: str, **shown: Any) -> Made:
        """A page.

        Parameters
        ----------
        request
            What is asked.
        language
            Of the page.
        template
            Which.
        **shown
            What it shows.
        """
        path = request.url.path
        rest = path.removeprefix(f"/{language.value}") if path[1:3] in LANGUAGES else "/"
        query = f"?{request.url.query}" if request.url.query else ""
        found = environment().get_template(f"{template}.html.jinja")
        made = found.render(
            t=partial(text, language=language), language=language, home=f"/{language.value}/",
            html_language=_HTML_LANGUAGES[language], rest=rest, query=query,
            notice=self._notice(language), static=static_address, api=PREFIX,
            day=partial(day, language=language), hour=partial(hour, language=language),
            base=f"{request.base_url}".rstrip("/"), **shown,
        )  # fmt: skip
        return Made(made.encode(), MEDIA["html"])

    def _notice(self, language: Language) -> str:
        notice: Text | None = self.bank.shelf.notice()
        return "" if notice is None else notice.of(language)


_HTML_LANGUAGES: Final = {Language.EN: "en", Language.NO: "nb"}


def sent(request: Request, made: Made, cached: str, status: int = 200) -> Response:
    """An answer with its headers.

    Parameters
    ----------
    request
        What is asked.
    made
        The answer.
    cached
        How long it may be kept by others.
    status
        Of HTTP.
    """
    drawing = made.media == MEDIA["svg"]
    headers = {
        "ETag": f'"{hashlib.sha256(made.body).hexdigest()[:32]}"',
        "Cache-Control": cached,
        "Content-Security-Policy": _POLICY_OF_DRAWINGS if drawing else _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }
    if status == 200 and request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(made.body, status, headers, made.media)


@cache
def environment() -> Environment:
    """The templates."""
    made = Environment(
        loader=PackageLoader(__package__, "templates"), autoescape=True,
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        finalize=_shown,
    )  # fmt: skip
    made.filters["of"] = Text.of
    # What it makes escapes all texts itself.
    made.filters["rows"] = lambda grid, total: Markup(html_rows(grid, total))  # noqa: S704
    return made


def _shown(value: Any) -> Any:
    """Texts without characters that are obeyed; what is markup already stays."""
    return printable(value) if type(value) is str else value


@cache
def static() -> Mapping[str, Made]:
    """The files that pages need: a style, a script, an icon."""
    folder = files(__package__).joinpath("static")
    return {
        one.name: Made(one.read_bytes(), MEDIA[one.name.rpartition(".")[2]])
        for one in folder.iterdir()
        if one.name.rpartition(".")[2] in MEDIA
    }


def static_address(name: str) -> str:
    """The address of a file, another one when the file is."""
    return f"/static/{name}?{hashlib.sha256(static()[name].body).hexdigest()[:8]}"


def static_answer(request: Request, name: str) -> Response | None:
    """A file that pages need; None: there is none of that name."""
    made = static().get(name)
    return None if made is None else sent(request, made, f"public, max-age={_DAY}")


def day(at: datetime, language: Language) -> str:
    """A day, as the office's zone has it.

    Examples
    --------
    >>> from datetime import UTC
    >>> day(datetime(2021, 5, 20, 6, tzinfo=UTC), Language.NO)
    '20. mai 2021'
    """
    local = at.astimezone(LOCAL_ZONE)
    month = text("months", language).split(" ")[local.month - 1]
    return text("day", language, day=local.day, month=month, year=local.year)


def hour(at: datetime, language: Language) -> str:
    """A day and hour, as the office's zone has them."""
    local = at.astimezone(LOCAL_ZONE)
    return text("hour", language, day=day(at, language), hour=f"{local:%H:%M}")
