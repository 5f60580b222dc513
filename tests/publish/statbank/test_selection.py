"""Which cells a question asks for: expressions, lists, what is left out, what goes where."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkestrom.model.specification import Language
from folkestrom.publish.statbank.dataset import Addresses, Published, dataset
from folkestrom.publish.statbank.files import cells_of
from folkestrom.publish.statbank.problems import Problem
from folkestrom.publish.statbank.selection import Asked, chosen
from folkestrom.publish.tables.figures import SUPPRESSED, Figures, taken
from tests.publish.small_bank import OUT, definition, figures

TABLE = Published(definition(), figures(), OUT)
YEARS = [value.code for value in definition().time.values]
PERSONS = {"ContentsCode": ["Personer1"]}


def codes_of(variable: str, *codes: str) -> list[str]:
    found = chosen(definition(), Asked({"Tid": ["*"], **PERSONS, variable: codes}))
    return [v.code for one in found.shown if one.variable.id == variable for v in one.values]


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["TOP(2)"], YEARS[-2:]),
        (["top(2,1)"], YEARS[-3:-1]),
        (["BOTTOM(2)"], YEARS[:2]),
        (["FROM(2019)"], ["2019", "2020", "2021"]),
        (["TO(2001)"], ["2000", "2001"]),
        (["RANGE(2003,2001)"], ["2001", "2002", "2003"]),
        (["202?"], ["2020", "2021"]),
        (["*1"], ["2001", "2011", "2021"]),
        (["2021", "2000", "2021"], ["2000", "2021"]),
    ],
)
def test_expressions_over_time(codes: list[str], expected: list[str]) -> None:
    assert codes_of("Tid", *codes) == expected


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["TOP(2)"], ["0", "03"]),
        (["BOTTOM(1)"], ["1103"]),
        (["03*"], ["03", "0301"]),
        (["*"], ["0", "03", "11", "0301", "1103"]),
        (["*10*"], ["1103"]),
    ],
)
def test_expressions_over_places(codes: list[str], expected: list[str]) -> None:
    assert codes_of("Region", *codes) == expected


def test_a_code_is_itself_before_it_is_an_expression() -> None:
    assert codes_of("Alder", "105") == ["105"]
    with pytest.raises(Problem, match="no value of Alder"):
        codes_of("Alder", "106")


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        (Asked({"Regio": ["0"]}), "Non-existent variable"),
        (Asked({"Tid": ["1999"], **PERSONS}), "Non-existent value"),
        (Asked({"Tid": ["99*"], **PERSONS}), "Non-existent value"),
        (Asked({"Tid": ["RANGE(2000)"], **PERSONS}), "Illegal selection expression"),
        (Asked({"Tid": ["TOP(x)"], **PERSONS}), "Illegal selection expression"),
        (Asked({"Tid": ["2*0*1"], **PERSONS}), "Illegal selection expression"),
        (Asked({"Region": ["0"], **PERSONS}), "Missing selection for mandantory variable"),
        (Asked({"Tid": ["*"]}), "Missing selection for mandantory variable"),
        (Asked({"Tid": ["*"], "Alder": ["F01"], **PERSONS}, {"Alder": "agg_X"}),
         "Non-existent codelist"),
        (Asked({"Tid": ["*"], **PERSONS}, heading=["Tid", "Tid"]), "Illegal placment"),
        (Asked({"Tid": ["*"], **PERSONS}, heading=["Region"]), "Illegal placment"),
    ],
)  # fmt: skip
def test_problems_have_the_titles_that_clients_know(asked: Asked, title: str) -> None:
    with pytest.raises(Problem) as problem:
        chosen(definition(), asked)
    assert problem.value.title == title
    assert problem.value.detail.endswith((".", ":"))


def test_too_many_cells() -> None:
    everything = {name: ["*"] for name in ("Region", "Kjonn", "Alder", "Tid", "ContentsCode")}
    assert chosen(definition(), Asked(everything)).size == 5 * 2 * 106 * 22 * 2
    with pytest.raises(Problem, match="46,640 cells are asked for"):
        chosen(definition(), Asked(everything), 46_639)


def test_names_are_understood_in_any_capitals_and_time_by_its_other_names() -> None:
    found = chosen(definition(), Asked({"REGION": ["0"], "time": ["2020"], "contentscode": ["*"]}))
    assert [one.variable.id for one in found.shown] == ["Region", "Tid"]


def test_whoever_asks_for_nothing_gets_the_newest_times() -> None:
    found = chosen(definition(), Asked())
    assert found.size == 13
    assert (found.stub, found.heading) == ((), ("ContentsCode", "Tid"))


def test_placement_is_the_order_of_the_answer() -> None:
    asked = Asked({"Region": ["0", "03"], "Tid": ["TOP(2)"], **PERSONS}, stub=["Tid"])
    found = chosen(definition(), asked)
    assert (found.stub, found.heading) == (("Tid",), ("Region", "ContentsCode"))
    answer = dataset(TABLE, found, Language.EN, Addresses(""), figures=True)
    persons = TABLE.figures.values["Personer1"].sum(axis=(1, 2))
    assert answer["value"] == [persons[0, -2], persons[1, -2], persons[0, -1], persons[1, -1]]


SUBSETS = st.tuples(
    *(st.lists(st.sampled_from(range(n)), max_size=4, unique=True) for n in (5, 2, 106)),
    st.lists(st.sampled_from(range(22)), min_size=1, max_size=3, unique=True),
)


@given(SUBSETS, st.booleans())
def test_figures_are_those_of_the_places_added_up(
    asked: tuple[list[int], ...], decades: bool
) -> None:
    made = definition()
    values = {
        variable.id: [variable.values[n].code for n in places]
        for variable, places in zip(made.variables, asked, strict=True)
    }
    lists = {}
    of_age = [[n] for n in sorted(asked[2])] or [list(range(106))]
    if decades:
        values["Alder"], lists = ["*"], {"Alder": "TiAar"}
        of_age = [list(range(10 * n, 10 * n + 10)) for n in range(10)]
    found = chosen(made, Asked(values | PERSONS, lists))
    answer = dataset(TABLE, found, Language.NO, Addresses(""), figures=True)
    regions = sorted(asked[0]) or [0]
    sexes = [[n] for n in sorted(asked[1])] or [[0, 1]]
    persons, status = TABLE.figures.values["Personer1"], TABLE.figures.status
    assert status is not None
    expected = []
    for region in regions:
        for sex in sexes:
            for age in of_age:
                for year in sorted(asked[3]):
                    at = np.ix_([region], sex, age, [year])
                    hidden = (status[at] == SUPPRESSED).any()
                    expected.append(None if hidden else int(persons[at].sum()))
    assert answer["value"] == expected
    hidden = {str(n) for n, value in enumerate(expected) if value is None}
    assert set(answer.get("status", {})) == hidden
    rows = cells_of(TABLE, found, Language.NO).data["Personer1"].to_pylist()
    assert rows == expected


def test_shares_are_not_added_up() -> None:
    found = chosen(definition(), Asked({"Tid": ["2021"], "ContentsCode": ["*"]}))
    answer = dataset(TABLE, found, Language.EN, Addresses(""), figures=True)
    assert answer["value"][1] is None
    assert answer["status"] == {"1": ".."}
    assert ".. = Undefined, or not known" in answer["note"]


def test_sums_of_noisy_figures_are_stored_and_never_added_up() -> None:
    made = replace(definition(), additive=False)
    variable = made.variables[2]
    assert made.stored_shape[2] == len(variable.values) + 1 + len(variable.code_lists[0].groups)
    asked = Asked({"Alder": ["F01"], "Tid": ["2021"], "ContentsCode": ["Personer1"]},
                  {"Alder": "agg_TiAar"})  # fmt: skip
    along = chosen(made, asked).along
    assert along[2].axis.places.tolist() == [len(variable.values) + 2]
    assert not along[2].axis.adds
    # Left out: the sum of both sexes has its place after them.
    assert along[1].axis.places.tolist() == [2]
    shape = made.stored_shape
    stored = Figures({c.code: np.arange(np.prod(shape)).reshape(shape) for c in made.contents})
    stored.check(made)
    values, _ = taken(stored, [one.axis for one in along], "Personer1", adds=True)
    place = tuple(int(one.axis.places[0]) for one in along)
    assert values.ravel().tolist() == [stored.values["Personer1"][place]]
