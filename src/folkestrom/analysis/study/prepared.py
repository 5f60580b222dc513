"""A study bound to a store: its names looked up, its days settled, ready to be made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

import duckdb

from folkestrom.analysis.study.definition import (
    Entry,
    Exit,
    Panel,
    Study,
)
from folkestrom.engine.store_derived import log_state
from folkestrom.engine.store_meta import get
from folkestrom.errors import UsageError
from folkestrom.linkage.catalogue import Linked, linked_variables
from folkestrom.model.knowledge import Knowledge
from folkestrom.statistics.coverage import Coverage, coverage
from folkestrom.variables.borders.asked import PART_OF_TOWN, note_of_borders
from folkestrom.variables.groups import grouped
from folkestrom.variables.linked import check_known, of_linked
from folkestrom.variables.registry import variables_of
from folkestrom.variables.vocabulary import (
    Vocabulary,
    check_groups,
    check_levels,
    check_one,
    with_levels,
)

#: Raised whenever what a study gives changes for the same definition on the same log.
#: 2: a condition that names `unknown` finds what has no number, too.
#: 3: of bands, what lies below the first one is the first level.
METHOD_VERSION: Final = 3


@dataclass(frozen=True, slots=True)
class Prepared:
    """A study on a store.

    Parameters
    ----------
    connection
        The store, open.
    study
        The definition.
    vocabulary
        Its variables.
    linked
        Linked variables that it uses.
    reach
        How far the log reaches.
    """

    connection: duckdb.DuckDBPyConnection
    study: Study
    vocabulary: Vocabulary
    linked: Mapping[str, Linked]
    reach: Coverage

    @property
    def fingerprint(self) -> str:
        """Hash of all that the result follows from: definition, method, log, linked deliveries.

        Words that only explain (the title, and why of a condition) are not in it.
        """
        state = log_state(self.connection)
        parts = {
            "study": _content(self.study),
            "method": [METHOD_VERSION, get(self.connection, "derived_register")],
            "log": [state.position, state.withdrawals],
            "linked": {name: v.deliveries for name, v in sorted(self.linked.items())},
        }
        text = json.dumps(parts, sort_keys=True, default=str, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def knowledge(self) -> Knowledge:
        """What is known of what happened before a day."""
        return self.reach.knowledge(self.study.known_at)

    @property
    def known_text(self) -> str:
        """What was known, as a line of a chart says it."""
        vintage = self.knowledge.vintage.en
        known = f"As known on {self.knowledge_time}" + (f" ({vintage})" if vintage else "")
        return ". ".join([known, *(text.en for text in self.reach.nature)])

    @property
    def knowledge_time(self) -> str:
        """The knowledge date of the whole study; of several, the first and the last."""
        panel, exit_ = self.study.panel, self.study.exit
        ends = [date(year + 1, 1, 1) for year in (panel.from_, panel.to)] if panel else []
        return self.knowledge.days(*ends, *([exit_.end] if exit_ else []))


def prepare(
    connection: duckdb.DuckDBPyConnection, study: Study, by: Iterable[str] = ()
) -> Prepared:
    """Let a study meet a store.

    Parameters
    ----------
    connection
        The store.
    study
        The study.
    by
        Variables that are looked at besides, and are no part of the study: its fingerprint does
        not know them. Names that no variable has are left to whoever asks for them.

    Raises
    ------
    UsageError
        A name that no variable has, a code that a variable does not have, a day out of reach.
    """
    limits = coverage(connection)
    _check_days(study, limits)
    linked = linked_variables(connection)
    names = _names(study)
    known = variables_of("panel")
    besides = {name for name in by if name not in study.variables}
    asked = besides.union(*names.values()) & known.keys()
    check_levels(asked, "variables")
    if PART_OF_TOWN in asked:  # stands in place of basic units from now on
        note_of_borders(connection, known[PART_OF_TOWN])
    for name in asked:
        known[name] = with_levels(connection, known[name])
        check_one(name, linked, "variables")
    mine = {name: of_linked(variable) for name, variable in linked.items()}
    known |= mine
    vocabulary = Vocabulary({**known, **dict.fromkeys(study.groups, known["sex"])})
    for where, listed in names.items():
        vocabulary.check(listed, where)
    used = {name for listed in names.values() for name in listed}
    used |= {groups.by for groups in study.groups.values() if groups.by is not None}
    used_linked = {name: variable for name, variable in linked.items() if name in used}
    _check_linked(study, {n: v for n, v in linked.items() if n in used | besides}, limits)
    check_groups(study.groups, linked)
    for name, groups in study.groups.items():
        of = known[groups.of]
        years = _years(study, limits) if groups.quantiles else {}
        known[name] = grouped(connection, name, groups, of, years, mine)
    vocabulary = Vocabulary(known, frozenset(study.groups))
    return Prepared(connection, study, vocabulary, used_linked, limits)


def _names(study: Study) -> dict[str, tuple[str, ...]]:
    """Every name of a variable, by where it stands."""
    found = {"who": tuple(who.variable for who in study.who)}
    found["variables"] = tuple(value.variable for value in study.variables.values())
    if study.panel is not None:
        found["panel, variables"] = study.panel.variables
    for name, groups in study.groups.items():
        found[f"groups, {name}"] = (groups.of,)
    return found


def _check_days(study: Study, limits: Coverage) -> None:
    if isinstance(study.known_at, date):
        limits.check_known(study.known_at)
        if study.known_at > limits.last:
            raise UsageError(
                "is still to come for this log, and what is known then may change: its last "
                f"reports became known on {limits.last}",
                where="known_at",
                value=study.known_at,
                allowed=f'days up to {limits.last}, or "latest"',
            )
    if study.panel is not None:
        for name, year in (("from", study.panel.from_), ("to", study.panel.to)):
            limits.check_day(date(year, 1, 1), f"panel, {name}")
    if study.exit is not None and study.exit.end > limits.last:
        limits.check_day(study.exit.end, "exit, end")
    if study.entry is not None and study.entry.on is not None:
        limits.check_day(study.entry.on, "entry, on")


def _check_linked(study: Study, linked: Mapping[str, Linked], limits: Coverage) -> None:
    """Refuse a study in which a linked variable is not known yet."""
    ends = [date(study.panel.to + 1, 1, 1)] if study.panel is not None else []
    ends += [study.exit.end] if study.exit is not None else []
    known = limits.knowledge(study.known_at).day(max(ends))
    for variable in linked.values():
        check_known(variable, known, study=True)


def _years(study: Study, limits: Coverage) -> dict[int, dict[str, object]]:
    """Eve and knowledge date of every 1 January whose values may be looked at."""
    years: set[int] = set()
    if study.panel is not None:
        years |= set(range(study.panel.from_, study.panel.to + 1))
    if study.entry is not None and study.exit is not None:
        years |= set(range(study.entry.first_day.year, study.exit.end.year + 1))
    knowledge = limits.knowledge(study.known_at)
    return {
        year: {"eve": date(year - 1, 12, 31), "known": knowledge.day(date(year + 1, 1, 1))}
        for year in sorted(years)
    }


def _content(study: Study) -> dict[str, Any]:
    found = asdict(study)
    found.pop("title")
    for who in found["who"]:
        who.pop("because")
    return found


def panel_of(study: Study) -> Panel:
    """The panel of a study that has one."""
    if study.panel is None:
        raise UsageError(
            "has no panel",
            where=study.title,
            next_step="Add [panel] with from, to and variables",
        )
    return study.panel


def ends_of(study: Study) -> tuple[Entry, Exit]:
    """Entry and exit of a study that has episodes."""
    if study.entry is None or study.exit is None:
        raise UsageError(
            "has no episodes",
            where=study.title,
            next_step="Add [entry] and [exit]; or ask for the panel",
        )
    return study.entry, study.exit
