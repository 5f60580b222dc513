"""The structure of a table in SDMX: its dataflow, data structure, concepts and code lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from pysdmx.model import (
    Code,
    Codelist,
    Component,
    Components,
    Concept,
    ConceptScheme,
    Dataflow,
    DataStructureDefinition,
    DataType,
    ItemReference,
    Role,
)
from pysdmx.model.__base import MaintainableArtefact

from folkestrom.model.specification import Text
from folkestrom.publish.formats.cube import CONTENTS_LABEL
from folkestrom.publish.sdmx.names import AGENCY, TIME_PERIOD, TOTAL, VERSION, ids
from folkestrom.publish.statbank.dataset import Published
from folkestrom.publish.statbank.periods import period
from folkestrom.publish.statbank.problems import Problem, quoted
from folkestrom.publish.tables.definition import CONTENTS, Definition
from folkestrom.publish.tables.figures import MISSING, SUPPRESSED, THERE

VALUE: Final = "OBS_VALUE"
STATUS: Final = "OBS_STATUS"
#: Codes of SDMX's CL_OBS_STATUS, for what the program says of a cell.
STATUSES: Final = {THERE: "A", MISSING: "O", SUPPRESSED: "Q"}
_STATUS_NAMES: Final = {
    "A": "Normal value", "O": "Missing value", "Q": "Missing value; suppressed",
}  # fmt: skip
_LIST: Final = "urn:sdmx:org.sdmx.infomodel.codelist.Codelist="
_TOTAL: Final = "Total"
#: Each kind of artefact as paths name it.
KINDS: Final[dict[str, type[MaintainableArtefact]]] = {
    "dataflow": Dataflow,
    "datastructure": DataStructureDefinition,
    "conceptscheme": ConceptScheme,
    "codelist": Codelist,
}


@dataclass(frozen=True)  # without slots: what is made once is kept
class Structure:
    """A table's structure in SDMX.

    Parameters
    ----------
    table
        The table.
    """

    table: Definition

    @cached_property
    def codes(self) -> dict[str, dict[str, str]]:
        """By dimension in their order, the table's codes by those of SDMX; time last."""
        table = self.table
        found = {
            name: {own: code for code, own in ids(v.code for v in variable.values).items()}
            | ({TOTAL: ""} if variable.eliminated_by == "*" else {})
            for name, variable in zip(self.names, table.variables[:-1], strict=False)
        }
        found[CONTENTS] = {own: code for code, own in ids(c.code for c in table.contents).items()}
        found[TIME_PERIOD] = {period(value.code): value.code for value in table.time.values}
        return found

    @property
    def names(self) -> list[str]:
        """The table's variables as dimensions."""
        return [*ids(variable.id for variable in self.table.variables[:-1]).values(), TIME_PERIOD]

    @cached_property
    def artefacts(self) -> tuple[MaintainableArtefact, ...]:
        """All that describes the table: its dataflow first."""
        dsd = DataStructureDefinition(
            id=f"DSD_{self.table.id}", agency=AGENCY, version=VERSION,
            name=self.table.title.en, components=self.components,
        )  # fmt: skip
        flow = Dataflow(
            id=self.table.id, agency=AGENCY, version=VERSION, name=self.table.title.en,
            description=self.table.method.en or None, structure=dsd,
        )  # fmt: skip
        named = [Concept(id=name, name=label.en) for name, label in self._labels().items()]
        concepts = ConceptScheme(
            id=self._scheme, agency=AGENCY, version=VERSION, name=self.table.title.en, items=named
        )
        return flow, dsd, concepts, *self.lists.values()

    @property
    def _scheme(self) -> str:
        return f"CS_{self.table.id}"

    def _labels(self) -> dict[str, Text]:
        labels = {
            name: variable.label
            for name, variable in zip(self.names, self.table.variables, strict=True)
        }
        value, status = Text("Observation value", ""), Text("Observation status", "")
        return labels | {CONTENTS: CONTENTS_LABEL, VALUE: value, STATUS: status}

    @cached_property
    def lists(self) -> dict[str, Codelist]:
        """Code lists by the component that has them."""
        listed = {
            name: [(v.code, v.label.en, "") for v in variable.values]
            + ([("", _TOTAL, "")] if variable.eliminated_by == "*" else [])
            for name, variable in zip(self.names, self.table.variables[:-1], strict=False)
        }
        listed[CONTENTS] = [(c.code, c.label.en, c.unit.en) for c in self.table.contents]
        found = {
            name: _list(
                f"CL_{self.table.id}_{name.upper()}", self._labels()[name].en,
                [
                    Code(id=own, name=label, description=unit or None)
                    for own, (_, label, unit) in zip(self.codes[name], values, strict=True)
                ],
            )
            for name, values in listed.items()
        }  # fmt: skip
        statuses = [Code(id=code, name=name) for code, name in _STATUS_NAMES.items()]
        return found | {STATUS: _list("CL_OBS_STATUS", "Observation status", statuses)}

    @cached_property
    def components(self) -> Components:
        """Dimensions, the figure, and what is said of it."""
        whole = not any(content.decimals for content in self.table.contents)
        number = DataType.LONG if whole else DataType.DOUBLE
        found = [self._component(name, Role.DIMENSION) for name in self.codes]
        found.append(self._component(VALUE, Role.MEASURE, number))
        return Components([*found, self._component(STATUS, Role.ATTRIBUTE)])

    def _component(self, name: str, role: Role, type: DataType | None = None) -> Component:
        if name == TIME_PERIOD:
            type = DataType.PERIOD
        listed: Any = self.lists.get(name)
        return Component(
            id=name, required=role is Role.DIMENSION, role=role, local_dtype=type,
            concept=ItemReference("Concept", AGENCY, self._scheme, VERSION, name),
            local_codes=listed,
            local_enum_ref=listed and f"{_LIST}{AGENCY}:{listed.id}({VERSION})",
            attachment_level="O" if role is Role.ATTRIBUTE else None,
        )  # fmt: skip


def _list(id: str, name: str, codes: list[Code]) -> Codelist:
    return Codelist(id=id, agency=AGENCY, version=VERSION, name=name, items=codes)


def structures(
    tables: Mapping[str, Published], kind: str, wanted: str, *, related: bool
) -> list[MaintainableArtefact]:
    """Artefacts of every table.

    Parameters
    ----------
    tables
        The tables that are out.
    kind, wanted
        Which are wanted: of one of `KINDS`, or of any (`*`); and their names, with `+` or commas
        between them, or all (`all`, `*`).
    related
        With all that they refer to, or that refers to them.
    """
    if kind not in {*KINDS, "*", "structure"}:
        raise Problem(
            "Unsupported structure", f"{quoted(kind)}: there are {', '.join(KINDS)}.", 404
        )
    names = set(wanted.replace("+", ",").replace(" ", ",").split(","))
    every = bool(names & {"", "all", "*"})
    found: dict[str, MaintainableArtefact] = {}
    for table in tables.values():
        own = Structure(table.definition).artefacts
        asked = [
            one for one in own
            if isinstance(one, KINDS.get(kind, MaintainableArtefact)) and (every or one.id in names)
        ]  # fmt: skip
        if asked:
            found |= {one.short_urn: one for one in _by_kind(own if related else asked)}
    if not found and not every:
        raise Problem("No results found", f"there is no {kind} {quoted(wanted)} here.", 404)
    return list(found.values())


def _by_kind(artefacts: Iterable[MaintainableArtefact]) -> list[MaintainableArtefact]:
    order = list(KINDS.values())
    return sorted(artefacts, key=lambda one: order.index(type(one)))
