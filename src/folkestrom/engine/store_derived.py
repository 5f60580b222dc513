"""Derived tables say what they were made from; stale ones are made again, never used.

The log has a state: its last position, and how often a report has left it (a report whose target
turned out to belong to another person, for instance). Derived tables are fresh when they carry the
log's state and the version of the method that makes them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from folkestrom.engine.store import Connection, transaction
from folkestrom.engine.store_meta import get, numbers, put
from folkestrom.errors import StoreError

_LOG_POSITION: Final = "log_position"
_LOG_WITHDRAWALS: Final = "log_withdrawals"


@dataclass(frozen=True, slots=True)
class Derived:
    """A set of tables that is a pure function of the log.

    Parameters
    ----------
    name
        What it is called in the store.
    method_version
        Version of the method; another one makes the tables stale.
    update
        Brings the tables from a log position to the log's end, within the caller's transaction.
        Position 0 stands for making them from nothing.
    """

    name: str
    method_version: int
    update: Callable[[Connection, int], None]


@dataclass(frozen=True, slots=True)
class LogState:
    """How far the log has come.

    Parameters
    ----------
    position
        The last position given.
    withdrawals
        How many times reports have left the log.
    """

    position: int = 0
    withdrawals: int = 0


class StaleTablesError(StoreError):
    """Derived tables that were not made from the log as it is, by the method as it is."""


def log_state(connection: Connection) -> LogState:
    """How far the log has come."""
    (position,) = numbers(connection, _LOG_POSITION, 1)
    (withdrawals,) = numbers(connection, _LOG_WITHDRAWALS, 1)
    return LogState(position, withdrawals)


def put_log_state(connection: Connection, state: LogState) -> None:
    """Set it, in the caller's transaction."""
    put(connection, _LOG_POSITION, str(state.position))
    put(connection, _LOG_WITHDRAWALS, str(state.withdrawals))


def is_fresh(connection: Connection, derived: Derived) -> bool:
    """Whether the tables may be used."""
    return _made_from(connection, derived) == _now(connection, derived)


def require_fresh(connection: Connection, derived: Derived) -> None:
    """Refuse to go on with stale tables."""
    if not is_fresh(connection, derived):
        raise StaleTablesError(
            f"the tables of {derived.name} are not made from the log as it is",
            next_step="Run any command that may write to the store; it makes them again.",
        )


def refresh(connection: Connection, derived: Derived) -> bool:
    """Bring the tables up to date within the caller's transaction; False: they were.

    Only what was appended is worked in, unless the method is another one or a report has left the
    log: then everything is made again.
    """
    state, method = _now(connection, derived)
    made = _made_from(connection, derived)
    if made == (state, method):
        return False
    appended = made is not None and made[1] == method
    appended = appended and made is not None and made[0].withdrawals == state.withdrawals
    derived.update(connection, made[0].position if made and appended else 0)
    text = f"{state.position} {state.withdrawals} {method}"
    put(connection, _key(derived), text)
    return True


def refresh_alone(connection: Connection, derived: Derived) -> bool:
    """Bring the tables up to date in a transaction of their own."""
    with transaction(connection):
        return refresh(connection, derived)


def _key(derived: Derived) -> str:
    return f"derived_{derived.name}"


def _now(connection: Connection, derived: Derived) -> tuple[LogState, int]:
    return log_state(connection), derived.method_version


def _made_from(connection: Connection, derived: Derived) -> tuple[LogState, int] | None:
    if get(connection, _key(derived)) is None:
        return None
    position, withdrawals, method = numbers(connection, _key(derived), 3)
    return LogState(position, withdrawals), method
