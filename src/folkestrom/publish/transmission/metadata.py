"""The reference metadata report: concepts of ESMS and SIMS 2.0, and what is said of each.

Concepts have their names in SDMX and ESMS, and the numbers of the Single Integrated Metadata
Structure (SIMS 2.0): "ESS Handbook for Quality and Metadata Reports", Eurostat 2021.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, StrictUndefined
from pysdmx.io.format import Format
from pysdmx.model import MetadataAttribute, MetadataReport

from folkestrom.errors import InputRefused
from folkestrom.model.names import check_code
from folkestrom.model.specification import Language, Text, same
from folkestrom.publish.sdmx.messages import written
from folkestrom.publish.sdmx.names import AGENCY, VERSION
from folkestrom.publish.transmission.declared import rows

_FLOW: Final = "urn:sdmx:org.sdmx.infomodel.metadatastructure.Metadataflow="
_DATAFLOW: Final = "urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow="
_LEFT: Final = Text("To be filled in by the office", "Fylles ut av kontoret")


@dataclass(frozen=True, slots=True)
class Concept:
    """A concept of the European metadata structure.

    Parameters
    ----------
    number, id, name
        Its number in SIMS, its name in SDMX, and what it is called.
    heading
        Whether only the concepts below it are filled in.
    said
        What is said of it, with marks for what the log knows; empty: nothing.
    """

    number: str
    id: str
    name: Text
    heading: bool
    said: Text


@cache
def concepts() -> tuple[Concept, ...]:
    """All concepts, in their order."""
    listed = rows("concepts.csv")
    above = {row["number"].rpartition(".")[0] for row in listed}
    return tuple(
        Concept(
            row["number"],
            row["id"],
            Text(row["en"], row["no"]),
            row["number"] in above,
            Text(row["said_en"], row["said_no"]),
        )
        for row in listed
    )


def texts_of(found: Mapping[str, Any], where: str) -> dict[str, Text]:
    """What the office says of concepts.

    Parameters
    ----------
    found
        By concept, a text, or one in each language.
    where
        The file.

    Raises
    ------
    UsageError, InputRefused
        A name that is of no concept, and what is no text.
    """
    known = [concept.id for concept in concepts()]
    texts = {}
    for id, said in found.items():
        check_code(id, known, "is no concept of the metadata report", where=where)
        if isinstance(said, str):
            texts[id] = same(said)
        elif isinstance(said, dict) and {*said} == {"en", "no"}:
            texts[id] = Text(str(said["en"]), str(said["no"]))
        else:
            raise InputRefused(
                "is no text", where=where, column=id,
                allowed='a text, or one in each language: { en = "…", no = "…" }',
            )  # fmt: skip
    return texts


def filled(values: Mapping[str, object]) -> dict[str, Text]:
    """What is said of concepts that the log can speak of.

    Parameters
    ----------
    values
        By mark of the texts, what the log knows.
    """
    return {one.id: one.said.fill(**values) for one in concepts() if one.said.en}


def left(said: Mapping[str, Text]) -> list[Concept]:
    """Concepts that nothing is said of.

    Parameters
    ----------
    said
        By concept, what is said.
    """
    return [one for one in concepts() if not one.heading and one.id not in said]


def report(said: Mapping[str, Text], data_sets: Sequence[str], year: int) -> MetadataReport:
    """The report, as SDMX has it: English texts, below the concepts that they belong to.

    Parameters
    ----------
    said
        By concept, what is said.
    data_sets, year
        The data sets that it is of, and their year.
    """

    def below(number: str) -> list[MetadataAttribute]:
        return [
            MetadataAttribute(
                id=one.id,
                value=said[one.id].en if one.id in said else None if one.heading else _LEFT.en,
                attributes=below(one.number),
            )
            for one in concepts()
            if one.number.rpartition(".")[0] == number
        ]

    return MetadataReport(
        id=f"POPULATION_{year}", agency=AGENCY, version=VERSION,
        name=f"Population statistics {year}",
        metadataflow=f"{_FLOW}{AGENCY}:ESMS({VERSION})",
        targets=[f"{_DATAFLOW}{AGENCY}:{id}({VERSION})" for id in data_sets],
        attributes=below(""), reportingBegin=str(year), reportingEnd=str(year),
    )  # fmt: skip


def report_xml(found: MetadataReport, prepared: datetime) -> bytes:
    """The report as SDMX-ML 3.0.

    Parameters
    ----------
    found
        The report.
    prepared
        The instant that it says it was made at.
    """
    return written([found], Format.REFMETA_SDMX_ML_3_0, prepared)


def report_html(said: Mapping[str, Text], title: Text, language: Language) -> bytes:
    """The report as a page.

    Parameters
    ----------
    said
        By concept, what is said.
    title, language
        What it is called, and the language.
    """
    folder = resources.files("folkestrom.publish.transmission") / "templates"
    made = Environment(undefined=StrictUndefined, autoescape=True, trim_blocks=True).from_string(
        (folder / "metadata.html.jinja").read_text("utf-8")
    )
    page = made.render(title=title, language=language, concepts=concepts(), said=said, left=_LEFT)
    return page.encode()
