"""Erasure of a person's identity, as a legal order says: what each table keeps of it.

The person's pseudonym is replaced by a random number everywhere, which nothing connects with it; or
the person's reports leave the log as well. Others' reports that name the person (as a parent or a
spouse, say) name the random number in both cases. Records that were not accepted are in no figure:
those that name the person leave, and their source can deliver them again.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from folkestrom.errors import PERSON_COLUMNS
from folkestrom.intake.reading.header import QUARANTINE_BYTES
from folkestrom.intake.tables import LINES

#: The table of the log.
LOG: Final = "report"
#: Columns of pseudonyms of persons.
_PERSONS: Final = tuple(sorted(PERSON_COLUMNS - {"dwelling"}))
#: Tables of records that were not accepted, as they were delivered, and of some their bytes.
RECORDS: Final = ("quarantine", "linkage_held")
_HELD: Final = (*RECORDS, LINES)
#: A shorter number occurs in texts about another person: there only a column of persons tells.
_LEAST: Final = 10**9
_BITS: Final = 62


@dataclass(frozen=True, slots=True)
class Erasure:
    """Whose identity is erased, and how.

    Parameters
    ----------
    person
        The pseudonym.
    removes
        Whether the person's reports are removed.
    made_again
        Tables that are made again, and so are left empty.
    token
        The number that takes its place.
    """

    person: int = field(repr=False)
    removes: bool = False
    made_again: Collection[str] = ()
    token: int = field(default_factory=lambda: secrets.randbits(_BITS) | 1 << _BITS)

    def rows(self, table: str, columns: Mapping[str, str]) -> str:
        """SELECT of the rows of a table that go on, without the identity."""
        leaves = ["TRUE" if table in self.made_again else "FALSE"]
        if self.removes and "person" in _persons(columns):
            leaves.append(f"person = {self.person}")
        elif table in _HELD:
            leaves += [f"coalesce({stands}, FALSE)" for _, stands in self.stands_in(columns)]
        shown = [
            f'CASE WHEN "{name}" = {self.person} THEN {self.token} ELSE "{name}" END AS "{name}"'
            if name in _persons(columns) else f'"{name}"'
            for name in columns
        ]  # fmt: skip
        # In the order of persons, as tables are: the token would be found in the pseudonym's place.
        ordered = table != LOG and "person" in _persons(columns)
        order = f" ORDER BY {[*columns].index('person') + 1}, rowid" if ordered else ""
        return f'SELECT {", ".join(shown)} FROM "{table}" WHERE NOT ({" OR ".join(leaves)}){order}'

    def others(self, table: str, columns: Mapping[str, str]) -> str | None:
        """SELECT of how many rows name neither the person nor the token, with their digest.

        None of records that were not accepted, which may name the person anywhere.
        """
        if table in (*_HELD, *self.made_again):
            return None
        numbers = f"{self.person}, {self.token}"
        named = [f"coalesce({name} IN ({numbers}), FALSE)" for name in _persons(columns)]
        listed = ", ".join(f'"{name}"' for name in columns)
        return (
            f"SELECT count(*), coalesce(sum(hash({listed})), 0)::VARCHAR "
            f'FROM "{table}" WHERE NOT ({" OR ".join(named) or "FALSE"})'
        )

    def stands_in(self, columns: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Columns of a table that may have the number, each with the condition on which it does."""
        short = self.person < _LEAST
        for name, kind in columns.items():
            text = f"from_base64({name})" if name == QUARANTINE_BYTES else f'"{name}"'
            if name in _persons(columns):
                yield name, f"{name} = {self.person}"
            elif name == "record" or (short and name == "person"):
                keys = f'"({"|".join(_PERSONS)})":"?{self.person}"?[,}}]'
                whole = f"^{self.person}$" if short else self._whole
                yield name, f"regexp_matches(trim({text}), '{keys}|{whole}')"
            elif kind in ("VARCHAR", "BLOB") and not short:
                yield name, f"regexp_matches({text}::VARCHAR, '{self._whole}')"

    @property
    def _whole(self) -> str:
        return f"(^|[^0-9]){self.person}([^0-9]|$)"


def _persons(columns: Mapping[str, str]) -> list[str]:
    return [name for name in _PERSONS if columns.get(name) == "BIGINT"]
