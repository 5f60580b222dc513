"""Maps: borders by whichever property has the codes, classes, and what is said of the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import PathPatch

from folkestrom.errors import UsageError, UserError
from folkestrom.model.specification import Measure, Text, same
from folkestrom.pictures.borders import read_borders
from folkestrom.pictures.maps import SHADES, Classes, map_chart
from tests.pictures.results import COUNTY, PERSONS, ages, counties, rates, result

CODES = ("03", "11", "46")


def square(x: float, y: float, size: float = 1.0) -> list[list[float]]:
    corners = ((0, 0), (size, 0), (size, size), (0, size), (0, 0))
    return [[x + a, y + b] for a, b in corners]


def geojson(folder: Path, codes: Any = CODES, name: str = "fylkesnummer") -> Path:
    """Squares beside each other, in metres; the first has a hole, and an island."""
    shapes = [
        {"type": "MultiPolygon", "coordinates": [[square(0, 0), square(0.4, 0.4, 0.2)],
                                                 [square(0, 2000, 0.5)]]},
        {"type": "Polygon", "coordinates": [square(1000, 0)]},
        {"type": "Polygon", "coordinates": [square(2000, 0)]},
    ]  # fmt: skip
    features = [
        {"type": "Feature", "properties": {"navn": "?", name: code}, "geometry": shape}
        for code, shape in zip(codes, shapes, strict=False)
    ]
    features.append({"type": "Feature", "properties": {}, "geometry": {"type": "Point"}})
    file = folder / "borders.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return file


def test_codes_are_found_in_any_property(tmp_path: Path) -> None:
    found = read_borders(geojson(tmp_path), CODES)
    assert [len(found.rings[code]) for code in CODES] == [3, 1, 1]
    assert found.rings["11"][0].tolist() == square(1000, 0)


def test_numbers_that_lost_their_zero_are_codes_all_the_same(tmp_path: Path) -> None:
    assert set(read_borders(geojson(tmp_path, [3, 11, 46], "id"), CODES).rings) == set(CODES)


def test_topojson_has_the_same_borders(tmp_path: Path) -> None:
    """Two squares that share an arc, which one of them walks the other way."""
    topology = {
        "type": "Topology",
        "transform": {"scale": [1000, 1000], "translate": [200000, 0]},
        "arcs": [
            [[1, 0], [0, 1]], [[1, 1], [-1, 0], [0, -1], [1, 0]], [[1, 0], [1, 0], [0, 1], [-1, 0]],
        ],
        "objects": {
            "areas": {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "Polygon", "arcs": [[0, 1]], "properties": {"nr": "03"}},
                    {"type": "MultiPolygon", "arcs": [[[2, -1]]], "properties": {"nr": "11"}},
                ],
            }
        },
    }  # fmt: skip
    file = tmp_path / "borders.topojson"
    file.write_text(json.dumps(topology))
    found = read_borders(file, CODES)
    corners = {code: {tuple(p) for p in ring.tolist()} for code, (ring,) in found.rings.items()}
    assert corners["03"] == {(200e3, 0), (201e3, 0), (201e3, 1e3), (200e3, 1e3)}
    assert corners["11"] == {(201e3, 0), (202e3, 0), (202e3, 1e3), (201e3, 1e3)}
    assert all((ring[0] == ring[-1]).all() for (ring,) in found.rings.values())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "has no areas"),
        ("no json", "has no areas"),
        ('{"type": "FeatureCollection", "features": []}', r"has no areas[\s\S]*geonorge"),
        (None, r"no property with the codes[\s\S]*of the same year"),
    ],
)
def test_a_file_without_the_borders_says_what_was_looked_for(
    tmp_path: Path, text: str | None, said: str
) -> None:
    file = geojson(tmp_path, ["a", "b", "c"])
    if text is not None:
        file.write_text(text)
    with pytest.raises(UserError, match=said):
        map_chart(counties(), file)


def colours(cells: Any, borders: Path, **more: Any) -> set[str]:
    figure = map_chart(cells, borders, **more).figure
    patches = [p for p in figure.axes[0].get_children() if isinstance(p, PathPatch)]
    return {to_hex(patch.get_facecolor()) for patch in patches}


@pytest.mark.parametrize("classes", ["quantiles", "equal"])
def test_the_lightest_is_least_and_the_darkest_most(tmp_path: Path, classes: Classes) -> None:
    drawn = map_chart(counties(), geojson(tmp_path), classes=classes, count=2)
    (legend,) = drawn.figure.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == ["636–693", "479"]
    assert legend.get_title().get_text() == "Persons"
    assert colours(counties(), geojson(tmp_path), classes=classes, count=2) == {
        SHADES[0],
        SHADES[-1],
    }


@pytest.mark.parametrize(
    ("figures", "labels"),
    [([0.13, 0.18, 0.126], ["0.130–0.180", "0.126"]), ([0.1, 0.2, 0.3], ["0.20–0.30", "0.10"])],
)
def test_no_two_classes_meet_at_the_same_limit(figures: list[float], labels: list[str]) -> None:
    share = Measure("share", same("Share"), same("per cent"), decimals=2, empty=None)
    cells = result((COUNTY,), {"county": [*CODES], "share": figures}, (share,))
    (legend,) = map_chart(cells, count=2).figure.legends
    assert [text.get_text() for text in legend.get_texts()] == labels


def test_growth_is_drawn_in_per_cent_and_the_title_names_it() -> None:
    grown = Measure("growth", Text("Growth", "Vekst"), Text("persons", "personer"))
    columns = {"county": [*CODES], "persons": [100, 0, 400], "growth": [5, 1, -1]}
    cells = result((COUNTY,), columns, (PERSONS, grown), title=same("Changes. 2020"),
                   reference_time=same("2020"))  # fmt: skip
    drawn = map_chart(cells, measures=["growth"], per_cent_of="persons")
    assert drawn.title == "Changes: Growth. 2020"
    # Of nobody there is no percentage.
    tiles = [t.get_text() for t in drawn.figure.axes[0].texts]
    assert tiles == ["Oslo\n5.00", "Rogaland\n..", "Vestland\n-0.25"]
    (legend,) = drawn.figure.legends
    assert " ".join(legend.get_title().get_text().split()) == "Growth, per cent of persons"
    for measures, base, said in (
        (["growth"], "growht", "Did you mean 'growth'"),
        (["growth", "persons"], "persons", "one count"),
    ):
        with pytest.raises(UsageError, match=said):
            map_chart(cells, measures=measures, per_cent_of=base)


def test_what_must_not_be_shown_is_hatched_and_explained(tmp_path: Path) -> None:
    cells = result(
        (COUNTY,), {"county": [*CODES], "persons": [5, None, 9]}, suppressed=[False, True, False]
    )
    drawn = map_chart(cells, geojson(tmp_path))
    hatched = [
        p for p in drawn.figure.axes[0].get_children() if isinstance(p, PathPatch) and p.get_hatch()
    ]
    assert len(hatched) == 1
    (legend,) = drawn.figure.legends
    assert "Not shown" in legend.get_texts()[-1].get_text()
    tiles = map_chart(cells).figure.axes[0].texts
    assert [t.get_text() for t in tiles] == ["Oslo\n5", "Rogaland\n:", "Vestland\n9"]


def test_a_few_areas_without_borders_are_named_and_many_are_refused(tmp_path: Path) -> None:
    columns = {"county": ["03", "11", "46", "99"], "persons": [1, 2, 3, 4]}
    place = counties().specification.dimensions[0]
    cells = result((type(place)("county", place.label),), columns)
    drawn = map_chart(cells, geojson(tmp_path))
    assert "Without borders in the file: 99." in drawn.figure._supxlabel.get_text()  # type: ignore[attr-defined]
    with pytest.raises(UserError, match="lacks the borders of 2 of 4 areas"):
        map_chart(cells, geojson(tmp_path, CODES[:2]))
    with pytest.raises(UserError, match=r"does not carry[\s\S]*geonorge"):
        map_chart(cells)


@pytest.mark.parametrize("cells", [ages, rates])
def test_only_areas_alone_make_a_map(cells: Any) -> None:
    with pytest.raises(UserError, match="is not by areas alone"):
        map_chart(cells())
    with pytest.raises(UserError, match="is no number of classes"):
        map_chart(counties(), count=7)


def test_the_borders_of_2020_give_a_map_of_all_counties(reference: Path) -> None:
    file = reference / "municipalities" / "maps" / "2020" / "Fylker-small.json"
    codes = ["03", "11", "15", "18", "30", "34", "38", "42", "46", "50", "54"]
    found = read_borders(file, codes)
    assert sorted(found.rings) == codes
    points = np.concatenate([ring for rings in found.rings.values() for ring in rings])
    # From Lindesnes to Vardø, in metres of UTM 33.
    assert points.min(axis=0) == pytest.approx([-77_000, 6_450_000], abs=15_000)
    assert points.max(axis=0) == pytest.approx([1_115_000, 7_940_000], abs=15_000)


def test_what_is_by_no_areas_names_what_it_is_by() -> None:
    alone = result((COUNTY,), {"county": ["03"], "persons": [1]})
    with pytest.raises(UsageError, match="'County: Oslo' is not by areas alone"):
        map_chart(alone)
