"""The whole site and its data as files, asked of the application that answers the public.

Pages are named as directories, so that any web server finds them by their addresses, and links are
relative, so that the files work below any address. What only a server can answer is cut out.
"""

from __future__ import annotations

import asyncio
import hashlib
import html
import posixpath
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from folkestrom.app.pages.texts import LANGUAGES
from folkestrom.app.public.server import application
from folkestrom.app.public.statbank import PREFIX, Bank
from folkestrom.errors import InputRefused, UsageError
from folkestrom.publish.dcat import FORMATS, whole_table
from folkestrom.publish.releases.shelf import Shelf
from folkestrom.publish.statbank.listing import Limits

#: What tells a copy from anything else that a folder may hold.
_MARK: Final = ".folkestrom-export"
_EVERYTHING: Final = 10**12
_CUT: Final = re.compile(r"<!--asks-->.*?<!--/asks-->", re.DOTALL)
_LINK: Final = re.compile(r'\b(href|src)="([^"]*)"')
_SITE: Final = re.compile(r"https?://([\w.-]+|\[[\da-fA-F:]+\])(:\d{1,5})?(/[^\s\\\"'<>&?#]*)?")
_LOCATION: Final = re.compile(r"<loc>([^<]*)</loc>")
#: Files that have whole addresses in them.
_ADDRESSED: Final = (".atom", ".xml", ".txt", ".ttl", ".jsonld", ".json")
_ENDINGS: Final = {"json-stat2": "json", "": "json"}
_MOVED: Final = '<!DOCTYPE html><title>{0}</title><meta http-equiv="refresh" content="0; url={0}">'
_BEGINNING: Final = ("/", "/sitemap.xml", "/robots.txt", "/dcat.ttl", "/dcat.jsonld",
                     f"{PREFIX}/openapi.json")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Parameters
    ----------
    files, size
        How many files, and their bytes.
    drawn
        How many of them are pictures that were not in the copy before.
    """

    files: int
    size: int
    drawn: int


def export(
    public: Path, folder: Path, address: str, borders: Path | None,
    told: Callable[[int, int], object],
) -> Exported:  # fmt: skip
    """Write the site and its data, beside the folder, and put them in its place when all is there.

    Parameters
    ----------
    public
        The public folder of the releases.
    folder
        A new or empty folder, or an earlier copy, which is replaced.
    address
        Where the files will be, for what has whole addresses: feeds, catalogues.
    borders
        Borders of areas, for maps.
    told
        Called with how many files are written, and how many are known of.

    Raises
    ------
    UsageError
        The folder holds something else, or the address is none.
    InputRefused
        Something came out while it was written, or a page cannot be made.
    """
    folder = folder.absolute()
    _check(folder, address)
    shelf = Shelf(public)
    state = shelf.state()
    new = folder.with_name(f".{folder.name}-{uuid.uuid4().hex}")
    old = new.with_suffix(".old")
    app = application(Bank(shelf, Limits(cells=_EVERYTHING)), borders)
    drawn_with = f"{version('folkestrom')} {borders} {borders and borders.stat().st_mtime_ns}"
    copy = _Copy(app, shelf, address.rstrip("/"), new, folder, drawn_with)
    try:
        found = copy.written(told)
        if shelf.state() != state:
            raise InputRefused(
                "has other tables now than when the copy was begun", where=str(public),
                next_step="Export again",
            )  # fmt: skip
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        for rest in (new, old):
            shutil.rmtree(rest, ignore_errors=True)
    return found


def _check(folder: Path, address: str) -> None:
    if not _SITE.fullmatch(address):
        raise UsageError(
            "is no address of a web site", where="--address", value=address,
            allowed="such as https://statistics.example",
        )  # fmt: skip
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARK).is_file():
        raise UsageError(
            "holds files that are no earlier export", where=str(folder),
            next_step="Name a new folder, or empty it",
        )  # fmt: skip


@dataclass(slots=True)
class _Copy:
    """A copy as it is written; by files that are known of, the addresses that they answer."""

    app: Callable[..., Any]
    shelf: Shelf
    address: str
    folder: Path
    before: Path
    drawn_with: str
    links: dict[str, str] = field(default_factory=dict)

    def written(self, told: Callable[[int, int], object]) -> Exported:
        size = drawn = 0
        with asyncio.Runner() as runner:
            for link in self._beginning():
                self._file(link)
            # More become known as pages are read.
            for n, file in enumerate(_growing(self.links)):
                picture = self.before / file
                is_picture = file.endswith(".svg") and not file.startswith("static/")
                if is_picture and picture.is_file():
                    body = picture.read_bytes()
                else:
                    body = self._rewritten(file, *runner.run(self._asked(self.links[file])))
                    drawn += is_picture
                place = self.folder / file
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(body)
                size += len(body)
                told(n + 1, len(self.links))
        (self.folder / _MARK).write_text(f"{self.address}\n", encoding="utf-8")
        return Exported(len(self.links), size, drawn)

    def _beginning(self) -> Iterator[str]:
        """What nothing links to, or what is wanted whatever links to it."""
        yield from _BEGINNING
        for language in LANGUAGES.values():
            yield f"/{language.value}/calendar.ics"
            yield f"{PREFIX}/tables?lang={language.value}&pageSize=10000"
            yield f"{PREFIX}/calendar?lang={language.value}"
            for table in self.shelf.tables().values():
                for form in FORMATS:
                    yield whole_table(PREFIX, table.definition, form, language)

    def _file(self, link: str) -> str:
        """The file of an address, which is written in its turn; pages without what they ask."""
        parts = urlsplit(link)
        path, kind = unquote(parts.path), posixpath.splitext(parts.path)[1]
        if path.startswith(PREFIX):
            file = _data_file(path, parts.query)
        elif kind == ".svg" and parts.query and not path.startswith("/static/"):
            # It has another name when its figures are others: one that is there is right.
            id = path.split("/")[3]
            made_of = f"{link} {self.shelf.tables()[id].release} {self.drawn_with}"
            key = hashlib.sha256(made_of.encode()).hexdigest()[:16]
            file = f"{posixpath.dirname(path)[1:]}/{key}.svg"
        elif kind:
            file = path[1:]
        else:
            link, file = parts.path, posixpath.join(path[1:], "index.html")
        self.links.setdefault(file, link)
        return file

    async def _asked(self, link: str) -> tuple[int, dict[str, str], bytes]:
        """The application's answer."""
        parts, site = urlsplit(link), urlsplit(self.address)
        start: dict[str, Any] = {}
        body = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request"}

        async def send(message: dict[str, Any]) -> None:
            start.update(message)
            body.append(message.get("body", b""))

        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
            "scheme": site.scheme, "path": unquote(parts.path), "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(), "root_path": "", "client": None,
            "server": (site.hostname, site.port), "headers": [(b"host", site.netloc.encode())],
        }  # fmt: skip
        await self.app(scope, receive, send)
        headers = {name.decode(): value.decode() for name, value in start["headers"]}
        return start["status"], headers, b"".join(body)

    def _rewritten(self, file: str, status: int, headers: dict[str, str], body: bytes) -> bytes:
        """An answer with links to files; whoever is sent elsewhere is sent there by a page."""
        if status == 302:
            target = self._relative(file, headers["location"])
            return _MOVED.format(html.escape(target)).encode()
        if status != 200:
            raise InputRefused(
                f"is answered with status {status}", where=self.links[file],
                next_step="See what folkestrom serve answers",
            )  # fmt: skip
        media = headers["content-type"]
        if media.startswith("text/html") and file.endswith("index.html"):
            shown = _CUT.sub("", body.decode())
            return _LINK.sub(lambda found: self._linked(file, found), shown).encode()
        origin = self.address.removesuffix(urlsplit(self.address).path)
        if file == "sitemap.xml":
            for found in _LOCATION.findall(body.decode()):
                self._file(html.unescape(found).removeprefix(origin))
        if file.startswith("dcat."):
            for name, link in self.links.items():
                if name.partition("/")[2].startswith("data/"):
                    body = body.replace(f"{origin}{link}".encode(), f"{origin}/{name}".encode())
        if posixpath.splitext(file)[1] in _ADDRESSED:
            body = body.replace(f"{origin}/".encode(), f"{self.address}/".encode())
        return body

    def _linked(self, file: str, found: re.Match[str]) -> str:
        link = html.unescape(found[2])
        target = self._relative(file, link) if link.startswith("/") else link
        return f'{found[1]}="{html.escape(target)}"'

    def _relative(self, file: str, link: str) -> str:
        """From one file to another; to a page, by its directory."""
        there, _, part = link.partition("#")
        target = posixpath.relpath(self._file(there), posixpath.dirname(file) or ".")
        if posixpath.basename(target) == "index.html":
            target = f"{posixpath.dirname(target) or '.'}/"
        return f"{target}#{part}" if part else target


def _growing(known: dict[str, str]) -> Iterator[str]:
    """Names as they become known."""
    done = 0
    while done < len(known):
        for name in list(known)[done:]:
            done += 1
            yield name


def _data_file(path: str, query: str) -> str:
    asked = parse_qs(query)
    form = asked.get("outputFormat", [""])[0]
    name = path.removeprefix(f"{PREFIX}/").removesuffix(".json").removesuffix("/data")
    language = asked.get("lang", ["en"])[0]
    return f"{language}/data/{name.replace('/', '-')}.{_ENDINGS.get(form, form)}"
