"""A national register as it delivers: events and documents made of report records."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import md5
from typing import Any

import pycountry

from folkestrom.intake.identities.numbers import kind_of_number

Row = dict[str, Any]
Entities = list[tuple[str, dict[str, Any]]]

MARITAL = {
    "unknown": "uoppgitt", "never_married": "ugift", "married": "gift",
    "widowed": "enkeEllerEnkemann", "divorced": "skilt", "separated": "separert",
    "registered_partner": "registrertPartner", "separated_partner": "separertPartner",
    "divorced_partner": "skiltPartner", "surviving_partner": "gjenlevendePartner",
}  # fmt: skip
SEX = {"female": "kvinne", "male": "mann"}
REASON = {
    "work": "Arbeid", "family": "Familie", "refuge": "Flukt", "education": "Utdanning",
    "nordic": "Nordisk", "return": "Retur", "administrative": "Administrativ",
}  # fmt: skip
TYPES = {
    "first_registration": "personErBosatt", "birth": "personErOpprettet",
    "immigration": "personErBosatt", "move": "endringIBostedsadresse",
    "marital_change": "endringISivilstand", "citizenship_change": "endringIStatsborgerskap",
    "emigration": "personErUtflyttet", "death": "personErDoed",
}  # fmt: skip
#: The type of event, and the entity, by which a report of each kind is annulled.
OWN = {
    "first_registration": ("endringIStatus", "status"),
    "birth": ("endringIFoedselINorge", "foedselINorge"),
    "immigration": ("endringIInnflytting", "innflytting"),
    "move": ("endringIBostedsadresse", "bostedsadresse"),
    "marital_change": ("endringISivilstand", "sivilstand"),
    "citizenship_change": ("endringIStatsborgerskap", "statsborgerskap"),
    "emigration": ("endringIUtflytting", "utflytting"),
    "death": ("endringIDoedsfall", "doedsfall"),
}
STARTS = ("first_registration", "birth", "immigration")
HISTORY = ("status", "bostedsadresse", "innflytting", "utflytting", "sivilstand", "statsborgerskap",
           "kjoenn", "familierelasjon")  # fmt: skip


def numbers_of(day: date, extra_month: int = 80, extra_day: int = 0) -> Iterable[str]:
    """All synthetic identity numbers of a birthday, in order."""
    head = f"{day.day + extra_day:02d}{day.month + extra_month:02d}{day.year % 100:02d}"
    for individual in range(1000):
        for control in range(100):
            number = f"{head}{individual:03d}{control:02d}"
            if kind_of_number(number):
                yield number


def alpha3(code: str) -> str:
    special = {"XX": "XXX", "XS": "XXA", "XK": "XXK"}
    return special.get(code) or str(pycountry.countries.get(alpha_2=code).alpha_3)


def moment(at: datetime) -> str:
    return at.isoformat()


def day(value: date) -> str:
    return value.isoformat()


@dataclass
class Register:
    """Everything that a feed delivers, by its identifiers."""

    events: list[dict[str, Any]] = field(default_factory=list)
    documents: dict[str, bytes] = field(default_factory=dict)
    persons: dict[str, tuple[tuple[Row, ...], str]] = field(default_factory=dict)
    numbers: dict[int, str] = field(default_factory=dict)
    _standing: dict[int, dict[str, Row]] = field(default_factory=lambda: defaultdict(dict))
    _used: dict[str, Any] = field(default_factory=dict)

    def take(self, rows: Iterable[Row]) -> None:
        """Register report records, in order of receipt."""
        rows = list(rows)
        for row in rows:
            if row.get("birth_date") and row["person"] not in self.numbers:
                self._number(row["person"], row["birth_date"])
        for row in rows:
            self._row(row)

    def number(self, person: int) -> str:
        return self.numbers.get(person) or self._number(person, date(1950, 1, 1))

    def _number(self, person: int, birthday: date) -> str:
        # Numbers don't tell the century: two persons born a hundred years apart share a series.
        series = f"{birthday:%d%m%y}"
        if series not in self._used:
            self._used[series] = iter(numbers_of(birthday))
        self.numbers[person] = next(self._used[series])
        return self.numbers[person]

    def _row(self, row: Row) -> None:
        standing = self._standing[row["person"]]
        key = row["source_report_id"]
        if row.get("annuls"):
            target = standing.pop(row["annuls"])
            type, entity = OWN[target["kind"]]
            changes = [{"entitet": entity, "entitetsendring": "annullere"}]
        elif row.get("corrects"):
            wrong = Counter(map(json.dumps, self.entities(standing.pop(row["corrects"]))))
            standing[key] = row
            right = self.entities(row)
            changed = [(n, p) for n, p in right if not wrong[json.dumps([n, p])] and n != "status"]
            type, entity = OWN[row["kind"]]
            # Corrected is the thing itself, even where all that is told of it is as before.
            entity = "foedsel" if entity == "foedselINorge" else entity
            changed = changed or [(n, p) for n, p in right if n == entity]
            changes = [_change(name, payload, "korrigere") for name, payload in changed]
        else:
            standing[key] = row
            type = TYPES[row["kind"]]
            found = self.entities(row)
            if row["kind"] in STARTS and row["person"] % 2:
                # Half of the starts leave to the person document what does not move.
                found = [one for one in found if one[0] not in ("kjoenn", "foedsel", "sivilstand")]
            changes = [_change(name, payload, "registrereNy") for name, payload in found]
        self.tell(row["person"], type, row["received_at"], changes, key)

    def tell(
        self, person: int, type: str, at: datetime, changes: list[dict[str, Any]], key: str = ""
    ) -> str:
        """Put an event on the list, with its documents; return the event document's name."""
        name = md5(f"{len(self.events)} {key}".encode(), usedforsecurity=False).hexdigest()
        persondocument = name[::-1]
        number = self.number(person)
        event = {"folkeregisteridentifikator": number, "hendelsestype": type,
                 "ajourholdstidspunkt": moment(at), "egenskapshendelse": changes}  # fmt: skip
        self.documents[name] = json.dumps(
            {"dokumentidentifikator": name, "skjemaversjon": "1.0", "hendelse": event}, indent=1
        ).encode()
        self.persons[persondocument] = (tuple(self._standing[person].values()), number)
        listed = {"folkeregisteridentifikator": number, "hendelsetype": type,
                  "hendelsesdokument": name, "persondokument": persondocument,
                  "ajourholdstidspunkt": moment(at)}  # fmt: skip
        self.events.append({"sekvensnummer": len(self.events) + 1, "hendelse": listed})
        return name

    def page(self, first: int, size: int = 1000) -> bytes:
        return json.dumps(self.events[first - 1 : first - 1 + size], indent=1).encode()

    def person_document(self, name: str) -> bytes:
        """The person then, with history: what was corrected or annulled is not in it."""
        rows, number = self.persons[name]
        found: dict[str, list[Any]] = defaultdict(list)
        for row in sorted(rows, key=lambda row: row["event_date"]):
            for entity, payload in self.entities(row):
                found[entity].append(payload)
        for payloads in found.values():
            for payload in payloads[:-1]:
                payload["erGjeldende"] = False
        document: dict[str, Any] = {name: found[name] for name in HISTORY if name in found}
        for payload in document.get("familierelasjon", ()):
            payload.pop("erGjeldende", None)
        for once in ("foedsel", "doedsfall"):
            if once in found:
                document[once] = found[once][-1]
        document["identifikasjonsnummer"] = [{"status": "iBruk", "foedselsEllerDNummer": number}]
        return json.dumps(document, indent=1).encode()

    def entities(self, row: Row) -> Entities:
        """The entities that a report tells of."""
        kind, at = row["kind"], day(row["event_date"])
        decided = moment(row["received_at"])
        found: Entities = []
        if kind in STARTS:
            found.append(("status", {"status": "bosatt", "gyldighetstidspunkt": decided}))
        if kind in (*STARTS, "move"):
            found.append(("bostedsadresse", _address(row, at)))
        if kind == "immigration":
            reason = REASON.get(row["reason"], "Innvandring")
            found.append(
                ("innflytting", {"fraflyttingsland": alpha3(row["country"]), "aarsak": reason})
            )
        if kind == "birth":
            found.append(("foedselINorge", {"rekkefoelgenummer": 1}))
        if kind in STARTS:
            found += self._of_a_start(row)
        if kind == "marital_change":
            found.append(("sivilstand", self._marital(row, at)))
        if kind == "citizenship_change":
            citizenship = {"statsborgerskap": alpha3(row["citizenship"]), "ervervsdato": at}
            found.append(("statsborgerskap", citizenship))
        if kind == "emigration":
            found.append(("status", {"status": "utflyttet", "gyldighetstidspunkt": decided}))
            left = {"tilflyttingsland": alpha3(row["country"]), "utflyttingsdato": at}
            found.append(("utflytting", left))
        if kind == "death":
            found.append(("status", {"status": "doed", "gyldighetstidspunkt": decided}))
            found.append(("doedsfall", {"doedsdato": at}))
        return found

    def _of_a_start(self, row: Row) -> Entities:
        born, country = row["birth_date"], alpha3(row["country_of_birth"])
        birth = {"foedselsdato": day(born), "foedselsaar": str(born.year), "foedeland": country}
        found: Entities = [("foedsel", birth), ("kjoenn", {"kjoenn": SEX[row["sex"]]})]
        found.append(("statsborgerskap", {"statsborgerskap": alpha3(row["citizenship"])}))
        if row.get("marital_status"):
            found.append(("sivilstand", self._marital(row, None)))
        for column, role in (("mother", "mor"), ("father", "far")):
            if row.get(column):
                parent = self.number(row[column])
                relation = {"relatertPerson": parent, "relatertPersonsRolle": role}
                found.append(("familierelasjon", relation | {"minRolleForPerson": "barn"}))
        return found

    def _marital(self, row: Row, at: str | None) -> dict[str, Any]:
        found = {"sivilstand": MARITAL[row["marital_status"]]}
        if at:
            found["sivilstandsdato"] = at
        if row.get("partner"):
            found["relatertVedSivilstand"] = self.number(row["partner"])
        return found


def _change(entity: str, payload: dict[str, Any], what: str) -> dict[str, Any]:
    return {entity: payload, "entitet": entity, "entitetsendring": what}


def _address(row: Row, at: str) -> dict[str, Any]:
    return {
        "flyttedato": at,
        "grunnkrets": int(row["basic_unit"][4:]),
        "adressegradering": "ugradert",
        "vegadresse": {"kommunenummer": row["municipality"], "adressenavn": "Storgata",
                       "poststed": {"postnummer": "0001", "poststedsnavn": "BY"}},
    }  # fmt: skip
