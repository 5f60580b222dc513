"""Doubled rows, effects that go together entirely, and integrals that settle slowly."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from folkestrom.analysis.mobility import fit_mobility, mobility
from folkestrom.analysis.mobility.estimation import warm_starts
from folkestrom.analysis.mobility.estimation.covariance import Covariance
from folkestrom.analysis.mobility.model import _boundary
from folkestrom.errors import InputRefused
from tests.analysis.mobility.panels import draw


def test_a_doubled_year_of_a_person_is_refused() -> None:
    table = pl.DataFrame(
        {"id": [1, 1, 2, 2, 1], "year": [2, 1, 1, 2, 2], "out": ["go", "stay", "stay", "go", "go"]}
    )
    with pytest.raises(InputRefused, match=r"(?s)year.*one row a person and time") as refused:
        mobility(table, "out ~ 1", person="id", time="year", outcomes=["stay", "go"])
    assert "row 5" in str(refused.value)
    kept = table.head(4).sort("id", "year")
    doubled = pl.concat([kept.head(1), kept])
    with pytest.raises(InputRefused, match="one row a person and time"):
        mobility(doubled, "out ~ 1", person="id", time="year", outcomes=["stay", "go"])


def test_effects_that_go_together_entirely_are_noted() -> None:
    panel = draw(20, 2).panel
    entire = _boundary(panel, Covariance("unstructured", 2), np.array([1.0, 0.8, 1e-6]))
    assert len(entire) == 1
    assert "municipality and abroad are perfectly correlated" in entire[0]
    assert _boundary(panel, Covariance("unstructured", 2), np.array([1.0, 0.8, 0.5])) == ()
    assert _boundary(panel, Covariance("none", 2), np.zeros(0)) == ()


def test_great_variances_settle_as_far_as_points_reach_and_say_so() -> None:
    panel = draw(300, 8, seed=3, root=np.array([[3.5, 0.0], [1.75, 2.8]])).panel
    found = fit_mobility(panel)
    assert found.converged_, found.message_
    assert found.order == 41
    assert any("the integral still moved a parameter by" in note for note in found.notes)
    # A tolerance that was asked for is met, or it is said that it was not.
    strict = fit_mobility(panel, tolerance=found.tolerance)
    assert not strict.converged_
    assert "the last rise of the order moved a parameter by" in strict.message_
    # Where points suffice there is nothing to say, nor without effects.
    for effects in ("unstructured", "none"):
        easy = fit_mobility(draw(400, 6, seed=3).panel, effects=effects)
        assert easy.converged_
        assert not any("the integral still moved" in note for note in easy.notes)


def test_great_variances_of_large_panels_are_judged_by_all_persons(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The stages of a large panel, whose part finds no order that suffices."""
    for name, value in {"SMALL": 2_000, "_SMALL_PART": 2}.items():
        monkeypatch.setattr(warm_starts, name, value)
    wide = draw(300, 8, seed=3, root=np.array([[7.0, 0.0], [3.0, 6.0]])).panel
    found = fit_mobility(wide, standard_errors="bhhh")
    assert found.order == 41
    assert found.converged_, found.message_
    assert (
        [note for note in found.notes if "points" in note]
        == [note for note in found.notes if "the integral still moved a parameter by" in note]
        != []
    )
    assert not fit_mobility(wide, standard_errors="bhhh", tolerance=0.01).converged_
    wider = draw(1_500, 8, seed=3, root=np.array([[12.0, 0.0], [3.0, 11.0]])).panel
    lost = fit_mobility(wider, standard_errors="bhhh")
    assert not lost.converged_
    assert "the integral has not settled at 41 points" in lost.message_
    assert not any("change nothing" in note for note in lost.notes)
    # Without effects there is no integral.
    assert not any("points" in note for note in fit_mobility(wide, effects="none").notes)


def test_a_climb_that_few_points_lead_astray_begins_anew_with_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two years, the second only of who stayed: few points rise with the variance for ever."""
    rng = np.random.default_rng(4)
    persons = 10_000
    inclined = rng.normal(size=persons) * 3.0
    chance = 1 / (1 + np.exp(7.0 - inclined))
    first, second = rng.random((2, persons)) < chance
    person = np.concatenate([np.arange(persons), np.arange(persons)[~first]])
    left = np.concatenate([first, second[~first]])
    order = np.argsort(person, kind="stable")
    table = pl.DataFrame({"person": person[order], "left": left[order]}).with_columns(
        left=pl.when("left").then(pl.lit("abroad")).otherwise(pl.lit("stay"))
    )
    fit = mobility(table, "left ~ 1", person="person", outcomes=["stay", "abroad"])
    assert fit.converged_, fit.message_
    assert abs(fit.params_["var(abroad)"] - 9.0) < 2 * fit.bse_["var(abroad)"]
    # Somewhere on the way a climb was given up, far above what the integral comes to.
    values = [float(line.split("log-likelihood ")[1].split(",")[0]) for line in fit.steps]
    assert max(values) > fit.log_likelihood_ + 20
    # The stages of a large panel, whose part is nearly all of it.
    for name, value in {"SMALL": 8_000, "_SMALL_PART": 1}.items():
        monkeypatch.setattr(warm_starts, name, value)
    staged = mobility(
        table, "left ~ 1", person="person", outcomes=["stay", "abroad"], tolerance=0.001
    )
    assert staged.converged_, staged.message_
    # The integral is not the same at 31 points as at 41, as the fit's note says.
    assert (np.abs(staged.theta - fit.theta) < 0.2 * np.sqrt(np.diag(fit.vcov))).all()
