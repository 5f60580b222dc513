"""Mirror statistics: what other countries count, beside the register's emigrants."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from folkestrom.analysis.abroad.stock import BY, MEASURES
from folkestrom.classifications.code_lists import UNKNOWN_CODE
from folkestrom.classifications.country_names import country_called, country_names
from folkestrom.errors import InputRefused
from folkestrom.model.cells import Cells
from folkestrom.model.countries import NORWAY, country_name
from folkestrom.model.names import unknown
from folkestrom.model.specification import Category, Dimension, Measure, Text
from folkestrom.statistics.year_sums import number

#: So many times above the high or below the low bound is implausible, and so is such a jump from
#: one year of the mirror to the next; fewer persons than `_FEW` are not judged.
FACTOR: Final = 5.0
_FEW: Final = 100
#: So alike a name is that of a country with a slip, rather than of a region.
_SLIP: Final = 0.9
_ALLOWED: Final = (
    "a CSV file with the columns year, destination, stock, and if need be definition; or one of "
    "origins across, with the columns Year and Dest"
)

#: What the United Nations write where nothing is known.
_MISSING: Final = ("", "..")

#: Whom a mirror counts, and what that is in the register.
DEFINITIONS: Final = {
    "born": ("country_of_birth", Text("Born in Norway", "Født i Norge")),
    "citizens": ("citizenship", Text("Norwegian citizens", "Norske statsborgere")),
}
_DEFINITION: Final = Dimension(
    "definition",
    Text("Definition", "Definisjon"),
    tuple(Category(code, label) for code, (_, label) in DEFINITIONS.items()),
)
_CHECK: Final = Dimension(
    "plausibility",
    Text("Plausibility", "Rimelighet"),
    (
        Category("plausible", Text("Plausible", "Rimelig")),
        Category(
            "outside_bounds", Text("Implausible: outside bounds", "Urimelig: utenfor grenser")
        ),
        Category("jump", Text("Implausible: jumps", "Urimelig: hopper")),
    ),
)
_YEAR: Final = Dimension("mirror_year", Text("Year of mirror", "Speilår"), classification="Year")
_PERSONS: Final = Text("persons", "personer")
_MIRRORED: Final = (
    *(measure for measure in MEASURES if not measure.id.endswith("_share")),
    Measure("mirror", Text("Mirror", "Speiltall"), _PERSONS, empty=None),
    Measure(
        "ratio", Text("Mirror to central", "Speiltall mot midt"),
        Text("ratio", "forholdstall"), decimals=2, empty=None,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mirror:
    """Mirror statistics of one file.

    Parameters
    ----------
    stocks
        Persons by definition and country, and of each by year.
    left_out
        Names that are no country, with the persons of their last year.
    """

    stocks: dict[tuple[str, str], dict[int, int]]
    left_out: dict[str, int]


def read_mirror(path: Path) -> Mirror:
    """Mirror statistics from a file.

    Parameters
    ----------
    path
        A CSV file with the columns `year`, `destination`, `stock` and, if it has other than those
        born in Norway, `definition`: "born" or "citizens". Or the United Nations' matrix of
        `Year`, `Dest` and a column for each origin, of which Norway's is read.

    Raises
    ------
    InputRefused
        A file that cannot be read; a name that is nearly a country's; what is no year or number;
        one country twice in a year.
    """
    stocks: dict[tuple[str, str], dict[int, int]] = {}
    left_out: dict[str, int] = {}
    for row, definition, name, year, stock in _rows(path):
        code = country_called(name)
        if code is None:
            _refuse_slip(name, path, row)
            left_out[name] = stock
            continue
        of_years = stocks.setdefault((definition, code), {})
        if year in of_years:
            raise InputRefused(
                "is there twice in one year", where=str(path), row=row, column="destination",
                value=name,
            )  # fmt: skip
        of_years[year] = stock
    if not stocks:
        raise InputRefused(
            "names no country", where=str(path), value=", ".join(list(left_out)[:3]) or None,
            allowed="names in English or Norwegian, or codes of ISO 3166-1",
        )  # fmt: skip
    return Mirror(stocks, left_out)


def _rows(path: Path) -> Iterator[tuple[int, str, str, int, int]]:
    """Row, definition, destination, year and stock."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputRefused("cannot be read", where=str(path), allowed=_ALLOWED) from error
    columns = ("Year", "Dest", country_name(NORWAY))
    if not (rows and set(columns) <= rows[0].keys()):
        columns = ("year", "destination", "stock")
    if not (rows and set(columns) <= rows[0].keys()):
        raise InputRefused("lacks rows or columns", where=str(path), allowed=_ALLOWED)
    for row, found in enumerate(rows, start=1):
        if found[columns[2]] in _MISSING:
            continue
        year, stock = (_number(found[name], path, row, name) for name in (columns[0], columns[2]))
        definition = found.get("definition") or "born"
        if definition not in DEFINITIONS:
            raise unknown(
                definition, DEFINITIONS, "is no definition", where=str(path), row=row,
                column="definition", error=InputRefused,
            )  # fmt: skip
        if stock or columns[0] == "year":
            yield row, definition, (found[columns[1]] or "").strip(), year, stock


def _number(text: Any, path: Path, row: int, column: str) -> int:
    if not (isinstance(text, str) and text.strip().isascii() and text.strip().isdecimal()):
        raise InputRefused(
            "is no whole number", where=str(path), row=row, column=column, value=text,
            allowed="0 1 2 …, without blanks or signs between the digits",
        )  # fmt: skip
    return int(text)


def _refuse_slip(name: str, path: Path, row: int) -> None:
    near = difflib.get_close_matches(name, country_names(), n=1, cutoff=_SLIP)
    if near:
        raise InputRefused(
            "is no country, and nearly one", where=str(path), row=row, column="destination",
            value=name, next_step=f"Did you mean {near[0]!r}?",
        )  # fmt: skip


def mirrored(found: dict[str, Cells], mirror: Mirror, year: int) -> Cells:
    """The register's emigrants beside mirror statistics, by definition and country.

    Parameters
    ----------
    found
        Emigrants by `country` and nothing else, of each definition.
    mirror
        The mirror statistics; of the year nearest to `year`, of two the earlier.
    year
        The year of the register's figures.
    """
    rows: list[dict[str, Any]] = []
    for (definition, code), of_years in sorted(mirror.stocks.items()):
        (own,) = [r for r in found[definition].rows() if r["country"] == code] or [{}]
        nearest = min(of_years, key=lambda one: (abs(one - year), one))
        low, central, high = (own.get(name, 0) for name in ("low", "central", "high"))
        stock = of_years[nearest]
        rows.append({
            "definition": definition, "country": code, "mirror_year": str(nearest),
            "plausibility": plausibility(of_years, nearest, low, high),
            "persons": own.get("persons", 0), "low": low, "central": central, "high": high,
            "mirror": stock, "ratio": round(stock / central, 2) if central else None,
        })  # fmt: skip
    made = next(iter(found.values())).specification
    dimensions = (_DEFINITION, BY["country"].dimension, _YEAR, _CHECK)
    # Whom the register's figures are of is said by the definition.
    common = [
        note
        for note in made.footnotes
        if all(note in cells.specification.footnotes for cells in found.values())
    ]
    notes = (*common, *_notes(found, mirror, year))
    data = pa.Table.from_pylist(
        rows,
        pa.schema([(d.id, pa.string()) for d in dimensions] + [
            (m.id, pa.float64() if m.decimals else pa.int64()) for m in _MIRRORED
        ]),
    )  # fmt: skip
    return Cells(
        replace(made, id=f"{made.id}_mirrored", dimensions=dimensions, measures=_MIRRORED,
                footnotes=notes),
        data,
    )  # fmt: skip


def plausibility(of_years: dict[int, int], year: int, low: float, high: float) -> str:
    """Whether a mirror can be of the same persons.

    Parameters
    ----------
    of_years
        Its stocks by year.
    year
        The year that is looked at.
    low, high
        The register's bounds.

    Examples
    --------
    >>> plausibility({2015: 41_000, 2019: 42_000}, 2019, 30_000, 70_000)
    'plausible'
    >>> plausibility({2019: 14_499}, 2019, 120, 310)
    'outside_bounds'
    >>> plausibility({2015: 300, 2019: 2_900}, 2019, 900, 2_000)
    'jump'
    """
    stock = of_years[year]
    if max(stock, high) >= _FEW and not low / FACTOR <= stock <= high * FACTOR:
        return "outside_bounds"
    years = sorted(of_years)
    at = years.index(year)
    beside = [of_years[one] for one in (*years[max(at - 1, 0) : at], *years[at + 1 : at + 2])]
    if any(max(stock, one) >= max(_FEW, FACTOR * min(stock, one)) for one in beside):
        return "jump"
    return "plausible"


def _notes(found: dict[str, Cells], mirror: Mirror, year: int) -> Iterable[Text]:
    yield Text(
        f"Mirror statistics are of the year nearest to {year}. They are implausible where they "
        f"are more than {FACTOR:g} times above the high or below the low bound, or jump by more "
        "than that from one of their years to the next; fewer than "
        f"{_FEW} persons are not judged.",
        f"Speiltall er fra året nærmest {year}. De er urimelige der de er mer enn {FACTOR:g} "
        "ganger over den høye eller under den lave grensen, eller hopper mer enn det fra et av "
        f"årene til det neste; færre enn {_FEW} personer blir ikke vurdert.",
    )
    for definition, cells in found.items():
        listed = {code for defined, code in mirror.stocks if defined == definition}
        rest = [row for row in cells.rows() if row["country"] not in (*listed, UNKNOWN_CODE)]
        label = DEFINITIONS[definition][1]
        many, persons = len(rest), number(sum(row["persons"] for row in rest))
        yield Text(
            f"{label.en}: {many} countries of the register, with {persons} registered emigrants, "
            "have no mirror.",
            f"{label.no}: {many} land i registeret, med {persons} registrerte utvandrere, har "
            "ingen speiltall.",
        )
    if mirror.left_out:
        names = ", ".join(f"{name} ({number(n)})" for name, n in mirror.left_out.items())
        yield Text(
            f"No country, and left out of the mirror: {names}.",
            f"Ikke land, og ikke med i speiltallene: {names}.",
        )
