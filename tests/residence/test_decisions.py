"""Every stay has a rule and a report; whether a person counts agrees with the register."""

from __future__ import annotations

import random
from datetime import date, timedelta

from folkestrom.register import build
from folkestrom.residence.decisions import decisions, why
from folkestrom.residence.publish import publish
from folkestrom.residence.rules import RULES
from folkestrom.residence.tables import ResidenceReason
from tests.reference.register import as_of
from tests.register.log import append, empty_log
from tests.register.random_log import random_log


def test_every_stay_has_its_decision() -> None:
    with empty_log() as connection:
        append(connection, random_log(random.Random(21), persons=30, reports=300))
        build.update(connection, 0)
        publish(connection)
        rows = connection.execute(
            f"SELECT rule, kind, count(*) FROM ({decisions().sql}) GROUP BY 1, 2"
        ).fetchall()
        stays = connection.execute("SELECT count(*) FROM residence").fetchall()[0][0]
    assert sum(row[2] for row in rows) == stays
    assert {row[0] for row in rows} == {rule.name for rule in RULES}
    assert {row[1] for row in rows} <= {1, 2, 3, 5}


def test_why_agrees_with_the_register() -> None:
    dice = random.Random(22)
    reports = random_log(dice, persons=25, reports=250)
    reasons = set()
    with empty_log() as connection:
        append(connection, reports)
        build.update(connection, 0)
        publish(connection)
        for _ in range(150):
            day = date(2000, 1, 1) + timedelta(days=dice.randrange(5_000))
            known_at = day + timedelta(days=dice.randrange(800))
            person = dice.randint(1, 25)
            decision = why(connection, person, day, known_at)
            home = as_of(reports, day, known_at).get(person, {}).get("stay")
            assert decision.resident == (home is not None)
            if decision.resident:
                assert home is not None
                assert (decision.municipality, decision.basic_unit) == home[:2]
            reasons.add(decision.reason)
    assert reasons == set(ResidenceReason)
