"""Saved queries: a question as a name, from which it is read again.

The name holds the whole question, so that nothing has to be kept: whoever has a name has the
question, on any server, for as long as there is the table.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec

from folkestrom.publish.statbank.problems import NO_SAVED_QUERY, Problem, quoted
from folkestrom.publish.statbank.requests import Query, decoded

_SUCH_AS: Final = (
    '{"tableId": "B1001", "language": "en", "selection": {"selection": [{"variableCode": "Tid", '
    '"valueCodes": ["TOP(1)"]}]}}'
)
#: Longer questions do not fit into an address.
_LONGEST: Final = 6_000


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A question with its table, language and format, in the names of the interface."""

    tableId: str  # noqa: N815 - the names of the interface
    selection: Query
    language: str = ""
    outputFormat: str | None = None  # noqa: N815
    outputFormatParams: list[str] = field(default_factory=list)  # noqa: N815
    id: str = ""

    def named(self) -> SavedQuery:
        """The question with its name."""
        text = msgspec.json.encode(replace(self, id=""))
        name = base64.urlsafe_b64encode(zlib.compress(text, 9)).decode().rstrip("=")
        if len(name) > _LONGEST:
            raise Problem(
                "Parameter error",
                f"the query is too long to be saved: it makes a name of {len(name):,} letters, and "
                f"{_LONGEST:,} are allowed. Use expressions such as * and RANGE(a,b).",
            )
        return replace(self, id=name)


def saved(body: bytes) -> SavedQuery:
    """A question that is to be saved.

    Parameters
    ----------
    body
        The JSON.
    """
    return decoded(body, SavedQuery, _SUCH_AS).named()


def recalled(name: str) -> SavedQuery:
    """The question that a name stands for.

    Parameters
    ----------
    name
        The name.
    """
    try:
        packed = base64.urlsafe_b64decode(name + "=" * (-len(name) % 4))
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(packed, 1 << 20)
        found = msgspec.json.decode(text, type=SavedQuery)
    except (binascii.Error, ValueError, zlib.error, msgspec.MsgspecError) as error:
        raise Problem(
            NO_SAVED_QUERY, f"{quoted(name)} is the name of no saved query. Save it again.", 404
        ) from error
    return replace(found, id=name)


def response(query: SavedQuery, base: str) -> dict[str, Any]:
    """A saved question as the interface answers it.

    Parameters
    ----------
    query
        The question, with its name.
    base
        Address of the interface.
    """
    path = f"{base}/savedqueries/{query.id}"
    links = {"self": "", "data": "/data", "selection": "/selection"}
    return {
        "language": query.language,
        "id": query.id,
        "savedQuery": query,
        "links": [
            {"rel": rel, "hreflang": query.language, "href": f"{path}{more}"}
            for rel, more in links.items()
        ],
    }
