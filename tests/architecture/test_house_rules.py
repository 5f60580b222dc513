"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
LONGEST_FILE = 500
LONGEST_FUNCTION = 60


def test_no_file_is_long() -> None:
    lengths = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in SOURCES + TESTS}
    assert [f"{p.name}: {n}" for p, n in lengths.items() if n >= LONGEST_FILE] == []


def test_no_function_is_long() -> None:
    found = [
        f"{path.name}: {node.name} has {length} lines"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := _body_lines(node)) >= LONGEST_FUNCTION
    ]
    assert found == []


def _body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of code: the docstring, which may be as long as it needs to be, is not counted."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b([T]ODO|[F]IXME|[N]otImplementedError)\b")
    found = [p.name for p in SOURCES + TESTS if later.search(p.read_text(encoding="utf-8"))]
    assert found == []


def test_no_drawer_for_everything() -> None:
    folders = {p.name for p in (ROOT / "src").rglob("*") if p.is_dir()}
    assert not folders & {"utils", "util", "common", "helpers", "misc"}


def test_the_lock_has_hashes_and_no_addresses() -> None:
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert [p.stem for p in locks] == ["base", "bootstrap", "build", "dev", "peers-mobility"]
    for path in locks:
        text = path.read_text(encoding="utf-8")
        pinned = re.findall(r"^[A-Za-z0-9][^\n]*==", text, re.MULTILINE)
        assert pinned
        assert len(re.findall(r"^[A-Za-z0-9]", text, re.MULTILINE)) == len(pinned)
        assert text.count("--hash=sha256:") >= len(pinned)
        assert "://" not in text
        assert "--find-links" not in text


def test_every_dependency_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    reasons = (ROOT / "docs/explanation/decisions.md").read_text(encoding="utf-8").lower()
    named = re.findall(r'^  "([a-z][a-z0-9-]*)(?:\[[a-z]+\])?[><=]', text, re.MULTILINE)
    assert len(named) > 10
    assert sorted(n for n in named if n.removesuffix("[python]") not in reasons) == []
