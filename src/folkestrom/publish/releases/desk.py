"""The office's side of releases: drafts, approval by a second person, and the hour they come out.

A release lies with the drafts until the second that it is due; then it is moved to the public
folder and listed there, in one step. Nothing that is not out can be read from the public folder.
"""

from __future__ import annotations

import fcntl
import shutil
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from datetime import time as hour
from pathlib import Path
from typing import Any, Final

from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.names import check_code
from folkestrom.model.specification import Text
from folkestrom.model.time import LOCAL_ZONE, add_months
from folkestrom.publish.releases.decision import Decision
from folkestrom.publish.releases.journal import Act, Entry, add_entry, read_journal
from folkestrom.publish.releases.release import (
    Manifest,
    check_release,
    read_manifest,
    table_folders,
)
from folkestrom.publish.releases.review import Reviewed, review
from folkestrom.publish.releases.shelf import (
    Shelf,
    announce,
    announcing,
    listed,
    put_out,
    releases_of,
)
from folkestrom.publish.releases.states import State, calendar_of, states_of
from folkestrom.publish.tables.definition import Definition
from folkestrom.publish.tables.folder import read_table

#: Statistics come out at this hour, local time, and are announced so many months before.
HOUR: Final = hour(8)
NOTICE_MONTHS: Final = 3
#: What is approved, and comes out.
_COMING: Final = ("approved", "scheduled")
#: How long is slept at most before the clock is looked at again, in seconds.
_NAP: Final = 0.05

Clock = Callable[[], datetime]


class Desk:
    """Drafts, the journal, and the public folder.

    Parameters
    ----------
    folder
        Where all three are.
    clock
        The time; by default the machine's.
    """

    def __init__(self, folder: Path, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self.folder = folder
        self.drafts = folder / "drafts"
        self.public = folder / "public"
        self.journal = folder / "journal.jsonl"
        self._clock = clock

    def built(self, release: Path, by: str) -> None:
        """Note that a release was made; it lies with the drafts, and is gone if that fails."""
        try:
            with self._alone():
                self._note("build", release.name, by, titles=read_manifest(release).titles)
        except BaseException:
            shutil.rmtree(release, ignore_errors=True)
            raise

    def approve(self, release: str, by: str) -> None:
        """Approve a draft that another person made.

        Raises
        ------
        UsageError
            No such draft; the same person.
        InputRefused
            Files that are not what the manifest says; a table without a decision on its protection;
            another release, approved since it was made, that it was not set beside.
        """
        with self._alone():
            state = self._state(release, "draft")
            manifest = check_release(self.drafts / state.release)
            undecided = [id for id in manifest.titles if id not in manifest.decisions]
            if undecided:
                raise InputRefused(
                    "has tables without a decision on their disclosure control",
                    where=state.release, value=", ".join(undecided),
                    next_step="Build it again",
                )  # fmt: skip
            if _person(state.made_by) == _person(by):
                raise UsageError(
                    "made the release, and a second person approves it", where="by", value=by,
                    next_step="Let a colleague look at it",
                )  # fmt: skip
            if later := self._not_beside(manifest):
                raise InputRefused(
                    "was made before other releases were approved, and not set beside them",
                    where=state.release, value=", ".join(later), next_step="Build it again",
                )  # fmt: skip
            policies = {id: made.policy for id, made in manifest.decisions.items()}
            self._note("approve", state.release, by, policies=policies)

    def _not_beside(self, manifest: Manifest) -> list[str]:
        """Releases that were approved since one was made, where either has a protected table."""
        later = {
            state.release: read_manifest(self._place(state.release))
            for state in self.status()
            if state.state != "withdrawn"
            and state.approved_at is not None
            and state.approved_at > manifest.made_at
        }
        return [name for name, one in later.items() if manifest.shields or one.shields]

    def manifest(self, release: str) -> Manifest:
        """What a release holds, that is not out or is."""
        return read_manifest(self._place(release))

    def review(self, release: str) -> list[Reviewed]:
        """Every table of a release beside the one that is out."""
        place = self._place(release)
        return review(place, read_manifest(place), Shelf(self.public).tables())

    def definitions(self, release: str) -> dict[str, Definition]:
        """The definitions of a release's tables, by their numbers."""
        place = self._place(release)
        folders = table_folders(place, read_manifest(place))
        return {id: read_table(folder)[0] for id, folder in folders.items()}

    def check(self, release: str) -> None:
        """Read every file of a release, and see that it is what the manifest says."""
        check_release(self._place(release))

    def entries(self) -> list[Entry]:
        """The journal, from the first act on."""
        return read_journal(self.journal)

    def _place(self, release: str) -> Path:
        """Where a release lies."""
        state = self._state(release, "draft", "approved", "scheduled", "out", "withdrawn")
        drafts = self.drafts / state.release
        return drafts if drafts.exists() else releases_of(self.public) / drafts.name

    def corrected(self, release: str) -> str:
        """The name of a release that is out, which is to be corrected."""
        return self._state(release, "out").release

    def out(self) -> dict[str, Decision]:
        """How the newest of every table that is out, or will be, is protected.

        Without a decision it is not.
        """
        names = [one.release for one in listed(self.public)]
        names += [state.release for state in self.status() if state.state in _COMING]
        found: dict[str, Decision] = {}
        for name in names:
            manifest = read_manifest(self._place(name))
            undecided = Decision("none", Text("before decisions", "før beslutninger"))
            found |= {id: manifest.decisions.get(id, undecided) for id in manifest.titles}
        return found

    def announce(
        self, titles: Mapping[str, Text], by: str, day: date | None, at: hour = HOUR, why: str = ""
    ) -> str:
        """Say when tables will come out that are not made yet.

        Parameters
        ----------
        titles
            What they are about, by their numbers.
        by, day, at, why
            As for `schedule`; without a day it is not yet determined.

        Returns
        -------
        str
            The name by which it is scheduled anew, taken over by a release, or withdrawn.
        """
        name = "-".join([*titles, "undetermined" if day is None else str(day)])
        self.drafts.mkdir(parents=True, exist_ok=True)
        with self._alone():
            if any(state.release == name for state in self.status()):
                raise UsageError(
                    "is announced already", where="announce", value=name,
                    next_step="Move it with `folkestrom publish schedule`",
                )  # fmt: skip
            due = None if day is None else self._due(day, at, why)
            self._note("announce", name, by, due, why, titles=dict(titles))
        return name

    def schedule(
        self, release: str, by: str, day: date | None = None, at: hour = HOUR, why: str = "",
        announced: str = "",
    ) -> datetime:  # fmt: skip
        """Set when an approved release comes out, or anew when what is announced will.

        Parameters
        ----------
        release, by
            Which, and who sets it.
        day, at
            The day and the hour, Norwegian time; None: as was announced.
        why
            Why it comes at shorter notice than three months, or at another hour than announced.
        announced
            What was announced before, that the release is; empty: nothing was.

        Returns
        -------
        datetime
            The instant, in UTC.
        """
        with self._alone():
            state = self._state(release, "approved", "scheduled", *["announced"] * (not announced))
            before = state.due
            if announced:
                said = self._announced(announced, state)
                announced, before = said.release, said.due
            if day is None and before is None:
                raise UsageError(
                    "has no hour that was announced", where="release", value=state.release,
                    next_step="Say the day, with --at",
                )  # fmt: skip
            if day is None and before is not None:
                local = before.astimezone(LOCAL_ZONE)
                day, at = local.date(), local.time()
            due = self._due(day or date.max, at, why, before)
            self._note("schedule", state.release, by, due, why, announced=announced)
        return due

    def _due(self, day: date, at: hour, why: str, before: datetime | None = None) -> datetime:
        """The instant of a local hour; refused is short notice, or another hour, without a why."""
        due = datetime.combine(day, at, LOCAL_ZONE).astimezone(UTC)
        now = self._clock()
        if due <= now:
            raise UsageError("is not in the future", where="at", value=f"{day} {at:%H:%M}")
        short = due < datetime.combine(add_months(now.date(), NOTICE_MONTHS), at, LOCAL_ZONE)
        if due != before and (short or before is not None) and not why.strip():
            raise UsageError(
                f"is less than {NOTICE_MONTHS} months ahead, or was announced otherwise",
                where="at", value=f"{day} {at:%H:%M}", next_step="Say why, with --why",
            )  # fmt: skip
        return due

    def _announced(self, name: str, release: State) -> State:
        """What was announced of a release: all of its tables, and it has no hour of its own."""
        said = self._state(name, "announced")
        others = sorted(release.titles.keys() - said.titles.keys())
        if others or release.due is not None:
            raise UsageError(
                "has tables that were not announced" if others else "has an hour of its own",
                where="as", value=", ".join(others) or release.release,
                allowed=", ".join(said.titles), next_step="Schedule it with --at",
            )  # fmt: skip
        return said

    def withdraw(self, release: str, by: str, why: str) -> None:
        """Take a release that is not out off its way.

        Raises
        ------
        UsageError
            No such release, or one that is out: what is published stays, and is corrected by a new
            one.
        """
        with self._alone():
            state = self._state(release, "draft", "approved", "scheduled", "announced")
            if not why.strip():
                raise UsageError("needs a reason", where="why")
            self._note("withdraw", state.release, by, why=why)

    def release_due(self) -> list[str]:
        """Make public what is due; the names of what came out now.

        Raises
        ------
        InputRefused
            A release that is not whole: after all others that are due have come out.
        """
        with self._alone():
            now, out = self._clock(), []
            broken: InputRefused | None = None
            states = states_of(self.entries())
            # Whoever was killed after an act was noted had no time to tell of it.
            announce(self.public, calendar_of(states))
            for state in states:
                if state.state == "scheduled" and state.due is not None and state.due <= now:
                    try:
                        put_out(self.public, self.drafts / state.release, state.due, state.approval)
                    except InputRefused as error:
                        broken = error
                        continue
                    self._note("release", state.release, "schedule", state.due)
                    out.append(state.release)
            if broken is not None:
                raise broken
            return out

    def wait_and_release(self, until: datetime | None = None) -> Iterator[str]:
        """Make public what is scheduled, each release at its second, until none is left.

        Parameters
        ----------
        until
            Wait no longer than to this instant.
        """
        while True:
            yield from self.release_due()
            due = [s.due for s in self.status() if s.state == "scheduled" and s.due is not None]
            if not due or (until is not None and min(due) > until):
                return
            time.sleep(min(_NAP, max((min(due) - self._clock()).total_seconds(), 0.0)))

    def status(self) -> list[State]:
        """Every release, in the order in which they were made; what the public sees is out."""
        out = {one.release: one.since for one in listed(self.public)}
        return [
            replace(one, state="out", due=out[one.release]) if one.release in out else one
            for one in states_of(self.entries())
        ]

    def _state(self, name: str, *allowed: str) -> State:
        """The release of that name, or of the one name that begins so."""
        states = {state.release: state for state in self.status()}
        begun = [release for release in states if name and release.startswith(name)]
        release = begun[0] if len(begun) == 1 else name
        state = states[check_code(release, list(states), "is no release", where="release")]
        if state.state not in allowed:
            raise UsageError(
                f"is {state.state}", where="release", value=release,
                allowed=f"releases that are {' or '.join(allowed)}",
            )  # fmt: skip
        return state

    def _note(
        self, act: Act, release: str, by: str, due: datetime | None = None, why: str = "",
        **said: Any,
    ) -> None:  # fmt: skip
        if not by.strip():
            raise UsageError("needs a name", where="by")
        now = self._clock()
        entry = Entry(act, release, by.strip(), now, due, why=why, **said)
        coming = calendar_of(states_of([*self.entries(), entry]))
        # The calendar is written first, and shown once the act is in the journal.
        with announcing(self.public, coming):
            add_entry(self.journal, entry)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One act at a time, of whichever process."""
        if not self.folder.is_dir():
            raise UsageError(
                "holds no release", where=str(self.folder),
                next_step="Make one with `folkestrom publish build`, or name its folder with "
                "--releases",
            )  # fmt: skip
        with (self.folder / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
            except OSError as error:
                raise InputRefused("cannot be locked", where=str(self.folder)) from error
            yield


def _person(name: str) -> str:
    """A name, however it is typed."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
