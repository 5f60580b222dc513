"""What the office does with a researcher's variables: link them, list them, write out the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from folkestrom.app.office.session import looking, register_tables, writing
from folkestrom.engine.failures import path_errors, resource_errors
from folkestrom.engine.store import Waiting, staging_folder, transaction
from folkestrom.engine.store_derived import refresh
from folkestrom.errors import UsageError
from folkestrom.intake.reading.files import find_files
from folkestrom.linkage.catalogue import counts_of, has_linkage, linked_variables
from folkestrom.linkage.counts import LinkResult
from folkestrom.linkage.delivery import LinkOrder, check_name
from folkestrom.linkage.delivery import link as link_files
from folkestrom.linkage.quarantine import export_quarantined
from folkestrom.model.names import suggestion
from folkestrom.variables.registry import RESERVED


@dataclass(frozen=True, slots=True)
class LinkedInfo:
    """What a store holds of one linked variable.

    Parameters
    ----------
    name
        The variable.
    of
        "person" or "municipality".
    kind
        "text", "number" or "whole number".
    levels
        How many different texts it has; None for numbers.
    values
        Values that stand.
    held
        Quarantined: rows that were not accepted, refused or of unknown persons.
    deliveries
        Deliveries so far.
    known_from
        First knowledge date of the first delivery.
    last_known_from
        The same of the last delivery.
    """

    name: str
    of: str
    kind: str
    levels: int | None
    values: int
    held: int
    deliveries: int
    known_from: date
    last_known_from: date


def link(
    folder: Path,
    files: Iterable[str | Path],
    variable: str,
    waiting: Waiting,
    *,
    adds: bool = False,
    known_from: date | None = None,
    linked_at: datetime | None = None,
) -> LinkResult:
    """Link files as a variable: all of it becomes visible at once, or nothing does.

    Parameters
    ----------
    folder
        The store; there must be one.
    files
        Files, folders or patterns.
    variable
        Name of the variable.
    waiting
        How to wait for others.
    adds
        Whether the delivery adds to what stands; if not, it replaces the whole variable.
    known_from
        First knowledge date of the values; None: the day after they are linked.
    linked_at
        The moment of the linking; None: now.
    """
    check_name(variable, RESERVED)
    with looking(folder, waiting):
        pass  # linking makes no store
    found = find_files(files)
    order = LinkOrder(
        variable, found, staging_folder(folder), adds, known_from, RESERVED, linked_at
    )
    with writing(folder, waiting) as connection, transaction(connection):
        refresh(connection, register_tables())
        return link_files(connection, order)


def linked(folder: Path, waiting: Waiting) -> list[LinkedInfo]:
    """Every linked variable of a store."""
    with looking(folder, waiting) as connection, resource_errors():
        return [
            LinkedInfo(
                name,
                variable.key,
                variable.kind,
                len(variable.levels) if variable.kind == "text" else None,
                *counts_of(connection, variable),
                variable.first_known,
                max(known for _, known in variable.deliveries),
            )
            for name, variable in linked_variables(connection).items()
        ]


def export(folder: Path, variable: str, to: Path, waiting: Waiting) -> int:
    """Write the rows of a variable that were not accepted to a file; return how many."""
    with looking(folder, waiting) as connection:
        known = linked_variables(connection) if has_linkage(connection) else {}
        if variable not in known:
            raise UsageError(
                "is not a linked variable",
                where="--as",
                value=variable,
                allowed=tuple(known) or "none is linked yet",
                next_step=suggestion(variable, known),
            )
        with path_errors(to, "--export-held"):
            return export_quarantined(connection, variable, to)
