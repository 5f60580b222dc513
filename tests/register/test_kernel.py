"""The kernel against the plain-Python interpreter of the rules."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from tests.reference.register import Report, derived_tables
from tests.register.histories import logs
from tests.register.kernel import kernel_tables

thorough = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@thorough
@given(logs())
def test_kernel_gives_the_interpreters_tables(reports: list[Report]) -> None:
    expected = derived_tables(reports)
    for plain in (True, False):
        tables = kernel_tables(reports, plain=plain)
        for name, rows in expected.items():
            assert tables[name] == rows, name
        assert not any(rows for name, rows in tables.items() if name not in expected)
