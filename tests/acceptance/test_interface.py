"""The interface of the statistics bank under questions that nobody would ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis.specs.openapi.checks import positive_data_acceptance

from folkestrom.app.public.server import application
from folkestrom.app.public.statbank import PREFIX, Bank
from folkestrom.publish.releases.shelf import Shelf
from tests.publish.small_bank import shelf_with

#: What is well-formed can still ask for values that a table does not have.
NOT_SAID = [positive_data_acceptance]


def test_no_question_is_answered_otherwise_than_described(tmp_path: Path) -> None:
    app = application(Bank(Shelf(shelf_with(tmp_path))))
    schema = schemathesis.openapi.from_asgi(f"{PREFIX}/openapi.json", app)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 10
    for operation in operations:
        for mode in schemathesis.GenerationMode:
            _ask(operation.as_strategy(generation_mode=mode))


def _ask(cases: SearchStrategy[Any]) -> None:
    @given(case=cases)
    @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(excluded_checks=NOT_SAID)

    ask()
