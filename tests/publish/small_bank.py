"""A table small enough to be read, in the shape of Statistics Norway's 07459."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from folkestrom.model.specification import Category, Text, same
from folkestrom.publish.releases.decision import Decision
from folkestrom.publish.releases.release import write_release
from folkestrom.publish.releases.shelf import put_out
from folkestrom.publish.tables.definition import CodeList, Content, Definition, Group, Variable
from folkestrom.publish.tables.figures import SUPPRESSED, Figures

OUT = datetime(2021, 2, 19, 7, tzinfo=UTC)
PLACES = {"0": "Hele landet", "03": "Oslo", "11": "Rogaland", "0301": "Oslo", "1103": "Stavanger"}
SEXES = {"1": Text("Males", "Menn"), "2": Text("Females", "Kvinner")}

#: What is said of a table that stands as it was counted.
DECISION = Decision("none", Text("A trial.", "En prøve."))


def definition() -> Definition:
    places = tuple(Category(code, same(name)) for code, name in PLACES.items())
    sexes = tuple(Category(code, label) for code, label in SEXES.items())
    ages = tuple(Category(f"{age:03}", Text(f"{age} years", f"{age} år")) for age in range(106))
    years = tuple(Category(str(year), same(str(year))) for year in range(2000, 2022))
    counties = CodeList(
        "vs_Fylker",
        Text("Counties", "Fylker"),
        tuple(Group(code, same(PLACES[code]), (code,)) for code in ("03", "11")),
    )
    decades = CodeList(
        "agg_TiAar",
        Text("Ten-year groups", "Tiårsgrupper"),
        tuple(
            Group(f"F{n:02}", same(f"{n}0"), tuple(f"{n:02}{digit}" for digit in range(10)))
            for n in range(10)
        ),
    )  # fmt: skip
    return Definition(
        id="B1001",
        title=Text("Population", "Befolkning"),
        subject="be",
        subject_label=Text("Population", "Befolkning"),
        variables=(
            Variable("Region", Text("region", "region"), places, "geo", "0", (counties,)),
            Variable("Kjonn", Text("sex", "kjønn"), sexes, eliminated_by="*"),
            Variable("Alder", Text("age", "alder"), ages, "", "*", (decades,)),
            Variable("Tid", Text("year", "år"), years, "time"),
        ),
        contents=(
            Content("Personer1", Text("Persons", "Personer"), Text("persons", "personer"),
                    measuring="Stock", reference=same("1.1.")),
            Content("Andel", Text("Share", "Andel"), Text("per cent", "prosent"), 1, adds=False),
        ),
        resembles=("07459",),
        notes=(Text("Synthetic persons.", "Syntetiske personer."),),
    )  # fmt: skip


def figures() -> Figures:
    shape = definition().shape
    persons = np.random.default_rng(1).integers(0, 900, shape, np.int32)
    status = np.zeros(shape, np.uint8)
    status[4, 0, 105, :] = SUPPRESSED
    return Figures({"Personer1": persons, "Andel": persons / 7.0}, status)


def shelf_with(folder: Path) -> Path:
    """A public folder with the table."""
    release = write_release(
        folder / "drafts", [(definition(), figures(), DECISION)], made_at=OUT, made_by="A",
        program="1", log_position=1,
    )  # fmt: skip
    put_out(folder / "public", release, OUT)
    return folder / "public"
