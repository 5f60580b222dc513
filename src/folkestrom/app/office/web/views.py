"""What each of the office's pages shows."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from folkestrom.app.office.quality.checks import Check
from folkestrom.app.office.quality.delays import CLASS_LABELS, Delays
from folkestrom.app.office.web.listing import Cell, Listing, figure, link, listing
from folkestrom.errors import FolkestromError, InputRefused, UserError, as_it_is
from folkestrom.model.specification import Language
from folkestrom.publish.releases.decision import Decision, Meeting
from folkestrom.publish.releases.desk import Desk
from folkestrom.publish.releases.journal import Entry
from folkestrom.publish.releases.release import Manifest
from folkestrom.publish.releases.review import Reviewed
from folkestrom.publish.releases.states import State, states_of
from folkestrom.publish.tables.comparison import printed
from folkestrom.publish.tables.definition import Definition

_DELAYS: Final = ("kind", "reports", "median", "ninth", "longest")
Say = Callable[[str, str], str]
#: A release in one of these states waits for an act.
IN_REVIEW: Final = ("draft", "approved", "scheduled")
#: What is typed next, by state: the act, and its arguments.
_NEXT: Final = {
    "draft": (("approve", '{release} --by "…"'), ("withdraw", '{release} --by "…" --why "…"')),
    "approved": (
        ("schedule", '{release} --by "…" --at YYYY-MM-DD'),
        ("withdraw", '{release} --by "…" --why "…"'),
    ),
    "scheduled": (
        ("release", "--wait"),
        ("schedule", '{release} --by "…" --at YYYY-MM-DD --why "…"'),
        ("withdraw", '{release} --by "…" --why "…"'),
    ),
    "out": (("build", '--by "…" --corrects {release} --why "…"'),),
    "withdrawn": (),
}


@dataclass(frozen=True, slots=True)
class Words:
    """Texts and numbers in the language of a page.

    Parameters
    ----------
    text
        Gives a text by its key.
    language
        The language.
    say
        How messages of the program are said in it, by the part that they stand in.
    """

    text: Any
    language: Language
    say: Say = as_it_is

    def told(self, error: FolkestromError) -> str:
        """What an error says."""
        return error.told(self.say) if isinstance(error, UserError) else f"{error}"

    def said(self, message: str | None) -> Cell:
        """A message of the program."""
        found = self.say("text", message or "")
        return Cell(found, english=found == message)

    def listing(self, names: Sequence[str], rows: Iterable[Sequence[object]]) -> Listing:
        """A list whose headings are texts, by their keys."""
        return listing([self.text(f"col-{name}") for name in names], rows, self.language)


def releases(states: Iterable[State], words: Words) -> Listing:
    """Releases, the newest first.

    Parameters
    ----------
    states, words
        The releases; and texts.
    """
    names = ("release", "state", "tables", "made-by", "approved-by", "due")
    return words.listing(names, [
        (_link(one), words.text(f"state-{one.state}"),
         ", ".join(one.titles), one.made_by, one.approved_by, one.due)
        for one in reversed(list(states))
    ])  # fmt: skip


def _link(state: State) -> Cell | str:
    """To the page of a release; what is only announced has none."""
    if not state.made:
        return state.release
    return link(state.release, f"releases/{state.release}")


def calendar(states: Iterable[State], state: str, words: Words) -> Listing:
    """Releases in one state that were announced, the next first.

    Parameters
    ----------
    states, state, words
        All releases, the state, and texts.
    """
    found = [one for one in states if one.state == state and one.told]
    return words.listing(("due", "release", "titles"), [
        (one.due, _link(one),
         "; ".join(f"{id} {title.of(words.language)}" for id, title in one.titles.items()))
        for one in sorted(found, key=lambda one: (one.due is None, one.due))
    ])  # fmt: skip


def journal(entries: Sequence[Entry], words: Words) -> Listing:
    """Acts, the newest first.

    Parameters
    ----------
    entries, words
        The acts; and texts.
    """
    states = {state.release: state for state in states_of(entries)}
    return words.listing(("at", "act", "release", "who", "due", "why"), [
        (one.at, words.text(f"act-{one.act}"), _link(states[one.release]), one.who, one.due,
         one.why)
        for one in reversed(entries)
    ])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Release:
    """The page of a release.

    Parameters
    ----------
    state, manifest
        Where it is on its way, and what it holds.
    broken
        What is wrong with its files; empty: nothing.
    commands
        What may be typed next: the act, and the command.
    changes, largest, sums
        What it changes of what is out, the largest changes, and totals that do not add up.
    decisions, reasons, meetings
        How each table is protected, why, and what a reader infers from several.
    """

    state: State
    manifest: Manifest
    broken: str
    commands: tuple[tuple[str, str], ...]
    changes: Listing
    largest: Listing
    sums: Listing
    decisions: Listing
    reasons: tuple[tuple[str, str], ...]
    meetings: Listing


def release(desk: Desk, name: str, words: Words) -> Release | None:
    """The page of a release; None: there is none of that name.

    Parameters
    ----------
    desk, name, words
        Where releases are, its name, and texts.
    """
    state = next((one for one in desk.status() if one.release == name and one.made), None)
    if state is None:
        return None
    manifest, tables = desk.manifest(name), desk.review(name)
    broken = ""
    try:
        desk.check(name)
    except InputRefused as error:
        broken = words.told(error)
    definitions = desk.definitions(name)
    return Release(
        state, manifest, broken, tuple(_commands(desk.folder, state)),
        _changes(tables, definitions, words), _largest(tables, definitions, words),
        _sums(tables, words), _decisions(manifest.decisions, words),
        tuple(_reasons(manifest.decisions, words.language)), _meetings(manifest.meetings, words),
    )  # fmt: skip


def _commands(folder: Path, state: State) -> Iterable[tuple[str, str]]:
    for act, arguments in _NEXT[state.state]:
        filled = arguments.format(release=state.release)
        yield act, f"folkestrom publish {act} --releases {shlex.quote(f'{folder}')} {filled}"


def _changes(
    tables: Sequence[Reviewed], definitions: Mapping[str, Definition], words: Words
) -> Listing:
    def row(one: Reviewed) -> tuple[object, ...]:
        title = f"{one.table} {definitions[one.table].title.of(words.language)}"
        found = one.comparison
        if found is None:
            return (title, words.text("nothing-before"), None, None, None, None, None, None)
        new, gone = (
            ", ".join(f"{c.variable} {_few(of)}" for c in found.codes if (of := getattr(c, name)))
            for name in ("new", "gone")
        )
        before = link(one.before, f"releases/{one.before}")
        return (title, before, found.cells, found.changed, found.hidden, found.shown, new, gone)

    names = ("table", "before", "compared", "changed", "hidden", "shown", "new", "gone")
    return words.listing(names, map(row, tables))


def _few(codes: Sequence[str]) -> str:
    return codes[0] if len(codes) == 1 else f"{codes[0]} … {codes[-1]} ({len(codes)})"


def _largest(
    tables: Sequence[Reviewed], definitions: Mapping[str, Definition], words: Words
) -> Listing:
    return words.listing(("table", "cell", "was", "is", "difference"), [
        (one.table, cell, *map(figure, figures))
        for one in tables
        for change in (one.comparison.largest if one.comparison else ())
        for cell, *figures in [printed(change, definitions[one.table], words.language)]
    ])  # fmt: skip


def _sums(tables: Sequence[Reviewed], words: Words) -> Listing:
    return words.listing(("table", "content", "level", "cells", "of", "difference"), [
        (one.table, found.content, f"{found.variable}: {found.level}", found.cells, found.of,
         found.largest)
        for one in tables
        for found in one.sums
    ])  # fmt: skip


def _decisions(decisions: Mapping[str, Decision], words: Words) -> Listing:
    names = (
        "table", "policy", "parameters", "cells", "share-changed", "mean-change", "largest-change",
        "hidden",
    )  # fmt: skip
    return words.listing(names, [
        (id, words.text(f"policy-{one.policy.replace(' ', '-')}"),
         ", ".join(f"{name} = {value}" for name, value in one.parameters.items()
                   if value is not None),
         one.cells, one.share_changed, one.mean_change, one.largest_change, one.hidden)
        for id, one in decisions.items()
    ])  # fmt: skip


def _reasons(decisions: Mapping[str, Decision], language: Language) -> Iterable[tuple[str, str]]:
    found: dict[str, list[str]] = {}
    for id, one in decisions.items():
        found.setdefault(one.reason.of(language), []).append(id)
    return ((", ".join(ids), reason) for reason, ids in found.items())


def _meetings(meetings: Sequence[Meeting], words: Words) -> Listing:
    names = ("table", "others", "shared", "small", "narrow", "told", "breakdowns", "standard-error")
    return words.listing(names, [
        (one.table, ", ".join(one.others) or words.text("itself-alone"), one.shared, one.small,
         one.narrow, one.told, one.breakdowns, one.standard_error)
        for one in meetings
    ])  # fmt: skip


def delays(found: Sequence[Delays], words: Words) -> Listing:
    """How long reports take to come.

    Parameters
    ----------
    found, words
        Delays by kind; and texts.
    """
    heads = [words.text(f"col-{name}") for name in _DELAYS]
    heads += [label.of(words.language) for label in CLASS_LABELS]
    rows = [
        (one.label.of(words.language), one.reports, one.median, one.ninth_decile, one.longest,
         *one.by_class)
        for one in found
    ]  # fmt: skip
    return listing(heads, rows, words.language)


def quarantine(
    counts: Sequence[tuple[str, str, int]], records: Sequence[Mapping[str, Any]], words: Words
) -> tuple[Listing, Listing]:
    """Records that wait, by reason and source, and where they stand.

    Parameters
    ----------
    counts, records, words
        Reason, source and how many; the records' places; and texts.
    """
    by_source = words.listing(("reason", "source", "records"), [
        (words.text(f"reason-{reason}"), source or words.text("no-source"), many)
        for reason, source, many in counts
    ])  # fmt: skip
    names = ("file", "row", "reason", "column", "value", "allowed")
    places = words.listing(names, [
        (one["file"], one["row"], words.text(f"reason-{one['reason']}"), one["column"],
         one["value"], words.said(one["allowed"]))
        for one in records
    ])  # fmt: skip
    return by_source, places


def checks(found: Sequence[Check], words: Words) -> Listing:
    """What was looked at in the store, what failed first.

    Parameters
    ----------
    found, words
        The checks; and texts.
    """

    def key(one: Check) -> tuple[bool, str, str, str]:
        return one.result != "failed", one.part, one.result, one.rule

    rows = [
        (part, words.text(f"result-{result}"), words.said(rule),
         ", ".join(one.table for one in same if one.table), sum(one.rows or 0 for one in same))
        for (_, part, result, rule), group in groupby(sorted(found, key=key), key)
        for same in [list(group)]
    ]  # fmt: skip
    return words.listing(("part", "result", "rule", "in-tables", "broken-rows"), rows)
