"""SQL keeps to the rooms: a step reads what it declares, and a room what earlier ones publish."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

import pytest
import sqlglot
from sqlglot import exp

import folkestrom
from folkestrom.engine.steps import RegisteredStep, registered_steps

ROOT: Final = Path(__file__).parents[2]
SOURCE: Final = ROOT / "src" / "folkestrom"
CONTRACT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["folkestrom"]

#: The tables of each room, and those that each room may read beside its own.
OWN: Final[dict[str, set[str]]] = {
    room: set(tables.split()) for room, tables in CONTRACT["tables"].items()
}
READ: Final[dict[str, set[str]]] = {
    room: set(tables.split()) for room, tables in CONTRACT["reads"].items()
}
EVERY: Final = set[str]().union(*OWN.values())

_SQL: Final = re.compile(r"\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\b", re.IGNORECASE)
_TABLE: Final = re.compile(
    r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE|VIEW)\s+(?:\w+\.)?(\w+)", re.IGNORECASE
)
#: Tables that a text may not name even by itself, in rooms where the word means nothing else.
INNER: Final = {"report", "stay", "quarantine_line", "linkage_held", "linkage_level"}
PLAIN: Final = {"variables", "statistics", "outputs", "app"}


def _steps() -> dict[str, RegisteredStep]:
    for module in pkgutil.walk_packages(folkestrom.__path__, "folkestrom."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return {n: s for n, s in registered_steps().items() if n.startswith("folkestrom.")}


STEPS: Final = _steps()


def room_of(module: str) -> str:
    """The first folder below the package."""
    return module.split(".")[1]


def is_listed(table: str, among: set[str]) -> bool:
    """Whether a table is among those, which may end in a star."""
    return any(fnmatch(table, pattern) for pattern in among)


def tables_of(sql: str) -> set[str]:
    """Tables of the store that a SELECT reads."""
    parsed = sqlglot.parse_one(sql, read="duckdb")
    names = {table.name for table in parsed.find_all(exp.Table)}
    names -= {cte.alias for cte in parsed.find_all(exp.CTE)}
    return {name for name in names if is_listed(name, EVERY)}


def may_read(room: str) -> set[str]:
    """Tables that a room may read."""
    return OWN.get(room, set()) | READ.get(room, set())


@pytest.mark.parametrize("name", STEPS)
def test_a_step_declares_the_tables_that_it_reads(name: str) -> None:
    step = STEPS[name]
    found = tables_of(step.sample().sql)
    undeclared = {table for table in found if not is_listed(table, set(step.reads))}
    assert undeclared == set(), "name them in reads"
    beyond = set(step.reads) - may_read(room_of(name))
    assert beyond == set(), "no table of this room, and not published to it"


def _texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Texts of a module with the line of each; of f-strings, what is not filled in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value for part in node.values if isinstance(part, ast.Constant)]
            yield node.lineno, "?".join(str(part) for part in parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def _named(text: str) -> set[str]:
    """Tables that a text of SQL names: parsed, or of a part of a statement, by its words."""
    try:
        parsed = sqlglot.parse_one(text.replace("?", "x"), read="duckdb")
    except sqlglot.errors.SqlglotError:
        return {name.lower() for name in _TABLE.findall(text)}
    return {table.name.lower() for table in parsed.find_all(exp.Table)}


def _beyond(source: str, room: str) -> list[str]:
    """Tables that a module of a room names, and that the room may not read."""
    found = []
    for line, text in _texts(ast.parse(source)):
        plain = {text} & INNER if room in PLAIN else set()
        named = _named(text) if _SQL.search(text) else plain
        beyond = {name for name in named if is_listed(name, EVERY)}
        beyond -= {name for name in beyond if is_listed(name, may_read(room))}
        found += [f"line {line}: {name}" for name in sorted(beyond)]
    return found


@pytest.mark.parametrize(
    "path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE))
)
def test_no_text_names_a_table_of_another_rooms_inside(path: Path) -> None:
    room = path.relative_to(SOURCE).parts[0]
    if room == "engine":  # runs the SQL of others, and has examples of it
        return
    assert _beyond(path.read_text(encoding="utf-8"), room) == []


def test_the_contract_names_rooms_that_are_there_and_tables_that_are_published() -> None:
    assert {*OWN, *READ} <= {path.name for path in SOURCE.iterdir() if path.is_dir()}
    assert set[str]().union(*READ.values()) <= EVERY
    mine = [table for tables in OWN.values() for table in tables]
    assert len(mine) == len(set(mine)), "a table has one owner"


#: SELECTs that no step has, by the modules that run them, each with its reason.
OUTSIDE: Final[dict[str, str]] = CONTRACT["select_outside_steps"]


def _runs_select(tree: ast.AST) -> list[int]:
    """Lines on which a SELECT is run that stands there as a text."""
    found = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and node.args):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in ("table", "view") and isinstance(node.args[0], ast.Constant):
            found.append(node.lineno)
        if name in ("execute", "sql", "query", "first_row", "is_any", "first_number"):
            texts = [text for _, text in _texts(node.args[0])]
            texts += [text for _, text in _texts(node.args[-1])]
            if any(re.search(r"\bSELECT\b", text, re.IGNORECASE) for text in texts):
                found.append(node.lineno)
    return found


@pytest.mark.parametrize(
    "path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE))
)
def test_a_select_stands_in_a_step_or_has_a_reason(path: Path) -> None:
    inside = str(path.relative_to(SOURCE).with_suffix("")).replace("/", ".")
    if any(fnmatch(inside, pattern) for pattern in OUTSIDE):
        return
    assert _runs_select(ast.parse(path.read_text(encoding="utf-8"))) == []


def test_every_reason_is_needed() -> None:
    names = [
        str(path.relative_to(SOURCE).with_suffix("")).replace("/", ".")
        for path in SOURCE.rglob("*.py")
        if _runs_select(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert all(any(fnmatch(name, pattern) for name in names) for pattern in OUTSIDE)


@pytest.mark.parametrize(
    ("room", "sql", "kept"),
    [
        ("statistics", "SELECT person FROM residence", True),
        ("statistics", "SELECT person FROM stay", False),
        ("statistics", "WITH report AS (SELECT 1 AS x) SELECT x FROM report", True),
        ("app", "SELECT count(*) FROM residence r JOIN report p ON p.person = r.person", False),
        ("analysis", "SELECT value FROM linked_income", True),
        ("variables", "SELECT value FROM (SELECT * FROM quarantine) AS q", False),
    ],
)
def test_planted_texts_are_found(room: str, sql: str, kept: bool) -> None:
    assert all(is_listed(table, may_read(room)) for table in tables_of(sql)) == kept


@pytest.mark.parametrize(
    "planted",
    [
        'connection.execute("select person from stay")',
        'q = "SELECT 1 FROM main.report AS s"',
        'q = "SELECT r.person FROM residence r, stay s"',
        'table = "stay"\nq = f"SELECT person FROM {table}"',
        'LONG = {"municipality": ("stay", "municipality")}',
    ],
)
def test_planted_modules_are_found(planted: str) -> None:
    assert _beyond(planted, "statistics")


def _listed(cell: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", cell))


def test_the_page_on_the_architecture_says_what_the_contracts_say() -> None:
    page = (ROOT / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)/` \| .*? \| (.*?) \| (.*?) \|$", page, re.MULTILINE)
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    lines = [line for contract in config["contracts"] for line in contract.get("lines", ())]
    allowed = {line.split("->")[0].strip(): set(line.split("->")[1].split()) for line in lines}
    rooms = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").exists()}
    assert {name for name, *_ in rows} == rooms
    for name, imports, tables in rows:
        other = {room for room in allowed[name] if "." not in room}
        assert _listed(imports) - {"errors"} == other, name
        assert _listed(tables) == READ.get(name, set()), name
