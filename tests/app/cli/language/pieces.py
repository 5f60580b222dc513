"""Templates of texts, and the parts of the source's syntax that they are read from."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

HOLE = re.compile(r"\{(\w+)(\*?)\}")

#: Names, codes and options among the words of the program, which no language changes.
NAMES = set(
    """--profile --save CSV FOLKESTROM_MEMORY FOLKESTROM_THREADS NO Parquet UTF-16 UTF-16BE
    UTF-16LE UTF-32 WINDOWS-1252 age-groups annuls birth citizenship corrects country delta
    derived_{name} embedded emigration en entry event exit father female fresh from from_ groups
    gzip key-figures latest male marital marital-status mother municipality nation no observed
    origin others panel partner person persons published reason reference sex to unit variables
    who""".split()
)
_LETTERS = re.compile(r"[A-Za-z]{2}")


@dataclass(frozen=True)
class Hole:
    """A value inserted into a template, and the templates that it can be."""

    name: str
    terms: frozenset[tuple[Any, ...]] = frozenset()


Template = tuple["str | Hole", ...]


def text(template: Template) -> str:
    """A template as the catalogue writes it."""
    seen: dict[str, int] = {}
    made = []
    for piece in template:
        if isinstance(piece, str):
            made.append(piece)
            continue
        name = re.sub(r"\W", "", piece.name) or "value"
        seen[name] = seen.get(name, 0) + 1
        number = "" if seen[name] == 1 else seen[name]
        made.append(f"{{{name}{number}{'*' if piece.terms else ''}}}")
    return "".join(made)


def form(template: str) -> str:
    """A template without the names of its values, which readers of it may choose."""
    return HOLE.sub("{}", template)


def has_words(template: Template) -> bool:
    said = text(template)
    own = any(isinstance(piece, str) and _LETTERS.search(piece) for piece in template)
    return own and said not in NAMES and not re.fullmatch(r"[a-z]+(_[a-z]+)+", said)


def joined(pieces: Iterable[Template]) -> Template:
    made: list[str | Hole] = []
    for piece in (one for template in pieces for one in template if one != ""):
        if made and isinstance(made[-1], str) and isinstance(piece, str):
            made[-1] += piece
        else:
            made.append(piece)
    return tuple(made)


def hole(expression: ast.expr, terms: Iterable[Template] = ()) -> Hole:
    return Hole(name_of(expression), frozenset(filter(has_words, terms)))


def name_of(expression: ast.expr) -> str:
    """What a translator may call an inserted value."""
    match expression:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip("_").lower()
        case ast.Call(func=ast.Name(id="place" | "option"), args=[ast.Constant(value=name)]):
            return name.strip("_")
        case ast.Call(func=ast.Attribute(attr="join"), args=[inner]) | ast.Subscript(value=inner):
            return name_of(inner)
        case ast.Call(func=ast.Name(), args=[inner, *_]):
            return name_of(inner)
        case ast.Call(func=inner) | ast.BinOp(left=inner) | ast.UnaryOp(operand=inner):
            return name_of(inner)
        case ast.BoolOp(values=[inner, *_]):
            return name_of(inner)
        case ast.GeneratorExp(generators=[inner]) | ast.ListComp(generators=[inner]):
            return name_of(inner.iter)
    return "value"


def choices(expression: ast.expr) -> list[Template] | None:
    """What an expression can be if it chooses between literals: an ending, or none."""
    match expression:
        case ast.Constant(value=str() as value):
            return [(value,)]
        case ast.IfExp(body=one, orelse=other):
            both = choices(one), choices(other)
            return None if None in both else [*both[0], *both[1]]
        case ast.BinOp(left=ast.Constant(value=str() as value), op=ast.Mult()):
            return [(value,), ()]
        case ast.BoolOp(op=ast.And(), values=[*_, ast.Constant(value=str() as value)]):
            return [(), (value,)]
    return None


def is_phrase(where: str) -> bool:
    """Whether a place is told in words: not the name of an argument, nor several of them."""
    return "'" in where or re.search(r"(?<![,\d-]) (?![-\d])", where) is not None


def spelled(template: Template) -> list[Template]:
    """A template if it has words of its own, else what its words make of it."""
    if any(isinstance(piece, str) and _LETTERS.search(piece) for piece in template):
        return [template] if has_words(template) else []
    if (
        sum(isinstance(piece, Hole) for piece in template) > 3
    ):  # in parts: `columns.roles` puts a count into any message
        return []
    options = [
        [(p,)] if isinstance(p, str) or not p.terms else [*sorted(p.terms, key=text), ()]
        for p in template
    ]
    return [one for one in map(joined, product(*options)) if has_words(one)]


def terms(template: Template, seen: set[Template]) -> set[Template]:
    for piece in template:
        for term in piece.terms if isinstance(piece, Hole) else ():
            if term not in seen:
                seen.add(term)
                terms(term, seen)
    return seen


def leaves(table: ast.expr) -> Iterator[ast.expr]:
    match table:
        case ast.Dict(values=inner) | ast.Tuple(elts=inner) | ast.List(elts=inner):
            for one in inner:
                yield from leaves(one)
        case _:
            yield table


def assigned(node: ast.AST, name: str) -> Iterator[tuple[ast.expr, int | None]]:
    """What a statement gives a name, and which part of it."""
    match node:
        case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
            yield value, None
        case ast.AnnAssign(target=ast.Name(id=found), value=ast.expr() as value) if found == name:
            yield value, None
        case ast.NamedExpr(target=ast.Name(id=found), value=value) if found == name:
            yield value, None
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=value):
            yield from ((value, k) for k, one in enumerate(names) if _is_named(one, name))
        case ast.For(target=target, iter=values) | ast.comprehension(target=target, iter=values):
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            parts = [k for k, one in enumerate(names) if _is_named(one, name)]
            if parts and isinstance(values, ast.Tuple | ast.List):
                part = parts[0] if isinstance(target, ast.Tuple) else None
                yield from ((value, part) for value in values.elts)
            elif parts and isinstance(values, ast.Name):
                yield ast.Subscript(values), 0


def _is_named(one: ast.expr, name: str) -> bool:
    return isinstance(one, ast.Name) and one.id == name


def results(function: Any) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node.value is not None:
            yield node.value


def cut(template: Template, mark: str) -> tuple[Template, Template, Template]:
    for number, piece in enumerate(template):
        if isinstance(piece, str) and mark in piece:
            before, _, after = piece.partition(mark)
            head, tail = (*template[:number], before), (after, *template[number + 1 :])
            return joined((head,)), (mark,), joined((tail,))
    return template, (), ()


def filled(template: Template) -> Template:
    pieces: list[Template] = []
    for piece in template:
        if isinstance(piece, Hole):
            pieces.append((piece,))
            continue
        for number, part in enumerate(re.split(r"\{(\w*)\}", piece)):
            pieces.append((Hole(part) if number % 2 else part,))
    return joined(pieces)
