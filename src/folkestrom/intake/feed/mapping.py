"""Documents of the feed become report records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from folkestrom.intake.feed import documents as d
from folkestrom.intake.feed.entities import (
    CARRIERS,
    LEADING,
    OWN_KIND,
    Columns,
    columns,
)
from folkestrom.intake.feed.index import Index, Standing
from folkestrom.intake.feed.reasons import Reason, UnreadableError
from folkestrom.intake.feed.targets import amended, target_of
from folkestrom.intake.identities.numbers import kind_of_number
from folkestrom.intake.identities.pseudonyms import Key
from folkestrom.model.codes import RECORD_START_KINDS, Kind
from folkestrom.model.countries import NORWAY, UNKNOWN
from folkestrom.model.report import required_columns
from folkestrom.model.time import local_day

_RESIDENT: Final = "bosatt"
_IN_USE: Final = "iBruk"
_START_ENTITIES: Final = ("kjoenn", "foedsel", "statsborgerskap", "sivilstand", "bostedsadresse")
_ATTRIBUTES: Final = ("kjoenn", "foedsel", "familierelasjon")
#: What stands where the documents are silent.
_SILENT: Final[Columns] = {
    "country": UNKNOWN, "country_of_birth": UNKNOWN, "citizenship": UNKNOWN, "sex": "unknown",
    "reason": "other",
}  # fmt: skip
#: What each kind of report has to say, beside what every report gets.
_REQUIRED: Final = {
    kind: tuple(
        name for name in required_columns(kind)
        if name not in ("source", "source_report_id", "received_at", "person", "kind")
    )
    for kind in Kind
}  # fmt: skip
_ORIGINS: Final = {kind: kind.name.lower() for kind in RECORD_START_KINDS}
_MERGED: Final = frozenset(
    {"personErOpphoertSomDublett", "personErViderefoertSomGjeldendeVedSammenslaaing"}
)
_SPLIT: Final = "personErGjenopprettetVedSplitting"
_RENUMBERED: Final = "endringIIdentifikasjonsnummer"
_KINDS_OF_CHANGE: Final = frozenset({d.REGISTERED, d.CORRECTED, d.ANNULLED})

_write = msgspec.json.encode


class Mapper:
    """Makes report records of documents, in the order of the feed.

    Parameters
    ----------
    index
        What was read before.
    key
        Key of pseudonyms.
    source
        Name of the source in the records.
    """

    def __init__(self, index: Index, key: Key, source: str) -> None:
        self._index = index
        self._key = key
        self._source = source

    def read(self, type: str, document: d.EventDocument, person: d.Person | None) -> list[bytes]:
        """The records of an event, as lines of JSON; none where nothing of it is counted.

        Parameters
        ----------
        type
            The event's type.
        document
            Its document.
        person
            The person as registered then, where that was saved.

        Raises
        ------
        UnreadableError
            If it has to wait in quarantine. Nothing of it is kept then.
        """
        if kind_of_number(document.dokumentidentifikator):
            raise UnreadableError(Reason.BROKEN_DOCUMENT, "dokumentidentifikator")
        event = document.hendelse
        for change in event.egenskapshendelse:
            if change.entitetsendring not in _KINDS_OF_CHANGE:
                raise UnreadableError(Reason.HISTORICAL_CHANGE, change.entitet)
        owner = self.person(event.folkeregisteridentifikator)
        one = _Reading(self, self._index, owner, event, person)
        made = list(one.identities(type) if _is_of_identity(type) else one.reports())
        return self._kept(document.dokumentidentifikator, owner, event.ajourholdstidspunkt, made)

    def pseudonym(self, kind: str, text: str) -> int:
        """Pseudonym of an identity number or an address."""
        return self.person(text) if kind == "person" else self._key.pseudonym(kind, text)[0]

    def person(self, number: str) -> int:
        """The person whose number it is; a new number is a new person's until it is said whose."""
        if kind_of_number(number) is None:
            raise UnreadableError(Reason.NO_IDENTITY_NUMBER)
        pseudonym, proof = self._key.pseudonym("person", number)
        known = self._index.owner(pseudonym)
        if known is None:
            self._index.own(pseudonym, proof, pseudonym)
            return pseudonym
        if known[0] != proof:
            raise UnreadableError(Reason.COLLISION)
        return known[1]

    def own(self, number: str, person: int) -> None:
        """Say that a number is a person's."""
        self._index.own(*self._key.pseudonym("person", number), person)

    def _kept(
        self,
        document: str,
        owner: int,
        received: datetime,
        made: list[tuple[Columns, Standing | None]],
    ) -> list[bytes]:
        lines = []
        for at, (record, replaced) in enumerate(made):
            person, kind = record.setdefault("person", owner), record["kind"]
            name = document if at == 0 else f"{document}-{at}"
            head = {"source": self._source, "source_report_id": name, "received_at": received}
            line = {k: v for k, v in (record | head).items() if v is not None}
            line["kind"] = kind.name.lower()
            lines.append(_write(line))
            if replaced is not None:
                self._index.drop(replaced.place)
            if kind != Kind.ANNULMENT:
                self._index.add(person, kind, record["event_date"], received, name, lines[-1])
        return lines


def _is_of_identity(type: str) -> bool:
    return type in _MERGED or type in {_SPLIT, _RENUMBERED}


class _Reading:
    """One document's records, each with the report that it takes the place of."""

    def __init__(
        self, mapper: Mapper, index: Index, owner: int, event: d.Event, person: d.Person | None
    ) -> None:
        self._mapper = mapper
        self._index = index
        self._owner = owner
        self._event = event
        self._person = person
        self._received_day = local_day(event.ajourholdstidspunkt)

    def reports(self) -> Iterator[tuple[Columns, Standing | None]]:
        """What the document registers, corrects and annuls."""
        changes = self._event.egenskapshendelse
        new, corrected, annulled = (
            [change for change in changes if change.entitetsendring == kind]
            for kind in (d.REGISTERED, d.CORRECTED, d.ANNULLED)
        )
        standing = self._index.standing(self._owner) if changes else []
        if new:
            yield from ((r, None) for r in self._registered(new, standing))
        if corrected:
            yield from self._corrections(corrected, standing)
        if annulled:
            yield from self._annulments(annulled, standing)

    def _registered(self, new: list[d.Change], standing: list[Standing]) -> Iterator[Columns]:
        by_entity = {change.entitet: change for change in new}
        status = by_entity.get("status")
        if "innflytting" in by_entity or (
            status is not None and status.payload is not None and status.payload.status == _RESIDENT
        ):
            record = self._start(by_entity)
            if not self._is_told(record, standing):
                yield record
            return
        attributes: Columns = {}
        for change in new:
            kind = OWN_KIND.get(change.entitet)
            found = columns(change.entitet, change.payload, self._mapper.pseudonym)
            if kind is None or not found:
                continue
            if kind == Kind.ATTRIBUTE_CORRECTION:
                attributes |= found
                continue
            record = self._complete({"kind": kind, **found})
            if not self._is_told(record, standing) and not _is_second(record, standing):
                yield record
        if attributes:
            attributes["event_date"] = attributes["event_date"] or self._received_day
            record = {"kind": Kind.ATTRIBUTE_CORRECTION, **attributes}
            if not self._is_told(record, standing):
                yield record

    def _start(self, new: dict[str, d.Change]) -> Columns:
        """A start of a record; what the document leaves out is taken from the person document."""
        if "innflytting" in new:
            kind = Kind.IMMIGRATION
        elif "foedselINorge" in new:
            kind = Kind.BIRTH
        else:
            kind = Kind.FIRST_REGISTRATION
        record: Columns = {"kind": kind, "origin": _ORIGINS[kind]}
        entities = (*_START_ENTITIES, "innflytting") if "innflytting" in new else _START_ENTITIES
        for entity in entities:
            payload = new[entity].payload if entity in new else self._current(entity)
            found = columns(entity, payload, self._mapper.pseudonym)
            if entity in ("kjoenn", "foedsel", "statsborgerskap", "sivilstand"):
                found.pop("event_date", None)
            record |= found
        for relation in self._relations():
            record |= columns("familierelasjon", relation, self._mapper.pseudonym) | {
                "event_date": record.get("event_date")
            }
        if kind == Kind.BIRTH:
            record["event_date"] = record.get("birth_date")
        return self._complete(record)

    def _current(self, entity: str) -> Any:
        if self._person is None:
            return None
        found = [e for e in self._person.entities(entity) if e.erGjeldende]
        return found[-1] if found else None

    def _relations(self) -> Sequence[d.Relation]:
        changes = self._event.egenskapshendelse
        found = [c.familierelasjon for c in changes if c.familierelasjon is not None]
        if found or self._person is None:
            return found
        return [r for r in self._person.familierelasjon if r.erGjeldende]

    def _complete(self, record: Columns) -> Columns:
        """Fill in what may be unknown; refuse what may not."""
        missing = []
        for name in _REQUIRED[record["kind"]]:
            if record.get(name) is None:
                record[name] = _SILENT.get(name)
                if record[name] is None:
                    missing.append(name)
        if missing:
            raise UnreadableError(Reason.MISSING_VALUE, ", ".join(missing))
        return record

    def _is_told(self, record: Columns, standing: list[Standing]) -> bool:
        """Whether another document of the same update has told it: alone, or within a start."""
        received = self._event.ajourholdstidspunkt.isoformat()
        kind, day = record["kind"], record["event_date"].isoformat()
        return any(
            (one.kind == kind and (one.day == day or kind in RECORD_START_KINDS))
            or (one.kind in RECORD_START_KINDS and kind not in (Kind.EMIGRATION, Kind.DEATH))
            for one in standing
            if one.received == received
        )

    def _corrections(
        self, changes: list[d.Change], standing: list[Standing]
    ) -> Iterator[tuple[Columns, Standing | None]]:
        led = self._led(changes, standing)
        targets: dict[int, tuple[Standing, Columns]] = {}
        attributes: Columns = {}
        for change in changes:
            found = columns(change.entitet, change.payload, self._mapper.pseudonym)
            if change.entitet not in CARRIERS or not found:
                continue
            target = self._meant(change, standing, led)
            if target is not None:
                _, record = targets.setdefault(target.place, (target, target.values))
                amended(record, target.kind, change.entitet, found)
            elif change.entitet in _ATTRIBUTES:
                attributes |= found
            else:
                raise UnreadableError(Reason.NO_TARGET, change.entitet)
        for target, record in targets.values():
            record |= {"kind": target.kind, "corrects": target.id, "annuls": None}
            yield self._complete(record), target
        if attributes:
            attributes["event_date"] = attributes["event_date"] or self._received_day
            yield {"kind": Kind.ATTRIBUTE_CORRECTION, **attributes}, None

    def _annulments(
        self, changes: list[d.Change], standing: list[Standing]
    ) -> Iterator[tuple[Columns, Standing | None]]:
        names = [change.entitet for change in changes]
        leading = [name for name in LEADING if name in names]
        kept = [
            c for c in changes if c.entitet in CARRIERS and (not leading or c.entitet in leading)
        ]
        if len(kept) > 1:
            kept = [change for change in kept if change.entitet != "status"]
        done: set[int] = set()
        for change in kept:
            target = target_of(change, standing, self._person, self._mapper.pseudonym)
            if target is None:
                raise UnreadableError(Reason.NO_TARGET, change.entitet)
            if target.kind in RECORD_START_KINDS and change.entitet in OWN_KIND:
                raise UnreadableError(Reason.PART_OF_A_START, change.entitet)
            if target.place not in done:
                done.add(target.place)
                yield {"kind": Kind.ANNULMENT, "annuls": target.id}, target

    def _led(self, changes: list[d.Change], standing: list[Standing]) -> Standing | None:
        leading = [change for change in changes if change.entitet in LEADING]
        if not leading:
            return None
        return target_of(leading[0], standing, self._person, self._mapper.pseudonym)

    def _meant(
        self, change: d.Change, standing: list[Standing], led: Standing | None
    ) -> Standing | None:
        if led is not None and led.kind in CARRIERS[change.entitet]:
            return led
        return target_of(change, standing, self._person, self._mapper.pseudonym)

    def identities(self, type: str) -> Iterator[tuple[Columns, Standing | None]]:
        """Merges and splits of identities, and numbers that are one person's."""
        head: Columns = {"event_date": self._received_day}
        if type == _SPLIT:
            merges = [r for r in self._index.standing(self._owner) if r.kind == Kind.MERGE]
            yield {"kind": Kind.SPLIT, **head}, merges[-1] if merges else None
            return
        numbers = self._numbers()
        if type == _RENUMBERED:
            self._one_person([n.foedselsEllerDNummer for n in numbers if n.foedselsEllerDNummer])
            return
        owners = {self._mapper.person(n.foedselsEllerDNummer): n.status for n in numbers
                  if n.foedselsEllerDNummer}  # fmt: skip
        if type == "personErOpphoertSomDublett":
            survivors = [p for p, s in owners.items() if s == _IN_USE and p != self._owner]
            pairs = [(self._owner, survivor) for survivor in survivors[:1]]
        else:
            pairs = [(p, self._owner) for p, s in owners.items()
                     if s != _IN_USE and p != self._owner]  # fmt: skip
        if not pairs and not self._is_merged():
            raise UnreadableError(Reason.NO_SURVIVOR)
        for ended, survivor in pairs:
            if not any(one.kind == Kind.MERGE for one in self._index.standing(ended)):
                yield {"kind": Kind.MERGE, "person": ended, "survivor": survivor, **head}, None

    def _is_merged(self) -> bool:
        return any(one.kind == Kind.MERGE for one in self._index.standing(self._owner))

    def _numbers(self) -> Sequence[d.Number]:
        changes = self._event.egenskapshendelse
        found = [c.identifikasjonsnummer for c in changes if c.identifikasjonsnummer is not None]
        return (
            found if len(found) > 1 or self._person is None else self._person.identifikasjonsnummer
        )

    def _one_person(self, numbers: list[str]) -> None:
        """Numbers of one person: all are of the one that has reports, and keeps its pseudonym."""
        numbers.append(self._event.folkeregisteridentifikator)
        owners = dict.fromkeys(self._mapper.person(number) for number in numbers)
        told = [p for p in owners if (rows := self._index.standing(p))
                and all(row.kind != Kind.MERGE for row in rows)]  # fmt: skip
        if len(told) > 1:
            raise UnreadableError(Reason.TWO_PERSONS)
        owner = (told or list(owners))[0]
        for number in numbers:
            if not any(
                r.kind == Kind.MERGE for r in self._index.standing(self._mapper.person(number))
            ):
                self._mapper.own(number, owner)


def _is_second(record: Columns, standing: list[Standing]) -> bool:
    """Whether it is a further citizenship of a Norwegian, who is counted as one."""
    if record["kind"] != Kind.CITIZENSHIP_CHANGE or record["citizenship"] == NORWAY:
        return False
    told = [one for one in standing if one.kind in CARRIERS["statsborgerskap"]]
    return bool(told) and told[-1].values.get("citizenship") == NORWAY
