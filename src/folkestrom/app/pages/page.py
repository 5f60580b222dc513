"""Pages made from templates, and how they are sent: no script and no style but those of files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from importlib.resources import files
from typing import Any, Final

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from folkestrom.app.pages.kept import Made
from folkestrom.app.pages.texts import LANGUAGES, Texts
from folkestrom.model.specification import Language, Text
from folkestrom.model.text import printable
from folkestrom.model.time import LOCAL_ZONE
from folkestrom.publish.formats.layout import number_text
from folkestrom.publish.statbank.grid import html_rows

#: Pages have no script and no style but those of files, and nothing of anybody else.
_POLICY: Final = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: Shapes of a drawing have styles of their own.
_POLICY_OF_DRAWINGS: Final = "default-src 'none'; style-src 'unsafe-inline'"
_DAY: Final = 86_400
_HTML_LANGUAGES: Final = {Language.EN: "en", Language.NO: "nb"}
MEDIA: Final = {
    "html": "text/html; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
}


class Pages:
    """The pages of a room.

    Parameters
    ----------
    room
        The package that has its `templates`, and its `static` files if it has any.
    text
        Its texts.
    menu
        Paths of the pages that its menu has, each with the key of its name.
    """

    def __init__(self, room: str, text: Texts, menu: Sequence[tuple[str, str]]) -> None:
        self._room, self._text, self._menu = room, text, menu

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
        path = request.url.path
        rest = path.removeprefix(f"/{language.value}") if path[1:3] in LANGUAGES else "/"
        query = f"?{request.url.query}" if request.url.query else ""
        t = partial(self._text, language=language)
        made = self._environment.get_template(f"{template}.html.jinja").render(
            t=t, language=language, home=f"/{language.value}/", menu=self._menu,
            html_language=_HTML_LANGUAGES[language], rest=rest, query=query,
            static=self.address, day=partial(day, t), hour=partial(hour, t),
            base=f"{request.base_url}".rstrip("/"), **shown,
        )  # fmt: skip
        return Made(made.encode(), MEDIA["html"], status=status)

    @cached_property
    def _environment(self) -> Environment:
        made = Environment(
            loader=ChoiceLoader([PackageLoader(self._room), PackageLoader(__package__)]),
            autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
            finalize=_shown,
        )  # fmt: skip
        made.filters["of"] = Text.of
        made.filters["first_upper"] = lambda said: said[:1].upper() + said[1:]
        # Groups of digits are the same in all languages.
        made.filters["number"] = partial(number_text, decimals=0, language=Language.EN)
        # What it makes escapes all texts itself.
        made.filters["rows"] = lambda grid, total: Markup(html_rows(grid, total))  # noqa: S704
        return made

    @cached_property
    def static(self) -> Mapping[str, Made]:
        """The files that pages need: a style, scripts, an icon."""
        folders = (files(package).joinpath("static") for package in (__package__, self._room))
        return {
            one.name: Made(one.read_bytes(), MEDIA[one.name.rpartition(".")[2]])
            for folder in folders
            if folder.is_dir()
            for one in folder.iterdir()
            if one.name.rpartition(".")[2] in MEDIA
        }

    def address(self, name: str) -> str:
        """The address of a file, another one when the file is."""
        return f"/static/{name}?{hashlib.sha256(self.static[name].body).hexdigest()[:8]}"

    def file(self, request: Request, name: str) -> Response | None:
        """A file that pages need; None: there is none of that name."""
        made = self.static.get(name)
        return None if made is None else sent(request, made, f"public, max-age={_DAY}")


def sent(request: Request, made: Made, cached: str) -> Response:
    """An answer with its headers.

    Parameters
    ----------
    request
        What is asked.
    made
        The answer.
    cached
        How long it may be kept by others.
    """
    drawing = made.media == MEDIA["svg"]
    headers = {
        "ETag": f'"{hashlib.sha256(made.body).hexdigest()[:32]}"',
        "Cache-Control": cached,
        "Content-Security-Policy": _POLICY_OF_DRAWINGS if drawing else _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }
    if made.status == 200 and request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(made.body, made.status, headers, made.media)


def _shown(value: Any) -> Any:
    """Texts without characters that are obeyed; what is markup already stays."""
    return printable(value) if type(value) is str else value


def day(t: Any, at: datetime) -> str:
    """A day, as the office's zone has it.

    Parameters
    ----------
    t
        Gives texts, in one language.
    at
        An instant.

    Examples
    --------
    >>> from datetime import UTC
    >>> t = partial(Texts("folkestrom.app.public.site"), language=Language.NO)
    >>> day(t, datetime(2021, 5, 20, 6, tzinfo=UTC))
    '20. mai 2021'
    """
    local = at.astimezone(LOCAL_ZONE)
    month = t("months").split(" ")[local.month - 1]
    return f"{t('day', day=local.day, month=month, year=local.year)}"


def hour(t: Any, at: datetime) -> str:
    """A day and hour, as the office's zone has them.

    Parameters
    ----------
    t, at
        As of `day`.
    """
    return f"{t('hour', day=day(t, at), hour=f'{at.astimezone(LOCAL_ZONE):%H:%M}')}"
