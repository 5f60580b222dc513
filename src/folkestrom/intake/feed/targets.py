"""Which report a correction or an annulment means: the documents themselves don't say."""

from __future__ import annotations

from typing import Final

from folkestrom.intake.feed.documents import Change, Person
from folkestrom.intake.feed.entities import CARRIERS, Columns, Pseudonym, columns
from folkestrom.intake.feed.index import Standing
from folkestrom.model.codes import RECORD_START_KINDS, Kind

#: The columns that tell one entity of a name from another.
_TELLING: Final = (
    "basic_unit", "country", "marital_status", "citizenship", "sex", "birth_date",
    "country_of_birth", "mother", "father",
)  # fmt: skip


def target_of(
    change: Change, standing: list[Standing], person: Person | None, pseudonym: Pseudonym
) -> Standing | None:
    """The report that a change of an entity means.

    Of the person's standing reports that carry the entity, the one that the person document no
    longer has; if it has all, the one that a correction repeats; of several, or without a document,
    the current one: with the latest day, and of one day the one read last.

    Parameters
    ----------
    change
        The correction or annulment.
    standing
        What stands of the person, in order of days.
    person
        The person document after the change, with history.
    pseudonym
        Makes pseudonyms.
    """
    rows = [one for one in standing if one.kind in CARRIERS[change.entitet]]
    if len(rows) > 1:
        entities = () if person is None else person.entities(change.entitet)
        kept = [columns(change.entitet, entity, pseudonym) for entity in entities]
        told = columns(change.entitet, change.payload, pseudonym)
        rows = (
            (kept and _missing(rows, kept, change.entitet))
            or [
                row for row in rows if _fits(row.values, told, dated=_is_dated(row, change.entitet))
            ]
            or rows
        )
    return rows[-1] if rows else None


def _is_dated(row: Standing, entity: str) -> bool:
    """Whether the day of the report is that of the entity: not of what a record began with."""
    return row.kind not in RECORD_START_KINDS or entity == "bostedsadresse"


def _missing(rows: list[Standing], kept: list[Columns], entity: str) -> list[Standing]:
    """The reports that no entity of the person document tells of; each tells of one."""
    found = []
    for row in rows:
        values = row.values
        dated = _is_dated(row, entity)
        match = next((one for one in kept if _fits(values, one, dated=dated)), None)
        if match is None:
            found.append(row)
        else:
            kept.remove(match)
    return found


def _fits(values: Columns, told: Columns, *, dated: bool) -> bool:
    names = [name for name in _TELLING if told.get(name) is not None]
    if dated and told.get("event_date") is not None:
        names.append("event_date")
    return bool(names) and all(str(values.get(name)) == str(told[name]) for name in names)


def amended(record: Columns, kind: Kind, entity: str, found: Columns) -> None:
    """Put what a correction says into the record that it corrects.

    Parameters
    ----------
    record
        The record, which is changed.
    kind
        Its kind.
    entity, found
        The corrected entity, and what it says.
    """
    is_own = kind not in RECORD_START_KINDS and kind != Kind.ATTRIBUTE_CORRECTION
    dates = is_own or (entity in ("bostedsadresse", "innflytting") and kind != Kind.BIRTH)
    day = found.pop("event_date", None)
    record |= found
    if dates and day is not None:
        record["event_date"] = day
    if kind == Kind.BIRTH:
        record["event_date"] = record["birth_date"]
