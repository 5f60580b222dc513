"""Borders of areas from a file: GeoJSON or TopoJSON, in degrees or in metres.

The program carries none. Degrees are drawn in the transverse Mercator projection of zone 33
(UTM 33, EPSG:25833), as maps of all of Norway are; metres as they are.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from folkestrom.errors import InputRefused, UsageError

Floats: TypeAlias = npt.NDArray[np.float64]

WHERE_TO_GET: Final = (
    "Norwegian municipalities and counties by year are at geonorge.no (Kartverket, "
    "Administrative enheter) as GeoJSON; any GeoJSON or TopoJSON whose areas have the codes does"
)
_POLYGONS: Final = ("Polygon", "MultiPolygon")
#: WGS 84, which is within a metre of EUREF 89.
_RADIUS, _FLATTENING = 6_378_137.0, 1 / 298.257223563
_SCALE, _EAST, _MIDDLE = 0.9996, 500_000.0, 15.0


@dataclass(frozen=True, slots=True)
class Borders:
    """Rings of areas: x and y of each.

    Parameters
    ----------
    rings
        By code: outer and inner rings, each an array of points.
    """

    rings: Mapping[str, tuple[Floats, ...]]


def read_borders(path: Path, codes: Collection[str]) -> Borders:
    """The borders of areas, by whichever property of the file has their codes.

    Parameters
    ----------
    path
        GeoJSON or TopoJSON.
    codes
        Of the areas.

    Raises
    ------
    InputRefused
        A file that is neither, or none of whose properties has the codes.
    """
    try:
        told = json.loads(path.read_bytes())
        features = list(_features(told))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise _not_borders(path) from error
    if not features:
        raise _not_borders(path)
    key = _key(features, codes, path)
    found = [(_code(properties.get(key), codes), rings) for properties, rings in features]
    held = [(code, ring) for code, rings in found if code is not None for ring in rings]
    rings: dict[str, tuple[Floats, ...]] = {}
    for (code, _), ring in zip(held, _projected([ring for _, ring in held]), strict=True):
        rings[code] = (*rings.get(code, ()), ring)
    return Borders(rings)


def _not_borders(path: Path) -> InputRefused:
    return InputRefused(
        "has no areas as GeoJSON or TopoJSON have them", where=str(path), next_step=WHERE_TO_GET
    )


def _features(told: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], list[Floats]]]:
    """Properties and rings of each area."""
    if told["type"] == "Topology":
        arcs = [*_arcs(told)]
        found = [one for held in told["objects"].values() for one in held["geometries"]]
    else:
        arcs = []
        found = [f["geometry"] | {"properties": f["properties"]} for f in told["features"]]
    for one in found:
        if one["type"] not in _POLYGONS:
            continue
        parts = one["arcs"] if arcs else one["coordinates"]
        polygons = [parts] if one["type"] == "Polygon" else parts
        rings = [ring for polygon in polygons for ring in polygon]
        yield one.get("properties") or {}, [_ring(ring, arcs) for ring in rings]


def _ring(ring: Sequence[Any], arcs: Sequence[Floats]) -> Floats:
    if not arcs:
        return np.array([point[:2] for point in ring], np.float64)
    # An arc with a number below 0 is walked the other way; what it shares comes once.
    walked = [arcs[n] if n >= 0 else arcs[~n][::-1] for n in ring]
    return np.concatenate([walked[0], *(arc[1:] for arc in walked[1:])])


def _arcs(told: Mapping[str, Any]) -> Iterator[Floats]:
    """Arcs of TopoJSON: each point but the first as its distance from the one before."""
    move = told.get("transform")
    for arc in told["arcs"]:
        points = np.array([point[:2] for point in arc], np.float64)
        if move:
            points = points.cumsum(axis=0) * move["scale"] + move["translate"]
        yield points


def _key(
    features: Sequence[tuple[Mapping[str, Any], Any]], codes: Collection[str], path: Path
) -> str:
    """The property whose values are most of the codes."""
    names = dict.fromkeys(name for properties, _ in features for name in properties)
    hits = {
        name: len({_code(properties.get(name), codes) for properties, _ in features} - {None})
        for name in names
    }
    best = max(hits, key=lambda name: hits[name], default=None)
    if best is not None and hits[best]:
        return best
    raise InputRefused(
        "has no property with the codes of the result",
        where=str(path),
        value=", ".join(sorted(codes)[:5]),
        allowed="one whose values are codes such as these",
        next_step="Codes change with the borders: take those of the same year. " + WHERE_TO_GET,
    )


def _code(value: object, codes: Collection[str]) -> str | None:
    """A value of a property as a code: numbers have lost the zero before them."""
    text = str(value)
    if text in codes:
        return text
    padded = [code for code in (f"0{text}",) if code in codes and isinstance(value, int)]
    return padded[0] if padded else None


def _projected(rings: Sequence[Floats]) -> list[Floats]:
    """Degrees as metres of UTM 33; what is metres already, as it is."""
    points = np.concatenate(rings)
    if (np.abs(points) <= (180, 90)).all():
        points = utm33(points[:, 0], points[:, 1])
    return np.split(points, np.cumsum([len(ring) for ring in rings])[:-1])


def utm33(longitude: Floats, latitude: Floats) -> Floats:
    """Points in metres east and north: the series of Krüger (1912) to the third order.

    Parameters
    ----------
    longitude, latitude
        Degrees, in arrays of one shape.

    Examples
    --------
    >>> utm33(np.array([15.0]), np.array([60.0])).round().tolist()
    [[500000.0, 6651411.0]]
    """
    n = _FLATTENING / (2 - _FLATTENING)
    radius = _RADIUS / (1 + n) * (1 + n**2 / 4 + n**4 / 64)
    alpha = (
        n / 2 - 2 * n**2 / 3 + 5 * n**3 / 16,
        13 * n**2 / 48 - 3 * n**3 / 5,
        61 * n**3 / 240,
    )
    sine = np.sin(np.radians(latitude))
    e = 2 * np.sqrt(n) / (1 + n)
    t = np.sinh(np.arctanh(sine) - e * np.arctanh(e * sine))
    away = np.radians(longitude - _MIDDLE)
    xi, eta = np.arctan2(t, np.cos(away)), np.arctanh(np.sin(away) / np.sqrt(1 + t**2))
    east, north = eta.copy(), xi.copy()
    for j, a in enumerate(alpha, start=1):
        east += a * np.cos(2 * j * xi) * np.sinh(2 * j * eta)
        north += a * np.sin(2 * j * xi) * np.cosh(2 * j * eta)
    return np.stack([_EAST + _SCALE * radius * east, _SCALE * radius * north], axis=-1)


def no_borders() -> UsageError:
    """Why there is no map, and where borders are to be had."""
    return UsageError(
        "a map needs the borders of its areas, which the program does not carry",
        where="--boundaries",
        allowed="a file of GeoJSON or TopoJSON; counties of 2020 and of 2024 go without, as tiles",
        next_step=WHERE_TO_GET,
    )
