"""The addresses of the site."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from xml.sax.saxutils import escape

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from folkestrom.app.pages.kept import Made
from folkestrom.app.pages.page import sent
from folkestrom.app.pages.texts import LANGUAGES, preferred
from folkestrom.app.public.site import views
from folkestrom.app.public.site.explorer import calls, downloads, explorer
from folkestrom.app.public.site.feeds import atom, icalendar
from folkestrom.app.public.site.questions import Question, question
from folkestrom.app.public.site.site import PAGES, Site
from folkestrom.app.public.statbank import PREFIX
from folkestrom.errors import FolkestromError
from folkestrom.model.specification import Language
from folkestrom.publish.dcat import FORMATS, catalogue, turtle, whole_table
from folkestrom.publish.statbank.dataset import Published, title, whole
from folkestrom.publish.statbank.listing import table_of
from folkestrom.publish.statbank.problems import Problem
from folkestrom.publish.statbank.vintages import vintage

#: Pages that stand in the list of all, in each language.
_PAGES: Final = (
    "", "population", "emigration", "places", "projection", "tables", "about", "calendar",
)  # fmt: skip

View = Callable[[Site, Request, Language], Made]


def site_routes(site: Site) -> list[Route]:
    """The addresses of the site.

    Parameters
    ----------
    site
        What the pages are made with.
    """

    def page(language: Language, path: str, view: View) -> Route:
        def endpoint(request: Request) -> Response:
            key = (request.url.path, request.url.query)
            try:
                return site.answer(request, key, lambda: view(site, request, language))
            except (Problem, FolkestromError) as error:
                raise HTTPException(getattr(error, "status", 404), f"{error}") from error

        return Route(f"/{language.value}{path}", endpoint)

    def static(request: Request) -> Response:
        found = PAGES.file(request, request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        return found

    def home(request: Request) -> Response:
        accepted = request.headers.get("accept-language", "")
        language = preferred(accepted, site.bank.language)
        return RedirectResponse(f"/{language.value}/", 302, {"Vary": "Accept-Language"})

    def listed(make: Callable[[Site, Request], Made]) -> Callable[[Request], Response]:
        return lambda request: site.answer(request, request.url.path, lambda: make(site, request))

    views_of = {
        "/": _front, "/population": _population, "/emigration": _emigration, "/places": _places,
        "/places/{code}": _place, "/tables": _tables, "/tables/{id}": _explorer,
        "/tables/{id}/{kind:str}.{form:str}": _picture, "/about": _about, "/calendar": _calendar,
        "/calendar.ics": _icalendar, "/feed.atom": _atom,
    }  # fmt: skip
    return [
        Route("/", home),
        Route("/static/{name}", static),
        Route("/sitemap.xml", listed(_sitemap)),
        Route("/robots.txt", listed(_robots)),
        Route("/dcat.ttl", listed(_turtle)),
        Route("/dcat.jsonld", listed(_json_ld)),
        *(
            page(language, path, view)
            for language in LANGUAGES.values()
            for path, view in views_of.items()
        ),
    ]


def error_page(site: Site, request: Request, error: HTTPException) -> Response:
    """What a reader sees instead of a page that is not there.

    Parameters
    ----------
    site
        What the pages are made with.
    request
        What was asked.
    error
        What is wrong.
    """
    language = LANGUAGES.get(request.url.path[1:3], site.bank.language)
    kind = "not-found" if error.status_code == 404 else "wrong-question"
    made = site.page(request, language, "error", status=error.status_code, kind=kind, why="")
    return sent(request, made, "no-cache")


def _front(site: Site, request: Request, language: Language) -> Made:
    view = views.front(site.bank.shelf, language)
    return site.page(request, language, "front", view=view, **_links(language))


def _population(site: Site, request: Request, language: Language) -> Made:
    view = views.population(
        site.bank.shelf, language, request.query_params, borders=site.borders is not None
    )
    return site.page(
        request, language, "subject", view=view, name="population",
        **_links(language),
    )  # fmt: skip


def _emigration(site: Site, request: Request, language: Language) -> Made:
    view = views.emigration(site.bank.shelf, language, borders=site.borders is not None)
    return site.page(
        request, language, "subject", view=view, name="emigration",
        **_links(language),
    )  # fmt: skip


def _places(site: Site, request: Request, language: Language) -> Made:
    view = views.places(site.bank.shelf.tables())
    return site.page(request, language, "places", view=view)


def _place(site: Site, request: Request, language: Language) -> Made:
    view = views.place(site.bank.shelf, language, request.path_params["code"])
    if view is None:
        raise HTTPException(404)
    return site.page(request, language, "place", view=view, **_links(language))


def _tables(site: Site, request: Request, language: Language) -> Made:
    return site.page(request, language, "tables", tables=views.listed(site.bank.shelf.tables()))


def _about(site: Site, request: Request, language: Language) -> Made:
    view = views.about(site.bank.shelf.tables(), language)
    return site.page(request, language, "about", view=view)


def _calendar(site: Site, request: Request, language: Language) -> Made:
    view = views.calendar(site.bank.shelf, language)
    return site.page(request, language, "calendar", view=view)


def _explorer(site: Site, request: Request, language: Language) -> Made:
    parameters = request.query_params.multi_items()
    view = explorer(_vintages(site, request), parameters, language, site.bank.limits.cells)
    asked, said, heading = view.question, None, ""
    made = view.table.definition
    of = "" if view.table.release == view.vintages[0].release else view.table.release
    if asked is not None:
        heading = title(made, asked.chosen(), language)
        said = site.described(asked, language, "chart")
    base = f"{request.base_url}".rstrip("/") + PREFIX
    return site.page(
        request, language, "explorer", status=400 if view.problem else 200, view=view,
        heading=heading, picture=said,
        downloads=downloads(PREFIX, asked, language) if asked else (),
        whole=[(form, whole_table(PREFIX, made, form, language, of)) for form in FORMATS]
        if whole(made).size <= site.bank.limits.cells else (),
        calls=calls(base, asked, language) if asked else (),
    )  # fmt: skip


def _vintages(site: Site, request: Request) -> list[Published]:
    """Every vintage of the table that the path names, from the first on."""
    newest = table_of(site.bank.shelf.tables(), request.path_params["id"])
    return site.bank.shelf.vintages(newest.definition.id) or [newest]


def _links(language: Language) -> dict[str, Any]:
    """What blocks need beside themselves."""

    def files_of(asked: Question) -> tuple[tuple[str, str], ...]:
        return downloads(PREFIX, asked, language)

    return {"files_of": files_of}


def _picture(site: Site, request: Request, language: Language) -> Made:
    kind, form = request.path_params["kind"], request.path_params["form"]
    if kind not in ("chart", "map") or form not in ("svg", "png"):
        raise HTTPException(404)
    vintages = _vintages(site, request)
    table = vintage(vintages, request.query_params.get("vintage") or vintages[-1].release)
    asked = question(table, request.query_params.multi_items(), explicit=True)
    size = request.query_params.get("size", "")
    if size not in ("", "page", "phone"):
        raise HTTPException(404)
    return site.picture(asked, language, kind, form, size)


def _icalendar(site: Site, request: Request, language: Language) -> Made:
    found = views.calendar(site.bank.shelf, language)
    body = icalendar(
        [*found.coming, *found.out, *found.withdrawn], language, request.base_url.hostname or ""
    )
    return Made(body, "text/calendar; charset=utf-8")


def _atom(site: Site, request: Request, language: Language) -> Made:
    found = views.calendar(site.bank.shelf, language)
    home = f"{request.base_url}{language.value}/"
    return Made(atom([*found.coming, *found.out], language, home), "application/atom+xml")


def _catalogue(site: Site, request: Request) -> dict[str, Any]:
    base = f"{request.base_url}".rstrip("/")
    return catalogue(site.bank.shelf.tables(), base, base + PREFIX, site.bank.limits.cells)


def _turtle(site: Site, request: Request) -> Made:
    return Made(turtle(_catalogue(site, request)).encode(), "text/turtle; charset=utf-8")


def _json_ld(site: Site, request: Request) -> Made:
    return Made(msgspec.json.encode(_catalogue(site, request)), "application/ld+json")


def _robots(_site: Site, request: Request) -> Made:
    return Made(f"Sitemap: {request.base_url}sitemap.xml\n".encode(), "text/plain; charset=utf-8")


def _sitemap(site: Site, request: Request) -> Made:
    """Every page, from what is out."""
    tables = site.bank.shelf.tables()
    paths = [*_PAGES, *(f"tables/{id}" for id in tables)]
    for county, below in views.places(tables).counties:
        paths += [f"places/{one.code}" for one in (county, *below)]
    locations = "".join(
        f"<url><loc>{escape(f'{request.base_url}{name}/{path}')}</loc></url>"
        for name in LANGUAGES
        for path in paths
    )
    namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return Made(
        f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="{namespace}">{locations}</urlset>'
        .encode(), "application/xml",
    )  # fmt: skip
