"""The site as files: a plain web server finds every link, and the data are the interface's."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Iterator
from functools import partial
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pyarrow.parquet
import pytest
from rdflib import DCAT, Graph

from folkestrom.app.public import export as exporting
from folkestrom.app.public.export import Exported, export
from folkestrom.app.public.statbank import PREFIX
from folkestrom.errors import FolkestromError, InputRefused, UsageError
from folkestrom.publish.releases.shelf import announcing
from tests.publish.small_bank import figures, shelf_with

#: Below a path, where absolute links would not work.
ADDRESS = "http://127.0.0.1:{port}/copy"
LINK = re.compile(r'\b(?:href|src|action|srcset)="([^"#]*)')


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shelf_with(tmp_path_factory.mktemp("bank"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder that a plain web server serves, and the address of what lies in `copy`."""
    folder = tmp_path_factory.mktemp("web")
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Quiet, directory=str(folder))
    ) as found:
        thread = threading.Thread(target=found.serve_forever, daemon=True)
        thread.start()
        yield folder, ADDRESS.format(port=found.server_port)
        found.shutdown()


def told(done: int, known: int) -> None:
    assert done <= known


@pytest.fixture(scope="module")
def copy(public: Path, server: tuple[Path, str]) -> tuple[Path, str, Exported]:
    folder, address = server
    made = export(public, folder / "copy", address, None, told)
    return folder / "copy", address, made


def test_every_link_of_every_page_is_a_file(copy: tuple[Path, str, Exported]) -> None:
    folder, address, made = copy
    waiting, seen = [f"{address}/"], set()
    with httpx.Client(follow_redirects=True) as browser:
        while waiting:
            page = waiting.pop()
            answer = browser.get(page)
            assert answer.status_code == 200, page
            seen.add(f"{answer.url}")
            if not answer.headers["content-type"].startswith("text/html"):
                continue
            assert "<form" not in answer.text
            moved = re.findall(r'content="0; url=([^"]*)"', answer.text)
            for link in [*moved, *(unescape(one) for one in LINK.findall(answer.text))]:
                there = urljoin(f"{answer.url}", link)
                assert "?" not in there
                if there.startswith(address) and there not in seen and there not in waiting:
                    waiting.append(there)
    pages = {one.removeprefix(address) for one in seen}
    for language in ("en", "no"):
        assert {f"/{language}/tables/B1001/", f"/{language}/calendar.ics"} <= pages
    assert len(list(folder.rglob("*.*"))) == made.files + 1  # and what marks it


def test_the_files_are_what_the_interface_answers(
    copy: tuple[Path, str, Exported], address: str
) -> None:
    folder, _, made = copy
    base = address.removesuffix(PREFIX)
    assert f"Sitemap: {copy[1]}/sitemap.xml" in (folder / "robots.txt").read_text()
    feed = (folder / "en/feed.atom").read_text()
    assert feed.replace(copy[1], base) == httpx.get(f"{base}/en/feed.atom").text
    catalogue = Graph().parse(folder / "dcat.ttl")
    downloads = [f"{one}" for one in catalogue.objects(None, DCAT.downloadURL)]
    assert len(downloads) == 3
    assert {httpx.get(one).status_code for one in downloads} == {200}
    (json_stat,) = (httpx.get(one).json() for one in downloads if one.endswith(".json"))
    persons = figures().values["Personer1"]
    assert json_stat["size"] == [5, 2, 106, 2, 22]
    hidden = {int(at) for at in json_stat["status"]}
    flat = [v for n, v in enumerate(json_stat["value"]) if n // 22 % 2 == 0 and n not in hidden]
    assert sum(flat) == persons.sum() - persons[4, 0, 105].sum()
    table = pyarrow.parquet.read_table(folder / "no/data/tables-B1001.parquet")
    hidden_rows = table["ContentsCode_Personer1"].null_count
    assert (table.num_rows, hidden_rows) == (persons.size, 22)
    assert made.size == sum(one.stat().st_size for one in folder.rglob("*.*")) - len(copy[1]) - 1


def test_a_copy_is_replaced_as_a_whole(
    copy: tuple[Path, str, Exported], public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, address, made = copy
    before = {one: one.read_bytes() for one in folder.rglob("*.*")}
    assert made.drawn > 0

    def failing(*_given: object) -> bytes:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(Path, "write_bytes", failing)
        with pytest.raises(OSError, match="No space"):
            export(public, folder, address, None, told)
    assert [one.name for one in folder.parent.iterdir()] == ["copy"]
    again = export(public, folder, address, None, told)
    # A picture of figures that are still the same is not drawn again.
    assert again == Exported(made.files, made.size, 0)
    assert {one: one.read_bytes() for one in folder.rglob("*.*")} == before


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("statistics.example", UsageError),
        ("ftp://x", UsageError),
        ("https://x?y", UsageError),
        ("https://a b", UsageError),
        ('https://a"><b>', UsageError),
        ("https://x:y", UsageError),
    ],
)
def test_an_address_is_one(
    public: Path, tmp_path: Path, address: str, error: type[FolkestromError]
) -> None:
    with pytest.raises(error, match=re.escape(address)):
        export(public, tmp_path / "copy", address, None, told)
    assert not list(tmp_path.iterdir())


def test_what_is_there_and_no_copy_stays(public: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("ten years of work")
    with pytest.raises(UsageError, match="no earlier export"):
        export(public, tmp_path, "http://x", None, told)
    assert (tmp_path / "thesis.txt").read_text() == "ten years of work"


def test_what_comes_out_meanwhile_is_not_copied_by_halves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = tmp_path / "public"
    with announcing(public, []):
        pass
    written = exporting._Copy.written

    def slow(self: exporting._Copy, told: object) -> Exported:
        found = written(self, lambda done, known: None)
        with announcing(public, []):
            pass
        return found

    monkeypatch.setattr(exporting._Copy, "written", slow)
    with pytest.raises(InputRefused, match="other tables now"):
        export(public, tmp_path / "copy", "http://x", None, told)
    assert [one.name for one in tmp_path.iterdir()] == ["public"]
