"""The texts of the site: a table of keys, English and Norwegian."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import Final

from folkestrom.model.specification import Language, Text

#: The languages of the site, by the names that addresses have for them.
LANGUAGES: Final = {"en": Language.EN, "no": Language.NO}


@cache
def texts() -> dict[str, Text]:
    """Every text, by its key."""
    read = files(__package__).joinpath("texts.csv").read_text("utf-8")
    return {row["key"]: Text(row["en"], row["no"]) for row in csv.DictReader(read.splitlines())}


def text(key: str, language: Language, **values: object) -> str:
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
    return texts()[key].of(language).format(**values)


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
