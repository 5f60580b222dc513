"""The chain ladder: to the digits of Mack and of England & Verrall, and what it refuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from folkestrom.errors import UsageError
from folkestrom.quality.delays.distribution import to_come
from folkestrom.quality.delays.mack import Tail, chain_ladder
from folkestrom.quality.delays.triangle import Triangle, triangle_of

#: Taylor & Ashe (1983), as in Mack (1993) and England & Verrall (2002): new claims by year.
TAYLOR_ASHE = """
357848 766940 610542 482940 527326 574398 146342 139950 227229 67948
352118 884021 933894 1183289 445745 320996 527804 266172 425046
290507 1001799 926219 1016654 750816 146923 495992 280405
310608 1108250 776189 1562400 272482 352053 206286
443160 693190 991983 769488 504851 470639
396132 937085 847498 805037 705960
440832 847631 1131398 1063269
359480 1061648 1443370
376686 986608
344014
"""


def taylor_ashe() -> Triangle:
    rows = [[float(n) for n in line.split()] for line in TAYLOR_ASHE.split("\n") if line]
    return triangle_of([np.append(np.cumsum(row), np.full(10 - len(row), np.nan)) for row in rows])


def read(reference: Path, name: str) -> tuple[Triangle, dict[str, Any]]:
    folder = reference.parent / "cases" / "quality"
    if not folder.exists():
        pytest.skip("the cases of quality are not there")
    with (folder / name).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    first = min(int(row["origin"]) for row in rows)
    size = max(int(row["origin"]) for row in rows) - first + 1
    table = np.full((size, size), np.nan)
    for row in rows:
        origin = int(row["origin"])
        table[origin - first, int(row["development"]) - origin] = float(row["values"])
    answers = json.loads((folder / "reporting_delay_answers.json").read_text("utf-8"))
    return Triangle(table), answers


def test_raa_to_the_digit(reference: Path) -> None:
    triangle, answers = read(reference, "raa.csv")
    expected = answers["RAA"]
    found = chain_ladder(triangle)
    assert found.factors[:-1].round(4).tolist() == expected["factors"]
    assert round(found.ultimate.sum(), 2) == expected["ultimate_total"]
    assert round(found.to_come.sum(), 2) == expected["ibnr_total"]
    assert round(found.total_se, 2) == expected["mack_se_total_sigma_mack"]
    log_linear = chain_ladder(triangle, last_sigma="log-linear")
    assert round(log_linear.total_se, 2) == expected["mack_se_total_sigma_loglinear"]


def test_mortgage_with_a_tail_as_mack_1999(reference: Path) -> None:
    triangle, answers = read(reference, "mortgage.csv")
    expected = answers["mortgage_tail_1.05"]
    found = chain_ladder(triangle, tail=Tail(1.05, 0.02, 71))
    assert np.allclose(found.factors, expected["f"], rtol=5e-4)
    assert np.abs(found.factor_se - expected["f_se"]).max() < 0.006
    assert np.allclose(found.sigma, expected["sigma"], rtol=5e-4)


def test_taylor_and_ashe_by_mack_and_by_the_over_dispersed_poisson() -> None:
    """Mack (1993) has 2 447 095; England & Verrall (2002) 18 680 856 and 2 945 659, 52 601."""
    found = chain_ladder(taylor_ashe())
    assert round(found.to_come.sum()) == 18_680_856
    assert round(found.total_se) == 2_447_095
    drawn = to_come(taylor_ashe(), 20_000)
    assert round(drawn.expected.sum()) == 18_680_856
    assert round(drawn.dispersion) == 52_601
    assert drawn.total.std() == pytest.approx(2_945_659, rel=0.04)


def test_one_origin_with_a_tail_has_the_variance_of_the_tail() -> None:
    found = chain_ladder(triangle_of([[100, 200], [300, 600]]), tail=Tail(1.1, 0.05, 2))
    assert found.ultimate.tolist() == pytest.approx([220, 660])
    assert found.total_se**2 == pytest.approx(800 * 4 + 800**2 * 0.05**2)


def test_sparse_triangles_have_draws_that_cover_what_comes() -> None:
    """Of 400 triangles of few counts, what comes lies within the 90 % as often as it should."""
    generator = np.random.default_rng(5)
    pattern = np.array([0.6, 0.25, 0.1, 0.05])
    within = []
    for trial in range(400):
        new = generator.poisson(6 * np.broadcast_to(pattern, (10, 4)))
        known = np.arange(4) < np.minimum(10 - np.arange(10), 4)[:, None]
        table = np.where(known, new.cumsum(axis=1), np.nan)
        drawn = to_come(Triangle(table), 400, trial).total
        low, high = np.quantile(drawn, [0.05, 0.95])
        within.append(low <= new[~known].sum() <= high)
    assert 0.86 <= np.mean(within) <= 0.97


def test_calendar_years_that_bring_more_widen_what_is_to_come() -> None:
    """Of triangles with such years, intervals hold what comes only if the years have factors."""
    generator = np.random.default_rng(6)
    pattern = np.array([0.8, 0.08, 0.05, 0.03, 0.02, 0.02])
    origin, development = np.indices((12, 6))
    known = origin + development < 12
    held: dict[bool, list[bool]] = {False: [], True: []}
    for trial in range(200):
        years = np.where(development > 0, generator.gamma(3, 1 / 3, 17)[origin + development], 1)
        new = generator.poisson(400 * pattern * years)
        triangle = Triangle(np.where(known, new.cumsum(axis=1), np.nan))
        for calendar, seen in held.items():
            drawn = to_come(triangle, 400, trial, calendar=calendar).total
            low, high = np.quantile(drawn, [0.05, 0.95])
            seen.append(low <= new[~known].sum() <= high)
    assert np.mean(held[False]) < 0.75
    assert 0.8 <= np.mean(held[True]) <= 0.97


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([[5], [6], [7]], "one diagonal"),
        ([[5, None], [6, None]], "one diagonal"),
        ([[5, None, 7], [6, None, None]], "gaps"),
        ([[5, None], [6, 7]], "known further than one before"),
        ([[-5, 7], [6, None]], "is not a count"),
        ([[0, 7], [6, None]], "grows from nothing in development 2"),
        ([5, 6], "is not a table"),
    ],
)
def test_what_is_no_triangle_is_refused(rows: list[Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        chain_ladder(triangle_of(rows))


def test_counts_that_fall_have_standard_errors_but_no_counts_to_draw() -> None:
    triangle = triangle_of([[10, 8], [20, 17], [40, None]])
    assert chain_ladder(triangle).to_come[-1] < 0
    with pytest.raises(UsageError, match="falls in development 2") as refused:
        to_come(triangle)
    assert "Mack" in str(refused.value)


def test_what_is_no_tail_or_rule_is_refused() -> None:
    with pytest.raises(UsageError, match="factor"):
        Tail(0.5, 0.1, 1)
    with pytest.raises(UsageError, match="rule"):
        chain_ladder(triangle_of([[1, 2], [3, None]]), last_sigma="other")  # type: ignore[arg-type]
