"""The kernel against the plain-Python interpreter of the rules."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from folkestrom.register.tables import BY_NAME
from tests.reference.register import Report, as_of, derived_tables
from tests.register.histories import CROWDED_DAYS, DAYS, logs
from tests.register.kernel import kernel_tables

thorough = settings(
    max_examples=2 * settings().max_examples,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
#: Which columns of a table say what a person is.
VALUES = {
    "stay": ("municipality", "basic_unit", "dwelling"),
    "marital": ("marital_status", "partner"),
    "citizenship": ("citizenship",),
    "attribute": ("sex", "birth_date", "country_of_birth", "mother", "father", "origin"),
}


@thorough
@given(logs() | logs(crowded=True))
def test_kernel_gives_the_interpreters_tables(reports: list[Report]) -> None:
    expected = derived_tables(reports)
    for plain in (True, False):
        tables = kernel_tables(reports, plain=plain)
        for name, rows in expected.items():
            assert tables[name] == rows, name
        assert not any(rows for name, rows in tables.items() if name not in expected)


@thorough
@given(logs() | logs(crowded=True), st.randoms(use_true_random=False))
def test_order_of_arrival_does_not_matter(reports: list[Report], dice: Any) -> None:
    """Rows are put in any order; positions, which follow arrival, are no more than labels."""
    shuffled = list(reports)
    dice.shuffle(shuffled)
    assert kernel_tables(shuffled) == kernel_tables(reports)


@settings(
    max_examples=settings().max_examples,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(logs(most=8) | logs(most=8, crowded=True))
def test_one_filter_gives_every_state(reports: list[Report]) -> None:
    """As of every day, as known on every day, against an interpreter that replays up to there."""
    tables = kernel_tables(reports)
    near = {day + timedelta(days=n) for day in (*DAYS, *CROWDED_DAYS) for n in (0, 1, 2)}
    known = {r.known_from + timedelta(days=n) for r in reports for n in (-1, 0, 1)}
    for day in near:
        for known_at in known:
            found: dict[int, dict[str, Any]] = {}
            for name, columns in VALUES.items():
                for person, values in _filtered(tables[name], name, columns, day, known_at):
                    assert name not in found.setdefault(person, {}), "two rows at once"
                    found[person][name] = values
            assert found == as_of(reports, day, known_at)


def _filtered(
    rows: set[tuple[Any, ...]], name: str, columns: tuple[str, ...], day: Any, known_at: Any
) -> list[tuple[int, tuple[Any, ...]]]:
    table = BY_NAME[name]
    where = [table.index(c) for c in ("valid_from", "valid_to", "known_from", "known_to")]
    kept = []
    for row in rows:
        valid_from, valid_to, known_from, known_to = (row[i] for i in where)
        if valid_from < day <= valid_to and known_from <= known_at < known_to:
            kept.append((row[table.index("person")], tuple(row[table.index(c)] for c in columns)))
    return kept
