"""Reports that stand and are not applied as they are: how many, from whom, and which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import duckdb
import pyarrow as pa

from folkestrom.engine.steps import Step, compose, run, step
from folkestrom.model.cells import Cells
from folkestrom.model.codes import Kind
from folkestrom.model.names import check_code
from folkestrom.model.specification import (
    Category,
    Dimension,
    Measure,
    TableSpecification,
    Text,
    same,
)
from folkestrom.register.flags import FLAGS, FlagReason
from folkestrom.register.quality.families import impossible_kin_note

_REASONS: Final = tuple(Category(reason.name.lower(), flag.is_) for reason, flag in FLAGS.items())
_KINDS: Final = tuple(
    Category(kind.name.lower(), same(kind.name.lower().replace("_", " "))) for kind in Kind
)


@dataclass(frozen=True, slots=True)
class _By:
    """What flags are counted by: its SQL, its dimension, and the code of a value."""

    sql: str
    dimension: Dimension
    code: Callable[[Any], str] = str


#: By name.
BY: Final[dict[str, _By]] = {
    "reason": _By(
        "reason_code",
        Dimension("reason", Text("Reason", "Årsak"), _REASONS),
        lambda number: FlagReason(number).name.lower(),
    ),
    "source": _By("source", Dimension("source", Text("Source", "Kilde"))),
    "kind": _By(
        "kind",
        Dimension("kind", Text("Kind of report", "Meldingstype"), _KINDS),
        lambda number: Kind(number).name.lower(),
    ),
    "month": _By(
        "year(flagged_from) * 100 + month(flagged_from)",
        Dimension("month", Text("Month", "Måned")),
        lambda number: f"{number // 100}M{number % 100:02d}",
    ),
    "year": _By("year(flagged_from)", Dimension("year", Text("Year", "År"))),
}
_MEASURES: Final = (
    Measure("reports", Text("Reports", "Meldinger"), Text("reports", "meldinger")),
    Measure("persons", Text("Persons", "Personer"), Text("persons", "personer")),
)
SPECIFICATION: Final = TableSpecification(
    id="flags",
    title=Text(
        "Reports that stand and are not applied as they are. {when}",
        "Meldinger som står og ikke er brukt som de er. {when}",
    ),
    dimensions=(),
    measures=_MEASURES,
    contents=Text(
        "Reports of the log that no other report annuls or corrects, and that do not fit what else "
        "is known of the person: not applied at all, on another day, or before their target.",
        "Meldinger i loggen som ingen annen melding annullerer eller retter, og som ikke passer "
        "med det som ellers er kjent om personen: ikke brukt, brukt på en annen dag, eller før "
        "målet.",
    ),
    reference_time=Text("{when}", "{when}"),
    method=Text(
        "Flags as known on {known}, by the day from which they stand.",
        "Flagg slik de var kjent {known}, etter dagen de står fra.",
    ),
    knowledge_time=same("{known}"),
)


@step("standing_flags", reads=["flag", "known_report"])
def standing_flags() -> str:
    """Flags as known on a day that stand since a day of `[$first, $end)`, with their reports."""
    return """
        SELECT f.person, f.reason_code, f.known_from AS flagged_from, r.source,
               r.source_report_id, r.kind, r.event_date, r.received_at, r.known_from
        FROM flag f JOIN known_report r ON r.position = f.position
        WHERE f.known_from <= $known_at AND f.known_to > $known_at
          AND f.known_from >= $first AND f.known_from < $end
    """


@step("flag_counts", example={"by": ("reason_code", "source")})
def flag_counts(by: Sequence[str]) -> str:
    """Reports and persons with flags, by some of their columns."""
    columns = "".join(f"{sql} AS v{n}, " for n, sql in enumerate(by))
    places = ", ".join(str(n + 1) for n in range(len(by)))
    grouped = f"GROUP BY {places} ORDER BY {places}" if by else ""
    return f"""
        SELECT {columns}count(*) AS reports, count(DISTINCT person) AS persons
        FROM standing_flags {grouped}
    """


@step("flagged_reports")
def flagged_reports() -> str:
    """The reports themselves, as their sources know them; without the person."""
    return """
        SELECT source, source_report_id, kind, event_date, received_at, known_from, reason_code,
               flagged_from
        FROM standing_flags
        ORDER BY reason_code, source, flagged_from, source_report_id
    """


@dataclass(frozen=True, slots=True)
class Window:
    """Which flags: as known on a day, and since when they stand.

    Parameters
    ----------
    known_at
        Knowledge date.
    first, end
        They stand since a day of `[first, end)`.
    """

    known_at: date
    first: date
    end: date

    @property
    def parameters(self) -> dict[str, object]:
        """Values for the steps."""
        return {"known_at": self.known_at, "first": self.first, "end": self.end}


def count_flags(
    connection: duckdb.DuckDBPyConnection, window: Window, by: Sequence[str], where: str = "by"
) -> Cells:
    """Flags by their reason and source, or by others of `BY`; each reason with what would mend it.

    Parameters
    ----------
    connection
        An open store.
    window
        Which flags.
    by
        Names out of `BY`.
    where
        What they were given as.

    Raises
    ------
    UsageError
        A name that is none of them.
    """
    for name in by:
        check_code(name, BY, "is not what flags are counted by", where=where)
    chosen = [BY[name] for name in by]
    steps: list[Step] = [standing_flags(), flag_counts([one.sql for one in chosen])]
    found = _fetched(connection, steps, window)
    columns: dict[str, Any] = {
        one.dimension.id: [one.code(value) for value in found[f"v{n}"].to_pylist()]
        for n, one in enumerate(chosen)
    }
    columns |= {m.id: found[m.id].cast(pa.int64()) for m in _MEASURES}
    reasons = run(connection, [standing_flags(), flag_counts(["reason_code"])], window.parameters)
    codes = [FlagReason(code) for code, *_ in reasons.fetchall()]
    filled = SPECIFICATION.fill(when=_when(window), known=window.known_at)
    dimensions = tuple(one.dimension for one in chosen)
    footnotes = tuple(_mended(reason) for reason in codes) or (_NONE,)
    footnotes += tuple(impossible_kin_note(connection, window.known_at))
    specification = replace(filled, dimensions=dimensions, footnotes=footnotes)
    return Cells(specification, pa.table(columns))


def list_flags(connection: duckdb.DuckDBPyConnection, window: Window) -> pa.Table:
    """The reports that have the flags: names of kinds and reasons, the source's number, no person.

    Parameters
    ----------
    connection
        An open store.
    window
        Which flags.
    """
    steps = [standing_flags(), flagged_reports()]
    found = _fetched(connection, steps, window)
    for name, code in (("kind", BY["kind"].code), ("reason_code", BY["reason"].code)):
        at = found.column_names.index(name)
        texts = pa.array([code(value) for value in found[name].to_pylist()], pa.string())
        found = found.set_column(at, name.removesuffix("_code"), texts.dictionary_encode())
    return found


def _fetched(connection: duckdb.DuckDBPyConnection, steps: list[Step], window: Window) -> pa.Table:
    return connection.sql(compose(steps), params=window.parameters).to_arrow_table()


def _when(window: Window) -> str:
    parts = [] if window.first == date.min else [f"{window.first} –"]
    if window.end != date.max:
        parts = [*(parts or ["–"]), str(window.end)]
    return " ".join(parts) or str(window.known_at)


_NONE: Final = Text(
    "Every report that stands is applied as it is.",
    "Alle meldinger som står, er brukt som de er.",
)


def _mended(reason: FlagReason) -> Text:
    flag = FLAGS[reason]
    return Text(
        f"{flag.is_.en}: mended by {flag.mended_by.en}.",
        f"{flag.is_.no}: rettes opp av {flag.mended_by.no}.",
    )
