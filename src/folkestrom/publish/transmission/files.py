"""A transmission as a folder: data, structures, metadata report, and a list of what was sent."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa
from pysdmx.io.format import Format
from pysdmx.io.pd import PandasDataset

from folkestrom.errors import InputRefused
from folkestrom.model.cells import Cells
from folkestrom.model.specification import Dimension, Language, Measure, TableSpecification, Text
from folkestrom.publish.sdmx.messages import structure_message, written
from folkestrom.publish.transmission.metadata import left, report, report_html, report_xml
from folkestrom.publish.transmission.records import Observations
from folkestrom.publish.transmission.structure import artefacts, own_schema, schemas_of

#: Days from national publication (Regulation (EU) 2025/2458, Article 7): of figures, of revisions.
DAYS: Final = 30
DAYS_OF_REVISION: Final = 14
MANIFEST: Final = "transmission.json"
_COLUMNS: Final = ("data_set", "compared", "changed", "total_before", "total", "largest_change")
_TITLE: Final = Text(
    "Population statistics {year}: reference metadata",
    "Befolkningsstatistikk {year}: referansemetadata",
)


@dataclass(frozen=True, slots=True)
class Before:
    """A transmission that was sent.

    Parameters
    ----------
    figures
        By data set, its figures, by the key of each.
    digest
        Digest (SHA-256) of its list of what was sent.
    """

    figures: Mapping[str, pd.Series]
    digest: str


@dataclass(frozen=True, slots=True)
class Transmission:
    """What is sent at one time.

    Parameters
    ----------
    year
        The year of the figures.
    known, published, made_on
        Their knowledge date, the day of their national publication, and that of the transmission.
    sent
        The data sets.
    structure, where
        A file of data structures to write them by, and what that was given as.
    before
        The transmission that they revise; None: they revise none.
    fingerprint
        Of the secret of record keys; empty: there is none.
    """

    year: int
    known: date
    published: date
    made_on: date
    sent: tuple[Observations, ...]
    structure: Path | None = None
    where: str = "structure"
    before: Before | None = None
    fingerprint: str = ""

    @property
    def days(self) -> int:
        """Days from national publication within which it has to arrive."""
        return DAYS if self.before is None else DAYS_OF_REVISION

    @property
    def due(self) -> date:
        """The last day on which it may arrive."""
        return self.published + timedelta(days=self.days)

    @property
    def prepared(self) -> datetime:
        """The instant that messages say they were made at; the same figures have the same bytes."""
        return datetime(self.known.year, self.known.month, self.known.day, tzinfo=UTC)

    def revisions(self) -> list[dict[str, object]]:
        """A row a data set: how many figures changed, the total before and now, the largest."""
        found: list[dict[str, object]] = []
        if self.before is None:
            return found
        for one in self.sent:
            now = one.frame.set_index(list(one.data_set.dimensions))["OBS_VALUE"]
            before = self.before.figures.get(one.data_set.id, now[:0])
            # Who is not there counts nobody; what is suppressed in either says nothing.
            keys = before.index.union(now.index)
            old, new = before.reindex(keys, fill_value=0), now.reindex(keys, fill_value=0)
            changes, largest = (new - old).dropna().abs(), new.fillna(0).idxmax()
            row = one.data_set.id, len(changes), (changes > 0).sum(), old[largest], new[largest]
            found.append(dict(zip(_COLUMNS, (*row, changes.max()), strict=True)))
        return found


def revised(folder: Path, year: int, where: str, fingerprint: str) -> Before:
    """The figures of an earlier transmission.

    Parameters
    ----------
    folder
        Its folder.
    year
        The year that it must be of.
    where
        What the folder was given as.
    fingerprint
        Of the secret of record keys; empty: none is needed.

    Raises
    ------
    InputRefused
        A folder that is none, of another year, or with the noise of another secret.
    """
    try:
        text = (folder / MANIFEST).read_bytes()
        manifest = json.loads(text)
        told = manifest["year"], manifest["keys"]
        found = {
            one["id"]: _read(folder / f"{one['id']}.csv", one["dimensions"])
            for one in manifest["data_sets"]
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputRefused(
            "is no folder of a transmission that can be read", where=where, value=folder,
            allowed=f"a folder that `folkestrom transmit` made, with {MANIFEST} and its files",
        ) from error  # fmt: skip
    if told[0] != year:
        raise InputRefused("is of another year", where=where, value=told[0], allowed=str(year))
    if fingerprint and told[1] not in ("", fingerprint):
        raise InputRefused(
            "has the noise of another secret, and the mean of the two would have less",
            where=where, value=folder, next_step="Name the file of its secret: --keys FILE",
        )  # fmt: skip
    return Before(found, hashlib.sha256(text).hexdigest())


def _read(path: Path, dimensions: list[str]) -> pd.Series:
    found = pd.read_csv(path, dtype=str, keep_default_na=False).set_index(dimensions)["OBS_VALUE"]
    return pd.to_numeric(found.replace("", None)).astype("Int64")


def write(made: Transmission, folder: Path, said: Mapping[str, Text]) -> None:
    """Write a transmission into a new or empty folder: all of it, or nothing.

    Parameters
    ----------
    made
        What is sent.
    folder
        The folder.
    said
        What the metadata report says, by concept.
    """
    files = _data(made)
    ids = [one.data_set.id for one in made.sent]
    files["metadata.xml"] = report_xml(report(said, ids, made.year), made.prepared)
    for language in Language:
        title = _TITLE.fill(year=made.year)
        files[f"metadata-{language.value}.html"] = report_html(said, title, language)
    if made.before is not None:
        files["revisions.csv"] = pd.DataFrame(made.revisions()).to_csv(index=False).encode()
    files[MANIFEST] = _manifest(made, files)
    unfinished = folder.absolute().with_name(f".unfinished-{uuid.uuid4().hex}")
    try:
        unfinished.mkdir(parents=True)
        for name, content in files.items():
            (unfinished / name).write_bytes(content)
        if folder.exists():
            folder.rmdir()
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _data(made: Transmission) -> dict[str, bytes]:
    files = {}
    if made.structure is None:
        schemas = {one.data_set.id: own_schema(one, made.sent) for one in made.sent}
        structures = artefacts(made.sent)
        files["structure.xml"] = structure_message(
            structures, Format.STRUCTURE_SDMX_ML_2_1, made.prepared
        )
    else:
        schemas = schemas_of(made.structure, made.sent, made.where)
    for one in made.sent:
        schema = schemas[one.data_set.id]
        there = [c.id for c in schema.components if c.id in one.frame]
        data = PandasDataset(structure=schema, data=one.frame[there])
        id = one.data_set.id
        files[f"{id}.csv"] = written([data], Format.DATA_SDMX_CSV_2_0_0, made.prepared)
        files[f"{id}.xml"] = written([data], Format.DATA_SDMX_ML_2_1_STR, made.prepared)
    return files


def _manifest(made: Transmission, files: Mapping[str, bytes]) -> bytes:
    told: dict[str, Any] = {
        "year": made.year, "known_at": str(made.known), "published": str(made.published),
        "due": str(made.due), "transmitted": str(made.made_on),
        "days": made.days,
        "revision_of": made.before.digest if made.before else None, "keys": made.fingerprint,
        "structure": "own" if made.structure is None else made.structure.name,
        "data_sets": [
            {
                "id": one.data_set.id, "title": one.data_set.title.en, "act": one.data_set.act,
                "base": one.data_set.base, "policy": one.decision.policy,
                "parameters": one.decision.parameters,
                "dimensions": one.data_set.dimensions, "observations": len(one.frame),
                "suppressed": one.suppressed,
                "statuses": one.statuses, "footnotes": one.footnotes,
            }
            for one in made.sent
        ],
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }  # fmt: skip
    return (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode()


_SENT: Final = TableSpecification(
    id="transmission",
    title=Text(
        "Made for Eurostat. {when}: due on {due}, {days} days after national publication",
        "Laget for Eurostat. {when}: frist {due}, {days} dager etter nasjonal publisering",
    ),
    dimensions=(
        Dimension("data_set", Text("Data set", "Datasett")),
        Dimension("status", Text("Status", "Status")),
        Dimension("protection", Text("Protection", "Vern")),
    ),
    measures=(
        Measure("observations", Text("Observations", "Observasjoner"), Text("", "")),
        Measure("suppressed", Text("Suppressed", "Undertrykt"), Text("", "")),
    ),
    reference_time=Text("{when}", "{when}"),
    knowledge_time=Text("{known}", "{known}"),
)


def listed(made: Transmission, said: Mapping[str, Text]) -> Cells:
    """What was sent, as a table for the office.

    Parameters
    ----------
    made, said
        As for `write`.
    """
    open_ = len(left(said))
    note = Text(
        f"Of the metadata report, {open_} concepts are left to be filled in by the office.",
        f"I metadatarapporten gjenstår {open_} begreper som kontoret fyller ut.",
    )
    filled = _SENT.fill(when=made.year, due=made.due, days=made.days, known=made.known)
    return Cells(
        replace(filled, footnotes=(note,)),
        pa.table({
            "data_set": [one.data_set.id for one in made.sent],
            "status": [" ".join(one.statuses) for one in made.sent],
            "protection": [one.decision.policy for one in made.sent],
            "observations": [len(one.frame) for one in made.sent],
            "suppressed": [one.suppressed for one in made.sent],
        }),
    )  # fmt: skip
