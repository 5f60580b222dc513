"""A table of person-years and models fitted to it, for the tests of what is asked of a fit."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from folkestrom.analysis.mobility import MobilityFit, mobility

OUTCOMES = ("stay", "move", "abroad")
FORMULA = "outcome ~ sex * immigrant + place + bs(age, df=4) + income"


def draw_table(persons: int, years: int, seed: int = 1) -> pl.DataFrame:
    """Persons with sex and origin, yearly age, income and place, drawn from the model."""
    rng = np.random.default_rng(seed)
    n = persons * years
    table = pl.DataFrame(
        {
            "id": np.repeat(np.arange(persons), years),
            "year": np.tile(2010 + np.arange(years), persons),
            "sex": np.repeat(rng.choice(["man", "woman"], persons), years),
            "immigrant": np.repeat(rng.random(persons) < 0.4, years),
            "age": rng.integers(20, 70, n).astype(float),
            "income": rng.normal(size=n),
            "place": rng.choice(["rural", "urban", "capital"], n),
        }
    )
    inclined = rng.normal(size=(persons, 2)) @ np.array([[0.9, 0.4], [0.0, 0.7]])
    woman, immigrant = table["sex"] == "woman", table["immigrant"]
    predictor = np.column_stack(
        [
            np.zeros(n),
            -1 + 0.4 * woman + 0.3 * immigrant - 0.02 * (table["age"] - 40),
            -1.5 + 0.8 * immigrant * ~woman + 0.3 * table["income"],
        ]
    )
    predictor[:, 1:] += np.repeat(inclined, years, axis=0)
    drawn = (predictor + rng.gumbel(size=(n, 3))).argmax(axis=1)
    return table.with_columns(outcome=pl.Series(np.array(OUTCOMES)[drawn]))


@pytest.fixture(scope="session")
def table() -> pl.DataFrame:
    return draw_table(400, 4)


@pytest.fixture(scope="session")
def plain(table: pl.DataFrame) -> MobilityFit:
    """Without effects of persons."""
    return mobility(table, FORMULA, person="id", outcomes=OUTCOMES, effects="none")


@pytest.fixture(scope="session")
def fit(table: pl.DataFrame) -> MobilityFit:
    """With correlated effects of persons."""
    return mobility(table, FORMULA, person="id", outcomes=OUTCOMES)
