"""Every public function refuses what it cannot take, by an error that says what is wrong."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from folkestrom.errors import UserError
from tests.columns.doors import PERSONS, good, methods, public, spoilt

#: Asked of a store: `tests/app/cli/test_python.py`.
OF_STORES = {"rates.occurrences", "flows.flows_of_period", "flows.moves_of"}
#: What no column may be, whatever it is for: the message names the column.
MISTAKEN = {
    "mixed", "more than 64 bits", "lists", "records", "bytes", "objects", "complex",
    "two dimensions", "too short", "scalar", "durations",
}  # fmt: skip


@pytest.fixture(scope="session")
def calls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return good(tmp_path_factory.mktemp("doors"))


def test_every_public_function_is_tried(calls: dict[str, dict[str, Any]]) -> None:
    assert set(calls) | OF_STORES == set(public())


@pytest.mark.parametrize("name", sorted(set(public()) - OF_STORES))
def test_a_result_or_an_error_that_says_what_is_wrong(
    name: str, calls: dict[str, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    faults = []
    own = (name.rsplit(".", maxsplit=1)[-1], "follow-up", "rules", "model", "panel")
    for what, kind, arguments in spoilt(calls[name], public()[name]):
        try:
            public()[name](**arguments)
        except UserError as error:
            told = str(error)
            # Of a column the message names the column; of an argument this, or who was asked.
            of_column = kind in MISTAKEN and what not in arguments
            texts = [value for value in arguments.values() if isinstance(value, str)]
            named = [what] if of_column else [what, *arguments, *texts, *own]
            if not any(one in told for one in named):
                faults.append(f"{what}: {kind}: does not name it: {told}")
            if any(str(person) in told for person in set(PERSONS)):
                faults.append(f"{what}: {kind}: shows a person: {told}")
        except Exception as error:  # noqa: BLE001 - any of them is the fault looked for
            faults.append(f"{what}: {kind}: {type(error).__name__}: {error}")
    assert not faults, "\n".join(faults)


def test_what_is_good_is_taken(calls: dict[str, dict[str, Any]]) -> None:
    for name, arguments in calls.items():
        if arguments and name != "study.read_study":
            public()[name](**arguments)


@pytest.mark.parametrize("name", methods())
def test_questions_to_results_too(name: str) -> None:
    method, arguments = methods()[name]
    method(**arguments)
    for _, _, spoiled in spoilt(arguments, method):
        # What a wrong table leads to may overflow on the way; it is no error.
        with np.errstate(all="ignore"), contextlib.suppress(UserError):
            method(**spoiled)
