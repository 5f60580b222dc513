"""The addresses of projections: a page in each language, and the files of what it shows."""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from folkestrom.app.pages.kept import Made
from folkestrom.app.pages.texts import LANGUAGES
from folkestrom.app.public.prospects.futures import DRAWS, LEAST_YEARS, Answer, Futures
from folkestrom.app.public.prospects.released import STOCKS_AND_EVENTS, TABLES
from folkestrom.app.public.prospects.scenario import FIGURES, wanted, written
from folkestrom.app.public.prospects.views import data, data_csv, view
from folkestrom.app.public.site.site import Site
from folkestrom.app.public.site.texts import text
from folkestrom.app.public.statbank import problem_response
from folkestrom.errors import FolkestromError
from folkestrom.model.specification import Language
from folkestrom.publish.statbank.problems import NO_TABLE, Problem

_PATH: Final = "/projection"
_MEDIA: Final = {
    "data.json": "application/json",
    "data.csv": "text/csv; charset=utf-8",
    "scenario.toml": "application/toml",
}


def projection_routes(site: Site) -> list[Route]:
    """The addresses.

    Parameters
    ----------
    site
        What the pages are made with.
    """
    futures = Futures()

    def answer(request: Request, language: Language) -> Answer | None:
        begun = futures.start(site.bank.shelf.tables())
        if begun is None:
            return None
        asked = wanted(request.query_params.multi_items(), begun.year, language)
        return futures.answer(begun, asked)

    def shown(request: Request, language: Language) -> Made:
        found = answer(request, language)
        of = None if found is None else view(found, language)
        return site.page(
            request, language, "projection", view=of, tables=TABLES, draws=DRAWS,
            least=LEAST_YEARS, tables_known=STOCKS_AND_EVENTS, figures=FIGURES,
        )  # fmt: skip

    def made(language: Language) -> list[Route]:
        def page(request: Request) -> Response:
            key = (request.url.path, request.url.query)
            try:
                return site.answer(request, key, lambda: shown(request, language))
            except (Problem, FolkestromError) as error:
                raise HTTPException(getattr(error, "status", 404), f"{error}") from error

        def file(request: Request) -> Response:
            name = request.path_params["name"]
            if name not in _MEDIA:
                raise HTTPException(404)
            key = (request.url.path, request.url.query)
            try:
                return site.answer(
                    request, key, lambda: _file(name, answer(request, language), language)
                )
            except Problem as problem:
                return problem_response(problem)

        path = f"/{language.value}{_PATH}"
        return [Route(path, page), Route(f"{path}/{{name}}", file)]

    return [route for language in LANGUAGES.values() for route in made(language)]


def _file(name: str, found: Answer | None, language: Language) -> Made:
    if found is None:
        said = text("projection-not-out", language, tables=", ".join(TABLES))
        raise Problem(NO_TABLE, said, 404)
    if found.wanted.intervals and found.fans is None:
        known = found.start.history.years
        said = text("projection-too-short", language, years=known, least=LEAST_YEARS,
                    tables=", ".join(STOCKS_AND_EVENTS))  # fmt: skip
        raise Problem(NO_TABLE, said, 404)
    if name == "data.json":
        body = msgspec.json.encode(data(found))
    elif name == "data.csv":
        body = data_csv(found).encode()
    else:
        body = written(found.wanted.levels).encode()
    return Made(body, _MEDIA[name])
