"""Following a study's episodes by command and from Python, and publishing the curves."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

import folkestrom
from folkestrom.analysis.followup import aalen_johansen, follow_up, gray_test, incidence_and_shares
from folkestrom.app.cli.main import app
from folkestrom.app.office.following_episodes import Followed, read
from folkestrom.app.office.following_release import released
from folkestrom.disclosure import Rules
from folkestrom.errors import UsageError

HEADER = (
    "source,source_report_id,received_at,person,kind,event_date,municipality,basic_unit,country,"
    "country_of_birth,citizenship,marital_status,sex,birth_date,origin,reason"
)
PERSONS = 900
STUDY = """
title = "Arrivals"
known_at = "latest"
[entry]
event = "immigration"
from = "2010-01-01"
to = "2016-01-01"
occurrence = "every"
[exit]
events = ["return", "onward", "death"]
end = "2020-01-01"
[variables]
sex = "entry"
cohort = "entry"
county = "varying"
county_at_exit = { variable = "county", at = "exit" }
[groups.cohort]
of = "immigration_year"
starts = [2010, 2012, 2014]
"""


def reports() -> str:
    """900 arrive; by their numbers most return or go on, some die, and two come twice."""
    rows = [HEADER]

    def add(n: int, kind: str, day: date, place: str = "", *rest: str) -> None:
        unit = f"{place}0001" if place else ""
        cells = (f"{day}T12:00:00Z", 7000 + n, kind, day, place, unit, *rest)
        rows.append(",".join(["t", str(len(rows)), *map(str, cells)]))

    def arrive(n: int, day: date) -> None:
        sex = "unknown" if n % 300 == 7 else ("male", "female")[n % 3 == 0]
        add(n, "immigration", day, ("0301", "1103")[n % 2], "PL", "PL", "PL", "never_married", sex,
            "1985-02-28", "immigration", "work")  # fmt: skip

    # Later than the study, so that its end is known.
    arrive(0, date(2020, 2, 1))
    for n in range(1, PERSONS + 1):
        came = date(2010, 1, 1) + timedelta(days=(n * 7) % 2190)
        arrive(n, came)
        left = came + timedelta(days=20 + (n * n * 13) % 4000)
        if left >= date(2020, 1, 1) or n % 4 == 0:
            continue
        kind = "death" if n % 50 == 9 else "emigration"
        country = "" if kind == "death" else ("SE" if n % 5 == 0 else "PL")
        add(n, kind, left, "", country, *[""] * 7)
        if n in (1, 2):
            arrive(n, left + timedelta(days=40))
    return "\n".join(rows) + "\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("follow")
    (folder / "reports.csv").write_text(reports(), encoding="utf-8")
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    done = folkestrom.open(folder / "store").intake(folder / "reports.csv")
    assert done.total.quarantined == 0
    wealth = folder / "wealth.csv"
    wealth.write_text("person,value,from,to\n7001,1.5,2009-01-01,\n", encoding="utf-8")
    folkestrom.open(folder / "store").link(wealth, "wealth", known_from="2009-01-01")
    return folder


def ask(folder: Path, *arguments: str) -> Result:
    study = str(folder / "study.toml")
    return CliRunner().invoke(app, ["--store", str(folder / "store"), "follow", study, *arguments])


def rows(result: Result) -> list[dict[str, str]]:
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(io.StringIO(result.stdout)))


def study_of(folder: Path) -> Any:
    return folkestrom.open(folder / "store").study(folder / "study.toml")


def episodes(folder: Path) -> pl.DataFrame:
    """Episodes of the study, in one piece each."""
    text = STUDY.replace('county = "varying"\n', "").replace("county_at_exit", "later")
    (folder / "whole.toml").write_text(text, encoding="utf-8")
    found = folkestrom.open(folder / "store").study(folder / "whole.toml").episodes(to="polars")
    assert isinstance(found, pl.DataFrame)
    return found


def test_numbers_are_those_of_follow_up(folder: Path) -> None:
    whole = episodes(folder)
    at = [365, 1096, 1826]
    follow = follow_up(whole["stop"], whole["event"], group=whole["cohort"].cast(pl.String))
    shares = incidence_and_shares(follow, at=at, level=0.9).to("polars")
    after = incidence_and_shares(follow, at=[day + 1 for day in at]).to("polars")
    assert isinstance(shares, pl.DataFrame)
    assert isinstance(after, pl.DataFrame)
    asked = ("--by", "cohort", "--at", "1y,3y,5y", "--level", "0.9", "--format", "csv")
    found = rows(ask(folder, *asked))
    known = {(r["group"], r["cause"], r["until"]): r for r in shares.iter_rows(named=True)}
    later = {(r["group"], r["cause"], r["until"]): r for r in after.iter_rows(named=True)}
    assert len(found) == len(known) == 3 * 3 * 3
    for row in found:
        day = int(row["days"])
        of = whole.filter(pl.col("cohort").cast(pl.String) == row["cohort"])
        expected = known[row["cohort"], row["event"], day]
        for name in ("incidence", "lower", "upper"):
            given = None if row[name] == "" else float(row[name])
            value = expected[name]
            assert given == (None if value is None else pytest.approx(100 * value, abs=0.00501))
        until = of.filter((pl.col("event") == row["event"]) & (pl.col("stop") <= day)).height
        assert int(row["events"]) == until
        assert float(row["crude_share"]) == round(100 * until / of.height, 2)
        assert (int(row["persons"]), int(row["episodes"])) == (of["person"].n_unique(), of.height)
        # At risk after the day are those at risk on the next one.
        there = later[row["cohort"], row["event"], day + 1]
        assert int(row["at_risk"]) == there["at_risk"] == of.filter(pl.col("stop") > day).height


def test_python_gives_the_same_unrounded(folder: Path) -> None:
    found = study_of(folder).follow_up("cohort, sex", ["1y", 1096], to="polars")
    assert found.columns == [
        "cohort", "sex", "event", "days", "persons", "episodes", "at_risk", "events", "incidence",
        "lower", "upper", "crude_share",
    ]  # fmt: skip
    shown = rows(ask(folder, "--by", "cohort,sex", "--at", "365,3y", "--format", "csv"))
    # Cells list combinations that do not occur, too.
    occur = [row for row in shown if row["persons"]]
    assert len(occur) == found.height < len(shown)
    for row, same in zip(occur, found.iter_rows(named=True), strict=True):
        assert (row["sex"], int(row["events"])) == (same["sex"], same["events"])
        assert float(row["incidence"]) == round(same["incidence"], 2)
    # Who has no value is a group of its own, and the last one.
    assert found["sex"].unique(maintain_order=True).to_list() == ["male", "female", "unknown"]
    one = study_of(folder).follow_up(at=365, events="return", to="polars")
    assert one.shape == (1, 10)
    curve = aalen_johansen(follow_up(*episodes(folder).select("stop", "event"))).of(
        outcome="return"
    )
    assert one["incidence"][0] == pytest.approx(100 * curve.at(365), rel=1e-12)


def test_groups_need_not_be_in_the_study(folder: Path) -> None:
    found = study_of(folder).follow_up("immigration_year,immigration_reason", at="2y", to="polars")
    years = found["immigration_year"].unique(maintain_order=True).to_list()
    assert years == [str(year) for year in range(2010, 2016)]
    assert set(found["immigration_reason"]) == {"work"}
    text = ask(folder, "--by", "immigration_year,immigration_reason", "--lang", "no").stdout
    assert "Innvandringsår" in text
    assert "Arbeid" in text


def test_usual_times_are_as_long_as_anybody_is_followed(folder: Path, tmp_path: Path) -> None:
    found = rows(ask(folder, "--format", "csv"))
    assert episodes(folder)["stop"].max() == 3635  # not quite ten years
    assert sorted({int(r["days"]) for r in found}) == [365, 730, 1826]
    short = STUDY.replace('end = "2020-01-01"', 'end = "2010-03-01"').replace("2016-01", "2010-02")
    (tmp_path / "short.toml").write_text(short, encoding="utf-8")
    brief = folkestrom.open(folder / "store").study(tmp_path / "short.toml")
    assert set(brief.follow_up(to="polars")["days"]) == {57}  # 2 January to 28 February


def test_formats(folder: Path, tmp_path: Path) -> None:
    out = ask(folder, "--by", "cohort,sex", "--at", "5y", "--test").stdout
    assert "Arrivals: cumulative incidence since entry" in out
    assert "5 years" in out
    assert "Some persons have several episodes" in out
    assert "Return to the country of birth: Gray's test" in out
    stat = json.loads(ask(folder, "--by", "cohort,sex", "--format", "json-stat").stdout)
    assert stat["size"] == [3, 3, 3, 3, 8]
    measures = stat["dimension"]["ContentsCode"]["category"]["index"]
    male = stat["dimension"]["sex"]["category"]["index"].index("male")
    first = (male * 9) * 8 + measures.index("incidence")
    csv_rows = rows(ask(folder, "--by", "cohort,sex", "--format", "csv"))
    assert stat["value"][first] == float(csv_rows[male * 9]["incidence"])
    made = json.loads(ask(folder, "--format", "json").stdout)
    assert study_of(folder).fingerprint in made["specification"]["method"]
    for name in ("out.parquet", "out.xlsx", "out.txt"):
        assert ask(folder, "-o", str(tmp_path / name)).exit_code == 0
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 9
    shown = ask(folder, "--by", "sex", "--at", "1y", "--test", "--format", "csv")
    assert "Gray's test" in shown.stderr


def test_nobody_is_made_up_in_combinations_that_do_not_occur(folder: Path) -> None:
    """A combination without anybody has no incidence, and no incidence of 0."""
    stat = json.loads(
        ask(folder, "--by", "cohort,immigration_year", "--at", "1y", "--format", "json-stat").stdout
    )
    measures = stat["dimension"]["ContentsCode"]["category"]["index"]
    values = np.array(stat["value"], dtype=object).reshape(3, 6, 3, 1, len(measures))
    assert values[0, 5, 0, 0].tolist() == [None] * len(measures)
    assert values[0, 0, 0, 0, measures.index("persons")] > 0


def test_gray_is_that_of_follow_up(folder: Path) -> None:
    whole = episodes(folder)
    follow = follow_up(whole["stop"], whole["event"], group=whole["cohort"].cast(pl.String))
    text = ask(folder, "--by", "cohort", "--test", "--event", "return").stdout
    expected = gray_test(follow, "return")
    assert f"chi-square {expected.statistic:.2f} on 2 degrees of freedom" in text
    assert f"p = {expected.p_value:.3f}" in text or expected.p_value < 0.001
    assert "Onward" not in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--by", "county"), 'county_at_entry = {variable = "county", at = "entry"}'),
        (("--by", "county_at_exit"), "is looked at later than the entry (exit)"),
        (("--by", "cohrt"), "Did you mean 'cohort'?"),
        (("--by", "sex,sex"), "is asked for twice"),
        (("--by", "wealth"), "there would be a group for every number"),
        (("--by", "destination"), "is known when the episode ends"),
        (("--event", "retrun"), "Did you mean 'return'?"),
        (("--at", "soon"), "--at: 'soon' is not a time since the entry"),
        (("--at", "0"), "days such as 365, or years such as 5y"),
        (("--at", "20y"), "up to 3635 days (10.0 years)"),
        (("--level", "95"), "is not a level"),
        (("--test",), "--by sex"),
        (("--test", "--by", "immigration_reason"), "2 to 60"),
        (("--picture", "curves.doc"), "is no format of figures"),
        (("--picture", "no/such/folder.svg"), "folder that exists"),
        (("--publish", "rounded"), "the incidences would be of the true ones"),
        (("--publish", "none"), "is no set of rules"),
        (("--output", "no/such/folder.csv"), "folder that exists"),
    ],
)
def test_what_cannot_be_meant_is_said(folder: Path, arguments: tuple[str, ...], says: str) -> None:
    result = ask(folder, *arguments)
    assert result.exit_code == 2
    assert says in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("name", ["group", "own", "persons", "days"])
def test_variables_named_as_columns_are_refused(folder: Path, tmp_path: Path, name: str) -> None:
    text = STUDY + f'[groups.{name}]\nof = "age"\nstarts = [0, 40]\n'
    (tmp_path / "named.toml").write_text(text, encoding="utf-8")
    study = folkestrom.open(folder / "store").study(tmp_path / "named.toml")
    with pytest.raises(UsageError, match="is the name of a column of the result"):
        study.follow_up(name)


def test_a_study_without_episodes_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "panel.toml").write_text(
        'title = "Years"\n[panel]\nfrom = 2012\nto = 2013\n', encoding="utf-8"
    )
    store = folkestrom.open(folder / "store")
    with pytest.raises(UsageError, match="has no episodes"):
        store.study(tmp_path / "panel.toml").follow_up()
    nobody = STUDY + '[[who]]\nvariable = "country_of_birth"\nin = ["NO"]\n'
    (tmp_path / "nobody.toml").write_text(nobody, encoding="utf-8")
    with pytest.raises(UsageError, match="everybody is left out"):
        store.study(tmp_path / "nobody.toml").follow_up()


def test_late_entry_is_said_and_has_no_gray(folder: Path, tmp_path: Path) -> None:
    late = STUDY.replace('to = "2016', 'observed_from = "2013-01-01"\nto = "2016')
    (tmp_path / "late.toml").write_text(late, encoding="utf-8")
    study = folkestrom.open(folder / "store").study(tmp_path / "late.toml")
    whole = study.follow_up("sex", at="4y", to="polars")
    frame = episodes(folder).filter(
        pl.col("entry_date") + pl.duration(days=pl.col("stop")) > date(2013, 1, 1)
    )
    entered = (pl.lit(date(2013, 1, 1)) - pl.col("entry_date")).dt.total_days() - 1
    frame = frame.with_columns(entered=pl.max_horizontal(entered, 0))
    follow = follow_up(frame["stop"], frame["event"], entry=frame["entered"],
                       group=frame["sex"].cast(pl.String))  # fmt: skip
    curves = aalen_johansen(follow)
    for row in whole.iter_rows(named=True):
        if row["event"] in follow.causes:
            curve = curves.of(row["sex"], row["event"])
            assert row["incidence"] == pytest.approx(100 * curve.at(row["days"]), rel=1e-9)
    command = ["--store", str(folder / "store"), "follow", str(tmp_path / "late.toml")]
    assert "Some came under observation later" in CliRunner().invoke(app, command).stdout
    refused = CliRunner().invoke(app, [*command, "--by", "sex", "--test"])
    assert "is not defined for rows that enter late" in refused.stderr


def taken_in(folder: Path, by: tuple[str, ...]) -> Followed:
    return read(study_of(folder), by, 0.95)


RULES = Rules("ours", minimum_population=100, minimum_cell=4)


def test_late_entries_are_published_by_the_same_rule(folder: Path, tmp_path: Path) -> None:
    late = STUDY.replace('to = "2016', 'observed_from = "2013-01-01"\nto = "2016')
    (tmp_path / "late.toml").write_text(late, encoding="utf-8")
    study = folkestrom.open(folder / "store").study(tmp_path / "late.toml")
    followed = read(study, (), 0.95)
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


def test_misspelt_events_are_suggested_everywhere(folder: Path) -> None:
    from folkestrom.analysis.figures import curve_plot
    from folkestrom.analysis.regression import cox

    whole = episodes(folder)
    follow = follow_up(whole["stop"], whole["event"])
    for attempt in (
        lambda: follow_up(whole["stop"], whole["event"], causes=["retrun", "onward", "death"]),
        lambda: follow.number("retrun"),
        lambda: aalen_johansen(follow).of(outcome="retrun"),
        lambda: curve_plot(aalen_johansen(follow), outcomes=["retrun"]),
        lambda: cox(whole, event="retrun", covariates=["sex"]),
    ):
        with pytest.raises(UsageError, match="Did you mean 'ret"):
            attempt()
