"""Countries by name, as other statistics write them."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

from folkestrom.model.countries import COUNTRIES, country_name

#: Names of the United Nations' migrant stock that ISO 3166-1 has in other words.
_UNITED_NATIONS: Final = {
    "China, Hong Kong SAR": "HK",
    "China, Macao SAR": "MO",
    "Dem. People's Republic of Korea": "KP",
    "Holy See": "VA",
    "Micronesia (Fed. States of)": "FM",
    "Saint Helena": "SH",
    "Turkey": "TR",
    "Wallis and Futuna Islands": "WF",
}
#: Words that tell no country from another.
_EMPTY: Final = frozenset({"of", "the", "and", "og"})


@cache
def country_names() -> dict[str, str]:
    """Countries by every name that they are known by, in English and Norwegian, and by code."""
    import pycountry

    found = dict(_UNITED_NATIONS)
    for code in COUNTRIES:
        entry = pycountry.countries.get(alpha_2=code)
        fields = ("alpha_3", "name", "official_name", "common_name")
        names = [code, country_name(code), country_name(code, "no")]
        names += [getattr(entry, field) for field in fields if hasattr(entry, field)]
        found |= dict.fromkeys(names, code)
    return found


def country_called(name: str) -> str | None:
    """The country of a name, in whatever order, accents and capitals it is written.

    Parameters
    ----------
    name
        A name, or a code of ISO 3166-1.

    Examples
    --------
    >>> country_called("Bolivia (Plurinational State of)"), country_called("norge")
    ('BO', 'NO')
    >>> country_called("South America") is None
    True
    """
    return _by_words().get(_words(name))


@cache
def _by_words() -> dict[frozenset[str], str]:
    return {_words(name): code for name, code in country_names().items()}


def _words(name: str) -> frozenset[str]:
    plain = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(one for one in plain if not unicodedata.combining(one))
    words = frozenset(re.findall(r"\w+", letters))
    return words - _EMPTY or words
