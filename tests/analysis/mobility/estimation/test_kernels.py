"""What the kernels are made of: functions written out, and what happens at the edge of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from folkestrom.analysis.mobility.estimation.covariance import Covariance
from folkestrom.analysis.mobility.estimation.kernels.elementary import exponential_of, logarithm_of
from folkestrom.analysis.mobility.estimation.likelihood import Likelihood
from folkestrom.analysis.mobility.estimation.quadrature import product_rule
from tests.analysis.mobility.panels import draw

ULP = np.finfo(float).eps


def test_exponentials_are_right_to_two_units_of_the_last_place() -> None:
    rng = np.random.default_rng(1)
    for x in [
        0.0,
        -0.0,
        1e-300,
        1.0,
        -1.0,
        *rng.uniform(-700, 700, 2_000),
        *rng.normal(size=2_000),
    ]:
        assert exponential_of(x) == pytest.approx(math.exp(x), rel=2 * ULP)
    assert exponential_of(-800.0) == exponential_of(-1e300) == exponential_of(-math.inf) == 0.0


def test_logarithms_are_right_to_two_units_of_the_last_place() -> None:
    rng = np.random.default_rng(2)
    near_one = 1 + rng.normal(0, 1e-3, 2_000)
    for x in [1.0, 2.0, 0.5, math.sqrt(2), 1e300, 5e-324, *np.exp(rng.uniform(-690, 690, 2_000))]:
        assert logarithm_of(x) == pytest.approx(math.log(x), rel=2 * ULP)
    for x in near_one:
        # Near one the logarithm is small: to so many units of what stands before it.
        assert logarithm_of(x) == pytest.approx(math.log(x), rel=4 * ULP, abs=ULP / 4)
    assert logarithm_of(0.0) == -math.inf
    assert logarithm_of(math.inf) == math.inf
    assert math.isnan(logarithm_of(math.nan))
    assert math.isnan(logarithm_of(-1.0))


@pytest.mark.parametrize("at", [0, -1])
def test_a_parameter_that_is_no_number_gives_no_likelihood(at: int) -> None:
    made = draw(50, 3, seed=1).panel
    free = np.array([p for p, held in enumerate(made.positions) if not held.reference])
    likelihood = Likelihood(made, Covariance("unstructured", 2), free)
    theta = np.full(likelihood.parameters, 0.1)
    theta[at] = math.nan
    value, gradient = likelihood.value_and_gradient(theta, product_rule(7, 2))
    assert not (np.isfinite(value) and np.all(np.isfinite(gradient)))
