"""Where releases are on their way, by the acts of the journal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from folkestrom.model.specification import Text
from folkestrom.publish.releases.journal import Entry
from folkestrom.publish.releases.shelf import Announced, Moved
from folkestrom.publish.statbank.dataset import Approval


@dataclass(frozen=True, slots=True)
class State:
    """Where a release is on its way.

    Parameters
    ----------
    release
        Its name.
    state
        "draft", "approved", "scheduled" (and approved), "out" or "withdrawn"; of what is announced
        before it is made "announced", and "replaced" once a release comes in its place.
    titles
        What its tables are about, by their numbers.
    made_by, approved_by, approved_at
        Who made it, and who approved it when, in UTC.
    due
        When it comes out, or came out, in UTC.
    moved
        Changes to the calendar.
    told
        When the calendar last said something else of it, in UTC; None: it has said nothing.
    made
        Whether there are tables; not of what is announced before.
    """

    release: str
    state: str
    titles: dict[str, Text]
    made_by: str
    approved_by: str | None = None
    approved_at: datetime | None = None
    due: datetime | None = None
    moved: tuple[Moved, ...] = ()
    told: datetime | None = None
    made: bool = True

    @property
    def approval(self) -> Approval | None:
        """Who approved it, and when."""
        if self.approved_by is None or self.approved_at is None:
            return None
        return Approval(self.approved_by, self.approved_at)


def calendar_of(states: Iterable[State]) -> list[Announced]:
    """What is said of releases that are announced.

    Parameters
    ----------
    states
        Of all releases.
    """
    return [
        Announced(
            s.titles, s.due, "scheduled" if s.state == "announced" else s.state, s.moved, s.told
        )
        for s in states
        if s.told and s.state != "replaced"
    ]


def states_of(entries: Iterable[Entry]) -> list[State]:
    """Every release after the acts of a journal, in the order in which they were made.

    Parameters
    ----------
    entries
        The acts.
    """
    found: dict[str, State] = {}
    for entry in entries:
        before = found.get(entry.release)
        if entry.announced and before is not None:
            # What was said of the hour before goes with it.
            said = found[entry.announced]
            before = replace(before, due=before.due or said.due, moved=said.moved + before.moved)
            found[entry.announced] = replace(said, state="replaced")
        found[entry.release] = _after(before, entry)
    return list(found.values())


def _after(before: State | None, entry: Entry) -> State:
    """The state of a release after one act."""
    if before is None:
        if entry.act != "announce":
            return State(entry.release, "draft", entry.titles, entry.who)
        short = [Moved(entry.at, None, entry.due, entry.why)] * bool(entry.why.strip())
        return State(entry.release, "announced", entry.titles, entry.who, due=entry.due,
                     moved=(*short,), told=entry.at, made=False)  # fmt: skip
    if entry.act == "approve":
        return replace(before, state="approved", approved_by=entry.who, approved_at=entry.at)
    if entry.act == "release":
        return replace(before, state="out", due=entry.due, told=entry.due)
    withdrawn = entry.act == "withdraw"
    moved = before.moved
    # What was announced otherwise is a change to the calendar, and so is short notice.
    kept = bool(entry.announced) and entry.due == before.due
    told = before.told is not None or not withdrawn
    if not kept and (before.due is not None or (entry.why.strip() and told)):
        moved = (*moved, Moved(entry.at, before.due, entry.due, entry.why))
    if withdrawn:
        at = entry.at if told else None
        return replace(before, state="withdrawn", moved=moved, told=at)
    state = "announced" if before.state == "announced" else "scheduled"
    return replace(before, state=state, due=entry.due, moved=moved, told=entry.at)
