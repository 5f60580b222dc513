"""What a study's panel shows, by command and from Python, for the office and for everybody."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

import folkestrom
from folkestrom.analysis.description.summaries import outcome_sums, value_summaries
from folkestrom.analysis.rates import propensities
from folkestrom.app.cli.main import app
from folkestrom.app.office.studies import StoreStudy
from folkestrom.disclosure import Rules, quantiles
from folkestrom.errors import UsageError

HEADER = (
    "source,source_report_id,received_at,person,kind,event_date,municipality,basic_unit,country,"
    "country_of_birth,citizenship,marital_status,sex,birth_date,origin,reason"
)
PERSONS = 400
PLACES = ("0301", "1103", "1101", "4601", "5001")
STUDY = """
title = "Where do they go?"
known_at = "latest"
[panel]
from = 2010
to = 2013
variables = ["sex"]
[panel.outcomes]
another_municipality = "move"
abroad = "emigration"
[groups.of_life]
of = "age"
starts = [0, 40]
"""


def reports() -> str:
    """Persons who move a lot, most of them in Oslo, and some who emigrate."""
    random = np.random.default_rng(7)
    rows = [HEADER]

    def add(*cells: object) -> None:
        rows.append(",".join(["t", str(len(rows)), *map(str, cells)]))

    for n in range(PERSONS):
        place = PLACES[int(random.choice(5, p=[0.6, 0.2, 0.1, 0.07, 0.03]))]
        born = f"{1940 + n % 60}-05-17"
        add("1999-12-31T12:00:00Z", 7000 + n, "first_registration", "1999-12-31", place,
            f"{place}0001", "", "NO", "NO", "never_married", ("male", "female")[n % 2], born,
            "first_registration", "")  # fmt: skip
        for year in range(2010, 2014):
            chance = random.random()
            if chance < 0.04:
                add(f"{year}-07-02T12:00:00Z", 7000 + n, "emigration", f"{year}-07-01", "", "",
                    "SE", "", "", "", "", "", "", "")  # fmt: skip
                break
            if chance < 0.12:
                place = PLACES[(PLACES.index(place) + 1) % 5]
                add(f"{year}-07-02T12:00:00Z", 7000 + n, "move", f"{year}-07-01", place,
                    f"{place}0001", "", "", "", "", "", "", "", "")  # fmt: skip
    add("2014-06-01T12:00:00Z", 8000, "first_registration", "1999-12-31", "0301", "03010001", "",
        "NO", "NO", "never_married", "male", "1990-01-01", "first_registration", "")  # fmt: skip
    return "\n".join(rows) + "\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("describe")
    (folder / "reports.csv").write_text(reports(), encoding="utf-8")
    store = folkestrom.open(folder / "store")
    assert store.in_borders(2020).intake(folder / "reports.csv").total.quarantined == 0
    random = np.random.default_rng(3)
    values = [
        f"{7000 + n},{int(random.lognormal(12.5, 0.8))},2005-01-01,"
        for n in range(PERSONS)
        if n % 7
    ]
    (folder / "income.csv").write_text("\n".join(["person,value,from,to", *values]) + "\n")
    store.link(folder / "income.csv", as_="income", known_from="2005-01-01")
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    (folder / "episodes.toml").write_text(
        'title = "t"\n[entry]\nevent = "birth"\nfrom = "2001-01-01"\nto = "2010-01-01"\n'
        '[exit]\nend = "2013-01-01"\nevents = ["death"]\n'
    )
    return folder


@pytest.fixture(scope="module")
def study(folder: Path) -> StoreStudy:
    return folkestrom.open(folder / "store").study(folder / "study.toml")


@pytest.fixture(scope="module")
def panel(folder: Path) -> pl.DataFrame:
    text = STUDY.replace('["sex"]', '["sex", "county", "of_life", "income"]')
    (folder / "all.toml").write_text(text, encoding="utf-8")
    found = folkestrom.open(folder / "store").study(folder / "all.toml").panel("polars")
    assert isinstance(found, pl.DataFrame)
    return found.with_columns(pl.col("outcome", "sex", "county", "of_life").cast(pl.String))


def ask(folder: Path, *arguments: str) -> Result:
    files = [str(folder / a) if a.endswith((".toml", ".out")) else a for a in arguments]
    return CliRunner().invoke(app, ["--store", str(folder / "store"), *files])


def described(study: StoreStudy, **asked: Any) -> pl.DataFrame:
    found = study.describe(to="polars", **asked)
    assert isinstance(found, pl.DataFrame)
    return found


@pytest.mark.parametrize("by", [(), ("county",), ("sex", "year"), ("of_life", "county", "sex")])
def test_outcomes_are_counted_as_in_the_panel(
    study: StoreStudy, panel: pl.DataFrame, by: tuple[str, ...]
) -> None:
    found = described(study, by=by)
    for level in ("stay", "another_municipality", "abroad"):
        rows = found.filter((pl.col("outcome") == level) & (pl.col("base") > 0))
        true = propensities(panel, by, value=level).data
        if by:
            rows = true.select(by).join(rows, on=list(by), how="left", maintain_order="left")
        for mine, other, scale in (
            ("persons", "persons", 1), ("base", "person_years", 1), ("person_years", "events", 1),
            ("percent", "propensity", 100), ("percent_lower", "propensity_lower", 100),
            ("percent_upper", "propensity_upper", 100),
        ):  # fmt: skip
            assert rows[mine].to_numpy() == pytest.approx(scale * true[other].to_numpy(), abs=0.006)


def test_values_are_those_of_the_panel(study: StoreStudy, panel: pl.DataFrame) -> None:
    found = described(study, by=["county", "outcome"], of="income", quantiles=[0.25, 0.5])
    for row in found.iter_rows(named=True):
        cell = panel.filter(pl.col("county") == row["county"], pl.col("outcome") == row["outcome"])
        values = cell.drop_nulls("income")
        assert row["persons"] == values["person"].n_unique()
        assert (row["person_years"], row["missing"]) == (
            values.height, cell.height - values.height,
        )  # fmt: skip
        if values.height:
            numbers = values["income"].to_numpy()
            expected = [numbers.mean(), *np.quantile(numbers, [0.25, 0.5])]
            assert [row["mean"], row["q25"], row["q50"]] == pytest.approx(expected, abs=0.006)
        else:
            assert row["mean"] is row["q25"] is None


def solvable(shown: pl.DataFrame, count: str, dimensions: Sequence[str]) -> list[int]:
    """Hidden cells that follow from the shown ones and every total over one dimension."""
    hidden = np.flatnonzero(shown[count].is_null().to_numpy())
    lines = []
    for left_out in dimensions:
        others = [name for name in dimensions if name != left_out]
        line = (
            shown.select(pl.struct(others).rank("dense")).to_series().to_numpy()
            if others
            else np.zeros(shown.height)
        )
        lines += [(line[hidden] == number).astype(float) for number in np.unique(line)]
    known = np.array(lines)
    rank = np.linalg.matrix_rank(known)
    unit = np.eye(len(hidden))
    return [
        int(hidden[k])
        for k in range(len(hidden))
        if np.linalg.matrix_rank(np.vstack([known, unit[k]])) == rank
    ]


@pytest.mark.parametrize("by", [("county", "year"), ("sex", "county")])
@pytest.mark.parametrize("rules", ["statistics", Rules("ours", minimum_cell=5)])
def test_no_small_count_follows_from_what_is_published(
    study: StoreStudy, by: tuple[str, ...], rules: Rules | str
) -> None:
    limit = 3 if rules == "statistics" else 5
    true, shown = described(study, by=by), described(study, by=by, publish=rules)
    for name in (*by, "outcome"):
        assert shown[name].to_list() == true[name].to_list()
    counts = true["person_years"].to_list()
    small = {k for k, many in enumerate(counts) if 0 < many < limit}
    assert small
    hidden = shown["person_years"].is_null().to_numpy()
    assert all(hidden[k] for k in small)
    assert not small & set(solvable(shown, "person_years", [*by, "outcome"]))
    for name in ("percent", "percent_lower", "percent_upper"):
        assert shown[name].is_null().to_numpy()[hidden].all()
    kept = [k for k in range(len(counts)) if not hidden[k]]
    assert kept
    assert [shown["person_years"][k] for k in kept] == [counts[k] for k in kept]


def test_many_years_of_few_persons_are_not_shown(study: StoreStudy, panel: pl.DataFrame) -> None:
    by = ["of_life", "county", "sex"]
    people = panel.group_by(*by, "outcome").agg(pl.col("person").n_unique().alias("of"), pl.len())
    few = people.filter((pl.col("of") < 15) & (pl.col("len") >= 15))
    assert few.height
    for rules in (Rules("ours", minimum_cell=15), Rules("ours", rounding_base=15)):
        shown = described(study, by=by, publish=rules)
        cells = few.join(shown, on=[*by, "outcome"])
        assert cells["person_years"].null_count() == few.height


def test_small_groups_are_not_shown_nor_their_values(study: StoreStudy) -> None:
    rules = Rules("ours", minimum_population=30, minimum_cell=3)
    whole = described(study, by="county")
    few = set(whole.filter(pl.col("persons") < 30)["county"])
    assert 0 < len(few) < 5
    outcomes = described(study, by="county", publish=rules)
    values = described(study, by="county", of="income", publish=rules)
    for shown in (outcomes, values):
        gone = shown.filter(pl.col("county").is_in(few)).drop("county", "outcome", strict=False)
        assert gone.null_count().sum_horizontal().item() == gone.height * gone.width
        assert shown.filter(~pl.col("county").is_in(few)).drop_nulls().height


@pytest.mark.parametrize("rules", [None, "research", "statistics", "rounded"])
@pytest.mark.parametrize("by", ["", "sex,year"])
def test_nobody_and_everybody(folder: Path, study: StoreStudy, by: str, rules: str | None) -> None:
    who = '[[who]]\nvariable = "age"\nfrom = 200\n'
    (folder / "nobody.toml").write_text(STUDY + who, encoding="utf-8")
    nobody = folkestrom.open(study.path).study(folder / "nobody.toml")
    for of in (None, "age"):
        with pytest.raises(UsageError, match="has no person-years: everybody is left out"):
            described(nobody, by=by, of=of, publish=rules)
        some = described(study, by=by, of=of, publish=rules)
        if rules in (None, "statistics"):
            assert some["person_years"].sum() > 1000


def test_rounded_percentages_are_of_rounded_counts(study: StoreStudy) -> None:
    shown = described(study, by=["county", "year"], publish="rounded")
    assert "persons" not in shown.columns
    assert not set(shown["person_years"]) & {1, 2}
    for cell in shown.partition_by("county", "year"):
        assert cell["base"].unique().to_list() == [cell["person_years"].sum()]
        if cell["base"][0]:
            expected = 100 * cell["person_years"] / cell["base"]
            assert cell["percent"].to_list() == pytest.approx(expected.to_list(), abs=0.006)


def test_a_coarse_percentage_stands_without_its_count(study: StoreStudy) -> None:
    rules = Rules("ours", minimum_cell=3, whole_percent_below=100)
    true, shown = described(study, by="county"), described(study, by="county", publish=rules)
    coarse = (true["persons"] < 100).to_numpy()
    assert 0 < coarse.sum() < len(coarse)
    few = shown.filter(pl.Series(coarse))
    assert few["person_years"].null_count() == few["percent_lower"].null_count() == few.height
    told = few.drop_nulls("percent")["percent"]
    assert told.len()
    assert all(float(percent).is_integer() for percent in told)
    assert shown.filter(pl.Series(~coarse))["person_years"].null_count() < len(coarse)


def test_published_quantiles_are_of_enough_persons(study: StoreStudy, panel: pl.DataFrame) -> None:
    asked = {"by": "county", "of": "income", "quantiles": [0.01, 0.5]}
    shown = described(study, publish="statistics", **asked)
    assert "mean" not in shown.columns
    assert shown["q1"].null_count() == shown.height
    for row in shown.drop_nulls("q50").iter_rows(named=True):
        cell = panel.filter(pl.col("county") == row["county"]).drop_nulls("income")
        most = cell.group_by("person").len()["len"].max()
        assert most == 4
        values = cell["income"].to_numpy()
        assert row["q50"] == pytest.approx(quantiles(values, [0.5], repeats=4)[0], abs=0.006)
        assert values.min() < row["q50"] < values.max()
    # Too few for ten persons on either side, though there are twenty person-years.
    lacking = shown.filter(pl.col("q50").is_null() & (pl.col("person_years") >= 20))
    assert lacking.height
    assert "fewer than 10 persons on either side not shown" in note(study, shown)


def note(study: StoreStudy, shown: pl.DataFrame) -> str:
    folder = study.path.parent
    done = ask(folder, "--format", "json", "describe", "study.toml", "--of", "income", "--by",
               "county", "--quantiles", "0.01,0.5", "--publish", "statistics")  # fmt: skip
    found = json.loads(done.stdout)
    assert [cell["q50"] for cell in found["cells"]] == shown["q50"].to_list()
    return str(found["specification"]["footnotes"][-1])


@pytest.mark.parametrize("format", ["csv", "json", "json-stat", "parquet", "xlsx", "table"])
def test_every_format(folder: Path, format: str) -> None:
    file = folder / f"{format}.out"
    done = ask(folder, "--format", format, "describe", "study.toml", "--by", "county,sex",
               "--publish", "statistics", "-o", str(file), "--lang", "no")  # fmt: skip
    assert done.exit_code == 0, done.output
    content = file.read_bytes()
    assert content
    if format == "table":
        assert "Blir boende" in content.decode()
    if format not in ("csv", "xlsx"):
        assert "Avsløringskontroll".encode() in content or b"Avsl\\u00f8" in content
    if format == "csv":
        rows = list(csv.DictReader(io.StringIO(content.decode())))
        assert rows[0].keys() >= {"county", "sex", "outcome", "persons", "base", "person_years"}


@pytest.mark.parametrize("name", ["persons", "value", "n", "y0", "q50", "persons_counted"])
def test_variables_named_as_columns_are_refused(folder: Path, tmp_path: Path, name: str) -> None:
    text = STUDY.replace("of_life", name)
    (tmp_path / "named.toml").write_text(text, encoding="utf-8")
    study = folkestrom.open(folder / "store").study(tmp_path / "named.toml")
    everything: list[dict[str, Any]] = [{}, {"of": "income", "publish": "statistics"}]
    for asked in everything:
        with pytest.raises(UsageError, match="is the name of a column of the result"):
            study.describe(by=name, **asked)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("study.toml", "--by", "cuonty"), "Did you mean 'county'?"),
        (("study.toml", "--by", "person"), "'person' is not a variable"),
        (("study.toml", "--by", "sex,sex"), "is asked for twice"),
        (("study.toml", "--by", "outcome"), "goes with a number"),
        (("study.toml", "--of", "inncome"), "Did you mean 'income'?"),
        (("study.toml", "--of", "county"), "has codes and is no number"),
        (("study.toml", "--of", "of_life"), "has codes and is no number"),
        (("study.toml", "--of", "income", "--by", "income"), "is what the values are of"),
        (("study.toml", "--of", "income", "--quantiles", "0.5,1"), "is no share"),
        (("study.toml", "--of", "income", "--quantiles", "half"), "are not numbers"),
        (("study.toml", "--of", "income", "--quantiles", "0.5,.5"), "is asked for twice"),
        (("study.toml", "--publish", "strict"), "publish: 'strict' is no set of rules"),
        (("episodes.toml",), "has no panel"),
        (("none.toml",), "cannot be read"),
        (("study.toml", "-o", "no/such/folder.csv"), "folder that exists"),
    ],
)
def test_what_cannot_be_meant_is_said(folder: Path, arguments: tuple[str, ...], says: str) -> None:
    done = ask(folder, "describe", *arguments)
    assert done.exit_code in (2, 3)
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_flow_chart_goes_through_the_gate(folder: Path, study: StoreStudy) -> None:
    text = STUDY + '[[who]]\nvariable = "age"\nfrom = 12\n[[who]]\nvariable = "age"\nfrom = 20\n'
    (folder / "adults.toml").write_text(text, encoding="utf-8")
    rules = ("--publish", "statistics")
    svg = folder / "chart.svg"
    done = ask(folder, "study", "adults.toml", *rules, "--flow-chart", str(svg))
    assert done.exit_code == 0, done.output
    assert 'Disclosure control "statistics"' in done.stdout
    assert "Disclosure control &quot;statistics&quot;" in svg.read_text()
    found = json.loads(ask(folder, "--format", "json", "study", "adults.toml", *rules).stdout)
    (chart,) = found["flow_charts"]
    assert chart["note"].startswith("Disclosure control")
    listed = ask(folder, "--format", "csv", "study", "adults.toml", *rules)
    assert "Disclosure control" in listed.stderr
    for name in ("--panel", "--episodes"):
        refused = ask(folder, "study", "adults.toml", *rules, name, "rows.parquet")
        assert refused.exit_code == 2
        assert "rows of persons, which are not published" in refused.stderr
    hidden = study.flow_chart(publish=Rules("ours", minimum_cell=10_000))
    assert hidden.rows is None
    assert ".. person-years of .. persons" in str(hidden)
    assert ".." in hidden.to_svg()
    assert hidden.table["rows"].null_count == hidden.table.num_rows
    assert study.panel_flow_chart().rows == study.flow_chart("statistics").rows


ROWS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 2), st.integers(0, 1), st.integers(-3, 9)),
    min_size=1, max_size=40,
)  # fmt: skip


@settings(max_examples=25)
@given(ROWS, st.integers(1, 7), st.booleans())
def test_batches_may_end_anywhere(
    rows: list[tuple[int, int, int, int]], size: int, whole: bool
) -> None:
    """Persons over the edges of batches are counted once."""
    frame = pl.DataFrame(rows, schema=["person", "outcome", "group", "value"], orient="row")
    frame = frame.sort("person").with_columns(
        value=pl.when(pl.col("value") >= 0).then(pl.col("value"))
    )
    batches = pa.Table.from_batches(frame.to_arrow().to_batches()).combine_chunks()
    cut = batches.to_batches(max_chunksize=size)
    by = [] if whole else ["group"]
    found = outcome_sums(cut, by, ["a", "b", "c"])
    for cell in found.iter_rows(named=True):
        mine = frame if whole else frame.filter(pl.col("group") == cell["group"])
        people = mine.group_by("person").agg(pl.len(), pl.col("outcome").eq(1).sum().alias("y"))
        assert cell["persons"] == people.height
        assert cell["person_years"] == mine.height
        assert cell["nn"] == (people["len"].cast(pl.Int64) ** 2).sum()
        assert cell["y1"] == people["y"].sum()
        assert cell["p1"] == (people["y"] > 0).sum()
        assert cell["yn1"] == (people["y"].cast(pl.Int64) * people["len"]).sum()
    told = value_summaries(
        cut, "value", by, lambda values, repeats: [float(values.sum()), repeats], ["sum", "most"]
    )
    assert told.select(pl.col("person_years") + pl.col("missing")).sum().item() == frame.height
    for cell in told.iter_rows(named=True):
        mine = frame if whole else frame.filter(pl.col("group") == cell["group"])
        held = mine.drop_nulls("value")
        assert cell["persons"] == held["person"].n_unique()
        assert cell["missing"] == mine.height - held.height
        assert (cell["sum"] or 0) == held["value"].sum()
        assert cell["most"] == (held.group_by("person").len()["len"].max() if held.height else None)


def test_many_batches_and_too_many_levels() -> None:
    def batches(persons: int) -> list[pa.RecordBatch]:
        frame = pl.DataFrame({"person": range(persons), "outcome": [0] * persons})
        frame = frame.with_columns(group=pl.col("person") % 1500, other=pl.col("person") // 1500)
        cut: list[pa.RecordBatch] = frame.to_arrow().to_batches(max_chunksize=10)
        return cut

    one = outcome_sums(batches(1000), ["group"], ["stay"])
    assert (one["person_years"].to_list(), one.height) == ([1] * 1000, 1000)
    whole = outcome_sums(batches(2000), [], ["stay"])
    assert whole["y0"].to_list() == [2000]
    with pytest.raises(UsageError, match="more than 1,000 levels"):
        outcome_sums(batches(2000), ["group"], ["stay"])
    assert outcome_sums([], ["group"], ["stay"]).height == 0
    assert outcome_sums([], [], ["stay"])["persons"].to_list() == [0]


def test_the_flow_chart_knows_whose_rows_it_counts(folder: Path, panel: pl.DataFrame) -> None:
    who = '[[who]]\nvariable = "county"\nin = ["03"]\n'
    (folder / "oslo.toml").write_text(STUDY + who, encoding="utf-8")
    chart = folkestrom.open(folder / "store").study(folder / "oslo.toml").flow_chart()
    oslo = pl.col("county") == "03"
    kept = panel.filter(oslo)
    people = [
        kept.filter(pl.col("outcome") == name)["person"].n_unique() for name, _ in chart.outcomes
    ]
    assert list(chart.ended) == people
    assert chart.steps[1].losing == panel.filter(~oslo)["person"].n_unique()
    assert chart.steps[1].dropped == panel.filter(~oslo).height
    assert [step.persons for step in chart.steps] == [
        panel["person"].n_unique(), kept["person"].n_unique(), kept["person"].n_unique(),
    ]  # fmt: skip
