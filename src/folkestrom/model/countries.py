"""Countries: ISO 3166-1 alpha-2 in files, a small number in the store.

The number is the place in `COUNTRIES`, counted from 1, and is stored for good. The list is
therefore written out here: an update of ISO 3166-1 must not renumber anything, and a country that
is added one day goes to the end.
"""

from __future__ import annotations

import gettext
from functools import cache
from typing import Final

UNKNOWN: Final = "XX"
STATELESS: Final = "XS"
KOSOVO: Final = "XK"
NORWAY: Final = "NO"

#: ISO 3166-1 as of 2025, Kosovo (user-assigned), stateless and unknown. Only ever appended to.
COUNTRIES: Final[tuple[str, ...]] = tuple(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ
    EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW
    GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY
    KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV
    MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY
    QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG
    TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK XS XX YE
    YT ZA ZM ZW
    """.split()
)

#: Alpha-2 -> number in the store.
COUNTRY_CODES: Final[dict[str, int]] = {alpha2: n for n, alpha2 in enumerate(COUNTRIES, start=1)}

#: The number of Norway.
NO_CODE: Final = COUNTRY_CODES[NORWAY]

#: Nordic countries and their self-governing parts, Norway not included.
NORDIC: Final = frozenset({"AX", "DK", "FI", "FO", "GL", "IS", "SE"})

_EXTRA_NAMES: Final = {
    "en": {UNKNOWN: "Unknown", STATELESS: "Stateless", KOSOVO: "Kosovo"},
    "no": {UNKNOWN: "Uoppgitt", STATELESS: "Statsløs", KOSOVO: "Kosovo"},
}


def alpha2(code: int) -> str:
    """Alpha-2 text of a stored number.

    Examples
    --------
    >>> alpha2(COUNTRY_CODES["PL"])
    'PL'
    """
    if not 1 <= code <= len(COUNTRIES):
        raise KeyError(f"no country has the number {code}")
    return COUNTRIES[code - 1]


@cache
def country_name(country: str, language: str = "en") -> str:
    """Name of a country in English ("en") or Norwegian ("no").

    Examples
    --------
    >>> country_name("PL"), country_name("SE", "no"), country_name("XX")
    ('Poland', 'Sverige', 'Unknown')
    """
    # Imported here: pycountry reads its database, and most runs need no name.
    import pycountry

    if country in _EXTRA_NAMES["en"]:
        return _EXTRA_NAMES[language][country]
    entry = pycountry.countries.get(alpha_2=country)
    if entry is None:
        raise KeyError(f"no country has the code {country!r}")
    english = str(getattr(entry, "common_name", entry.name))
    if language == "en":
        return english
    norwegian = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=["nb_NO", "nb"])
    return norwegian.gettext(english)
