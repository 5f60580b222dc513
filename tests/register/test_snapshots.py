"""The tables against their meaning in SQL, for every reference date and knowledge date."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from folkestrom.engine.steps import Step, run
from folkestrom.register import build
from folkestrom.register.as_known import snapshots
from tests.register.log import append, empty_log
from tests.register.random_log import plain_log

VARIABLES = {
    "stay": (snapshots.stay_snapshot, ("person", "municipality", "basic_unit")),
    "marital": (snapshots.marital_snapshot, ("person", "marital_status", "partner")),
    "citizenship": (snapshots.citizenship_snapshot, ("person", "citizenship")),
}


@pytest.mark.parametrize("variable", VARIABLES)
def test_one_filter_gives_what_the_log_says(variable: str) -> None:
    make, columns = VARIABLES[variable]
    dice = random.Random(11)
    with empty_log() as connection:
        append(connection, plain_log(dice, persons=80))
        build.update(connection, 0)
        # Whoever has a report that does not fit is left out: only a replay can tell what of it is.
        flagged = "SELECT person FROM flag"
        compared = 0
        for _ in range(60):
            known_at = date(2000, 1, 1) + timedelta(days=dice.randrange(6_500))
            eve = date(2000, 1, 1) + timedelta(days=dice.randrange(6_000))
            days = {"eve": eve, "known_at": known_at}
            found = []
            for steps in ([snapshots.read_as_of(variable, columns)], make()):
                *others, last = steps
                fitting = f"SELECT * FROM ({last.sql}) WHERE person NOT IN ({flagged})"
                kept = [*others, Step(last.name, fitting, last.rule)]
                found.append(sorted(run(connection, kept, days).fetchall(), key=repr))
            assert found[0] == found[1]
            compared += len(found[0])
        assert compared > 500
