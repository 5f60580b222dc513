"""English texts of errors, read from the source: what the catalogue has to have.

A text with inserted values is a template: `{name}` is a value, and `{name*}` words of the program,
templates themselves. Where an argument of an error is no literal, what it can be is looked for:
in assignments, in what functions return and are called with, in tables of the module. What has no
literal anywhere is data.

`python -m tests.app.cli.language.templates` prints what the catalogue lacks.
"""

from __future__ import annotations

import ast
import csv
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import folkestrom
from folkestrom.engine import failures
from tests.app.cli.language.pieces import (
    Template,
    assigned,
    choices,
    cut,
    filled,
    form,
    hole,
    is_phrase,
    joined,
    leaves,
    results,
    spelled,
    terms,
    text,
)  # fmt: skip

ROOT = Path(folkestrom.__file__).parent
CATALOGUE = ROOT / "app/cli/language/no.csv"

#: Classes of errors, and the name that stands for one of them where it is an argument.
ERRORS = {
    "UserError", "UsageError", "InputRefused", "StoreError", "ResourceError", "StaleTablesError",
    "error",
}  # fmt: skip
PARTS = {"message": "text", "allowed": "text", "next_step": "text", "where": "where"}

#: Attributes that hold data, whatever is assigned to others of their name.
DATA = set(
    """code codes end file first first_known groups id key known label last message name name_
    names outcome path person persons reason rows since size start title type value variable
    vintage""".split()
)
_SYSTEM = [os.strerror(number).lower() for number in (*failures._SHORTAGES, *failures._REFUSALS)]


@dataclass(eq=False)
class Place:
    """Where an expression stands: its module, and the function around it."""

    module: str
    function: Any = None
    cls: str | None = None
    around: Place | None = None


@dataclass
class Source:
    """The program's functions, constants, fields and calls by their names."""

    functions: dict[str, list[tuple[Any, Place]]] = field(default_factory=dict)
    constants: dict[str, list[tuple[ast.expr, Place]]] = field(default_factory=dict)
    attributes: dict[str, list[tuple[ast.expr, Place]]] = field(default_factory=dict)
    fields: dict[str, list[str]] = field(default_factory=dict)
    calls: dict[str, list[tuple[ast.Call, Place]]] = field(default_factory=dict)
    imports: dict[str, dict[str, str]] = field(default_factory=dict)
    known: dict[tuple[int, int], list[Template]] = field(default_factory=dict)

    def read(self, path: Path) -> None:
        names = path.relative_to(ROOT.parent).with_suffix("").parts
        module = ".".join(names).removesuffix(".__init__")
        self.imports[module] = {}
        self._walk(ast.parse(path.read_text(encoding="utf-8")), Place(module))

    def _walk(self, node: ast.AST, place: Place) -> None:
        for child in ast.iter_child_nodes(node):
            inner = place
            match child:
                case ast.FunctionDef(name=name):
                    inner = Place(place.module, child, place.cls, place)
                    self.functions.setdefault(name, []).append((child, inner))
                case ast.ClassDef(name=name, body=body):
                    inner = Place(place.module, place.function, name, place.around)
                    own = [s for s in body if isinstance(s, ast.AnnAssign)]
                    self.fields[name] = [ast.unparse(s.target) for s in own]
                case ast.ImportFrom(module=str() as module, names=names):
                    for one in names:
                        self.imports[place.module][one.asname or one.name] = module
                case (
                    ast.Assign(targets=[target], value=value)
                    | ast.AnnAssign(target=target, value=ast.expr() as value)
                ):
                    self._assigned(target, value, place)
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                    self.calls.setdefault(name, []).append((child, place))
                    if name == "partial":
                        made = ast.Call(child.args[0], child.args[1:], child.keywords)
                        self.calls.setdefault(ast.unparse(child.args[0]), []).append((made, place))
            self._walk(child, inner)

    def literals(self) -> set[str]:
        """The forms of all texts of the program, errors or not."""
        found = set()
        for path in ROOT.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.add(node.value)
                if isinstance(node, ast.JoinedStr):
                    parts = node.values
                    found.add(
                        "".join(
                            getattr(part, "value", "") if isinstance(part, ast.Constant) else "{}"
                            for part in parts
                        )
                    )
        return found

    def _assigned(self, target: ast.expr, value: ast.expr, place: Place) -> None:
        match target:
            case ast.Attribute(attr=name):
                self.attributes.setdefault(name, []).append((value, place))
            case ast.Name(id=name) if place.function is None:
                kept = self.constants if place.cls is None else self.attributes
                kept.setdefault(name, []).append((value, place))

    def what(self, expression: ast.expr | None, place: Place) -> list[Template]:
        """The templates that an expression can be; none if it is data."""
        if expression is None:
            return []
        if isinstance(expression, ast.NamedExpr):
            expression = expression.value
        key = id(expression), id(place.function or place.module)
        if key not in self.known:
            self.known[key] = []  # what leads back here adds nothing
            self.known[key] = list(dict.fromkeys(self._what(expression, place)))
        return self.known[key]

    def _what(self, expression: ast.expr, place: Place) -> Iterable[Template]:
        match expression:
            case ast.Constant(value=str() as value):
                return [(value,)] if value else []
            case ast.JoinedStr():
                return self._of_string(expression, place)
            case ast.IfExp(body=one, orelse=other):
                return [*self.what(one, place), *self.what(other, place)]
            case ast.BoolOp(op=op, values=values):
                values = values if isinstance(op, ast.Or) else values[-1:]
                return [found for value in values for found in self.what(value, place)]
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                either = [self.what(e, place) or [(hole(e),)] for e in (left, right)]
                return [joined(both) for both in product(*either)]
            case ast.Subscript(value=ast.Name() as value):
                return self._in_table(value, place) or self.what(value, place)
            case ast.Name(id=name):
                return self._of_name(name, place)
            case ast.Attribute(attr=name) if name not in DATA:
                return self._of_attribute(name)
            case ast.Call():
                return self._of_call(expression, place)
        return []

    def _of_string(self, string: ast.JoinedStr, place: Place) -> list[Template]:
        return [
            joined(both)
            for both in product(*(self._of_part(part, place) for part in string.values))
        ]

    def _of_part(self, part: ast.expr, place: Place) -> list[Template]:
        if not isinstance(part, ast.FormattedValue):
            return [(part.value,)]  # type: ignore[attr-defined]
        value, quoted = part.value, part.conversion != -1
        if part.format_spec:
            return [(hole(value),)]
        found = choices(value)
        if found is None and isinstance(value, ast.JoinedStr):
            found = self._of_string(value, place)
        if found is None and isinstance(value, ast.Name) and value.id.isupper():
            found = self.what(value, place)
            found = found if len(found) == 1 and len(found[0]) == 1 else None
        if found is not None:
            return [joined((("'",), one, ("'",))) if quoted else one for one in found]
        if isinstance(value, ast.IfExp):
            return [*self._branch(value.body, place), *self._branch(value.orelse, place)]
        return [(hole(value, () if quoted else self.what(value, place)),)]

    def _branch(self, branch: ast.expr, place: Place) -> list[Template]:
        if isinstance(branch, ast.Constant):
            return [(str(branch.value),)]
        if isinstance(branch, ast.IfExp):
            return [*self._branch(branch.body, place), *self._branch(branch.orelse, place)]
        if isinstance(branch, ast.JoinedStr):
            return self._of_string(branch, place)
        return [(hole(branch, self.what(branch, place)),)]

    def _in_table(self, table: ast.expr, place: Place) -> list[Template]:
        """All texts of a table of the module, such as a dictionary."""
        if not isinstance(table, ast.Name):
            return []
        return [
            found
            for value, where in self._constants(table.id, place)
            for leaf in leaves(value)
            for found in self.what(leaf, where)
        ]

    def _constants(self, name: str, place: Place) -> list[tuple[ast.expr, Place]]:
        return [one for one in self.constants.get(name, []) if self._is_meant(name, place, one[1])]

    def _is_meant(self, name: str, place: Place, there: Place) -> bool:
        """Whether a name in one module means what another module has under it."""
        source = self.imports[place.module].get(name, place.module)
        return f"{there.module}.".startswith(f"{source}.")

    def _of_name(self, name: str, place: Place) -> list[Template]:
        around: Place | None = place
        while around is not None and around.function is not None:
            nodes = ast.walk(around.function)
            values = [pair for node in nodes for pair in assigned(node, name)]
            given = around.function.args
            if values or name in [a.arg for a in (*given.args, *given.kwonlyargs)]:
                found = [t for value, part in values for t in self._at(value, part, around)]
                return [*found, *self._of_argument(name, around)]
            around = around.around
        return [t for value, there in self._constants(name, place) for t in self.what(value, there)]

    def _at(self, value: ast.expr, part: int | None, place: Place) -> list[Template]:
        """What one of the names on the left is given; all of it without a number."""
        if part is None:
            return self.what(value, place)
        match value:
            case ast.Tuple(elts=elements) if part < len(elements):
                return self.what(elements[part], place)
            case ast.IfExp(body=one, orelse=other):
                return [*self._at(one, part, place), *self._at(other, part, place)]
            case ast.Call(func=ast.Attribute(value=whole, attr="partition"), args=[mark]):
                pieces = [cut(t, mark.value) for t in self.what(whole, place)]  # type: ignore[attr-defined]
                return [piece[part] for piece in pieces if piece[part]]
            case ast.Call(func=ast.Name(id=name)):
                return [
                    found
                    for function, there in self.functions.get(name, [])
                    for returned in results(function)
                    for found in self._at(returned, part, there)
                ]
            case ast.Subscript(value=table):
                return self._in_table(table, place)
        return []

    def _of_argument(self, name: str, place: Place) -> list[Template]:
        given = place.function.args
        names = [a.arg for a in given.args]
        defaults = dict(zip(reversed(names), reversed(given.defaults), strict=False))
        defaults |= dict(zip((a.arg for a in given.kwonlyargs), given.kw_defaults, strict=True))
        found = [*self.what(defaults.get(name), Place(place.module))]
        first = 1 if names[:1] in (["self"], ["cls"]) else 0
        for call, there in self._callers(place):
            values = [k.value for k in call.keywords if k.arg == name]
            number = names.index(name) - first if name in names else -1
            plain = call.args[: number + 1]
            if 0 <= number < len(plain) and not any(isinstance(a, ast.Starred) for a in plain):
                values.append(plain[number])
            found += [t for value in values for t in self.what(value, there)]
        return found

    def _callers(self, place: Place) -> Iterator[tuple[ast.Call, Place]]:
        function, cls = place.function, place.cls
        name = cls if function.name == "__init__" else function.name
        for call, there in self.calls.get(name or "", []):
            match call.func:
                case ast.Name() if self._is_meant(str(name), there, place):
                    yield call, there
                case ast.Attribute() if cls and function.name != "__init__":
                    yield call, there
                case ast.Attribute(value=ast.Name(id=module)):
                    source = self.imports[there.module].get(module)
                    if f"{source}.{module}" == place.module:
                        yield call, there

    def _of_attribute(self, name: str) -> list[Template]:
        found = [
            t for value, there in self.attributes.get(name, []) for t in self.what(value, there)
        ]
        for cls, fields in self.fields.items():
            for call, there in self.calls.get(cls, []) if name in fields else []:
                values = [k.value for k in call.keywords if k.arg == name]
                values += call.args[fields.index(name) :][:1]
                found += [t for value in values for t in self.what(value, there)]
        for function, there in self.functions.get(name, []):
            if any("property" in ast.unparse(one) for one in function.decorator_list):
                found += self._results(function, there)
        return found

    def _results(self, function: Any, place: Place) -> list[Template]:
        return [t for returned in results(function) for t in self.what(returned, place)]

    def _of_call(self, call: ast.Call, place: Place) -> list[Template]:
        match call:
            case ast.Call(func=ast.Name(id="str" | "repr" | "len" | "place" | "option")):
                return []
            case ast.Call(func=ast.Attribute(attr="strerror")):
                return [(one,) for one in _SYSTEM]
            case ast.Call(func=ast.Attribute(value=whole, attr="format")):
                return [filled(found) for found in self.what(whole, place)]
            case ast.Call(func=ast.Attribute(value=whole, attr="lower" | "strip" | "capitalize")):
                return self.what(whole, place)
            case ast.Call(func=ast.Attribute(attr="join"), args=[parts]):
                return self._of_join(parts, place)
            case ast.Call(func=ast.Attribute(value=table, attr="get"), args=[_, *otherwise]):
                default = [t for one in otherwise for t in self.what(one, place)]
                return [*self._in_table(table, place), *default]
            case ast.Call(func=ast.Name(id=name)):
                there = self.functions.get(name, [])
                there = [one for one in there if self._is_meant(name, place, one[1])]
            case ast.Call(func=ast.Attribute(attr=name)):
                there = self.functions.get(name, [])
            case _:
                return []
        # A name that many functions have says nothing of which is called.
        return [t for one in there if len(there) < 7 for t in self._results(*one)]

    def _of_join(self, parts: ast.expr, place: Place) -> list[Template]:
        match parts:
            case ast.GeneratorExp(elt=each) | ast.ListComp(elt=each):
                return self.what(each, place)
            case ast.Call(func=ast.Name(id="filter"), args=[_, ast.Tuple(elts=[one, other])]):
                first, second = self.what(one, place), self.what(other, place)
                both = [joined((t, (" ",), (hole(other, second),))) for t in first if second]
                return [*first, *second, *both]
        return []

    def collected(self) -> dict[tuple[str, str], tuple[str, str]]:
        """By part and form: the template, and a place that it comes from."""
        found: dict[tuple[str, str], tuple[str, str]] = {}
        for name in ERRORS:
            for call, place in self.calls.get(name, []):
                if name == "error" and not any(k.arg == "where" for k in call.keywords):
                    continue
                for part, template in self._of_error(call, place):
                    for one in spelled(template):
                        key, said = (part, form(text(one))), text(one)
                        if said.count("*}") >= found.get(key, ("", ""))[0].count("*}"):
                            found[key] = said, f"{place.module}:{call.lineno}"
        return found

    def _of_error(self, call: ast.Call, place: Place) -> Iterator[tuple[str, Template]]:
        given = {"message": call.args[0]} if call.args else {}
        given |= {k.arg: k.value for k in call.keywords if k.arg in PARTS}
        for name, value in given.items():
            if isinstance(value, ast.Tuple | ast.List):
                items = [t for one in value.elts for t in self.what(one, place)]
                yield from (("item", item) for item in items if " " in text(item))
                continue
            for template in self.what(value, place):
                if PARTS[name] == "text" or is_phrase(text(template)):
                    yield PARTS[name], template
                if PARTS[name] == "text":
                    yield from (("text", term) for term in terms(template, set()))


@cache
def source() -> Source:
    """The program, read."""
    found = Source()
    for path in sorted(ROOT.rglob("*.py")):
        found.read(path)
    return found


@cache
def catalogue() -> list[dict[str, str]]:
    """The rows of the catalogue."""
    with CATALOGUE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def lacking() -> list[tuple[str, str, str]]:
    """Part, template and place of each text of an error that the catalogue has not, or not so."""
    held = {(row["part"], form(row["en"])): row["en"] for row in catalogue()}
    return [
        (key[0], said, place)
        for key, (said, place) in sorted(source().collected().items())
        if key not in held or said.count("*}") > held[key].count("*}")
    ]


if __name__ == "__main__":
    csv.writer(sys.stdout).writerows(lacking())
