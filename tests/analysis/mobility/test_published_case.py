"""The published multinomial logit with effects: Rodríguez's, by Stata, and converged."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from folkestrom.analysis.mobility import (
    MobilityFit,
    Panel,
    fit_mobility,
    interaction,
    make_panel,
    number,
)

OUTCOMES = ("street", "community", "independent")
EFFECTS = {
    "var(community)": "var(u1)",
    "var(independent)": "var(u2)",
    "cov(community,independent)": "cov(u1,u2)",
}


@pytest.fixture(scope="module")
def folder() -> Path:
    reference = os.environ.get("FOLKESTROM_REFERENCE")
    if not reference:
        pytest.skip("the published case: FOLKESTROM_REFERENCE is not set")
    path = Path(reference).parent / "cases" / "mobility_model"
    if not path.is_dir():
        pytest.skip("the published case does not lie beside FOLKESTROM_REFERENCE")
    return path


@pytest.fixture(scope="module")
def published(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "published.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def panel(folder: Path) -> Panel:
    rows = pd.read_stata(folder / "sdhouse.dta")
    section, time = number("sec8", rows["sec8"]), number("time", rows["time"])
    codes = rows["status"].astype(str).map({name: k for k, name in enumerate(OUTCOMES)})
    terms = [section, time, *interaction(section, time)]
    return make_panel(rows["id"], codes, terms, outcomes=OUTCOMES)


@pytest.fixture(scope="module")
def fit(panel: Panel) -> MobilityFit:
    return fit_mobility(panel)


def estimates(case: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Published estimates and standard errors under the program's names."""
    out = {}
    for outcome in OUTCOMES[1:]:
        for name, pair in case[outcome].items():
            mine = {"_cons": "(intercept)", "sec8#time": "sec8:time"}.get(name, name)
            out[f"{outcome}: {mine}"] = tuple(pair)
    return out | {mine: tuple(case[name]) for mine, name in EFFECTS.items() if name in case}


def last_digit(printed: float) -> float:
    """A unit of the last of the seven digits that were printed."""
    return 10.0 ** (math.floor(math.log10(abs(printed))) - 6)


def test_the_case_has_the_published_size(panel: Panel) -> None:
    assert (panel.size, panel.persons) == (1289, 361)


def test_without_effects_every_printed_digit_is_met(
    panel: Panel, published: dict[str, Any]
) -> None:
    fit = fit_mobility(panel, effects="none")
    case = published["mlogit_no_re"]
    assert fit.log_likelihood_ == pytest.approx(case["ll"], abs=0.005)
    for name, (value, error) in estimates(case).items():
        assert fit.params_[name] == pytest.approx(value, abs=last_digit(value)), name
        assert fit.bse_[name] == pytest.approx(error, abs=last_digit(error)), name


def test_converged_quadrature_is_met(fit: MobilityFit, published: dict[str, Any]) -> None:
    case = published["our_converged_quadrature"]
    assert fit.converged_
    assert fit.log_likelihood_ == pytest.approx(case["ll"], abs=1e-4)
    for name, (value, error) in estimates(case).items():
        assert fit.params_[name] == pytest.approx(value, abs=1e-4), name
        assert fit.bse_[name] == pytest.approx(error, abs=1e-4), name


def test_stata_is_met(fit: MobilityFit, panel: Panel, published: dict[str, Any]) -> None:
    case = published["xtmlogit_unstructured"]
    assert fit.log_likelihood_ == pytest.approx(case["ll"], abs=0.002)
    for name, (value, error) in estimates(case).items():
        assert fit.params_[name] == pytest.approx(value, rel=2.5e-3), name
        assert fit.bse_[name] == pytest.approx(error, rel=2.5e-3), name
    [(correlation, _)] = fit.correlations_.values()
    assert correlation == pytest.approx(case["corr"], rel=2.5e-3)
    test = fit.lr_test(fit_mobility(panel, effects="none"))
    assert (test.statistic, test.freedom) == (pytest.approx(case["lr_chi2_3"], abs=0.01), 3)
    assert "boundary" in test.note
    wald = fit.wald_test(["sec8", "time", "sec8:time"])
    assert (wald.statistic, wald.freedom) == (pytest.approx(case["wald_chi2_6"], abs=0.1), 6)


def test_the_simpler_structures_are_nested(fit: MobilityFit, panel: Panel) -> None:
    fits = {s: fit_mobility(panel, effects=s) for s in ("equal", "diagonal", "exchangeable")}
    assert all(f.converged_ for f in fits.values())
    for smaller, larger in (
        (fits["equal"], fits["diagonal"]),
        (fits["equal"], fits["exchangeable"]),
        (fits["diagonal"], fit),
        (fits["exchangeable"], fit),
    ):
        assert larger.lr_test(smaller).statistic > 0


def test_what_is_saved_is_what_is_read(fit: MobilityFit, tmp_path: Path) -> None:
    fit.save(tmp_path / "fit.json")
    again = MobilityFit.load(tmp_path / "fit.json")
    assert again.summary() == fit.summary()
    assert np.array_equal(again.vcov, fit.vcov)
    profile = {"sec8": 1, "time": 2}
    assert again.predict([profile]).equals(fit.predict([profile]))
