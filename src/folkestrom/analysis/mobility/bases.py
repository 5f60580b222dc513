"""Functions of numbers in a formula, evaluated by `formulaic`, which remembers their knots."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.mobility.formula import Expression
from folkestrom.analysis.mobility.tables import check_finite
from folkestrom.errors import UsageError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Basis:
    """A function of numbers as it was fitted to a table.

    Attributes
    ----------
    expression
        The function.
    labels
        Names of its columns.
    state
        What it remembers of the table: knots, bounds, means.
    spans
        For each column of the table that it takes the least and the greatest value seen.
    """

    expression: Expression
    labels: tuple[str, ...]
    state: Mapping[str, Any]
    spans: Mapping[str, tuple[float, float]]

    def values(self, numbers: Mapping[str, Array]) -> Array:
        """The function's columns for new numbers: a row each.

        Parameters
        ----------
        numbers
            Values of the columns of the table that it takes.
        """
        columns, _, _ = _evaluate(self.expression, numbers, dict(self.state), self.spans)
        return columns


def fit_basis(expression: Expression, numbers: Mapping[str, Array]) -> tuple[Basis, Array]:
    """Evaluate a function of numbers, and remember what it takes to do so again.

    Parameters
    ----------
    expression
        The function.
    numbers
        Values of the columns of the table that it takes.

    Examples
    --------
    >>> age = Expression("bs(age, df=4)", "bs(age, df=4)", {"age": "age"})
    >>> basis, values = fit_basis(age, {"age": np.arange(20.0, 61.0)})
    >>> basis.labels[0], values.shape
    ('bs(age, df=4)[1]', (41, 4))
    >>> bool(np.all(basis.values({"age": np.array([25.0])}) == values[5]))
    True
    """
    spans = {
        name: (float(numbers[name].min()), float(numbers[name].max()))
        for name in expression.variables.values()
    }
    columns, names, state = _evaluate(expression, numbers, None, spans)
    # Names of columns carry the function as it was evaluated, not as it was written.
    labels = [expression.label + name[name.rfind("[") :] for name in names]
    if len(names) == 1:
        labels = [expression.label]
    return Basis(expression, tuple(labels), state, spans), columns


def _evaluate(
    expression: Expression,
    numbers: Mapping[str, Array],
    state: dict[str, Any] | None,
    spans: Mapping[str, tuple[float, float]],
) -> tuple[Array, list[str], Mapping[str, Any]]:
    import pandas as pd
    from formulaic import Formula, ModelSpec
    from formulaic.errors import FormulaicError

    frame = pd.DataFrame(
        {name: numbers[column] for name, column in expression.variables.items()}, copy=False
    )
    spec = ModelSpec(
        formula=Formula(f"1 + {_inside(expression.code)}"), output="numpy", na_action="ignore",
        transform_state={} if state is None else state,
    )  # fmt: skip
    context = {name: getattr(np, name) for name in ("sqrt", "log1p", "abs", "minimum", "maximum")}
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = spec.get_model_matrix(frame, context=context)
    except (FormulaicError, ValueError, TypeError, ArithmeticError) as error:
        ranges = [f"{name} from {low:g} to {high:g}" for name, (low, high) in spans.items()]
        raise UsageError(
            f"cannot be computed: {error}", value=expression.label,
            allowed=f"what the fit has seen: {', '.join(ranges)}" if state else None,
            next_step='Splines take `extrapolation="extend"` to go further' if state else None,
        ) from error  # fmt: skip
    columns = np.asarray(made, dtype=np.float64)[:, 1:]
    check_finite(expression.label, columns)
    names = [str(name) for name in made.model_spec.column_names][1:]
    return columns, names, made.model_spec.transform_state


def _inside(code: str) -> str:
    """A sum or a comparison is one column only inside a function."""
    return code if code.endswith(")") and code.split("(", 1)[0].isidentifier() else f"I({code})"
