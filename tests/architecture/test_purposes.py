"""Every test is for one thing, and can be run by it."""

from __future__ import annotations

from fnmatch import fnmatch

import pytest

from tests.conftest import PURPOSES, TESTS, purpose

FILES = sorted(TESTS.rglob("test_*.py"))


def test_every_test_has_exactly_one_purpose(request: pytest.FixtureRequest) -> None:
    for item in request.session.items:
        assert [m.name for m in item.iter_markers() if m.name in PURPOSES] == [purpose(item.path)]
    assert {purpose(path) for path in FILES} == set(PURPOSES)


def test_every_purpose_is_a_marker(request: pytest.FixtureRequest) -> None:
    markers = {line.split(":")[0] for line in request.config.getini("markers")}
    assert set(PURPOSES) <= markers


def test_every_line_of_the_table_gives_a_file_its_purpose() -> None:
    names = {path.relative_to(TESTS).as_posix(): purpose(path) for path in FILES}
    lines = [(kind, line) for kind, files in PURPOSES.items() for line in files]
    idle = [
        line
        for kind, line in lines
        if not any(fnmatch(name, line) and kind == has for name, has in names.items())
    ]
    assert idle == []
