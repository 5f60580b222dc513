"""Definitions: the same study from Python and from a file, and what cannot be meant."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkestrom.analysis.study import (
    Entry,
    Exit,
    Groups,
    Panel,
    Study,
    ValueAt,
    Who,
    read_study,
    study_text,
)
from folkestrom.analysis.study.definition import ENTRY_EVENTS, EVENTS_ABROAD, EXIT_EVENTS
from folkestrom.analysis.study.toml_file import study_of
from folkestrom.errors import InputRefused, UsageError

FILE = """
title = "Immigrants from eight EU countries since 2004: who has left again"
known_at = "2021-02-01"

[entry]
event = "immigration"
from = 2004-05-01
to = "2021-01-01"
observed_from = "2010-01-01"

[exit]
events = ["emigration", "death"]
end = "2021-01-01"

[[who]]
variable = "country_of_birth"
in = ["PL", "LV"]
because = "born in one of the eight countries"

[[who]]
variable = "age"
from = 18
below = 67

[variables]
sex = "entry"
county = "varying"
county_then = {variable = "county", at = "2015-01-01"}

[panel]
from = 2010
to = 2020
variables = ["sex", "income_tenth"]

[panel.outcomes]
elsewhere = "move"
abroad = "emigration"

[groups.income_tenth]
of = "income"
quantiles = 10

[groups.area]
of = "municipality"
file = "areas.csv"
other = "rest"
"""


@pytest.mark.parametrize("event", ["return", "onward", "emigration", "move"])
def test_of_emigrants_coming_back_is_immigration(event: str) -> None:
    gone = Entry("emigration", "2010-01-01", "2013-01-01")
    with pytest.raises(UsageError, match="coming back is immigration"):
        Study("Back", entry=gone, exit=Exit("2021-01-01", [event]))
    with pytest.raises(UsageError, match="Allowed: immigration, death"):
        Study("Back", entry=gone, exit=Exit("2021-01-01", ["immigration"], ["death", event]))


def test_a_file_says_what_python_says(tmp_path: Path) -> None:
    (tmp_path / "areas.csv").write_text("# source\ncode,group\n0301,oslo\n4601,bergen\n")
    (tmp_path / "study.toml").write_text(FILE, encoding="utf-8")
    study = read_study(tmp_path / "study.toml")
    assert study == Study(
        "Immigrants from eight EU countries since 2004: who has left again",
        known_at=date(2021, 2, 1),
        entry=Entry("immigration", "2004-05-01", "2021-01-01", observed_from="2010-01-01"),
        exit=Exit("2021-01-01", ["emigration", "death"]),
        who=[
            Who("country_of_birth", ["PL", "LV"], because="born in one of the eight countries"),
            Who("age", from_=18, below=67),
        ],
        variables={
            "sex": "entry",
            "county": "varying",
            "county_then": ValueAt("county", "2015-01-01"),
        },
        panel=Panel(
            2010, 2020, {"elsewhere": "move", "abroad": "emigration"}, ["sex", "income_tenth"]
        ),
        groups={
            "income_tenth": Groups("income", quantiles=10),
            "area": Groups(
                "municipality", codes={"oslo": ["0301"], "bergen": ["4601"]}, other="rest"
            ),
        },
    )
    assert study_of(tomllib.loads(study_text(study))) == study


DAYS = st.dates(date(2000, 1, 1), date(2020, 12, 31))
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)


@st.composite
def studies(draw: st.DrawFn) -> Study:
    first, last = draw(DAYS), date(2021, 1, 1)
    event = draw(st.sampled_from([e for e in ENTRY_EVENTS if e not in ("resident", "birthday")]))
    numbers = st.floats(-1e9, 1e9) | st.integers(-100, 100)
    who = draw(
        st.lists(
            st.builds(Who, TEXTS, in_=st.lists(TEXTS, min_size=1), because=TEXTS)
            | st.builds(Who, TEXTS, from_=numbers)
            | st.builds(Who, TEXTS, not_in=st.lists(TEXTS, min_size=1)),
            max_size=3,
        )
    )
    when = st.sampled_from(["entry", "exit", "varying"]) | DAYS
    happen = EVENTS_ABROAD if event == "emigration" else EXIT_EVENTS
    ends = draw(st.lists(st.sampled_from(happen), min_size=1, unique=True))
    groups = st.builds(Groups, TEXTS, starts=st.lists(numbers, min_size=1, unique=True).map(sorted))
    groups |= st.builds(Groups, TEXTS, codes=st.just({"a b": ("x",)}), other=st.none() | TEXTS)
    return Study(
        draw(TEXTS),
        draw(st.sampled_from(["latest", "published"]) | DAYS),
        Entry(event, first, last, occurrence=draw(st.sampled_from(["first", "every"]))),
        Exit(last, ends),
        who,
        draw(st.dictionaries(TEXTS, st.builds(ValueAt, TEXTS, when), max_size=3)),
        draw(st.none() | st.builds(Panel, st.just(2001), st.integers(2001, 2020))),
        draw(st.dictionaries(TEXTS, groups, max_size=2)),
    )


@given(studies())
def test_written_and_read_again_it_is_the_same_study(study: Study) -> None:
    assert study_of(tomllib.loads(study_text(study))) == study


IN, OUT = Entry("birth", "2001-01-01", "2002-01-01"), Exit("2003-01-01", "death")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Entry("imigration", "2001-01-01", "2002-01-01"), "Did you mean 'immigration'"),
        (lambda: Entry("birth", "2001-01-01"), "needs the days"),
        (lambda: Entry("birth", "2002-01-01", "2001-01-01"), "is not before"),
        (lambda: Entry("birth", "2001-02-30", "2002-01-01"), "is not a calendar date"),
        (lambda: Entry("resident", "2001-01-01", "2002-01-01"), "is of one day"),
        (lambda: Entry("birth", "2001-01-01", "2002-01-01", on="2001-01-01"), "'resident' only"),
        (lambda: Entry("birthday", "2001-01-01", "2002-01-01"), "goes with the event 'birthday'"),
        (lambda: Entry("birth", "2001-01-01", "2002-01-01", occurrence="all"), "first, every"),
        (lambda: Exit("2021-01-01", ()), "no event to wait for"),
        (lambda: Exit("2021-01-01", ["deth"]), "Did you mean 'death'"),
        (lambda: Exit("2021-01-01", ["death"], ["death"]), "is named twice"),
        (lambda: Who("age"), "says nothing, or two things"),
        (lambda: Who("sex", ["male"], from_=2), "says nothing, or two things"),
        (lambda: Who("age", from_=float("nan")), "is not a number"),
        (lambda: Who("sex", [1]), "is not a text"),
        (lambda: Panel(2012, 2010), "is after the last year"),
        (lambda: Panel(12, 2010), "is not a year"),
        (lambda: Panel(2010, 2011, ["stay"]), "are one only: everybody would stay"),
        (lambda: Panel(2010, 2011, {"stay": "move"}), "is staying already"),
        (lambda: Panel(2010, 2011, ["abroad", "emigration"]), "is named twice"),
        (lambda: Panel(2010, 2011, ["death"]), "who dies is left out"),
        (lambda: Panel(2010, 2011, ["muve"]), "Did you mean 'move'"),
        (lambda: Groups("age"), "are made in one way"),
        (lambda: Groups("age", starts=(3, 1)), "in rising order"),
        (lambda: Groups("age", quantiles=1), "from 2 to 100"),
        (lambda: Groups("sex", codes={"a": ["x"], "b": ["x"]}), "is in two groups"),
        (lambda: Study("x"), "asks for nothing"),
        (lambda: Study("x", entry=IN), "go together"),
        (lambda: Study("x", "latst", panel=Panel(2010, 2011)), "Did you mean 'latest'"),
        (lambda: Study("x", panel=Panel(2010, 2011), variables={"sex": "entry"}), "of episodes"),
        (lambda: Study("x", entry=IN, exit=OUT, variables={"sex": "entri"}), "Did you mean 'entry"),
    ],
)
def test_what_cannot_be_meant_is_said(make: Callable[[], Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        make()


@pytest.mark.parametrize(
    ("entry", "end"),
    [
        (Entry("birth", "2005-01-01", "2006-01-01"), "2004-01-01"),
        (Entry("birth", "2005-01-01", "2006-01-01"), "2005-01-01"),
        (Entry("resident", on="2005-01-01"), "2005-01-01"),
        (Entry("birth", "2001-01-01", "2002-01-01", observed_from="2010-01-01"), "2005-01-01"),
    ],
)
def test_an_entry_after_the_exit_is_refused(entry: Entry, end: str) -> None:
    with pytest.raises(UsageError, match="comes after the exit: follow-up ends before"):
        Study("x", entry=entry, exit=Exit(end, "death"))
    late = Entry("birth", "2001-01-01", "2006-01-01")
    with pytest.raises(UsageError, match="later entries could not be followed"):
        Study("x", entry=late, exit=Exit("2004-01-01", "death"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title = ", "is not TOML"),
        ("titel = 'x'", "Did you mean 'title'"),
        ("title = 'x'\n[panel]\nfrom = 2010", "'to' is missing"),
        ("title = 'x'\n[panel]\nfrom = 2010\nto = 2011\nvariable = 'sex'", "'variables'"),
        ("title = 'x'\npanel = 3", "is not a table"),
        ("title = 'x'\n[groups.a]\nof = 'sex'\nfile = 'none.csv'", "cannot be read"),
    ],
)
def test_a_file_that_is_no_study(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "study.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises((UsageError, InputRefused), match=says):
        read_study(file)


def test_files_that_are_not_there_or_not_right(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="cannot be read"):
        read_study(tmp_path / "none.toml")
    (tmp_path / "areas.csv").write_text("code,area\n0301,oslo\n")
    with pytest.raises(InputRefused, match="row 1: has no code, or no group"):
        study_of({"title": "x", "groups": {"a": {"of": "county", "file": "areas.csv"}}}, tmp_path)


def test_bounds_that_leave_nobody() -> None:
    with pytest.raises(UsageError, match="leaves nobody"):
        Who("age", from_=50, below=20)
