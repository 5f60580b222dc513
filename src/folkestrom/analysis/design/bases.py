"""Functions of numbers in a formula, evaluated by `formulaic`, which remembers their knots."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.design.formula import SPLINES, Expression
from folkestrom.analysis.design.tables import check_finite
from folkestrom.errors import InputRefused, UsageError

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


def fit_basis(
    expression: Expression,
    numbers: Mapping[str, Array],
    spans: Mapping[str, tuple[float, float]],
) -> Basis:
    """Evaluate a function of numbers, and remember what it takes to do so again.

    Parameters
    ----------
    expression
        The function.
    numbers
        Values of the columns of the table that it takes; of a function that does not depend on
        all of them, any values.
    spans
        Least and greatest value of each of the columns.

    Examples
    --------
    >>> age = Expression("bs(age, df=4)", "bs(age, df=4)", {"age": "age"})
    >>> basis = fit_basis(age, {"age": np.arange(20.0, 61.0)}, {"age": (20.0, 60.0)})
    >>> basis.labels[0], basis.values({"age": np.array([25.0, 40.0])}).shape
    ('bs(age, df=4)[1]', (2, 4))
    """
    _, names, state = _evaluate(expression, numbers, None, spans)
    # Names of columns carry the function as it was evaluated, not as it was written.
    labels = [expression.label + name[name.rfind("[") :] for name in names]
    if len(names) == 1:
        labels = [expression.label]
    return Basis(expression, tuple(labels), state, spans)


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
        raise _refusal(expression, numbers, spans, str(error), fitting=state is None) from error
    columns = np.asarray(made, dtype=np.float64)[:, 1:]
    if state is not None or expression.remembers:
        _check_values(expression, numbers, columns)
    names = [str(name) for name in made.model_spec.column_names][1:]
    return columns, names, made.model_spec.transform_state


def _refusal(
    expression: Expression,
    numbers: Mapping[str, Array],
    spans: Mapping[str, tuple[float, float]],
    told: str,
    *,
    fitting: bool,
) -> UsageError:
    """What is wrong, with the column, the value and the range if it is a value out of range."""
    bounds = _bounds(expression, spans) if "beyond" in told else {}
    for name, (low, high) in bounds.items():
        values = numbers[name]
        outside = values[(values < low) | (values > high)]
        if not outside.size:
            continue
        whose = "the formula's bounds" if fitting else "the range that the fit knows"
        instead = "Leave the row out or widen the bounds" if fitting else "Ask within the range"
        return UsageError(
            f"is out of the range of {expression.label}", column=name, value=f"{outside[0]:g}",
            allowed=f"{name} from {low:g} to {high:g}, {whose}",
            next_step=f'{instead}; or give the spline extrapolation="extend", to go on as its '
            'outermost piece does, or extrapolation="clip", to stay as at the bound, and fit again',
        )  # fmt: skip
    ranges = [f"{name} from {low:g} to {high:g}" for name, (low, high) in spans.items()]
    return UsageError(
        f"cannot be computed: {told}", value=expression.label,
        allowed=None if fitting else f"what the fit has seen: {', '.join(ranges)}",
    )  # fmt: skip


def _bounds(
    expression: Expression, spans: Mapping[str, tuple[float, float]]
) -> dict[str, tuple[float, float]]:
    """For each column the narrowest range that a spline of it takes."""
    found = dict(spans)
    for call in ast.walk(ast.parse(expression.code, mode="eval")):
        if not isinstance(call, ast.Call) or ast.unparse(call.func) not in SPLINES or not call.args:
            continue
        if not isinstance(call.args[0], ast.Name):
            continue
        name = expression.variables[call.args[0].id]
        given = {k.arg: k.value.value for k in call.keywords if isinstance(k.value, ast.Constant)}
        told = [given.get(bound) for bound in ("lower_bound", "upper_bound")]
        low, high = (
            float(b) if isinstance(b, (int, float)) else seen
            for b, seen in zip(told, found[name], strict=True)
        )
        found[name] = low, high
    return found


def _check_values(expression: Expression, numbers: Mapping[str, Array], columns: Array) -> None:
    """Refuse a function's value that is no finite number, saying of what it is the value."""
    for name in expression.variables.values():
        check_finite(name, numbers[name])
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(columns.sum()):
            return
    bad = np.flatnonzero(~np.isfinite(columns).all(axis=1))
    if bad.size:
        row = int(bad[0])
        of = [f"{name} = {numbers[name][row]:g}" for name in expression.variables.values()]
        raise InputRefused(
            f"has no finite value for {', '.join(of)}", row=row + 1, value=expression.label,
            next_step="Leave the row out, or take another function, such as log1p(x) where x is 0",
        )  # fmt: skip


def _inside(code: str) -> str:
    """A sum or a comparison is one column only inside a function."""
    return code if code.endswith(")") and code.split("(", 1)[0].isidentifier() else f"I({code})"
