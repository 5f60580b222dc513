"""The projection against another formula for it: Snyder's (USGS Professional Paper 1395, 1987)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from folkestrom.pictures.borders import utm33


def snyder(longitude: float, latitude: float) -> tuple[float, float]:
    """Equations 8-9, 8-10 and 3-21: powers of the distance from the middle meridian."""
    a, f, k = 6_378_137.0, 1 / 298.257223563, 0.9996
    e2 = f * (2 - f)
    phi, dlam = math.radians(latitude), math.radians(longitude - 15)
    ep2 = e2 / (1 - e2)
    n = a / math.sqrt(1 - e2 * math.sin(phi) ** 2)
    t, c = math.tan(phi) ** 2, ep2 * math.cos(phi) ** 2
    x = math.cos(phi) * dlam
    m = a * (
        (1 - e2 / 4 - 3 * e2**2 / 64 - 5 * e2**3 / 256) * phi
        - (3 * e2 / 8 + 3 * e2**2 / 32 + 45 * e2**3 / 1024) * math.sin(2 * phi)
        + (15 * e2**2 / 256 + 45 * e2**3 / 1024) * math.sin(4 * phi)
        - 35 * e2**3 / 3072 * math.sin(6 * phi)
    )
    east = x + (1 - t + c) * x**3 / 6 + (5 - 18 * t + t**2 + 72 * c - 58 * ep2) * x**5 / 120
    far = (61 - 58 * t + t**2 + 600 * c - 330 * ep2) * x**6 / 720
    high = x**2 / 2 + (5 - t + 9 * c + 4 * c**2) * x**4 / 24 + far
    return 500_000 + k * n * east, k * (m + n * math.tan(phi) * high)


@pytest.mark.parametrize("longitude", [4.6, 10.75, 15.0, 18.95, 31.1])
@pytest.mark.parametrize("latitude", [57.9, 63.4, 71.2])
def test_points_of_norway_lie_where_another_formula_has_them(
    longitude: float, latitude: float
) -> None:
    """Within ten metres: its powers end where zone 33 is three zones wide."""
    (found,) = utm33(np.array([longitude]), np.array([latitude]))
    assert found == pytest.approx(snyder(longitude, latitude), abs=10)
