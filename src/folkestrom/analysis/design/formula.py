"""Reads a formula: names, operators, categories and functions of numbers.

Operators are those of `formulaic`. Functions of numbers are evaluated by it; categories are not.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any

from folkestrom.errors import UsageError
from folkestrom.model.names import unknown

#: Functions of numbers that a formula may call; `lag` and `hashed` would mix persons or levels.
FUNCTIONS = (
    "bs", "cr", "cs", "cc", "poly", "log", "log10", "log2", "log1p", "sqrt", "exp", "I", "center",
    "scale", "standardize", "abs", "minimum", "maximum",
)  # fmt: skip
#: Bases that contain the constant, which the intercept has already.
_CENTRED = ("cr", "cs", "cc")
#: Functions with bounds: `bs` refuses what lies beyond, the others go on unless told otherwise.
SPLINES = ("bs", *_CENTRED)
#: Functions that depend on all values of a column: its quantiles, its mean.
_REMEMBERING = (*SPLINES, "poly", "center", "scale", "standardize")
_QUOTED = re.compile(r"`([^`]+)`")
_ALLOWED = (
    ast.Expression, ast.Call, ast.Name, ast.Load, ast.Constant, ast.BinOp, ast.UnaryOp, ast.Compare,
    ast.BoolOp, ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.keyword, ast.List, ast.Tuple,
)  # fmt: skip


@dataclass(frozen=True)
class Category:
    """A name that is to be read as a category: `C(name, Treatment("reference"))`.

    Attributes
    ----------
    name
        The column.
    reference
        The level to compare with; None: the first one.
    """

    name: str
    reference: str | None = None


@dataclass(frozen=True)
class Expression:
    """A function of numbers.

    Attributes
    ----------
    label
        As it was written.
    code
        As it is evaluated.
    variables
        Names in `code`, and the columns that they stand for.
    """

    label: str
    code: str
    variables: dict[str, str]

    @property
    def remembers(self) -> bool:
        """Whether its value in a row depends on the column's values in all rows."""
        names = [n.id for n in ast.walk(ast.parse(self.code)) if isinstance(n, ast.Name)]
        return any(name in _REMEMBERING for name in names)


#: A factor of a term: a column, a category, or a function of columns.
Piece = str | Category | Expression


@dataclass(frozen=True)
class Parsed:
    """A formula, read.

    Attributes
    ----------
    outcome
        The column on the left.
    terms
        For each term as written its label and pieces; the intercept is left out.
    """

    outcome: str
    terms: tuple[tuple[str, tuple[Piece, ...]], ...]

    @property
    def columns(self) -> list[str]:
        """Columns on the right, in their order."""
        named = [name for _, pieces in self.terms for piece in pieces for name in names_in(piece)]
        return list(dict.fromkeys(named))


def names_in(piece: Piece) -> list[str]:
    """Columns that a piece is made of.

    Parameters
    ----------
    piece
        A factor of a term.
    """
    if isinstance(piece, str):
        return [piece]
    if isinstance(piece, Category):
        return [piece.name]
    return list(piece.variables.values())


def parse(formula: str) -> Parsed:
    """Read a formula.

    Parameters
    ----------
    formula
        Such as "outcome ~ age_group + sex * immigrant + bs(age, df=4)".

    Examples
    --------
    >>> parsed = parse("outcome ~ sex * C(year, Treatment(2010)) + log(income)")
    >>> parsed.columns
    ['sex', 'year', 'income']
    >>> [label for label, _ in parsed.terms]
    ['sex', 'C(year, Treatment(2010))', 'log(income)', 'sex:C(year, Treatment(2010))']
    """
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    try:
        read = Formula(formula)
        left, right = _sides(read, formula)
    except (FormulaicError, SyntaxError) as error:
        told = re.sub(r"\x1b\[[0-9;]*m|[⧛⧚]|\[1;31m|\[0m", "", str(error)).split("\n")[0]
        raise UsageError(
            f"is no formula: {told.strip()}", value=formula,
            allowed='such as "outcome ~ age_group + sex * immigrant + bs(age, df=4)"',
        ) from error  # fmt: skip
    if not any(str(term) == "1" for term in right):
        raise UsageError(
            "leaves the intercept out", value=formula,
            next_step="Take out `0` or `-1`: each outcome keeps its own intercept, and levels "
            "are compared with their reference",
        )  # fmt: skip
    terms = [
        (str(t), tuple(_piece(factor) for factor in t.factors)) for t in right if str(t) != "1"
    ]
    return Parsed(left, tuple(terms))


def _sides(read: Any, formula: str) -> tuple[str, list[Any]]:
    left, right = getattr(read, "lhs", None), getattr(read, "rhs", None)
    if left is None or right is None or isinstance(right, tuple) or len(left) != 1:
        raise UsageError(
            "names no outcome" if left is None else "has not one outcome and one list of terms",
            value=formula, allowed="outcome ~ covariates",
        )  # fmt: skip
    [factor] = next(iter(left)).factors
    if factor.eval_method.value != "lookup":
        raise UsageError("is no column", value=factor.expr, allowed="a column left of ~")
    return factor.expr, list(right)


def _piece(factor: Any) -> Piece:
    if factor.eval_method.value == "lookup":
        return str(factor.expr)
    if factor.eval_method.value == "literal":
        raise UsageError("is a number, not a covariate", value=factor.expr)
    label = str(factor.expr)
    variables: dict[str, str] = {}

    def plain(found: re.Match[str]) -> str:
        name = f"quoted_{len(variables)}"
        variables[name] = found[1]
        return name

    tree = ast.parse(_QUOTED.sub(plain, label), mode="eval")
    call = tree.body
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "C":
        return _category(call, variables, label)
    called = _check_calls(tree, label)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and id(node) not in called:
            variables.setdefault(node.id, node.id)
    if not variables:
        raise UsageError("names no column", value=label)
    return Expression(label, ast.unparse(_rewrite(tree)), variables)


def _check_calls(tree: ast.Expression, label: str) -> set[int]:
    """Only known functions are called; returns the nodes that name them."""
    called = set()
    for node in ast.walk(tree):
        if not isinstance(node, _ALLOWED):
            raise UsageError(
                "is more than a formula may compute", value=label,
                next_step="Compute it as a column of the table",
            )  # fmt: skip
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
            if name not in FUNCTIONS:
                raise unknown(name, [*FUNCTIONS, "C"], "is no function of formulas")
            called.add(id(node.func))
    return called


class _Powers(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        return (
            ast.BinOp(node.left, ast.Pow(), node.right) if isinstance(node.op, ast.BitXor) else node
        )


def _rewrite(tree: ast.Expression) -> ast.AST:
    """^ is a power, as in R; bases that contain the constant are centred."""
    call = tree.body
    if (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in _CENTRED
        and not any(k.arg == "constraints" for k in call.keywords)
    ):
        call.keywords.append(ast.keyword("constraints", ast.Constant("center")))
    return ast.fix_missing_locations(_Powers().visit(tree))


def _category(call: ast.Call, variables: dict[str, str], label: str) -> Category:
    arguments = [*call.args, *[k.value for k in call.keywords if k.arg == "contrasts"]]
    named = [k.arg for k in call.keywords if k.arg != "contrasts"]
    if named or not 1 <= len(arguments) <= 2 or not isinstance(arguments[0], ast.Name):
        raise UsageError(
            "is no category of a column", value=label, allowed='C(name) or C(name, Treatment("x"))'
        )
    name = variables.get(arguments[0].id, arguments[0].id)
    if len(arguments) == 1:
        return Category(name)
    coding = arguments[1]
    if isinstance(coding, ast.Name) and coding.id == "Treatment":
        return Category(name)
    function = ast.unparse(coding.func) if isinstance(coding, ast.Call) else ast.unparse(coding)
    if not isinstance(coding, ast.Call) or function not in ("Treatment", "contr.treatment"):
        raise UsageError(
            "is no coding that coefficients can have", value=function,
            allowed='Treatment("level"): each level is compared with one',
        )  # fmt: skip
    given = [*coding.args, *[k.value for k in coding.keywords]]
    if len(given) > 1 or not all(isinstance(g, ast.Constant) for g in given):
        raise UsageError("names no level", value=ast.unparse(coding), allowed='Treatment("level")')
    [level] = [g.value for g in given if isinstance(g, ast.Constant)] or [None]
    if isinstance(level, bool):
        return Category(name, str(level).lower())
    return Category(name, None if level is None else str(level))
