"""What was made once is kept, until what it is made of is another."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Made:
    """An answer.

    Parameters
    ----------
    body, media
        What it is, and of which type.
    said
        Of a picture, what it shows, in words.
    status
        Of HTTP.
    """

    body: bytes
    media: str
    said: str = ""
    status: int = 200


class Kept(Generic[_T]):
    """Answers by what was asked, the latest that have room.

    Parameters
    ----------
    most
        Bytes that are kept; one answer has half of them at most.
    """

    def __init__(self, most: int = 64 << 20) -> None:
        self._most = most
        self._size = 0
        self._state: object = None
        self._made: OrderedDict[Hashable, tuple[_T, int]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, state: object, key: Hashable) -> _T | None:
        """The answer that was made before in this state; None: there is none.

        Parameters
        ----------
        state
            What answers are made of; when it is another, nothing that was kept is right.
        key
            What is asked.
        """
        with self._lock:
            if state != self._state:
                self._made.clear()
                self._size, self._state = 0, state
            if key not in self._made:
                return None
            self._made.move_to_end(key)
            return self._made[key][0]

    def keep(self, state: object, key: Hashable, made: _T, size: int) -> None:
        """Keep an answer, unless what it is made of is another by now.

        Parameters
        ----------
        state, key
            As when it was looked for.
        made, size
            The answer, and its bytes.
        """
        with self._lock:
            if state != self._state or key in self._made or size > self._most // 2:
                return
            self._made[key] = made, size
            self._size += size
            while self._size > self._most:
                _, (_, old) = self._made.popitem(last=False)
                self._size -= old


def kept_or_made(kept: Kept[Made], state: object, key: Hashable, make: Callable[[], Made]) -> Made:
    """An answer that is kept, or one that is made now.

    Parameters
    ----------
    kept, state, key
        Where it is looked for, and as what.
    make
        Makes it.
    """
    found = kept.find(state, key)
    if found is None:
        found = make()
        kept.keep(state, key, found, len(found.body))
    return found
