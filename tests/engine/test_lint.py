"""Every forbidden construct is found, and its permitted neighbour is not."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import folkestrom
from folkestrom.engine.lint import REASONS, lint

FORBIDDEN = {
    "SELECT unnest(a), unnest(b) FROM t": "parallel-unnest",
    "SELECT x FROM (SELECT unnest(a) AS x, 1 + unnest(b) AS y FROM t)": "parallel-unnest",
    "SELECT date_diff('year', a, b) FROM t": "date-diff-year",
    "SELECT datediff('YEAR', a, b) FROM t": "date-diff-year",
    "SELECT date_sub('year', a, b) FROM t": "date-sub-three",
    "SELECT datesub('month', a, b) FROM t": "date-sub-three",
    "SELECT unnest(generate_series(a, b, INTERVAL 1 DAY))::DATE FROM t": "cast-of-series",
    "SELECT CAST(d AS DATE) FROM unnest(generate_series(1, 3)) AS s(d)": "cast-of-series",
    "SELECT * FROM a ASOF JOIN b ON a.x >= b.x": "asof-join",
    "WITH c AS (SELECT * FROM a ASOF LEFT JOIN b ON a.x >= b.x) SELECT 1": "asof-join",
}

PERMITTED = [
    "SELECT unnest(a) FROM t",
    "SELECT unnest(a) AS x FROM t UNION ALL SELECT unnest(b) FROM t",
    "SELECT date_diff('day', a, b) FROM t",
    "SELECT year(b) - year(a) FROM t",
    "SELECT CAST(x AS DATE) FROM t",
    "SELECT $day::DATE + n FROM unnest(generate_series(1, 3)) AS s(n)",
]


@pytest.mark.parametrize(("sql", "rule"), FORBIDDEN.items())
def test_forbidden(sql: str, rule: str) -> None:
    assert rule in {finding.rule for finding in lint(sql)}


@pytest.mark.parametrize("sql", PERMITTED)
def test_permitted(sql: str) -> None:
    assert lint(sql) == []


def test_every_rule_has_a_case() -> None:
    assert set(FORBIDDEN.values()) == set(REASONS)


#: A net for text that is not a step: statements that write, and pieces of SQL in f-strings.
SUSPICIOUS = re.compile(
    r"\basof\s+(left\s+)?join\b|date_?diff\(\s*'year'|date_?sub\(\s*'", re.IGNORECASE
)


def test_no_text_of_the_project_contains_one() -> None:
    root = Path(folkestrom.__file__).parent
    found = [
        f"{path.relative_to(root)}:{node.lineno}"
        for path in root.rglob("*.py")
        if path.name != "lint.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and SUSPICIOUS.search(node.value)
    ]
    assert found == []
