"""The texts of pages: tables of keys, English and Norwegian."""

from __future__ import annotations

import csv
from functools import cached_property
from importlib.resources import files
from typing import Final

from folkestrom.model.specification import Language, Text

#: The languages of pages, by the names that addresses have for them.
LANGUAGES: Final = {"en": Language.EN, "no": Language.NO}


class Texts:
    """The texts of a room's pages: those that all rooms have, and its own.

    Parameters
    ----------
    room
        The package that has the room's own, as `texts.csv`.
    """

    def __init__(self, room: str) -> None:
        self._room = room

    @cached_property
    def all(self) -> dict[str, Text]:
        """Every text, by its key."""
        return {
            row["key"]: Text(row["en"], row["no"])
            for package in (__package__, self._room)
            for row in csv.DictReader(
                files(package).joinpath("texts.csv").read_text("utf-8").splitlines()
            )
        }

    def __call__(self, key: str, language: Language, **values: object) -> str:
        """A text, its marks filled in.

        Parameters
        ----------
        key
            Which.
        language
            In which language.
        **values
            What stands for its marks.
        """
        return self.all[key].of(language).format(**values)


def preferred(accepted: str, default: Language) -> Language:
    """The language that a browser prefers, of those that there are.

    Parameters
    ----------
    accepted
        The header Accept-Language.
    default
        The language where it names none of them.

    Examples
    --------
    >>> str(preferred("nb-NO,nb;q=0.9,en;q=0.8", Language.EN)), str(preferred("sv", Language.EN))
    ('no', 'en')
    """
    for part in accepted.split(","):
        name = part.partition(";")[0].strip().casefold()[:2]
        if name in ("nb", "nn", "no"):
            return Language.NO
        if name == "en":
            return Language.EN
    return default
