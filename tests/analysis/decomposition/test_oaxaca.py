"""Oaxaca and Blinder: against regressions of another library, and by drawing persons anew."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from folkestrom.analysis.decomposition import oaxaca
from folkestrom.errors import UsageError


def panel(persons: int = 1200, years: int = 3, seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 2, persons)
    sex = rng.integers(0, 2, persons)
    wealth = np.where(group, rng.integers(0, 3, persons), rng.choice(3, persons, p=[0.6, 0.3, 0.1]))
    logit = -1.8 + 0.4 * group + 0.3 * sex + 0.6 * wealth + rng.normal(size=persons)
    frame = {"group": np.where(group, "a", "b"), "sex": sex, "wealth": wealth.astype(str)}
    return pl.DataFrame(
        {"person": np.repeat(np.arange(persons), years)}
        | {name: np.repeat(values, years) for name, values in frame.items()}
        | {"outcome": (rng.random(persons * years) < np.repeat(1 / (1 + np.exp(-logit)), years))}
    ).with_columns(pl.col("outcome").cast(pl.Int64))


def matrices(table: pl.DataFrame) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    found = {}
    for code in "ab":
        part = table.filter(pl.col("group") == code)
        wealth = part["wealth"].to_numpy()
        x = np.column_stack([np.ones(len(part)), part["sex"], wealth == "1", wealth == "2"]).astype(
            float
        )
        found[code] = (x, part["outcome"].to_numpy().astype(float))
    return found


@pytest.mark.parametrize("reference", ["first", "second"])
def test_linear_parts_by_hand(reference: str) -> None:
    table = panel()
    (xa, ya), (xb, yb) = matrices(table).values()
    beta = {
        "first": np.linalg.lstsq(xa, ya, rcond=None)[0],
        "second": np.linalg.lstsq(xb, yb, rcond=None)[0],
    }
    explained = (xa.mean(0) - xb.mean(0)) * beta[reference]
    found = oaxaca(
        table, "group", ("a", "b"), "sex,wealth", model="linear", reference=reference  # type: ignore[arg-type]
    )  # fmt: skip
    assert found.of("explained")["estimate"] == pytest.approx(explained.sum())
    assert found.of("explained", "sex")["estimate"] == pytest.approx(explained[1])
    assert found.of("explained", "wealth")["estimate"] == pytest.approx(explained[2:].sum())
    assert found.of("difference")["estimate"] == pytest.approx(ya.mean() - yb.mean())


def test_logit_parts_with_another_librarys_coefficients() -> None:
    statsmodels = pytest.importorskip("statsmodels.api")
    table = panel()
    (xa, ya), (xb, yb) = matrices(table).values()
    a, b = (statsmodels.Logit(y, x).fit(disp=0).params for x, y in ((xa, ya), (xb, yb)))

    def share(x: np.ndarray, beta: np.ndarray) -> float:
        return float((1 / (1 + np.exp(-x @ beta))).mean())

    found = oaxaca(table, "group", ("a", "b"), ["sex", "wealth"], fold="threefold")
    endowments, coefficients = share(xa, b) - share(xb, b), share(xb, a) - share(xb, b)
    assert found.of("endowments")["estimate"] == pytest.approx(endowments, abs=1e-9)
    assert found.of("coefficients")["estimate"] == pytest.approx(coefficients, abs=1e-9)
    rest = ya.mean() - yb.mean() - endowments - coefficients
    assert found.of("interaction")["estimate"] == pytest.approx(rest, abs=1e-9)
    # Yun's weights: by the linear predictor.
    weights = (xa.mean(0) - xb.mean(0)) * b
    sex = weights[1] / weights.sum() * endowments
    assert found.of("endowments", "sex")["estimate"] == pytest.approx(sex, abs=1e-9)


@pytest.mark.parametrize("model", ["linear", "logit"])
def test_terms_add_up_and_do_not_depend_on_the_level_left_out(model: Any) -> None:
    table = panel()
    found = oaxaca(table, "group", ("a", "b"), "sex,wealth", model=model)
    for component in ("explained", "unexplained"):
        rows = found.data.filter(pl.col("component") == component)
        terms = rows.filter(pl.col("term").is_not_null())["estimate"].sum()
        assert terms == pytest.approx(found.of(component)["estimate"])
    renamed = table.with_columns(pl.col("wealth").replace({"0": "9", "2": "00"}))
    other = oaxaca(renamed, "group", ("a", "b"), "sex,wealth", model=model)
    np.testing.assert_allclose(other.data["estimate"], found.data["estimate"], atol=1e-9)
    np.testing.assert_allclose(other.data["se"], found.data["se"], rtol=1e-4)


def test_standard_errors_are_the_spread_of_persons_drawn_anew() -> None:
    table = panel(800, 3)
    found = oaxaca(table, "group", ("a", "b"), "sex,wealth")
    rng = np.random.default_rng(2)
    draws = []
    for _ in range(60):
        chosen = rng.integers(0, 800, 800)
        again = table[(chosen[:, None] * 3 + np.arange(3)).ravel()]
        again = again.with_columns(person=np.repeat(np.arange(800), 3))
        draws.append(oaxaca(again, "group", ("a", "b"), "sex,wealth").data["estimate"].to_numpy())
    np.testing.assert_allclose(np.std(draws, axis=0), found.data["se"], rtol=0.35)
    # Taken as independent, three rows of a person would count as three persons.
    alone = oaxaca(table, "group", ("a", "b"), "sex,wealth", person=None)
    assert alone.of("difference")["se"] < 0.9 * found.of("difference")["se"]


def test_two_variables_as_one_factor() -> None:
    table = panel().with_columns(both=pl.col("sex").cast(pl.String) + pl.col("wealth"))
    one = oaxaca(table, "group", ("a", "others"), "both", model="linear")
    two = oaxaca(table, "group", ("a", "b"), "sex:wealth", model="linear")
    np.testing.assert_allclose(one.data["estimate"], two.data["estimate"], atol=1e-10)


@pytest.mark.parametrize(
    ("change", "asked", "says"),
    [
        ({}, {"terms": "sexe"}, "Did you mean 'sex'"),
        ({}, {"terms": "sex", "between": ("a", "c")}, "'c' does not occur"),
        ({"sex": pl.lit(1)}, {"terms": "sex"}, "has 1 level"),
        ({"twin": pl.col("wealth")}, {"terms": "wealth,twin"}, "determine each other"),
        (
            {"wealth": pl.when(pl.col("group") == "a").then(pl.lit("0")).otherwise("wealth")},
            {"terms": "wealth"},
            "in which a has nobody",
        ),
        (
            {"outcome": pl.when(pl.col("wealth") == "2").then(0).otherwise("outcome")},
            {"terms": "wealth"},
            "no events or nothing else",
        ),
        ({"outcome": pl.lit(0)}, {"terms": "wealth"}, "one outcome only"),
        ({}, {"terms": "sex", "model": "probit"}, "logit, linear"),
    ],
)
def test_bad_questions(change: dict[str, pl.Expr], asked: dict[str, Any], says: str) -> None:
    table = panel().with_columns(**change)
    with pytest.raises(UsageError, match=says):
        oaxaca(table, "group", **({"between": ("a", "b")} | asked))
