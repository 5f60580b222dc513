"""The structure that data sets are written by: this program's own, or that of a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from pysdmx.errors import PysdmxError
from pysdmx.io import read_sdmx
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
    Schema,
)
from pysdmx.model.__base import MaintainableArtefact

from folkestrom.errors import InputRefused
from folkestrom.publish.sdmx.names import AGENCY, TIME_PERIOD, VERSION
from folkestrom.publish.transmission.declared import tables
from folkestrom.publish.transmission.records import Observations

_LIST: Final = "urn:sdmx:org.sdmx.infomodel.codelist.Codelist="
_SCHEME: Final = "CS_TRANSMISSION"
_ATTRIBUTES: Final = ("OBS_STATUS", "CONF_STATUS")


def artefacts(sent: Sequence[Observations]) -> list[MaintainableArtefact]:
    """Dataflows and data structures of data sets, with their concepts and code lists.

    Parameters
    ----------
    sent
        The data sets.
    """
    lists = _lists(sent)
    named = [Concept(id=id, name=name) for id, name in tables()["concepts"].items()]
    scheme = ConceptScheme(
        id=_SCHEME, agency=AGENCY, version=VERSION, name="Concepts of transmission", items=named
    )
    structures: list[MaintainableArtefact] = []
    for one in sent:
        own = one.data_set
        structure = DataStructureDefinition(
            id=f"DSD_{own.id}", agency=AGENCY, version=VERSION, name=own.title.en,
            components=_components(one, lists),
        )  # fmt: skip
        flow = Dataflow(
            id=own.id, agency=AGENCY, version=VERSION, name=own.title.en, description=own.act,
            structure=structure,
        )  # fmt: skip
        structures += [flow, structure]
    structures.sort(key=lambda artefact: isinstance(artefact, DataStructureDefinition))
    return [*structures, scheme, *lists.values()]


def own_schema(one: Observations, sent: Sequence[Observations]) -> Schema:
    """What a data set is written by, without a file of structures.

    Parameters
    ----------
    one, sent
        The data set, and all that are sent.
    """
    return _schema(AGENCY, one.data_set.id, VERSION, _components(one, _lists(sent)), "dataflow")


def schemas_of(path: Path, sent: Iterable[Observations], where: str) -> dict[str, Schema]:
    """By data set, the structure of a file.

    Parameters
    ----------
    path
        A message of SDMX with data structures: of the name of each data set, or one alone.
    sent
        The data sets.
    where
        What an error is said to be in.

    Raises
    ------
    InputRefused
        A file that is no such message, or a structure that a data set does not fit.
    """
    try:
        found = read_sdmx(path, validate=False).get_data_structure_definitions()
    except (PysdmxError, ImportError, OSError, ValueError, KeyError) as error:
        raise InputRefused(
            "is not a file of data structures that can be read", where=where, value=path,
            allowed="a structure message of SDMX-ML 2.1 or 3.0",
        ) from error  # fmt: skip
    by_name = {name: one for one in found for name in (one.id, one.id.removeprefix("DSD_"))}
    chosen = {}
    for one in sent:
        id = one.data_set.id
        structure = found[0] if len(found) == 1 else by_name.get(id)
        if structure is None:
            raise InputRefused(
                "has no data structure of that name", where=str(path), value=id,
                allowed=sorted(by_name), next_step="Name data sets that it has with --data-set",
            )  # fmt: skip
        _check_fits(one, structure.components, path)
        chosen[id] = _schema(
            str(structure.agency), structure.id, structure.version, structure.components,
            "datastructure",
        )  # fmt: skip
    return chosen


def _schema(agency: str, id: str, version: str, components: Components, context: Any) -> Schema:
    return Schema(context=context, agency=agency, id=id, version=version, components=components)


def _check_fits(one: Observations, components: Components, path: Path) -> None:
    """Refuse a structure that asks for more dimensions, or knows fewer codes."""
    for component in components:
        if component.id not in one.frame:
            if component.role is not Role.DIMENSION:
                continue
            raise InputRefused(
                f"is a dimension that {one.data_set.id} does not have", where=str(path),
                value=component.id, allowed=one.data_set.dimensions,
                next_step="Rename the dimension, or leave --structure out",
            )  # fmt: skip
        known = {code.id for code in component.enumeration or ()}
        for code in one.frame[component.id].unique() if known else ():
            if code not in known:
                raise InputRefused(
                    f"is a code of {one.data_set.id} that the code list lacks", where=str(path),
                    column=component.id, value=code, allowed=sorted(known),
                )  # fmt: skip
    own = {component.id for component in components}
    for name in one.data_set.dimensions:
        if name not in own and one.frame[name].nunique() > 1:
            raise InputRefused(
                f"has no dimension for what {one.data_set.id} tells apart", where=str(path),
                value=name, allowed=sorted(own), next_step="Leave --structure out",
            )  # fmt: skip


def _lists(sent: Sequence[Observations]) -> dict[str, Codelist]:
    """Code lists of all data sets, by component."""
    named: dict[str, dict[str, str]] = {}
    for one in sent:
        for id, codes in one.names.items():
            named.setdefault(id, {}).update(codes)
    return {
        id: Codelist(
            id=f"CL_{id}", agency=AGENCY, version=VERSION, name=tables()["concepts"][id],
            items=[Code(id=code, name=name) for code, name in codes.items()],
        )
        for id, codes in named.items()
    }  # fmt: skip


def _components(one: Observations, lists: dict[str, Codelist]) -> Components:
    """Dimensions, the figure, and what is said of it."""
    found = [_component(id, Role.DIMENSION, lists) for id in one.data_set.dimensions]
    found.append(_component("OBS_VALUE", Role.MEASURE, lists))
    return Components([*found, *(_component(id, Role.ATTRIBUTE, lists) for id in _ATTRIBUTES)])


def _component(id: str, role: Role, lists: dict[str, Codelist]) -> Component:
    types = {TIME_PERIOD: DataType.PERIOD, "OBS_VALUE": DataType.LONG}
    listed: Any = lists.get(id)
    return Component(
        id=id, required=role is Role.DIMENSION, role=role, local_dtype=types.get(id),
        concept=ItemReference("Concept", AGENCY, _SCHEME, VERSION, id), local_codes=listed,
        local_enum_ref=listed and f"{_LIST}{AGENCY}:{listed.id}({VERSION})",
        attachment_level="O" if role is Role.ATTRIBUTE else None,
    )  # fmt: skip
