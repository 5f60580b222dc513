"""Which chart a result gets, and that it shows the figures."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from folkestrom.analysis.figures import chart as chart_of
from folkestrom.app.cli.pictures import _two_days
from folkestrom.errors import ResourceError, UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.specification import Category, Dimension, Language, Measure, Text, same
from folkestrom.pictures import bars, lines
from folkestrom.pictures.charts import Chart, chart
from folkestrom.pictures.cube import cube_of
from folkestrom.pictures.maps import map_chart
from tests.pictures.results import (
    AGE,
    COUNTY,
    DATE,
    RATE,
    SEX,
    ages,
    counties,
    rates,
    result,
    series,
)

NO = Language.NO
DRAWN: dict[str, Callable[[], Chart]] = {
    "pyramid": lambda: chart(ages()),
    "two pyramids": lambda: chart(ages(), compare=ages(3, "2011-01-01")),
    "lines": lambda: chart(series()),
    "bars": lambda: chart(counties()),
    "points": lambda: chart(rates()),
    "tiles": lambda: map_chart(counties()),
}


def texts(drawn: Chart) -> set[str]:
    found = drawn.figure.findobj(lambda a: hasattr(a, "get_text"))
    return {text.get_text() for text in found if text.get_text()}  # type: ignore[attr-defined]


def names(drawn: Chart) -> list[str]:
    return [text.get_text() for text in drawn.figure.axes[0].get_yticklabels()]


def test_bars_are_as_long_as_figures_and_the_largest_comes_first() -> None:
    drawn = chart(counties())
    assert [bar.get_width() for bar in drawn.figure.axes[0].patches] == [693, 636, 479]  # type: ignore[attr-defined]
    assert names(drawn) == ["Oslo", "Vestland", "Rogaland"]
    assert "693" in texts(drawn)
    assert drawn.figure.axes[0].get_xlabel() == "Persons"


def test_ages_and_lists_keep_their_order() -> None:
    group = Dimension("age_group", same("Age"), labels=lambda code: same(f"{code} years"))
    grouped = result((group,), {"age_group": ["0-4", "5-9"], "persons": [1, 9]})
    assert names(chart(grouped)) == ["0-4 years", "5-9 years"]
    assert names(chart(counties(listing=True))) == ["Oslo", "Rogaland", "Vestland"]


def test_only_the_largest_have_room_and_that_is_said() -> None:
    many = bars.MOST_ROWS + 5
    place = Dimension("place", same("Place"))
    columns = {"place": [f"p{n:02}" for n in range(many)], "persons": list(range(many))}
    drawn = chart(result((place,), columns))
    assert len(names(drawn)) == bars.MOST_ROWS
    assert names(drawn)[0] == f"p{many - 1}"
    assert any("The 40 largest of 45." in text for text in texts(drawn))


@pytest.mark.parametrize("many", [1, 2, 3])
def test_few_bars_keep_their_height_below_long_titles_and_above_many_notes(many: int) -> None:
    note = same("A note that is longer than one line of the picture can hold. " * 3)
    dimension = Dimension("x", same("Country of citizenship"))
    codes = ["03", "11", "46"][:many]
    columns = {"x": [c for c in codes for _ in "ab"], "sex": ["male", "female"] * many}
    drawn = chart(
        result(
            (dimension, SEX), columns | {"persons": [*range(2 * many)]},
            title=same("Long title " * 15), footnotes=(note,) * 7,
        )
    ).figure  # fmt: skip
    with warnings.catch_warnings(action="error"):
        drawn.draw_without_rendering()
    box = drawn.axes[0].get_window_extent()
    assert box.height / drawn.dpi >= 0.3 * many
    title = drawn._suptitle.get_window_extent()  # type: ignore[attr-defined]
    assert not title.overlaps(box)
    assert not any(title.overlaps(legend.get_window_extent()) for legend in drawn.legends)


def test_points_have_the_ends_of_their_intervals_and_what_is_hidden_is_marked() -> None:
    drawn = chart(rates())
    (males, females) = drawn.figure.axes[0].containers
    (ends,) = males.lines[2]  # type: ignore[attr-defined]
    assert [segment[:, 0].tolist() for segment in ends.get_segments()] == [[11, 13], [3.5, 5]]
    assert np.isnan(females.lines[0].get_xdata()[1])  # type: ignore[attr-defined]
    assert names(drawn) == ["Oslo", "Rogaland  :"]
    assert any("Not shown, for confidentiality" in text for text in texts(drawn))


def test_a_pyramid_is_of_the_population_and_not_of_what_follows_it() -> None:
    people = Measure("population", same("Population"), same("persons"))
    births = Measure("births", same("Births"), same("births"))
    codes = {"sex": ["male", "male", "female", "female"], "age": ["0", "1"] * 2}
    cells = result((SEX, AGE), codes | {"population": [5, 6, 7, 8], "births": [4, 0, 3, 0]},
                   (people, births))  # fmt: skip
    axes = chart(cells).figure.axes[0]
    assert axes.get_xlabel() == "Population, persons"
    drawn = np.concatenate([side.get_data().values for side in axes.patches])
    assert {5, 6, 7, 8} <= set(np.abs(drawn))
    assert chart(cells, measures=("births",)).figure.axes[0].get_xlabel() == "Births"


def test_a_pyramid_has_both_sides_and_every_age() -> None:
    drawn = chart(ages())
    left, right = (patch.get_data() for patch in drawn.figure.axes[0].patches[:2])  # type: ignore[attr-defined]
    assert left.values.tolist() == [-1, -2, -3, -4]
    # No female of age 0 is there: nobody, and no gap.
    assert right.values.tolist() == [0, 2, 2, 2]
    assert left.edges.tolist() == [-0.5, 0.5, 1.5, 2.5, 3.5]
    assert {"Males", "Females", "Age", "Made by hand"} <= texts(drawn)


@pytest.mark.parametrize("narrow", [False, True])
def test_the_axis_of_a_pyramid_is_alike_on_both_sides_of_0(narrow: bool) -> None:
    for scale in (1, 7, 1234):
        ticks = chart(ages(scale)).bare(narrow=narrow).figure.axes[0].get_xticks()
        assert 0 in ticks
        assert 3 <= len(ticks) <= 7
        assert ticks == pytest.approx(-ticks[::-1])
        assert np.diff(ticks) == pytest.approx(np.diff(ticks)[0])


def test_what_a_pyramid_is_compared_with_is_an_outline() -> None:
    drawn = chart(ages(), NO, compare=ages(3, "2011-01-01"))
    filled, outline = drawn.figure.axes[0].patches[:2]
    assert not outline.get_fill()
    assert filled.get_fill()
    assert {"2011-01-01", "2021-01-01", "Menn", "Kvinner"} <= texts(drawn)
    assert drawn.title == "Laget for hånd. 2011-01-01 og 2021-01-01"


def test_two_days_of_a_pyramid_are_a_day_and_its_outline() -> None:
    days = ["2021-01-01", "2001-01-01"]
    assert _two_days(days, None) == ("2021-01-01", "2001-01-01")
    assert _two_days(days[:1], "2031-01-01") == ("2021-01-01", "2031-01-01")
    for given, compare in ((days, days[0]), ([*days, days[0]], None)):
        with pytest.raises(UsageError, match=r"--date: [\s\S]* is given too often"):
            _two_days(given, compare)


def test_two_days_in_one_table_are_bars_and_an_outline() -> None:
    columns = {
        "date": ["2011-01-01"] * 2 + ["2021-01-01"] * 2, "sex": ["male", "female"] * 2,
        "age": [1, 1, 1, 1], "persons": [1, 2, 3, 4],
    }  # fmt: skip
    columns = {name: [*v, *v] for name, v in columns.items()} | {"age": [1] * 4 + [2] * 4}
    drawn = chart(result((DATE, SEX, AGE), columns))
    assert [p.get_fill() for p in drawn.figure.axes[0].patches] == [True, False, True, False]


def test_a_pyramid_has_two_sides_whoever_there_is_and_says_who_is_left_out() -> None:
    unknown = replace(SEX, categories=(*SEX.categories, Category("unknown", same("Unknown"))))
    columns = {"sex": ["male", "unknown"], "age": [7, 7], "persons": [3, 2]}
    drawn = chart(result((unknown, AGE), columns))
    assert {"Males", "Females"} <= texts(drawn)
    assert any("2 of unknown sex or age are left out." in text for text in texts(drawn))


def test_areas_are_persons_where_groups_of_ages_are_not_as_wide() -> None:
    codes = ["0", "1-5", "6-15", "16+"]
    group = Dimension("age_group", same("Age"), tuple(Category(c, same(c)) for c in codes))
    columns = {"sex": ["male"] * 4 + ["female"] * 4, "age_group": codes * 2}
    persons = [3, 10, 40, 50, 2, 20, 30, 60]
    drawn = chart(result((SEX, group), columns | {"persons": persons}))
    made = [patch.get_data() for patch in drawn.figure.axes[0].patches[:2]]  # type: ignore[attr-defined]
    areas = [abs(one.values) * np.diff(one.edges) for one in made]
    assert np.concatenate(areas).tolist() == persons
    assert made[0].edges.tolist() == [0, 1, 6, 16, 26]
    assert drawn.figure.axes[0].get_xlabel() == "Persons per year of age"
    assert any("16+: drawn as 10 years." in text for text in texts(drawn))


def test_hidden_ages_are_hatched() -> None:
    cells = ages()
    data = cells.data.set_column(2, "persons", [[1, 2, 3, None, 2, 2, 2]])
    hidden = replace(cells, data=data, suppressed=_mask(7, 3))
    drawn = chart(hidden)
    assert sum(bool(patch.get_hatch()) for patch in drawn.figure.axes[0].patches) == 1
    assert any("Not shown" in text for text in texts(drawn))


def _mask(length: int, at: int) -> Any:
    import pyarrow as pa

    return pa.array([n == at for n in range(length)])


def test_days_are_lines_in_the_order_of_their_ends() -> None:
    drawn = chart(series())
    axes = drawn.figure.axes[0]
    assert [line.get_ydata().tolist() for line in axes.get_lines()] == [[10, 11, 12], [20, 21, 22]]  # type: ignore[union-attr]
    (legend,) = drawn.figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["Females", "Males"]
    assert axes.get_ylim()[0] == 0


def test_a_legend_of_numbers_says_what_they_are_of() -> None:
    delay = Dimension("delay", Text("Months after the period", "Måneder etter perioden"))
    columns = {"date": ["2019-01-01", "2020-01-01"] * 2, "delay": [1, 1, 12, 12]}
    cells = result((DATE, delay), columns | {"persons": [7, 8, 9, 8]})
    (legend,) = chart(cells, NO).figure.legends
    assert legend.get_title().get_text() == "Måneder etter perioden"
    assert {text.get_text() for text in legend.get_texts()} == {"1", "12"}


def test_days_near_each_other_are_not_named_over_each_other() -> None:
    days = ["2018-02-01", "2018-02-02T09:00", "2018-02-02T09:31", "2018-03-20", "2021-02-01"]
    drawn = chart(result((DATE,), {"date": days, "persons": [3, 4, 4, 5, 5]}))
    axes = drawn.figure.axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == [days[0], days[-1]]
    assert len(np.asarray(axes.get_lines()[0].get_xdata())) == len(days)
    assert all(mark == round(mark) for mark in axes.get_yticks())


def test_an_axis_that_does_not_begin_at_0_is_said() -> None:
    flat = result((DATE,), {"date": ["2020-01-01", "2021-01-01"], "persons": [1000, 1010]})
    assert any("The axis does not begin at 0." in text for text in texts(chart(flat)))


def test_one_category_stands_below_the_title_and_totals_are_left_out() -> None:
    total = Dimension("county", same("County"), total="T")
    columns = {"county": ["T", "03", "11"], "sex": ["male"] * 3, "persons": [30, 10, 20]}
    drawn = chart(result((total, SEX), columns))
    assert names(drawn) == ["03", "11"]
    assert drawn.figure.axes[0].get_title(loc="left") == "Sex: Males"


def test_measures_stand_side_by_side_when_they_are_counts() -> None:
    births, deaths = (
        Measure(n, same(n.title()), same(u))
        for n, u in (("births", "births"), ("deaths", "events"))
    )
    cells = result((), {"births": [5], "deaths": [3], "rate": [0.1]}, (births, deaths, RATE))
    drawn = chart(cells, measures=("births", "deaths"))
    assert names(drawn) == ["Births", "Deaths"]
    with pytest.raises(UsageError, match="have different units"):
        chart(cells, measures=("births", "rate"))
    with pytest.raises(
        UsageError, match=r"is no measure of the result[\s\S]*Did you mean 'births'"
    ):
        chart(cells, measures=("birth",))


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (lambda: result((), {"persons": [3]}), "has no dimension that varies"),
        (lambda: result((COUNTY,), {"county": ["03", "03"], "persons": [1, 2]}), "list of rows"),
        (
            lambda: result((COUNTY,), {"county": ["03", "11"], "rate": [None, None]}, (RATE,)),
            "has no figure",
        ),
        (
            lambda: result(
                (DATE, Dimension("place", same("Place"))),
                {
                    "date": [d for d in ("2020-01-01", "2021-01-01") for _ in range(20)],
                    "place": [str(n) for n in range(20)] * 2, "persons": [1] * 40,
                },
            ),
            f"too many lines[\\s\\S]*at most {lines.MOST}",
        ),
        (
            lambda: result(
                (COUNTY, SEX, Dimension("x", same("X"))),
                {
                    "county": ["03", "11"], "sex": ["male", "female"], "x": ["a", "b"],
                    "persons": [1, 2],
                },
            ),
            "too many dimensions",
        ),
    ],
)  # fmt: skip
def test_what_is_no_picture_says_why(cells: Callable[[], Cells], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        chart(cells())


def test_only_like_populations_are_compared() -> None:
    with pytest.raises(UsageError, match="cannot be compared"):
        chart(ages(), compare=counties())


@pytest.mark.parametrize("name", DRAWN)
def test_the_same_result_gives_the_same_file(name: str) -> None:
    first, second = (DRAWN[name]().file("svg") for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", DRAWN)
def test_a_drawing_says_what_it_is(name: str) -> None:
    drawn = DRAWN[name]()
    text = drawn.file("svg").decode()
    opening = re.search(r"<svg [^>]*>", text)
    assert opening is not None
    assert 'role="img"' in opening[0]
    assert 'lang="en"' in opening[0]
    titled, described = re.findall(r'(?:title|desc)-\w+(?=[ "])', opening[0])
    assert f'<title id="{titled}">{drawn.title}</title>' in text
    assert f'<desc id="{described}">' in text
    assert f">{drawn.title}</text>" in text
    assert "As known on 2021-02-01" in text


@pytest.mark.parametrize("name", DRAWN)
def test_a_legend_never_covers_data(name: str) -> None:
    figure = DRAWN[name]().figure
    figure.draw_without_rendering()
    for legend in figure.legends:
        assert not legend.get_window_extent().overlaps(figure.axes[0].get_window_extent())
    assert all(axes.get_legend() is None for axes in figure.axes)


@pytest.mark.parametrize("name", ["<b>&x</b>", "$x^2$", "_low", "\x1b[31m", "a\u202eb"])
def test_names_are_never_interpreted(name: str) -> None:
    place = Dimension("place", same("Place"), labels=lambda _: same(name))
    columns = {
        "place": ["a", "a", "b", "b"],
        "sex": ["male", "female"] * 2,
        "persons": [4, 3, 2, 1],
    }
    text = chart(result((SEX, place), columns, title=same(name))).file("svg").decode()
    assert "<b>" not in text
    assert not set("\x1b\u202e") & set(text)


def test_numbers_are_written_as_the_language_has_them() -> None:
    big = result((COUNTY,), {"county": ["03", "11"], "persons": [12345, 2]})
    assert "12\u202f345" in texts(chart(big, NO))
    assert "12\u202f345" in texts(chart(big))


def test_a_result_of_python_is_drawn_and_shows_itself(tmp_path: Path) -> None:
    figure = chart_of(counties().to("arrow"), tmp_path / "counties.svg", lang="no")
    assert figure._repr_svg_().startswith("<?xml")  # type: ignore[attr-defined]
    assert b">Oslo</text>" in (tmp_path / "counties.svg").read_bytes()
    assert chart_of(counties().to("polars")).axes[0].get_xlabel() == "Persons"
    assert chart_of(counties().to("pandas")).axes[0].get_xlabel() == "Persons"
    with pytest.raises(UsageError, match="does not say what its columns are"):
        chart_of(counties().to("polars").select("county", "persons"))  # type: ignore[union-attr]


def test_without_matplotlib_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ResourceError, match=r"folkestrom\[figures\]"):
        chart(counties())


def test_matplotlib_is_loaded_when_something_is_drawn() -> None:
    code = "import sys, folkestrom.pictures.maps; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_first_measure_with_an_interval_is_drawn() -> None:
    assert chart(rates()).figure.axes[0].get_xlabel() == "Rate, per 1 000"
    assert chart(rates(), measures=("persons",)).figure.axes[0].get_xlabel() == "Persons"


def test_of_a_table_that_begins_with_a_population_what_follows_is_drawn() -> None:
    people, moves = same("persons"), same("moves")
    measures = (
        Measure("population_start", same("Population"), people),
        Measure("births", same("Births"), same("events")), Measure("moves", same("Moves"), moves),
        Measure("population_end", same("Population"), people), RATE,
    )  # fmt: skip
    figures = {"population_start": [1, 2], "births": [3, 4], "moves": [5, 6]}
    figures |= {"population_end": [7, 8], "rate": [1, 2]}
    account = result((COUNTY,), {"county": ["03", "11"], **figures}, measures)
    (legend,) = chart(account).figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["Births", "Moves"]
    assert cube_of(account, Language.EN, alone=True).measure.id == "births"
    both = {"county": ["03", "03", "11", "11"], "sex": ["male", "female"] * 2}
    twice = result((COUNTY, SEX), both | {n: v * 2 for n, v in figures.items()}, measures)
    assert chart(twice).figure.axes[0].get_xlabel() == "Births, events"
