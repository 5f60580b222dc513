"""Lives in the report files make sense: families, partners, moves, deaths."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from itertools import pairwise

import polars as pl
import pytest

from folkestrom.twin import Result
from tests.twin.reading import STARTS, Log, Report, State

END = dt.date(2021, 1, 1)
KNOWN = dt.date(2021, 2, 1)
LAST = dt.date(2030, 1, 1)


@pytest.fixture(scope="module")
def residents(log: Log) -> dict[int, State]:
    """The stock of 1 January 2021."""
    return log.stock(END, KNOWN)


@pytest.fixture(scope="module")
def lives(log: Log) -> dict[int, list[Report]]:
    """Everybody's reports that count in the end, in the order of events."""
    found = {p: log.effective(p, LAST) for p in log.by_person}
    return {p: reports for p, reports in found.items() if reports}


def spells(reports: list[Report]) -> list[tuple[dt.date, dt.date]]:
    """Days [from, to) on which a person is a resident."""
    out: list[tuple[dt.date, dt.date]] = []
    for r in reports:
        if r.kind in STARTS:
            out.append((r.day, LAST))
        elif r.kind in ("emigration", "death"):
            out[-1] = (out[-1][0], r.day)
    return out


def lives_here(reports: list[Report], day: dt.date) -> bool:
    return any(start <= day <= end for start, end in spells(reports))


def test_nobody_acts_while_dead_or_abroad(lives: dict[int, list[Report]]) -> None:
    for reports in lives.values():
        resident, dead = False, False
        assert reports[0].kind in STARTS
        for report in reports:
            assert not dead
            if report.kind in STARTS:
                assert not resident
                resident = True
            else:
                assert resident, report.kind
            if report.kind in ("emigration", "death"):
                resident, dead = False, report.kind == "death"


def test_births_have_resident_mothers_of_15_to_49(lives: dict[int, list[Report]]) -> None:
    mothers = Counter[bool]()
    fathers = 0
    births = [rs[0] for rs in lives.values() if rs[0].kind == "birth"]
    assert len(births) > 3000
    for birth in births:
        mother = birth.row["mother"]
        assert mother is not None
        first = lives[mother][0].row  # type: ignore[index]
        assert first["sex"] == "female"
        assert 14 <= birth.day.year - first["birth_date"].year <= 50  # type: ignore[attr-defined]
        mothers[lives_here(lives[mother], birth.day)] += 1  # type: ignore[index]
        fathers += birth.row["father"] is not None
    assert mothers[False] == 0
    assert fathers > 0.9 * len(births)


def test_births_of_a_mother_are_nine_months_apart(lives: dict[int, list[Report]]) -> None:
    births = defaultdict(list)
    for reports in lives.values():
        mother, born = reports[0].row["mother"], reports[0].row["birth_date"]
        if mother is not None:
            births[mother].append(born)
    apart = [b - a for days in births.values() for a, b in pairwise(sorted(days))]
    assert len(apart) > 1_000
    assert min(apart) >= dt.timedelta(days=273)


def test_children_are_born_where_the_mother_lives_and_follow_her(
    log: Log, residents: dict[int, State]
) -> None:
    young = [
        (child, residents[state.mother])
        for p, state in residents.items()
        if state.mother in residents and END.year - state.birth.year < 15
        for child in [state]
    ]
    together = sum(child.municipality == mother.municipality for child, mother in young)
    assert len(young) > 2000
    assert together > 0.97 * len(young)


def test_families_of_immigrants_exist(residents: dict[int, State]) -> None:
    abroad = {p for p, s in residents.items() if s.country_of_birth != "NO"}
    second = [s for s in residents.values() if s.country_of_birth == "NO" and s.mother in abroad]
    assert len(abroad) > 1500
    assert len(second) > 400


def test_partners_are_mutual_of_opposite_sex_and_agree(residents: dict[int, State]) -> None:
    linked = [(p, s) for p, s in residents.items() if s.marital == "married" and s.partner]
    here = [(p, s, residents[s.partner]) for p, s in linked if s.partner in residents]  # type: ignore[index]
    assert len(here) > 4000
    odd = [p for p, s, other in here if other.partner != p or other.marital != "married"]
    assert len(odd) <= 4  # the last window has to meet the published table
    assert all(s.sex != other.sex for _, s, other in here)


def test_both_partners_report_the_same_wedding_while_alive(lives: dict[int, list[Report]]) -> None:
    weddings: dict[frozenset[int], list[Report]] = defaultdict(list)
    alone = 0
    for person, reports in lives.items():
        for r in reports:
            if r.kind == "marital_change" and r.row["marital_status"] == "married":
                partner = r.row["partner"]
                if partner is None:
                    alone += 1
                else:
                    weddings[frozenset((person, partner))].append(r)  # type: ignore[arg-type]
    assert len(weddings) > 500
    for pair, reports in weddings.items():
        assert len(pair) == 2
        assert {r.person for r in reports} == pair
        assert len({r.day for r in reports}) * 2 == len(reports)
        for person in pair:
            assert all(lives_here(lives[person], r.day) for r in reports)
    assert alone < 0.6 * len(weddings)


def test_widows_lose_a_husband_on_the_day_he_dies(log: Log, lives: dict[int, list[Report]]) -> None:
    # A day of death that is corrected later leaves the widow's report as it was.
    deaths = {
        p: min(r.day for r in log.by_person[p] if r.kind == "death")
        for p, reports in lives.items()
        if reports[-1].kind == "death"
    }
    checked = 0
    for reports in lives.values():
        partner = reports[0].row["partner"]
        for r in reports:
            if r.kind != "marital_change":
                continue
            if r.row["marital_status"] == "widowed" and partner in deaths:
                died = deaths[partner]  # type: ignore[index]
                checked += 1
                assert r.day >= died
                assert (r.day - died).days < 366
            partner = r.row["partner"]
    assert checked > 400


def test_moves_say_where_from(lives: dict[int, list[Report]], log: Log) -> None:
    right = total = 0
    for reports in lives.values():
        place = None
        for r in reports:
            if r.kind in ("move", "emigration", "death") and place is not None:
                right += r.row["municipality_from"] == place
                total += 1
            place = r.row["municipality"] or place
    assert total > 10_000
    assert right > 0.995 * total


def test_all_kinds_of_events_happen(log: Log) -> None:
    kinds = Counter(r.kind for r in log.reports)
    assert set(kinds) == {
        "first_registration", "birth", "immigration", "move", "marital_change",
        "citizenship_change", "emigration", "death", "annulment",
    }  # fmt: skip
    assert min(kinds.values()) > 100


def test_people_return_and_go_on(lives: dict[int, list[Report]], log: Log) -> None:
    again = sum(sum(r.kind == "immigration" for r in rs) > 1 for rs in lives.values())
    assert again > 20
    homes = [
        (rs[0].row["country_of_birth"], r.row["country"])
        for rs in lives.values()
        for r in rs
        if r.kind == "emigration" and rs[0].row["country_of_birth"] != "NO"
    ]
    onward = sum(home != country for home, country in homes)
    assert 0.1 * len(homes) < onward < 0.35 * len(homes)


def test_reports_come_after_their_event_and_emigration_comes_worst(log: Log) -> None:
    delays: dict[str, list[int]] = defaultdict(list)
    for r in log.reports:
        if not r.annuls and r.kind != "first_registration":
            assert r.received.date() >= r.day - dt.timedelta(days=1)
            delays[r.kind].append((r.received.date() - r.day).days)
    mean = {kind: sum(d) / len(d) for kind, d in delays.items()}
    assert max(mean, key=mean.__getitem__) == "emigration"
    assert all(sorted(d)[len(d) // 2] < 30 for d in delays.values())
    assert max(delays["emigration"]) > 365


def test_nobody_moves_to_norway_from_norway(log: Log) -> None:
    crossing = log.frame.filter(pl.col("kind").is_in(["immigration", "emigration"]))
    assert crossing.height > 1000
    assert crossing.filter(pl.col("country") == "NO").is_empty()


def test_no_moment_has_many_reports_and_none_comes_after_the_end(log: Log) -> None:
    later = [r.received for r in log.reports if r.received.date() > dt.date(2000, 1, 1)]
    assert Counter(later).most_common(1)[0][1] <= 3
    assert max(r.known for r in log.reports) <= KNOWN


def test_what_is_known_in_the_end_is_what_was_published_of_the_last_stock(
    log: Log, residents: dict[int, State]
) -> None:
    assert log.stock(END, LAST) == residents


def test_leaving_that_the_register_has_not_heard_of_is_in_the_truth_only(
    small: Result, log: Log, residents: dict[int, State]
) -> None:
    leavers = pl.read_parquet(small.folder / "truth" / "leavers.parquet")
    unheard = leavers.filter(pl.col("reported").is_null())
    assert unheard["late"].all()
    of_2020 = unheard.filter(pl.col("left") >= dt.date(2020, 1, 1))
    assert of_2020.height > 1
    assert set(of_2020.filter(pl.col("left") < END)["person"]) <= set(residents)
    told = leavers.drop_nulls("reported")
    assert told["reported"].max() == max(r.received for r in log.reports if r.kind == "emigration")
