"""What each page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from folkestrom.app.public.site.blocks import Block, blocks, pages
from folkestrom.app.public.site.key_figures import Account, KeyFigure, Rates, account, rates
from folkestrom.model.specification import Category, Language
from folkestrom.publish.releases.shelf import Announced, Moved, Shelf
from folkestrom.publish.statbank.dataset import Published, time_unit
from folkestrom.publish.statbank.problems import NO_VALUE, Problem, quoted
from folkestrom.publish.statbank.vintages import compared
from folkestrom.publish.tables.definition import Variable

#: How far back a pyramid is compared, without being asked.
_YEARS_BACK = 10
_LATEST = 8

Tables = Mapping[str, Published]


@dataclass(frozen=True, slots=True)
class Coming:
    """A release that is announced, or out.

    Parameters
    ----------
    titles
        What its tables are about, each title with their numbers.
    due
        When; None: not yet determined.
    moved
        What was announced otherwise, and why.
    withdrawn
        Whether it comes out no more.
    told
        When that was last said; None: unknown.
    """

    titles: tuple[tuple[str, tuple[str, ...]], ...]
    due: datetime | None
    moved: tuple[Moved, ...] = ()
    withdrawn: bool = False
    told: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is new of a table since it was out before.

    Parameters
    ----------
    table
        The table.
    first
        Whether it was never out before.
    new
        Times that it did not have.
    revised
        Cells that had another figure, or none, or have none now.
    """

    table: Published
    first: bool
    new: tuple[str, ...] = ()
    revised: int = 0


@dataclass(frozen=True, slots=True)
class Front:
    """The front page."""

    account: Account | None
    blocks: tuple[Block, ...]
    next: tuple[Coming, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a reader may compare in a pyramid, and compares."""

    years: tuple[str, ...]
    places: tuple[Category, ...]
    year: str
    place: str
    other_year: str
    other_place: str


@dataclass(frozen=True, slots=True)
class Subject:
    """A page of a subject: population, or emigration."""

    account: Account | None
    blocks: tuple[Block, ...]
    comparison: Comparison | None
    next: Coming | None
    first: KeyFigure | None = None
    time: str = ""


@dataclass(frozen=True, slots=True)
class PlaceList:
    """Counties, each with its municipalities."""

    counties: tuple[tuple[Category, tuple[Category, ...]], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """The page of a municipality or county."""

    code: str
    name: str
    county: Category | None
    municipalities: tuple[Category, ...]
    rates: Rates | None
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A table in the list of all."""

    table: Published
    variables: tuple[Variable, ...]
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """What comes out, and what came out."""

    coming: tuple[Coming, ...]
    out: tuple[Coming, ...]
    withdrawn: tuple[Coming, ...]


@dataclass(frozen=True, slots=True)
class About:
    """What is said of the statistics, from the definitions of the tables."""

    tables: tuple[Listed, ...]
    methods: tuple[tuple[str, tuple[str, ...]], ...]
    classifications: tuple[tuple[str, tuple[str, ...]], ...]
    frequencies: tuple[str, ...]
    levels: tuple[str, ...]
    first: str


def calendar(shelf: Shelf, language: Language) -> Calendar:
    """Releases that are announced, and those that are out, the newest first."""
    found = shelf.calendar()
    coming, out, withdrawn = (
        tuple(_coming(one, language) for one in found if one.state == state)
        for state in ("scheduled", "out", "withdrawn")
    )
    return Calendar(coming, out[::-1], withdrawn[::-1])


def _coming(one: Announced, language: Language) -> Coming:
    ids: dict[str, list[str]] = {}
    for id, title in one.titles.items():
        ids.setdefault(title.of(language), []).append(id)
    titles = tuple((title, tuple(found)) for title, found in ids.items())
    return Coming(titles, one.due, one.moved, one.state == "withdrawn", one.told)


def front(shelf: Shelf, language: Language) -> Front:
    """The front page."""
    tables = shelf.tables()
    latest = sorted(tables.values(), key=lambda t: t.definition.id)
    latest.sort(key=lambda t: t.updated, reverse=True)
    changes = (_change(shelf.vintages(t.definition.id) or [t]) for t in latest[:_LATEST])
    return Front(
        account(tables, language), tuple(blocks("front", tables, language)),
        calendar(shelf, language).coming[:3], tuple(changes),
    )  # fmt: skip


def _change(vintages: Sequence[Published]) -> Change:
    """What the newest vintage of a table changed of the one before."""
    *earlier, table = vintages
    if not earlier:
        return Change(table, first=True)
    before = earlier[-1]
    found = compared(before, table)
    if found is None:
        return Change(table, first=True)
    new = next((one.new for one in found.codes if one.variable == table.definition.time.id), ())
    return Change(table, first=False, new=new, revised=found.changed + found.hidden + found.shown)


def population(
    shelf: Shelf, language: Language, wanted: Mapping[str, str], *, borders: bool = False
) -> Subject:
    """The page of the population.

    Parameters
    ----------
    shelf
        What is out.
    language
        Of all texts.
    wanted
        What the pyramid compares: `year`, `place`, `other_year`, `other_place`.
    borders
        Whether there are borders for maps.
    """
    tables = shelf.tables()
    comparison = _comparison(tables, wanted)
    marks = {}
    if comparison is not None:
        names = ("year", "place", "other_year", "other_place")
        marks = {name: getattr(comparison, name) for name in names}
    found = blocks("population", tables, language, borders=borders, **marks)
    return Subject(
        account(tables, language), tuple(found), comparison,
        next(iter(calendar(shelf, language).coming), None),
    )  # fmt: skip


def _comparison(tables: Tables, wanted: Mapping[str, str]) -> Comparison | None:
    table = tables.get(pages()["places"]["table"])
    if table is None:
        return None
    years = tuple(value.code for value in table.definition.time.values)
    places = table.definition.variables[0].values
    codes = [place.code for place in places]
    back = years[max(len(years) - 1 - _YEARS_BACK, 0)]
    nation = pages()["places"]["nation"]
    place = _one_of(codes, wanted.get("place"), nation)
    return Comparison(
        years, places, _one_of(years, wanted.get("year"), years[-1]), place,
        _one_of(years, wanted.get("other_year"), back),
        _one_of(codes, wanted.get("other_place"), place),
    )  # fmt: skip


def _one_of(known: Sequence[str], wanted: str | None, otherwise: str) -> str:
    if not wanted:
        return otherwise
    if wanted not in known:
        raise Problem(NO_VALUE, f"{quoted(wanted)} is none of the page's values.", 404)
    return wanted


def emigration(shelf: Shelf, language: Language, *, borders: bool = False) -> Subject:
    """The page of emigration; with maps of municipalities where there are borders."""
    tables = shelf.tables()
    coming = next(iter(calendar(shelf, language).coming), None)
    found = tuple(blocks("emigration", tables, language, borders=borders))
    national = account(tables, language)
    if national is None:
        return Subject(None, found, None, coming)
    code = pages()["account"]["emigration"]
    first = next(one for one in national.figures if one.code == code)
    return Subject(None, found, None, coming, first, national.time)


def places(tables: Tables) -> PlaceList:
    """Counties, each with its municipalities."""
    told = pages()["places"]
    table = tables.get(told["table"])
    if table is None:
        return PlaceList(())
    levels = {one.id: one for one in table.definition.variables[0].code_lists}

    def listed(id: str) -> list[Category]:
        groups = levels[id].groups if id in levels else ()
        return sorted((Category(g.code, g.label) for g in groups), key=lambda c: c.code)

    by_county = {
        county: tuple(found)
        for county, found in groupby(listed(told["municipalities"]), lambda c: c.code[:2])
    }
    return PlaceList(tuple((c, by_county.get(c.code, ())) for c in listed(told["counties"])))


def place(shelf: Shelf, language: Language, code: str) -> Place | None:
    """The page of a municipality or county; None: there is none of that code."""
    tables = shelf.tables()
    for county, municipalities in places(tables).counties:
        for one in (county, *municipalities):
            if one.code == code:
                above, below = (None, municipalities) if one is county else (county, ())
                found = [*blocks("place", tables, language, place=code)]
                if one is county:
                    inside, others = _sides(tables, municipalities)
                    found += blocks("county", tables, language, inside=inside, elsewhere=others)
                return Place(
                    code, one.label.of(language), above, below, rates(tables, code, language),
                    tuple(found),
                )  # fmt: skip
    return None


def _sides(
    tables: Tables, municipalities: Sequence[Category]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Codes of a county's municipalities, and of all others."""
    codes = [one.code for _, below in places(tables).counties for one in below]
    inside = tuple(one.code for one in municipalities)
    return inside, tuple(code for code in codes if code not in inside)


def listed(tables: Tables) -> tuple[Listed, ...]:
    """Every table that is out."""
    found = []
    for _, table in sorted(tables.items()):
        made = table.definition
        times = made.time.values
        found.append(Listed(table, made.variables[:-1], times[0].code, times[-1].code))
    return tuple(found)


def about(tables: Tables, language: Language) -> About:
    """What is said of the statistics."""
    methods: dict[str, list[str]] = {}
    lists: dict[str, list[str]] = {}
    levels: dict[str, None] = {}
    for id, table in sorted(tables.items()):
        made = table.definition
        for one in (made.method, *made.notes):
            if said := one.of(language):
                methods.setdefault(said, []).append(id)
        for variable in made.variables:
            for found in variable.code_lists:
                label = found.label.of(language)
                name = f"{variable.label.of(language)}: {label} ({found.id})"
                lists.setdefault(name, []).append(id)
                if variable.role == "geo":
                    levels.setdefault(label.lower())
    units = dict.fromkeys(time_unit(t.definition.time) for t in tables.values())
    first = min((t.definition.time.values[0].code[:4] for t in tables.values()), default="")
    said_of, named = (
        tuple((text, tuple(ids)) for text, ids in found.items()) for found in (methods, lists)
    )
    return About(listed(tables), said_of, named, tuple(units), tuple(levels), first)
