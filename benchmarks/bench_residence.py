"""How many stays a second the rules of residence decide.

    python benchmarks/bench_residence.py [--stays 5e6]

makes up stays, two a person: a tenth each of asylum seekers, students, Nordic and other stays
abroad, stays that need a permit. Beside it, the main rules alone (asylum, permits, six months,
Nordic moves, six months abroad) in pandas as an office would write them, by whole columns; what it
makes of each stay that these rules decide is compared with ours.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from folkestrom.engine.steps import Step, compose, step
from folkestrom.residence.deciding import Rulebook, standing_steps, verdict_steps
from folkestrom.residence.law import rules
from folkestrom.residence.stays import COLUMNS, TABLE

#: What the issue of these asks for: stays a second.
LIMIT = 2e6
DAY, KNOWN = date(2021, 1, 1), date(2021, 2, 1)
CHANCE = np.random.default_rng(1)
NORDIC_MONTHS = {"DK": 6, "SE": 12, "FI": 12, "IS": 6}
#: Rules that the route in pandas has.
SHARED = ("asylum_granted", "asylum_waiting", "permit_too_short", "permit_granted", "in_migration",
          "short_stay", "nordic_move", "nordic_stay", "settled_abroad", "reported_only",
          "short_absence")  # fmt: skip


def stays(many: int) -> pd.DataFrame:
    """Stays of persons who never lived; the first of each ends where the second begins."""
    second = np.arange(many) % 2 == 1
    begins = np.datetime64("2018-01-01") + CHANCE.integers(0, 500, many).astype("m8[D]")
    length = CHANCE.choice([60, 120, 184, 200, 365, 400], many).astype("m8[D]")
    ends = np.where(second, np.datetime64("NaT"), begins + length)
    begins[second] = ends[:-1][second[1:]] if many % 2 else ends[0::2]
    country = CHANCE.choice(["NO", "DK", "SE", "FI", "IS", "PL", "US"], many,
                            p=[0.6, 0.05, 0.05, 0.02, 0.02, 0.13, 0.13])  # fmt: skip
    here = country == "NO"
    ground = CHANCE.choice(["work", "study", "family", "asylum", "other"], many)
    meant = begins + CHANCE.choice([30, 100, 184, 370], many).astype("m8[D]")
    permit = CHANCE.random(many)
    return pd.DataFrame(
        {
            "stay": np.arange(1, many + 1), "person": np.arange(many) // 2 + 1,
            "country": country, "from_date": begins.astype("M8[s]"), "ground": ground,
            "municipality": pd.array(CHANCE.choice([301, 1103, 4601], many), "Int32"),
            "intended_to": pd.Series(meant.astype("M8[s]")).mask(CHANCE.random(many) < 0.5),
            "to_date": ends.astype("M8[s]"), "needs_permit": here & (permit < 0.2),
            "permit_from": pd.Series((begins + np.timedelta64(90, "D")).astype("M8[s]")).mask(
                permit > 0.15),
        }
    ).assign(municipality=lambda t: t["municipality"].mask(~here))  # fmt: skip


def table_of(connection: duckdb.DuckDBPyConnection, told: pd.DataFrame) -> None:
    """The table that the rules read."""
    typed = ", ".join(
        f"{c.name if c.name in told else 'NULL'}::{c.type} AS {c.name}" for c in COLUMNS
    )
    connection.execute(f"CREATE OR REPLACE TABLE {TABLE} AS SELECT stay, {typed} FROM told")


@step("counted")
def counted() -> str:
    """Persons by what they are on the day."""
    return "SELECT outcome, count(*) AS persons FROM standing_on GROUP BY ALL"


def ours(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Decide all, and count who is what."""
    steps: list[Step] = [*standing_steps(Rulebook()), counted()]
    rows = connection.execute(compose(steps), {"day": DAY, "known_at": KNOWN}).fetchall()
    return {str(outcome): many for outcome, many in rows}


def in_pandas(told: pd.DataFrame) -> pd.Series:
    """What the main rules make of each stay: True resident, False emigrated, or nothing."""
    known = pd.Timestamp(KNOWN)
    reached = told["to_date"].where(told["to_date"] < known).fillna(known)
    meant = told["intended_to"]
    # Consecutive stays in Norway, in another Nordic country, or elsewhere are counted as one.
    side = told["country"].where(told["country"].isin(["NO", *NORDIC_MONTHS]), "abroad")
    lasting = meant.fillna(pd.Timestamp("2200-01-01")).where(lambda day: day > reached, reached)
    keys = [told["person"], side]
    begins = told["from_date"].groupby(keys).transform("min")
    lasting = lasting.groupby(keys).transform("max")

    def lasts(months: int, *, more: bool = False) -> pd.Series:
        whole = begins + pd.DateOffset(months=months)
        return lasting > whole if more else lasting >= whole

    half = lasts(6)
    here, asylum = told["country"] == "NO", told["ground"] == "asylum"
    permitted = told["permit_from"] < reached
    resident = here & np.where(asylum, permitted, half & (~told["needs_permit"] | permitted))
    nordic = told["country"].isin(list(NORDIC_MONTHS))
    there = pd.Series(data=False, index=told.index)
    for country, months in NORDIC_MONTHS.items():
        there |= (told["country"] == country) & lasts(months, more=country == "DK")
    gone = ~here & np.where(nordic, there, half & meant.isna())
    found = pd.Series("unchanged", told.index)
    return found.mask(resident, "resident").mask(gone, "emigrated")


def verdicts(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """What ours makes of each stay, by the rules that both have."""
    numbers = [n for n, rule in enumerate(rules()) if rule.name in SHARED]
    found = connection.sql(compose(verdict_steps(Rulebook())), params={"known_at": KNOWN})
    return found.filter(f"ground <> 'unknown' AND rule IN {tuple(numbers)}").df()


def seconds(work: Any) -> tuple[tuple[float, float], Any]:
    """Seconds by the clock, and of processors: on a busy machine only these say much."""
    began, used = time.perf_counter(), time.process_time()
    found = work()
    return (time.perf_counter() - began, time.process_time() - used), found


def main() -> int:
    """Measure, and say whether the limit holds."""
    options = argparse.ArgumentParser()
    options.add_argument("--stays", type=float, default=5e6)
    many = int(options.parse_args().stays)
    told = stays(many)
    with duckdb.connect() as connection:
        table_of(connection, told)
        (wall, processor), persons = seconds(lambda: ours(connection))
        theirs, made = seconds(lambda: in_pandas(told))
        mine = verdicts(connection).set_index("stay")["outcome"]
    office = made.set_axis(told["stay"]).loc[mine.index]
    same = bool((mine == office).all()) and len(mine) == many
    cores = min(os.cpu_count() or 1, len(os.sched_getaffinity(0)))
    found = {
        "stays": many, "cores": cores, "wall_s": wall, "processor_s": processor,
        "stays_a_second": many / wall, "stays_a_second_and_core": many / processor,
        "pandas_main_rules_s": theirs, "same": same, "compared": len(mine), "persons": persons,
    }  # fmt: skip
    print(json.dumps(found, indent=1))
    return int(not same or many / wall < LIMIT)


if __name__ == "__main__":
    raise SystemExit(main())
