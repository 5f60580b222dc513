"""Documents of the national feed: parsed and checked, and read into reports, on one core.

    python benchmarks/bench_feed.py [DOCUMENTS]

The yardstick is the standard library's: `json.loads`, and the same values checked and picked out
of its dictionaries by hand. Seconds are those of the processor, the best of three, side by side.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from folkestrom.intake.feed.documents import read_document
from folkestrom.intake.feed.index import Index
from folkestrom.intake.feed.mapping import Mapper
from folkestrom.intake.identities.numbers import kind_of_number
from folkestrom.intake.identities.pseudonyms import Key

A_SECOND = 20_000
ROUNDS = 3


def main(many: int) -> int:
    lines = documents(many)
    typed = least(lambda: deque(map(read_document, lines), maxlen=0))
    by_hand = least(lambda: deque(map(picked, map(json.loads, lines)), maxlen=0))
    whole = least(lambda: mapped(lines))
    print(f"documents                 {many:>10,}")
    print(f"parsed and checked        {many / typed:>10,.0f} a second")
    print(f"json and dictionaries     {many / by_hand:>10,.0f} a second")
    print(f"read into reports         {many / whole:>10,.0f} a second, at least {A_SECOND:,}")
    return int(many / whole < A_SECOND)


def least(run: Callable[[], object]) -> float:
    seconds = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        run()
        seconds.append(time.process_time() - begun)
    return min(seconds)


def documents(many: int) -> list[bytes]:
    """One immigration to three moves, of persons who never lived."""
    numbers = [f"{1 + n % 28:02d}{81 + n // 28 % 12:02d}{n // 336 % 100:02d}" for n in range(many)]
    people = [number for head in numbers[: many // 4] for number in numbers_of(head)][: many // 4]
    return [line(at, people[at % len(people)], at < len(people)) for at in range(many)]


def numbers_of(head: str) -> list[str]:
    """Two numbers of a birthday, for which control digits are tried."""
    tried = (f"{head}{n:05d}" for n in range(50_000, 100_000))
    return [number for number, _ in zip(filter(kind_of_number, tried), range(2), strict=False)]


def line(at: int, number: str, starts: bool) -> bytes:
    day = f"20{10 + at % 10}-0{1 + at % 9}-1{at % 10}"
    road = {"kommunenummer": "0301", "bruksenhetsnummer": "H0101", "adressenavn": "Storgata"}
    found: list[tuple[str, dict[str, Any]]] = [
        ("bostedsadresse", {"flyttedato": day, "grunnkrets": 101 + at % 500, "vegadresse": road,
                            "adresseIdentifikatorFraMatrikkelen": str(200_000_000 + at // 3)})
    ]  # fmt: skip
    if starts:
        found += [
            ("status", {"status": "bosatt", "gyldighetstidspunkt": f"{day}T09:00:00+01:00"}),
            ("innflytting", {"fraflyttingsland": "POL", "aarsak": "Arbeid"}),
            ("kjoenn", {"kjoenn": "kvinne"}),
            ("foedsel", {"foedselsdato": "1980-05-10", "foedeland": "POL"}),
            ("statsborgerskap", {"statsborgerskap": "POL"}),
        ]
    changes = [{n: p, "entitet": n, "entitetsendring": "registrereNy"} for n, p in found]
    event = {"folkeregisteridentifikator": number, "ajourholdstidspunkt": f"{day}T10:00:00+01:00",
             "hendelsestype": "personErBosatt" if starts else "endringIBostedsadresse",
             "egenskapshendelse": changes}  # fmt: skip
    return json.dumps({"dokumentidentifikator": f"{at:032x}", "hendelse": event}).encode()


def picked(document: dict[str, Any]) -> tuple[Any, ...]:
    """What a report needs, with days and texts that are what they should be."""
    event = document["hendelse"]
    found: list[Any] = [str(document["dokumentidentifikator"]), event["folkeregisteridentifikator"]]
    found.append(datetime.fromisoformat(event["ajourholdstidspunkt"]))
    for change in event["egenskapshendelse"]:
        payload = change.get(change["entitet"]) or {}
        for name, value in payload.items():
            if name.endswith("dato"):
                found.append(date.fromisoformat(value))
            elif name.endswith("tidspunkt"):
                found.append(datetime.fromisoformat(value))
            elif isinstance(value, str | int | dict):
                found.append(value)
    return tuple(found)


def mapped(lines: list[bytes]) -> int:
    """Read as a folder's documents are: into lines of reports, with the index on disk."""
    with tempfile.TemporaryDirectory() as folder, Index.opened(Path(folder) / "index.db") as index:
        mapper = Mapper(index, Key(bytes(32)), "twin")
        found = 0
        for raw in lines:
            document = read_document(raw)
            found += len(mapper.read(document.hendelse.hendelsestype or "", document, None))
        return found


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
