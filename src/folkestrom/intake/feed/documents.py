"""The feed's pages and documents, as far as they are read; other fields are passed over.

Names are those of the register. Texts of codes stay texts: a code that is not known is told where
it is used, and breaks no document.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

import msgspec
from msgspec import Struct, field

REGISTERED: Final = "registrereNy"
CORRECTED: Final = "korrigere"
ANNULLED: Final = "annullere"


class Described(Struct, frozen=True, gc=False):
    """What every entity has of the register's metadata."""

    gyldighetstidspunkt: datetime | None = None
    aarsak: str | None = None
    erGjeldende: bool = True  # noqa: N815 - the register's name


class Status(Described, frozen=True, gc=False):
    """A person's status; its `gyldighetstidspunkt` is when the case was decided."""

    status: str | None = None


class Immigration(Described, frozen=True, gc=False):
    """A move into the country."""

    fraflyttingsland: str | None = None
    innflyttingsdato: date | None = None


class Emigration(Described, frozen=True, gc=False):
    """A move out of the country; the day is the one that the person states."""

    tilflyttingsland: str | None = None
    utflyttingsdato: date | None = None


class StreetNumber(Struct, frozen=True, gc=False):
    """House number and letter."""

    husnummer: str | None = None
    husbokstav: str | None = None


class StreetAddress(Struct, frozen=True, gc=False):
    """An address on a road."""

    kommunenummer: str | None = None
    bruksenhetsnummer: str | None = None
    adressekode: str | None = None
    adressenummer: StreetNumber | None = None


class CadastralNumber(Struct, frozen=True, gc=False):
    """A property of the cadastre."""

    kommunenummer: str | None = None
    gaardsnummer: int | None = None
    bruksnummer: int | None = None
    festenummer: int | None = None


class CadastralAddress(Struct, frozen=True, gc=False):
    """An address by the cadastre."""

    bruksenhetsnummer: str | None = None
    undernummer: int | None = None
    matrikkelnummer: CadastralNumber | None = None


class UnknownAddress(Struct, frozen=True, gc=False):
    """Resident of a municipality, without an address."""

    bostedskommune: str | None = None


class Address(Described, frozen=True, gc=False):
    """Where a person is resident."""

    flyttedato: date | None = None
    grunnkrets: int | None = None
    vegadresse: StreetAddress | None = None
    matrikkeladresse: CadastralAddress | None = None
    ukjentBosted: UnknownAddress | None = None  # noqa: N815 - the register's name
    adresseIdentifikatorFraMatrikkelen: str | None = None  # noqa: N815


class Death(Described, frozen=True, gc=False):
    """A death."""

    doedsdato: date | None = None


class Marital(Described, frozen=True, gc=False):
    """A marital status."""

    sivilstand: str | None = None
    sivilstandsdato: date | None = None
    relatertVedSivilstand: str | None = None  # noqa: N815


class Citizenship(Described, frozen=True, gc=False):
    """A citizenship."""

    statsborgerskap: str | None = None
    ervervsdato: date | None = None


class LegalSex(Described, frozen=True, gc=False):
    """Legal sex."""

    kjoenn: str | None = None


class Birth(Described, frozen=True, gc=False):
    """Day and country of birth."""

    foedselsdato: date | None = None
    foedeland: str | None = None


class Relation(Described, frozen=True, gc=False):
    """A parent, child or spouse."""

    relatertPerson: str | None = None  # noqa: N815
    relatertPersonsRolle: str | None = None  # noqa: N815


class Number(Described, frozen=True, gc=False):
    """An identity number, in use or ended."""

    status: str | None = None
    foedselsEllerDNummer: str | None = None  # noqa: N815


class Change(Struct, frozen=True, gc=False):
    """One entity's change; of the entities at most the one that `entitet` names is there."""

    entitet: str
    entitetsendring: str
    status: Status | None = None
    innflytting: Immigration | None = None
    utflytting: Emigration | None = None
    bostedsadresse: Address | None = None
    doedsfall: Death | None = None
    sivilstand: Marital | None = None
    statsborgerskap: Citizenship | None = None
    kjoenn: LegalSex | None = None
    foedsel: Birth | None = None
    foedselINorge: Described | None = None  # noqa: N815
    familierelasjon: Relation | None = None
    identifikasjonsnummer: Number | None = None

    @property
    def payload(self) -> Any:
        """The entity itself; None where the document says only that it changed."""
        return getattr(self, self.entitet, None)


class Event(Struct, frozen=True, gc=False):
    """What an event document says. The type's name is written in two ways."""

    folkeregisteridentifikator: str
    ajourholdstidspunkt: datetime
    hendelsestype: str | None = None
    hendelsetype: str | None = None
    egenskapshendelse: tuple[Change, ...] = ()


class EventDocument(Struct, frozen=True, gc=False):
    """An event document."""

    dokumentidentifikator: str
    hendelse: Event


class Listed(Struct, frozen=True, gc=False):
    """An event as the list has it, with pointers at its documents."""

    folkeregisteridentifikator: str | None = None
    hendelsetype: str | None = None
    hendelsestype: str | None = None
    hendelsesdokument: str | None = None
    persondokument: str | None = None

    @property
    def type(self) -> str:
        """The event's type."""
        return self.hendelsetype or self.hendelsestype or ""


class Entry(Struct, frozen=True, gc=False):
    """An entry of a page."""

    sekvensnummer: int
    hendelse: Listed


class Person(Struct, frozen=True, gc=False):
    """A person document: the person as registered, with history; what was corrected is gone."""

    status: tuple[Status, ...] = ()
    innflytting: tuple[Immigration, ...] = ()
    utflytting: tuple[Emigration, ...] = ()
    bostedsadresse: tuple[Address, ...] = ()
    doedsfall: Death | tuple[Death, ...] = ()
    sivilstand: tuple[Marital, ...] = ()
    statsborgerskap: tuple[Citizenship, ...] = ()
    kjoenn: tuple[LegalSex, ...] = ()
    foedsel: Birth | tuple[Birth, ...] = ()
    familierelasjon: tuple[Relation, ...] = ()
    identifikasjonsnummer: tuple[Number, ...] = ()

    def entities(self, name: str) -> tuple[Any, ...]:
        """All entities of a name; those that can be there once are lists in some versions."""
        found = getattr(self, name, ())
        return found if isinstance(found, tuple) else (found,)


class SavedPerson(Struct, frozen=True, gc=False):
    """A person document with its identifier, which it does not have itself."""

    persondokument: str
    dokument: msgspec.Raw = field(default_factory=msgspec.Raw)


read_page: Final = msgspec.json.Decoder(list[Entry]).decode
read_document: Final = msgspec.json.Decoder(EventDocument).decode
read_saved_person: Final = msgspec.json.Decoder(SavedPerson).decode
read_person: Final = msgspec.json.Decoder(Person).decode


def document_line(raw: bytes) -> bytes:
    """A document on one line."""
    return msgspec.json.format(raw, indent=-1)
