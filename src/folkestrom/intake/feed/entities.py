"""What the register's entities say in the columns of the report record."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Any, Final

from folkestrom.classifications.country_names import country_names
from folkestrom.intake.feed import documents as d
from folkestrom.intake.feed.reasons import Reason, UnreadableError
from folkestrom.model.codes import RECORD_START_KINDS, Kind
from folkestrom.model.countries import KOSOVO, STATELESS, UNKNOWN
from folkestrom.model.time import local_day

#: Columns of a record, with their values.
Columns = dict[str, Any]
#: Makes the pseudonym of an identity number ("person") or an address ("dwelling").
Pseudonym = Callable[[str, str], int]

_MARITAL: Final = {
    "uoppgitt": "unknown", "ugift": "never_married", "gift": "married",
    "enkeEllerEnkemann": "widowed", "skilt": "divorced", "separert": "separated",
    "registrertPartner": "registered_partner", "separertPartner": "separated_partner",
    "skiltPartner": "divorced_partner", "gjenlevendePartner": "surviving_partner",
}  # fmt: skip
_SEX: Final = {"kvinne": "female", "mann": "male"}
#: The register's free text, where it is one of these words; anything else is `other`.
_REASON: Final = {
    "arbeid": "work", "familie": "family", "flukt": "refuge", "utdanning": "education",
    "nordisk": "nordic", "retur": "return", "administrativ": "administrative",
}  # fmt: skip
_PARENTS: Final = {"mor": "mother", "far": "father"}
#: Codes that ISO 3166-1 does not have: travel documents' and the European Union's.
_COUNTRIES: Final = {"XXA": STATELESS, "XXX": UNKNOWN, "XXK": KOSOVO, "XKX": KOSOVO, "RKS": KOSOVO}
_UNKNOWN_UNIT: Final = "9999"
_UNIT_DIGITS: Final = 4
_MUNICIPALITY: Final = re.compile(r"[0-9]{4}")

_STARTS: Final = RECORD_START_KINDS
#: The reports that carry what an entity says: what its correction or annulment may mean.
CARRIERS: Final[Mapping[str, frozenset[Kind]]] = {
    "innflytting": frozenset({Kind.IMMIGRATION}),
    "utflytting": frozenset({Kind.EMIGRATION}),
    "doedsfall": frozenset({Kind.DEATH}),
    "foedselINorge": frozenset({Kind.BIRTH}),
    "bostedsadresse": _STARTS | {Kind.MOVE},
    "sivilstand": _STARTS | {Kind.MARITAL_CHANGE},
    "statsborgerskap": _STARTS | {Kind.CITIZENSHIP_CHANGE},
    "kjoenn": _STARTS | {Kind.ATTRIBUTE_CORRECTION},
    "foedsel": _STARTS | {Kind.ATTRIBUTE_CORRECTION},
    "familierelasjon": _STARTS | {Kind.ATTRIBUTE_CORRECTION},
    "status": _STARTS | {Kind.EMIGRATION, Kind.DEATH},
}
#: The kind of report that a newly registered entity becomes by itself.
OWN_KIND: Final[Mapping[str, Kind]] = {
    "utflytting": Kind.EMIGRATION,
    "doedsfall": Kind.DEATH,
    "bostedsadresse": Kind.MOVE,
    "sivilstand": Kind.MARITAL_CHANGE,
    "statsborgerskap": Kind.CITIZENSHIP_CHANGE,
    "kjoenn": Kind.ATTRIBUTE_CORRECTION,
    "foedsel": Kind.ATTRIBUTE_CORRECTION,
    "familierelasjon": Kind.ATTRIBUTE_CORRECTION,
}
#: Of the changes of one document these say which report is meant, and the others follow them.
LEADING: Final = ("innflytting", "utflytting", "doedsfall", "foedselINorge")


def columns(entity: str, payload: Any, pseudonym: Pseudonym) -> Columns:
    """What an entity says in the columns of a record; empty where nothing of it is kept.

    Parameters
    ----------
    entity
        Its name.
    payload
        The entity.
    pseudonym
        Makes pseudonyms.
    """
    reader = _READERS.get(entity)
    return {} if reader is None or payload is None else reader(payload, pseudonym)


@cache
def country(code: str | None) -> str:
    """Alpha-2 of the register's three-letter code; unknown where there is none any longer.

    Examples
    --------
    >>> country("POL"), country("XXA"), country("SUN"), country(None)
    ('PL', 'XS', 'XX', 'XX')
    """
    code = code or ""
    return _COUNTRIES.get(code) or country_names().get(code, UNKNOWN)


def _day(entity: d.Described) -> date | None:
    return entity.gyldighetstidspunkt and local_day(entity.gyldighetstidspunkt)


def _code(codes: Mapping[str, str], field: str, value: str | None) -> str | None:
    """The record's code; free text of the register never gets into a record."""
    if value is not None and value not in codes:
        raise UnreadableError(Reason.UNKNOWN_CODE, field)
    return value and codes[value]


def _address(a: d.Address, pseudonym: Pseudonym) -> Columns:
    municipality = _municipality(a)
    if municipality is not None and not _MUNICIPALITY.fullmatch(municipality):
        raise UnreadableError(Reason.UNKNOWN_CODE, "kommunenummer")
    key = _dwelling(a, municipality)
    return {
        "event_date": a.flyttedato or _day(a),
        "municipality": municipality,
        "basic_unit": municipality and _basic_unit(municipality, a.grunnkrets),
        "dwelling": key and pseudonym("dwelling", key),
    }


def _municipality(a: d.Address) -> str | None:
    if a.vegadresse is not None:
        return a.vegadresse.kommunenummer
    if a.matrikkeladresse is not None and a.matrikkeladresse.matrikkelnummer is not None:
        return a.matrikkeladresse.matrikkelnummer.kommunenummer
    return None if a.ukjentBosted is None else a.ukjentBosted.bostedskommune


def _basic_unit(municipality: str, unit: int | None) -> str:
    """The basic unit's eight digits; the register has the last four, or all, as a number."""
    if unit is None:
        return municipality + _UNKNOWN_UNIT
    if unit < 10**_UNIT_DIGITS:
        return f"{municipality}{unit:0{_UNIT_DIGITS}d}"
    if unit < 10 ** (2 * _UNIT_DIGITS):
        return f"{unit:0{2 * _UNIT_DIGITS}d}"
    raise UnreadableError(Reason.UNKNOWN_CODE, "grunnkrets")


def _dwelling(a: d.Address, municipality: str | None) -> str | None:
    """What tells one dwelling from all others; None where its number is not known."""
    road, land = a.vegadresse, a.matrikkeladresse
    number = (road or land) and (
        road.bruksenhetsnummer if road else land and land.bruksenhetsnummer
    )
    if not number:
        return None
    if a.adresseIdentifikatorFraMatrikkelen:
        return f"{a.adresseIdentifikatorFraMatrikkelen}/{number}"
    if road is not None:
        house = road.adressenummer or d.StreetNumber()
        parts = (road.adressekode, house.husnummer, house.husbokstav)
    elif land is not None and land.matrikkelnummer is not None:
        of = land.matrikkelnummer
        parts = (of.gaardsnummer, of.bruksnummer, of.festenummer, land.undernummer)  # type: ignore[assignment]
    else:
        return None
    return "-".join([str(municipality), *map(str, parts)]) + f"/{number}"


def _immigration(i: d.Immigration, _: Pseudonym) -> Columns:
    found = {
        "country": country(i.fraflyttingsland),
        "reason": _REASON.get((i.aarsak or "").lower(), "other"),
    }
    return found | ({"event_date": i.innflyttingsdato} if i.innflyttingsdato else {})


def _emigration(e: d.Emigration, _: Pseudonym) -> Columns:
    return {"event_date": e.utflyttingsdato or _day(e), "country": country(e.tilflyttingsland)}


def _death(e: d.Death, _: Pseudonym) -> Columns:
    return {"event_date": e.doedsdato}


def _marital(e: d.Marital, pseudonym: Pseudonym) -> Columns:
    partner = e.relatertVedSivilstand
    return {
        "event_date": e.sivilstandsdato or _day(e),
        "marital_status": _code(_MARITAL, "sivilstand", e.sivilstand),
        "partner": pseudonym("person", partner) if partner else None,
    }


def _citizenship(e: d.Citizenship, _: Pseudonym) -> Columns:
    return {"event_date": e.ervervsdato or _day(e), "citizenship": country(e.statsborgerskap)}


def _sex(e: d.LegalSex, _: Pseudonym) -> Columns:
    return {"event_date": _day(e), "sex": _code(_SEX, "kjoenn", e.kjoenn)}


def _birth(e: d.Birth, _: Pseudonym) -> Columns:
    found = {"event_date": _day(e), "birth_date": e.foedselsdato}
    return found | ({"country_of_birth": country(e.foedeland)} if e.foedeland else {})


def _relation(e: d.Relation, pseudonym: Pseudonym) -> Columns:
    column = _PARENTS.get(e.relatertPersonsRolle or "")
    if column is None or not e.relatertPerson:
        return {}
    return {"event_date": _day(e), column: pseudonym("person", e.relatertPerson)}


_READERS: Final[Mapping[str, Callable[[Any, Pseudonym], Columns]]] = {
    "innflytting": _immigration,
    "utflytting": _emigration,
    "doedsfall": _death,
    "bostedsadresse": _address,
    "sivilstand": _marital,
    "statsborgerskap": _citizenship,
    "kjoenn": _sex,
    "foedsel": _birth,
    "familierelasjon": _relation,
}
