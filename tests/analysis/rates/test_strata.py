"""What is not defined stays so, in its own group alone; and codes and names that are asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from folkestrom.analysis.decomposition import kitagawa, oaxaca
from folkestrom.analysis.decomposition.design import design
from folkestrom.analysis.decomposition.oaxaca import _by_term
from folkestrom.analysis.rates import propensities, rates
from folkestrom.errors import InputRefused, UsageError, UserError

YEAR = 365_242.5
#: Of a thousand years in each stratum: 5 and 4 events; 3 and 2; 1.
CELLS = pl.DataFrame(
    {
        "group": ["a", "a", "b", "b", "c"],
        "age": ["young", "old", "young", "none", "none"],
        "events": [5, 4, 3, 2, 1],
        "days": [YEAR] * 5,
    }
)
STANDARD = pl.DataFrame(
    {"age": ["young", "old", "none"], "events": [10, 6, 0], "days": [2 * YEAR, 2 * YEAR, 0.0]}
)


def test_a_stratum_that_nobody_of_the_standard_is_in_counts_for_nobody() -> None:
    found = rates(CELLS, by="group", standardise_by="age", standard=STANDARD, method="indirect")
    a, b, c = found.data.iter_rows(named=True)
    # The standard: 5 and 3 per thousand, 4 in all. Expected of a: 8, observed 9.
    assert (a["expected"], a["ratio"], a["coverage"]) == pytest.approx((8, 9 / 8, 1))
    assert a["standardised"] == pytest.approx(4 * 9 / 8)
    # Of b half the exposure has a standard: 3 observed, 5 expected there.
    assert (b["expected"], b["ratio"], b["coverage"]) == pytest.approx((5, 3 / 5, 0.5))
    # Of c none: it has no expected events, and that is not the same as 0 of them.
    assert (c["expected"], c["ratio"], c["standardised"], c["coverage"]) == (None, None, None, 0)


def test_the_same_in_a_case_of_one_stratum() -> None:
    cells = pl.DataFrame({"age": ["young"], "events": [10], "days": [2 * YEAR]})
    standard = pl.DataFrame({"age": ["young", "old"], "events": [5, 0], "days": [YEAR, 0.0]})
    for method in ("indirect", "direct"):
        found = rates(cells, standardise_by="age", standard=standard, method=method).data  # type: ignore[arg-type]
        assert found["standardised"].to_list() == pytest.approx([5.0])


def test_a_standard_without_anybody_is_refused() -> None:
    nobody = STANDARD.with_columns(days=pl.lit(0.0))
    with pytest.raises(InputRefused, match="standard, column days: is 0 in every row"):
        rates(CELLS, by="group", standardise_by="age", standard=nobody, method="indirect")


def test_terms_have_no_part_of_what_cannot_be_divided() -> None:
    found = design(pl.DataFrame({"sex": ["f", "m"]}), ["sex"])
    assert _by_term(found, 0.0, np.zeros(2), constant=False) == [("sex", 0.0)]
    ((_, part),) = _by_term(found, 0.1, np.zeros(2), constant=False)
    assert np.isnan(part)


EPISODES = pl.DataFrame({"start": [0, 0], "stop": [365, 400], "event": ["abroad", None]})


def test_an_outcome_that_does_not_occur_is_refused() -> None:
    with pytest.raises(UsageError, match=r"(?s)'abraod' does not occur.*mean 'abroad'"):
        rates(EPISODES, "event", outcome="abraod")
    with pytest.raises(UsageError, match=r"(?s)'Abroad' does not occur.*mean 'abroad'"):
        rates(EPISODES, "event", outcome="Abroad")
    for wrong in ("", "Abroad"):
        with pytest.raises(InputRefused, match=r"empty text|is almost"):
            rates(EPISODES.with_columns(event=pl.Series([wrong, "abroad"])), "event",
                  outcome="abroad")  # fmt: skip


@pytest.mark.parametrize("kind", ["polars", "lazy", "arrow", "pandas"])
def test_an_outcome_that_is_declared_need_not_occur(kind: str) -> None:
    levels = ["abroad", "death"]
    table: Any = EPISODES.with_columns(pl.col("event").cast(pl.Enum(levels)))
    if kind == "lazy":
        table = table.lazy()
    if kind == "arrow":
        column = pa.DictionaryArray.from_arrays(pa.array([0, None]), pa.array(levels))
        table = pa.table({"start": [0, 0], "stop": [365, 400], "event": column})
    if kind == "pandas":
        table = pd.DataFrame(EPISODES.to_dict(as_series=False))
        table["event"] = pd.Categorical(table["event"], categories=levels)
    assert rates(table, "event", outcome="death").data["events"].to_list() == [0]


PANEL = pl.DataFrame(
    {"person": [1, 2, 3, 4], "sex": list("ffmm"), "left": [True, False, False, False]}
)


def test_the_value_that_counts_is_the_one_that_was_named() -> None:
    assert propensities(PANEL, outcome="left", value=True).data["events"].to_list() == [1]
    assert propensities(PANEL, outcome="left", value=False).data["events"].to_list() == [3]
    numbers = PANEL.with_columns(pl.col("left").cast(pl.Int8))
    assert propensities(numbers, outcome="left", value=0).data["events"].to_list() == [3]
    nobody = numbers.with_columns(left=pl.lit(0))
    assert propensities(nobody, outcome="left").data["events"].to_list() == [0]
    for table, value in ((numbers, 2), (PANEL, "yes"), (PANEL, 2)):
        with pytest.raises(UsageError, match="is no"):
            propensities(table, outcome="left", value=value)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (lambda: propensities(PANEL, "sex", outcome="left", standard={"sex": "f"}), "no effect"),
        (lambda: propensities(PANEL, outcome="left", standardise_by="sex", standard={"sex": "x"}),
         "'x' does not occur"),
        (lambda: propensities(PANEL, outcome="left", standardise_by="sex", standard={"sx": "f"}),
         "Did you mean 'sex'"),
        (lambda: rates(CELLS, by="group", method="indirect"), "no effect: nothing is standardised"),
        (lambda: rates(CELLS, by="group", outcome="x"), "no effect: the column 'events' holds no"),
        (lambda: rates(CELLS, by="group", standardise_by="age", standard={"grop": "a"}),
         "Did you mean 'group'"),
        (lambda: kitagawa(CELLS, "group", ("a", "B"), "age"), "Did you mean 'b'"),
        (lambda: kitagawa(CELLS, "group", ("a", "b"), "age", seed=2), "seed: '2' has no effect"),
        (lambda: kitagawa(CELLS.with_columns(pl.col("group").replace("b", "others")), "group",
                          ("a", "others"), "age"), "and of all or all other groups too"),
        (lambda: oaxaca(PANEL, "sex", ("f", "M"), "person", outcome="left"), "Did you mean 'm'"),
        (lambda: oaxaca(PANEL, "sex", ("f", "m"), "person", outcome="left", fold="threefold",
                        reference="first"), "reference: 'first' has no effect"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant(asked: Any, says: str) -> None:
    with pytest.raises(UserError, match=says):
        asked()


@pytest.mark.parametrize("name", ["rate", "events", "person_years", "coverage", "ratio_lower"])
def test_columns_of_rates_overwrite_no_group(name: str) -> None:
    table = CELLS.drop("age").rename({"group": "sex", "events": "left"}).rename({"sex": name})
    with pytest.raises(UsageError, match=f"'{name}' is the name of a column of the result"):
        rates(table, "left", by=name)


@pytest.mark.parametrize("name", ["propensity", "persons", "events", "design_effect"])
def test_columns_of_propensities_overwrite_no_group(name: str) -> None:
    with pytest.raises(UsageError, match=f"'{name}' is the name of a column of the result"):
        propensities(PANEL.rename({"sex": name}), name, outcome="left")


@pytest.mark.parametrize("name", ["y", "n", "g", "i", "cell", "share", "size", "weight"])
def test_names_of_the_sums_on_the_way_are_free(name: str) -> None:
    expected = propensities(PANEL, "sex", outcome="left").data
    found = propensities(PANEL.rename({"sex": name}), name, outcome="left").data
    assert found.rename({name: "sex"}).equals(expected)
    equal = propensities(PANEL, outcome="left", standardise_by="sex").data
    assert propensities(
        PANEL.rename({"sex": name}), outcome="left", standardise_by=name
    ).data.equals(equal)


@pytest.mark.parametrize("name", ["share_1", "rate_2", "composition", "events"])
def test_columns_of_decompositions_overwrite_no_factor(name: str) -> None:
    table = CELLS.rename({"events": "left"}).rename({"age": name})
    with pytest.raises(UsageError, match=f"'{name}' is the name of a column of the result"):
        kitagawa(table, "group", ("a", "b"), name, events="left")


BY_AGE = {"age": ["0", "1"], "events": [5, 20], "days": [365_242.5, 365_242.5]}
COUNTIES = {
    "county": [3, 3, 11, 11], "age": ["0", "1"] * 2, "events": [5, 1, 10, 4],
    "days": [365_242.5, 365_242.5, 730_485.0, 365_242.5],
}  # fmt: skip


@pytest.mark.parametrize("method", ["direct", "indirect"])
@pytest.mark.parametrize("form", [pl.DataFrame, pd.DataFrame, pl.LazyFrame, pa.table])
def test_a_standard_may_be_a_mapping_of_columns(method: Any, form: Any) -> None:
    found = [
        rates(COUNTIES, by="county", standardise_by="age", standard=standard, method=method).data
        for standard in (BY_AGE, form(BY_AGE))
    ]
    assert found[0].equals(found[1])


@pytest.mark.parametrize("bad", [float("nan"), -1.0, None])
def test_a_mapping_of_columns_is_checked_as_other_tables_are(bad: float | None) -> None:
    with pytest.raises(InputRefused, match="standard, row 2, column weight"):
        rates(
            COUNTIES, by="county", standardise_by="age",
            standard={"age": ["0", "1"], "weight": [1.0, bad]},
        )  # fmt: skip


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        ([0, 1, 1, 0], "1"), ([0, 1, 1, 0], 1), ([0.0, 1.0, 1.0, 0.0], "1"),
        ([False, True, True, False], "true"), (pd.Categorical(["0", "1", "1", "0"]), "1"),
    ],
)  # fmt: skip
def test_the_code_of_a_standard_of_any_type(codes: Any, said: Any) -> None:
    table = COUNTIES | {"sex": codes}
    found = rates(table, by="county", standardise_by="sex", standard={"sex": said})
    assert found.data["standardised"].to_list() == pytest.approx([1.0, 5.0])


def test_not_a_number_and_null_are_one_group_and_one_stratum() -> None:
    panel = pl.DataFrame({
        "person": [1, 2, 3, 4], "outcome": [1, 0, 1, 0], "half": [1, 1, 2, 2],
        "code": [1.0, float("nan"), 1.0, None],
    })  # fmt: skip
    assert propensities(panel, by="code").data["code"].to_list() == [1.0, None]
    assert propensities(panel.to_pandas(), by="code").data["code"].to_list() == [1.0, None]
    found = propensities(panel, by="half", standardise_by="code").data
    assert found["coverage"].to_list() == [1.0, 1.0]
    assert found["standardised"].to_list() == [0.5, 0.5]
