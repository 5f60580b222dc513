"""SQL as named steps: one SELECT a function, composed as CTEs, so that the text is the method.

A step is a function that returns one SELECT and whose docstring states the rule in words::

    @step("residents", reads=["residence"])
    def residents() -> str:
        '''Who is resident at the end of the day before `$day`, as known on `$known_at`.'''
        return '''
            SELECT person, municipality
            FROM residence
            WHERE valid_from <= $day - 1 AND valid_to > $day - 1
              AND known_from <= $known_at AND known_to > $known_at
        '''

    @step("counts", example={"by": ("municipality",)})
    def counts(by: tuple[str, ...]) -> str:
        '''Residents by the columns of `by`.'''
        columns = ", ".join(by)
        return f"SELECT {columns}, count(*) AS persons FROM residents GROUP BY {columns}"

Calling a step gives a `Step`; a step refers to earlier ones by name. A list of steps, the
last of them being the answer, is run by `run`::

    run(connection, [residents(), counts(("municipality",))], {"day": day, "known_at": e})

or put into a table by ``create_table``, or turned into text by `compose`. Values are bound
(`$day`), never pasted; only names of columns and tables, and code numbers, are.

``example`` gives arguments with which the tests call a step that has parameters without
defaults. Every step is thereby parsed, searched for the forbidden constructs of
`folkestrom.engine.lint`, and carried over to Spark. A text that stays on DuckDB says why:
``@step("read_files", duckdb_only="reads files with read_parquet")``.

With ``trace``, a list, every step becomes a temporary table of its name, to be looked at
afterwards, and its row count and seconds are put into the list.
"""

from __future__ import annotations

import functools
import inspect
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ParamSpec

import duckdb

from folkestrom.errors import FolkestromError

P = ParamSpec("P")
_PARAMETER = re.compile(r"\$([A-Za-z_]\w*)")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Step:
    """One named SELECT.

    Parameters
    ----------
    name
        What later steps call it.
    sql
        The SELECT, in DuckDB's dialect, without a semicolon.
    rule
        What it computes, in words.
    """

    name: str
    sql: str
    rule: str

    def named(self, name: str) -> Step:
        """The same SELECT under another name, where a query has it more than once."""
        return Step(name, self.sql, self.rule)


@dataclass(frozen=True, slots=True)
class RegisteredStep:
    """A step function as the tests and the manual find it.

    Parameters
    ----------
    name
        The step's name.
    function
        What makes the step.
    reads
        Tables of the store that it reads, beside earlier steps.
    example
        Arguments to call it with.
    duckdb_only
        Why its text stays on DuckDB; None when it carries over to Spark.
    """

    name: str
    function: Callable[..., Step]
    reads: frozenset[str] = frozenset()
    example: Mapping[str, object] = field(default_factory=dict)
    duckdb_only: str | None = None

    def sample(self) -> Step:
        """The step called with its example."""
        return self.function(**self.example)


@dataclass(frozen=True, slots=True)
class StepTrace:
    """What one step did in debug mode.

    Parameters
    ----------
    name
        The step, and the temporary table that holds its rows.
    rows
        How many rows it gave.
    seconds
        How long it took.
    """

    name: str
    rows: int
    seconds: float


class StepError(FolkestromError):
    """Steps that do not fit together; a fault of the program."""


_REGISTRY: dict[str, RegisteredStep] = {}


def step(
    name: str,
    *,
    reads: Sequence[str] = (),
    example: Mapping[str, object] | None = None,
    duckdb_only: str | None = None,
) -> Callable[[Callable[P, str]], Callable[P, Step]]:
    """Make a function that returns one SELECT into a named step, and register it.

    Parameters
    ----------
    name
        Lower-case name, unique within a composition.
    reads
        Tables of the store that the text reads, beside earlier steps: those of its room, and what
        earlier rooms publish.
    example
        Arguments for the tests, needed when the function has parameters without defaults.
    duckdb_only
        Why the text need not carry over to Spark. Left out: it must.
    """
    if not _NAME.fullmatch(name):
        raise StepError(f"a step cannot be called {name!r}: lower-case letters, digits and _ only")

    def decorate(function: Callable[P, str]) -> Callable[P, Step]:
        rule = inspect.getdoc(function)
        if not rule:
            raise StepError(f"step {name!r} has no docstring that states its rule")

        @functools.wraps(function)
        def make(*args: P.args, **kwargs: P.kwargs) -> Step:
            return Step(name, tidy(function(*args, **kwargs)), rule)

        key = f"{function.__module__}.{function.__qualname__}"
        _REGISTRY[key] = RegisteredStep(
            name, make, frozenset(reads), dict(example or {}), duckdb_only
        )
        return make

    return decorate


def registered_steps() -> dict[str, RegisteredStep]:
    """Every step of the modules imported so far, by the dotted name of its function."""
    return dict(_REGISTRY)


def compose(steps: Sequence[Step]) -> str:
    """One SELECT of several steps: all but the last as CTEs, the last as the query.

    Examples
    --------
    >>> print(compose([Step("a", "SELECT 1 AS x", ""), Step("b", "SELECT x + 1 AS y FROM a", "")]))
    WITH a AS (
      SELECT 1 AS x
    )
    SELECT x + 1 AS y FROM a
    """
    _check(steps)
    *earlier, last = steps
    if not earlier:
        return last.sql
    ctes = ",\n".join(f"{s.name} AS (\n{_indent(s.sql)}\n)" for s in earlier)
    return f"WITH {ctes}\n{last.sql}"


def run(
    connection: duckdb.DuckDBPyConnection,
    steps: Sequence[Step],
    parameters: Mapping[str, object] | None = None,
    *,
    trace: list[StepTrace] | None = None,
) -> duckdb.DuckDBPyConnection:
    """Run steps and return the cursor that holds the last one's rows.

    Parameters
    ----------
    connection
        Where to run.
    steps
        The steps in order; the last is the answer.
    parameters
        Values of the `$names` in the text; those that no step uses are left out.
    trace
        Debug mode: materialise every step, and say here what it gave.
    """
    if trace is None:
        text = compose(steps)
        return connection.execute(text, parameters_of(text, parameters))
    materialise(connection, steps, parameters, trace=trace)
    return connection.execute(f"SELECT * FROM {steps[-1].name}")


def create_table(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    steps: Sequence[Step],
    parameters: Mapping[str, object] | None = None,
    *,
    trace: list[StepTrace] | None = None,
) -> None:
    """Create or replace a table with the rows of the last step.

    Parameters
    ----------
    connection
        Where to run.
    table
        Name of the table.
    steps, parameters, trace
        As for `run`.
    """
    if trace is None:
        text = compose(steps)
    else:
        materialise(connection, steps, parameters, trace=trace)
        text = f"SELECT * FROM {steps[-1].name}"
    statement = f"CREATE OR REPLACE TABLE {table} AS {text}"
    connection.execute(statement, parameters_of(text, parameters))


def create_view(
    connection: duckdb.DuckDBPyConnection, steps: Sequence[Step], *, temporary: bool = False
) -> None:
    """Create or replace a view with the name and the rows of the last step.

    Parameters
    ----------
    connection
        Where to run.
    steps
        The steps, without values to be bound.
    temporary
        Of this connection alone; it then stands before what the database calls so.
    """
    sort = "TEMP VIEW" if temporary else "VIEW"
    connection.execute(f"CREATE OR REPLACE {sort} {steps[-1].name} AS {compose(steps)}")


def materialise(
    connection: duckdb.DuckDBPyConnection,
    steps: Sequence[Step],
    parameters: Mapping[str, object] | None = None,
    *,
    trace: list[StepTrace],
) -> None:
    """Make every step a temporary table of its own name, in order."""
    _check(steps)
    for s in steps:
        began = time.perf_counter()
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {s.name} AS {s.sql}", parameters_of(s.sql, parameters)
        )
        seconds = time.perf_counter() - began
        # Every row is fetched: an unfinished result would block the connection.
        ((rows,),) = connection.execute(f"SELECT count(*) FROM {s.name}").fetchall()
        trace.append(StepTrace(s.name, rows, seconds))


def parameters_of(sql: str, parameters: Mapping[str, object] | None) -> dict[str, object]:
    """The values that a text refers to, since DuckDB refuses any others.

    Examples
    --------
    >>> parameters_of("SELECT $day", {"day": 1, "known_at": 2})
    {'day': 1}
    """
    given = parameters or {}
    wanted = dict.fromkeys(_PARAMETER.findall(sql))
    missing = [name for name in wanted if name not in given]
    if missing:
        raise StepError(f"no value was given for {', '.join(missing)}")
    return {name: given[name] for name in wanted}


def tidy(sql: str) -> str:
    '''A text without the indentation of its first line, on every line that has it.

    Pieces that were pasted in often have less, and keep what they have.

    Examples
    --------
    >>> print(tidy("""
    ...       SELECT person
    ...       FROM residence
    ... WHERE known_to > $known_at
    ...     """))
    SELECT person
    FROM residence
    WHERE known_to > $known_at
    '''
    lines = sql.strip("\n").rstrip().splitlines()
    margin = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
    return "\n".join(line[min(margin, len(line) - len(line.lstrip())) :] for line in lines)


def _check(steps: Sequence[Step]) -> None:
    if not steps:
        raise StepError("there is no step to run")
    names = [s.name for s in steps]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise StepError(f"two steps of one query are called {', '.join(twice)}")


def _indent(sql: str) -> str:
    return "\n".join(f"  {line}" for line in sql.splitlines())
