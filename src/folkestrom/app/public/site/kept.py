"""What was made once is kept, until what it is made of is another."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Made:
    """An answer of the site.

    Parameters
    ----------
    body, media
        What it is, and of which type.
    said
        Of a picture, what it shows, in words.
    """

    body: bytes
    media: str
    said: str = ""


class Kept:
    """Answers by what was asked, the latest that have room.

    Parameters
    ----------
    most
        Bytes that are kept.
    """

    def __init__(self, most: int = 64 << 20) -> None:
        self._most = most
        self._size = 0
        self._state: object = None
        self._made: OrderedDict[Hashable, Made] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, state: object, key: Hashable, make: Callable[[], Made]) -> Made:
        """The answer that was made before in this state, or one that is made now.

        Parameters
        ----------
        state
            What answers are made of; when it is another, nothing that was kept is right.
        key
            What is asked.
        make
            Makes it.
        """
        with self._lock:
            if state != self._state:
                self._made.clear()
                self._size, self._state = 0, state
            found = self._made.get(key)
            if found is not None:
                self._made.move_to_end(key)
                return found
        made = make()
        with self._lock:
            # What came out while it was made is not in it.
            if state == self._state and key not in self._made:
                self._made[key] = made
                self._size += len(made.body)
                while self._size > self._most:
                    _, old = self._made.popitem(last=False)
                    self._size -= len(old.body)
        return made
