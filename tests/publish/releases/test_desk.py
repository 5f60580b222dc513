"""Releases on their way: two people, notice, the second at which they are out, and what breaks."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from folkestrom.errors import InputRefused, UsageError
from folkestrom.publish.releases.desk import Desk
from folkestrom.publish.releases.release import check_release, write_release
from folkestrom.publish.releases.shelf import Shelf, announced, listed, put_out
from folkestrom.publish.statbank.dataset import Approval
from tests.publish.small_bank import DECISION, definition, figures

START = datetime(2021, 1, 4, 12, tzinfo=UTC)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(tmp_path: Path, clock: Clock) -> Desk:
    return Desk(tmp_path / "releases", clock)


def draft(desk: Desk, by: str = "Ada", position: int = 1) -> str:
    release = write_release(
        desk.drafts, [(definition(), figures(), DECISION)], made_at=START, made_by=by, program="1",
        log_position=position,
    )  # fmt: skip
    desk.built(release, by)
    return release.name


def test_from_draft_to_the_public(desk: Desk, clock: Clock) -> None:
    name = draft(desk)
    desk.approve(name, "Bo")
    due = desk.schedule(name, "Bo", date(2021, 5, 20))
    assert due == datetime(2021, 5, 20, 6, tzinfo=UTC)  # summer time
    shelf = Shelf(desk.public)
    clock.now = due - timedelta(microseconds=1)
    assert desk.release_due() == []
    assert not shelf.tables()
    clock.now = due
    assert desk.release_due() == [name]
    assert shelf.tables()["B1001"].updated == due
    assert desk.release_due() == []
    assert [state.state for state in desk.status()] == ["out"]


def test_winter_has_another_hour_of_utc(desk: Desk) -> None:
    name = draft(desk)
    desk.approve(name, "Bo")
    assert desk.schedule(name, "Bo", date(2021, 11, 18)).hour == 7


def test_whoever_makes_a_release_does_not_approve_it(desk: Desk) -> None:
    name = draft(desk)
    with pytest.raises(UsageError, match="a second person approves it"):
        desk.approve(name, " ADA")
    with pytest.raises(UsageError, match="is draft"):
        desk.schedule(name, "Bo", date(2021, 5, 20))


@pytest.mark.parametrize(
    ("day", "why", "message"),
    [
        (date(2021, 3, 1), "", "less than 3 months ahead"),
        (date(2021, 1, 4), "x", "not in the future"),
    ],
)
def test_notice_is_three_months(desk: Desk, day: date, why: str, message: str) -> None:
    name = draft(desk)
    desk.approve(name, "Bo")
    with pytest.raises(UsageError, match=message):
        desk.schedule(name, "Bo", day, why=why)


def test_an_hour_that_was_announced_is_moved_for_a_reason_only(desk: Desk) -> None:
    name = draft(desk)
    desk.approve(name, "Bo")
    desk.schedule(name, "Bo", date(2021, 5, 20))
    with pytest.raises(UsageError, match="was announced otherwise"):
        desk.schedule(name, "Bo", date(2021, 5, 27))
    desk.schedule(name, "Bo", date(2021, 5, 27), time(10), "a fault was found")
    (told,) = announced(desk.public)
    assert told.due == datetime(2021, 5, 27, 8, tzinfo=UTC)
    assert told.titles["B1001"].en == "Population"


def test_what_is_out_is_not_withdrawn(desk: Desk, clock: Clock) -> None:
    first, second = draft(desk), draft(desk, position=2)
    for name in (first, second):
        desk.approve(name, "Bo")
        desk.schedule(name, "Bo", date(2021, 5, 20))
    desk.withdraw(second, "Bo", "a fault was found")
    clock.now = datetime(2021, 6, 1, tzinfo=UTC)
    assert desk.release_due() == [first]
    with pytest.raises(UsageError, match="is out"):
        desk.withdraw(first, "Bo", "x")
    assert [told.state for told in announced(desk.public)] == ["out", "withdrawn"]


def test_a_release_may_be_named_by_how_it_begins(desk: Desk) -> None:
    name = draft(desk)
    desk.approve(name[:5], "Bo")
    with pytest.raises(UsageError, match="is no release"):
        desk.approve("x", "Bo")


def test_a_clock_that_was_moved_back_is_found_out(desk: Desk, clock: Clock) -> None:
    name = draft(desk)
    clock.now = START - timedelta(hours=1)
    with pytest.raises(InputRefused, match="clock was moved back"):
        desk.approve(name, "Bo")


@pytest.mark.parametrize("alter", [lambda t: t.replace(b"Ada", b"Eva"), lambda t: b"{}\n" + t])
def test_a_journal_that_was_altered_stops_everything(
    desk: Desk, alter: Callable[[bytes], bytes]
) -> None:
    name = draft(desk)
    desk.approve(name, "Bo")
    journal = desk.folder / "journal.jsonl"
    journal.write_bytes(alter(journal.read_bytes()))
    with pytest.raises(InputRefused, match="was altered"):
        desk.release_due()


@pytest.mark.parametrize("damage", ["cut", "gone", "other"])
def test_a_draft_that_is_not_whole_is_not_approved(desk: Desk, damage: str) -> None:
    name = draft(desk)
    file = desk.drafts / name / "tables/0/values-0.npy"
    content = file.read_bytes()
    file.unlink()
    if damage != "gone":
        file.write_bytes(content[:-1] if damage == "cut" else content[:-1] + b"\x01")
    with pytest.raises(InputRefused, match=r"values-0\.npy is missing or another"):
        desk.approve(name, "Bo")


def test_whoever_was_killed_in_the_middle_goes_on(desk: Desk, clock: Clock) -> None:
    name = draft(desk)
    desk.approve(name, "Bo")
    due = desk.schedule(name, "Bo", date(2021, 5, 20))
    clock.now = due
    place = desk.public / "releases"
    place.mkdir()
    (desk.drafts / name).rename(place / name)  # moved, and not yet listed
    assert not Shelf(desk.public).tables()
    assert desk.release_due() == [name]
    put_out(desk.public, desk.drafts / name, due)  # listed, and not yet noted
    assert len(listed(desk.public)) == 1


def test_a_broken_list_or_release_leaves_what_was_there(desk: Desk, clock: Clock) -> None:
    shelf = Shelf(desk.public)
    for position in (1, 2):
        name = draft(desk, position=position)
        desk.approve(name, "Bo")
        due = desk.schedule(name, "Bo", date(2021, 5, 20) + timedelta(days=position), why="x")
        clock.now = due
        desk.release_due()
        assert shelf.tables()["B1001"].updated == due
    (desk.public / "releases" / name / "manifest.json").write_text("{}")
    (desk.public / "out.json").touch()
    assert Shelf(desk.public).tables()["B1001"].updated < due  # the last good one
    (desk.public / "out.json").write_text("[")
    assert shelf.tables()["B1001"]


def test_a_release_that_is_broken_does_not_hold_up_the_others(desk: Desk, clock: Clock) -> None:
    names = [draft(desk, position=position) for position in (1, 2)]
    for name in names:
        desk.approve(name, "Bo")
        due = desk.schedule(name, "Bo", date(2021, 5, 20))
    (desk.drafts / names[0] / "manifest.json").unlink()
    clock.now = due
    with pytest.raises(InputRefused, match=r"manifest\.json is missing"):
        desk.release_due()
    assert [state.state for state in desk.status()] == ["scheduled", "out"]
    assert [out.release for out in listed(desk.public)] == [names[1]]


def test_figures_that_were_altered_in_the_public_folder_are_not_shown(
    desk: Desk, clock: Clock
) -> None:
    name = draft(desk)
    desk.approve(name, "Bo")
    clock.now = desk.schedule(name, "Bo", date(2021, 5, 20))
    desk.release_due()
    file = desk.public / "releases" / name / "tables/0/values-0.npy"
    file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    assert not Shelf(desk.public).tables()


def test_nothing_is_left_of_a_question_about_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no release"):
        Desk(tmp_path / "other").approve("x", "Bo")
    assert list(tmp_path.iterdir()) == []


def test_half_a_release_is_taken_away(tmp_path: Path) -> None:
    def broken() -> object:
        yield definition(), figures(), DECISION
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_release(tmp_path, broken(), made_at=START, made_by="A", program="1", log_position=1)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_the_same_tables_have_the_same_name(tmp_path: Path) -> None:
    names = set()
    for part in ("a", "b"):
        made = write_release(
            tmp_path / part, [(definition(), figures(), DECISION)], made_at=START, made_by="A",
            program="1", log_position=1,
        )  # fmt: skip
        check_release(made)
        names.add(made.name)
    assert len(names) == 1


def test_what_the_public_sees_is_out_though_nobody_had_time_to_note_it(
    desk: Desk, clock: Clock
) -> None:
    name = draft(desk)
    desk.approve(name, "Bo")
    clock.now = due = desk.schedule(name, "Bo", date(2021, 5, 20))
    put_out(desk.public, desk.drafts / name, due)  # and killed
    with pytest.raises(UsageError, match="is out"):
        desk.withdraw(name, "Bo", "a fault was found")
    with pytest.raises(UsageError, match="is out"):
        desk.schedule(name, "Bo", date(2021, 6, 20), why="a fault was found")
    assert desk.release_due() == [name]
    assert [entry.act for entry in desk.entries()][-1] == "release"


def test_an_hour_that_was_noted_and_not_announced_is_announced(desk: Desk, clock: Clock) -> None:
    name = draft(desk)
    desk.approve(name, "Bo")
    due = desk.schedule(name, "Bo", date(2021, 5, 20))
    calendar = desk.public / "calendar.json"
    said = calendar.read_bytes()
    for left in (None, b"[]", b"["):
        calendar.unlink()
        if left is not None:
            calendar.write_bytes(left)
        assert desk.release_due() == []
        assert calendar.read_bytes() == said
    # No cache keeps an answer past the hour.
    assert Shelf(desk.public).unchanged_for(due - timedelta(seconds=2), 300) == 2


@pytest.mark.parametrize("by", ["A\u030ase  Li", "\u00c5SE\u00a0LI", " \u212bse Li"])
def test_a_name_that_is_typed_otherwise_is_no_other_person(desk: Desk, by: str) -> None:
    name = draft(desk, by="\u00c5se Li")
    with pytest.raises(UsageError, match="a second person approves it"):
        desk.approve(name, by)


def test_drafts_are_read_by_no_other_user(desk: Desk) -> None:
    name = draft(desk)
    assert desk.drafts.stat().st_mode & 0o007 == 0
    # As soon as they are out, they are.
    assert (desk.drafts / name).stat().st_mode & 0o005 == 0o005


@pytest.mark.parametrize("first", ["none", "cell keys"])
@pytest.mark.parametrize("second", ["none", "cell keys"])
def test_a_draft_is_set_beside_all_that_is_approved_before_it(
    desk: Desk, clock: Clock, first: str, second: str
) -> None:
    names = []
    for position, policy in enumerate((first, second)):
        made = write_release(
            desk.drafts, [(definition(), figures(), replace(DECISION, policy=policy))],
            made_at=START, made_by="Ada", program="1", log_position=position,
        )  # fmt: skip
        desk.built(made, "Ada")
        names.append(made.name)
    clock.now += timedelta(hours=1)
    desk.approve(names[0], "Bo")
    assert desk.out()["B1001"].policy == first
    if (first, second) == ("none", "none"):
        desk.approve(names[1], "Bo")
        return
    with pytest.raises(InputRefused, match="not set beside them") as refused:
        desk.approve(names[1], "Bo")
    assert names[0] in str(refused.value)
    desk.withdraw(names[0], "Bo", "a fault was found")
    desk.approve(names[1], "Bo")


def test_two_publishers_at_once_put_out_once(desk: Desk, clock: Clock) -> None:
    name = draft(desk)
    desk.approve(name, "Bo")
    clock.now = desk.schedule(name, "Bo", date(2021, 5, 20))
    out: list[str] = []
    threads = [threading.Thread(target=lambda: out.extend(desk.release_due())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert out == [name]


def everything(folder: Path) -> dict[str, bytes]:
    found = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {str(path): text for path, text in found.items() if path.name != ".lock"}


class FullDisk:
    """A disk that is full at the nth file that is to be safe on it, when a part is written."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
        self.left, self._fsync = at, os.fsync
        monkeypatch.setattr(os, "fsync", self)

    def __call__(self, number: int) -> None:
        self.left -= 1
        if self.left == 0:
            os.ftruncate(number, max(os.fstat(number).st_size - 3, 0))
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._fsync(number)


ACTS: dict[str, Callable[[Desk, str], object]] = {
    "approve": lambda desk, name: desk.approve(name, "Bo"),
    "schedule": lambda desk, name: desk.schedule(name, "Bo", date(2021, 5, 20)),
    "withdraw": lambda desk, name: desk.withdraw(name, "Bo", "a fault was found"),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("at", [1, 2])
def test_nothing_half_done_stays_on_a_full_disk(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, act: str, at: int
) -> None:
    name = draft(desk)
    for done in list(ACTS)[: list(ACTS).index(act)]:
        ACTS[done](desk, name)
    before = everything(desk.folder)
    full = FullDisk(monkeypatch, at)
    with pytest.raises(OSError, match="No space left"):
        ACTS[act](desk, name)
    assert full.left == 0
    assert everything(desk.folder) == before
    ACTS[act](desk, name)  # once there is space


def test_a_release_comes_out_once_there_is_space(
    desk: Desk, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = draft(desk)
    desk.approve(name, "Bo")
    clock.now = desk.schedule(name, "Bo", date(2021, 5, 20))
    before = everything(desk.folder)
    FullDisk(monkeypatch, 1)
    with pytest.raises(OSError, match="No space left"):
        desk.release_due()
    assert everything(desk.folder) == before
    assert desk.release_due() == [name]


def test_a_build_that_cannot_be_noted_is_taken_away(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft(desk)
    before = everything(desk.folder)
    FullDisk(monkeypatch, 2)
    with pytest.raises(OSError, match="No space left"):
        draft(desk, position=2)
    assert everything(desk.folder) == before


def test_who_approved_and_when_stands_beside_the_release(desk: Desk, clock: Clock) -> None:
    name = draft(desk)
    clock.now += timedelta(days=1)
    desk.approve(name, "Bo")
    approval = Approval("Bo", clock.now)
    assert desk.status()[0].approval == approval
    clock.now = desk.schedule(name, "Eva", date(2021, 5, 20))
    desk.release_due()
    assert [one.approval for one in listed(desk.public)] == [approval]
    assert Shelf(desk.public).tables()["B1001"].approval == approval
    check_release(desk.public / "releases" / name)  # which is as it was made


def test_changes_to_the_calendar_are_announced_with_their_reason(desk: Desk, clock: Clock) -> None:
    name = draft(desk)
    desk.approve(name, "Bo")
    first = desk.schedule(name, "Bo", date(2021, 5, 20))
    assert announced(desk.public)[0].moved == ()
    clock.now += timedelta(days=7)
    second = desk.schedule(name, "Bo", date(2021, 5, 27), why="A fault was found")
    desk.withdraw(name, "Bo", "The fault is not mended")
    (told,) = announced(desk.public)
    assert [(one.at, one.before, one.due, one.why) for one in told.moved] == [
        (clock.now, first, second, "A fault was found"),
        (clock.now, second, None, "The fault is not mended"),
    ]
    other = draft(desk, position=2)
    desk.approve(other, "Bo")
    desk.schedule(other, "Bo", date(2021, 2, 1), why="The law asks for it")
    assert [one.before for one in announced(desk.public)[1].moved] == [None]


def test_what_is_announced_before_it_is_made(desk: Desk, clock: Clock) -> None:
    titles = {id: made.title for id, made in desk.definitions(draft(desk)).items()}
    desk.withdraw(draft(desk, position=2), "Ada", "a trial")
    with pytest.raises(UsageError, match="less than 3 months"):
        desk.announce(titles, "Bo", date(2021, 2, 20))
    name = desk.announce(titles, "Bo", None)
    with pytest.raises(UsageError, match="is announced already"):
        desk.announce(titles, "Bo", None)
    (said,) = announced(desk.public)
    assert (said.due, said.state, said.moved) == (None, "scheduled", ())
    with pytest.raises(UsageError, match="has no hour that was announced"):
        desk.schedule(name, "Bo")
    due = desk.schedule(name, "Bo", date(2021, 5, 20))
    assert [one.due for one in announced(desk.public)] == [due]
    # The day before: with three months' notice behind it, no reason is needed.
    clock.now = due - timedelta(days=1)
    release = desk.status()[0].release
    with pytest.raises(UsageError, match="is draft"):
        desk.schedule(release, "Bo", announced=name)
    desk.approve(release, "Bo")
    assert desk.schedule(release, "Bo", announced=name) == due
    (said,) = announced(desk.public)
    assert (said.due, said.state, said.moved) == (due, "scheduled", ())
    with pytest.raises(UsageError, match="is replaced"):
        desk.schedule(name, "Bo", date(2021, 12, 1))
    clock.now = due
    assert desk.release_due() == [release]
    assert [one.state for one in announced(desk.public)] == ["out"]


def test_what_is_announced_is_moved_or_taken_off_with_a_reason(desk: Desk) -> None:
    draft(desk)
    titles = {"B1001": definition().title}
    name = desk.announce(titles, "Bo", date(2021, 5, 20))
    with pytest.raises(UsageError, match="announced otherwise"):
        desk.schedule(name, "Bo", date(2021, 6, 20))
    desk.schedule(name, "Bo", date(2021, 6, 20), why="late reports")
    (said,) = announced(desk.public)
    assert [moved.why for moved in said.moved] == ["late reports"]
    desk.withdraw(name, "Bo", "no census this year")
    (said,) = announced(desk.public)
    assert (said.state, said.moved[-1].why) == ("withdrawn", "no census this year")
    other = desk.announce({"B1008": definition().title}, "Bo", date(2021, 5, 20))
    release = desk.status()[0].release
    desk.approve(release, "Bo")
    with pytest.raises(UsageError, match="has tables that were not announced"):
        desk.schedule(release, "Bo", announced=other)
    soon = desk.announce(titles, "Bo", date(2021, 2, 1), why="the law asks for it")
    with pytest.raises(UsageError, match="announced otherwise"):
        desk.schedule(release, "Bo", date(2021, 2, 2), announced=soon)
    desk.schedule(release, "Bo", date(2021, 2, 2), why="a day late", announced=soon)
    (said,) = [one for one in announced(desk.public) if "the law" in str(one.moved)]
    assert [moved.why for moved in said.moved] == ["the law asks for it", "a day late"]
