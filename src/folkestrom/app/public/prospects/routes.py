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
from folkestrom.app.public.prospects.futures import Answer, Futures
from folkestrom.app.public.prospects.released import TABLES
from folkestrom.app.public.prospects.scenario import wanted, written
from folkestrom.app.public.prospects.views import data, data_csv, view
from folkestrom.app.public.site.site import Site
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

    def answer(request: Request) -> Answer | None:
        begun = futures.start(site.bank.shelf.tables())
        if begun is None:
            return None
        asked = wanted(request.query_params.multi_items(), begun.year)
        return futures.answer(begun, asked)

    def shown(request: Request, language: Language) -> Made:
        found = answer(request)
        of = None if found is None else view(found, language)
        return site.page(request, language, "projection", view=of, tables=TABLES)

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
                return site.answer(request, key, lambda: _file(name, answer(request)))
            except Problem as problem:
                return problem_response(problem)

        path = f"/{language.value}{_PATH}"
        return [Route(path, page), Route(f"{path}/{{name}}", file)]

    return [route for language in LANGUAGES.values() for route in made(language)]


def _file(name: str, found: Answer | None) -> Made:
    if found is None:
        wanted_tables = ", ".join(TABLES)
        raise Problem(NO_TABLE, f"Projections are of tables {wanted_tables}: not all are out.", 404)
    if name == "data.json":
        body = msgspec.json.encode(data(found))
    elif name == "data.csv":
        body = data_csv(found).encode()
    else:
        body = written(found.wanted.levels).encode()
    return Made(body, _MEDIA[name])
