"""Rows that come part by part give what the same rows in a table give, to the last bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from folkestrom.analysis.design import memory, sources
from folkestrom.analysis.mobility import MobilityFit, MobilityGroups, mobility
from folkestrom.errors import InputRefused, ResourceError, UsageError, UserError
from tests.analysis.mobility.conftest import OUTCOMES, draw_table

TABLE = draw_table(250, 4, seed=6).with_columns(
    weight=pl.col("id") % 3 + 1.0,
    county=pl.format("county {}", pl.col("id") % 7),
    name=pl.format("person {}", pl.col("id") + 1000),
    day=pl.date(pl.col("year"), 1, 1),
)
MIXED = TABLE.sample(fraction=1.0, shuffle=True, seed=3)
#: Rows of a batch; persons, who have four, lie across two batches.
BATCH = 77


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "PART", 150)


def streams(table: pl.DataFrame, folder: Path) -> dict[str, Any]:
    arrow = table.to_arrow()
    path = folder / "panel.parquet"
    pq.write_table(arrow, path, row_group_size=BATCH)

    def frames() -> Iterator[pl.DataFrame]:
        yield from table.iter_slices(BATCH)

    return {
        "file": path,
        "name of a file": str(path),
        "dataset": pyarrow.dataset.dataset(path),
        "record batches": lambda: arrow.to_batches(max_chunksize=BATCH),
        "reader": lambda: arrow.to_reader(BATCH),
        "frames": frames,
        "pandas": lambda: (frame.to_pandas() for frame in frames()),
    }


def fitted(data: Any, formula: str = "outcome ~ sex + place", **more: Any) -> Any:
    options = {"person": "id", "outcomes": OUTCOMES, "effects": "none"} | more
    return mobility(data, formula, **options)


def told(fit: MobilityFit) -> tuple[Any, ...]:
    """All that a fit found."""
    return (
        fit.theta.tobytes(), fit.vcov.tobytes(), fit.log_likelihood_, tuple(fit.names_), fit.notes,
        fit.message_, fit.steps, fit.design.spans, fit.design.categories,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("table", "formula", "options"),
    [
        (TABLE, "outcome ~ sex * immigrant + place + bs(age, df=4) + income", {}),
        (TABLE, "outcome ~ place * income + cr(age, df=3) + log(age)", {"collinear": "drop"}),
        (TABLE, "outcome ~ poly(age, 2):sex + scale(income) + C(year)", {"weight": "weight"}),
        (TABLE, "outcome ~ sex", {"standard_errors": "clustered", "cluster": "county"}),
        (TABLE, "outcome ~ sex", {"effects": "diagonal", "time": "day", "person": "name"}),
        (MIXED, "outcome ~ place", {"effects": "diagonal", "time": "year", "weight": "weight"}),
        (MIXED, "outcome ~ income", {"standard_errors": "clustered", "cluster": "county"}),
    ],
)
def test_a_stream_and_a_table_give_the_same_bits(
    table: pl.DataFrame, formula: str, options: dict[str, Any], tmp_path: Path
) -> None:
    wanted = fitted(table, formula, **options)
    given = streams(table, tmp_path)
    kinds = list(given) if not options else ["file", "reader"]
    for kind in kinds:
        assert told(fitted(given[kind], formula, **options)) == told(wanted), kind


def test_what_is_asked_of_a_fit_to_a_stream(tmp_path: Path) -> None:
    formula = "outcome ~ sex + bs(age, df=4)"
    for table in (TABLE, MIXED):
        wanted = fitted(table, formula)
        fit = fitted(streams(table, tmp_path)["file"], formula)
        assert fit.marginal_effects(sample=300).equals(wanted.marginal_effects(sample=300))
        assert fit.fit_by_cell(["year"]).equals(wanted.fit_by_cell(["year"]))
        assert fit.information_criteria("county") == wanted.information_criteria("county")
        again = fit.marginal_effects(data=tmp_path / "panel.parquet")
        assert again.equals(wanted.marginal_effects())


def test_groups_of_a_stream(tmp_path: Path) -> None:
    wanted, found = (
        fitted(data, "outcome ~ sex + income", by="immigrant")
        for data in (TABLE, streams(TABLE, tmp_path)["file"])
    )
    assert isinstance(found, MobilityGroups)
    assert found.test == wanted.test
    assert told(found.together) == told(wanted.together)
    for name, fit in wanted.apart.items():
        assert told(found.apart[name]) == told(fit)


def test_levels_that_differ_from_batch_to_batch() -> None:
    """The order of levels is that of Arrow's own, when it makes one dictionary of several."""
    batches = [
        pa.record_batch(
            {
                "id": part["id"].to_arrow(),
                "outcome": part["outcome"].to_arrow(),
                "place": pa.array(part["place"].to_list()).dictionary_encode(),
            }
        )
        for part in TABLE.iter_slices(3)
    ]
    assert len({str(batch["place"].dictionary) for batch in batches}) > 3
    fit, whole = fitted(lambda: batches, "outcome ~ place"), pa.Table.from_batches(batches)
    assert told(fit) == told(fitted(whole, "outcome ~ place"))
    levels = whole.unify_dictionaries()["place"].chunk(0).dictionary.to_pylist()
    assert list(fit.design.categories["place"].names) == levels
    enums = [frame.with_columns(pl.col("place").cast(pl.Enum(frame["place"].unique(
        maintain_order=True)))) for frame in TABLE.iter_slices(3)]  # fmt: skip
    assert told(fitted(lambda: enums, "outcome ~ place")) == told(fit)


def test_columns_that_a_formula_does_not_need_are_not_read(tmp_path: Path) -> None:
    streams(TABLE, tmp_path)
    source = sources.source_of(tmp_path / "panel.parquet")
    asked: list[list[str]] = []

    def opened(columns: list[str]) -> Any:
        asked.append(columns)
        return source.opened(columns)

    fitted(sources.Source(source.names, opened), "outcome ~ sex")
    assert asked == [["id", "sex"], ["id", "outcome", "sex"]]


def test_a_panel_in_files(tmp_path: Path) -> None:
    formula = "outcome ~ sex + place + income"
    wanted = fitted(TABLE, formula, effects="diagonal")
    found = fitted(TABLE, formula, effects="diagonal", folder=tmp_path / "panel")
    assert told(found) == told(wanted)
    again = fitted(TABLE, formula, by="immigrant", folder=tmp_path / "panel")
    # Whoever still looks into a file that was replaced finds in it what was there.
    assert found.marginal_effects().equals(wanted.marginal_effects())
    assert told(again.together) == told(fitted(TABLE, formula))


def spoilt(column: str, values: dict[int, Any]) -> pl.DataFrame:
    held = TABLE[column].to_list()
    for row, value in values.items():
        held[row] = value
    return TABLE.with_columns(pl.Series(column, held, dtype=TABLE.schema[column]))


WRONG: dict[str, tuple[pl.DataFrame, str, dict[str, Any], list[str]]] = {
    "gap": (spoilt("sex", {803: None}), "outcome ~ sex", {}, ["row 804, column sex"]),
    "nan": (spoilt("age", {500: np.nan}), "outcome ~ age", {}, ["row 501, column age", "nan"]),
    "spline": (spoilt("age", {500: np.inf}), "outcome ~ bs(age, df=4)", {}, ["row 501", "inf"]),
    "log": (spoilt("age", {700: 0.0}), "outcome ~ log(age)", {}, ["row 701", "age = 0", "log1p"]),
    "bounds": (TABLE, "outcome ~ bs(age, df=4, lower_bound=30)", {}, ["widen the bounds"]),
    "two": (
        spoilt("age", {500: np.nan}).with_columns(spoilt("sex", {900: None})["sex"]),
        "outcome ~ sex + age", {}, ["row 901, column sex"],
    ),
    "outcome": (spoilt("outcome", {444: "dead"}), "outcome ~ sex", {}, ["row 445", "'dead'"]),
    "person": (spoilt("id", {444: None}), "outcome ~ sex", {}, ["row 445", "whose row is it"]),
    "time": (spoilt("year", {321: None}), "outcome ~ sex", {"time": "year"}, ["row 322"]),
    "doubled": (spoilt("year", {321: 2010}), "outcome ~ sex", {"time": "year"},
                ["row 322, column year", "1 row as"]),
    "weight": (spoilt("weight", {601: 9.0}), "outcome ~ sex", {"weight": "weight"},
               ["column weight", "differs between the years"]),
    "negative": (spoilt("weight", {601: -1.0}), "outcome ~ sex", {"weight": "weight"},
                 ["row 602, column weight", "none negative"]),
    "cluster": (spoilt("county", {601: "x"}), "outcome ~ sex",
                {"standard_errors": "clustered", "cluster": "county"}, ["differs between"]),
    "no cluster": (spoilt("county", {601: None}), "outcome ~ sex",
                   {"standard_errors": "clustered", "cluster": "county"}, ["row 602"]),
    "one": (TABLE.with_columns(outcome=pl.lit("stay")), "outcome ~ sex", {}, ["every row has"]),
    "separated": (TABLE.with_columns(sex=pl.when(pl.col("outcome") == "abroad")
                                     .then(pl.lit("woman")).otherwise("sex")),
                  "outcome ~ sex", {}, ["separation", "'man'"]),
    "collinear": (TABLE, "outcome ~ income + I(income * 2)", {}, ["is a combination of income"]),
    "name": (TABLE, "outcome ~ sexx", {}, ["'sexx'", "Did you mean 'sex'?"]),
    "base": (TABLE, "outcome ~ sex", {"outcomes": None}, ["which outcome is the base"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_refused_is_told_alike(kind: str, tmp_path: Path) -> None:
    table, formula, options, words = WRONG[kind]
    said = []
    for data in (table, *(streams(table, tmp_path)[name] for name in ("file", "frames"))):
        with pytest.raises(UserError) as caught:
            fitted(data, formula, **options)
        said.append((type(caught.value), str(caught.value)))
    assert said[0] == said[1] == said[2]
    for word in words:
        assert word in said[0][1]


def changing(first: pl.DataFrame, then: pl.DataFrame) -> Callable[[], list[pl.DataFrame]]:
    """Gives the first table while it is looked at, and then another."""
    opened: list[int] = []

    def opens() -> list[pl.DataFrame]:
        opened.append(1)
        # Once for the names of the columns, once for what is in them.
        return [first if len(opened) < 3 else then]

    return opens


def test_rows_that_are_others_when_they_are_read_again() -> None:
    turned = pl.concat([TABLE[400:], TABLE[:400]])
    for then in (TABLE[:-4], turned, pl.concat([TABLE, TABLE[-4:]])):
        with pytest.raises(InputRefused, match="when it is read again"):
            fitted(changing(TABLE, then))
    with pytest.raises(InputRefused, match="when it is read again"):
        fitted(changing(MIXED, TABLE))


def test_what_is_no_stream() -> None:
    reader = TABLE.to_arrow().to_reader()
    for once in (reader, iter([TABLE])):
        with pytest.raises(UsageError, match=r"(?s)read once only.*Give a function"):
            fitted(once)
    with pytest.raises(UsageError, match="gives a DataFrame, not a stream"):
        fitted(lambda: TABLE)
    with pytest.raises(InputRefused, match="has no rows"):
        fitted(lambda: iter(()))
    with pytest.raises(InputRefused, match="does not exist"):
        fitted("nowhere.parquet")
    with pytest.raises(InputRefused, match="cannot be read as Parquet"):
        fitted(__file__)
    other = TABLE.with_columns(pl.col("income").cast(pl.String))
    with pytest.raises(UsageError, match="column income: holds Float64 in one batch and String"):
        fitted(lambda: [TABLE, other], "outcome ~ income")


def test_memory_that_does_not_suffice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    formula = "outcome ~ sex + place"
    monkeypatch.setattr(memory, "free_memory", lambda: 0)
    with pytest.raises(ResourceError, match=r"(?s)1000 person-years needs .* GiB.*Name a folder"):
        fitted(TABLE, formula)
    with pytest.raises(ResourceError, match=r"(?s)bs\(age, df=4\) of 1000 .*all at once"):
        fitted(TABLE, "outcome ~ bs(age, df=4)")
    # In files, what is kept for each person needs room still.
    monkeypatch.setattr(memory, "free_memory", lambda: 250 * 40)
    fitted(TABLE, formula, folder=tmp_path)
    with pytest.raises(ResourceError, match="do not lie by person"):
        fitted(MIXED, formula, folder=tmp_path)


def test_the_limit_of_a_container_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(memory, "_GROUP", tmp_path)
    (tmp_path / "memory.max").write_text("max\n")
    assert (memory.free_memory() or 0) > 2**20
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("900\n")
    (tmp_path / "memory.stat").write_text("anon 500\ninactive_file 300\n")
    assert memory.free_memory() == 400
