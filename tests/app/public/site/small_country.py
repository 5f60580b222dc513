"""The tables of a country small enough to be read, for pages over them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from folkestrom.app.office.catalogue.declared import age_groups, ages, five_years
from folkestrom.app.office.catalogue.tables import TABLES
from folkestrom.model.specification import Category, Text, same
from folkestrom.publish.releases.release import write_release
from folkestrom.publish.releases.shelf import put_out
from folkestrom.publish.tables.definition import (
    CodeList,
    Content,
    Definition,
    Group,
    Variable,
)
from folkestrom.publish.tables.figures import SUPPRESSED, Figures
from tests.publish.small_bank import DECISION

OUT = datetime(2021, 2, 19, 7, tzinfo=UTC)
#: A name that a page would run, or a feed break on, if it was not escaped.
EVIL = "<script>alert('x')</script>"
COUNTIES = {"03": "Oslo", "11": "Rogaland"}
MUNICIPALITIES = {"0301": "Oslo", "1103": "Stavanger", "1101": EVIL}
PLACES = {"0": "Hele landet"} | COUNTIES | MUNICIPALITIES
YEARS = tuple(str(year) for year in range(2009, 2022))
_FLOWS = ("Levendefodte", "Dode", "Innvandring", "Utvandring")
_ACCOUNT = (
    "FolkemengdeStart", *_FLOWS, "Korreksjon", "FolkemengdeSlutt", "Fodselsoverskudd",
    "Nettoinnvandring", "Folketilvekst",
)  # fmt: skip


def _listed(codes: dict[str, str]) -> tuple[Category, ...]:
    return tuple(Category(code, same(name)) for code, name in codes.items())


def _level(id: str, label: Text, codes: dict[str, str]) -> CodeList:
    return CodeList(id, label, tuple(Group(c, same(name), (c,)) for c, name in codes.items()))


def _region() -> Variable:
    lists = (
        _level("vs_Fylker", Text("Counties", "Fylker"), COUNTIES),
        _level("vs_Kommuner", Text("Municipalities", "Kommuner"), MUNICIPALITIES),
    )
    return Variable("Region", Text("region", "region"), _listed(PLACES), "geo", "0", lists)


def _variable(id: str, label: Text, codes: dict[str, str]) -> Variable:
    return Variable(id, label, _listed(codes), "", "*")


_SEX = Variable(
    "Kjonn", Text("sex", "kjønn"),
    (Category("1", Text("Males", "Menn")), Category("2", Text("Females", "Kvinner"))), "", "*",
)  # fmt: skip
_AGE = Variable("Alder", Text("age", "alder"), ages(), "", "*", (five_years(), age_groups()))


def definition(id: str, variables: Sequence[Variable], contents: Sequence[str]) -> Definition:
    """A table titled as the catalogue's, with what the catalogue's has of variables."""
    times = YEARS if set(contents) & {"Personer", "Personer1"} else YEARS[:-1]
    year = Variable("Tid", Text("year", "år"), tuple(Category(y, same(y)) for y in times), "time")
    return Definition(
        id, TABLES[id].title, "be", Text("Population", "Befolkning"), (*variables, year),
        tuple(Content(c, same(c), Text("persons", "personer")) for c in contents),
        notes=(Text("Synthetic persons.", "Syntetiske personer."),),
        method=Text(f"Counted. {EVIL}", f"Telt. {EVIL}"),
    )  # fmt: skip


def figures(made: Definition, seed: int = 1) -> Figures:
    """Figures of a table, by chance; one of those by place, sex and age is not shown."""
    numbers = np.random.default_rng(seed)
    values = {c.code: numbers.integers(1, 900, made.shape, np.int32) for c in made.contents}
    status = np.zeros(made.shape, np.uint8)
    status.reshape(-1)[-1] = SUPPRESSED if made.id == "B1001" else 0
    return Figures(values, status)


def tables() -> list[tuple[Definition, Figures]]:
    """Every table that a page asks for."""
    region = _region()
    marital = {"never_married": "Never married", "married": "Married"}
    made = [
        definition("B1001", (region, _SEX, _AGE), ("Personer1",)),
        definition("B1002", (), _ACCOUNT),
        definition("B1003", (region,), (*_ACCOUNT, "Innflytting", "Utflytting")),
        definition("B1004", (
            _variable("Sivilstand", Text("marital status", "sivilstand"), marital), _SEX, _AGE,
        ), ("Personer",)),
        definition("B1005", (
            region, _SEX,
            _variable("Statsborgerskap", Text("citizenship", "statsborgerskap"),
                      {"NO": "Norway", "PL": "Poland", "XX": EVIL}),
        ), ("Personer",)),
        definition("B1008", (_SEX, _AGE), _FLOWS),
        definition("B1009", (
            _variable("Fraflytting", Text("from", "fra"), MUNICIPALITIES),
            _variable("Tilflytting", Text("to", "til"), MUNICIPALITIES),
        ), ("Flyttinger",)),
        definition("B1010", (
            _variable("Land", Text("country", "land"), {"PL": "Poland", "SE": "Sweden"}), _SEX,
        ), ("Innvandring", "Utvandring", "Nettoinnvandring")),
        definition("B1011", (region,), (*_ACCOUNT, "Innflytting", "Utflytting")),
    ]  # fmt: skip
    return [(one, figures(one)) for one in made]


def release(parent: Path, made: Sequence[tuple[Definition, Figures]]) -> Path:
    """Tables as a release."""
    decided = [(*table, DECISION) for table in made]
    return write_release(
        parent, decided, made_at=OUT, made_by="Ada", program="1", log_position=1
    )  # fmt: skip


def country(folder: Path) -> Path:
    """A public folder with every table."""
    put_out(folder / "public", release(folder / "drafts", tables()), OUT)
    return folder / "public"
