"""Nothing before the second, everything from it on; calendars; what changed since last time."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from folkestrom.app.demo.run import MARK
from folkestrom.app.demo.trial import trial
from folkestrom.app.office.catalogue.build import BuildQuestion
from folkestrom.app.pages.kept import Kept, Made, kept_or_made
from folkestrom.app.public.statbank import PREFIX, Bank
from folkestrom.errors import UsageError
from folkestrom.publish.releases.desk import Desk
from folkestrom.publish.releases.shelf import Shelf, listed, put_out
from folkestrom.publish.tables.figures import Figures
from tests.app.public.site.small_country import EVIL, OUT, definition, figures, release, tables
from tests.app.public.test_server import served

ALL = (
    "/", "/en/", "/no/population", "/en/emigration", "/en/places", "/en/places/0301", "/no/tables",
    "/en/tables/B1001", "/en/tables/B1001/chart.svg", "/en/about", "/sitemap.xml", "/robots.txt",
    "/no/projection", "/no/projection/data.json", "/en/nothing",
)  # fmt: skip


def test_nothing_is_told_before_the_second_and_everything_from_it_on(tmp_path: Path) -> None:
    clock = [datetime(2021, 1, 4, tzinfo=UTC)]
    desk = Desk(tmp_path, lambda: clock[0])
    with (
        served(Bank(Shelf(desk.public), now=lambda: clock[0])) as address,
        httpx.Client(base_url=address.removesuffix(PREFIX), timeout=60) as client,
    ):
        _over_the_second(desk, clock, client)


def _over_the_second(desk: Desk, clock: list[datetime], client: httpx.Client) -> None:
    def told() -> list[tuple[int, bytes]]:
        answers = [client.get(path) for path in ALL]
        return [(answer.status_code, answer.content) for answer in answers]

    empty = told()
    name = release(desk.drafts, tables())
    desk.built(name, "Ada")
    desk.approve(name.name, "Bo")
    assert told() == empty
    due = desk.schedule(name.name, "Bo", date(2021, 5, 20))
    coming = told()
    calendar = client.get("/en/calendar").text
    assert "20 May 2021, 08:00" in calendar
    assert "Internal migration" in calendar
    # Titles and a time, on the pages that have a calendar; no other page is another.
    changed = [path for path, a, b in zip(ALL, empty, coming, strict=True) if a != b]
    assert changed == ["/en/", "/no/population", "/en/emigration"]
    for path, (_, text) in zip(ALL, coming, strict=True):
        assert b"Stavanger" not in text, path
    clock[0] = due - timedelta(seconds=9.5)
    assert client.get("/en/").headers["cache-control"] == "public, max-age=9"
    clock[0] = due - timedelta(microseconds=1)
    desk.release_due()
    assert told() == coming
    assert client.get("/en/").headers["cache-control"] == "no-cache"
    clock[0] = due
    desk.release_due()
    assert [status for status, _ in told()] == [302, *[200] * (len(ALL) - 3), 404, 404]
    assert "Stavanger" in client.get("/en/places").text
    first = client.get("/en/")
    again = client.get("/en/", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_what_changed_since_last_time(tmp_path: Path) -> None:
    made = definition("B1002", (), ("Levendefodte", "Dode"))
    before = figures(made)
    revised = {code: array.copy() for code, array in before.values.items()}
    revised["Dode"][[2, 5]] += 1
    for day, values in enumerate((before, Figures(revised))):
        put_out(tmp_path, release(tmp_path / "drafts", [(made, values)]), OUT + timedelta(day))
    with served(Bank(Shelf(tmp_path))) as address:
        page = httpx.get(address.removesuffix(PREFIX) + "/en/").text
    assert "2 earlier figures are revised" in page


def test_the_calendar_is_read_by_other_programs(tmp_path: Path) -> None:
    clock = [datetime(2021, 1, 4, tzinfo=UTC)]
    desk = Desk(tmp_path, lambda: clock[0])
    name = release(desk.drafts, tables())
    desk.built(name, "Ada")
    desk.approve(name.name, "Bo")
    desk.schedule(name.name, "Bo", date(2021, 5, 20))
    with served(Bank(Shelf(desk.public))) as address:
        site = address.removesuffix(PREFIX)
        calendar = httpx.get(f"{site}/no/calendar.ics")
        feed = httpx.get(f"{site}/en/feed.atom")
        desk.schedule(name.name, "Bo", date(2021, 5, 27), why="A fault was found")
        moved = httpx.get(f"{site}/en/feed.atom")
    lines = calendar.content.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    unfolded = calendar.text.replace("\r\n ", "")
    assert "DTSTART:20210520T060000Z" in unfolded
    assert r"Innenlandske flyttinger (B1009)\;" in unfolded
    assert calendar.headers["content-type"].startswith("text/calendar")
    entries = ET.fromstring(feed.text).findall("{http://www.w3.org/2005/Atom}entry")
    (entry,) = entries
    # A release that is moved is the same entry.
    (same_entry,) = ET.fromstring(moved.text).findall("{http://www.w3.org/2005/Atom}entry")
    name_of = "{http://www.w3.org/2005/Atom}id"
    assert entry.findtext(name_of) == same_entry.findtext(name_of)
    atom = "{http://www.w3.org/2005/Atom}"
    assert entry.findtext(f"{atom}updated") == "2021-01-04T00:00:00Z"
    assert "A fault was found" in same_entry.findtext(f"{atom}summary", "")
    title = entry.findtext("{http://www.w3.org/2005/Atom}title", "")
    assert title.startswith("Population (B1001, B1004, B1005); ")
    assert EVIL not in feed.text


def test_changes_to_the_calendar_are_shown_with_when_and_why(tmp_path: Path) -> None:
    clock = [datetime(2021, 1, 4, tzinfo=UTC)]
    desk = Desk(tmp_path, lambda: clock[0])
    name = release(desk.drafts, tables()).name
    desk.built(desk.drafts / name, "Ada")
    desk.approve(name, "Bo")
    desk.schedule(name, "Bo", date(2021, 5, 20))
    clock[0] = datetime(2021, 2, 1, 11, tzinfo=UTC)
    desk.schedule(name, "Bo", date(2021, 5, 27), why=f"A fault {EVIL}")
    with served(Bank(Shelf(desk.public))) as address:
        site = address.removesuffix(PREFIX)
        page = httpx.get(f"{site}/en/calendar").text
        (told,) = httpx.get(f"{address}/calendar?lang=en").json()["releases"]
        moved = httpx.get(f"{site}/no/calendar.ics").text
        desk.withdraw(name, "Bo", "Not to be mended")
        gone = httpx.get(f"{site}/no/calendar").text
        cancelled = httpx.get(f"{site}/no/calendar.ics").text
    assert "1 February 2021, 12:00: Moved, from 20 May 2021, 08:00. A fault " in page
    assert EVIL not in page
    (change,) = told["changes"]
    assert change == {
        "changed": "2021-02-01T11:00:00Z", "from": "2021-05-20T06:00:00Z",
        "to": "2021-05-27T06:00:00Z", "why": f"A fault {EVIL}",
    }  # fmt: skip
    assert "Tatt ut av kalenderen" in gone
    assert "Not to be mended" in gone
    # The same event in both: it was announced for 20 May.
    assert "UID:20210520T060000Z-" in moved
    assert "STATUS:CONFIRMED" in moved
    assert "UID:20210520T060000Z-" in cancelled
    assert "STATUS:CANCELLED" in cancelled


def test_what_is_kept_is_of_one_state_and_has_an_end() -> None:
    kept: Kept[Made] = Kept(most=10)
    made = []

    def make(text: bytes) -> Made:
        made.append(text)
        return Made(text, "")

    for state, key in ((1, "a"), (1, "a"), (2, "a"), (2, "b"), (2, "a"), (2, "c"), (2, "b")):
        kept_or_made(kept, state, key, lambda key=key: make(key.encode() * 5))  # type: ignore[misc]
    assert made == [b"aaaaa", b"aaaaa", b"bbbbb", b"ccccc", b"bbbbb"]
    kept.keep(2, "large", Made(b"", ""), 6)
    kept.keep(1, "late", Made(b"", ""), 1)
    assert kept.find(2, "large") is kept.find(2, "late") is None


def test_a_demonstration_is_released_once_and_says_that_it_is_one(tmp_path: Path) -> None:
    built = []

    def build(question: BuildQuestion) -> Path:
        built.append(question.made_by)
        return release(question.desk.drafts, tables())

    store, releases = tmp_path / "store", tmp_path / "releases"
    store.mkdir()
    with pytest.raises(UsageError, match="no demonstration"):
        trial(store, releases, build, print)
    assert not built
    (store / MARK).write_text("{}")
    os.utime(store / MARK, (0, (OUT - timedelta(days=1)).timestamp()))
    name = trial(store, releases, build, print)
    assert trial(store, releases, build, print) == name
    assert len(built) == 1
    assert [one.release for one in listed(releases / "public")] == [name]
    with served(Bank(Shelf(releases / "public"))) as address:
        page = httpx.get(address.removesuffix(PREFIX) + "/en/").text
    assert "synthetic data" in page
    approvers = {state.approved_by for state in Desk(releases).status()}
    assert approvers.isdisjoint(built)
