"""How long the households of a whole country take: at one date, and as histories of 21 years.

    python benchmarks/bench_households.py [--persons 5.4e6] [--years 21]

makes up a country: singles, couples, parents with children and lodgers, of whom a sixth move a
year, each into a dwelling that another has left or leaves soon. Beside it, at one date, the same
in pandas as an office would write it, by whole columns; its counts are compared with ours.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from folkestrom.households.codes import Couple, HouseholdType
from folkestrom.households.homes import Method, Span, homes
from folkestrom.households.rules import cohabitation_rule

#: What the issue of these asks for, in seconds.
LIMITS = {"date": 3.0, "histories": 60.0}
CHANCE = np.random.default_rng(1)
END = date(2022, 1, 1)
KNOWN = date(2022, 2, 1)
DAY = "M8[D]"
#: Adults and the mean number of children of units, and how many of 100 there are.
UNITS = ((1, 0.0, 42), (2, 0.0, 22), (2, 1.8, 24), (1, 1.4, 12))
MOVES_A_QUARTER = 0.04


def units_of(persons: int) -> dict[str, Any]:
    """Units that move together: adults, and children of them."""
    mean = sum((adults + children) * share for adults, children, share in UNITS) / 100
    many = round(persons / mean)
    kind = CHANCE.choice(len(UNITS), many, p=[share / 100 for *_, share in UNITS])
    adults = np.array([adults for adults, *_ in UNITS])[kind]
    children = CHANCE.poisson(np.array([mean for _, mean, _ in UNITS])[kind])
    return {"adults": adults, "children": np.minimum(children, 5)}


def country(persons: int, years: int) -> duckdb.DuckDBPyConnection:
    """A store's tables of persons who never lived."""
    units = units_of(persons)
    many = len(units["adults"])
    end = np.datetime64(END, "D")
    begin = end - np.timedelta64(round(years * 365.25), "D")
    adults, children = units["adults"], units["children"]
    unit = np.repeat(np.arange(many), adults + children)
    first = np.concatenate(([0], np.cumsum(adults + children)[:-1]))
    place = np.arange(len(unit)) - first[unit]
    is_child = place >= adults[unit]
    # Parents were at least 18 when the eldest child was born.
    base = end - CHANCE.integers(20 * 365, 80 * 365, many).astype("m8[D]")
    base -= np.where(children > 0, 26 * 365, 0).astype("m8[D]")
    born = base[unit] + CHANCE.integers(-900, 900, len(unit)).astype("m8[D]")
    born[is_child] = end - CHANCE.integers(1, 25 * 365, int(is_child.sum())).astype("m8[D]")
    person = np.arange(1, len(unit) + 1)
    elder, other = person[first][unit], (person[first] + 1)[unit]
    both = adults[unit] == 2
    married = CHANCE.random(many)[unit] < 0.6
    sex = np.where(is_child, CHANCE.integers(1, 3, len(unit)), 1 + place % 2)
    wed = both & ~is_child & married
    frame = pd.DataFrame(
        {"person": person, "sex": sex.astype(np.int8), "birth_date": born.astype("M8[s]"),
         "mother": pd.array(np.where(both, other, elder), "Int64"), "unit": unit,
         "father": pd.array(elder, "Int64"), "is_child": is_child, "wed": wed,
         "partner": np.where(person == elder, other, elder)}
    )  # fmt: skip
    frame.loc[~is_child, ["mother", "father"]] = pd.NA
    frame.loc[is_child & ~both, "father"] = pd.NA
    # A tenth have no dwelling of their own.
    at = np.where(CHANCE.random(many) < 0.9, np.arange(many), CHANCE.integers(0, many, many)) + 1
    lived = [(np.arange(many), at.copy(), np.full(many, begin - np.timedelta64(40, "D")))]
    for quarter in range(years * 4):
        movers = np.flatnonzero(CHANCE.random(many) < MOVES_A_QUARTER)
        at[movers] = CHANCE.permutation(at[movers])
        day = begin + np.timedelta64(91 * quarter, "D")
        days = day + CHANCE.integers(-20, 20, len(movers)).astype("m8[D]")
        lived.append((movers, at[movers].copy(), days))
    columns = [np.concatenate(column) for column in zip(*lived, strict=True)]
    stays = pd.DataFrame(dict(zip(("unit", "dwelling", "since"), columns, strict=True)))
    stays["since"] = stays["since"].astype("M8[s]")
    connection = duckdb.connect()
    connection.register("persons", frame)
    connection.register("stays", stays)
    always = f"DATE '{begin}' AS known_from, DATE '9999-12-31' AS known_to, 1::BIGINT AS position"
    connection.execute(f"""
        CREATE TABLE residence AS
        SELECT p.person, s.dwelling::BIGINT AS dwelling,
               greatest(s.since, p.birth_date)::DATE AS valid_from, s.until AS valid_to, {always}
        FROM (SELECT unit, dwelling, since, coalesce(lead(since) OVER (
                PARTITION BY unit ORDER BY since), DATE '9999-12-31')::DATE AS until
              FROM stays) s JOIN persons p USING (unit)
        WHERE s.since < s.until AND p.birth_date < s.until
        ORDER BY s.until, p.person""")
    connection.execute(f"""
        CREATE TABLE attribute AS SELECT person, sex, birth_date::DATE AS birth_date,
          mother, father, {always} FROM persons""")
    connection.execute(f"""CREATE TABLE identity AS
        SELECT person, person AS survivor, {always} FROM persons LIMIT 0""")
    # A third of the married ones wed in the time that is looked at.
    connection.execute(f"""
        CREATE TABLE marital AS SELECT person, (CASE WHEN wed THEN 2 ELSE 1 END)::TINYINT
          AS marital_status, CASE WHEN wed THEN partner END AS partner,
          CASE WHEN unit % 3 = 0 AND wed THEN DATE '{END}' - (unit % 7000)::INTEGER
               ELSE birth_date::DATE END AS valid_from, DATE '9999-12-31' AS valid_to, {always}
        FROM persons""")
    return connection


def in_pandas(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Households by type at the end of the last day, by columns: how an office would count them."""
    rule = cohabitation_rule("NO", END)
    eve = pd.Timestamp(END) - pd.Timedelta(days=1)
    people = connection.execute(
        """SELECT d.person, d.dwelling, a.sex, a.birth_date, a.mother, a.father, m.partner
           FROM residence d JOIN attribute a USING (person)
           LEFT JOIN marital m ON m.person = d.person AND m.marital_status IN (2, 6)
             AND m.valid_from <= $eve AND m.valid_to > $eve
           WHERE d.valid_from <= $eve AND d.valid_to > $eve""", {"eve": eve.date()},
    ).df()  # fmt: skip
    people = people.fillna({"mother": 0, "father": 0, "partner": 0})
    people = people.astype({"mother": "int64", "father": "int64", "partner": "int64"})
    people["born"] = people["birth_date"].dt.strftime("%Y%m%d").astype(int)
    today = int(eve.strftime("%Y%m%d"))
    people["age"] = (today - people["born"]) // 10_000
    own = people[["person", "dwelling"]]
    for name in ("mother", "father"):
        other = own.rename(columns={"person": name, "dwelling": "home"})
        at = people[[name]].merge(other, on=name, how="left")["home"].to_numpy()
        people[f"{name}_here"] = at == people["dwelling"].to_numpy()
    pair = people.merge(
        people[["person", "dwelling", "partner"]], left_on=["partner", "dwelling"],
        right_on=["person", "dwelling"], suffixes=("", "_2"),
    )  # fmt: skip
    wed = pair[pair["partner_2"] == pair["person"]][["person", "partner"]]
    wed = wed.assign(couple=int(Couple.MARRIED))
    both = people[people["mother_here"] & people["father_here"]]
    both = both[["mother", "father"]].drop_duplicates()
    both = both[~both["mother"].isin(wed["person"]) & ~both["father"].isin(wed["person"])]
    both = pd.concat([
        both.set_axis(["person", "partner"], axis=1), both.set_axis(["partner", "person"], axis=1)
    ]).assign(couple=int(Couple.COMMON_CHILD))  # fmt: skip
    couples = pd.concat([wed, both]).drop_duplicates("person")
    free = people[~people["person"].isin(couples["person"]) & (people["partner"] == 0)]
    free = free[free["age"] >= rule.least_age]
    many = free.groupby("dwelling")["person"].transform("size")
    free = free[many > 1]
    two = free.merge(free, on="dwelling", suffixes=("", "_2"))
    two = two[(two["person"] < two["person_2"]) & (two["sex"] != two["sex_2"])]
    apart = (two["born"] - two["born_2"]).abs() // 10_000 < rule.age_difference
    kin = (two["mother"] == two["person_2"]) | (two["mother_2"] == two["person"])
    kin |= (two["father"] == two["person_2"]) | (two["father_2"] == two["person"])
    for name in ("mother", "father"):
        kin |= (two[name] == two[f"{name}_2"]) & (two[name] > 0)
    two = two[apart & ~kin]
    two = two[two.groupby("dwelling")["person"].transform("size") == 1]
    two = two[["person", "person_2"]]
    inferred = pd.concat([
        two.set_axis(["person", "partner"], axis=1), two.set_axis(["partner", "person"], axis=1)
    ]).assign(couple=int(Couple.INFERRED))  # fmt: skip
    couples = pd.concat([couples, inferred])
    people = people.merge(couples, on="person", how="left", suffixes=("", "_mate"))
    has = pd.concat([
        people.loc[people["mother_here"], "mother"], people.loc[people["father_here"], "father"]
    ])  # fmt: skip
    child = (people["mother_here"] | people["father_here"]) & people["couple"].isna()
    child &= ~people["person"].isin(has)
    head = people["person"].where(people["couple"].isna(),
                                  people[["person", "partner_mate"]].min(axis=1))  # fmt: skip
    parent = people["mother"].where(people["mother_here"], people["father"])
    heads = pd.Series(head.to_numpy(), index=people["person"])
    people["family"] = head.where(~child, parent.map(heads)).astype("int64")
    people["youngest"] = people["age"].where(child)
    group = people.groupby("dwelling")
    homes_ = pd.DataFrame({
        "size": group.size(), "families": group["family"].nunique(),
        "youngest": group["youngest"].min(), "couple": group["couple"].min(),
    })  # fmt: skip
    minors = homes_["youngest"] < 18
    several, alone = homes_["families"] > 1, homes_["size"] == 1
    kind = HouseholdType
    found = np.select(
        [several & minors, several, alone, homes_["youngest"].isna(), ~minors,
         homes_["couple"].isna(), homes_["couple"] == 1],
        [kind.SEVERAL_FAMILIES_WITH_CHILDREN, kind.SEVERAL_FAMILIES, kind.LIVING_ALONE,
         kind.COUPLE_WITHOUT_CHILDREN, kind.ADULT_CHILDREN, kind.PARENT_WITH_CHILDREN,
         kind.MARRIED_COUPLE_WITH_CHILDREN], kind.COHABITING_COUPLE_WITH_CHILDREN,
    )  # fmt: skip
    found[homes_["size"] > Method().largest] = kind.OTHER
    return {kind(n).name: int((found == n).sum()) for n in np.unique(found)}


def ours(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """The same by the program."""
    eve = date.fromordinal(END.toordinal() - 1)
    made = homes(connection, Span(KNOWN, eve, END))  # read by the next line
    heads = connection.execute(
        "SELECT household_type, count(*) FROM made WHERE person = household GROUP BY ALL"
    ).fetchall()
    assert made.num_rows
    return {HouseholdType(n).name: count for n, count in sorted(heads)}


def seconds(work: Any) -> tuple[tuple[float, float], Any]:
    """Seconds by the clock, and of processors: on a busy machine only these say much."""
    began, used = time.perf_counter(), time.process_time()
    found = work()
    return (time.perf_counter() - began, time.process_time() - used), found


def main() -> int:
    """Measure, and say whether the limits hold."""
    options = argparse.ArgumentParser()
    options.add_argument("--persons", type=float, default=5.4e6)
    options.add_argument("--years", type=int, default=21)
    asked = options.parse_args()
    ours(country(1000, 1))  # compiles
    connection = country(int(asked.persons), asked.years)
    at_date, mine = seconds(lambda: ours(connection))
    office, theirs = seconds(lambda: in_pandas(connection))
    begin = date(END.year - asked.years, 1, 1)
    over_years, table = seconds(lambda: homes(connection, Span(KNOWN, begin, END)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    found = {
        "persons": int(asked.persons), "date_s": at_date, "pandas_s": office,
        "years": asked.years, "histories_s": over_years, "rows": table.num_rows,
        "peak_gib": peak, "same": mine == theirs, "households": mine,
    }  # fmt: skip
    print(json.dumps(found, indent=1))
    if mine != theirs:
        print(json.dumps(theirs))
    slow = at_date[0] > LIMITS["date"] or over_years[0] > LIMITS["histories"]
    return int(mine != theirs or (slow and asked.persons >= 5e6))


if __name__ == "__main__":
    raise SystemExit(main())
