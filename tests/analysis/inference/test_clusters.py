"""Robust errors: the sandwich by hand, one cluster, few of them, and arguments without effect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from folkestrom.analysis.decomposition import oaxaca
from folkestrom.analysis.mobility import factor, fit_mobility, make_panel, mobility
from folkestrom.analysis.mobility import regression_table as printed
from folkestrom.analysis.mobility.model import MobilityFit
from folkestrom.analysis.rates import propensities
from folkestrom.analysis.regression import cox, fine_gray
from folkestrom.errors import InputRefused, UsageError

PERSONS, YEARS = 40, 4
PERSON = np.repeat(np.arange(PERSONS), YEARS)
PLACE = PERSON % 2
MOVED = (PERSON * 7 + np.arange(PERSONS * YEARS) * 5) % 11 < 2 + 2 * PLACE


def fit(cluster: Any, **more: Any) -> MobilityFit:
    terms = [factor("place", PLACE, levels=["rural", "urban"])]
    panel = make_panel(PERSON, MOVED, terms, outcomes=["stay", "move"])
    options = {"effects": "none", "standard_errors": "clustered", "cluster": cluster} | more
    return fit_mobility(panel, **options)


def test_the_sandwich_is_that_of_the_formula() -> None:
    cluster = np.arange(PERSONS) % 7
    found = fit(cluster)
    x = np.column_stack([np.ones(len(PLACE)), PLACE])
    chance = 1 / (1 + np.exp(-x @ found.theta))
    bread = np.linalg.inv((x * (chance * (1 - chance))[:, None]).T @ x)
    sums = np.zeros((7, 2))
    for who, row, y, p in zip(PERSON, x, MOVED, chance, strict=True):
        sums[cluster[who]] += row * (y - p)
    np.testing.assert_allclose(found.vcov, bread @ sums.T @ sums @ bread, rtol=1e-8)
    assert found.clusters == 7
    assert not found.notes


def test_one_cluster_is_refused() -> None:
    with pytest.raises(InputRefused, match="makes one cluster of all rows"):
        fit(np.zeros(PERSONS))
    with pytest.raises(InputRefused, match="makes one cluster"):
        fit(np.arange(PERSONS) % 5).information_criteria(
            np.zeros(PERSONS),
            data=make_panel(
                PERSON, MOVED, [factor("place", PLACE, levels=["rural", "urban"])],
                outcomes=["stay", "move"],
            ),
        )  # fmt: skip


def test_clusters_that_are_the_levels_say_nothing_of_their_coefficients() -> None:
    with pytest.raises(InputRefused, match=r"says nothing of the error .*place\[urban\]|intercept"):
        fit(np.arange(PERSONS) % 2)


def test_few_clusters_are_noted_everywhere(tmp_path: Path) -> None:
    kind = PERSON % 3
    terms = [
        factor("place", PLACE, levels=["rural", "urban"]),
        factor("kind", kind, levels=["a", "b", "c"]),
    ]
    panel = make_panel(PERSON, MOVED, terms, outcomes=["stay", "move"])
    cluster = np.arange(PERSONS) // 14
    found = fit_mobility(panel, effects="none", standard_errors="clustered", cluster=cluster)
    assert found.clusters == 3
    assert any("from 3 clusters, too few for 4 parameters" in note for note in found.notes)
    assert "3 clusters" in found.summary()
    assert "too few for 4 parameters" in found.summary()
    assert "clusters are too few for 4 parameters" in printed(found)
    assert "klyngene er for få for 4 parametre" in printed(found, lang="no")
    found.save(tmp_path / "fit.json")
    again = MobilityFit.load(tmp_path / "fit.json")
    assert (again.clusters, again.notes) == (found.clusters, found.notes)
    with pytest.raises(UsageError, match=r"(?s)too many to be tested together.*up to 2"):
        found.wald_test(["place", "kind"])


@pytest.mark.parametrize("errors", ["observed", "bhhh"])
def test_clusters_without_clustered_errors_have_no_effect(errors: str) -> None:
    with pytest.raises(UsageError, match=f"cluster: has no effect: standard errors are {errors}"):
        fit(np.arange(PERSONS) % 7, standard_errors=errors)
    with pytest.raises(UsageError, match="cluster: 'area' has no effect"):
        mobility({}, "y ~ x", person="id", cluster="area")


def test_draws_are_of_simulated_intervals() -> None:
    found = fit(None)
    for more in ({"seed": 3}, {"draws": 100}):
        with pytest.raises(UsageError, match="has no effect: intervals are delta"):
            found.predict({"place": "urban"}, **more)


ROWS = 60
HAZARDS = {
    "days": np.arange(ROWS) * 7 % 61 + 1,
    "event": np.arange(ROWS) % 2,
    "x": np.sin(np.arange(ROWS)),
    "z": np.cos(np.arange(ROWS) * 2.0),
    "one": [1] * ROWS,
    "two": np.arange(ROWS) // 30,
    "most": np.where(np.arange(ROWS) < 1, 2, 1),
    "weight": np.where(np.arange(ROWS) < 1, 0.0, 1.0),
}


def test_hazards_by_one_cluster_are_refused() -> None:
    asked: dict[str, Any] = {"stop": "days", "event": "event", "covariates": ["x", "z"]}
    with pytest.raises(InputRefused, match="makes one cluster"):
        cox(HAZARDS, cluster="one", **asked)
    with pytest.raises(InputRefused, match="makes one cluster"):
        fine_gray(HAZARDS, cluster="one", cause=1, **asked)
    # Rows without weight make no cluster.
    with pytest.raises(InputRefused, match="makes one cluster"):
        cox(HAZARDS, cluster="most", weight="weight", **asked)
    found = cox(HAZARDS, cluster="two", **asked)
    assert "from 2 clusters, too few for 2 parameters" in found.summary()
    with pytest.raises(UsageError, match="too many to be tested together"):
        found.wald_test()
    assert found.wald_test(["x"]).freedom == 1


def test_one_person_is_one_cluster() -> None:
    panel = pl.DataFrame({
        "person": [1] * 8, "group": ["a"] * 4 + ["b"] * 4, "sex": list("ffmfmmfm"),
        "outcome": [1, 0, 0, 1, 0, 1, 1, 0],
    })  # fmt: skip
    with pytest.raises(InputRefused, match="column person: makes one cluster"):
        oaxaca(panel, "group", ("a", "b"), "sex", model="linear")
    found = propensities(panel.with_columns(person=pl.Series([1] * 4 + [2, 3, 4, 5])), "group").data
    first, second = found.iter_rows(named=True)
    # How much the years of one person are worth cannot be told; those of the others can.
    assert (first["propensity"], first["propensity_lower"], first["se"]) == (0.5, None, None)
    assert first["design_effect"] is None
    assert second["propensity_lower"] > 0
