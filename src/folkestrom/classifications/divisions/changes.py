"""Later changes of municipalities, as files or the service tell them: checked, and made a division.

`municipality_changes.csv` has `day`, `old`, `new`: a row for each pair of a number that gives
persons and one that takes them, on the first day of the new borders. A number that gives a part
away and goes on has a row with itself; one without such a row ends. `municipalities.csv` has
`code`, `name` and `valid_from` of the numbers that begin. Both may repeat what the program knows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from folkestrom.classifications.divisions.division import (
    AREA,
    CHANGE,
    CHANGES,
    COUNTIES,
    MUNICIPALITIES,
    WITHOUT_END,
    Division,
    listed,
)
from folkestrom.errors import InputRefused
from folkestrom.model.report import COUNTY_DIGITS, MUNICIPALITY_DIGITS

Row = Mapping[str, str | None]
#: Rows of names, with their numbers, by code and first day.
_Names = dict[tuple[str, str], tuple[int, dict[str, str]]]
#: Files, and the columns that each must have.
AREA_COLUMNS: Final = {
    CHANGES: ("day", "old", "new"),
    MUNICIPALITIES: ("code", "name", "valid_from"),
    COUNTIES: ("code", "name", "valid_from"),
}
_NOTHING_KEPT: Final = "Mend the file, and load it again. Nothing of it was kept."


@dataclass(frozen=True, slots=True)
class AreaFiles:
    """Lists of areas as they were read; rows are counted from 1.

    Parameters
    ----------
    changes, municipalities, counties
        Rows, by the columns of their files.
    places
        What each of the three is called in errors: mostly a path.
    """

    changes: Sequence[Row] = ()
    municipalities: Sequence[Row] = ()
    counties: Sequence[Row] = ()
    places: Mapping[str, str] = field(default_factory=dict)

    def refused(
        self, of: str, row: int, column: str, value: object, what: str, allowed: str
    ) -> InputRefused:
        """What is wrong, with where."""
        return InputRefused(
            what, where=self.places.get(of, of), row=row, column=column, value=str(value or ""),
            allowed=allowed, next_step=_NOTHING_KEPT,
        )  # fmt: skip


def divided(files: AreaFiles) -> Division:
    """The division that files make of the program's own lists.

    Parameters
    ----------
    files
        What was read.

    Raises
    ------
    InputRefused
        A number or a day that is none; a change that the program's list does not have, of a day
        that it covers; one told twice; a number that gives persons and is not valid the day before;
        one that takes another's place and gives up its own on one day; one without a name; a name
        of a number that no change brings; days that overlap.

    Examples
    --------
    >>> files = AreaFiles([{"day": "2026-01-01", "old": "0301", "new": "0399"}],
    ...     [{"code": "0399", "name": "Oslo", "valid_from": "2026-01-01"}])
    >>> [row[:4] for row in divided(files).municipalities]
    [('0301', 'Oslo', '1960-01-01', '2026-01-01'), ('0399', 'Oslo', '2026-01-01', '9999-12-31')]
    """
    known = listed(Division(), CHANGES)
    last = max(row["day"] for row in known)
    changes = list(_later(files, {(r["day"], r["old"], r["new"]) for r in known}, last))
    names = _names(files, last)
    lives = {
        row["code"]: dict(row)
        for row in listed(Division(), MUNICIPALITIES)
        if row["valid_to"] == WITHOUT_END
    }
    done: list[dict[str, str]] = []
    for day in sorted({row["day"] for _, row in changes} | {begins for _, begins in names}):
        _change(files, day, [c for c in changes if c[1]["day"] == day], lives, done, names)
        _rename(files, day, lives, done, names)
    _check_ends(files, names, [*done, *lives.values()])
    added = [row for row in (*done, *lives.values()) if _is_new(row, MUNICIPALITIES)]
    counties = _counties(files, [*done, *lives.values()], last)
    return Division(
        tuple(sorted(tuple(row[c] for c in AREA) for row in added)),
        tuple(sorted(tuple(row[c] for c in AREA) for row in counties)),
        tuple(tuple(row[c] for c in CHANGE) for _, row in changes),
    )


def later_codes(division: Division) -> tuple[str, ...]:
    """Codes of municipalities whose days a division tells anew: they begin, or they end."""
    return tuple(sorted({row[0] for row in division.municipalities}))


def _is_new(row: Mapping[str, str], name: str) -> bool:
    return dict(row) not in listed(Division(), name)


def _later(
    files: AreaFiles, known: set[tuple[str, str, str]], last: str
) -> Iterator[tuple[int, dict[str, str]]]:
    """Changes later than the program's, each with its row, in the columns of its list."""
    seen = Counter[tuple[str, str, str]]()
    for number, row in enumerate(files.changes, 1):
        day = _day(files, CHANGES, number, "day", row)
        old, new = (_code(files, CHANGES, number, name, row) for name in ("old", "new"))
        told = (day, old, new)
        seen[told] += 1
        if seen[told] > 1:
            raise files.refused(
                CHANGES, number, "new", new, "is a change that is told twice",
                "one row for each pair of numbers and day",
            )  # fmt: skip
        if told in known:
            continue
        if day <= last:
            raise files.refused(
                CHANGES, number, "day", day, "is a change that the program's own list does not "
                f"have, of a day that it covers: {old} to {new}", f"a day after {last}",
            )  # fmt: skip
        units = row.get("basic_units") or ""
        if units and not units.isdecimal():
            raise files.refused(
                CHANGES, number, "basic_units", units, "is no number of basic units",
                "how many of the old number's units go there, or nothing",
            )  # fmt: skip
        remarks = {name: row.get(name) or "" for name in CHANGE}
        yield number, remarks | {"day": day, "old": old, "new": new}


def _names(files: AreaFiles, last: str) -> _Names:
    """Names of numbers that begin later than the program's list, by code and day."""
    found: _Names = {}
    for number, row in enumerate(files.municipalities, 1):
        code = _code(files, MUNICIPALITIES, number, "code", row)
        if not row.get("valid_from"):
            continue  # older than the lists
        begins = _day(files, MUNICIPALITIES, number, "valid_from", row)
        if begins <= last:
            continue
        if (code, begins) in found:
            raise files.refused(
                MUNICIPALITIES, number, "valid_from", begins,
                f"begins twice: {code} has two rows", "one row for each number and day",
            )  # fmt: skip
        values = (code, row.get("name") or code, begins, WITHOUT_END, row.get("source") or "")
        found[code, begins] = (number, dict(zip(AREA, values, strict=True)))
    return found


def _change(
    files: AreaFiles,
    day: str,
    rows: Sequence[tuple[int, dict[str, str]]],
    lives: dict[str, dict[str, str]],
    done: list[dict[str, str]],
    names: _Names,
) -> None:
    """Carry what is valid over one day of changes, in place."""
    eve = str(date.fromisoformat(day) - timedelta(days=1))
    giving = {row["old"] for _, row in rows}
    going_on = {row["old"] for _, row in rows if row["old"] == row["new"]}
    for number, row in rows:
        old, new = row["old"], row["new"]
        if old not in lives:
            raise files.refused(
                CHANGES, number, "old", old, f"is no municipality on {eve}, so that nothing can "
                "come of it", f"a number that is valid on {eve}, by the program's list or a change",
            )  # fmt: skip
        if new in giving and new not in going_on:
            raise files.refused(
                CHANGES, number, "new", new, "takes another's place and gives up its own on one "
                f"day, {day}", f"a number that is new, or one that goes on: {new} to {new}",
            )  # fmt: skip
        if new not in lives and (new, day) not in names:
            raise files.refused(
                CHANGES, number, "new", new, f"begins on {day} without a name",
                f"a code of {MUNICIPALITIES}.csv with valid_from {day}",
            )  # fmt: skip
    done += [lives.pop(old) | {"valid_to": day} for old in sorted(giving - going_on)]
    for code in {row["new"] for _, row in rows} - lives.keys():
        lives[code] = names[code, day][1]


def _rename(
    files: AreaFiles,
    day: str,
    lives: dict[str, dict[str, str]],
    done: list[dict[str, str]],
    names: _Names,
) -> None:
    """Give numbers that go on the names that they have from a day on, in place."""
    for (code, begins), (number, row) in names.items():
        if begins != day:
            continue
        if code not in lives:
            raise files.refused(
                MUNICIPALITIES, number, "code", code, f"is no municipality on {day}",
                f"a code that is new in {CHANGES} on that day, or one that goes on",
            )  # fmt: skip
        if lives[code]["valid_from"] < day:
            done.append(lives[code] | {"valid_to": day})
            lives[code] = row


def _check_ends(
    files: AreaFiles,
    names: _Names,
    spells: Iterable[Mapping[str, str]],
) -> None:
    """Refuse a last day that is told and does not follow from the changes."""
    ends = {(spell["code"], spell["valid_from"]): spell["valid_to"] for spell in spells}
    for key, (number, _) in names.items():
        told = files.municipalities[number - 1].get("valid_to")
        if told and told != ends[key]:
            raise files.refused(
                MUNICIPALITIES, number, "valid_to", told,
                f"overlaps with what the changes say: {key[0]}",
                "no day, as nothing ends it" if ends[key] == WITHOUT_END else ends[key],
            )  # fmt: skip


def _counties(
    files: AreaFiles, spells: Sequence[Mapping[str, str]], last: str
) -> list[dict[str, str]]:
    """Counties that begin or end with their municipalities; names as in the file, else the code."""
    told = {
        (_code(files, COUNTIES, number, "code", row, COUNTY_DIGITS), row.get("valid_from") or ""):
        row for number, row in enumerate(files.counties, 1)
    }  # fmt: skip
    living = {r["code"]: r for r in listed(Division(), COUNTIES) if r["valid_to"] == WITHOUT_END}
    days: dict[str, list[tuple[str, str]]] = {}
    for spell in spells:
        days.setdefault(spell["code"][:COUNTY_DIGITS], []).append(
            (spell["valid_from"], spell["valid_to"])
        )
    found = []
    for code, own in sorted(days.items()):
        begins, ends = min(begin for begin, _ in own), max(end for _, end in own)
        row = told.get((code, begins), {})
        if code in living and ends < WITHOUT_END:
            found.append(living[code] | {"valid_to": ends})
        elif code not in living and begins > last:
            values = (code, row.get("name") or code, begins, ends, row.get("source") or "")
            found.append(dict(zip(AREA, values, strict=True)))
    return found


def _day(files: AreaFiles, of: str, number: int, column: str, row: Row) -> str:
    text = row.get(column) or ""
    try:
        return str(date.fromisoformat(text))
    except ValueError:
        allowed = "a day such as 2026-01-01"
        raise files.refused(of, number, column, text, "is no day", allowed) from None


def _code(
    files: AreaFiles, of: str, number: int, column: str, row: Row, digits: int = MUNICIPALITY_DIGITS
) -> str:
    text = row.get(column) or ""
    if len(text) != digits or not text.isdecimal():
        allowed = f"{digits} digits, such as {'0301'[:digits]}"
        raise files.refused(of, number, column, text, "is no number of an area", allowed)
    return text
