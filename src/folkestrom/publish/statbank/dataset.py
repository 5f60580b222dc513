"""A table, or the cells of a question, as JSON-stat 2.0 with the extensions of PxWebApi."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from folkestrom.model.specification import Category, Language, Text
from folkestrom.publish.formats.cube import CONTENTS_LABEL, SOURCE
from folkestrom.publish.statbank.selection import Along, Chosen
from folkestrom.publish.tables.definition import CONTENTS, CodeList, Content, Definition, Variable
from folkestrom.publish.tables.figures import MISSING, SUPPRESSED, THERE, Axis, Figures, taken

#: The symbols of statistics banks for cells without a figure.
SYMBOLS: Final = {MISSING: "..", SUPPRESSED: ":"}
_SYMBOL_TEXTS: Final = {
    "..": Text("Undefined, or not known", "Ikke definert, eller ikke kjent"),
    ":": Text("Not shown, for confidentiality", "Vises ikke, av hensyn til personvernet"),
}
_CONTACT: Final = Text("Statistics office", "Statistikkontoret")


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved a release, and when.

    Parameters
    ----------
    by, at
        The person, and the instant in UTC.
    """

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Published:
    """A table that is out.

    Parameters
    ----------
    definition, figures
        The table.
    updated
        The instant from which it has been out, in UTC.
    release
        The release that it is of.
    why
        What was wrong in the one that it corrects; empty: it corrects none.
    approval
        Who approved it; None: that is not kept.
    """

    definition: Definition
    figures: Figures
    updated: datetime
    release: str = ""
    why: str = ""
    approval: Approval | None = None

    @property
    def stamp(self) -> str:
        """The instant, as the interface writes it."""
        return f"{self.updated:%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the interface is, for the links in its answers.

    Parameters
    ----------
    base
        Its address, without a slash at the end.
    """

    base: str

    def to(self, rel: str, path: str, language: Language, more: str = "") -> dict[str, str]:
        """One link."""
        href = f"{self.base}{path}?lang={language.value}{more}"
        return {"rel": rel, "hreflang": language.value, "href": href}


def whole(definition: Definition) -> Chosen:
    """Every cell of a table.

    Parameters
    ----------
    definition
        The table.
    """
    along = tuple(
        Along(v, v.values, Axis.of([[n] for n in range(len(v.values))]))
        for v in definition.variables
    )
    *down, time = (variable.id for variable in definition.variables)
    return Chosen(along, definition.contents, (CONTENTS, time), tuple(down))


def dataset(
    table: Published, asked: Chosen, language: Language, addresses: Addresses, *, figures: bool
) -> dict[str, Any]:
    """The cells of a question, or without figures what there is to ask for.

    Parameters
    ----------
    table
        The table.
    asked
        The cells.
    language
        Language of labels and notes.
    addresses
        Where links lead.
    figures
        With figures. Without them it is the table's metadata, and has its code lists.
    """
    made = table.definition
    names = [*asked.stub, *asked.heading]
    dimensions = {
        one.variable.id: _dimension(one, language, addresses, lists=not figures)
        for one in asked.shown
    } | {CONTENTS: _contents(asked.contents, language, lists=not figures)}
    value: list[Any] = []
    status: dict[str, str] = {}
    if figures:
        value, status = _values(table.figures, asked, names)
    said = [f"{s} = {t.of(language)}" for s, t in _SYMBOL_TEXTS.items() if s in status.values()]
    notes = [*(note.of(language) for note in made.notes), *said]
    path = f"/tables/{made.id}"
    return {
        "version": "2.0",
        "class": "dataset",
        "label": title(made, asked, language),
        "source": SOURCE.of(language),
        "updated": table.stamp,
        **({} if figures else {"link": _links(path, language, addresses)}),
        **({"note": notes} if notes else {}),
        "role": _roles(asked.shown),
        "id": names,
        "size": [len(dimensions[name]["category"]["index"]) for name in names],
        "dimension": {name: dimensions[name] for name in names},
        "extension": _extension(table, asked, language),
        "value": value,
        **({"status": status} if status else {}),
    }


def title(made: Definition, asked: Chosen, language: Language) -> str:
    """What a table is about, by which variables.

    Parameters
    ----------
    made
        The table.
    asked
        The cells that are shown of it.
    language
        Language of the title.
    """
    labels = [one.variable.label.of(language) for one in asked.shown]
    labels.insert(-1, CONTENTS_LABEL.of(language).lower())
    *first, last = labels
    by, last_of = (", by", "and") if language is Language.EN else (", etter", "og")
    listed = f"{', '.join(first)} {last_of} {last}" if first else last
    return f"{made.id}: {made.title.of(language)}{by} {listed}"


def _dimension(
    one: Along, language: Language, addresses: Addresses, *, lists: bool
) -> dict[str, Any]:
    variable = one.variable
    extension: dict[str, Any] = {
        "elimination": bool(variable.eliminated_by),
        "show": "code" if variable.role == "time" else "value",
    }
    if variable.eliminated_by not in ("", "*"):
        extension["eliminationValueCode"] = variable.eliminated_by
    if lists:
        listed = [_code_list(found, language, addresses) for found in variable.code_lists]
        # The specification says the one, and clients read the other.
        extension |= {"codelists": listed, "codeLists": listed}
    elif one.code_list is not None:
        extension["codelist"] = one.code_list.id
    return {
        "label": variable.label.of(language),
        "category": category(one.values, language),
        "extension": extension,
    }


def category(values: Sequence[Category], language: Language) -> dict[str, Any]:
    """Codes with their places and labels, as JSON-stat has them.

    Parameters
    ----------
    values
        The values in their order.
    language
        Language of the labels.
    """
    return {
        "index": {value.code: n for n, value in enumerate(values)},
        "label": {value.code: value.label.of(language) for value in values},
    }


def _code_list(found: CodeList, language: Language, addresses: Addresses) -> dict[str, Any]:
    return {
        "id": found.id,
        "label": found.label.of(language),
        "type": kind_of(found),
        "links": [addresses.to("metadata", f"/codelists/{found.id}", language)],
    }


def kind_of(found: CodeList) -> str:
    """Whether values of a code list are sums, or a part of the variable's own."""
    return "Aggregation" if found.adds else "Valueset"


def _contents(contents: Sequence[Content], language: Language, *, lists: bool) -> dict[str, Any]:
    def each(what: Iterable[object]) -> dict[str, object]:
        return {content.code: value for content, value in zip(contents, what, strict=True)}

    values = [Category(content.code, content.label) for content in contents]
    units = ({"base": c.unit.of(language), "decimals": c.decimals} for c in contents)
    return {
        "label": CONTENTS_LABEL.of(language).lower(),
        "category": category(values, language) | {"unit": each(units)},
        "extension": {
            "elimination": False,
            "refperiod": each(content.reference.of(language) for content in contents),
            "show": "value",
            "measuringType": each(content.measuring for content in contents),
            "priceType": each("NotApplicable" for _ in contents),
            "adjustment": each("None" for _ in contents),
            **({"codelists": [], "codeLists": []} if lists else {}),
        },
    }


def _roles(shown: Sequence[Along]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"metric": [CONTENTS]}
    for one in shown:
        if one.variable.role:
            found.setdefault(one.variable.role, []).append(one.variable.id)
    return found


def _extension(table: Published, asked: Chosen, language: Language) -> dict[str, Any]:
    made, approval = table.definition, table.approval
    contact = {
        "name": _CONTACT.of(language), "organization": _CONTACT.of(language), "phone": "",
        "mail": "", "raw": _CONTACT.of(language),
    }  # fmt: skip
    px = {
        "infofile": "None",
        "tableid": made.id,
        "decimals": min(content.decimals for content in made.contents),
        "official-statistics": False,
        "aggregallowed": made.additive and all(content.adds for content in made.contents),
        "copyright": False,
        "language": language.value,
        "contents": f"{made.id}: {made.title.of(language)},",
        "descriptiondefault": False,
        "heading": list(asked.heading),
        "stub": list(asked.stub),
        "matrix": made.id,
        "subject-code": made.subject,
        "subject-area": made.subject_label.of(language),
    }
    own = {
        "resembles": list(made.resembles),
        "vintage": table.release,
        "approved": approval and {"by": approval.by, "at": f"{approval.at:%Y-%m-%dT%H:%M:%SZ}"},
        "method": made.method.of(language),
    }
    return {"px": px, "discontinued": None, "contact": [contact], "folkestrom": own}


def _links(path: str, language: Language, addresses: Addresses) -> dict[str, Any]:
    asked = {"self": f"{path}/metadata", "data": f"{path}/data"}
    links = [addresses.to(rel, at, language) for rel, at in asked.items()]
    return {"item": [{"type": "application/json", "href": link["href"]} for link in links]}


def answered(
    figures: Figures, asked: Chosen
) -> Iterator[tuple[Content, NDArray[Any], NDArray[np.uint8]]]:
    """Each content's figures along the variables of the answer, and why cells have none.

    Parameters
    ----------
    figures
        The table's.
    asked
        The cells.
    """
    gone = tuple(n for n, one in enumerate(asked.along) if not one.values)
    axes = [one.axis for one in asked.along]
    for content in asked.contents:
        found, status = taken(figures, axes, content.code, adds=content.adds)
        values = found.squeeze(gone)
        why = np.zeros(values.shape, np.uint8) if status is None else status.squeeze(gone)
        if values.dtype.kind == "f":
            why = np.where((why == THERE) & ~np.isfinite(values), MISSING, why).astype(np.uint8)
            values = np.round(values, content.decimals)
        yield content, values, why


def _values(
    figures: Figures, asked: Chosen, names: Sequence[str]
) -> tuple[list[Any], dict[str, str]]:
    """Figures in the order of the names, and symbols of the cells that have none."""
    own = [one.variable.id for one in asked.shown]
    # One content after the other, each along the variables of the answer; then as was asked.
    order = [0 if name == CONTENTS else own.index(name) + 1 for name in names]
    _, parts, statuses = zip(*answered(figures, asked), strict=True)
    whole_numbers = all(part.dtype.kind == "i" for part in parts)
    stacked = np.stack(parts if whole_numbers else [part.astype(object) for part in parts])
    found = stacked.transpose(order).ravel().tolist()
    why = np.stack(statuses).transpose(order).ravel()
    status_of: dict[str, str] = {}
    for at in np.flatnonzero(why).tolist():
        found[at] = None
        status_of[str(at)] = SYMBOLS[int(why[at])]
    return found, status_of


def time_unit(variable: Variable) -> str:
    """Length of the times of a table: by how its codes are written."""
    code = variable.values[-1].code
    for letter, unit in {"K": "Quarterly", "M": "Monthly", "U": "Weekly"}.items():
        if letter in code:
            return unit
    years = [int(value.code) for value in variable.values if value.code.isdecimal()]
    steady = all(after - before == 1 for before, after in pairwise(years))
    return "Annual" if steady else "Other"
