"""What may be published of a study's follow-up: no small count can be found in it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import folkestrom
from folkestrom.analysis.followup import aalen_johansen, count
from folkestrom.analysis.followup.cohort.episodes import Followed, read
from folkestrom.analysis.study import Study, read_study
from folkestrom.app.office import followup
from folkestrom.app.office.followup import FollowUpQuestion, Picture
from folkestrom.app.office.session import answer
from folkestrom.disclosure import Rules
from folkestrom.engine.store import Waiting
from folkestrom.outputs.followup import released
from tests.app.cli.arrivals import STUDY, ask, episodes, made, study_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("follow"))


def taken_in(folder: Path, by: tuple[str, ...]) -> Followed:
    return episodes_of(folder, study_of(folder).definition, by)


def episodes_of(folder: Path, study: Study, by: tuple[str, ...] = ()) -> Followed:
    with folkestrom.open(folder / "store").reading() as connection:
        return read(connection, study, by, 0.95)


RULES = Rules("ours", minimum_population=100, minimum_cell=4)


def test_late_entries_are_published_by_the_same_rule(folder: Path, tmp_path: Path) -> None:
    late = STUDY.replace('to = "2016', 'observed_from = "2013-01-01"\nto = "2016')
    (tmp_path / "late.toml").write_text(late, encoding="utf-8")
    followed = episodes_of(folder, read_study(tmp_path / "late.toml"))
    assert followed.follow.late
    days = list(range(20, 3600, 20))
    found = released(followed, days, RULES, every_day=False)
    shown = found.data.filter(pl.col("event") == "return", pl.col("events").is_not_null())
    assert 0 < shown.height < len(days)
    at = shown["days"].to_list()
    assert not shown["at_risk"].is_in(range(1, 4)).any()
    for start, stop in pairwise([0, *at, 4000]):
        follow = followed.follow
        # Whoever is at risk from day 0 on did not enter late.
        entered = int(((follow.entry > start) & (follow.entry <= stop)).sum())
        left = int(((follow.exit > start) & (follow.exit <= stop)).sum())
        assert left not in range(1, 4)
        assert start == 0 or entered not in range(1, 4)


@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize("every_day", [False, True])
def test_no_small_count_can_be_found(folder: Path, zeros: bool, every_day: bool) -> None:
    # A man came twice, and so twice the minimum is asked of the counts of men.
    rules = Rules("ours", minimum_population=100, minimum_cell=2 if zeros else 4, zeros=zeros)
    followed = taken_in(folder, ("sex",))
    assert followed.repeats == (2, 1, 1)
    days = list(range(30, 3600, 30))
    found = released(followed, days, rules, every_day=every_day)
    assert followed.groups["sex"].to_list() == ["male", "female", "unknown"]
    assert found.groups == (0, 1)
    hidden = found.data.filter(pl.col("sex") == "unknown")
    assert all(hidden[name].null_count() == hidden.height for name in hidden.columns[3:])
    shown = found.data.filter(pl.col("events").is_not_null())
    assert shown.height >= 3
    for (_, event), part in shown.group_by(["sex", "event"]):
        assert event in ("return", "onward", "death")
        for low, high in pairwise([0, *part["events"]]):
            assert high - low not in range(0 if zeros else 1, 4)
        assert not part["at_risk"].is_in(range(1, 4)).any()
    for curve in found.curves:
        kept = curve.events[~np.isnan(curve.events)]
        assert not np.isin(kept, range(0 if zeros else 1, 4)).any()
        assert not np.isin(curve.censored, range(0 if zeros else 1, 4)).any()
        if every_day:
            times = set(shown.filter(pl.col("event") == curve.outcome)["days"])
            assert len(curve.time) >= (3 if zeros else 10)
            assert not times.isdisjoint(curve.time.tolist())


def test_events_that_are_shown_are_of_enough_persons(folder: Path) -> None:
    """Nobody's departures alone are shown, however often the same persons came and left."""
    followed = taken_in(folder, ("sex",))
    shown = released(followed, range(30, 3600, 30), RULES, every_day=False)
    again = episodes(folder)["person"].value_counts()["count"]
    assert again.max() == 2
    assert {one.rule for one in shown.applied} == {"minimum_population", "minimum_cell", "curves"}
    assert any("may be of 1-3 persons" in one.text.en for one in shown.applied)
    kept = shown.data.filter(pl.col("events").is_not_null(), pl.col("sex") == "male")
    assert kept.height
    for _, part in kept.group_by("event"):
        for low, high in pairwise([0, *part["events"]]):
            assert high - low not in range(1, 8)
    assert not kept["at_risk"].is_in(range(1, 8)).any()


def with_deaths(followed: Followed, seed: int, of_men: int) -> Followed:
    """The same, where another few of the men who were censored, or had died, had died."""
    follow = followed.follow
    death = follow.causes.index("death") + 1
    gone = np.flatnonzero((follow.group == 0) & np.isin(follow.cause, [0, death]))
    cause = follow.cause.copy()
    cause[gone] = 0
    # Early, when most of the returns are still to come.
    early = gone[np.argsort(follow.exit[gone])[:40]]
    cause[np.random.default_rng(seed).choice(early, of_men, replace=False)] = death
    other = replace(follow, cause=cause)
    curves = tuple(aalen_johansen(other, interval="log-log"))
    return replace(followed, follow=other, counts=count(other), curves=curves)


def test_who_of_the_lost_had_an_event_that_is_not_shown_cannot_be_found(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is shown is the same, whoever of the censored had died."""
    whole = taken_in(folder, ("sex",))
    asked = FollowUpQuestion(
        study_of(folder).definition, ("sex",), tuple(range(300, 3600, 300)), test=True, rules=RULES
    )
    found, pictures, true = [], [], []
    # Eight times the same death could be a man's: the minimum of men is 8.
    for seed, men in ((1, 1), (2, 7), (3, 7)):
        followed = with_deaths(whole, seed, men)
        true.append(float(followed.curve(0, "return").at(3000)))
        monkeypatch.setattr(followup, "read", lambda *_, followed=followed: followed)
        file = tmp_path / f"{seed}.svg"
        drawn = replace(asked, picture=Picture(file))
        found.append(answer(folder / "store", Waiting(), drawn).cells)
        pictures.append(file.read_text(encoding="utf-8"))
    assert len(set(true)) == 3
    assert found[0].data.equals(found[1].data)
    assert found[0].data.equals(found[2].data)
    assert len(set(pictures)) == 1
    notes = found[0].specification.footnotes
    assert all(other.specification.footnotes == notes for other in found)
    assert "count as censored there" in " ".join(note.en for note in notes)
    assert "regnes der som sensurering" in " ".join(note.no for note in notes)
    assert "count as censored" in " ".join(pictures[0].split())
    shown = pl.DataFrame(found[0].data).filter(pl.col("sex") == "male")
    assert shown.filter(pl.col("event") == "death")["events"].null_count() == 11
    told = shown.filter(pl.col("event") == "return").drop_nulls("incidence")
    assert told.height >= 2
    # It is more than the true share, by no more than the share of those who died.
    late = told["days"].to_list()
    true_ones = true_shares(with_deaths(whole, 2, 7), late)
    for row, value in zip(told["incidence"], true_ones, strict=True):
        assert value["return"] - 0.005 <= row <= value["return"] + value["death"] + 0.005


def true_shares(followed: Followed, days: list[int]) -> list[dict[str, float]]:
    """True incidences of men, in per cent."""
    curves = {event: followed.curve(0, event).at(days) for event in followed.events}
    return [{event: 100 * float(c[k]) for event, c in curves.items()} for k in range(len(days))]


def test_groups_without_rare_events_are_as_they_were(folder: Path) -> None:
    followed = with_deaths(taken_in(folder, ("sex",)), 1, 2)
    shown = released(followed, [365, 1826], RULES, every_day=False)
    assert shown.merged
    for event in followed.events:
        mine, true = shown.followed.curve(1, event), followed.curve(1, event)
        for column in ("time", "at_risk", "events", "estimate", "lower", "upper"):
            assert np.array_equal(getattr(mine, column), getattr(true, column), equal_nan=True)
    assert not released(taken_in(folder, ()), [365], RULES, every_day=False).merged


def test_shown_figures_are_the_true_ones(folder: Path) -> None:
    true = study_of(folder).follow_up("sex", at="1y,2y,3y", to="polars")
    shown = study_of(folder).follow_up("sex", at="1y,2y,3y", publish=RULES, to="polars")
    kept = shown["incidence"].is_not_null()
    assert 0 < kept.sum() < shown.height
    assert shown.filter(kept)["events"].to_list() == true.filter(kept)["events"].to_list()
    assert shown.filter(kept)["incidence"].to_list() == pytest.approx(
        true.filter(kept)["incidence"].to_list(), abs=0.00501
    )
    # Two persons came twice: 1 or 2 of a group, whom nothing else tells.
    again = true["episodes"] - true["persons"]
    assert again.is_in([1, 2]).any()
    sizes = shown.filter(pl.col("sex") != "unknown")
    assert sizes["episodes"].null_count() == 0
    assert (sizes["persons"].is_null() == again.head(sizes.height).is_in([1, 2, 3])).all()


def test_the_note_names_the_rules_and_the_picture_is_of_what_is_shown(
    folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "curves.svg"
    asked = ("--by", "sex", "--at", "30,32,34,365,1826", "--publish", "statistics", "--test")
    result = ask(folder, *asked, "--picture", str(file), "--lang", "no")
    assert result.exit_code == 0, result.output
    said = " ".join(result.stdout.split())
    assert 'Avsløringskontroll "statistics"' in said
    assert "tidspunkter utelatt" in said
    text = file.read_text(encoding="utf-8")
    assert "Menn" in text
    assert "trinn og antall under risiko er de ved siste tidspunkt" in " ".join(text.split())
    assert "Under risiko" in text
    few = ask(folder, "--by", "sex", "--publish", "research", "--picture", str(file))
    assert few.exit_code == 2
    assert "no curve that may be shown" in few.stderr


def test_few_persons_have_whole_percentages_without_counts(folder: Path) -> None:
    coarse = Rules("ours", minimum_cell=2, whole_percent_below=5000)
    shown = study_of(folder).follow_up("cohort", at="2y,4y", publish=coarse, to="polars")
    known = shown["incidence"].drop_nulls()
    assert len(known)
    assert known.to_list() == known.round().to_list()
    assert shown["events"].null_count() == shown.height
    found = released(taken_in(folder, ("cohort",)), [730, 1461], coarse, every_day=True)
    shares = np.concatenate([curve.estimate for curve in found.curves])
    shares = shares[~np.isnan(shares)]
    assert np.allclose(100 * shares, np.round(100 * shares))


def test_what_is_suppressed_is_marked_and_what_is_undefined_is_not(folder: Path) -> None:
    rules = Rules("ours", minimum_population=100, minimum_cell=4)
    question = FollowUpQuestion(study_of(folder).definition, by=("sex",), rules=rules)
    cells = answer(folder / "store", Waiting(), question).cells
    assert cells.suppressed is not None
    marked = np.asarray(cells.suppressed.to_numpy(zero_copy_only=False))
    rows = pl.DataFrame(cells.data)
    hidden = rows.select(pl.any_horizontal(pl.col("at_risk", "events").is_null())).to_series()
    assert 0 < marked.sum() < len(marked)
    assert marked.tolist() == hidden.to_list()
