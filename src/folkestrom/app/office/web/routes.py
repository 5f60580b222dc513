"""The addresses of the office's pages, and what they are made from."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from folkestrom.app.office import intake
from folkestrom.app.office.quality import checks
from folkestrom.app.office.quality.delays import Delays, delays
from folkestrom.app.office.quality.flags import FlagQuestion
from folkestrom.app.office.session import asking, looking
from folkestrom.app.office.web import deliveries as came
from folkestrom.app.office.web import views
from folkestrom.app.office.web.listing import listed_cells
from folkestrom.app.office.web.views import IN_REVIEW, Say, Words
from folkestrom.app.pages.page import Pages, sent
from folkestrom.app.pages.texts import LANGUAGES, Texts, preferred
from folkestrom.engine.store import Waiting, database_file, is_there
from folkestrom.errors import FolkestromError, UserError, as_it_is
from folkestrom.intake import quarantine
from folkestrom.model.cells import Cells
from folkestrom.model.specification import Language
from folkestrom.model.time import LOCAL_ZONE
from folkestrom.publish.releases.desk import Desk
from folkestrom.register.quality.deliveries import Delivery, list_deliveries
from folkestrom.statistics.quality.deliveries import DAYS, Indicator, indicators, told

_T = TypeVar("_T")

text: Final = Texts(__package__)
_MENU: Final = ("deliveries", "calendar", "journal", "quarantine", "flags", "delays", "checks")
_PAGES: Final = Pages(__package__, text, [("", "overview"), *((name, name) for name in _MENU)])
#: Seconds that a page waits while another process writes to the store.
_PATIENCE: Final = 10.0
#: Records in quarantine that a page lists.
_LISTED: Final = 200


@dataclass(frozen=True, slots=True)
class Office:
    """What the pages are made from.

    Parameters
    ----------
    store
        The store.
    desk
        Where releases are.
    language
        Of who asks for no other.
    norwegian
        How messages of the program are said in Norwegian, by the part that they stand in.
    """

    store: Path
    desk: Desk
    language: Language
    norwegian: Say = as_it_is
    _known: dict[str, tuple[object, Any]] = field(default_factory=dict)
    _turns: dict[str, threading.Lock] = field(default_factory=lambda: defaultdict(threading.Lock))

    def once(self, name: str, made_from: Path, make: Callable[[], _T]) -> _T:
        """What was made before, unless what it is made from is another by now.

        Parameters
        ----------
        name, made_from
            What it is, and the file that changes when it does.
        make
            Makes it; whoever asks for the same meanwhile waits.
        """
        with self._turns[name]:
            found = made_from.stat() if is_there(made_from) else None
            state = found and (found.st_mtime_ns, found.st_size, found.st_ino)
            if name not in self._known or self._known[name][0] != state:
                self._known[name] = state, make()
            answer: _T = self._known[name][1]
            return answer

    def of_store(self, name: str, make: Callable[[Path, Waiting], _T]) -> _T:
        """What is made from the store.

        Parameters
        ----------
        name, make
            What it is, and what makes it.
        """
        waiting = Waiting(_PATIENCE, lambda _: None)
        return self.once(name, database_file(self.store), lambda: make(self.store, waiting))


View = Callable[[Office, Request, Words], dict[str, Any]]


def routes(office: Office) -> list[Route]:
    """The addresses of the pages.

    Parameters
    ----------
    office
        What they are made from.
    """

    def page(language: Language, path: str, template: str, view: View) -> Route:
        def endpoint(request: Request) -> Response:
            say = office.norwegian if language is Language.NO else as_it_is
            words = Words(partial(text, language=language), language, say)
            try:
                shown = view(office, request, words)
            except FolkestromError as error:
                return _sent(
                    request, language, "error", 503, kind="cannot-show", why=words.told(error)
                )
            return _sent(request, language, template, **shown)

        return Route(f"/{language.value}{path}", endpoint)

    def static(request: Request) -> Response:
        found = _PAGES.file(request, request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        return found

    def home(request: Request) -> Response:
        accepted = request.headers.get("accept-language", "")
        return RedirectResponse(f"/{preferred(accepted, office.language).value}/", 302)

    pages: dict[str, tuple[str, View]] = {
        "/": ("overview", _overview), "/releases/{name}": ("release", _release),
        "/calendar": ("calendar", _calendar), "/journal": ("journal", _journal),
        "/quarantine": ("quarantine", _quarantine), "/flags": ("flags", _flags),
        "/deliveries": ("deliveries", _deliveries),
        "/deliveries/{number:int}": ("delivery", _delivery),
        "/delays": ("delays", _delays), "/checks": ("checks", _checks),
    }  # fmt: skip
    return [
        Route("/", home),
        Route("/static/{name}", static),
        *(
            page(language, path, template, view)
            for language in LANGUAGES.values()
            for path, (template, view) in pages.items()
        ),
    ]


def _sent(
    request: Request, language: Language, template: str, status: int = 200, **shown: Any
) -> Response:
    made = _PAGES.page(request, language, template, status=status, notice="", **shown)
    return sent(request, made, "no-store")


def error_page(office: Office, request: Request, error: HTTPException) -> Response:
    """What is seen instead of a page that is not there.

    Parameters
    ----------
    office, request, error
        What pages are made from, what was asked, and what is wrong.
    """
    language = LANGUAGES.get(request.url.path[1:3], office.language)
    return _sent(request, language, "error", error.status_code, kind="not-found", why="")


def _overview(office: Office, _request: Request, words: Words) -> dict[str, Any]:
    states = office.desk.status()
    store, why, morning = None, "", None
    try:
        store = office.of_store("info", intake.info)
        if store.batches:
            morning = came.morning(*office.of_store("morning", _morning), words)
    except UserError as error:
        why = words.told(error)
    return {
        "waiting": views.releases((s for s in states if s.state in IN_REVIEW), words),
        "others": views.releases(
            (s for s in states if s.state not in (*IN_REVIEW, "replaced")), words
        ),
        "next": min((s.due for s in states if s.state == "scheduled" and s.due), default=None),
        "store": store, "why": why, "morning": morning, "days": DAYS,
    }  # fmt: skip


def _morning(folder: Path, waiting: Waiting) -> tuple[Delivery, list[Indicator]]:
    yesterday = datetime.now(LOCAL_ZONE).date() - timedelta(1)
    with asking(folder, waiting) as connection:
        days = [one.last_day for one in list_deliveries(connection) if one.last_day]
        # A store that has been silent for longer is at rest: nothing is expected of it.
        silent = yesterday - max(days, default=yesterday)
        until = yesterday if timedelta(0) < silent <= timedelta(DAYS) else None
        return indicators(connection, days=DAYS, until=until)


def _deliveries(office: Office, _request: Request, words: Words) -> dict[str, Any]:
    def make(folder: Path, waiting: Waiting) -> tuple[Delivery, ...]:
        with looking(folder, waiting) as connection:
            return list_deliveries(connection)

    return {"deliveries": came.deliveries(office.of_store("deliveries", make), words)}


def _delivery(office: Office, request: Request, words: Words) -> dict[str, Any]:
    number = request.path_params["number"]

    def make(folder: Path, waiting: Waiting) -> tuple[Delivery, list[Indicator]] | None:
        with asking(folder, waiting) as connection:
            if all(one.batch != number for one in list_deliveries(connection)):
                return None
            return indicators(connection, number)

    found = office.of_store(f"delivery {number}", make)
    if found is None:
        raise HTTPException(404)
    return {"delivery": found[0], "rows": came.listed(told(found[1]), words)}


def _release(office: Office, request: Request, words: Words) -> dict[str, Any]:
    name = request.path_params["name"]

    def make() -> views.Release:
        found = views.release(office.desk, name, words)
        if found is None:
            raise HTTPException(404)
        return found

    return {"view": office.once(f"{words.language} {name}", office.desk.journal, make)}


def _calendar(office: Office, _request: Request, words: Words) -> dict[str, Any]:
    states = office.desk.status()
    order = ("announced", "scheduled", "out", "withdrawn")
    return {"parts": [(state, views.calendar(states, state, words)) for state in order]}


def _journal(office: Office, _request: Request, words: Words) -> dict[str, Any]:
    return {"entries": views.journal(office.desk.entries(), words)}


def _quarantine(office: Office, _request: Request, words: Words) -> dict[str, Any]:
    def make(folder: Path, waiting: Waiting) -> Any:
        with looking(folder, waiting) as connection:
            records = quarantine.list_open(connection, _LISTED).to_pylist()
            return quarantine.count_by_source(connection), records

    counts, records = office.of_store("quarantine", make)
    by_source, places = views.quarantine(counts, records, words)
    many = sum(many for *_, many in counts)
    return {"by_source": by_source, "places": places, "left_out": many - len(records)}


def _flags(office: Office, _request: Request, words: Words) -> dict[str, Any]:
    def make(folder: Path, waiting: Waiting) -> Cells:
        with asking(folder, waiting) as connection:
            return FlagQuestion(("reason", "source")).answer(connection)

    cells = office.of_store("flags", make)
    notes = [note.of(words.language) for note in cells.specification.footnotes]
    known = cells.specification.knowledge_time.of(words.language)
    return {"flags": listed_cells(cells, words.language), "notes": notes, "known": known}


def _delays(office: Office, _request: Request, words: Words) -> dict[str, Any]:
    def make(folder: Path, waiting: Waiting) -> tuple[Delays, ...]:
        with asking(folder, waiting) as connection:
            return delays(connection)

    return {"delays": views.delays(office.of_store("delays", make), words)}


def _checks(office: Office, request: Request, words: Words) -> dict[str, Any]:
    # Made on a button only: of a whole country it takes minutes.
    if "run" not in request.query_params:
        return {"checks": None, "failed": 0}
    found = office.of_store("checks", checks.check)
    failed = sum(one.result == "failed" for one in found)
    return {"checks": views.checks(found, words), "failed": failed}
