"""The office's pages: who is let in, what they show, what they never show, and that they end."""

from __future__ import annotations

import asyncio
import csv
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import IO, TYPE_CHECKING

import httpx
import numpy as np
import pytest

import folkestrom
from folkestrom.app.cli.language.catalogue import asked
from folkestrom.app.office.web.access import Door
from folkestrom.app.office.web.routes import text
from folkestrom.app.office.web.server import serve
from folkestrom.errors import UsageError
from folkestrom.intake.reasons import Reason
from folkestrom.model.specification import Language, same
from folkestrom.publish.releases.decision import Decision, Meeting
from folkestrom.publish.releases.desk import Desk
from folkestrom.publish.releases.release import write_release
from tests.app.cli.test_statistics import REPORTS
from tests.app.public.site.test_browser import Watched, axe, browser
from tests.publish.small_bank import DECISION, definition, figures

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["browser"]

EVIL = "<script>alert(1)</script>"
NUMBER = "17018512345"
PLACES = (
    "",
    "deliveries",
    "deliveries/1",
    "calendar",
    "journal",
    "quarantine",
    "flags",
    "delays",
    "checks",
    "checks?run=1",
)
#: Records that cannot be accepted: a person's number stands where it should not, and markup.
WRONG = f"""\
source,source_report_id,received_at,person,kind,event_date,municipality,country,birth_date
folk,1,2021-01-04T10:00:00Z,{NUMBER},birth,2020-05-32,0301,,2020-05-02
folk,2,2021-01-04T10:00:00Z,{NUMBER},{EVIL},2020-05-03,0301,,2020-05-03
{NUMBER},3,2021-01-04T10:00:00Z,5,birth,{NUMBER},0301,,2020-05-03
"""


def _released(folder: Path) -> tuple[Desk, str, str]:
    """One release that is out, and one in review that changes three of its figures."""
    clock = [datetime(2021, 1, 4, 12, tzinfo=UTC)]
    desk = Desk(folder, lambda: clock[0])
    after, made = figures(), definition()
    changed = {code: values.copy() for code, values in after.values.items()}
    changed["Personer1"][1, 0, 30:33, -1] += np.array([1, -7, 2])
    names = []
    for values, why in ((after, ""), (replace(after, values=changed), f"Late reports {EVIL}")):
        decision = replace(DECISION, reason=same(f"A trial. {EVIL}"))
        path = write_release(
            desk.drafts, [(made, values, decision)], made_at=clock[0], made_by=f"Ada {EVIL}",
            program="1", log_position=7, corrects=names[0] if names else "", why=why,
            meetings=lambda: [Meeting("B1001", (), 0, 12_345, 0, 0, 4, 1.25)],
        )  # fmt: skip
        desk.built(path, "Ada")
        names.append(path.name)
        if not why:
            desk.approve(path.name, "Bo")
            clock[0] = desk.schedule(path.name, "Bo", date(2021, 2, 19), why="soon")
            desk.release_due()
    return desk, names[0], names[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("office")
    (made / "reports.csv").write_text(REPORTS, encoding="utf-8")
    (made / "wrong.csv").write_text(WRONG, encoding="utf-8")
    folkestrom.open(made / "store").intake([made / "reports.csv", made / "wrong.csv"])
    _released(made / "releases")
    return made


class Running:
    """The command, and a client that it let in."""

    def __init__(self, folder: Path) -> None:
        program = f"{Path(sys.executable).with_name('folkestrom')}"
        places = (
            "--store",
            f"{folder / 'store'}",
            "office",
            "--releases",
            f"{folder / 'releases'}",
        )
        self.process = subprocess.Popen([program, *places], stdout=subprocess.PIPE, text=True)
        self.told: IO[str] = self.process.stdout  # type: ignore[assignment]
        self.address = self.told.readline().strip()
        self.base = self.address.partition("?")[0]
        self.client = httpx.Client(base_url=self.base, timeout=60)

    def end(self) -> int:
        self.client.close()
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(timeout=20)
        finally:
            self.told.close()
            self.process.kill()


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[httpx.Client]:
    """A client that was let in to pages of this process, which end when they are left alone."""
    said: SimpleQueue[str] = SimpleQueue()
    places = (tmp_path / "store", tmp_path / "releases")
    norwegian = asked(["--lang", "no"])
    thread = Thread(target=serve, args=(*places, Language.EN, 0, 3, said.put, norwegian))
    thread.start()
    address = said.get(timeout=20)
    with httpx.Client(base_url=address.partition("?")[0], timeout=60) as client:
        client.get(address)
        yield client
    thread.join(20)
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def office(folder: Path) -> Iterator[Running]:
    running = Running(folder)
    assert running.client.get(running.address).status_code == 303
    yield running
    assert running.end() == 0


def test_nobody_is_let_in_but_one_browser_once(folder: Path) -> None:
    running = Running(folder)
    try:
        _nobody_else(running)
    finally:
        assert running.end() == 0


def _nobody_else(running: Running) -> None:
    port = running.base.split(":")[-1].strip("/")
    with httpx.Client(base_url=running.base) as other:
        for path in ("/", "/en/", "/no/journal", "/static/style.css", "/?token=", "/?token=x"):
            assert other.get(path).status_code == 403
            assert b"folkestrom" not in other.get(path).content
        assert other.head(running.address).status_code == 403  # what only looks at an address
        spoofed = {"host": f"example.org:{port}"}
        assert other.get(running.address, headers=spoofed).status_code == 400
        opened = running.client.get(running.address)
        cookie = opened.headers["set-cookie"]
        assert opened.status_code == 303
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert other.get(running.address).status_code == 403
        name = cookie.partition("=")[0]
        assert other.get("/en/", headers={"cookie": f"{name}=x"}).status_code == 403
    client = running.client
    assert client.get("/en/").status_code == 200
    assert client.get("/en/", headers=spoofed).status_code == 400
    assert client.get("/en/", headers={"host": f"localhost:{port}"}).status_code == 400
    assert client.post("/en/").status_code == 405
    assert client.get("/en/nothing").status_code == 404
    assert client.get("/en/releases/..%2F..").status_code == 404
    for path in ("/en/", "/static/style.css", "/en/nothing"):
        headers = client.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert "script-src 'self'" in headers["content-security-policy"]
        assert headers["cross-origin-resource-policy"] == "same-origin"
    assert client.get("/", headers={"accept-language": "nb"}).headers["location"] == "/no/"


def test_pages_show_no_person_and_nothing_that_is_obeyed(office: Running, folder: Path) -> None:
    names = [one.release for one in Desk(folder / "releases").status()]
    for language in ("en", "no"):
        for place in (*PLACES, *(f"releases/{name}" for name in names)):
            answer = office.client.get(f"/{language}/{place}")
            assert answer.status_code == 200, place
            assert NUMBER not in answer.text, place
            assert "<script" not in answer.text, place
            assert not re.search(r"\{\w+\}|None(?!\.)", answer.text), place


def test_a_release_is_shown_with_what_it_changes_and_how_it_is_protected(
    office: Running, folder: Path
) -> None:
    out, draft = (one.release for one in Desk(folder / "releases").status())
    page = office.client.get(f"/en/releases/{draft}").text
    told = re.sub(r"<[^>]*>", " ", page)
    before = figures().values["Personer1"][1, 0, 31, -1]

    assert f"folkestrom publish approve --releases {folder / 'releases'} {draft} --by" in told
    assert re.search(r"Built by\s+Ada &lt;script&gt;", told)
    assert re.search(rf"{out}\s+[\d ]+\s+3\s+0\s+0", told)
    cell = r"Persons, Oslo \(03\), Males, 31 years, 2021"
    assert re.search(rf"{cell}\s+{before}\s+{before - 7}\s+-7", told)
    assert "itself alone" in told
    assert "12 345" in told
    assert "1.250" in told
    assert "1,250" in office.client.get(f"/no/releases/{draft}").text
    assert f"--corrects {out}" in office.client.get(f"/en/releases/{out}").text


def test_the_calendar_and_the_journal_say_who_did_what(office: Running) -> None:
    calendar, journal = (office.client.get(f"/en/{name}").text for name in ("calendar", "journal"))

    assert "19 February 2021, 08:00" in calendar
    acts = re.findall(r"<td class=\"text\">(built|approved|scheduled|out)</td>", journal)
    assert acts == ["built", "out", "scheduled", "approved", "built"]
    assert "soon" in journal


def test_quarantine_is_counted_by_reason_and_source(office: Running, folder: Path) -> None:
    page = re.sub(r"<[^>]*>", " ", office.client.get("/en/quarantine").text)
    listed = folkestrom.open(folder / "store").quarantine()

    assert re.search(r"there is no such day\s+folk\s+1\s", page)
    assert re.search(r"there is no such day\s+…\s+1\s", page)
    assert len(re.findall(r"&lt;script&gt;", page)) == 1
    assert page.count("event_date") == listed["column"].to_pylist().count("event_date")


def test_delays_flags_and_checks_are_those_of_the_store(office: Running, folder: Path) -> None:
    store = folkestrom.open(folder / "store")
    pages = {name: re.sub(r"<[^>]*>", " ", office.client.get(f"/en/{name}").text)
             for name in ("flags", "delays", "checks?run=1")}  # fmt: skip

    with store.reading() as connection:
        births, most = connection.sql(
            "SELECT count(*), max(known_from - event_date) - 1 FROM known_report "
            "WHERE kind = 2 AND NOT annuls AND NOT corrects"
        ).fetchall()[0]
    assert re.search(rf"Birth\s+{births}\s+\d+\s+\d+\s+{most}\s", pages["delays"])
    assert len(re.findall(r"\bpassed\b", pages["checks?run=1"])) > 10
    assert all(one.result == "ok" for one in store.check())
    assert ("Every report that stands" in pages["flags"]) == (store.flags().num_rows == 0)


def test_a_release_that_is_not_whole_is_said_to_be_so(inside: httpx.Client, tmp_path: Path) -> None:
    desk, _, draft = _released(tmp_path / "releases")
    values = next((desk.drafts / draft).rglob("values-0.npy"))
    values.write_bytes(values.read_bytes()[:-1] + b"!")
    page = inside.get(f"/en/releases/{draft}").text
    assert "Not as they were made" in page
    assert "is missing or another" in page
    # And there is no store.
    assert "The store cannot be shown" in inside.get("/en/").text
    answer = inside.get("/no/quarantine")
    assert answer.status_code == 503
    assert "det er ikke noe lager i denne mappen" in answer.text


def test_with_no_release_and_nothing_in_quarantine_pages_say_so(
    inside: httpx.Client, tmp_path: Path
) -> None:
    (tmp_path / "reports.csv").write_text(REPORTS, encoding="utf-8")
    folkestrom.open(tmp_path / "store").intake(tmp_path / "reports.csv")
    told = {"": "No release is in review", "journal": "Nothing was done yet",
            "quarantine": "Nothing is in quarantine", "calendar": "None."}  # fmt: skip
    for place, word in told.items():
        assert word in inside.get(f"/en/{place}").text


def test_it_ends_when_it_is_left_alone() -> None:
    door = Door(1)
    began = time.monotonic()
    asyncio.run(asyncio.wait_for(door.left_alone(0.1), 5))
    assert time.monotonic() - began >= 0.1

    async def asked_meanwhile() -> None:
        waiting = asyncio.create_task(door.left_alone(0.2))
        door.begun()
        await asyncio.sleep(0.5)
        assert not waiting.done()
        door.ended()
        await asyncio.wait_for(waiting, 5)

    asyncio.run(asked_meanwhile())


def test_the_server_itself_ends_and_a_port_that_is_taken_is_refused(tmp_path: Path) -> None:
    said: list[str] = []

    def taken(address: str) -> None:
        said.append(address)
        port = int(address.split(":")[2].partition("/")[0])
        with pytest.raises(UsageError, match=f"--port: '{port}' cannot be listened on"):
            serve(tmp_path, tmp_path, Language.EN, port, 1, said.append)

    serve(tmp_path, tmp_path, Language.EN, 0, 0.2, taken)
    assert len(said) == 1


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_pages_are_accessible_and_fit(
    browser: Browser, office: Running, folder: Path, width: int, scheme: str
) -> None:
    draft = Desk(folder / "releases").status()[1].release
    size = {"width": width, "height": 800}
    (cookie,) = office.client.cookies.jar
    known = {"name": cookie.name, "value": f"{cookie.value}", "url": office.base}
    how = {"color_scheme": scheme, "viewport": size, "bypass_csp": True}
    with Watched(browser, office.client, **how) as seen:
        seen.page.context.add_cookies([known])  # type: ignore[list-item]
        places = (*PLACES[:6], *(PLACES[6:] if width > 400 else ()), f"releases/{draft}", "nothing")
        for place in places:
            seen.page.goto(f"/{'en' if width > 400 else 'no'}/{place}")
            assert axe(seen.page) == [], place
            wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert seen.page.evaluate(wide) == 0, place
        assert [one for one in seen.complaints if "404" not in one] == []
        assert all(address.startswith(office.base) for address in seen.requests)


def test_texts_are_in_both_languages_and_all_of_them_are_used() -> None:
    room = files("folkestrom.app.office.web")
    told = "".join(
        one.read_text("utf-8")
        for folder in (room, room.joinpath("templates"))
        for one in folder.iterdir()
        if one.name.endswith((".jinja", ".py"))
    )
    quoted = set(re.findall(r"""["']([\w-]+)["']""", told)) | {reason.value for reason in Reason}
    quoted |= {"site", "footer", "built", "announce", "approve", "failed", "skipped", "ok"}
    quoted |= {"none", "cell-keys", "rounding", "suppression"}
    own = [*csv.DictReader(room.joinpath("texts.csv").read_text("utf-8").splitlines())]
    begins = re.compile("^(col|act|state|reason|policy|result|to|part|lead)-")
    for row in own:
        said = text.all[row["key"]]
        assert said.en, row["key"]
        assert said.no, row["key"]
        marks = [set(re.findall(r"{\w+}", of)) for of in (said.en, said.no)]
        assert marks[0] == marks[1], row["key"]
        assert {row["key"], begins.sub("", row["key"])} & quoted, row["key"]
    assert len({row["key"] for row in own}) == len(own)
    assert {f"reason-{reason}" for reason in Reason} <= set(text.all)
    policies = {"none", "cell keys", "rounding", "suppression"}
    assert {f"policy-{name.replace(' ', '-')}" for name in policies} <= set(text.all)
    assert Decision("none", same("")).share_changed == 0
