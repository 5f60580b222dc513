"""What the kernel computes, as plain SQL over the log, for cases in which SQL can say it shortly.

These steps make no table. They are the meaning of the tables in the language of the rest of the
house: tests hold `read_as_of` on the tables against `*_snapshot` on the log. They leave out what
only a replay can tell (reports that don't fit, which are flagged) and revisions of revisions.
`$eve` is the day before the reference date, `$known_at` the knowledge date.
"""

from __future__ import annotations

from folkestrom.engine.steps import Step, step


@step(
    "read_as_of", reads=["stay"], example={"table": "stay", "columns": ("person", "municipality")}
)
def read_as_of(table: str, columns: tuple[str, ...]) -> str:
    """A history as of one day, as known on another: one filter on four columns, no replay."""
    return f"""
        SELECT {", ".join(columns)}
        FROM {table}
        WHERE valid_from <= $eve AND valid_to > $eve
          AND known_from <= $known_at AND known_to > $known_at
    """


@step("known_reports", reads=["report"])
def known_reports() -> str:
    """Reports received before the knowledge date's midnight (later, where that was sealed)."""
    return "SELECT * FROM report WHERE known_from <= $known_at"


@step("revised")
def revised() -> str:
    """Reports that a known one annuls or corrects."""
    return "SELECT DISTINCT target FROM known_reports WHERE target IS NOT NULL"


@step("ranked_corrections")
def ranked_corrections() -> str:
    """Known corrections of each report, the latest first."""
    return """
        SELECT
          position,
          row_number() OVER (
            PARTITION BY target ORDER BY known_from DESC, received_at DESC, key_hash DESC
          ) AS rank
        FROM known_reports
        WHERE kind <> 10 AND target IS NOT NULL
    """


@step("standing_reports")
def standing_reports() -> str:
    """Reports that nothing known annuls or corrects; of several corrections the latest."""
    return """
        SELECT k.*
        FROM known_reports k
        LEFT JOIN revised r ON r.target = k.position
        LEFT JOIN ranked_corrections c ON c.position = k.position
        WHERE k.kind <> 10 AND r.target IS NULL AND coalesce(c.rank, 1) = 1
    """


@step("departures")
def departures() -> str:
    """Days on which a person emigrated."""
    return "SELECT DISTINCT person, event_date FROM standing_reports WHERE kind = 8"


@step("residents_by_count")
def residents_by_count() -> str:
    """Who has come once more often than left, up to the eve, and lives."""
    return """
        SELECT person
        FROM standing_reports
        WHERE event_date <= $eve
        GROUP BY person
        HAVING count(*) FILTER (WHERE kind IN (1, 2, 3)) > count(*) FILTER (WHERE kind = 8)
          AND count(*) FILTER (WHERE kind = 9) = 0
    """


@step("ranked_events", example={"kinds": (1, 2, 3, 5, 9)})
def ranked_events(kinds: tuple[int, ...]) -> str:
    """Standing events of some kinds up to the eve, each person's last first.

    Within a day kinds have their rank; only immigration comes last of all on a day on which the
    person left too, and so came back if resident at its end.
    """
    listed = ", ".join(str(kind) for kind in kinds)
    return f"""
        SELECT
          r.*,
          row_number() OVER (
            PARTITION BY r.person
            ORDER BY r.event_date DESC,
              CASE WHEN r.kind = 3 AND d.person IS NOT NULL THEN 8 ELSE r.kind END DESC,
              r.received_at DESC, r.key_hash DESC
          ) AS rank
        FROM standing_reports r
        LEFT JOIN departures d ON d.person = r.person AND d.event_date = r.event_date
        WHERE r.event_date <= $eve AND r.kind IN ({listed})
    """


@step("last_values", example={"columns": ("marital_status", "partner"), "source": "ranked_events"})
def last_values(columns: tuple[str, ...], source: str = "ranked_events") -> str:
    """What each person's last event says, unless it is death."""
    return f"""
        SELECT person, {", ".join(columns)}
        FROM {source}
        WHERE rank = 1 AND kind <> 9
    """


@step("ranked_of_residents")
def ranked_of_residents() -> str:
    """The events of those who are resident."""
    return "SELECT r.* FROM ranked_events r JOIN residents_by_count c ON c.person = r.person"


def stay_snapshot() -> list[Step]:
    """Steps to who is resident where: as often come as left says who, the last arrival where."""
    columns = ("municipality", "basic_unit")
    return [
        *_standing(),
        ranked_events((1, 2, 3, 5)),
        residents_by_count(),
        ranked_of_residents(),
        last_values(columns, "ranked_of_residents"),
    ]


def marital_snapshot() -> list[Step]:
    """Steps to everybody's marital status, where every start of a record states a known one."""
    columns = ("marital_status", "partner")
    return [*_standing(), ranked_events((1, 2, 3, 6, 9)), last_values(columns)]


def citizenship_snapshot() -> list[Step]:
    """Steps to everybody's citizenship, where every start of a record states a known one."""
    return [*_standing(), ranked_events((1, 2, 3, 7, 9)), last_values(("citizenship",))]


def _standing() -> list[Step]:
    return [known_reports(), revised(), ranked_corrections(), standing_reports(), departures()]
