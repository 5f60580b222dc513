"""Size and shape of the program: a row for each room, and the limits of the house.

    python benchmarks/measure.py [--write | --check]

prints the table, and below it the places of cycles and duplicates; writes the table into the
manual's page on the layout, or says where that page is no longer right. All is read from the
sources: nothing of the program is imported or run.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "folkestrom"
PAGE = ROOT / "docs" / "explanation" / "architecture.md"
BEGIN, END = "<!-- benchmarks/measure.py writes from here -->", "<!-- to here -->"

#: Limits of the house: a file and a function have fewer lines, a folder at most so many files.
LONGEST_FILE = 500
LONGEST_FUNCTION = 60
MOST_FILES = 15
#: Equal lines in a row that count as a duplicate.
RUN = 6
#: How far a number on the page may be from today's: a part of it, or so many.
TOLERANCE, SLACK = 0.1, 5

COLUMNS = (
    "room", "files", "lines of code", "docstrings, %", "function, median", "longest function",
    "longest file", "fullest folder", "cycles", "imports inside", "duplicates",
)  # fmt: skip
#: Programs held up as examples, as far as they have been counted.
EXAMPLES = (("ehrQL", "", "25 000", "", "5"), ("splink", "", "26 000", "", "7"))

Function = ast.FunctionDef | ast.AsyncFunctionDef
Graph = dict[str, set[str]]
_NO_CODE = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENCODING, tokenize.ENDMARKER,
}  # fmt: skip


@dataclass(frozen=True)
class Module:
    """A file of Python: its dotted name, and what it says."""

    name: str
    path: Path
    text: str

    @classmethod
    def read(cls, path: Path, base: Path) -> Module:
        """The module of a file; its name begins at a folder."""
        parts = path.relative_to(base).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        return cls(name, path, path.read_text(encoding="utf-8"))

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """The whole syntax tree."""
        return list(ast.walk(ast.parse(self.text)))

    @property
    def room(self) -> str:
        """The folder directly in the package that the file lies in."""
        parts = self.name.split(".") + ["."] * (self.path.stem == "__init__")
        return parts[1] if len(parts) > 2 else "."

    @property
    def length(self) -> int:
        """Lines, all of them."""
        return len(self.text.splitlines())

    @property
    def late_imports(self) -> list[Function]:
        """Functions that import when they are called."""
        lines = [node.lineno for node in self.imports]
        return [f for f in self.functions if any(line in _lines(f) for line in lines)]

    @cached_property
    def documentation(self) -> set[int]:
        """Lines of docstrings."""
        owners = (ast.Module, ast.ClassDef, *Function.__args__)
        texts = [n.body[0] for n in self.nodes if isinstance(n, owners) and ast.get_docstring(n)]
        return {line for text in texts for line in _lines(text)}

    @cached_property
    def code(self) -> list[int]:
        """Lines of code: no blank ones, no comments, no docstrings."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        found = {
            line
            for token in tokens
            if token.type not in _NO_CODE
            for line in range(token.start[0], token.end[0] + 1)
        }
        return sorted(found - self.documentation)

    @cached_property
    def functions(self) -> list[Function]:
        """Functions and methods, those in others too."""
        return [node for node in self.nodes if isinstance(node, Function)]

    @cached_property
    def imports(self) -> list[ast.Import | ast.ImportFrom]:
        """Imports, wherever they stand."""
        return [node for node in self.nodes if isinstance(node, ast.Import | ast.ImportFrom)]


def modules(package: Path = PACKAGE) -> list[Module]:
    """Every module of a package, read."""
    return [Module.read(path, package.parent) for path in sorted(package.rglob("*.py"))]


def function_length(node: Function) -> int:
    """Lines of a function's body, without the docstring, which may be as long as it needs to be."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


def folder_sizes(found: Iterable[Module]) -> dict[Path, int]:
    """Python files of each folder."""
    sizes: dict[Path, int] = defaultdict(int)
    for module in found:
        sizes[module.path.parent] += 1
    return dict(sizes)


def import_graph(found: list[Module]) -> Graph:
    """What each module imports of the others, wherever it does: for types and in functions too."""
    names = {module.name for module in found}
    return {m.name: {x for node in m.imports for x in _imported(node, names)} for m in found}


def _imported(node: ast.Import | ast.ImportFrom, names: set[str]) -> Iterator[str]:
    for alias in node.names:
        options = [alias.name]
        if isinstance(node, ast.ImportFrom):
            options = [f"{node.module}.{alias.name}", str(node.module)]
        yield from [name for name in options if name in names][:1]


def cycles(graph: Graph) -> list[tuple[str, ...]]:
    """Groups that import one another, directly or through each other.

    Groups of modules wherever they lie, and of neighbours in a folder, packages with all in them.
    """
    packages = {name.rsplit(".", n)[0] for name in graph for n in range(1, name.count(".") + 1)}
    graphs = [graph, *(_neighbours(graph, package) for package in packages)]
    return sorted({group for each in graphs for group in _components(each) if len(group) > 1})


def _neighbours(graph: Graph, package: str) -> Graph:
    inside: Graph = defaultdict(set)
    for one, others in graph.items():
        for other in others:
            pair = _child(one, package), _child(other, package)
            if all(pair) and pair[0] != pair[1]:
                inside[pair[0]].add(pair[1])
    return inside


def _child(name: str, package: str) -> str:
    """The neighbour directly in a package that a module is, or lies in."""
    if not name.startswith(f"{package}."):
        return ""
    return ".".join(name.split(".")[: package.count(".") + 2])


def _components(graph: Graph) -> set[tuple[str, ...]]:
    """Strongly connected components: what two names reach of each other."""
    reached = {name: _reached(name, graph) for name in graph}
    return {
        tuple(sorted({name, *(other for other in there if name in reached.get(other, ()))}))
        for name, there in reached.items()
    }


def _reached(name: str, graph: Graph) -> set[str]:
    seen: set[str] = set()
    ahead = [name]
    while ahead:
        for other in graph.get(ahead.pop(), ()):
            if other not in seen:
                seen.add(other)
                ahead.append(other)
    return seen


def duplicates(found: list[Module]) -> list[tuple[str, int, str, int]]:
    """Pairs of runs of equal lines of code, imports left out: two modules and first lines."""
    sources = {module.name: _plain_lines(module) for module in found}
    places: dict[tuple[str, ...], list[tuple[str, int]]] = defaultdict(list)
    for name, lines in sources.items():
        for start in range(len(lines) - RUN + 1):
            places[tuple(text for _, text in lines[start : start + RUN])].append((name, start))
    pairs = {pair for same in places.values() for pair in combinations(same, 2)}
    return sorted(
        (one, sources[one][i][0], other, sources[other][j][0])
        for (one, i), (other, j) in pairs
        if ((one, i - 1), (other, j - 1)) not in pairs and not (one == other and j - i < RUN)
    )


def _plain_lines(module: Module) -> list[tuple[int, str]]:
    imports = {line for node in module.imports for line in _lines(node)}
    text = module.text.splitlines()
    return [(line, text[line - 1].strip()) for line in module.code if line not in imports]


def _lines(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def measure(found: list[Module]) -> dict[str, tuple[int, ...]]:
    """The numbers of each room and of all of them, under the names of `COLUMNS`."""
    rooms: dict[str, list[Module]] = defaultdict(list)
    for module in found:
        rooms[module.room].append(module)
    graph, copies = import_graph(found), duplicates(found)
    rows = {}
    for room, mine in [*sorted(rooms.items()), ("all", found)]:
        names = {module.name for module in mine}
        within = {name: others & names for name, others in graph.items() if name in names}
        twice = [pair for pair in copies if pair[0] in names or pair[2] in names]
        rows[room] = (*_sizes(mine), *_shape(mine, within), len(twice))
    return rows


def _sizes(mine: list[Module]) -> tuple[int, ...]:
    code = sum(len(module.code) for module in mine)
    said = sum(len(module.documentation) for module in mine)
    return len(mine), code, round(100 * said / max(code + said, 1))


def _shape(mine: list[Module], graph: Graph) -> tuple[int, ...]:
    functions = [node for module in mine for node in module.functions]
    lengths = [function_length(node) for node in functions] or [0]
    return (
        int(median(lengths)),
        max(lengths),
        max(module.length for module in mine),
        max(folder_sizes(mine).values()),
        len(cycles(graph)),
        sum(len(module.late_imports) for module in mine),
    )


def table(rows: dict[str, tuple[int, ...]]) -> list[str]:
    """The table in Markdown, the examples below."""
    cells = [[f"`{room}`" if room != "all" else room, *map(str, row)] for room, row in rows.items()]
    cells += [[*row, *[""] * (len(COLUMNS) - len(row))] for row in EXAMPLES]
    rule = ["---", *["--:"] * (len(COLUMNS) - 1)]
    return [f"| {' | '.join(row)} |".replace("  ", " ") for row in [COLUMNS, rule, *cells]]


def differences(page: str, rows: dict[str, tuple[int, ...]]) -> list[str]:
    """Where the page's table is not today's: its form, its rooms, a number far from it."""
    written, wanted = _between(page), table(rows)
    if [line.split("|")[1] for line in written] != [line.split("|")[1] for line in wanted]:
        return ["the rooms of the table are others"]
    if written[0] != wanted[0]:
        return ["the columns of the table are others"]
    return [
        f"{room}, {column}: {said} on the page, {now} today"
        for line, (room, row) in zip(written[2:], rows.items(), strict=False)
        for column, said, now in zip(COLUMNS[1:], line.split("|")[2:], row, strict=False)
        if abs(int(said) - now) > max(SLACK, TOLERANCE * now)
    ]


def _between(page: str) -> list[str]:
    return page.split(BEGIN)[1].split(END, maxsplit=1)[0].strip().splitlines()


def main(options: list[str]) -> int:
    """Print, write or check the table."""
    found = modules()
    rows, page = measure(found), PAGE.read_text(encoding="utf-8")
    if "--check" in options:
        wrong = differences(page, rows)
        print("\n".join(wrong))
        return int(bool(wrong))
    lines = "\n".join(table(rows))
    print(lines)
    print("", *map(" <-> ".join, cycles(import_graph(found))), sep="\n")
    print("", *(f"{a}:{i} = {b}:{j}" for a, i, b, j in duplicates(found)), sep="\n")
    if "--write" in options:
        before, after = page.split(BEGIN)[0], page.split(END)[1]
        PAGE.write_text(f"{before}{BEGIN}\n\n{lines}\n\n{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
