"""Import contracts of the architecture, as import-linter runs them.

The library's own contract types need every module they name to exist. These take the
architecture's whole table, rooms that are not built yet included, so that the first import of a new
room is already checked by it.
"""

from __future__ import annotations

from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

ROOT = "folkestrom"


class Stages(Contract):
    """Each room imports, directly, only the rooms that its line allows.

    A line reads ``"register -> engine intake"``. Every room of the package needs one.
    """

    type_name = "stages"
    everywhere = fields.SetField(subfield=fields.StringField())
    lines = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Find imports between rooms that no line allows, and rooms without a line."""
        del verbose
        allowed = _parse(self.lines)  # type: ignore[arg-type]
        rooms = {_room(module, allowed) for module in graph.modules}
        broken = [f"{room} has no line in the table" for room in sorted(rooms - set(allowed))]
        for importer, imported in _imports(graph):
            one, other = _room(importer, allowed), _room(imported, allowed)
            if one != other and other not in {*allowed.get(one, ()), *self.everywhere}:  # type: ignore[misc]
                broken.append(f"{importer} imports {imported}: {one} may not import {other}")
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print every import that no line allows."""
        _render(check)


class Unreachable(Contract):
    """No module of `sources` reaches one of `targets`, not even through others."""

    type_name = "unreachable"
    sources = fields.ListField(subfield=fields.StringField())
    targets = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Find the shortest chain of imports from every source to every target."""
        del verbose
        broken = []
        for source in _present(graph, self.sources):  # type: ignore[arg-type]
            for target in _present(graph, self.targets):  # type: ignore[arg-type]
                chain = graph.find_shortest_chain(source, target, as_packages=True)
                if chain:
                    broken.append(" imports ".join(chain))
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print the chains."""
        _render(check)


class Reserved(Contract):
    """Only `importers` import `modules`, directly."""

    type_name = "reserved"
    modules = fields.ListField(subfield=fields.StringField())
    importers = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Find other importers."""
        del verbose
        broken = [
            f"{importer} imports {imported}"
            for importer, imported in _imports(graph)
            if _inside(imported, self.modules)  # type: ignore[arg-type]
            and not _inside(importer, self.importers)  # type: ignore[arg-type]
        ]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print the other importers."""
        _render(check)


def _parse(lines: list[str]) -> dict[str, set[str]]:
    pairs = (line.split("->") for line in lines)
    return {left.strip(): set(right.split()) for left, right in pairs}


def _room(module: str, allowed: dict[str, set[str]]) -> str:
    """The room of a module: the longest name of the table that it lies in."""
    name = module.removeprefix(f"{ROOT}.") if module != ROOT else "."
    lines = [room for room in allowed if name == room or name.startswith(f"{room}.")]
    return max(lines, key=len, default=name.split(".")[0])


def _imports(graph: ImportGraph) -> list[tuple[str, str]]:
    return sorted(
        (importer, imported)
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
    )


def _present(graph: ImportGraph, rooms: list[str]) -> list[str]:
    return [name for room in rooms if (name := f"{ROOT}.{room}") in graph.modules]


def _inside(module: str, rooms: list[str]) -> bool:
    names = [f"{ROOT}.{room}" for room in rooms]
    return any(module == name or module.startswith(f"{name}.") for name in names)


def _render(check: ContractCheck) -> None:
    broken: Any = check.metadata["broken"]
    for line in broken:
        output.print_error(f"- {line}")
    output.new_line()
