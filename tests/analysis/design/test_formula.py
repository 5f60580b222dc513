"""What a formula makes of a table is what the field's dense designs make of it."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import polars as pl
import pytest
from formulaic import model_matrix
from hypothesis import given, settings
from hypothesis import strategies as st

from folkestrom.analysis.design.coding import code
from folkestrom.analysis.design.design import Design, Roles, make_design
from folkestrom.analysis.design.formula import parse
from folkestrom.analysis.design.sources import source_of
from folkestrom.analysis.design.tables import read_table
from folkestrom.analysis.design.terms import Factor
from folkestrom.analysis.mobility import mobility
from tests.analysis.mobility.conftest import OUTCOMES, draw_table

TABLE = draw_table(60, 3, seed=4)


def design_of(formula: str, table: pl.DataFrame = TABLE) -> Design:
    return make_design(formula, source_of(table), Roles("id", "outcome"))[0]


def dense(formula: str, table: pl.DataFrame = TABLE) -> tuple[list[str], np.ndarray]:
    """Our covariates as columns of zeros, ones and numbers."""
    design = design_of(formula, table)
    names, columns = ["(intercept)"], [np.ones(table.height)]
    for term in design.terms(design.read(read_table(table, design.columns))):
        if isinstance(term, Factor):
            for k, level in enumerate(term.levels):
                if k != term.reference:
                    names.append(f"{term.name}[{level}]")
                    columns.append((term.codes == k) + 0.0)
        else:
            names.append(term.name)
            columns.append(term.values)
    return names, np.column_stack(columns)


@pytest.mark.parametrize(
    "formula",
    [
        "sex + place",
        "sex * immigrant + place",
        "sex:place",
        "sex + sex:place",
        "place / sex",
        "sex * place * immigrant",
        "(sex + place + income) ^ 2",
        "place:income",
        "place * income + age",
        "sex:place:income",
        "sex:place + income:age",
        "bs(age, df=5) * sex",
        "poly(age, 2) + log(age) + I(age ** 3)",
        "sex + sex:bs(age, df=4)",
        "C(year) + C(place, Treatment('urban'))",
        "place * sex - place",
    ],
)
def test_the_design_spans_what_a_dense_one_does(formula: str) -> None:
    names, mine = dense(f"outcome ~ {formula}")
    data = TABLE.with_columns(pl.col("immigrant").cast(pl.String)).to_pandas()
    theirs = model_matrix(f"1 + {formula.replace('^', '**')}", data, output="numpy")
    theirs = np.asarray(theirs, dtype=float)
    assert len(set(names)) == len(names) == mine.shape[1]
    assert mine.shape == theirs.shape
    for columns in (mine, theirs):
        columns /= np.linalg.norm(columns, axis=0)
    both = np.hstack([mine, theirs])
    assert np.linalg.matrix_rank(mine, 1e-9) == mine.shape[1]
    assert np.linalg.matrix_rank(both, 1e-9) == mine.shape[1]


@given(
    st.lists(st.sampled_from(["a", "b", "c", "x"]), min_size=1, max_size=3, unique=True).flatmap(
        lambda first: st.lists(
            st.lists(st.sampled_from(["a", "b", "c", "x"]), min_size=1, max_size=4, unique=True),
            min_size=1,
            max_size=4,
        ).map(lambda more: [first, *more])
    )
)
@settings(max_examples=60)
def test_coding_is_never_superfluous_and_never_too_little(terms: list[list[str]]) -> None:
    """On a full grid: as many columns as the dense indicators of all terms have rank."""
    grid = np.array([(a, b, c, x) for a in range(2) for b in range(3) for c in range(2)
                     for x in (0.3, 1.0, 2.5)])  # fmt: skip
    held = {"a": grid[:, 0], "b": grid[:, 1], "c": grid[:, 2]}
    levels = {"a": 2, "b": 3, "c": 2}

    def columns(factors: list[tuple[str, bool]], slope: bool) -> np.ndarray:
        out = np.ones((grid.shape[0], 1))
        for name, full in factors:
            dummies = np.column_stack([held[name] == k for k in range(levels[name])])[:, not full :]
            out = np.einsum("ri,rj->rij", out, dummies).reshape(grid.shape[0], -1)
        return out * grid[:, 3:] if slope else out

    asked = [(":".join(t), [f for f in t if f != "x"], [f for f in t if f == "x"]) for t in terms]
    mine = [np.ones((grid.shape[0], 1))]
    mine += [columns(list(c.factors), bool(c.numbers)) for c in code(asked)]
    every = [np.ones((grid.shape[0], 1))]
    for _, factors, numbers in asked:
        for size in range(len(factors) + 1):
            chosen = combinations(factors, size)
            every += [columns([(f, True) for f in some], bool(numbers)) for some in chosen]
    rank = np.linalg.matrix_rank(np.hstack(every))
    assert np.hstack(mine).shape[1] == rank
    assert np.linalg.matrix_rank(np.hstack([*mine, *every])) == rank
    assert np.linalg.matrix_rank(np.hstack(mine)) == rank


def test_factors_stay_codes() -> None:
    fit = mobility(TABLE, "outcome ~ sex * place", person="id", outcomes=OUTCOMES, effects="none")
    assert fit.observed is not None
    rows = fit.observed.panel.rows
    assert rows.codes8.shape[0] == 3
    assert rows.numbers.shape[0] == 0


def test_quoted_names_powers_and_centred_splines() -> None:
    odd = TABLE.rename({"age": "age in years"})
    quoted = dense("outcome ~ I(`age in years`^2) + cr(`age in years`, df=3)", odd)[1]
    assert np.array_equal(quoted[:, 1], TABLE["age"].to_numpy() ** 2)
    # Natural splines contain the constant; centred, they do not.
    assert np.linalg.matrix_rank(quoted[:, [0, 2, 3, 4]]) == 4


def test_knots_come_from_the_whole_column_and_serve_new_data() -> None:
    design = design_of("outcome ~ bs(age, df=5)")
    some = TABLE.head(7)
    columns = design.read(read_table(some, design.columns))
    made = np.column_stack([t.values for t in design.terms(columns)])  # type: ignore[union-attr]
    whole = dense("outcome ~ bs(age, df=5)")[1][:7, 1:]
    assert np.allclose(made, whole)


def test_reading_gives_labels_columns_and_the_outcome() -> None:
    parsed = parse("left ~ C(sex, Treatment('man')):log(income) + `a b`")
    assert parsed.outcome == "left"
    assert parsed.columns == ["a b", "sex", "income"]
