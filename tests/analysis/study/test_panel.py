"""Person-years of people whose lives are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest

from folkestrom.analysis.study import Groups, Panel, Study, Who
from folkestrom.app.office.api import Store
from folkestrom.errors import UsageError


def rows(store: Store, panel: Panel, **more: Any) -> dict[tuple[int, int], dict[str, Any]]:
    found = store.study(Study("Years", panel=panel, **more)).panel("arrow")
    listed = found.to_pylist()
    assert [(r["person"], r["year"]) for r in listed] == sorted(
        (r["person"], r["year"]) for r in listed
    )
    return {(r.pop("person"), r.pop("year")): r for r in listed}


def test_residents_of_1_january_and_what_the_year_came_to(people: Store) -> None:
    found = rows(people, Panel(2010, 2013))
    outcomes = {key: row["outcome"] for key, row in found.items()}
    assert outcomes == {
        (11, 2010): "stay", (11, 2011): "stay", (11, 2012): "another_municipality",
        (11, 2013): "stay", (12, 2010): "abroad",
        (13, 2010): "stay", (13, 2011): "stay", (13, 2012): "abroad",
        (14, 2010): "stay", (14, 2011): "stay", (14, 2012): "stay",  # dies in 2013
        (15, 2010): "stay", (15, 2011): "stay", (15, 2012): "stay", (15, 2013): "stay",
        (16, 2010): "stay", (16, 2011): "another_municipality", (16, 2012): "stay",
        (16, 2013): "stay",
        (17, 2010): "stay", (17, 2011): "stay", (17, 2012): "stay", (17, 2013): "stay",
    }  # fmt: skip


def test_outcomes_are_selectable_and_named(people: Store) -> None:
    chosen = {"home": "return", "elsewhere": "onward", "county": "move_of_county"}
    found = rows(people, Panel(2010, 2012, chosen, stay="nothing"))
    outcomes = {key: row["outcome"] for key, row in found.items()}
    assert outcomes[12, 2010] == "home"
    assert outcomes[13, 2012] == "elsewhere"
    assert outcomes[11, 2012] == "county"
    assert outcomes[16, 2011] == "county"
    assert outcomes[16, 2012] == "nothing"
    table = people.study(Study("x", panel=Panel(2010, 2012, chosen, stay="nothing"))).panel()
    dictionary = table["outcome"].chunk(0).dictionary.to_pylist()
    assert dictionary == ["nothing", "home", "elsewhere", "county"]


def test_who_leaves_where_leaving_is_no_outcome_is_left_out(people: Store) -> None:
    study = people.study(Study("x", panel=Panel(2010, 2010, ["another_municipality"])))
    assert 12 not in study.panel("polars")["person"].to_list()
    chart = study.flow_chart()
    assert [(s.dropped, s.rows) for s in chart.steps] == [(0, 7), (0, 7), (1, 6)]
    assert "left the country" in chart.steps[2].text


def test_variables_are_those_of_1_january(people: Store) -> None:
    names = (
        "sex age county municipality marital_status immigrant_category immigrant_group "
        "years_in_municipality years_since_immigration first_municipality immigration_reason "
        "children family destination income centrality"
    )
    found = rows(people, Panel(2010, 2016, variables=names.split()))
    assert found[11, 2012] == {
        "outcome": "another_municipality", "sex": "female", "age": 41, "county": "03",
        "municipality": "0301", "marital_status": "married",
        "immigrant_category": "parents_unknown",
        "immigrant_group": "native", "years_in_municipality": None,
        "years_since_immigration": None, "first_municipality": "0301",
        "immigration_reason": "unknown", "children": 1, "family": "couple_with_children",
        "destination": "1103", "income": 500, "centrality": "central",
    }  # fmt: skip
    assert found[11, 2013]["years_in_municipality"] == 0
    assert found[11, 2014]["years_in_municipality"] == 1
    assert found[11, 2013]["family"] == "couple_with_children"
    assert found[12, 2010]["destination"] == "PL"
    assert found[12, 2010]["years_since_immigration"] == 4
    assert found[12, 2010]["income"] == 100
    assert found[12, 2010]["immigration_reason"] == "work"
    assert found[12, 2016]["immigration_reason"] == "return"
    assert found[12, 2016]["years_since_immigration"] == 0
    assert found[12, 2016]["first_municipality"] == "0301"
    assert found[12, 2016]["immigrant_group"] == "eu8"
    assert found[16, 2011]["immigrant_group"] == "western"
    assert found[16, 2012]["centrality"] == "middle"
    assert found[14, 2012]["marital_status"] == "widowed"
    assert found[13, 2012]["income"] is None


def test_groups(people: Store) -> None:
    groups = {
        "ages": Groups("age", starts=(18, 25, 26, 67)),
        "part": Groups("county", codes={"oslo": ["03"], "west": ["11", "46"]}, other="rest"),
        "half": Groups("income", quantiles=2),
        "first": Groups("first_municipality", by="centrality"),
    }
    found = rows(people, Panel(2010, 2011, variables=list(groups)), groups=groups)
    assert found[15, 2010]["ages"] == "unknown"  # a child is in no group
    assert found[12, 2010] == {
        "outcome": "abroad", "ages": "18-24", "part": "oslo", "half": "1", "first": "central",
    }  # fmt: skip
    assert found[11, 2010]["ages"] == "26-66"
    # 100, 200, 300 and 500 among the residents of 2010; 200, 300 and 500 of 2011.
    assert [found[p, 2010]["half"] for p in (12, 13, 16, 11)] == ["1", "1", "2", "2"]
    assert [found[p, 2011]["half"] for p in (13, 16, 11)] == ["1", "1", "2"]
    assert found[14, 2010]["half"] == "unknown"
    assert found[14, 2010]["part"] == "west"
    assert found[13, 2010]["first"] == "middle"


def test_conditions_are_lines_of_the_flow_chart(people: Store) -> None:
    who = [
        Who("immigrant_category", in_=["immigrant"], because="immigrants"),
        Who("age", from_=18),
        Who("country_of_birth", not_in=["DE", "unknown"]),
    ]
    study = people.study(Study("Immigrants", panel=Panel(2010, 2013), who=who))
    chart = study.flow_chart()
    assert [(s.rows, s.persons, s.dropped) for s in chart.steps] == [
        (24, 7, 0), (16, 5, 8), (12, 4, 4), (8, 3, 4), (7, 3, 1),
    ]  # fmt: skip
    assert chart.outcomes == (("stay", 5), ("another_municipality", 0), ("abroad", 2))
    assert chart.rows == study.panel().num_rows
    text = str(chart)
    assert "not immigrants" in text
    assert "not age from 18" in text
    assert chart.to_svg().startswith("<svg")
    assert chart.table["rows"].to_pylist()[:5] == [24, 16, 12, 8, 7]


@pytest.mark.parametrize("wanted", [True, False])
def test_a_condition_on_what_is_unknown(people: Store, wanted: bool) -> None:
    panel = Panel(2010, 2011, variables=["immigration_reason"])
    whole = people.study(Study("All", panel=panel)).panel("polars")
    unknown = whole["immigration_reason"].cast(str) == "unknown"
    codes = {"in_" if wanted else "not_in": ["unknown"]}
    part = Study("Part", panel=panel, who=[Who("immigration_reason", **codes)])
    found = people.study(part).panel("polars")
    assert found.equals(whole.filter(unknown if wanted else ~unknown))
    assert 0 < found.height < whole.height


def test_known_on_a_day_and_as_published(people: Store) -> None:
    # The emigration of March 2010 was received on the 8th.
    for known, outcome in (("2010-03-08", "stay"), ("2010-03-09", "abroad")):
        found = rows(people, Panel(2010, 2010), known_at=known)
        assert found[12, 2010]["outcome"] == outcome
    found = rows(people, Panel(2010, 2012), known_at="published")
    assert found[12, 2010]["outcome"] == "abroad"


def test_streamed_in_parts_it_is_the_same(people: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from folkestrom.analysis.study import person_ranges

    study = people.study(Study("x", panel=Panel(2005, 2020, variables=["sex", "income", "family"])))
    whole, chart = study.panel(), study.flow_chart()
    monkeypatch.setattr(person_ranges, "_FEWEST", 20)
    monkeypatch.setattr(person_ranges, "_MOST", 20)
    with study.prepared() as prepared:
        assert len(person_ranges.person_ranges(prepared.connection, 16)) > 3
    reader = study.panel_batches()
    batches = list(reader)
    assert len(batches) > 3
    assert reader.schema == whole.schema
    assert whole.combine_chunks().equals(study.panel().combine_chunks())
    assert study.flow_chart() == chart


def test_as_data_frames(people: Store) -> None:
    study = people.study(Study("x", panel=Panel(2010, 2010, variables=["sex"])))
    assert study.panel("polars").height == study.panel("pandas").shape[0] == 7
    assert list(study.panel("pandas")["sex"].cat.categories) == ["male", "female", "unknown"]


@pytest.mark.parametrize(
    ("panel", "more", "says"),
    [
        (Panel(2010, 2011, variables=["incme"]), {}, "Did you mean 'income'"),
        (Panel(2010, 2011, variables=["wages"]), {}, "folkestrom link FILE --as wages"),
        (Panel(2010, 2030), {}, "later than what the log knows"),
        (Panel(1990, 2011), {}, "before the log begins"),
        (Panel(2010, 2011), {"known_at": "1999-01-01"}, "before anything was known"),
        (Panel(2010, 2011), {"who": [Who("county", in_=["99"])]}, "is not a code of county"),
        (Panel(2010, 2011), {"who": [Who("sex", in_=["femle"])]}, "Did you mean 'female'"),
        (Panel(2010, 2011), {"who": [Who("age", in_=["18"])]}, "from and below"),
        (Panel(2010, 2011), {"who": [Who("sex", from_=1)]}, "in or not_in"),
        (
            Panel(2010, 2011, variables=["x"]),
            {"groups": {"x": Groups("county", starts=(1,))}},
            "has codes and no numbers",
        ),
        (Panel(2010, 2011), {"groups": {"sex": Groups("age", starts=(1,))}}, "is a variable"),
        (
            Panel(2010, 2011),
            {"groups": {"x": Groups("age", quantiles=4)}},
            "is not a linked number",
        ),
        (
            Panel(2010, 2011),
            {"groups": {"x": Groups("municipality", by="income")}},
            "is not a linked variable of municipalities",
        ),
    ],
)
def test_what_cannot_be_meant_is_said(
    people: Store, panel: Panel, more: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        people.study(Study("x", panel=panel, **more)).panel()


def test_a_study_without_a_panel_says_so(people: Store) -> None:
    from folkestrom.analysis.study import Entry, Exit

    study = Study("x", entry=Entry("resident", on="2010-01-01"), exit=Exit("2011-01-01", "death"))
    with pytest.raises(UsageError, match="has no panel"):
        people.study(study).panel()
    with pytest.raises(UsageError, match="has no episodes"):
        people.study(Study("y", panel=Panel(2010, 2010))).episodes()


def test_polars_gets_levels_in_their_order_from_the_file_too(people: Store, tmp_path: Path) -> None:
    study = people.study(Study("x", panel=Panel(2010, 2011, variables=["sex"])))
    pq.write_table(study.panel(), tmp_path / "panel.parquet")
    for frame in (study.panel("polars"), pl.read_parquet(tmp_path / "panel.parquet")):
        assert frame.schema["outcome"] == pl.Enum(["stay", "another_municipality", "abroad"])
        assert isinstance(frame.schema["sex"], pl.Enum)


def test_a_knowledge_day_still_to_come_is_refused(people: Store) -> None:
    study = Study("x", known_at="2099-01-01", panel=Panel(2010, 2011))
    with pytest.raises(UsageError, match="still to come"):
        people.study(study)
