"""Regression tables for publication: what stands for few persons is not in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from folkestrom.analysis.mobility import MobilityFit, mobility
from folkestrom.disclosure import Rules, named
from folkestrom.errors import UsageError
from folkestrom.outputs.regression import published

RULES = Rules("ours", minimum_cell=3)


def panel(folder: Path, few: str = "far") -> Path:
    """Persons of three places, two of whom moved from one of them."""
    random = np.random.default_rng(3)
    size = 600
    place = np.repeat(["near", "mid", "far"], size // 3)
    moved = random.random(size) < 0.3
    moved[place == few] = False
    moved[np.flatnonzero(place == few)[:2]] = True
    table = pl.DataFrame(
        {
            "person": range(size), "place": place, "sex": random.choice(["woman", "man"], size),
            "age": random.integers(20, 60, size).astype(float),
            "outcome": np.where(moved, "move", "stay"),
        }
    ).with_columns(
        pl.col("outcome").cast(pl.Enum(["stay", "move"])),
        pl.col("place").cast(pl.Enum(["near", "mid", "far"])),
    )  # fmt: skip
    table.write_parquet(folder / "panel.parquet")
    return folder / "panel.parquet"


def fitted(path: Path, formula: str) -> MobilityFit:
    return mobility(pl.read_parquet(path), formula, person="person", effects="none")


def shown(fit: MobilityFit, path: Path, rules: Rules = RULES) -> dict[str, float | None]:
    rows = pl.DataFrame(published(fit, path, "person", rules).data)
    return dict(rows.select("coefficient", "estimate").iter_rows())


def test_a_level_of_few_is_not_shown_and_the_rest_is_the_fits(tmp_path: Path) -> None:
    path = panel(tmp_path)
    fit = fitted(path, "outcome ~ place + sex + age")
    found = shown(fit, path)
    assert [name for name, value in found.items() if value is None] == ["place[far]"]
    assert found["age"] == pytest.approx(fit.params_["move: age"], abs=5e-5)


def test_nothing_is_compared_with_few(tmp_path: Path) -> None:
    path = panel(tmp_path, few="near")
    found = shown(fitted(path, "outcome ~ place + sex"), path)
    # The intercept is of those that others are compared with.
    assert [n for n, v in found.items() if v is None] == [
        "(intercept)", "place[mid]", "place[far]",
    ]  # fmt: skip


def test_a_number_of_few_values_is_looked_at_as_levels_are(tmp_path: Path) -> None:
    path = panel(tmp_path)
    rows = pl.read_parquet(path).with_columns(is_far=(pl.col("place") == "far").cast(pl.Float64))
    rows.write_parquet(path)
    found = shown(fitted(path, "outcome ~ is_far + age"), path)
    assert [n for n, v in found.items() if v is None] == ["(intercept)", "is_far"]


def test_a_level_of_few_with_one_outcome_is_not_shown_for_another(tmp_path: Path) -> None:
    path = panel(tmp_path)
    far = pl.col("place") == "far"
    third = far & (pl.col("person") % 3 == 0) & (pl.col("outcome") == "stay")
    named = pl.when(third).then(pl.lit("leave")).otherwise(pl.col("outcome").cast(pl.String))
    near = (pl.col("place") != "far") & (pl.col("person") % 7 == 0)
    named = pl.when(near).then(pl.lit("leave")).otherwise(named)
    rows = pl.read_parquet(path).with_columns(
        outcome=named.cast(pl.Enum(["stay", "move", "leave"]))
    )
    rows.write_parquet(path)
    table = pl.DataFrame(published(fitted(path, "outcome ~ place"), path, "person", RULES).data)
    gone = table.filter(pl.col("estimate").is_null()).select("outcome", "coefficient").rows()
    assert gone == [("move", "place[far]"), ("leave", "place[far]")]


def test_a_combination_of_few_takes_what_tells_of_it(tmp_path: Path) -> None:
    path = panel(tmp_path)
    rows = pl.read_parquet(path).with_columns(
        pl.when(pl.col("place") == "far").then(pl.lit("man")).otherwise("sex").alias("sex")
    )
    # Ten more women, one of whom moved.
    more = (
        rows.filter(pl.col("place") == "far")
        .head(12)
        .with_columns(pl.col("person") + 10_000, sex=pl.lit("woman"))
    )
    pl.concat([rows, more]).write_parquet(path)
    found = shown(fitted(path, "outcome ~ sex * place"), path, Rules("ours", minimum_cell=3))
    hidden = {name for name, value in found.items() if value is None}
    assert {"place[far]", "sex:place[woman:far]"} <= hidden


def test_slopes_within_levels_are_of_these(tmp_path: Path) -> None:
    path = panel(tmp_path)
    found = shown(fitted(path, "outcome ~ place:age"), path)
    assert [name for name, value in found.items() if value is None] == ["place[far]:age"]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (named("rounded"), "rounds the counts, and estimates are of the true ones"),
        (Rules("ours", minimum_population=601), "shows nothing of fewer than 601 persons"),
    ],
)
def test_rules_that_cannot_be_met(tmp_path: Path, rules: Rules, message: str) -> None:
    path = panel(tmp_path)
    with pytest.raises(UsageError, match=message):
        published(fitted(path, "outcome ~ sex"), path, "person", rules)


def test_a_model_of_hardly_more_rows_than_parameters_is_refused(tmp_path: Path) -> None:
    path = panel(tmp_path)
    pl.read_parquet(path).sample(11, seed=5, shuffle=True).write_parquet(path)
    fit = fitted(path, "outcome ~ age")
    with pytest.raises(UsageError, match="has 11 person-years for 2 parameters"):
        published(fit, path, "person", Rules("ours", minimum_cell=1))


def test_variances_between_few_groups_are_not_shown(tmp_path: Path) -> None:
    path = panel(tmp_path)
    rows = pl.read_parquet(path).with_columns(
        person=pl.int_range(pl.len()) // 3, area=pl.int_range(pl.len()) // 3 % 5
    )
    rows.write_parquet(path)
    fit = mobility(
        rows, "outcome ~ sex", person="person", within="area", effects="equal", tolerance=0.1
    )
    hidden = {name for name, value in shown(fit, path).items() if value is None}
    assert hidden == set()
    rules = Rules("ours", minimum_cell=6)
    hidden = {name for name, value in shown(fit, path, rules).items() if value is None}
    assert hidden == {"var(move)[area]"}
    notes = [note.en for note in published(fit, path, "person", rules).specification.footnotes]
    assert "Persons are nested within 5 groups of area." in notes
