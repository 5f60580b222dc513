"""What histories of places say of rows, on every knowledge date at once.

A place has many residents and few rows in its history: rows are cut where the history of their
place says something else from a knowledge date on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from folkestrom.engine.steps import Step, step
from folkestrom.model.knowledge import EVER_KNOWN
from folkestrom.variables.description import RESIDENTS, Rows
from folkestrom.variables.sources import History, Source, linked_source

_CENTRALITY = linked_source("centrality", "municipality")


def of_places(needs: Iterable[Source]) -> list[History]:
    """Histories of places among what variables need."""
    return [need for need in needs if isinstance(need, History) and need.key != "person"]


def cut_by_places(source: str, needs: Sequence[Source], rows: Rows) -> list[Step]:
    """Steps to rows with what histories of their places say; none where no variable needs it."""
    steps: list[Step] = []
    for history in of_places(needs):
        last = steps[-1].name if steps else source
        steps += [
            place_as_known(last, history, rows).named(f"values_of_{history.name}"),
            rows_of_place(last, history, rows).named(f"{rows.name}_with_{history.name}"),
        ]
    return steps


@step("place_as_known", reads=["linked_*"], example={"source": "residents_as_known"})
def place_as_known(source: str, history: History = _CENTRALITY, rows: Rows = RESIDENTS) -> str:
    """What the history of each place of rows says on their days, by times of knowledge.

    Also the times in which nothing is known, within those from `$known_first` to `$known_last`.
    """
    table = f"(SELECT * FROM {history.table} WHERE {EVER_KNOWN}) h"
    holds = f"h.{history.key} = p.place AND h.valid_from <= p.day AND h.valid_to > p.day"
    following = "lead(known_from) OVER (PARTITION BY place, day ORDER BY known_from)"
    listed = ", ".join(
        history.shown(column, f"h.{stored}")
        for column, stored in zip(history.columns, history.stored, strict=True)
    )
    return f"""
        WITH places AS (
          SELECT DISTINCT {history.of} AS place, {rows.reference_day} AS day FROM {source} r
        )
        SELECT p.*, {listed} FROM (
          SELECT *, coalesce({following}, DATE '9999-12-31') AS known_to
          FROM (
            SELECT place, day, DATE '0001-01-01' AS known_from FROM places
            UNION SELECT place, day, h.known_from FROM places p JOIN {table} ON {holds}
            UNION SELECT place, day, h.known_to FROM places p JOIN {table} ON {holds}
          ) AS ends
        ) p
        LEFT JOIN {table} ON {holds} AND h.known_from <= p.known_from AND h.known_to > p.known_from
        WHERE p.known_to > $known_first
    """


@step("rows_of_place", example={"source": "residents_as_known"})
def rows_of_place(source: str, history: History = _CENTRALITY, rows: Rows = RESIDENTS) -> str:
    """Rows with it, once for each time of knowledge in which they and it stand."""
    return f"""
        SELECT r.* EXCLUDE (known_from, known_to), {", ".join(f"p.{c}" for c in history.columns)},
               greatest(r.known_from, p.known_from) AS known_from,
               least(r.known_to, p.known_to) AS known_to
        FROM {source} r
        JOIN values_of_{history.name} p
          ON p.place IS NOT DISTINCT FROM r.{history.of} AND p.day = {rows.reference_day}
          AND p.known_from < r.known_to AND p.known_to > r.known_from
    """
