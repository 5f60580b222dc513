"""What the manual shows is what the program, and the plain reading of the rules, say."""

from __future__ import annotations

import pytest

from folkestrom.register.flags import FLAGS, FlagReason
from tests.reference.register import derived_tables
from tests.register.kernel import kernel_tables
from tests.register.worked_examples import PAGE, examples, read, shown


@pytest.mark.parametrize("example", examples())
def test_example(example: str) -> None:
    reports, expected = read(example)
    for tables in (derived_tables(reports), kernel_tables(reports)):
        for name, rows in expected.items():
            assert shown(tables, name) == rows, name


def test_there_are_examples() -> None:
    assert len(examples()) >= 6


def test_the_page_lists_every_flag() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for reason in FlagReason:
        assert f"| `{reason.name.lower()}` | {FLAGS[reason].is_.en} |" in page
