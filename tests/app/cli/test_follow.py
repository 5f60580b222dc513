"""Following a study's episodes by command and from Python."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import folkestrom
from folkestrom.analysis.followup import (
    aalen_johansen,
    follow_up,
    gray_test,
    incidence_and_shares,
)
from folkestrom.app.cli.main import app
from folkestrom.errors import UsageError
from tests.app.cli.arrivals import STUDY, ask, episodes, made, rows, study_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("follow"))


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
        (("--picture", "curves.doc"), "does not end as a file of any format does. Allowed: .svg"),
        (("--picture", "no/such/folder.svg"), "picture: 'no/such/folder.svg' is not in a folder"),
        (("--publish", "rounded"), "the incidences would be of the true ones"),
        (("--publish", "none"), "publish: 'none' is no set of rules"),
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
