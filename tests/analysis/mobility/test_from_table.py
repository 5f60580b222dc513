"""Tables of any kind, groups, what is kept on disk, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from folkestrom.analysis.mobility import MobilityFit, MobilityGroups, mobility
from folkestrom.errors import InputRefused, UsageError, UserError
from tests.analysis.mobility.conftest import OUTCOMES, draw_table
from tests.analysis.mobility.results.test_marginal import NATIVE, PROFILE

TABLE = draw_table(150, 4, seed=2)


def fitted(data: Any, formula: str = "outcome ~ sex + place", **more: Any) -> Any:
    options = {"person": "id", "outcomes": OUTCOMES, "effects": "none"} | more
    return mobility(data, formula, **options)


def refused(call: Any, *words: str) -> UserError:
    with pytest.raises(UserError) as caught:
        call()
    for word in words:
        assert word in str(caught.value)
    return caught.value


def test_all_kinds_of_tables_are_read_alike() -> None:
    formula = "outcome ~ sex * immigrant + age"
    wanted = fitted(TABLE, formula)
    text = TABLE.with_columns(pl.col("sex").cast(pl.Categorical))
    for data in (
        TABLE.lazy(), TABLE.to_arrow(), TABLE.to_pandas(), TABLE.to_dict(as_series=False), text,
        TABLE.to_pandas().assign(sex=lambda d: d["sex"].astype("category")),
        TABLE.to_pandas().sample(frac=1, random_state=1),
    ):  # fmt: skip
        again = fitted(data, formula)
        assert again.names_ == wanted.names_
        assert np.allclose(again.theta, wanted.theta, atol=1e-8)
    refused(lambda: fitted([1, 2]), "is a list, not a table")


def test_levels_keep_the_order_that_the_table_gives_them() -> None:
    order = ["urban", "rural", "capital"]
    pandas = TABLE.to_pandas()
    pandas["place"] = pd.Categorical(pandas["place"], categories=order)
    arrow = TABLE.to_arrow()
    codes = TABLE["place"].replace_strict({p: k for k, p in enumerate(order)}, return_dtype=pl.Int8)
    held = pa.DictionaryArray.from_arrays(codes.to_arrow(), pa.array(order))
    arrow = arrow.set_column(arrow.column_names.index("place"), "place", held)
    for data in (TABLE.with_columns(pl.col("place").cast(pl.Enum(order))), pandas, arrow):
        fit = fitted(data)
        assert fit.design.categories["place"].names == tuple(order)
        assert "move: place[rural]" in fit.params_
        assert "move: place[urban]" not in fit.params_
    other = fitted(TABLE, "outcome ~ C(place, Treatment('urban'))")
    assert {"move: place[capital]", "move: place[rural]"} < set(other.params_)
    assert "move: C(year" not in str(fitted(TABLE, "outcome ~ C(year)").params_)
    assert "move: year[2012]" in fitted(TABLE, "outcome ~ C(year)").params_


def test_outcomes_are_named_or_have_an_order() -> None:
    wanted = fitted(TABLE)
    numbers = {o: k for k, o in enumerate(OUTCOMES)}
    codes = TABLE.with_columns(pl.col("outcome").replace_strict(numbers))
    ordered = TABLE.with_columns(pl.col("outcome").cast(pl.Enum(OUTCOMES)))
    assert np.array_equal(fitted(codes).theta, wanted.theta)
    assert fitted(ordered, outcomes=None).names_ == wanted.names_
    refused(lambda: fitted(TABLE, outcomes=None), "which outcome is the base", "abroad, move, stay")
    refused(lambda: fitted(TABLE, outcomes=("stay", "move")), "row", "outcome", "'abroad'")
    refused(lambda: fitted(TABLE, "age ~ sex", outcomes=None), "column age: has 50 levels",
            "2 to 4 outcomes", "left of ~")  # fmt: skip
    refused(lambda: fitted(codes, outcomes=("stay", "move")), "row", "'2'", "1 (move)")
    moved = TABLE.with_columns(outcome=pl.col("outcome") == "move")
    two = fitted(moved, outcomes=("stays", "moves"))
    unnamed = fitted(moved, outcomes=None)
    assert (two.outcomes, unnamed.outcomes) == (("stays", "moves"), ("false", "true"))
    assert np.array_equal(two.theta, unnamed.theta)


def test_time_orders_the_years_of_a_person() -> None:
    mixed = TABLE.sample(fraction=1.0, shuffle=True, seed=3)
    fit = fitted(mixed, effects="diagonal", time="year")
    sorted_fit = fitted(TABLE, effects="diagonal")
    assert np.array_equal(fit.observed.panel.rows.outcome, sorted_fit.observed.panel.rows.outcome)
    assert fit.log_likelihood_ == pytest.approx(sorted_fit.log_likelihood_)


def test_groups_apart_and_together() -> None:
    formula = "outcome ~ sex * immigrant + bs(age, df=4)"
    table = draw_table(400, 4, seed=3)
    groups = fitted(table, formula, by="immigrant", effects="diagonal")
    assert isinstance(groups, MobilityGroups)
    assert list(groups.apart) == ["immigrant=false", "immigrant=true"]
    assert groups.test is not None
    sizes = [fit.theta.size for fit in groups.apart.values()]
    assert groups.test.freedom == sum(sizes) - groups.together.theta.size
    gain = sum(f.log_likelihood_ for f in groups.apart.values()) - groups.together.log_likelihood_
    assert groups.test.statistic == pytest.approx(2 * gain)
    assert groups.test.statistic > 0
    # Splines have the knots of all rows, so that the models are nested.
    own = table.filter("immigrant")
    part = groups.apart["immigrant=true"]
    assert part.rows == own.height
    assert part.design is not None
    assert part.design.bases["bs(age, df=4)"].state == (
        groups.together.design.bases["bs(age, df=4)"].state  # type: ignore[union-attr]
    )
    assert part.marginal_effects()["rows"][0] == own.height
    assert "Groups alike" in groups.summary()
    # Everything may differ: without effects, this is the model with all interactions.
    apart = fitted(table, "outcome ~ sex + income", by=["immigrant"])
    whole = fitted(table, "outcome ~ immigrant * (sex + income)")
    total = sum(f.log_likelihood_ for f in apart.apart.values())
    assert total == pytest.approx(whole.log_likelihood_, abs=1e-6)
    test = whole.lr_test(apart.together)
    assert (apart.test.statistic, apart.test.freedom) == (
        pytest.approx(test.statistic, abs=1e-5), test.freedom,
    )  # fmt: skip


def test_groups_that_persons_change_have_no_test() -> None:
    groups = fitted(draw_table(400, 4), "outcome ~ sex", by="place", effects="diagonal")
    assert groups.test is None
    assert "persons change groups" in groups.note
    assert set(groups.aic_) == {"together", "apart"}
    refused(lambda: fitted(TABLE.filter("immigrant"), "outcome ~ sex", by="immigrant"), "one group")
    few = TABLE.with_columns(
        outcome=pl.when("immigrant", pl.col("outcome") == "abroad")
        .then(pl.lit("stay"))
        .otherwise("outcome")
    )
    refused(lambda: fitted(few, "outcome ~ sex", by="immigrant"), "immigrant=true", "abroad")


def test_what_is_saved_predicts_the_same(table: pl.DataFrame, tmp_path: Path) -> None:
    formula = (
        "outcome ~ sex * immigrant + C(place, Treatment('urban')) "
        "+ poly(age, 2):sex + sex * cr(income, df=3)"
    )
    for form in (formula, "outcome ~ sex + scale(age) + log(age):immigrant"):
        fit = fitted(table, form, collinear="drop")
        fit.save(tmp_path / "fit.json")
        again = MobilityFit.load(tmp_path / "fit.json")
        asked = fit.design.columns
        known = [{name: profile[name] for name in asked} for profile in (PROFILE, NATIVE)]
        for profiles in (known, table.head(50)):
            assert again.predict(profiles).equals(fit.predict(profiles))
        assert again.summary() == fit.summary()
        some = table.head(400)
        names = ["sex", "age"]
        assert again.marginal_effects(names, data=some).equals(
            fit.marginal_effects(names, data=some)
        )
        assert again.fit_by_cell(["year"], data=table).equals(fit.fit_by_cell(["year"]))
        for call in (again.marginal_effects, again.effects_of_persons):
            refused(call, "the fit has no rows", "`data`")


def test_effects_of_persons_after_loading(
    fit: MobilityFit, table: pl.DataFrame, tmp_path: Path
) -> None:
    fit.save(tmp_path / "fit.json")
    again = MobilityFit.load(tmp_path / "fit.json")
    assert again.effects_of_persons(data=table).equals(fit.effects_of_persons())
    panel = fit.rows_of(None).panel
    assert again.effects_of_persons(data=panel).equals(fit.effects_of_persons())
    refused(lambda: again.marginal_effects(data=panel), "the formula needs the table")
    bare = replace(fit, design=None)
    refused(lambda: bare.fit_by_cell(["sex"], data=table), "needs the panel")


def test_values_that_are_not_finite_are_named() -> None:
    for bad, said in ((np.nan, "nan"), (np.inf, "inf"), (None, "missing")):
        values = TABLE["income"].to_list()
        values[6] = bad
        spoilt = TABLE.with_columns(income=pl.Series(values, dtype=pl.Float64))
        for data in (spoilt, spoilt.to_arrow(), spoilt.to_pandas()):
            error = refused(lambda data=data: fitted(data, "outcome ~ income"), "row 7", "income")
            assert "Next: Leave the row out" in str(error)
            refused(lambda data=data: fitted(data, "outcome ~ bs(income, df=4)"), "row 7", said)
    gap = TABLE.with_columns(sex=pl.when(pl.int_range(pl.len()) != 8).then("sex"))
    refused(lambda: fitted(gap), "row 9, column sex", "is missing", "level of their own")
    refused(lambda: fitted(TABLE, "outcome ~ log(income)"), "row", "log(income)", "finite")
    nobody = TABLE.with_columns(id=pl.when(pl.int_range(pl.len()) != 3).then("id"))
    refused(lambda: fitted(nobody), "row 4, column id", "whose row is it")


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("outcome ~ sexx", ("'sexx'", "not a column", "Did you mean 'sex'?")),
        ("outcom ~ sex", ("'outcom'", "Did you mean 'outcome'?")),
        ("outcome ~ bss(age, df=4)", ("'bss'", "no function", "Did you mean 'bs'?")),
        ("outcome ~ C(place, Treatment('urbn'))", ("'urbn'", "Did you mean 'urban'?")),
        ("outcome ~ C(place, Sum)", ("'Sum'", "Treatment")),
        ("outcome ~ sex - 1", ("intercept", "Take out")),
        ("outcome ~ 0 + sex", ("intercept", "Take out")),
        ("~ sex", ("names no outcome",)),
        ("outcome ~ sex +", ("is no formula",)),
        ("outcome ~ sex | age", ("one list of terms",)),
        ("outcome ~ lag(age)", ("'lag'", "no function")),
        ("outcome ~ I(1 if age else 2)", ("may compute", "column of the table")),
        ("outcome ~ sex + id", ("column id", "is the person")),
        ("outcome ~ sex + outcome", ("is the outcome",)),
        ("sex ~ outcome", ("column outcome", "among what explains sex", '"outcome ~ sex"')),
        ("outcome ~ bs(sex, df=4)", ("is a category", "takes numbers")),
        ("outcome ~ bs(age, df=1)", ("cannot be computed", "df")),
        ("outcome ~ age + C(age)", ("number in one term and a category in another",)),
        ("outcome ~ place + C(place, Treatment('urban'))", ("two different levels",)),
    ],
)
def test_formulas_that_cannot_be(formula: str, words: tuple[str, ...]) -> None:
    error = refused(lambda: fitted(TABLE, formula), *words)
    assert isinstance(error, UsageError)


def test_one_outcome_only_and_too_many_levels() -> None:
    still = TABLE.with_columns(outcome=pl.lit("stay"))
    error = refused(lambda: fitted(still), "every row has the outcome stay")
    assert isinstance(error, InputRefused)
    many = pl.DataFrame({"id": np.arange(20_000), "unit": np.arange(20_000) % 10_000,
                         "outcome": np.arange(20_000) % 2})  # fmt: skip
    many = many.with_columns(unit=pl.col("unit").cast(pl.String))
    refused(lambda: fitted(many, "outcome ~ unit", outcomes=("a", "b")),
            "column unit", "has 10000 levels", "at most 5000", "Join levels")  # fmt: skip
    pairs = TABLE.with_columns(
        a=(pl.int_range(pl.len()) % 80).cast(pl.String),
        b=(pl.int_range(pl.len()) % 71).cast(pl.String),
    )
    refused(lambda: fitted(pairs, "outcome ~ a:b"), "5680 combinations")
    alone = TABLE.with_columns(a=pl.lit("x"))
    refused(lambda: fitted(alone, "outcome ~ a"), "column a: 'x' has one level only")


def test_profiles_and_new_data_that_cannot_be(fit: MobilityFit, table: pl.DataFrame) -> None:
    refused(lambda: fit.predict([PROFILE | {"incme": 1}]), "'incme'", "Did you mean 'income'?")
    refused(lambda: fit.predict([{"sex": "man"}]), "says nothing of")
    refused(lambda: fit.predict([PROFILE | {"sex": "other"}]), "is not a level")
    refused(lambda: fit.predict([PROFILE | {"age": "old"}]), "is not a number")
    refused(lambda: fit.predict([PROFILE | {"age": 95}]), "column age: '95'", "bs(age, df=4)",
            "age from 20 to 69", "Ask within the range", 'extrapolation="extend"')  # fmt: skip
    new = table.with_columns(place=pl.lit("island"))
    refused(lambda: fit.predict(new), "row 1, column place", "'island'")
    refused(lambda: fit.predict(PROFILE, intervals="exact"), "delta, simulated")  # type: ignore[arg-type]
    refused(lambda: fit.fit_by_cell([]), "no columns")
    refused(lambda: fit.fit_by_cell(["yaer"]), "Did you mean 'year'?")


@pytest.mark.parametrize(
    ("function", "allowed"),
    [
        ("bs(age, df=4, lower_bound=10, upper_bound=70)", "age from 10 to 70"),
        ("bs(`age`, df=4)", "age from 20 to 69"),
        ("cr(age, df=3, extrapolation='raise')", "age from 20 to 69"),
        ("cs(age, df=3, upper_bound=80, extrapolation='raise')", "age from 20 to 80"),
        ("bs(log(age), df=4)", "age from 20 to 69"),
    ],
)
def test_a_spline_names_column_value_and_range_of_what_it_cannot_take(
    function: str, allowed: str
) -> None:
    fit = fitted(TABLE, f"outcome ~ {function}")
    refused(lambda: fit.predict([{"age": 95}]), "column age: '95' is out of the range of",
            allowed, "fit again")  # fmt: skip


def test_bounds_of_a_formula_that_leave_rows_out_are_told_when_it_is_fitted() -> None:
    refused(lambda: fitted(TABLE, "outcome ~ bs(age, df=4, lower_bound=30)"), "column age: '",
            "age from 30 to 69, the formula's bounds", "widen the bounds")  # fmt: skip


def test_splines_that_go_on_take_any_value() -> None:
    for function in ("cr(age, df=3)", "bs(age, df=4, extrapolation='extend')"):
        found = fitted(TABLE, f"outcome ~ {function}").predict([{"age": 95}])
        assert found["chance"].is_between(0, 1).all()


def test_a_function_without_a_value_says_of_what() -> None:
    fit = fitted(TABLE, "outcome ~ log(age)")
    refused(lambda: fit.predict([{"age": 0}]), "row 1: 'log(age)' has no finite value",
            "age = 0", "log1p")  # fmt: skip


def test_slopes_of_levels_without_rows_are_left_out() -> None:
    held = TABLE.with_columns(
        place=pl.col("place").cast(pl.Enum(["rural", "urban", "capital", "x"]))
    )
    fit = fitted(held, "outcome ~ place * income")
    assert fit.design.absent == ("place[x]:income",)
    assert "move: place[urban]:income" in fit.params_
    refused(lambda: fit.predict([{"place": "x", "income": 1.0}]), "nothing is known of it")
    levels = fit.marginal_effects(["place"])["level"].unique().to_list()
    assert sorted(levels) == ["capital", "urban"]


def test_no_message_names_a_person() -> None:
    secret = TABLE.with_columns(id=pl.format("27182818{}", "id"))
    weight = secret.with_columns(w=pl.int_range(pl.len()).cast(pl.Float64) + 1)
    for call in (
        lambda: fitted(weight, weight="w"),
        lambda: fitted(secret, "outcome ~ C(id)", person="id", penalty=0.0),
        lambda: fitted(secret.with_columns(outcome=pl.lit("stay"))),
        lambda: fitted(secret).information_criteria("year"),
    ):
        assert "27182818" not in str(refused(call))


def test_a_table_without_rows() -> None:
    nothing = pl.DataFrame(schema={"id": pl.Int64, "outcome": pl.String, "sex": pl.String})
    with pytest.raises(InputRefused, match="has no rows"):
        mobility(nothing, "outcome ~ sex", person="id", outcomes=["stay", "abroad"])


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="cannot be read"):
        MobilityFit.load(tmp_path / "no-file.json")


def test_a_term_is_tested_by_its_name(fit: MobilityFit) -> None:
    assert fit.wald_test(["bs(age, df=4)"]).freedom == 8
    assert fit.wald_test(["sex:immigrant"]).freedom == 2
    assert fit.wald_test(["place"]).freedom == 4
    whole = fit.wald_test([f"{o}: bs(age, df=4)[{k}]" for o in OUTCOMES[1:] for k in range(1, 5)])
    assert fit.wald_test(["bs(age, df=4)"]).statistic == pytest.approx(whole.statistic)
